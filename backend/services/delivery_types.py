"""What the services say of deliveries: frozen values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from backend.domain.deliveries import Fault, Naming, Profile
from backend.domain.registry_answers import Answer
from backend.domain.reviews import SubmissionStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRequest:
    """What a delivery shall hold; none does not narrow."""

    campaign_id: int
    profile: Profile
    naming: Naming
    station_id: int | None = None
    graduating_year: int | None = None


@dataclass(frozen=True, slots=True)
class DeliveryProblem:
    """A portrait that cannot be in the delivery."""

    binding_id: str
    student_name: str = field(repr=False)
    student_no: str = field(repr=False)
    station_name: str
    fault: Fault


@dataclass(frozen=True, slots=True)
class DeliveryPreview:
    """What a delivery would hold now.

    Attributes:
        stations: how many portraits of each station, in the list's order.
        earlier: what this receiver has from earlier deliveries.
        waiting: approved, and on no roster yet, so they cannot be delivered.
        example: the name of the first file.
    """

    ready: int
    stations: tuple[tuple[str, int], ...]
    problems: tuple[DeliveryProblem, ...]
    earlier: int
    waiting: int
    example: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """A delivery, as far as its reader may see into it."""

    id: int
    number: str
    campaign_id: int
    campaign_name: str
    profile: Profile
    naming: Naming
    station_name: str
    graduating_year: int | None
    items: int
    size_bytes: int
    made_by: str
    created_at: datetime
    cancelled_at: datetime | None
    cancelled_by: str


@dataclass(frozen=True, slots=True)
class DeliveryDetail:
    """A delivery with where its portraits stand now."""

    delivery: DeliveryView
    counts: Mapping[SubmissionStatus, int]
    can_cancel: bool


@dataclass(frozen=True, slots=True)
class DeliveryItemView:
    """One portrait of a delivery, as the list says it."""

    position: int
    file_name: str = field(repr=False)
    student_name: str = field(repr=False)
    student_no: str = field(repr=False)
    class_no: str
    station_name: str
    status: SubmissionStatus
    binding_id: str


@dataclass(frozen=True, slots=True)
class DeliveryRef:
    """A delivery that holds a photo of a record."""

    number: str
    profile: Profile
    submission_id: str
    status: SubmissionStatus
    created_at: datetime
    cancelled: bool


@dataclass(frozen=True, slots=True)
class Package:
    """A file on its way out; close ``chunks`` when stopping early.

    Attributes:
        size_bytes: none where it is not known before it is made.
    """

    filename: str
    size_bytes: int | None
    chunks: Iterator[bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class AnswerCounts:
    """What a list of the registry's answers does.

    Attributes:
        rows: of the list, without its heading.
        accepted, sent_back: photos that change.
        reasons: how many are sent back for which answer.
        already: photos that are what the list says.
        nothing_yet: rows without an answer.
        not_waiting: rows of students whose photo is not with the registry now.
        unmatched, ambiguous: rows of the sheet that mean nobody, or several.
        unknown: words nobody told us of, and how often; their rows change nothing.
    """

    rows: int
    accepted: int
    sent_back: int
    reasons: Mapping[Answer, int]
    already: int
    nothing_yet: int
    not_waiting: int
    unmatched: tuple[int, ...]
    ambiguous: tuple[int, ...]
    unknown: Mapping[str, int] = field(repr=False)


@dataclass(frozen=True, slots=True)
class ReturnedListView:
    """A list of the registry's answers: what it would do now, or did when applied."""

    public_id: str
    campaign_id: int
    campaign_name: str
    created_at: datetime
    applied_at: datetime | None
    counts: AnswerCounts
