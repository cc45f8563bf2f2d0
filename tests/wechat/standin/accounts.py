"""The two accounts the stand-in knows, and its clock."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from backend.domain.wechat import Account, MessageKind, MessageTemplate
from tests import secrecy


@dataclass(frozen=True)
class StandInAccount:
    """What the school's settings and WeChat's console say of one account."""

    kind: Account
    app_id: str
    secret: str
    original_id: str
    push_token: str
    push_key: str
    templates: Mapping[MessageKind, MessageTemplate]

    def __post_init__(self) -> None:
        secrecy.note(self.secret, self.push_token, self.push_key)

    def environment(self) -> dict[str, str]:
        """Return the settings of the service for this account."""
        prefix = f"BIZHAO_{self.kind.value.upper()}__"
        templates = {
            kind.value: {"id": template.id, "fields": dict(template.fields)}
            for kind, template in self.templates.items()
        }
        return {
            f"{prefix}APP_ID": self.app_id,
            f"{prefix}SECRET": self.secret,
            f"{prefix}PUSH_TOKEN": self.push_token,
            f"{prefix}PUSH_KEY": self.push_key,
            f"{prefix}TEMPLATES": json.dumps(templates),
        }


class Clock(Protocol):
    """Tells the stand-in's time; any clock of a test may take its place."""

    def now(self) -> datetime: ...

    def move(self, **by: float) -> None: ...


class MovableClock:
    """The machine's clock, ahead or behind by what it was moved."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def move(self, **by: float) -> None:
        """Move by a time difference, given as to timedelta."""
        self._ahead += timedelta(**by)


def _templates(letter: str) -> dict[MessageKind, MessageTemplate]:
    return {
        kind: MessageTemplate(
            id=f"standin-{letter}-{kind.value}-" + "0" * 20,
            fields={"thing1": "school", "thing2": "advice"},
        )
        for kind in MessageKind
    }


MINI_PROGRAM = StandInAccount(
    kind=Account.MINI_PROGRAM,
    app_id="wx" + "0123456789abcdef",
    secret="standin-secret-of-the-mini-program",
    original_id="gh_" + "0123456789ab",
    push_token="standinTokenOfTheMiniProgram",
    push_key="standinKeyOfTheMiniProgram" + "0123456789" + "abcdefg",
    templates=_templates("m"),
)
SERVICE_ACCOUNT = StandInAccount(
    kind=Account.SERVICE_ACCOUNT,
    app_id="wx" + "fedcba9876543210",
    secret="standin-secret-of-the-service-account",
    original_id="gh_" + "ba9876543210",
    push_token="standinTokenOfTheServiceAccount",
    push_key="standinKeyOfTheServiceAccount" + "9876543210" + "abcd",
    templates=_templates("s"),
)
