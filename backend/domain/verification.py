"""The files by which WeChat checks that a domain is the school's.

WeChat hands out a name and a short text; the file must answer under that name at the
root and below the addresses the posters carry.
"""

from __future__ import annotations

import re
from typing import Final

from backend.domain.errors import InvalidInputError, Violation

#: ``MP_verify_`` with 16 letters for a domain, ten letters for a mini program's rule.
_NAME: Final = re.compile(r"[A-Za-z0-9_]{5,40}\.txt")
#: 32 hexadecimal digits or 16 letters so far.
_CONTENT: Final = re.compile(r"[!-~]{1,128}")


def check_verification_file(name: str, content: str) -> None:
    """Raise InvalidInputError unless both are what WeChat hands out."""
    found = []
    if not _NAME.fullmatch(name):
        found.append(Violation("file_name", "file_name_invalid"))
    if not _CONTENT.fullmatch(content):
        found.append(Violation("file_content", "file_content_invalid"))
    if found:
        raise InvalidInputError("invalid_input", violations=tuple(found))
