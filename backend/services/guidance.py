"""Hints while the camera is open. Nothing of a frame is kept, and nothing is logged.

Guidance is a courtesy: it takes one slot of a process and never makes the rest wait. A
frame that finds the slot taken is sent away at once, and the page asks less often.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from backend.db.engine import Database
from backend.domain.errors import TooManyAttemptsError, UnavailableError
from backend.domain.guidance import hint_for
from backend.domain.measurements import Measurements
from backend.domain.policy import Policy
from backend.domain.report import Box
from backend.ports import Clock, PhotoInspector
from backend.services.admission import admit
from backend.services.types import GuidanceView, Principal

_SPAN: Final = timedelta(seconds=1)
#: After a refusal the next frame is welcome after this long, seconds.
_WAIT_BUSY: Final = 2
_WAIT_FAST: Final = 1


class GuidanceService:
    """Looks at single frames and says what to do next."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        inspector: PhotoInspector,
        policies: Mapping[str, Policy],
        at_once: int = 1,
    ) -> None:
        self._db = db
        self._clock = clock
        self._inspector = inspector
        self._policies = policies
        self._slots = threading.BoundedSemaphore(at_once)
        self._pace = _Pace()

    def look(
        self,
        principal: Principal,
        binding_id: str,
        frame: bytes,
        *,
        picture: tuple[int, int],
    ) -> GuidanceView:
        """Return the hint for one frame of a camera.

        Args:
            principal: whose binding it is.
            binding_id: what the photo will be for.
            frame: a small JPEG, not mirrored.
            picture: width and height of the picture the camera would take.

        Raises:
            NotFoundError, PermissionDeniedError, ConflictError, GoneError: no photo could
                be handed in now; see :func:`backend.services.admission.admit`.
            TooManyAttemptsError: ``guidance_too_fast``: more than two in a second.
            UnavailableError: ``guidance_busy``: other frames are being looked at.
            PhotoUnreadableError: the bytes are no frame of such a camera.
        """
        now = self._clock.now()
        with self._db.reading() as session:
            _, campaign = admit(session, principal, binding_id, now=now)
            policy = self._policies[campaign.policy]
        if not self._pace.allows(principal.id, now):
            raise TooManyAttemptsError("guidance_too_fast", retry_after=_WAIT_FAST)
        if not self._slots.acquire(blocking=False):
            raise UnavailableError("guidance_busy", retry_after=_WAIT_BUSY)
        try:
            measured = self._inspector.glance(frame, picture=picture)
        finally:
            self._slots.release()
        return GuidanceView(
            hint=hint_for(measured, policy), box=_box_in_frame(measured)
        )


class _Pace:
    """Two frames in any second for each caller; what is older is forgotten."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: OrderedDict[int, tuple[datetime, ...]] = OrderedDict()

    def allows(self, caller: int, now: datetime) -> bool:
        with self._lock:
            while self._seen and now - next(iter(self._seen.values()))[-1] >= _SPAN:
                self._seen.popitem(last=False)
            recent = tuple(at for at in self._seen.get(caller, ()) if now - at < _SPAN)
            if len(recent) > 1:
                return False
            self._seen[caller] = (*recent, now)
            self._seen.move_to_end(caller)
            return True


def _box_in_frame(m: Measurements) -> Box | None:
    """Return where the head is as shares of the frame's width and height."""
    if m.geometry is None:
        return None
    box = m.geometry.box
    return Box(
        box.x / m.picture_width,
        box.y / m.picture_height,
        box.width / m.picture_width,
        box.height / m.picture_height,
    )
