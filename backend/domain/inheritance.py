"""A policy that gives only what differs from another: tables merged, names resolved."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from typing import Any, Final

#: Answers with the text of a policy by its name, none for a name nobody knows.
Texts = Callable[[str], str | None]

#: Stands for an inherited limit that does not hold any more.
OPEN: Final = "open"
_LIMITS: Final = frozenset({"warn_below", "warn_above", "fail_below", "fail_above"})


def inherited(
    data: Mapping[str, Any], texts: Texts
) -> tuple[dict[str, Any], list[str]]:
    """Return a policy's tables over those of its bases, and what is wrong with the bases.

    ``extends`` names one base, which may extend another. Of a base its name, title and
    source are not inherited, and neither is ``extends``.
    """
    chain: list[Mapping[str, Any]] = [data]
    seen: list[str] = [data["name"]] if isinstance(data.get("name"), str) else []
    while "extends" in chain[-1]:
        base = chain[-1]["extends"]
        if not isinstance(base, str):
            return {}, ["extends: must be the name of a policy"]
        if base in seen:
            return {}, [f"extends: {' → '.join([*seen, base])} goes in a circle"]
        text = texts(base)
        if text is None:
            return {}, [f"extends: there is no policy {base}"]
        seen.append(base)
        try:
            parsed = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            return {}, [f"extends: {base} is not valid TOML: {error}"]
        chain.append(
            {key: parsed[key] for key in parsed.keys() - {"name", "title", "source"}}
        )
    merged: dict[str, Any] = {}
    for layer in reversed(chain):
        merged = merge(merged, {key: layer[key] for key in layer if key != "extends"})
    return merged, []


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return both tables as one: tables are merged, any other value replaces.

    A limit that is ``"open"`` takes the base's limit away. The base's order is kept, and
    what is new comes after it.
    """
    result = dict(base)
    for key, value in over.items():
        if key in _LIMITS and value == OPEN and key in base:
            del result[key]
        elif isinstance(value, Mapping) and isinstance(base.get(key), Mapping):
            result[key] = merge(base[key], value)
        else:
            result[key] = value
    return result
