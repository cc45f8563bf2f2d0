"""Every act that is audited has words of its own on the page of the audit log."""

from __future__ import annotations

import re
from pathlib import Path

import backend

_ROOT = Path(backend.__file__).parent
_ACTION = re.compile(r'"([a-z_]+\.[a-z_]+)"')
_WRITES = re.compile(r"\b(?:action=|_?audit\(|append_audit\()")
#: How far behind the call its action may stand.
_NEAR = 200
#: File names look the same.
_FILES = (".zip", ".xlsx", ".csv", ".pdf")


def audited() -> set[str]:
    """Return the actions written out in the services."""
    found = set()
    for file in sorted((_ROOT / "services").glob("*.py")):
        text = file.read_text(encoding="utf-8")
        for call in _WRITES.finditer(text):
            found |= set(_ACTION.findall(text[call.end() : call.end() + _NEAR]))
    return {action for action in found if not action.endswith(_FILES)}


def table(name: str) -> set[str]:
    labels = _ROOT / "web" / "templates" / "admin" / "_labels.html"
    text = labels.read_text(encoding="utf-8")
    (body,) = re.findall(rf"{{% set {name} = {{(.*?)}} %}}", text, re.DOTALL)
    return set(re.findall(r'"([\w.]+)":', body))


def test_every_audited_act_has_words() -> None:
    actions = audited()
    assert "staff.sign_in" in actions
    assert actions <= table("ACTIONS")


def test_every_act_belongs_to_a_group_of_the_filter() -> None:
    assert {action.partition(".")[0] for action in table("ACTIONS")} <= table(
        "ACTION_GROUPS"
    )
