"""The policies that come with the service, as TOML files beside this module."""

from __future__ import annotations

from functools import cache
from importlib import resources

from backend.domain.policy import Policy, load_policy
from backend.domain.rules import ensure_complete

_SUFFIX = ".toml"


def names() -> tuple[str, ...]:
    """Return the names of the shipped policies."""
    files = resources.files(__name__).iterdir()
    return tuple(
        sorted(f.name.removesuffix(_SUFFIX) for f in files if f.name.endswith(_SUFFIX))
    )


@cache
def load(name: str) -> Policy:
    """Return a shipped policy, checked to the last rule.

    Raises:
        KeyError: no policy of this name.
        PolicyError: lists everything wrong with the file.
    """
    text = _text(name)
    if text is None:
        raise KeyError(name)
    return read(text)


def read(text: str) -> Policy:
    """Return the policy of a TOML text, which may extend a shipped one.

    Raises:
        PolicyError: lists everything wrong with it.
    """
    return ensure_complete(load_policy(text, texts=_text))


def _text(name: str) -> str | None:
    """Return the text of a shipped policy; only names from the list become a path."""
    if name not in names():
        return None
    return (resources.files(__name__) / f"{name}{_SUFFIX}").read_text(encoding="utf-8")
