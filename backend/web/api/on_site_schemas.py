"""What the desk on site takes and gives, as the OpenAPI document shows it."""

from __future__ import annotations

from typing import Self

from apiflask.fields import UploadFile
from pydantic import BaseModel, ConfigDict, Field

from backend.domain.backgrounds import BackgroundState
from backend.domain.reviews import SubmissionStatus
from backend.messages.student import STATUS
from backend.services.types import CollectStudent, SubmissionView
from backend.web.presenters import report_summary

#: The longest payload of a code; names and numbers are much shorter.
_LONGEST_TEXT = 4000


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class DeskUserOut(_Out):
    """The staff member at the desk."""

    id: int
    display_name: str


class DeskStationOut(_Out):
    """A station whose students may be collected here."""

    id: int
    name: str


class DeskOut(_Out):
    """Who is signed in, and for which stations they may collect."""

    user: DeskUserOut
    csrf_token: str
    stations: list[DeskStationOut]


class FindIn(_In):
    """A scanned code, a name or its beginning, or a number of a student."""

    text: str = Field(min_length=1, max_length=_LONGEST_TEXT, repr=False)


class CollectStudentOut(_Out):
    """A student as the desk sees them; ``standing`` says how far the photo is."""

    id: int
    name: str
    student_no: str
    id_number_masked: str
    level: str
    major: str
    class_no: str
    station_name: str
    fingerprint: str
    binding_id: str | None
    status: SubmissionStatus | None
    exempt_reason: str | None
    standing: str

    @classmethod
    def of(cls, student: CollectStudent) -> Self:
        """Return the student as they are sent."""
        names = cls.model_fields.keys() - {"standing"}
        fields = {name: getattr(student, name) for name in names}
        return cls.model_validate({**fields, "standing": _standing(student)})


class CollectStudentsOut(_Out):
    """The students a text may mean."""

    items: list[CollectStudentOut]


class OnSiteStudentOut(_Out):
    """One student on the list for a line that breaks."""

    id: int
    name: str
    student_no_tail: str
    level: str
    class_no: str


class OnSiteRosterOut(_Out):
    """The students of one station who need a photo."""

    items: list[OnSiteStudentOut]


class OpeningIn(_In):
    """The student agreed at the desk, and the code they showed, if any."""

    in_person_consent: bool
    code: str | None = Field(default=None, max_length=_LONGEST_TEXT, repr=False)


class PictureIn(BaseModel):
    """A picture of a collection code."""

    picture: UploadFile


class CodeTextOut(_Out):
    """What a collection code holds."""

    text: str


class AdviceOut(_Out):
    """One finding, and what to do about it."""

    name: str
    what: str
    todo: str


class OnSiteSubmissionOut(_Out):
    """A judged photo in plain words, the worst findings first."""

    public_id: str
    binding_id: str
    status: SubmissionStatus
    tone: str
    headline: str
    explain: str
    advice: list[AdviceOut]
    for_people: list[str]
    background: BackgroundState
    has_portrait: bool
    can_confirm: bool
    can_request_review: bool
    can_choose_background: bool

    @classmethod
    def of(cls, view: SubmissionView) -> Self:
        """Return the judged photo as it is sent."""
        summary = report_summary(view.report)
        return cls(
            public_id=view.public_id,
            binding_id=view.binding_public_id,
            status=view.status,
            tone=summary.tone,
            headline=summary.headline,
            explain=summary.explain,
            advice=[AdviceOut.model_validate(line) for line in summary.first],
            for_people=list(summary.for_people),
            background=view.background,
            has_portrait=view.has_portrait,
            can_confirm=view.can_confirm,
            can_request_review=view.can_request_review,
            can_choose_background=view.can_choose_background,
        )


def _standing(student: CollectStudent) -> str:
    if student.exempt_reason is not None:
        return f"免采：{student.exempt_reason}"
    if student.status is None:
        return "还没有照片" if student.binding_id else "未采集"
    return STATUS[student.status].text
