"""What the review queue needs."""

from __future__ import annotations
