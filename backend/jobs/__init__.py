"""Work beside the requests: done at once in one process, or queued for workers."""
