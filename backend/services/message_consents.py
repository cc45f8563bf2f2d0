"""How many messages a student still takes, as their WeChat tells us.

Each "accept" of a template is good for one message. What we count may be less than what
WeChat counts, never the base for more: WeChat refuses what was not agreed to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from backend.crypto import Vault
from backend.db import outbox, people
from backend.db.engine import Database
from backend.domain.wechat import Account, MessageKind, Push
from backend.ports import Clock
from backend.services.outbox import Templates
from backend.services.types import Principal, PrincipalKind

#: More agreements than anybody needs; keeps a client from counting without end.
MOST_CONSENTS: Final = 20
#: What ``wx.requestSubscribeMessage`` may say of a template that means yes.
_ACCEPTED: Final = frozenset(
    {"accept", "acceptWithAlert", "acceptWithAudio", "acceptWithForcePush"}
)
_EVENTS: Final = frozenset({"subscribe_msg_popup_event", "subscribe_msg_change_event"})
_OFF: Final = frozenset({"reject", "ban", "filter"})


@dataclass(frozen=True, slots=True)
class TemplateConsent:
    """A template to ask for, and how many of its messages are still agreed to."""

    kind: MessageKind
    template_id: str
    remaining: int


class MessageConsentService:
    """Counts agreements."""

    def __init__(
        self, *, db: Database, clock: Clock, vault: Vault, templates: Templates
    ) -> None:
        self._db = db
        self._clock = clock
        self._vault = vault
        self._templates = templates

    def state(self, principal: Principal) -> tuple[TemplateConsent, ...]:
        """Return the templates of the principal's account; none for a plain browser."""
        if principal.kind is PrincipalKind.BROWSER:
            return ()
        with self._db.reading() as session:
            remaining = outbox.consents_of(session, principal.id)
        found = self._templates.get(Account(principal.kind), {})
        return tuple(
            TemplateConsent(kind, template.id, remaining.get(template.id, 0))
            for kind, template in found.items()
        )

    def record(
        self, principal: Principal, results: Mapping[str, str]
    ) -> tuple[TemplateConsent, ...]:
        """Count what the student answered, by template id.

        "No" leaves the count: it means this once. Templates that are not ours to ask
        for are passed over, since WeChat names all that were on the sheet.
        """
        now = self._clock.now()
        known = {item.template_id: item.remaining for item in self.state(principal)}
        with self._db.transaction() as session:
            for template_id, result in results.items():
                full = known.get(template_id, MOST_CONSENTS) >= MOST_CONSENTS
                if result in _ACCEPTED and not full:
                    outbox.change_consent(
                        session, principal.id, template_id, by=1, at=now
                    )
        return self.state(principal)

    def apply_event(self, push: Push) -> str:
        """Follow what WeChat pushed of a student's answers; return what was done.

        What was agreed to in the popup is reported by the page that showed it, and
        not counted a second time here. Whoever turns messages off in WeChat's settings
        takes none any more.
        """
        if push.event not in _EVENTS:
            return "ignored"
        now = self._clock.now()
        openid = str(push.data.get("FromUserName", ""))
        with self._db.transaction() as session:
            principal = people.find_wechat_principal(
                session,
                kind=push.account,
                openid_hash=self._vault.hash(openid, purpose=f"openid:{push.account}"),
            )
            if principal is None:
                return "unknown_user"
            ours = {t.id for t in self._templates.get(push.account, {}).values()}
            for template_id, status in _answers(push.data):
                if template_id in ours and status in _OFF:
                    outbox.change_consent(
                        session, principal.id, template_id, by=-MOST_CONSENTS, at=now
                    )
        return "applied"


def _answers(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield template and status; WeChat sends ``List`` as an object or an array."""
    for value in data.values():
        found = value.get("List", value) if isinstance(value, Mapping) else value
        items = found if isinstance(found, list) else [found]
        for item in items:
            if isinstance(item, Mapping) and "TemplateId" in item:
                status = str(item.get("SubscribeStatusString", ""))
                yield str(item["TemplateId"]), status
