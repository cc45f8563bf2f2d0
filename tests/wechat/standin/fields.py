"""WeChat's limits on the fields of a subscribe message."""

from __future__ import annotations

import re
from typing import Final

_HAN: Final = "\u4e00-\u9fff"
_DAY: Final = r"\d{4}年\d{1,2}月\d{1,2}日"
_TIME: Final = r"\d{1,2}:\d{2}(:\d{2})?"
#: The kind of a field, which its name begins with → what its text must match.
_LIMITS: Final = {
    "thing": r".{1,20}",
    "number": r"[\d.]{1,32}",
    "letter": r"[A-Za-z]{1,32}",
    "symbol": r"[^\w\s]{1,5}",
    "character_string": r"[!-~]{1,32}",
    "time": rf"({_DAY} )?{_TIME}|{_DAY}",
    "date": rf"{_DAY}( {_TIME})?",
    "amount": r"[¥$]?\d{1,10}(\.\d+)?元?",
    "phone_number": r"[\d+-]{1,17}",
    "car_number": r".{1,8}",
    "name": rf"[{_HAN}]{{1,10}}|[A-Za-z ]{{1,20}}",
    "phrase": rf"[{_HAN}]{{1,5}}",
}


def is_within_limits(name: str, text: object) -> bool:
    """Tell whether WeChat takes the text for a field such as ``thing1``."""
    limit = _LIMITS.get(name.rstrip("0123456789"))
    return (
        limit is not None
        and isinstance(text, str)
        and re.fullmatch(limit, text) is not None
    )
