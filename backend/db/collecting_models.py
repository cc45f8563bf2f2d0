"""What collecting on site and in batches needs."""

from __future__ import annotations
