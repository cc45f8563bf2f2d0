"""Which passwords are refused here: the rules, told the names that matter."""

from __future__ import annotations

from typing import Final

from backend.crypto.common_passwords import is_common
from backend.db import people
from backend.db.engine import Session
from backend.domain.errors import Violation
from backend.domain.passwords import password_fault

_PRODUCT: Final = ("毕照", "bizhao", "毕照管理台")


def password_violations(
    session: Session, password: str, *, field: str, names: tuple[str, ...]
) -> tuple[Violation, ...]:
    """Return what is wrong with a new password of the person with these names."""
    schools = people.school_names(session)
    fault = password_fault(
        password, personal=(*names, *schools, *_PRODUCT), is_common=is_common
    )
    return () if fault is None else (Violation(field, fault.value),)
