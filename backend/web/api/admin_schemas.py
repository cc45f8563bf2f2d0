"""What the staff API takes and gives, as the OpenAPI document shows it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from backend.domain.backgrounds import BackgroundState
from backend.domain.batch import ItemState
from backend.domain.campaigns import EntryState
from backend.domain.query import RecordOrder
from backend.domain.report import Background, Verdict
from backend.domain.reviews import Attention, SubmissionStatus
from backend.messages.return_reasons import RETURN_REASONS
from backend.services.batch_types import BatchView
from backend.services.posters import Size
from backend.services.types import (
    AdminSubmission,
    BindingStatus,
    NewStaffSession,
    Record,
    Role,
    SearchFilter,
)
from backend.web.admin.checklist import rules_to_check
from backend.web.api.schemas import ReportOut, SubmissionOut
from backend.web.context import policy_of

_REASON_KEYS = ", ".join(RETURN_REASONS)


class _In(BaseModel):
    """A request body: unknown fields are refused, so that a typing mistake shows."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class _Out(BaseModel):
    """A response body, filled from what the services return."""

    model_config = ConfigDict(from_attributes=True)


class StaffSignInIn(_In):
    """Credentials of a staff member."""

    username: str = Field(max_length=50, examples=["reviewer-li"])
    password: str = Field(max_length=200, repr=False)
    #: Six digits of the authenticator app, or a recovery code.
    totp: str = Field(default="", max_length=20, repr=False, examples=["123456"])


class StaffUserOut(_Out):
    """The signed-in staff member."""

    id: int
    username: str
    display_name: str
    role: Role
    station_id: int | None


class StaffSessionOut(_Out):
    """A session; send the token as ``Authorization: Bearer``."""

    token: str
    csrf_token: str
    expires_at: datetime
    user: StaffUserOut

    @classmethod
    def of(cls, new: NewStaffSession) -> Self:
        """Return the body for a session just opened."""
        return cls(
            token=new.token,
            csrf_token=new.session.csrf_token,
            expires_at=new.session.expires_at,
            user=StaffUserOut.model_validate(new.session.user),
        )


class AdminCampaignOut(_Out):
    """One round of collecting."""

    id: int
    name: str
    school_name: str
    graduating_years: list[int]
    opens_at: datetime
    closes_at: datetime
    policy: str
    album_allowed: bool
    background: Background


class AdminCampaignsOut(_Out):
    """All campaigns, newest first."""

    items: list[AdminCampaignOut]


class StationIn(_In):
    """A station to create."""

    code: str = Field(min_length=1, max_length=30, examples=["CS01"])
    name: str = Field(min_length=1, max_length=100)
    address: str = Field(min_length=1, max_length=200)
    contact: str = Field(min_length=1, max_length=200)


class StationPatchIn(_In):
    """What to change of a station; fields left out stay as they are."""

    code: str | None = Field(default=None, min_length=1, max_length=30)
    name: str | None = Field(default=None, min_length=1, max_length=100)
    address: str | None = Field(default=None, min_length=1, max_length=200)
    contact: str | None = Field(default=None, min_length=1, max_length=200)


class AdminStationOut(_Out):
    """A place that collects."""

    id: int
    code: str
    name: str
    address: str
    contact: str


class AdminStationsOut(_Out):
    """The stations the caller may see."""

    items: list[AdminStationOut]


class EntryIn(_In):
    """The station to open an entry for."""

    station_id: int = Field(ge=1)


class ReasonIn(_In):
    """Why; kept in the audit log."""

    reason: str = Field(min_length=1, max_length=200)


class AdminEntryOut(_Out):
    """An entry and the address its poster carries."""

    token: str
    url: str
    station: AdminStationOut
    state: EntryState
    created_at: datetime
    ended_at: datetime | None


class AdminEntriesOut(_Out):
    """A campaign's entries, the live ones first."""

    items: list[AdminEntryOut]


class PostersIn(_In):
    """What to print on."""

    size: Size = Field(default=Size.A4, description="sign: 100 × 100 mm, for a table")


class SearchFilterIn(_In):
    """What to look for; empty fields do not narrow."""

    campaign_id: int | None = None
    station_id: int | None = None
    text: str = Field(
        default="",
        max_length=2000,
        repr=False,
        description="as typed: the beginning of a name; a whole 学号, 考生号, 证书编号 or "
        "身份证号, or the last six of one; a collection code; a fingerprint",
    )
    name: str = Field(default="", max_length=50, repr=False)
    student_no: str = Field(default="", max_length=40, repr=False)
    id_number: str = Field(
        default="", max_length=18, repr=False, description="whole, or the last six"
    )
    code: str = Field(
        default="",
        max_length=2000,
        repr=False,
        description="the collection code's content, its token, or its fingerprint",
    )
    status: SubmissionStatus | None = None
    waiting: bool | None = Field(
        default=None,
        description="only bindings that wait for the roster, or only others",
    )
    quarantined: bool = Field(
        default=False, description="only photos put aside by the content check"
    )
    without_photo: bool = Field(
        default=False, description="only bindings with neither a photo nor a draft"
    )
    graduating_year: int | None = None
    level: str = Field(default="", max_length=20)
    class_no: str = Field(default="", max_length=50, description="its beginning")
    major: str = Field(default="", max_length=100, description="its beginning")
    study_form: str = Field(default="", max_length=20)
    binding_status: BindingStatus | None = None
    verdict: Verdict | None = None
    source: str = Field(default="", max_length=10)
    human_review: bool = Field(
        default=False, description="only photos a person was asked to look at"
    )
    submitted_from: AwareDatetime | None = None
    submitted_before: AwareDatetime | None = None
    decided_by_id: int | None = None

    def to_filter(self) -> SearchFilter:
        """Return the filter as the search service takes it."""
        values = self.model_dump() | {"id_number": self.id_number.upper()}
        return SearchFilter(**values)


class SearchIn(_In):
    """A search: personal data travels in the body, never in the address."""

    filters: SearchFilterIn = Field(default_factory=SearchFilterIn)
    order: RecordOrder = RecordOrder.CHANGED
    descending: bool = True
    cursor: str | None = Field(
        default=None, max_length=500, description="of another page of the same search"
    )
    limit: int = Field(default=50, ge=1, le=200)


class RecordExportIn(_In):
    """All pages of a search as one file."""

    filters: SearchFilterIn = Field(default_factory=SearchFilterIn)
    order: RecordOrder = RecordOrder.CHANGED
    descending: bool = True
    format: Literal["xlsx", "csv"] = "xlsx"
    whole_numbers: bool = Field(
        default=False,
        description="identity numbers unmasked; for administrators, audited as such",
    )


class RecordRowOut(_Out):
    """One bound record in a list."""

    binding_id: str
    student_name: str
    student_no: str
    id_number_masked: str
    level: str
    major: str
    class_no: str
    graduating_year: int | None
    study_form: str
    station_name: str
    fingerprint: str
    binding_status: BindingStatus
    submission_status: SubmissionStatus | None
    verdict: str | None
    source: str | None
    human_review_requested: bool
    quarantined: bool
    submitted_at: datetime | None
    changed_at: datetime


class RecordPageOut(_Out):
    """A page of records; a missing cursor means there is no such page."""

    items: list[RecordRowOut]
    next_cursor: str | None
    previous_cursor: str | None
    last_cursor: str | None


class StepOut(_Out):
    """One step in the life of a record."""

    status: str
    at: datetime
    by: Literal["student", "staff", "system"]
    who: str
    note: str


class AdminSubmissionOut(_Out):
    """A submission as staff see it; ``version`` is what a decision refers to."""

    public_id: str
    status: SubmissionStatus
    version: int
    source: str
    file: dict[str, str | int | None]
    report: ReportOut
    background: BackgroundState
    other_report: ReportOut | None = Field(
        description="of the portrait with the other background, where there are two"
    )
    can_choose_background: bool
    can_approve: bool = Field(
        description="false while its background has to be replaced first"
    )
    to_check: list[str] = Field(
        description="the rules a person must have looked at to approve"
    )
    has_portrait: bool
    human_review_requested: bool
    return_reasons: list[str]
    return_note: str
    decided_by: str
    created_at: datetime
    confirmed_at: datetime | None
    history: list[StepOut]

    @classmethod
    def of(cls, item: AdminSubmission) -> Self:
        """Return the body for one submission."""
        view = item.view
        shown = SubmissionOut.of(view)
        return cls(
            public_id=view.public_id,
            status=view.status,
            version=view.version,
            source=item.source,
            file=item.file,
            report=shown.report,
            background=view.background,
            other_report=shown.other_report,
            can_choose_background=view.can_choose_background,
            can_approve=view.can_approve,
            to_check=list(rules_to_check(view.report, policy_of(view.report))),
            has_portrait=view.has_portrait,
            human_review_requested=view.human_review_requested,
            return_reasons=list(view.return_reasons),
            return_note=view.return_note,
            decided_by=item.decided_by,
            created_at=view.created_at,
            confirmed_at=view.confirmed_at,
            history=[StepOut.model_validate(step) for step in view.history],
        )


class RecordOut(_Out):
    """One bound record, whole; the identity number stays masked."""

    row: RecordRowOut
    station: AdminStationOut | None
    graduating_year: int | None
    bound_at: datetime
    submissions: list[AdminSubmissionOut]
    history: list[StepOut]

    @classmethod
    def of(cls, record: Record) -> Self:
        """Return the body for one record."""
        return cls(
            row=RecordRowOut.model_validate(record.row),
            station=AdminStationOut.model_validate(record.station)
            if record.station
            else None,
            graduating_year=record.binding.graduating_year,
            bound_at=record.binding.created_at,
            submissions=[AdminSubmissionOut.of(item) for item in record.submissions],
            history=[StepOut.model_validate(step) for step in record.history],
        )


class IdentityNumberOut(_Out):
    """The whole identity number; that it was read is in the audit log."""

    id_number: str


class DecisionIn(_In):
    """A decision on the version that was looked at."""

    action: Literal["approve", "return"]
    checked: list[str] = Field(
        default_factory=list,
        max_length=100,
        description="to approve: every rule that ``to_check`` lists",
    )
    reasons: list[str] = Field(
        default_factory=list,
        max_length=len(RETURN_REASONS),
        description=f"to return: any of {_REASON_KEYS}",
    )
    note: str = Field(default="", max_length=500)
    expected_version: int | None = Field(
        default=None, ge=0, description="instead of the ``If-Match`` header"
    )


class BackgroundChoiceIn(_In):
    """Which of the two portraits is taken, on the version that was looked at."""

    background: Background
    expected_version: int | None = Field(
        default=None, ge=0, description="instead of the ``If-Match`` header"
    )


class DecisionOut(_Out):
    """Where the submission stands now."""

    public_id: str
    status: SubmissionStatus
    version: int
    return_reasons: list[str]
    return_note: str


class BatchOut(_Out):
    """A batch of photos and how far it is; ``counts`` by state of the files."""

    id: int
    campaign_id: int
    brought_by: str
    created_at: datetime
    finished_at: datetime | None
    total: int
    waiting: int
    counts: dict[ItemState, int]

    @classmethod
    def of(cls, batch: BatchView) -> Self:
        """Return a batch as it is sent."""
        return cls.model_validate(batch)


class BatchItemsIn(_In):
    """Which files of a batch."""

    after: int = Field(default=0, ge=0, description="the last position seen")
    limit: int = Field(default=100, ge=1, le=500)


class BatchItemOut(_Out):
    """One file of a batch; ``detail`` is an error's code or the refusing rules."""

    position: int
    file_name: str
    state: ItemState
    detail: str
    student_name: str
    student_no: str


class BatchItemsOut(_Out):
    """Files of a batch, in the order they came."""

    items: list[BatchItemOut]


class ReviewNextIn(_In):
    """What to review; fields left out do not narrow."""

    campaign_id: int | None = None
    station_id: int | None = None
    attention: Attention = Field(
        default=Attention.ALL,
        description="``asked``: the student asked for a person; ``warned``: the rules "
        "pointed something out",
    )
    after: str = Field(
        default="",
        max_length=22,
        description="the photo being looked at, to claim one ahead",
    )


class ReviewNextOut(_Out):
    """The photo that is the caller's for ten minutes; none when nothing is left."""

    submission: AdminSubmissionOut | None
    left: int
    done_today: int


class ReviewSkipIn(_In):
    """The photo to leave for later."""

    submission_id: str = Field(max_length=22)


class ReviewUndoIn(_In):
    """The decision of the last minute to take back."""

    submission_id: str = Field(max_length=22)
    expected_version: int | None = Field(
        default=None, ge=0, description="instead of the ``If-Match`` header"
    )
