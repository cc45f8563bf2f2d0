"""A student deletes their photos and their binding; the proof holds nothing of them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from backend.crypto import Vault
from backend.db import (
    bindings,
    doomed_files,
    emptying,
    entries,
    journal,
    outbox,
    people,
    retention,
    rights,
    submissions,
    upkeep,
)
from backend.db.bindings import LostRaceError
from backend.db.emptying import Blanks, Gone
from backend.db.engine import Database, Session
from backend.db.models import Binding, Campaign, Submission
from backend.db.retention_models import Erasure
from backend.domain.errors import ConflictError
from backend.domain.retention import Kind
from backend.domain.reviews import SETTLED, Action, SubmissionStatus, next_status
from backend.ports import Clock, Job, Jobs
from backend.services.binding_views import binding_view
from backend.services.types import BindingView, Principal

_MOST_RACES: Final = 5
#: What the log says who acted; a student is named nowhere.
_ACTOR: Final = "student"


@dataclass(frozen=True, slots=True)
class Receipt:
    """The proof a student keeps: what went and when, not whose it was.

    Attributes:
        files: pictures that lost their row; they leave the store within a day.
        digest: the hash of the list of what went, as in the audit log.
    """

    number: str
    erased_at: datetime
    photos: int
    files: int
    digest: str


@dataclass(frozen=True, slots=True)
class ErasurePreview:
    """What would be deleted, or until when the law keeps it.

    Attributes:
        settled: a photo is approved or delivered; the certificate needs it.
        kept_until: when the portrait goes by the campaign's rules.
    """

    binding: BindingView
    photos: int
    settled: bool
    kept_until: datetime


class ErasureService:
    """Deletes what a student may delete."""

    def __init__(self, *, db: Database, clock: Clock, vault: Vault, jobs: Jobs) -> None:
        self._db = db
        self._clock = clock
        self._jobs = jobs
        self._blanks = Blanks(
            code=vault.seal("", purpose="code"),
            id_number=vault.seal("", purpose="id_number"),
        )

    def preview(self, principal: Principal, binding_id: str) -> ErasurePreview:
        """Return what deleting a binding would take; raises NotFoundError."""
        with self._db.reading() as session:
            row = bindings.get_binding(session, binding_id, principal_id=principal.id)
            campaign = entries.get_campaign(session, row.campaign_id)
            return ErasurePreview(
                binding=binding_view(session, row),
                photos=len(submissions.submissions_of(session, row.id)),
                settled=is_settled(session, row),
                kept_until=kept_until(session, campaign),
            )

    def erase(self, principal: Principal, binding_id: str) -> Receipt:
        """Delete a binding with its photos, and release it for good.

        The caller's consents in the campaign end with their last binding there; those
        of somebody who holds the binding by another channel are that channel's.

        Raises:
            NotFoundError: ``binding_not_found``: not this principal's.
            ConflictError: ``erasure_settled``: the certificate needs the portrait.
        """
        for _ in range(_MOST_RACES):
            try:
                with self._db.transaction() as session:
                    receipt = self._erase(session, principal, binding_id)
            except LostRaceError:
                continue
            self._jobs.wake(Job.DOOMED_FILES)
            return receipt
        raise ConflictError("stale_decision")

    def receipt(self, principal: Principal, number: str) -> Receipt:
        """Return a receipt again; raises NotFoundError ``receipt_not_found``."""
        with self._db.reading() as session:
            return receipt_view(
                rights.get_erasure(session, number, principal_id=principal.id)
            )

    def _erase(
        self, session: Session, principal: Principal, binding_id: str
    ) -> Receipt:
        now = self._clock.now()
        row = bindings.get_binding(session, binding_id, principal_id=principal.id)
        bindings.lock_binding(session, row)
        if is_settled(session, row):
            raise ConflictError("erasure_settled")
        photos = submissions.submissions_of(session, row.id)
        gone = Gone()
        self._withdraw(session, photos)
        emptying.empty_submissions(session, photos, gone, self._blanks, now)
        row.released_at = row.released_at or now
        # The events first: emptying takes the holders, and with them the way here.
        bindings.add_event(session, row.id, what="erased", by="student", at=now)
        self._take_leave(session, principal, row, gone)
        emptying.empty_bindings(session, [row], gone, self._blanks, now)
        bindings.save_binding(session, row)
        # What another row of theirs names stays, and is not promised to go.
        gone.keys -= upkeep.named_among(session, gone.keys)
        doomed_files.doom(session, gone.keys, at=now)
        return self._prove(session, principal, row, len(photos), gone)

    def _withdraw(self, session: Session, photos: list[Submission]) -> None:
        now = self._clock.now()
        for photo in photos:
            status = SubmissionStatus(photo.status)
            if status is SubmissionStatus.WITHDRAWN:
                continue
            photo.status = next_status(status, Action.WITHDRAW).value
            # A decision made meanwhile is seen here, and everything begins again.
            submissions.save_submission(session, photo)
            outbox.cancel_of(session, photo.id, at=now)
            submissions.add_event(
                session, photo.id, status=photo.status, by="student", at=now
            )

    def _take_leave(
        self, session: Session, principal: Principal, row: Binding, gone: Gone
    ) -> None:
        """End what the caller left beside the binding in its campaign."""
        gone.keys |= rights.take_readings(session, principal.id, row.campaign_id)
        rights.forget_answers(session, principal.id)
        if not rights.holds_another(
            session, principal.id, row.campaign_id, than=row.id
        ):
            people.withdraw_consents(
                session,
                principal_id=principal.id,
                campaign_id=row.campaign_id,
                at=self._clock.now(),
            )

    def _prove(
        self,
        session: Session,
        principal: Principal,
        row: Binding,
        photos: int,
        gone: Gone,
    ) -> Receipt:
        proof = Erasure(
            receipt=_new_number(),
            binding_id=row.id,
            principal_id=principal.id,
            photos=photos,
            files=len(gone.keys),
            digest=gone.digest,
            erased_at=self._clock.now(),
        )
        session.add(proof)
        session.flush()
        journal.append_audit(
            session,
            at=proof.erased_at,
            actor=_ACTOR,
            action="binding.erase",
            target=f"binding:{row.id}",
            detail=f"receipt={proof.receipt} photos={photos} files={proof.files} "
            f"sha256={proof.digest}",
        )
        return receipt_view(proof)


def is_settled(session: Session, row: Binding) -> bool:
    """Tell whether a binding's photo is approved or delivered."""
    photo = submissions.find_handed_in(session, row.id)
    return photo is not None and SubmissionStatus(photo.status) in SETTLED


def kept_until(session: Session, campaign: Campaign) -> datetime:
    """Return when a settled portrait goes by the campaign's rules."""
    closing = retention.closing_instant(session, campaign)
    return retention.rules_of(campaign).due_at(Kind.PORTRAITS, closing)


def receipt_view(row: Erasure) -> Receipt:
    """Return a receipt as a value."""
    return Receipt(
        number=row.receipt,
        erased_at=row.erased_at,
        photos=row.photos,
        files=row.files,
        digest=row.digest,
    )


def _new_number() -> str:
    """Return 48 random bits in groups that can be read out and written down."""
    text = secrets.token_hex(6).upper()
    return "-".join((text[:4], text[4:8], text[8:]))
