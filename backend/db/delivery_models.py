"""What deliveries need."""

from __future__ import annotations
