"""What the staff API takes and gives of deliveries."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from backend.domain.deliveries import Fault, Naming, NamingKey, Profile
from backend.domain.registry_answers import Answer
from backend.domain.reviews import SubmissionStatus
from backend.services.delivery_types import DeliveryPreview, DeliveryRequest


class _In(BaseModel):
    """A request body: unknown fields are refused, so that a typing mistake shows."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class _Out(BaseModel):
    """A response body, filled from what the services return."""

    model_config = ConfigDict(from_attributes=True)


class DeliveryIn(_In):
    """What a delivery shall hold. An outside unit takes the naming ``sequence`` only."""

    campaign_id: int = Field(le=2**31 - 1)
    profile: Profile = Profile.SCHOOL
    naming: NamingKey = NamingKey.STUDENT_NO
    pattern: str = Field(
        default="", max_length=200, examples=["{函授站}/{学号}_{姓名}"]
    )
    by_station: bool = False
    station_id: int | None = Field(default=None, le=2**31 - 1)
    graduating_year: int | None = Field(default=None, ge=1900, le=2200)
    leave_out: bool = Field(
        default=False, description="Leave out what has a problem, for a later delivery."
    )

    def to_request(self) -> DeliveryRequest:
        """Return the body as the service takes it."""
        return DeliveryRequest(
            campaign_id=self.campaign_id,
            profile=self.profile,
            naming=Naming(self.naming, self.pattern, self.by_station),
            station_id=self.station_id,
            graduating_year=self.graduating_year,
        )


class CursorIn(BaseModel):
    """Where a page begins."""

    cursor: str | None = Field(default=None, max_length=20)


class CodePackIn(BaseModel):
    """What narrows a pack of cards."""

    station_id: int | None = Field(default=None, le=2**31 - 1)
    class_no: str = Field(default="", max_length=50)


class DeliveryProblemOut(_Out):
    """A portrait that cannot be in the delivery, and why."""

    binding_id: str
    student_no: str
    fault: Fault


class DeliveryPreviewOut(_Out):
    """What a delivery would hold."""

    ready: int
    stations: dict[str, int]
    problems: list[DeliveryProblemOut]
    earlier: int
    waiting: int

    @classmethod
    def of(cls, preview: DeliveryPreview) -> Self:
        """Return the body of a preview."""
        return cls(
            ready=preview.ready,
            stations=dict(preview.stations),
            problems=[DeliveryProblemOut.model_validate(x) for x in preview.problems],
            earlier=preview.earlier,
            waiting=preview.waiting,
        )


class NamingOut(_Out):
    """How the portraits' files are named."""

    key: NamingKey
    pattern: str
    by_station: bool


class DeliveryOut(_Out):
    """A delivery, as far as the caller may see into it."""

    number: str
    campaign_id: int
    campaign_name: str
    profile: Profile
    naming: NamingOut
    station_name: str
    graduating_year: int | None
    items: int
    size_bytes: int
    made_by: str
    created_at: datetime
    cancelled_at: datetime | None


class DeliveriesOut(_Out):
    """A page of deliveries."""

    items: list[DeliveryOut]
    next_cursor: str | None


class DeliveryDetailOut(_Out):
    """A delivery with how many of its portraits are in which status now."""

    delivery: DeliveryOut
    counts: dict[SubmissionStatus, int]
    can_cancel: bool


class DeliveryItemOut(_Out):
    """One portrait of a delivery."""

    position: int
    file_name: str
    student_name: str
    student_no: str
    class_no: str
    station_name: str
    status: SubmissionStatus
    binding_id: str


class DeliveryItemsOut(_Out):
    """A page of what is in a delivery."""

    items: list[DeliveryItemOut]
    next_cursor: str | None


class AnswerCountsOut(_Out):
    """What a list does; ``unmatched`` and ``ambiguous`` are rows of the sheet."""

    rows: int
    accepted: int
    sent_back: int
    reasons: dict[Answer, int]
    already: int
    nothing_yet: int
    not_waiting: int
    unmatched: list[int]
    ambiguous: list[int]
    unknown: dict[str, int]


class ReturnedListOut(_Out):
    """A list of the registry's answers; not applied yet while ``applied_at`` is null."""

    public_id: str
    campaign_id: int
    created_at: datetime
    applied_at: datetime | None
    counts: AnswerCountsOut
