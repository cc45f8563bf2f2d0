"""Reading a collection code from a picture or a pasted text, for the next step."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, Literal

from backend.crypto import Vault, new_public_id
from backend.db import entries
from backend.db.engine import Database
from backend.db.models import CodeReadingRow
from backend.domain.campaigns import EntryState
from backend.domain.codes import CollectionCode, parse_collection_code
from backend.ports import Clock, CodeReader, PhotoStore
from backend.services.entries import refuse_state
from backend.services.limits import AttemptLimiter, Limit
from backend.services.sessions import ensure_consent
from backend.services.types import CodeReading, Principal
from backend.services.views import mask_middle, state_of

_LIFETIME: Final = timedelta(hours=2)
#: Readings are cheap to ask for and dear to do; nobody needs this many cards.
_FREE_READINGS: Final = 60


class CodeService:
    """Turns a card picture or a pasted text into a reading kept on the server.

    The code itself never travels back to the browser: the next step names the reading
    by a random id that is good for this principal only.
    """

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        vault: Vault,
        store: PhotoStore,
        reader: CodeReader,
        limiter: AttemptLimiter,
    ) -> None:
        self._db = db
        self._clock = clock
        self._vault = vault
        self._store = store
        self._reader = reader
        self._limiter = limiter

    def read_picture(
        self, principal: Principal, entry_token: str, data: bytes, *, address: str
    ) -> CodeReading:
        """Read the card picture and keep it for the binding.

        Raises:
            PhotoUnreadableError: not a picture.
            CodeUnreadableError: no code, several, or another kind of code.
            PermissionDeniedError: ``consent_required``.
        """
        campaign_id = self._admit(principal, entry_token, address)
        code = self._reader.read(data)
        key = self._store.put(data)
        return self._keep(principal, campaign_id, code, "picture", key)

    def read_text(
        self, principal: Principal, entry_token: str, text: str, *, address: str
    ) -> CodeReading:
        """Read a pasted code; raises as :meth:`read_picture`."""
        campaign_id = self._admit(principal, entry_token, address)
        code = parse_collection_code(text)
        return self._keep(principal, campaign_id, code, "pasted", None)

    def _admit(self, principal: Principal, entry_token: str, address: str) -> int:
        now = self._clock.now()
        with self._db.transaction() as session:
            row = entries.get_entry(session, entry_token)
            state = state_of(row, now)
            if state is not EntryState.OPEN:
                refuse_state(state)
            ensure_consent(session, principal, row[1].id)
            limit = Limit("reading", str(principal.id), _FREE_READINGS)
            self._limiter.ensure_allowed(session, limit, now=now)
            self._limiter.record_failure(session, limit, now=now)
            del address
            return row[1].id

    def _keep(
        self,
        principal: Principal,
        campaign_id: int,
        code: CollectionCode,
        source: Literal["picture", "pasted"],
        card_key: str | None,
    ) -> CodeReading:
        now = self._clock.now()
        row = CodeReadingRow(
            public_id=new_public_id(),
            principal_id=principal.id,
            campaign_id=campaign_id,
            raw_sealed=self._vault.seal(code.raw, purpose="code"),
            card_key=card_key,
            source=source,
            created_at=now,
            expires_at=now + _LIFETIME,
        )
        with self._db.transaction() as session:
            session.add(row)
        return reading_view(row, code)


def reading_view(row: CodeReadingRow, code: CollectionCode) -> CodeReading:
    """Return what may be shown of a code before it is proven."""
    claims = code.claims
    number = claims.student_no if claims else None
    return CodeReading(
        public_id=row.public_id,
        fingerprint=code.fingerprint,
        source="picture" if row.source == "picture" else "pasted",
        masked_name=claims.masked_name if claims else None,
        level=claims.level if claims else None,
        student_no_masked=mask_middle(number) if number else None,
        needs_name=code.needs_name,
        expires_at=row.expires_at,
    )
