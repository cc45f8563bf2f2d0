"""Having WeChat look for forbidden content, where the school wants that.

WeChat fetches the picture from us: by an address nobody can guess, that is good for ten
minutes and one fetch. It can be asked only about users of the mini program, and answers
by a push.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import structlog

from backend.crypto import Vault, new_token, token_hash
from backend.db import pushes, submissions
from backend.db.engine import Database, Session
from backend.db.models import Submission
from backend.db.wechat_models import PictureCheck
from backend.domain.errors import ConflictError, DomainError, NotFoundError
from backend.domain.outbox import delay_after
from backend.domain.picture_check import (
    ADDRESS_TIME,
    ANSWER_TIME,
    MOST_ATTEMPTS,
    CheckState,
    read_answer,
)
from backend.domain.wechat import Push
from backend.ports import Clock, PhotoStore, WeChatGateway
from backend.services.access import require_admin
from backend.services.audit_trail import AuditTrail
from backend.services.submissions import media_of
from backend.services.types import Media, MediaKind, StaffUser

log = structlog.get_logger(__name__)

_MOST_AT_ONCE: Final = 200
#: Longer than asking can take; a process that dies meanwhile leaves the check due then.
_LEASE: Final = timedelta(minutes=1)


class PictureCheckService:
    """Asks, hands the picture out once, and keeps the answer."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        vault: Vault,
        store: PhotoStore,
        gateway: WeChatGateway,
        public_url: str,
    ) -> None:
        self._db = db
        self._clock = clock
        self._trail = AuditTrail(clock)
        self._vault = vault
        self._store = store
        self._gateway = gateway
        self._public_url = public_url

    def ask_due(self) -> int:
        """Ask for the checks that are due, and give up on those never answered.

        Returns how many were asked for.
        """
        asked = 0
        for _ in range(_MOST_AT_ONCE):
            now = self._clock.now()
            token = new_token()
            with self._db.transaction() as session:
                row = pushes.due_check(session, now=now)
                if row is None:
                    return asked
                openid = self._begin(session, row, token)
                check_id = row.id
            if openid is None:
                continue
            if not self._ask(check_id, openid, token):
                # The others would wait as long; the next call finds them.
                return asked
            asked += 1
        return asked

    def picture(self, token: str) -> Media:
        """Return the picture of an address, the first time only.

        Raises:
            NotFoundError: used, too old, or invented: the three look alike.
        """
        with self._db.transaction() as session:
            submission_id = pushes.use_address(
                session, token_hash(token), now=self._clock.now()
            )
            if submission_id is None:
                raise NotFoundError("file_not_found")
            row = session.get_one(Submission, submission_id)
        finished = row.portrait_key is not None
        kind = MediaKind.PORTRAIT if finished else MediaKind.ORIGINAL
        return media_of(row, kind, self._store)

    def apply_answer(self, push: Push) -> str:
        """Keep what WeChat found; a second answer changes nothing."""
        trace = str(push.data.get("trace_id", ""))
        with self._db.transaction() as session:
            row = pushes.check_by_trace(session, self._trace_hash(trace))
            if row is None:
                return "unknown_trace"
            if row.settled_at is not None:
                return "settled_before"
            answer = read_answer(push.data)
            self._settle(row, answer.state, answer.label)
            return answer.state.value

    def clear(self, actor: StaffUser, submission_id: str) -> None:
        """Let a photo that was put aside go to review like any other; audited.

        Raises:
            NotFoundError: no such submission.
            ConflictError: ``not_quarantined``.
        """
        require_admin(actor)
        with self._db.transaction() as session:
            photo, _ = submissions.get_submission(session, submission_id)
            row = pushes.check_of(session, photo.id)
            if row is None or row.state != CheckState.RISKY:
                raise ConflictError("not_quarantined")
            row.state = CheckState.CLEARED
            self._trail.record(
                session, actor, "picture_check.clear", f"submission:{photo.id}"
            )

    def _begin(self, session: Session, row: PictureCheck, token: str) -> str | None:
        """Prepare to ask; return whom for, or nothing when there is nothing to ask."""
        now = self._clock.now()
        photo, submitter = pushes.submitter_of(session, row.submission_id)
        gone = photo.original_key is None
        spent = row.attempts >= MOST_ATTEMPTS
        # What was asked for comes due again only when nobody answered.
        if row.state == CheckState.ASKED or gone or spent:
            self._settle(row, CheckState.UNCLEAR, row.label or "no answer")
            return None
        if submitter.openid_sealed is None:
            self._settle(row, CheckState.UNCLEAR, "no user")
            return None
        row.attempts += 1
        row.token_hash = token_hash(token)
        row.token_expires_at = now + ADDRESS_TIME
        row.fetched_at = None
        row.due_at = now + _LEASE
        return self._vault.open(submitter.openid_sealed, purpose="openid")

    def _ask(self, check_id: int, openid: str, token: str) -> bool:
        url = f"{self._public_url}/wechat/picture/{token}"
        try:
            trace = self._gateway.request_picture_check(openid=openid, url=url)
        except DomainError as error:
            self._not_asked(check_id, error)
            return False
        with self._db.transaction() as session:
            row = session.get_one(PictureCheck, check_id)
            row.trace_hash = self._trace_hash(trace)
            if row.settled_at is None:
                row.state = CheckState.ASKED
                row.due_at = self._clock.now() + ANSWER_TIME
        return True

    def _not_asked(self, check_id: int, error: DomainError) -> None:
        log.info("picture_check_not_asked", code=error.code)
        with self._db.transaction() as session:
            row = session.get_one(PictureCheck, check_id)
            if error.code == "wechat_user_inactive" or row.attempts >= MOST_ATTEMPTS:
                self._settle(row, CheckState.UNCLEAR, "not asked")
            else:
                row.due_at = self._clock.now() + delay_after(row.attempts)

    def _settle(self, row: PictureCheck, state: CheckState, label: str) -> None:
        row.state = state
        row.label = label
        row.settled_at = self._clock.now()
        row.token_hash = None

    def _trace_hash(self, trace: str) -> str:
        return self._vault.hash(trace, purpose="trace")
