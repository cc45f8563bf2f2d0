"""Hints while the camera is open. Nothing of a frame is kept, and nothing is logged.

Guidance is a courtesy: it takes one slot of a process and never makes the rest wait. A
frame that finds the slot taken is sent away at once, and the page asks less often.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Final

from backend.db import entries
from backend.db.engine import Database
from backend.db.models import Campaign
from backend.domain.backgrounds import promised
from backend.domain.errors import TooManyAttemptsError, UnavailableError
from backend.domain.guidance import hint_for
from backend.domain.measurements import Measurements
from backend.domain.policy import Policy
from backend.domain.report import Background, Box
from backend.ports import Clock, PhotoInspector
from backend.services.access import require_collector
from backend.services.admission import admit
from backend.services.types import GuidanceView, Principal, StaffUser

#: Frames a second for one caller; as networks bunch what was sent evenly, this many may
#: come at once.
_PER_SECOND: Final = 2.0
_AT_ONCE: Final = 3.0
_FORGET: Final = _AT_ONCE / _PER_SECOND
#: After a refusal the next frame is welcome after this long, seconds.
_WAIT_BUSY: Final = 1
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
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._db = db
        self._clock = clock
        self._inspector = inspector
        self._policies = policies
        self._slots = threading.BoundedSemaphore(at_once)
        self._pace = _Pace(timer)

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
            TooManyAttemptsError: ``guidance_too_fast``: more than two a second.
            UnavailableError: ``guidance_busy``: other frames are being looked at.
            PhotoUnreadableError: the bytes are no frame of such a camera.
        """
        now = self._clock.now()
        with self._db.reading() as session:
            _, campaign = admit(session, principal, binding_id, now=now)
            policy = self._policy(campaign)
        return self._glance(("principal", principal.id), frame, picture, policy)

    def look_on_site(
        self,
        actor: StaffUser,
        campaign_id: int,
        frame: bytes,
        *,
        picture: tuple[int, int],
    ) -> GuidanceView:
        """Return the hint for one frame of a camera that staff hold.

        A frame is of nobody in particular, so it names the campaign only, whose policy
        says what to look for; the line may have broken before the student was bound.

        Raises:
            NotFoundError: ``campaign_not_found``.
            PermissionDeniedError: ``role_not_allowed``.
            TooManyAttemptsError, UnavailableError, PhotoUnreadableError: as
                :meth:`look`.
        """
        require_collector(actor)
        with self._db.reading() as session:
            policy = self._policy(entries.get_campaign(session, campaign_id))
        return self._glance(("staff", actor.id), frame, picture, policy)

    def _policy(self, campaign: Campaign) -> Policy:
        """Return what to look for; a wall that will be replaced is no reason to wait."""
        policy = self._policies[campaign.policy]
        standard = campaign.background == Background.STANDARD
        return promised(policy) if standard else policy

    def _glance(
        self,
        caller: tuple[str, int],
        frame: bytes,
        picture: tuple[int, int],
        policy: Policy,
    ) -> GuidanceView:
        if not self._pace.allows(caller):
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
    """Counts each caller's frames; who sent none for a while is forgotten.

    It holds for one process: with several, a caller may send as many times more.
    """

    def __init__(self, timer: Callable[[], float]) -> None:
        self._timer = timer
        self._lock = threading.Lock()
        #: The caller's last frame, and how many more could have come with it.
        self._left: OrderedDict[tuple[str, int], tuple[float, float]] = OrderedDict()

    def allows(self, caller: tuple[str, int]) -> bool:
        with self._lock:
            now = self._timer()
            while self._left and now - next(iter(self._left.values()))[0] > _FORGET:
                self._left.popitem(last=False)
            at, left = self._left.get(caller, (now, _AT_ONCE))
            left = min(_AT_ONCE, left + (now - at) * _PER_SECOND)
            if left < 1:
                return False
            self._left[caller] = (now, left - 1)
            self._left.move_to_end(caller)
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
