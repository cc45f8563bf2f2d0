"""What invitations, second factors and sessions need."""

from __future__ import annotations
