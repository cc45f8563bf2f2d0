"""The mini-program guide says what the OpenAPI document says, step by step."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from apiflask import APIFlask

from backend.messages.errors import TEXTS

_GUIDE: Final = Path(__file__).parents[2] / "deploy/miniprogram-api.md"
_CALL: Final = re.compile(r"`(GET|POST|PUT|DELETE) (/api/v1/\S+?)`")
#: Any step can end in one of these; the guide says so once.
_EVERYWHERE: Final = {"too_many_attempts", "wechat_misconfigured"}


@dataclass(frozen=True)
class Step:
    """One numbered section: its call and its three tables."""

    title: str
    method: str
    path: str
    tables: dict[str, list[list[str]]]


def _text() -> str:
    return _GUIDE.read_text(encoding="utf-8")


def _tables(section: str) -> dict[str, list[list[str]]]:
    found: dict[str, list[list[str]]] = {}
    head = ""
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|"):
            head = ""
        elif not head:
            head = cells[0]
            found[head] = []
        elif set(cells[0]) != {"-"}:
            found[head].append([cells[0].strip("`"), *cells[1:]])
    return found


def _steps() -> Iterator[Step]:
    for section in re.split(r"^## ", _text(), flags=re.MULTILINE)[1:]:
        title, _, rest = section.partition("\n")
        call = re.match(r"\s*" + _CALL.pattern, rest)
        if call:
            yield Step(title, call.group(1), call.group(2), _tables(rest))


STEPS: Final = list(_steps())
_BY_STEP: Final = pytest.mark.parametrize("step", STEPS, ids=lambda step: step.title)


class Spec:
    """The OpenAPI document, with the references followed."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document

    def operation(self, method: str, path: str) -> dict[str, Any]:
        found: dict[str, Any] = self._document["paths"][path][method.lower()]
        return found

    def fields(self, content: dict[str, Any]) -> tuple[set[str], set[str]]:
        """Return every field of a body in any of its forms, and those always needed."""
        every: set[str] = set()
        needed: list[set[str]] = []
        for form in content.values():
            schema = form["schema"]
            if "$ref" in schema:
                name = schema["$ref"].rpartition("/")[2]
                schema = self._document["components"]["schemas"][name]
            every |= set(schema["properties"])
            needed.append(set(schema.get("required", ())))
        return every, set.intersection(*needed) if needed else set()


@pytest.fixture(scope="module")
def spec(contract_app: APIFlask) -> Spec:
    with contract_app.app_context():
        document = contract_app.spec
    assert isinstance(document, dict)
    return Spec(document)


def test_the_guide_has_the_steps_of_the_flow_in_order() -> None:
    assert [int(step.title.split(".")[0]) for step in STEPS] == list(
        range(1, len(STEPS) + 1)
    )
    assert len(STEPS) >= 9


@_BY_STEP
def test_the_call_is_one_the_service_has(step: Step, spec: Spec) -> None:
    assert spec.operation(step.method, step.path)


def test_every_other_call_named_in_the_text_is_one_the_service_has(spec: Spec) -> None:
    named = set(_CALL.findall(_text())) - {("GET", "/api/v1/openapi.json")}
    assert len(named) > len(STEPS)
    for method, path in named:
        assert spec.operation(method, path), path


@_BY_STEP
def test_the_request_fields_are_those_the_call_takes(step: Step, spec: Spec) -> None:
    told = {row[0] for row in step.tables.get("请求字段", [])}
    body = spec.operation(step.method, step.path).get("requestBody")
    every, needed = spec.fields(body["content"]) if body else (set(), set())
    assert told <= every
    assert needed <= told


@_BY_STEP
def test_the_answer_fields_are_those_the_call_gives(step: Step, spec: Spec) -> None:
    told = {row[0] for row in step.tables["回答字段"]}
    responses = spec.operation(step.method, step.path)["responses"]
    good = next(responses[code] for code in responses if code.startswith("2"))
    every, _ = spec.fields(good["content"])
    assert told
    assert told <= every


@_BY_STEP
def test_the_errors_are_errors_of_ours_with_their_status(
    step: Step, spec: Spec
) -> None:
    declared = set(spec.operation(step.method, step.path)["responses"])
    rows = step.tables["出错时"]
    assert rows
    for code, status, _ in rows:
        assert code in TEXTS, code
        assert status in declared, (code, status)


def test_every_way_in_which_replacing_a_background_ends_is_told(spec: Spec) -> None:
    (step,) = (step for step in STEPS if step.path.endswith("/background"))
    declared = set(spec.operation(step.method, step.path)["responses"])
    told = {status for _, status, _ in step.tables["出错时"]}
    assert told == {status for status in declared if status >= "400"}
    # What may end the wait for good, and what the choice may answer.
    section = _text().partition(f"## {step.title}")[2].partition("\n## ")[0]
    for code in ("background_due", "background_not_replaced", "illegal_transition"):
        assert f"`{code}`" in section
    assert "没有 `Retry-After` 的 503" in section
    states = next(s for s in STEPS if s.title.startswith("7."))
    (row,) = (r for r in states.tables["回答字段"] if r[0] == "background")
    for state in ("standard", "refused", "declined"):
        assert f"`{state}`" in row[2]
