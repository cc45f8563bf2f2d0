"""Numbers as people write them."""

from __future__ import annotations

from typing import Final

#: Numbers from here on are counts, shown to the last digit; three digits would not do.
_IN_FULL: Final = 999.5
#: Percents below this are shown with a decimal.
_SMALL_PERCENT: Final = 9.95
_DAYS_OF_MONTH: Final = 30.4375
#: A word out of a file may be of any length.
_LONGEST_WORD: Final = 24


class Figure:
    """A value or limit in a sentence: ``{value}``, ``{value:%}``, ``KB``, ``months``."""

    __slots__ = ("_value",)

    def __init__(self, value: float | str | None) -> None:
        self._value = value

    def __format__(self, spec: str) -> str:
        value = self._value
        if value is None:
            return "–"
        if isinstance(value, str):
            cut = len(value) > _LONGEST_WORD
            return f"{value[:_LONGEST_WORD]}…" if cut else value
        match spec:
            case "":
                return _plain(value)
            case "%":
                share = 100 * value
                small = abs(share) < _SMALL_PERCENT
                return f"{round(share, 1):g}%" if small else f"{share:.0f}%"
            case "KB":
                return _plain(value / 1024)
            case "months":
                return f"{value / _DAYS_OF_MONTH:.0f}"
        raise ValueError(spec)


def _plain(value: float) -> str:
    return f"{value:.3g}" if abs(value) < _IN_FULL else f"{value:.0f}"
