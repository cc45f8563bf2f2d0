"""WeChat's look at a photo for forbidden content: what its answer means here.

It is advice. Only "risky" changes anything: the photo is put aside until an
administrator has looked. Everything else, no answer included, goes to a person like any
photo; nothing is passed or returned by a machine of somebody else's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final


class CheckState(StrEnum):
    """Where a check stands.

    ``RISKY`` is quarantine; ``CLEARED`` is an administrator's word against it.
    """

    WAITING = "waiting"
    ASKED = "asked"
    PASSED = "passed"
    UNCLEAR = "unclear"
    RISKY = "risky"
    CLEARED = "cleared"


#: WeChat answers within half an hour, or not at all.
ANSWER_TIME: Final = timedelta(minutes=30)
MOST_ATTEMPTS: Final = 5
#: How long the address of the picture is good; it is fetched once.
ADDRESS_TIME: Final = timedelta(minutes=10)
_LABEL_LENGTH: Final = 20


@dataclass(frozen=True, slots=True)
class Answer:
    """What WeChat said: a settled state and its label, or its error's code."""

    state: CheckState
    label: str


def read_answer(data: Mapping[str, Any]) -> Answer:
    """Return what a pushed ``wxa_media_check`` of version 2 means.

    The label is a number or a text; a picture that could not be fetched has an
    ``errcode`` and no ``result``.
    """
    result = data.get("result")
    if not isinstance(result, Mapping):
        return Answer(CheckState.UNCLEAR, str(data.get("errcode", ""))[:_LABEL_LENGTH])
    states = {"pass": CheckState.PASSED, "risky": CheckState.RISKY}
    suggestion = result.get("suggest")
    state = states.get(suggestion) if isinstance(suggestion, str) else None
    label = str(result.get("label", ""))[:_LABEL_LENGTH]
    return Answer(state or CheckState.UNCLEAR, label)
