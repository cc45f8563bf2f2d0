"""What the staff API takes and gives about campaigns' rules and rosters."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from apiflask.fields import UploadFile
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from backend.domain.campaigns import EntryState, Span, Window
from backend.domain.report import Background
from backend.domain.roster import Column, Severity
from backend.messages.roster import problem_text
from backend.services.campaigns import CampaignRules
from backend.services.roster import NewCampaign
from backend.services.roster_types import (
    ChangeView,
    ImportState,
    ImportView,
    ListPage,
    ProblemView,
    StudentLine,
)
from backend.services.students import StudentView
from backend.web.api.admin_schemas import AdminCampaignOut


class _In(BaseModel):
    """A request body: unknown fields are refused, so that a typing mistake shows."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class _Out(BaseModel):
    """A response body, filled from what the services return."""

    model_config = ConfigDict(from_attributes=True)


class CampaignIn(_In):
    """A campaign, whole."""

    name: str = Field(max_length=100)
    school_name: str = Field(max_length=100)
    school_code: str | None = Field(default=None, max_length=10)
    graduating_years: list[int] = Field(min_length=1, max_length=20)
    opens_at: AwareDatetime
    closes_at: AwareDatetime
    policy: str = Field(max_length=50)
    album_allowed: bool
    contact: str = Field(max_length=200)
    notice_version: str = Field(max_length=50)
    notice_text: str = Field(max_length=20_000)
    retention_text: str = Field(max_length=2_000)
    background: Background | None = Field(
        default=None,
        description="what becomes of a portrait's background; left out, a campaign keeps"
        " what it has, and a new one begins as its policy says",
    )

    def to_new(self) -> NewCampaign:
        """Return the campaign as the service takes it."""
        values = self.model_dump()
        values["graduating_years"] = tuple(self.graduating_years)
        return NewCampaign(**values)


class WindowIn(_In):
    """When some students may hand in; at least one of the three must be named."""

    year: int | None = None
    level: str | None = Field(default=None, max_length=20)
    station_id: int | None = None
    opens_at: AwareDatetime
    closes_at: AwareDatetime

    def to_window(self) -> Window:
        """Return the window as the service takes it."""
        return Window(
            span=Span(self.opens_at, self.closes_at),
            year=self.year,
            level=self.level or None,
            station_id=self.station_id,
        )


class WindowOut(_Out):
    """A window."""

    id: int
    year: int | None
    level: str | None
    station_id: int | None
    opens_at: datetime
    closes_at: datetime


class RulesOut(_Out):
    """A campaign with its windows."""

    campaign: AdminCampaignOut
    school_code: str
    students: int
    windows: list[WindowOut]

    @classmethod
    def of(cls, rules: CampaignRules) -> Self:
        """Return the body for one campaign."""
        return cls(
            campaign=AdminCampaignOut.model_validate(rules.campaign),
            school_code=rules.school_code,
            students=rules.students,
            windows=[
                WindowOut(
                    id=one.id,
                    year=one.window.year,
                    level=one.window.level,
                    station_id=one.window.station_id,
                    opens_at=one.window.span.opens_at,
                    closes_at=one.window.span.closes_at,
                )
                for one in rules.windows
            ],
        )


class CarryOverIn(_In):
    """The campaign to copy from."""

    source_id: int


class CarryOverOut(_Out):
    """How many students were copied."""

    students: int


class CountsOut(_Out):
    """Rows of a file by what would become of them."""

    rows: int
    new: int
    changed: int
    unchanged: int
    bad: int
    errors: int
    warnings: int
    missing: int
    flagged: int
    unlisted: int


class ImportOut(_Out):
    """One import; ask again while ``state`` is ``checking`` or ``applying``."""

    id: int
    campaign_id: int
    state: ImportState
    file_name: str
    created_by: str
    created_at: datetime
    applied_at: datetime | None
    expires_at: datetime | None
    head_row: int | None
    headings: list[str]
    mapping: dict[Column, int] = Field(description="our column: theirs, from 0")
    lacking: list[Column]
    station_id: int | None
    graduating_year: int | None
    rows_done: int
    counts: CountsOut
    error_code: str

    @classmethod
    def of(cls, view: ImportView) -> Self:
        """Return the body for one import."""
        return cls.model_validate(view)


class ImportsOut(_Out):
    """A campaign's imports, newest first."""

    items: list[ImportOut]


class RosterIn(BaseModel):
    """One sheet as a file field."""

    roster: UploadFile


class MappingIn(_In):
    """What the columns of the file are."""

    mapping: dict[Column, int] = Field(description="our column: theirs, from 0")
    station_id: int | None = Field(default=None, description="of all rows")
    graduating_year: int | None = Field(default=None, description="of all rows")


class ApplyIn(_In):
    """Whether rows with errors are left out; else they keep everything out."""

    good_rows_only: bool = False


class PageIn(BaseModel):
    """Where a list goes on."""

    after: str | None = Field(default=None, max_length=40)
    severity: Severity = Severity.ERROR


class ProblemOut(_Out):
    """Something wrong with a cell; personal values are masked."""

    sheet_row: int
    column: str
    heading: str
    field: Column | None
    code: str
    message: str
    severity: Severity
    other_row: int | None
    shown: str

    @classmethod
    def of(cls, one: ProblemView) -> Self:
        """Return the body for one problem."""
        return cls(
            sheet_row=one.sheet_row,
            column=one.column,
            heading=one.heading,
            field=Column(one.about) if one.about else None,
            code=one.code,
            message=problem_text(one.code, one.other_row),
            severity=one.severity,
            other_row=one.other_row,
            shown=one.shown,
        )


class ProblemsOut(_Out):
    """Some problems, in the order of the sheet."""

    items: list[ProblemOut]
    next_after: str | None

    @classmethod
    def of(cls, page: ListPage[ProblemView]) -> Self:
        """Return the body for a page."""
        items = [ProblemOut.of(one) for one in page.items]
        return cls(items=items, next_after=page.next_after)


class ChangeOut(_Out):
    """A correction: fields with old and new values."""

    sheet_row: int
    flagged: bool
    name: str
    student_no: str
    fields: dict[str, tuple[str, str]]


class ChangesOut(_Out):
    """Some corrections, in the order of the sheet."""

    items: list[ChangeOut]
    next_after: str | None

    @classmethod
    def of(cls, page: ListPage[ChangeView]) -> Self:
        """Return the body for a page."""
        return cls.model_validate(page)


class StudentLineOut(_Out):
    """A student in a list."""

    id: int
    name: str
    student_no: str
    level: str
    major: str
    class_no: str
    graduating_year: int
    station_name: str
    exempt_reason: str | None
    grace_until: datetime | None


class StudentLinesOut(_Out):
    """Some students."""

    items: list[StudentLineOut]
    next_after: str | None

    @classmethod
    def of(cls, page: ListPage[StudentLine]) -> Self:
        """Return the body for a page."""
        return cls.model_validate(page)


class StudentSearchIn(_In):
    """Whom to look for: personal data travels in the body, never in the address."""

    text: str = Field(default="", max_length=80, repr=False)
    after: str | None = Field(default=None, max_length=20)


class StudentOut(_Out):
    """One student; the identity number stays masked."""

    line: StudentLineOut
    campaign_id: int
    station_id: int
    id_number_masked: str
    exam_no: str
    certificate_no: str
    study_form: str
    opens_at: datetime
    closes_at: datetime
    state: EntryState
    record_id: str | None
    settled: bool
    carried_from: str

    @classmethod
    def of(cls, view: StudentView) -> Self:
        """Return the body for one student."""
        return cls.model_validate(view)


class GraceIn(_In):
    """Until when one student may hand in; none takes a grace back."""

    until: AwareDatetime | None
    reason: str = Field(min_length=1, max_length=100)


class ExemptionIn(_In):
    """Whether a student needs no photo, and why."""

    exempt: bool
    reason: str = Field(min_length=1, max_length=100)
