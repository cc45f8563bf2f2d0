"""How far a campaign has come, for programs: the console's numbers and lists."""

from __future__ import annotations

from datetime import date, datetime
from typing import Self

from flask import Response, jsonify
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field

from backend.domain.progress import Group, Numbers, Stage
from backend.services.progress_types import (
    CampaignProgress,
    StudentFilter,
    StudentOrder,
)
from backend.services.types import StaffSession
from backend.web.api.admin import bp
from backend.web.api.admin_schemas import AdminStationOut
from backend.web.auth import staff_required
from backend.web.context import services


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class NumbersOut(_Out):
    """How many students; every group is the sum of some stages."""

    stages: dict[Stage, int]
    groups: dict[Group, int]

    @classmethod
    def of(cls, numbers: Numbers) -> Self:
        """Return the body for some numbers."""
        return cls(
            stages={stage: numbers[stage] for stage in Stage},
            groups={group: numbers[group] for group in Group},
        )


class StationProgressOut(_Out):
    """One station's numbers."""

    station: AdminStationOut
    numbers: NumbersOut


class DayOut(_Out):
    """How many students handed in, and passed, on one day (China time)."""

    date: date
    submitted: int
    passed: int


class CampaignProgressOut(_Out):
    """A campaign's numbers, of all stations or of the caller's own."""

    campaign_id: int
    closes_at: datetime
    days_left: int
    numbers: NumbersOut
    waiting: int = Field(description="bindings of people who are not on the roster")
    stations: list[StationProgressOut]
    days: list[DayOut]

    @classmethod
    def of(cls, progress: CampaignProgress) -> Self:
        """Return the body for a campaign."""
        return cls(
            campaign_id=progress.campaign.id,
            closes_at=progress.closes_at,
            days_left=progress.days_left,
            numbers=NumbersOut.of(progress.numbers),
            waiting=progress.waiting,
            stations=[
                StationProgressOut(
                    station=AdminStationOut.model_validate(item.station),
                    numbers=NumbersOut.of(item.numbers),
                )
                for item in progress.stations
            ],
            days=[DayOut.model_validate(day) for day in progress.days],
        )


class StudentsIn(BaseModel):
    """Which students, in which order; what is left out does not narrow."""

    model_config = ConfigDict(extra="forbid")

    station_id: int | None = None
    class_no: str | None = Field(default=None, max_length=50)
    level: str | None = Field(default=None, max_length=20)
    graduating_year: int | None = None
    part: Stage | Group | None = Field(default=None, description="a stage or a group")
    order: StudentOrder = StudentOrder.STATION
    cursor: str | None = Field(default=None, max_length=20)
    limit: int = Field(default=50, ge=1, le=200)


class StudentOut(_Out):
    """A student of the roster; no identity number."""

    name: str
    student_no: str
    class_no: str
    level: str
    major: str
    study_form: str
    graduating_year: int
    station: AdminStationOut
    stage: Stage
    exempt_reason: str
    return_reasons: list[str]
    binding_id: str | None
    submitted_at: datetime | None
    decided_at: datetime | None


class StudentPageOut(_Out):
    """A page of students; a missing cursor means there is no such page."""

    items: list[StudentOut]
    next_cursor: str | None
    previous_cursor: str | None


@bp.get("/campaigns/<int:campaign_id>/progress")
@staff_required()
@bp.output(CampaignProgressOut)
def campaign_progress(session: StaffSession, campaign_id: int) -> ResponseReturnValue:
    """Return a campaign's numbers, by station and by day."""
    found = services().progress.campaign(session.user, campaign_id)
    return _body(CampaignProgressOut.of(found))


@bp.get("/campaigns/<int:campaign_id>/students")
@staff_required()
@bp.input(StudentsIn, location="query")
@bp.output(StudentPageOut)
def campaign_students(
    session: StaffSession, campaign_id: int, query_data: StudentsIn
) -> ResponseReturnValue:
    """List the students behind a number."""
    page = services().progress.students(
        session.user,
        campaign_id,
        StudentFilter(
            station_id=query_data.station_id,
            class_no=query_data.class_no,
            level=query_data.level,
            graduating_year=query_data.graduating_year,
            part=query_data.part,
        ),
        order=query_data.order,
        cursor=query_data.cursor,
        limit=query_data.limit,
    )
    return _body(StudentPageOut.model_validate(page))


def _body(model: BaseModel) -> Response:
    return jsonify(model.model_dump(mode="json"))
