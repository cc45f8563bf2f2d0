"""What the API takes and gives."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from apiflask.fields import UploadFile
from pydantic import BaseModel, ConfigDict, Field

from backend.domain.backgrounds import BackgroundState
from backend.domain.campaigns import EntryState
from backend.domain.policy import Policy, Watch
from backend.domain.report import Background, Report, Severity, Status, Verdict
from backend.domain.reviews import SubmissionStatus
from backend.messages.guide import WAYS
from backend.services.types import (
    BindingStatus,
    ConsentState,
    PrincipalKind,
    SubmissionView,
)
from backend.web.presenters import finding_lines

#: Longer than any card's payload; the reader's own limit is tighter.
_CODE_LENGTH = 4000


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    def sent(self) -> dict[str, Any]:
        """Return the value as JSON-ready data."""
        return self.model_dump(mode="json")


class ViolationOut(_Out):
    """One thing wrong with one field."""

    field: str
    code: str
    message: str


class Problem(_Out):
    """A refusal (RFC 9457); programs read ``code``, people read the rest."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    request_id: str
    violations: list[ViolationOut]
    data: dict[str, str | float] | None = None


class SessionOut(_Out):
    """A new session; the token is shown this once."""

    token: str
    expires_at: datetime


class StationOut(_Out):
    """A place that collects."""

    code: str
    name: str
    address: str
    contact: str


class CampaignOut(_Out):
    """One round of collecting."""

    name: str
    school_name: str
    graduating_years: list[int]
    opens_at: datetime
    closes_at: datetime
    contact: str
    notice_version: str
    notice_text: str
    policy: str
    album_allowed: bool
    background: Background = Field(
        description="what becomes of a portrait's background: it is kept, or replaced"
    )
    retention_text: str
    retention_promise: str


class EntryOut(_Out):
    """What a scanned poster leads to."""

    token: str
    state: EntryState
    campaign: CampaignOut
    station: StationOut
    opens_at: datetime
    closes_at: datetime
    windows_differ: bool


class ConsentIn(_In):
    """The two consents, each given by itself."""

    portrait: bool = False
    identity_number: bool = False


class ConsentOut(_Out):
    """Which consents are given for the present version of the notice."""

    portrait: bool
    identity_number: bool
    notice_version: str
    complete: bool

    @classmethod
    def of(cls, state: ConsentState) -> Self:
        """Return the state as it is sent."""
        return cls.model_validate(state)


class CodeTextIn(_In):
    """A collection code as text."""

    text: Annotated[str, Field(min_length=1, max_length=_CODE_LENGTH)]


class CodeReadingOut(_Out):
    """A collection code that was read; it is named by ``public_id`` from here on."""

    public_id: str
    fingerprint: str
    source: Literal["picture", "pasted"]
    masked_name: str | None
    level: str | None
    student_no_masked: str | None
    needs_name: bool
    expires_at: datetime


class BindIn(_In):
    """What proves that a code is the caller's."""

    reading_id: Annotated[str, Field(max_length=40)]
    id_last6: Annotated[str, Field(max_length=20)]
    name: Annotated[str, Field(max_length=80)] | None = None


class ReplaceCodeIn(_In):
    """The reading of the code to exchange for."""

    reading_id: Annotated[str, Field(max_length=40)]


class BindingOut(_Out):
    """A binding as its owner sees it."""

    public_id: str
    status: BindingStatus
    fingerprint: str
    student_name: str
    student_no_masked: str
    level: str
    major: str
    graduating_year: int | None
    station: StationOut | None
    other_station: bool
    has_submission: bool
    #: In this span the student may hand in.
    opens_at: datetime
    closes_at: datetime
    created_at: datetime
    #: By which ways of signing in the student opened it, the first one first.
    channels: list[PrincipalKind]


class BindingsOut(_Out):
    """The caller's bindings in one campaign."""

    items: list[BindingOut]


class PhotoIn(BaseModel):
    """One photo as a file field, and how it came about."""

    photo: UploadFile
    taken: Literal["camera", "album"] = Field(
        default="camera",
        description="whether it was taken now or picked; campaigns may allow no picking",
    )


class BoxOut(_Out):
    """A place in the upright upload, px."""

    x: float
    y: float
    width: float
    height: float


class FindingOut(_Out):
    """The outcome of one rule, in numbers and in words."""

    rule: str
    clauses: list[str]
    status: Status
    value: float | str | None
    limit: tuple[float | None, float | None] | None
    unit: str
    box: BoxOut | None
    certainty: float | None
    name: str
    what: str
    todo: str


class CropOut(_Out):
    """Where the portrait was cut out of the upright upload, px."""

    x: int
    y: int
    width: int
    height: int


class PortraitOut(_Out):
    """Facts of the finished portrait, measured again on the file handed out."""

    width: int
    height: int
    bytes: int
    quality: int
    dpi: int | float
    crown_px: float | None
    eye_line_px: float | None
    face_width_px: float | None
    centre_offset_px: float | None


class ReportOut(_Out):
    """Every finding on one photo."""

    policy: str
    verdict: Verdict
    findings: list[FindingOut]
    crop: CropOut | None
    portrait: PortraitOut | None
    picture_width: int
    picture_height: int
    background: Background = Field(description="what the portrait shows")

    @classmethod
    def of(cls, report: Report) -> Self:
        """Return a report as it is sent, findings with their words."""
        words = {line.rule: line for line in finding_lines(report)}
        findings = [
            {
                **{n: getattr(f, n) for n in FindingOut.model_fields if hasattr(f, n)},
                "name": words[f.rule].name,
                "what": words[f.rule].what,
                "todo": words[f.rule].todo,
            }
            for f in report.findings
        ]
        fields = {name: getattr(report, name) for name in cls.model_fields}
        return cls.model_validate(fields | {"findings": findings})


class BackgroundIn(_In):
    """Which of the two portraits is taken."""

    background: Background


class ConfirmIn(_In):
    """Which background the portrait shows that is agreed to.

    It must be named where the background was replaced; without a body, none is.
    """

    background: Background | None = None


class HistoryOut(_Out):
    """One step in the life of a submission."""

    status: str
    at: datetime
    by: Literal["student", "staff", "system"]
    note: str


class SubmissionOut(_Out):
    """A submission as its owner sees it."""

    public_id: str
    binding_id: str
    status: SubmissionStatus
    report: ReportOut
    background: BackgroundState = Field(
        description="what became of it: ``kept``, ``due`` to be replaced, ``standard``,"
        " ``refused`` because it could not be replaced well, ``declined`` by a person"
    )
    other_report: ReportOut | None = Field(
        description="of the portrait with the other background, where there are two"
    )
    has_portrait: bool
    human_review_requested: bool
    return_reasons: list[str]
    return_note: str
    version: int
    can_confirm: bool
    can_request_review: bool
    can_withdraw: bool
    can_resubmit: bool
    can_choose_background: bool
    created_at: datetime
    confirmed_at: datetime | None
    history: list[HistoryOut]

    @classmethod
    def of(cls, view: SubmissionView) -> Self:
        """Return the view as it is sent, findings with their words."""
        other = view.other_report
        fields = {
            name: getattr(view, name)
            for name in cls.model_fields
            if hasattr(view, name)
        }
        return cls.model_validate(
            fields
            | {
                "binding_id": view.binding_public_id,
                "report": ReportOut.of(view.report),
                "other_report": ReportOut.of(other) if other else None,
            }
        )


class SubmissionsOut(_Out):
    """Every photo of a binding, newest first."""

    items: list[SubmissionOut]


class GuideStepOut(_Out):
    """One thing to do, and the path of the drawing that shows it."""

    text: str
    picture: str


class GuideWayOut(_Out):
    """One way to find the collection code."""

    key: str
    title: str
    lead: str
    steps: list[GuideStepOut]


class GuideOut(_Out):
    """All ways to find the collection code."""

    ways: list[GuideWayOut]

    @classmethod
    def shipped(cls) -> Self:
        """Return the guide of the notice's annex."""
        return cls(ways=[GuideWayOut.model_validate(way) for way in WAYS])


class LimitsOut(_Out):
    """A value outside ``fail`` fails, outside ``warn`` warns; an absent limit is open."""

    warn_below: float | None
    warn_above: float | None
    fail_below: float | None
    fail_above: float | None


class PolicyRuleOut(LimitsOut):
    """One rule's limits, and those of each value it looks at; who sees to it."""

    id: str
    clauses: list[str]
    severity: Severity
    unit: str
    confirm: bool
    colours: list[tuple[int, int, int]]
    wording: str
    variants: dict[str, LimitsOut]
    watch: Watch


class BackgroundPolicyOut(_Out):
    """What becomes of the background, and the colour of the standard one."""

    treatment: Background
    colour: tuple[int, int, int]


class PolicyOut(_Out):
    """The limits photos are judged by."""

    name: str
    title: str
    source: str
    extends: str
    background: BackgroundPolicyOut
    rules: list[PolicyRuleOut]

    @classmethod
    def of(cls, policy: Policy) -> Self:
        """Return a policy as it is sent."""
        return cls(
            name=policy.name,
            title=policy.title,
            source=policy.source,
            extends=policy.extends,
            background=BackgroundPolicyOut.model_validate(policy.background),
            rules=[PolicyRuleOut.model_validate(r) for r in policy.rules.values()],
        )
