"""A policy on the command line: the name of a shipped one, or a school's own file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

from backend import policies as shipped
from backend.domain.policy import Policy, PolicyError

_SUFFIX: Final = ".toml"


class PolicyArgument(click.ParamType[Policy]):
    """Takes ``notice-2025`` or ``school/own.toml``; says all that is wrong with either."""

    name = "policy"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Policy:
        """Return the policy, checked to the last rule."""
        if isinstance(value, Policy):
            return value
        try:
            if value.endswith(_SUFFIX) or "/" in value:
                return shipped.read(Path(value).read_text(encoding="utf-8"))
            return shipped.load(value)
        except KeyError:
            there = ", ".join(shipped.names())
            self.fail(
                f"there is no policy {value}; there are: {there}; "
                f"a file of your own ends in {_SUFFIX}",
                param,
                ctx,
            )
        except OSError as error:
            self.fail(f"{value}: {error.strerror or 'unreadable'}", param, ctx)
        except UnicodeDecodeError:
            self.fail(f"{value}: not UTF-8", param, ctx)
        except PolicyError as error:
            lines = "\n".join(f"  {line}" for line in str(error).splitlines())
            self.fail(f"{value} is not in order:\n{lines}", param, ctx)
