"""What a campaign's rules and roster imports need."""

from __future__ import annotations
