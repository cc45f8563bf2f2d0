"""Identity numbers and names, as people and files write them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Self


class IdType(StrEnum):
    """The paper a number is printed on."""

    RESIDENT = "resident"
    OTHER = "other"


@dataclass(frozen=True, slots=True, repr=False)
class IdentityNumber:
    """A checked identity number; never shown whole by repr."""

    value: str
    id_type: IdType = IdType.RESIDENT

    @classmethod
    def parse(
        cls, text: str, *, id_type: IdType = IdType.RESIDENT, field: str = "id_number"
    ) -> Self:
        """Return the number in its one spelling; raises InvalidInputError."""
        raise NotImplementedError

    @property
    def last6(self) -> str:
        """The last six characters."""
        raise NotImplementedError

    @property
    def last4(self) -> str:
        """The last four characters."""
        raise NotImplementedError

    @property
    def masked(self) -> str:
        """The first three and last four characters, the rest as asterisks."""
        raise NotImplementedError

    @property
    def birth_date(self) -> date | None:
        """The date of birth; none for papers that do not carry it."""
        raise NotImplementedError

    @property
    def male(self) -> bool | None:
        """Whether the holder is registered as male; none when not told."""
        raise NotImplementedError


def parse_last6(text: str, *, field: str = "id_last6") -> str:
    """Return the six characters in one spelling; raises InvalidInputError."""
    raise NotImplementedError


def normalise_name(text: str) -> str:
    """Return a name in the one spelling names are compared in."""
    raise NotImplementedError


def name_matches_mask(name: str, masked: str) -> bool:
    """Say whether a name fits a masked one."""
    raise NotImplementedError
