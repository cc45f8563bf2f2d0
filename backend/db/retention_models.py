"""What retention and the students' rights need."""

from __future__ import annotations
