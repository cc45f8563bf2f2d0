"""A portrait's background: replaced where the campaign wants it, and chosen by people.

A photo is judged at once; replacing its background takes a second more and is asked for
apart. Nothing is locked meanwhile: a short read, the work, the files, and one short
transaction that looks whether the photo is still the one it was done for. The portrait
with the photo's own background is kept beside, so that taking it back changes no byte.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from backend.db import journal, retention, submissions
from backend.db.engine import Database, Session
from backend.db.models import Binding, Campaign, Submission
from backend.domain.backgrounds import BackgroundState
from backend.domain.errors import ConflictError, DomainError, RefusedError
from backend.domain.policy import Policy
from backend.domain.report import Background, Verdict, report_to_dict
from backend.domain.reviews import SubmissionStatus
from backend.messages.backgrounds import BACKGROUNDS, CHANGED
from backend.ports import Clock, Inspection, PhotoInspector, PhotoStore
from backend.services.access import require_reviewer
from backend.services.admission import admit
from backend.services.races import until_won
from backend.services.reviews import ensure_seen
from backend.services.submission_views import (
    background_of,
    ensure_shown,
    is_choosable,
    is_due,
    is_other_refused,
    submission_view,
)
from backend.services.types import Principal, StaffUser, SubmissionView

#: What the log calls a choice that staff made.
CHOSEN: Final = "background"

_Found = tuple[Submission, Binding]


@dataclass(frozen=True, slots=True)
class _Kept:
    """What became of a photo, and the keys of the files that were made."""

    original: str
    state: BackgroundState
    inspection: Inspection
    portrait: str | None
    overlay: str | None
    other: str | None

    @property
    def keys(self) -> set[str]:
        return {key for key in (self.portrait, self.overlay, self.other) if key}


class BackgroundService:
    """Has backgrounds replaced, and takes one portrait or the other."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        store: PhotoStore,
        inspector: PhotoInspector,
        policies: Mapping[str, Policy],
    ) -> None:
        self._db = db
        self._clock = clock
        self._store = store
        self._inspector = inspector
        self._policies = policies

    def change(self, principal: Principal, public_id: str) -> SubmissionView:
        """Replace the background of a draft that waits for it; others stay as they are.

        Takes more than a second. A campaign that replaces none any more leaves the
        photo its own, judged as such.

        Raises:
            NotFoundError: no such submission, or not theirs.
            UnavailableError: ``background_busy`` with ``retry_after`` seconds.
            ConflictError, GoneError: see :func:`backend.services.admission.admit`.
        """

        def find(session: Session) -> _Found:
            return submissions.get_submission(
                session, public_id, principal_id=principal.id
            )

        def waits(row: Submission) -> bool:
            return is_due(row) and row.status == SubmissionStatus.DRAFT

        with self._db.reading() as session:
            row, binding = find(session)
            if waits(row):
                now = self._clock.now()
                admit(session, principal, binding.public_id, now=now)
        return self._change(find, waits)

    def change_as_staff(self, actor: StaffUser, public_id: str) -> SubmissionView:
        """Replace the background of a photo that awaits a decision, and for this.

        Raises:
            PermissionDeniedError: not a reviewer.
            NotFoundError: no such submission.
            ConflictError: ``quarantined``; ``binding_released``.
            UnavailableError: ``background_busy`` with ``retry_after`` seconds.
        """
        require_reviewer(actor)

        def find(session: Session) -> _Found:
            row, binding = submissions.get_submission(session, public_id)
            ensure_shown(session, actor, row)
            if binding.released_at is not None:
                raise ConflictError("binding_released")
            return row, binding

        def waits(row: Submission) -> bool:
            return is_due(row) and row.status == SubmissionStatus.PENDING

        return self._change(find, waits, actor)

    def choose(
        self, principal: Principal, public_id: str, background: Background
    ) -> SubmissionView:
        """Take the portrait with one background or the other, before it is handed in.

        Raises:
            NotFoundError: no such submission, or not theirs.
            RefusedError: ``own_background_not_acceptable``: the rules refuse it;
                ``background_not_replaced``: there is no other portrait.
            ConflictError: ``background_due``; ``illegal_transition``: handed in.
        """

        def choose(session: Session) -> SubmissionView:
            row, binding = submissions.get_submission(
                session, public_id, principal_id=principal.id
            )
            if _is_other_wanted(row, background):
                if row.status != SubmissionStatus.DRAFT:
                    raise ConflictError("illegal_transition", status=row.status)
                if background is Background.KEEP and is_other_refused(row):
                    raise RefusedError("own_background_not_acceptable")
                _swap(row)
                submissions.save_submission(session, row)
            return submission_view(session, row, binding)

        return until_won(self._db, choose)

    def choose_as_staff(
        self, actor: StaffUser, public_id: str, background: Background, *, version: int
    ) -> SubmissionView:
        """Take the portrait with one background or the other, before the decision.

        Raises:
            PermissionDeniedError: not a reviewer.
            NotFoundError: no such submission.
            RefusedError: ``background_not_replaced``: there is no other portrait.
            ConflictError: ``stale_decision``: it changed since it was looked at;
                ``background_due``; ``illegal_transition``: no decision is awaited;
                ``quarantined``; ``binding_released``.
        """
        require_reviewer(actor)

        def choose(session: Session) -> SubmissionView:
            row, binding = ensure_seen(session, public_id, version)
            ensure_shown(session, actor, row)
            if _is_other_wanted(row, background):
                if row.status != SubmissionStatus.PENDING:
                    raise ConflictError("illegal_transition", status=row.status)
                _swap(row)
                submissions.save_submission(session, row)
                chosen = BACKGROUNDS[background_of(row.background)]
                self._note(session, actor, row, chosen)
            return submission_view(session, row, binding, for_staff=True)

        return until_won(self._db, choose)

    def _change(
        self,
        find: Callable[[Session], _Found],
        waits: Callable[[Submission], bool],
        actor: StaffUser | None = None,
    ) -> SubmissionView:
        with self._db.reading() as session:
            row, binding = find(session)
            if not waits(row):
                return submission_view(session, row, binding, for_staff=bool(actor))
            wanted = session.get_one(Campaign, binding.campaign_id).background
        kept = self._make(row, Background(wanted))

        def keep(session: Session) -> None:
            row, now = _still(session, find), self._clock.now()
            if row is None or not waits(row) or row.original_key != kept.original:
                # Somebody else was quicker, or it was taken back, or deleted.
                retention.doom(session, kept.keys, at=now)
                return
            before = {*filter(None, (row.portrait_key, row.overlay_key))}
            _fill(row, kept)
            submissions.save_submission(session, row)
            retention.doom(session, before - kept.keys, at=now)
            if actor is not None:
                self._note(session, actor, row, CHANGED[kept.state])

        until_won(self._db, keep)
        with self._db.reading() as session:
            row, binding = find(session)
            return submission_view(session, row, binding, for_staff=bool(actor))

    def _make(self, row: Submission, wanted: Background) -> _Kept:
        """Look at the photo again, and keep the files that come of it."""
        assert row.original_key is not None  # noqa: S101 - what is due has one
        seen = self._inspector.inspect(
            self._store.get(row.original_key),
            filename=None,
            policy=self._policies[row.policy],
            today=row.created_at.date(),
            background=wanted,
        )
        own = seen.own_background
        state = BackgroundState.REFUSED
        if own is not None:
            state = BackgroundState.STANDARD
        elif wanted is Background.KEEP:
            state = BackgroundState.KEPT
        return _Kept(
            original=row.original_key,
            state=state,
            inspection=seen,
            portrait=self._store.put(seen.portrait) if seen.portrait else None,
            overlay=self._store.put(seen.overlay) if seen.overlay else None,
            other=self._store.put(own.portrait) if own else None,
        )

    def _note(
        self, session: Session, actor: StaffUser, row: Submission, what: str
    ) -> None:
        """Log and audit what staff did with the background."""
        now, shown = self._clock.now(), background_of(row.background)
        submissions.add_event(
            session,
            row.id,
            status=CHOSEN,
            by="staff",
            at=now,
            who=actor.username,
            note=what,
        )
        journal.append_audit(
            session,
            at=now,
            actor=actor.username,
            action="submission.background",
            target=f"submission:{row.id}",
            detail=shown.value,
        )


def _still(session: Session, find: Callable[[Session], _Found]) -> Submission | None:
    """Return the photo if it can still be found."""
    try:
        return find(session)[0]
    except DomainError:
        return None


def _is_other_wanted(row: Submission, background: Background) -> bool:
    """Tell whether the other portrait is meant, if there is a choice at all."""
    if row.background == BackgroundState.DUE:
        raise ConflictError("background_due")
    if background is background_of(row.background):
        return False
    if not is_choosable(row):
        raise RefusedError("background_not_replaced")
    return True


def _swap(row: Submission) -> None:
    """Take the other portrait with its report, and keep this one beside."""
    assert row.other_report is not None  # noqa: S101 - kept with the portrait
    row.portrait_key, row.other_portrait_key = row.other_portrait_key, row.portrait_key
    row.report, row.other_report = row.other_report, row.report
    row.verdict = Verdict(row.report["verdict"]).value
    standard = row.background == BackgroundState.STANDARD
    state = BackgroundState.DECLINED if standard else BackgroundState.STANDARD
    row.background = state.value


def _fill(row: Submission, kept: _Kept) -> None:
    """Give a photo its new portrait; what it looks like stays that of its own.

    The same picture is found under two names whatever is behind the person.
    """
    report, own = kept.inspection.report, kept.inspection.own_background
    row.background = kept.state.value
    row.portrait_key, row.overlay_key = kept.portrait, kept.overlay
    row.other_portrait_key = kept.other
    row.other_report = report_to_dict(own.report) if own else None
    row.report, row.verdict = report_to_dict(report), report.verdict.value
