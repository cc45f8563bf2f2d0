"""The desk on site for programs: find, open, hand a photo in, confirm it.

Every call may be repeated: opening finds the live binding, the same bytes find their
receipt, and a photo that was confirmed stays so. What a caller could not send on a bad
line it simply sends again.
"""

from __future__ import annotations

from typing import Any, Final

from flask.typing import ResponseReturnValue

from backend.services.collecting import ConsentGiven
from backend.services.types import MediaKind, Role, Source, StaffSession
from backend.web.admin.pages import hand_out
from backend.web.api.admin import bp
from backend.web.api.bodies import agreed_background
from backend.web.api.guidance import FrameIn, GuidanceOut, received_frame
from backend.web.api.on_site_schemas import (
    CodeTextOut,
    CollectStudentOut,
    CollectStudentsOut,
    DeskOut,
    DeskStationOut,
    DeskUserOut,
    FindIn,
    OnSiteRosterOut,
    OnSiteStudentOut,
    OnSiteSubmissionOut,
    OpeningIn,
    PictureIn,
)
from backend.web.api.schemas import BackgroundIn, PhotoIn
from backend.web.auth import staff_required
from backend.web.context import services
from backend.web.uploads import required_file

_FILE: Final[dict[str, Any]] = {"type": "string", "format": "binary"}
_COLLECTORS: Final = (Role.ADMIN, Role.STATION)


@bp.get("/on-site")
@staff_required(*_COLLECTORS)
@bp.output(DeskOut)
def on_site_desk(session: StaffSession) -> ResponseReturnValue:
    """Return who is at the desk, and what its page needs to send anything."""
    found = services().stations.list(session.user)
    desk = DeskOut(
        user=DeskUserOut.model_validate(session.user),
        csrf_token=session.csrf_token,
        stations=[DeskStationOut.model_validate(station) for station in found],
    )
    return desk.model_dump(mode="json")


@bp.post("/on-site/campaigns/<int:campaign_id>/find")
@staff_required(*_COLLECTORS)
@bp.input(FindIn)
@bp.output(CollectStudentsOut)
def find_on_site(
    session: StaffSession, campaign_id: int, json_data: FindIn
) -> ResponseReturnValue:
    """Find students by what is scanned or typed; names are in no address."""
    found = services().collecting.find(session.user, campaign_id, json_data.text)
    items = [CollectStudentOut.of(student) for student in found]
    return CollectStudentsOut(items=items).model_dump(mode="json")


@bp.get("/on-site/campaigns/<int:campaign_id>/stations/<int:station_id>/roster")
@staff_required(*_COLLECTORS)
@bp.output(OnSiteRosterOut)
def on_site_roster(
    session: StaffSession, campaign_id: int, station_id: int
) -> ResponseReturnValue:
    """Return a station's students, to find them without a line; it is audited."""
    found = services().on_site.roster(session.user, campaign_id, station_id)
    items = [OnSiteStudentOut.model_validate(student) for student in found]
    return OnSiteRosterOut(items=items).model_dump(mode="json")


@bp.post("/on-site/campaigns/<int:campaign_id>/guidance")
@staff_required(*_COLLECTORS)
@bp.input(FrameIn, location="form_and_files")
@bp.output(GuidanceOut)
def guide_on_site(
    session: StaffSession, campaign_id: int, form_and_files_data: FrameIn
) -> ResponseReturnValue:
    """Say what to do next before the camera. The frame is measured and forgotten."""
    given = form_and_files_data
    seen = services().guidance.look_on_site(
        session.user,
        campaign_id,
        received_frame(),
        picture=(given.width, given.height),
    )
    return GuidanceOut.of(seen, given).model_dump(mode="json")


@bp.post("/on-site/code-readings")
@staff_required(*_COLLECTORS)
@bp.input(PictureIn, location="files")
@bp.output(CodeTextOut)
def read_code_on_site(
    session: StaffSession,
    files_data: PictureIn,  # noqa: ARG001 - its presence is checked by the schema
) -> ResponseReturnValue:
    """Read the collection code in a picture; nothing is kept."""
    data, _ = required_file("picture")
    text = services().on_site.read_code(session.user, data)
    return CodeTextOut(text=text).model_dump(mode="json")


@bp.get("/on-site/students/<int:student_id>")
@staff_required(*_COLLECTORS)
@bp.output(CollectStudentOut)
def on_site_student(session: StaffSession, student_id: int) -> ResponseReturnValue:
    """Return one student."""
    found = services().collecting.get(session.user, student_id)
    return CollectStudentOut.of(found).model_dump(mode="json")


@bp.post("/on-site/students/<int:student_id>/opening")
@staff_required(*_COLLECTORS)
@bp.input(OpeningIn)
@bp.output(CollectStudentOut)
def open_on_site(
    session: StaffSession, student_id: int, json_data: OpeningIn
) -> ResponseReturnValue:
    """Record the consent given in person and hold the student's binding."""
    found = services().collecting.open(
        session.user,
        student_id,
        code=json_data.code,
        consent=ConsentGiven.IN_PERSON if json_data.in_person_consent else None,
    )
    return CollectStudentOut.of(found).model_dump(mode="json")


@bp.post("/on-site/bindings/<binding_id>/submissions")
@staff_required(*_COLLECTORS)
@bp.input(PhotoIn, location="files")
@bp.output(OnSiteSubmissionOut)
def submit_on_site(
    session: StaffSession,
    binding_id: str,
    files_data: PhotoIn,  # noqa: ARG001 - its presence is checked by the schema
) -> ResponseReturnValue:
    """Judge a photo taken at the desk; it stays a draft until it is confirmed."""
    data, filename = required_file("photo")
    view = services().collecting.submit(
        session.user, binding_id, data, filename=filename, source=Source.ON_SITE
    )
    return OnSiteSubmissionOut.of(view).model_dump(mode="json")


@bp.post("/on-site/submissions/<submission_id>/background")
@staff_required(*_COLLECTORS)
@bp.output(OnSiteSubmissionOut)
def replace_background_on_site(
    session: StaffSession, submission_id: str
) -> ResponseReturnValue:
    """Replace the background that is due; takes two seconds, may be asked for again."""
    view = services().collecting.change_background(session.user, submission_id)
    return OnSiteSubmissionOut.of(view).model_dump(mode="json")


@bp.put("/on-site/submissions/<submission_id>/background")
@staff_required(*_COLLECTORS)
@bp.input(BackgroundIn)
@bp.output(OnSiteSubmissionOut)
def choose_background_on_site(
    session: StaffSession, submission_id: str, json_data: BackgroundIn
) -> ResponseReturnValue:
    """Take the portrait with the standard background, or the one with its own."""
    view = services().collecting.choose_background(
        session.user, submission_id, json_data.background
    )
    return OnSiteSubmissionOut.of(view).model_dump(mode="json")


@bp.post("/on-site/submissions/<submission_id>/confirmation")
@staff_required(*_COLLECTORS)
@bp.output(OnSiteSubmissionOut)
def confirm_on_site(session: StaffSession, submission_id: str) -> ResponseReturnValue:
    """Hand the photo in; where its background was replaced, the body names which."""
    view = services().collecting.confirm(
        session.user, submission_id, background=agreed_background()
    )
    return OnSiteSubmissionOut.of(view).model_dump(mode="json")


@bp.post("/on-site/submissions/<submission_id>/review-request")
@staff_required(*_COLLECTORS)
@bp.output(OnSiteSubmissionOut)
def request_review_on_site(
    session: StaffSession, submission_id: str
) -> ResponseReturnValue:
    """Hand a refused photo in for a reviewer; names the background as confirming does."""
    view = services().collecting.request_review(
        session.user, submission_id, background=agreed_background()
    )
    return OnSiteSubmissionOut.of(view).model_dump(mode="json")


@bp.get(
    "/on-site/submissions/<submission_id>"
    '/<any("portrait","overlay","original","other-portrait"):kind>'
)
@staff_required(*_COLLECTORS)
@bp.output(_FILE, content_type="image/jpeg")
def on_site_picture(
    session: StaffSession, submission_id: str, kind: str
) -> ResponseReturnValue:
    """Return one picture of a photo taken for a student."""
    media = services().collecting.media(session.user, submission_id, MediaKind(kind))
    return hand_out(media, download=False)
