"""What the services return: frozen values, nothing that talks to a database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Generic, Literal, TypeVar

from backend.domain.backgrounds import BackgroundState
from backend.domain.campaigns import EntryState
from backend.domain.guidance import Hint
from backend.domain.picture_check import CheckState
from backend.domain.report import Background, Box, Report, Verdict
from backend.domain.reviews import SubmissionStatus

T = TypeVar("T")


class Role(StrEnum):
    """What a staff member may do."""

    ADMIN = "admin"
    REVIEWER = "reviewer"
    STATION = "station"


class BindingStatus(StrEnum):
    """Whether a binding counts."""

    ACTIVE = "active"
    WAITING = "waiting"
    RELEASED = "released"


class MediaKind(StrEnum):
    """The pictures kept with a submission."""

    PORTRAIT = "portrait"
    OVERLAY = "overlay"
    ORIGINAL = "original"
    #: With the other background, where it was replaced.
    OTHER_PORTRAIT = "other-portrait"


class PrincipalKind(StrEnum):
    """How somebody came; the two of WeChat bear the names of its accounts."""

    BROWSER = "browser"
    MINI_PROGRAM = "mini_program"
    SERVICE_ACCOUNT = "service_account"
    #: Staff who act for a student; one for each student they act for.
    STAFF = "staff"


class Source(StrEnum):
    """How a photo was handed in."""

    SCAN = "scan"
    ON_SITE = "on_site"
    BATCH = "batch"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is on the other end.

    Attributes:
        acting: the user name of the staff member who acts for the student, else empty.
    """

    id: int
    kind: PrincipalKind
    acting: str = ""


@dataclass(frozen=True, slots=True)
class StaffUser:
    """A signed-in staff member, or the operator at the command line."""

    id: int
    username: str
    display_name: str
    role: Role
    station_id: int | None


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """A student's session."""

    id: int
    principal: Principal
    csrf_token: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session just opened, with the only copy of its token."""

    token: str = field(repr=False)
    session: SessionInfo


@dataclass(frozen=True, slots=True)
class StaffSession:
    """A staff member's session."""

    id: int
    user: StaffUser
    csrf_token: str = field(repr=False)
    expires_at: datetime
    #: A second factor has to be set up before anything else.
    must_enrol: bool = False


@dataclass(frozen=True, slots=True)
class NewStaffSession:
    """A staff session just opened, with the only copy of its token."""

    token: str = field(repr=False)
    session: StaffSession


@dataclass(frozen=True, slots=True)
class PendingSignIn:
    """A sign-in that waits for the second factor, with the only copy of its token."""

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class StaffSessionView:
    """A session as its owner sees it."""

    id: int
    device: str
    address: str
    created_at: datetime
    seen_at: datetime
    current: bool


@dataclass(frozen=True, slots=True)
class StaffMember:
    """A staff account as administrators see it."""

    user: StaffUser
    disabled_at: datetime | None
    second_factor: bool
    sessions: int
    seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class FactorState:
    """Whether somebody has a second factor, and how many recovery codes are left."""

    enrolled_at: datetime | None
    codes_left: int


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A second factor that waits for its first code: what the app has to be told."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)
    svg: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class InvitationView:
    """An invitation as administrators and the invited person see it."""

    id: int
    username: str
    display_name: str
    role: Role
    station_id: int | None
    renews_password: bool
    invited_by: str
    created_at: datetime
    expires_at: datetime
    expired: bool


@dataclass(frozen=True, slots=True)
class NewInvitation:
    """An invitation just made, with the only copy of its link."""

    url: str = field(repr=False)
    invitation: InvitationView


@dataclass(frozen=True, slots=True)
class CampaignView:
    """One round of collecting."""

    id: int
    name: str
    school_name: str
    graduating_years: tuple[int, ...]
    opens_at: datetime
    closes_at: datetime
    contact: str
    notice_version: str
    notice_text: str
    policy: str
    album_allowed: bool
    background: Background
    retention_text: str
    retention_promise: str


@dataclass(frozen=True, slots=True)
class StationView:
    """A place that collects."""

    id: int
    code: str
    name: str
    address: str
    contact: str


@dataclass(frozen=True, slots=True)
class EntryView:
    """What a scanned poster shows.

    Attributes:
        opens_at: the first instant at which somebody of the station may hand in.
        closes_at: the last one.
        windows_differ: whether it ends for some earlier than for others.
    """

    token: str
    campaign: CampaignView
    station: StationView
    state: EntryState
    opens_at: datetime
    closes_at: datetime
    windows_differ: bool


@dataclass(frozen=True, slots=True)
class EntryAdminView:
    """An entry as staff see it."""

    token: str
    url: str
    campaign: CampaignView
    station: StationView
    state: EntryState
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class ConsentState:
    """Which of the two consents are given for the campaign's present notice."""

    portrait: bool
    identity_number: bool
    notice_version: str

    @property
    def complete(self) -> bool:
        """Both are given."""
        return self.portrait and self.identity_number


@dataclass(frozen=True, slots=True)
class CodeReading:
    """A collection code read and kept for the next step, by reference only."""

    public_id: str
    fingerprint: str
    source: Literal["picture", "pasted"]
    masked_name: str | None = field(repr=False)
    level: str | None
    student_no_masked: str | None = field(repr=False)
    needs_name: bool
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class BindingView:
    """A binding as its owner sees it.

    Attributes:
        opens_at: from when its student may hand in.
        closes_at: until when; while it waits, the last instant of the entry.
    """

    public_id: str
    status: BindingStatus
    fingerprint: str
    student_name: str = field(repr=False)
    student_no_masked: str = field(repr=False)
    level: str
    major: str
    graduating_year: int | None
    station: StationView | None
    other_station: bool
    has_submission: bool
    opens_at: datetime
    closes_at: datetime
    created_at: datetime
    entry_token: str
    channels: tuple[PrincipalKind, ...]


@dataclass(frozen=True, slots=True)
class HistoryItem:
    """One step in the life of a submission or binding."""

    status: str
    at: datetime
    by: Literal["student", "staff", "system"]
    note: str = ""
    who: str = ""


@dataclass(frozen=True, slots=True)
class SubmissionView:
    """A submission as its owner sees it, or staff.

    Attributes:
        other_report: of the portrait with the other background, while it is kept.
        can_confirm: it is acceptable, and its background is not due to be replaced.
        can_approve: only for staff: it awaits a decision, and its background does not
            have to be replaced first.
        can_choose_background: the other portrait may be taken instead of this one: by
            the owner before it is handed in, by staff while a decision is awaited.
    """

    public_id: str
    binding_public_id: str
    status: SubmissionStatus
    report: Report
    background: BackgroundState
    other_report: Report | None
    has_portrait: bool
    human_review_requested: bool
    return_reasons: tuple[str, ...]
    return_note: str
    version: int
    can_confirm: bool
    can_request_review: bool
    can_approve: bool
    can_withdraw: bool
    can_resubmit: bool
    can_choose_background: bool
    created_at: datetime
    confirmed_at: datetime | None
    history: tuple[HistoryItem, ...]


@dataclass(frozen=True, slots=True)
class AdminSubmission:
    """A submission as staff see it."""

    view: SubmissionView
    source: str
    file: dict[str, str | int | None]
    decided_by: str
    check: CheckState | None
    pictures: frozenset[MediaKind]

    @property
    def quarantined(self) -> bool:
        """Whether the photo is put aside until an administrator has looked."""
        return self.check is CheckState.RISKY


@dataclass(frozen=True, slots=True)
class Media:
    """One file to hand out."""

    data: bytes = field(repr=False)
    content_type: str
    filename: str


@dataclass(frozen=True, slots=True)
class CollectStudent:
    """A student as those see them who take or bring their photo.

    Attributes:
        binding_id: the live binding, if there is one.
        status: of the photo handed in, else of the draft.
    """

    id: int
    campaign_id: int
    name: str = field(repr=False)
    student_no: str = field(repr=False)
    id_number_masked: str = field(repr=False)
    level: str
    major: str
    class_no: str
    station_name: str
    fingerprint: str
    binding_id: str | None
    status: SubmissionStatus | None
    exempt_reason: str | None


@dataclass(frozen=True, slots=True)
class OnSiteStudent:
    """One student on the list that the desk keeps for a line that breaks."""

    id: int
    name: str = field(repr=False)
    student_no_tail: str = field(repr=False)
    level: str
    class_no: str


@dataclass(frozen=True, slots=True)
class SearchFilter:
    """What to look for; empty fields do not narrow.

    Attributes:
        text: what somebody typed or pasted, see :func:`backend.domain.query.read_query`.
        class_no, major: their beginnings.
        submitted_before: the first instant that is too late.
        without_photo: only bindings that have neither a photo nor a draft.
    """

    campaign_id: int | None = None
    station_id: int | None = None
    text: str = field(default="", repr=False)
    name: str = field(default="", repr=False)
    student_no: str = field(default="", repr=False)
    id_number: str = field(default="", repr=False)
    code: str = field(default="", repr=False)
    status: SubmissionStatus | None = None
    waiting: bool | None = None
    quarantined: bool = False
    without_photo: bool = False
    graduating_year: int | None = None
    level: str = ""
    class_no: str = ""
    major: str = ""
    study_form: str = ""
    binding_status: BindingStatus | None = None
    verdict: Verdict | None = None
    source: str = ""
    human_review: bool = False
    submitted_from: datetime | None = None
    submitted_before: datetime | None = None
    decided_by_id: int | None = None


@dataclass(frozen=True, slots=True)
class SearchChoices:
    """What some of a filter's fields may be; ``deciders`` are ids and display names."""

    years: tuple[int, ...]
    levels: tuple[str, ...]
    study_forms: tuple[str, ...]
    deciders: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class RecordRow:
    """One bound record in a list."""

    binding_id: str
    student_name: str = field(repr=False)
    student_no: str = field(repr=False)
    id_number_masked: str = field(repr=False)
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


@dataclass(frozen=True, slots=True)
class PosterPrintView:
    """The last time a poster of one size was handed out to be printed."""

    size: str
    who: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PosterState:
    """An entry and its posters; ``recall`` means that those on the walls lead nowhere."""

    entry: EntryAdminView
    prints: tuple[PosterPrintView, ...]
    recall: bool


@dataclass(frozen=True, slots=True)
class StreamedFile:
    """A file that is made while it is handed out."""

    chunks: Iterator[bytes] = field(repr=False)
    content_type: str
    filename: str


@dataclass(frozen=True, slots=True)
class ExportedRecord:
    """One record for a sheet; the number is masked unless it was asked for whole."""

    row: RecordRow
    id_number: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class RecordExport:
    """All records of a search, read page by page while they are taken."""

    count: int
    rows: Iterator[ExportedRecord] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Record:
    """One bound record, whole."""

    row: RecordRow
    station: StationView | None
    binding: BindingView
    submissions: tuple[AdminSubmission, ...]
    history: tuple[HistoryItem, ...]
    has_card: bool


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A page of a keyset listing; cursors are opaque."""

    items: tuple[T, ...]
    next_cursor: str | None
    previous_cursor: str | None = None
    last_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One audited act."""

    id: int
    at: datetime
    actor: str
    action: str
    target: str
    detail: str
    address: str


class HeadState(StrEnum):
    """How the signed end of the audit chain fits the chain."""

    SIGNED = "signed"
    #: Nothing was appended since ends are signed.
    NONE = "none"
    #: The signature is of a longer chain, or of another one.
    CUT_OFF = "cut_off"
    FORGED = "forged"


@dataclass(frozen=True, slots=True)
class ChainHead:
    """The signed end of the audit chain.

    Attributes:
        rows: how many rows the signature counts.
        signed_from: the number of the first row appended under a signature.
    """

    state: HeadState
    rows: int = 0
    signed_from: int = 0


@dataclass(frozen=True, slots=True)
class ChainCheck:
    """Whether the audit chain is whole; ``broken_at`` is the first bad row."""

    ok: bool
    rows: int
    broken_at: int | None
    head: ChainHead


@dataclass(frozen=True, slots=True)
class GuidanceView:
    """What to do next before the camera.

    Attributes:
        box: where the head is, as shares of the frame's width and height.
    """

    hint: Hint
    box: Box | None
