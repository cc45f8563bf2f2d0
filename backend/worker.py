"""What ``celery --app backend.worker`` imports, to do jobs beside the web server."""

from __future__ import annotations

from backend.app import create_worker

app = create_worker()
