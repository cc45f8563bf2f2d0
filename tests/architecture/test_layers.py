"""What the import contracts in pyproject.toml cannot say.

They forbid modules; these two packages are held to a list of what is allowed.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import backend

ROOT = Path(backend.__file__).parent
ALLOWED_OWN = {
    "domain": ("backend.domain",),
    "messages": ("backend.domain", "backend.messages"),
}
#: Parts of the standard library that read or write something, or are not repeatable.
IMPURE = {"io", "logging", "os", "pathlib", "random", "secrets", "socket", "subprocess"}
PURE = sys.stdlib_module_names - IMPURE


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "."


@pytest.mark.parametrize("package", sorted(ALLOWED_OWN))
def test_pure_packages_import_nothing_but_the_pure_standard_library(
    package: str,
) -> None:
    files = sorted((ROOT / package).rglob("*.py"))
    assert files
    own = ALLOWED_OWN[package]
    strangers = [
        (path.name, name)
        for path in files
        for name in imported(path)
        if name.split(".")[0] not in PURE
        and not any(
            name == allowed or name.startswith(f"{allowed}.") for allowed in own
        )
    ]
    assert strangers == []


@pytest.mark.parametrize("clock", ["now", "utcnow", "today"])
def test_the_domain_is_told_the_time_and_never_asks(clock: str) -> None:
    asked = [
        (path.name, node.lineno)
        for path in (ROOT / "domain").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == clock
    ]
    assert asked == []
