"""The policies that come with the service, as TOML files beside this module."""

from __future__ import annotations

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


def load(name: str) -> Policy:
    """Return a shipped policy, checked to the last rule.

    Raises:
        KeyError: no policy of this name.
        PolicyError: lists everything wrong with the file.
    """
    if name not in names():
        raise KeyError(name)
    text = (resources.files(__name__) / f"{name}{_SUFFIX}").read_text(encoding="utf-8")
    return ensure_complete(load_policy(text))
