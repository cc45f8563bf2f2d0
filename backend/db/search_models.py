"""What search and the figures need."""

from __future__ import annotations
