"""Every code that is raised anywhere has words; the code is searched for in the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import backend
from backend.domain.binding import RefusalCode
from backend.domain.errors import DomainError, Violation
from backend.messages.errors import TEXTS, VIOLATIONS, error_text, violation_text

ROOT = Path(backend.__file__).parent


def subclasses(kind: type[DomainError]) -> Iterator[type[DomainError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from subclasses(child)


ERRORS = {kind.__name__ for kind in subclasses(DomainError)}


def raised() -> set[str]:
    """Return the literal codes of all errors and violations in the package."""
    codes = set()
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                if node.func.id in ERRORS and node.args:
                    codes |= literal(node.args[0])
                if node.func.id == "Violation":
                    named = [k.value for k in node.keywords if k.arg == "code"]
                    for value in [*node.args[1:2], *named]:
                        codes |= literal(value)
    return codes


def literal(node: ast.expr) -> set[str]:
    return {
        part.value
        for part in ast.walk(node)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    }


def test_every_code_that_is_raised_has_words() -> None:
    codes = raised()
    assert len(codes) > 50
    assert not codes - TEXTS.keys() - VIOLATIONS.keys()


def test_every_refusal_of_a_binding_has_words() -> None:
    assert not {code.value for code in RefusalCode} - TEXTS.keys()


@pytest.mark.parametrize("code", sorted(TEXTS))
def test_words_are_whole_without_any_data(code: str) -> None:
    text = error_text(code)
    assert text.title
    assert text.todo.endswith(("。", "？")), text.todo
    assert "{" not in text.title + text.todo


def test_data_appears_in_the_words() -> None:
    assert "90 秒" in error_text("too_many_attempts", {"retry_after": 90}).todo
    assert "专升本" in error_text("code_of_other_enrolment", {"level": "专升本"}).todo


def test_an_unknown_code_reads_as_our_own_fault() -> None:
    assert error_text("no_such_code") == error_text("internal_error")


def test_a_violation_names_its_field_as_the_form_does() -> None:
    said = violation_text(Violation("id_last6", "required"))
    assert said.startswith("身份证号后 6 位")
