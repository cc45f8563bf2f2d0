"""What went wrong and what was found, in words for people; no input or output."""
