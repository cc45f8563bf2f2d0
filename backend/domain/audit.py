"""What narrows a look at the audit log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What to look for; empty fields do not narrow.

    Attributes:
        group: what actions begin with, up to the point: ``staff``, ``photo`` …
        target: a record, or the beginning of one: ``binding:`` …
        until: the first instant that is not looked at any more.
    """

    actor: str = ""
    group: str = ""
    target: str = ""
    since: datetime | None = None
    until: datetime | None = None
