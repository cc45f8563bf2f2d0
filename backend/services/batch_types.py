"""A batch and its files, as whoever brought it sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from backend.domain.batch import ItemState


@dataclass(frozen=True, slots=True)
class BatchView:
    """A batch and how far it is; ``counts`` has a number for each state there is."""

    id: int
    campaign_id: int
    campaign_name: str
    brought_by: str
    created_at: datetime
    finished_at: datetime | None
    counts: Mapping[ItemState, int]

    @property
    def total(self) -> int:
        """All files."""
        return sum(self.counts.values())

    @property
    def waiting(self) -> int:
        """Files that are not looked at yet."""
        return self.counts.get(ItemState.WAITING, 0)


@dataclass(frozen=True, slots=True)
class BatchItemView:
    """One file of a batch."""

    position: int
    file_name: str = field(repr=False)
    state: ItemState
    detail: str
    student_id: int | None
    student_name: str = field(repr=False)
    student_no: str = field(repr=False)
