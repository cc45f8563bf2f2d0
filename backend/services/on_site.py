"""What the desk on site needs beside collecting itself: a list, and a reader of codes."""

from __future__ import annotations

from typing import Final

from backend.db import entries, on_site
from backend.db.engine import Database
from backend.ports import Clock, CodeReader
from backend.services.access import require_collector, require_station
from backend.services.audit_trail import AuditTrail
from backend.services.types import OnSiteStudent, StaffUser

#: As many digits as people say aloud; a list that is lost tells no whole number.
_TAIL: Final = 4


class OnSiteService:
    """Lists a station's students for the desk and reads the codes they show."""

    def __init__(self, *, db: Database, clock: Clock, reader: CodeReader) -> None:
        self._db = db
        self._trail = AuditTrail(clock)
        self._reader = reader

    def roster(
        self, actor: StaffUser, campaign_id: int, station_id: int
    ) -> tuple[OnSiteStudent, ...]:
        """Return the students of a station who need a photo, to find them without a line.

        Handing out the list is an audit event.

        Raises:
            NotFoundError: ``campaign_not_found``; ``station_not_found``, also for another
                station's.
            PermissionDeniedError: ``role_not_allowed``.
        """
        require_collector(actor)
        require_station(actor, station_id, code="station_not_found")
        with self._db.transaction() as session:
            entries.get_campaign(session, campaign_id)
            station = entries.get_station(session, station_id)
            rows = on_site.roster_of_station(
                session, campaign_id=campaign_id, station_id=station_id
            )
            self._trail.record(
                session,
                actor,
                "on_site.roster",
                f"campaign:{campaign_id}",
                f"{station.code} · {len(rows)} 名学生",
            )
        return tuple(
            OnSiteStudent(
                id=row.id,
                name=row.name,
                student_no_tail=row.student_no[-_TAIL:],
                level=row.level,
                class_no=row.class_no,
            )
            for row in rows
        )

    def read_code(self, actor: StaffUser, data: bytes) -> str:
        """Return what the collection code in a picture holds; nothing is kept.

        Raises:
            PermissionDeniedError: ``role_not_allowed``.
            PhotoUnreadableError: not a picture.
            CodeUnreadableError: no code, several, or another kind of code.
        """
        require_collector(actor)
        return self._reader.read(data).raw
