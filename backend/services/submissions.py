"""One photo on its way from bytes to a confirmed submission.

Nothing is locked while a face is measured: a short read admits the upload, the
inspector works, the files are written, and one short transaction names them. The
worst a crash leaves behind is a file without a row.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from backend.crypto import new_public_id
from backend.db import bindings, doomed_files, likenesses, outbox, pushes, submissions
from backend.db.engine import Database, Session
from backend.db.models import Binding, Campaign, Submission
from backend.domain.backgrounds import BackgroundState, promised
from backend.domain.errors import ConflictError, NotFoundError, RefusedError
from backend.domain.photo import FileFacts
from backend.domain.policy import Policy
from backend.domain.report import Background, report_to_dict
from backend.domain.reviews import Action, SubmissionStatus, next_status
from backend.messages.backgrounds import agreement
from backend.ports import Clock, Inspection, Job, Jobs, PhotoInspector, PhotoStore
from backend.services.admission import admit
from backend.services.races import until_won
from backend.services.submission_views import (
    background_of,
    is_refused,
    picture_keys,
    submission_view,
)
from backend.services.types import (
    Media,
    MediaKind,
    Principal,
    PrincipalKind,
    Source,
    SubmissionView,
)

_TYPES: Final[Mapping[str, str]] = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "HEIC": "image/heic",
}


@dataclass(frozen=True, slots=True)
class _Kept:
    """The keys of an upload's files, and what was found in them."""

    inspection: Inspection
    sha256: str
    original: str
    portrait: str | None
    overlay: str | None
    background: BackgroundState


class SubmissionService:
    """Takes photos in, shows them, confirms and withdraws them."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        store: PhotoStore,
        inspector: PhotoInspector,
        policies: Mapping[str, Policy],
        jobs: Jobs,
        content_check: bool,
    ) -> None:
        self._db = db
        self._clock = clock
        self._store = store
        self._inspector = inspector
        self._policies = policies
        self._jobs = jobs
        self._content_check = content_check

    def submit(
        self,
        principal: Principal,
        binding_id: str,
        data: bytes,
        *,
        filename: str | None,
        source: Source = Source.SCAN,
        from_album: bool = False,
    ) -> SubmissionView:
        """Judge one photo and keep it as a draft; the same bytes find their receipt.

        Where the campaign replaces the background, it is due to be replaced afterwards,
        and the photo is judged for that. Where the campaign has changed its mind since,
        the same bytes are judged again, unless they were handed in.

        Args:
            principal: who.
            binding_id: for which of their bindings.
            data: the file.
            filename: as it was called.
            source: by which way it came.
            from_album: whether it was picked and not taken now, as far as the page or
                program that sends it can tell.

        Raises:
            NotFoundError: not this principal's binding.
            RefusedError: ``album_not_allowed``.
            PhotoUnreadableError: the bytes are not a picture that can be opened.
            ConflictError, GoneError: see :func:`backend.services.admission.admit`.
        """
        sha256, now = hashlib.sha256(data).hexdigest(), self._clock.now()
        with self._db.reading() as session:
            binding, campaign = admit(session, principal, binding_id, now=now)
            if from_album and not campaign.album_allowed:
                raise RefusedError("album_not_allowed")
            row = submissions.find_same_bytes(session, binding.id, sha256)
            known = None
            if row is not None and not _is_misjudged(row, campaign):
                known = submission_view(session, row, binding)
        if known is not None:
            return (
                known
                if known.status is not SubmissionStatus.SUPERSEDED
                else self._revive(principal, known)
            )
        policy = self._policies[campaign.policy]
        replaces = campaign.background == Background.STANDARD
        inspection = self._inspector.inspect(
            data,
            filename=filename,
            policy=promised(policy) if replaces else policy,
            today=self._clock.now().date(),
        )
        kept = self._keep(sha256, data, inspection, replaces=replaces)

        def insert(session: Session) -> SubmissionView:
            now = self._clock.now()
            binding, campaign = admit(session, principal, binding_id, now=now)
            row = submissions.find_same_bytes(session, binding.id, sha256)
            if row is None:
                return self._insert(session, principal, binding, kept, source)
            if _is_misjudged(row, campaign):
                self._judge_again(session, principal, row, kept)
            return submission_view(session, row, binding)

        return until_won(self._db, insert)

    def get(self, principal: Principal, public_id: str) -> SubmissionView:
        """Return one submission of this principal; raises NotFoundError."""
        with self._db.reading() as session:
            found = submissions.get_submission(
                session, public_id, principal_id=principal.id
            )
            return submission_view(session, *found)

    def current(self, principal: Principal, binding_id: str) -> SubmissionView | None:
        """Return the draft, else what was handed in, else none."""
        with self._db.reading() as session:
            binding = bindings.get_binding(
                session, binding_id, principal_id=principal.id
            )
            row = submissions.find_draft(
                session, binding.id
            ) or submissions.find_handed_in(session, binding.id)
            return submission_view(session, row, binding) if row else None

    def all_of(
        self, principal: Principal, binding_id: str
    ) -> tuple[SubmissionView, ...]:
        """Return every photo of a binding, newest first."""
        with self._db.reading() as session:
            binding = bindings.get_binding(
                session, binding_id, principal_id=principal.id
            )
            return tuple(
                submission_view(session, row, binding)
                for row in submissions.submissions_of(session, binding.id)
            )

    def confirm(
        self,
        principal: Principal,
        public_id: str,
        *,
        background: Background | None = None,
    ) -> SubmissionView:
        """Hand a judged photo in; what was handed in before is superseded.

        Args:
            principal: who.
            public_id: which photo.
            background: which one the portrait shows. Naming it is the agreement, so
                where it was replaced it must be named; the log keeps it.

        Raises:
            RefusedError: ``photo_not_acceptable``; ``background_not_agreed``: none was
                named, or not the one that is shown.
            ConflictError: ``submission_settled``, ``illegal_transition``;
                ``background_due``: it has to be replaced first.
        """
        return self._hand_in(principal, public_id, background, human_review=False)

    def request_review(
        self,
        principal: Principal,
        public_id: str,
        *,
        background: Background | None = None,
    ) -> SubmissionView:
        """Hand in a photo the rules refuse, for a person to look at.

        Where the background is still due, staff may have it replaced: the campaign said
        so before the student asked.

        Args:
            principal: who.
            public_id: which photo.
            background: which one the portrait shows, as in :meth:`confirm`.

        Raises:
            RefusedError: ``review_not_needed``: it may simply be confirmed;
                ``background_not_agreed``: as in :meth:`confirm`.
            ConflictError: ``submission_settled``, ``illegal_transition``.
        """
        return self._hand_in(principal, public_id, background, human_review=True)

    def withdraw(self, principal: Principal, public_id: str) -> SubmissionView:
        """Take a photo back; its files go, unless another row needs them."""

        def withdraw(session: Session) -> SubmissionView:
            row, binding = submissions.get_submission(
                session, public_id, principal_id=principal.id
            )
            if row.status != SubmissionStatus.WITHDRAWN:
                keys = set(picture_keys(row).values())
                row.original_key = row.portrait_key = row.overlay_key = None
                row.other_portrait_key = row.other_report = None
                self._move(session, row, Action.WITHDRAW, by=principal)
                likenesses.forget_likeness(session, row.id)
                doomed_files.doom(session, keys, at=self._clock.now())
            return submission_view(session, row, binding)

        view = until_won(self._db, withdraw)
        self._jobs.wake(Job.DOOMED_FILES)
        return view

    def media(self, principal: Principal, public_id: str, kind: MediaKind) -> Media:
        """Return a picture of this principal's submission; raises NotFoundError."""
        with self._db.reading() as session:
            row, _ = submissions.get_submission(
                session, public_id, principal_id=principal.id
            )
        return media_of(row, kind, self._store)

    def _revive(self, principal: Principal, known: SubmissionView) -> SubmissionView:
        """Make an earlier photo the draft again, unless it was once handed in."""

        def revive(session: Session) -> SubmissionView:
            row, binding = submissions.get_submission(session, known.public_id)
            if row.confirmed_at is None and row.status == SubmissionStatus.SUPERSEDED:
                draft = submissions.find_draft(session, binding.id)
                self._supersede(session, draft, by=principal)
                self._move(session, row, Action.REVIVE, by=principal)
            return submission_view(session, row, binding)

        return until_won(self._db, revive)

    def _keep(
        self, sha256: str, data: bytes, inspection: Inspection, *, replaces: bool
    ) -> _Kept:
        portrait, overlay = inspection.portrait, inspection.overlay
        due = replaces and portrait is not None
        return _Kept(
            inspection=inspection,
            sha256=sha256,
            original=self._store.put(data),
            portrait=self._store.put(portrait) if portrait else None,
            overlay=self._store.put(overlay) if overlay else None,
            background=BackgroundState.DUE if due else BackgroundState.KEPT,
        )

    def _insert(
        self,
        session: Session,
        principal: Principal,
        binding: Binding,
        kept: _Kept,
        source: Source,
    ) -> SubmissionView:
        draft = submissions.find_draft(session, binding.id)
        self._supersede(session, draft, by=principal)
        row = Submission(
            public_id=new_public_id(),
            binding_id=binding.id,
            principal_id=principal.id,
            source=source.value,
            status=SubmissionStatus.DRAFT.value,
            sha256=kept.sha256,
            human_review_requested=False,
            return_reasons=[],
            created_at=self._clock.now(),
        )
        _fill(session, row, kept)
        self._log(session, row, by=principal)
        return submission_view(session, row, binding)

    def _judge_again(
        self, session: Session, principal: Principal, row: Submission, kept: _Kept
    ) -> None:
        """Give a known photo the judgement that fits its campaign now, as the draft."""
        before = set(picture_keys(row).values())
        if row.status == SubmissionStatus.SUPERSEDED:
            draft = submissions.find_draft(session, row.binding_id)
            self._supersede(session, draft, by=principal)
            self._move(session, row, Action.REVIVE, by=principal)
        likenesses.forget_likeness(session, row.id)
        _fill(session, row, kept)
        left = before - set(picture_keys(row).values())
        doomed_files.doom(session, left, at=self._clock.now())

    def _hand_in(
        self,
        principal: Principal,
        public_id: str,
        background: Background | None,
        *,
        human_review: bool,
    ) -> SubmissionView:
        """Hand in what the rules let pass, or for a person to look at what they refuse."""

        def hand_in(session: Session) -> SubmissionView:
            row, binding = submissions.get_submission(
                session, public_id, principal_id=principal.id
            )
            if row.status == SubmissionStatus.PENDING:
                return submission_view(session, row, binding)
            admit(session, principal, binding.public_id, now=self._clock.now())
            refused = is_refused(row)
            if refused and not human_review:
                raise RefusedError("photo_not_acceptable")
            if human_review and not refused:
                raise RefusedError("review_not_needed")
            if row.background == BackgroundState.DUE and not human_review:
                raise ConflictError("background_due")
            note = _agreement(row, background)
            before = submissions.find_handed_in(session, binding.id)
            if before is not None and before.id != row.id:
                self._supersede(session, before, by=principal)
            row.human_review_requested = human_review
            row.confirmed_at = self._clock.now()
            self._move(session, row, Action.CONFIRM, by=principal, note=note)
            if self._content_check and principal.kind is PrincipalKind.MINI_PROGRAM:
                pushes.add_check(session, row.id, at=self._clock.now())
            return submission_view(session, row, binding)

        view = until_won(self._db, hand_in)
        if self._content_check:
            self._jobs.wake(Job.PICTURE_CHECKS)
        return view

    def _supersede(
        self, session: Session, row: Submission | None, *, by: Principal
    ) -> None:
        if row is not None:
            self._move(session, row, Action.SUPERSEDE, by=by)

    def _move(
        self,
        session: Session,
        row: Submission,
        action: Action,
        *,
        by: Principal,
        note: str = "",
    ) -> None:
        row.status = next_status(SubmissionStatus(row.status), action).value
        submissions.save_submission(session, row)
        if action in {Action.SUPERSEDE, Action.WITHDRAW}:
            outbox.cancel_of(session, row.id, at=self._clock.now())
        self._log(session, row, by=by, note=note)

    def _log(
        self, session: Session, row: Submission, *, by: Principal, note: str = ""
    ) -> None:
        submissions.add_event(
            session,
            row.id,
            status=row.status,
            by="staff" if by.acting else "student",
            who=by.acting,
            note=note,
            at=self._clock.now(),
        )


def _is_misjudged(row: Submission, campaign: Campaign) -> bool:
    """Tell whether a photo was judged for another background than it would have now.

    What was handed in is left alone, and so is what was done already: a background
    that was replaced, or could not be. Without a portrait there is nothing to replace.
    """
    if row.confirmed_at is not None or row.portrait_key is None:
        return False
    replaces = campaign.background == Background.STANDARD
    unfit = BackgroundState.KEPT if replaces else BackgroundState.DUE
    return row.background == unfit


def _fill(session: Session, row: Submission, kept: _Kept) -> None:
    """Write what was found in an upload into its row, and keep what it looks like."""
    report, likeness = kept.inspection.report, kept.inspection.likeness
    row.original_key, row.portrait_key = kept.original, kept.portrait
    row.overlay_key = kept.overlay
    row.original_type = _TYPES[kept.inspection.file.format]
    row.file = _file_dict(kept.inspection.file)
    row.report, row.verdict = report_to_dict(report), report.verdict.value
    row.policy, row.background = report.policy, kept.background.value
    submissions.save_submission(session, row)
    if likeness is not None:
        likenesses.keep_likeness(session, row.id, likeness)


def _agreement(row: Submission, background: Background | None) -> str:
    """Return what was agreed to, in words for the log; nothing where nothing was done.

    Raises:
        RefusedError: ``background_not_agreed``.
    """
    state = BackgroundState(row.background)
    replaced = state in {BackgroundState.STANDARD, BackgroundState.DECLINED}
    if background is None and not replaced:
        return ""
    if background is not background_of(row.background):
        raise RefusedError("background_not_agreed")
    return agreement(background) if replaced else ""


def media_of(row: Submission, kind: MediaKind, store: PhotoStore) -> Media:
    """Return one picture of a submission; raises NotFoundError when there is none."""
    key, content_type = {
        MediaKind.PORTRAIT: (row.portrait_key, "image/jpeg"),
        MediaKind.OVERLAY: (row.overlay_key, "image/jpeg"),
        MediaKind.OTHER_PORTRAIT: (row.other_portrait_key, "image/jpeg"),
        MediaKind.ORIGINAL: (row.original_key, row.original_type),
    }[kind]
    if key is None:
        raise NotFoundError("file_not_found")
    suffix = content_type.removeprefix("image/").replace("jpeg", "jpg")
    return Media(
        data=store.get(key),
        content_type=content_type,
        filename=f"{kind.value}-{row.public_id}.{suffix}",
    )


def _file_dict(file: FileFacts) -> dict[str, str | int | None]:
    """Return what a reviewer wants to know of the upload, JSON-ready."""
    return {
        "format": file.format,
        "size_bytes": file.size_bytes,
        "width": file.width,
        "height": file.height,
        "jpeg_quality": file.jpeg_quality,
        "orientation": file.orientation,
        "taken_on": file.taken_on.isoformat() if file.taken_on else None,
    }
