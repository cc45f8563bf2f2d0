"""What a student's program can do: the same use cases as the pages."""

from __future__ import annotations

from typing import Any, Final

from flask import Response, request
from flask.typing import ResponseReturnValue

from backend.domain.errors import NotFoundError
from backend.services.types import MediaKind, SessionInfo
from backend.web.api.blueprint import bp, problems
from backend.web.api.bodies import agreed_background, body_as
from backend.web.api.idempotency import once
from backend.web.api.schemas import (
    BackgroundIn,
    BindIn,
    BindingOut,
    BindingsOut,
    CodeReadingOut,
    CodeTextIn,
    ConsentIn,
    ConsentOut,
    EntryOut,
    GuideOut,
    PhotoIn,
    PolicyOut,
    ReplaceCodeIn,
    SessionOut,
    SubmissionOut,
    SubmissionsOut,
)
from backend.web.auth import public, student_required
from backend.web.context import client_address, services
from backend.web.media import media_response
from backend.web.uploads import required_file

#: Bearer token or cookie; a cookie needs ``X-CSRF-Token`` as well.
_SIGNED_IN: Final[list[str | dict[str, list[Any]]]] = [{"bearer": []}, {"cookie": []}]
_PICTURE: Final[dict[int | str, Any]] = {
    200: {
        "description": "The picture",
        "content": {"image/*": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@bp.post("/sessions")
@public
@bp.output(SessionOut, 201)
def start_session() -> ResponseReturnValue:
    """Open a session."""
    opened = services().sessions.start()
    return {"token": opened.token, "expires_at": opened.session.expires_at}


@bp.delete("/sessions/current")
@student_required
@bp.doc(security=_SIGNED_IN, responses={204: {"description": "Ended"}, **problems(401)})
def end_session(session: SessionInfo) -> ResponseReturnValue:
    """End the session."""
    services().sessions.end(session)
    return Response(status=204)


@bp.get("/entries/<token>")
@public
@bp.output(EntryOut)
@bp.doc(responses=problems(404))
def get_entry(token: str) -> ResponseReturnValue:
    """Return the entry of a poster, in whatever state it is."""
    return EntryOut.model_validate(services().entries.open(token)).sent()


@bp.get("/entries/<token>/consents")
@student_required
@bp.output(ConsentOut)
@bp.doc(security=_SIGNED_IN, responses=problems(401, 404))
def get_consents(session: SessionInfo, token: str) -> ResponseReturnValue:
    """Return which consents are given."""
    return ConsentOut.of(services().consents.state(session.principal, token)).sent()


@bp.post("/entries/<token>/consents")
@student_required
@bp.input(ConsentIn, location="json")
@bp.output(ConsentOut, 201)
@bp.doc(security=_SIGNED_IN, responses=problems(400, 401, 404, 409, 410))
def give_consents(
    session: SessionInfo, token: str, json_data: ConsentIn
) -> ResponseReturnValue:
    """Record both consents."""
    services().entries.ensure_open(token)
    given = json_data.model_dump()
    record = services().consents.record
    return once(
        session, lambda: ConsentOut.of(record(session.principal, token, **given))
    )


@bp.delete("/entries/<token>/consents")
@student_required
@bp.output(ConsentOut)
@bp.doc(security=_SIGNED_IN, responses=problems(401, 404))
def withdraw_consents(session: SessionInfo, token: str) -> ResponseReturnValue:
    """Take both consents back."""
    return ConsentOut.of(services().consents.withdraw(session.principal, token)).sent()


@bp.post("/entries/<token>/code-readings")
@student_required
@bp.output(CodeReadingOut, 201)
@bp.doc(security=_SIGNED_IN, responses=problems(400, 401, 403, 404, 410, 413, 422, 429))
def read_code(session: SessionInfo, token: str) -> ResponseReturnValue:
    """Read a collection code from a picture (multipart) or a text (JSON)."""
    codes, who, address = services().codes, session.principal, client_address()
    if request.is_json:
        text = body_as(CodeTextIn).text
        return once(
            session,
            lambda: CodeReadingOut.model_validate(
                codes.read_text(who, token, text, address=address)
            ),
        )
    data, _ = required_file("picture")
    return once(
        session,
        lambda: CodeReadingOut.model_validate(
            codes.read_picture(who, token, data, address=address)
        ),
        data,
    )


@bp.post("/entries/<token>/bindings")
@student_required
@bp.input(BindIn, location="json")
@bp.output(BindingOut, 201)
@bp.doc(security=_SIGNED_IN, responses=problems(400, 401, 403, 404, 409, 410, 422, 429))
def bind(session: SessionInfo, token: str, json_data: BindIn) -> ResponseReturnValue:
    """Bind a code that was read to the student it belongs to."""

    def produce() -> BindingOut:
        view = services().bindings.bind(
            session.principal,
            token,
            address=client_address(),
            **json_data.model_dump(),
        )
        return BindingOut.model_validate(view)

    return once(session, produce)


@bp.get("/entries/<token>/bindings")
@student_required
@bp.output(BindingsOut)
@bp.doc(security=_SIGNED_IN, responses=problems(401, 404))
def list_bindings(session: SessionInfo, token: str) -> ResponseReturnValue:
    """List the caller's bindings in the entry's campaign."""
    found = services().bindings.mine(session.principal, token)
    return {"items": [BindingOut.model_validate(view) for view in found]}


@bp.get("/bindings/<binding_id>")
@student_required
@bp.output(BindingOut)
@bp.doc(security=_SIGNED_IN, responses=problems(401, 404))
def get_binding(session: SessionInfo, binding_id: str) -> ResponseReturnValue:
    """Return one binding."""
    found = services().bindings.get(session.principal, binding_id)
    return BindingOut.model_validate(found).sent()


@bp.put("/bindings/<binding_id>/code")
@student_required
@bp.input(ReplaceCodeIn, location="json")
@bp.output(BindingOut)
@bp.doc(security=_SIGNED_IN, responses=problems(400, 401, 404, 409, 422))
def replace_code(
    session: SessionInfo, binding_id: str, json_data: ReplaceCodeIn
) -> ResponseReturnValue:
    """Exchange the code of a binding before its photo is confirmed."""
    found = services().bindings.replace_code(
        session.principal, binding_id, reading_id=json_data.reading_id
    )
    return BindingOut.model_validate(found).sent()


@bp.post("/bindings/<binding_id>/submissions")
@student_required
@bp.input(PhotoIn, location="form_and_files")
@bp.output(SubmissionOut, 201)
@bp.doc(security=_SIGNED_IN, responses=problems(400, 401, 403, 404, 409, 410, 413, 422))
def submit_photo(
    session: SessionInfo,
    binding_id: str,
    form_and_files_data: PhotoIn,
) -> ResponseReturnValue:
    """Hand a photo in to be judged; it stays a draft until it is confirmed."""
    data, filename = required_file("photo")
    submit = services().submissions.submit
    return once(
        session,
        lambda: SubmissionOut.of(
            submit(
                session.principal,
                binding_id,
                data,
                filename=filename,
                from_album=form_and_files_data.taken == "album",
            )
        ),
        data,
    )


@bp.get("/bindings/<binding_id>/submissions")
@student_required
@bp.output(SubmissionsOut)
@bp.doc(security=_SIGNED_IN, responses=problems(401, 404))
def list_submissions(session: SessionInfo, binding_id: str) -> ResponseReturnValue:
    """List the photos of a binding, newest first."""
    found = services().submissions.all_of(session.principal, binding_id)
    return {"items": [SubmissionOut.of(view) for view in found]}


@bp.get("/submissions/<submission_id>")
@student_required
@bp.output(SubmissionOut)
@bp.doc(security=_SIGNED_IN, responses=problems(401, 404))
def get_submission(session: SessionInfo, submission_id: str) -> ResponseReturnValue:
    """Return one submission with its report."""
    found = services().submissions.get(session.principal, submission_id)
    return SubmissionOut.of(found).sent()


@bp.get(
    "/submissions/<submission_id>"
    '/<any("portrait","overlay","original","other-portrait"):kind>'
)
@student_required
@bp.doc(security=_SIGNED_IN, responses={**_PICTURE, **problems(401, 404)})
def get_picture(
    session: SessionInfo, submission_id: str, kind: str
) -> ResponseReturnValue:
    """Return a picture of a submission."""
    who, which = session.principal, MediaKind(kind)
    return media_response(services().submissions.media(who, submission_id, which))


@bp.post("/submissions/<submission_id>/background")
@student_required
@bp.output(SubmissionOut)
@bp.doc(security=_SIGNED_IN, responses=problems(401, 403, 404, 409, 410, 503))
def replace_background(session: SessionInfo, submission_id: str) -> ResponseReturnValue:
    """Replace the background that is due; takes two seconds, may be asked for again."""
    found = services().backgrounds.change(session.principal, submission_id)
    return SubmissionOut.of(found).sent()


@bp.put("/submissions/<submission_id>/background")
@student_required
@bp.input(BackgroundIn, location="json")
@bp.output(SubmissionOut)
@bp.doc(security=_SIGNED_IN, responses=problems(400, 401, 404, 409, 422))
def choose_background(
    session: SessionInfo, submission_id: str, json_data: BackgroundIn
) -> ResponseReturnValue:
    """Take the portrait with the standard background, or the one with its own."""
    found = services().backgrounds.choose(
        session.principal, submission_id, json_data.background
    )
    return SubmissionOut.of(found).sent()


@bp.post("/submissions/<submission_id>/confirmation")
@student_required
@bp.output(SubmissionOut)
@bp.doc(security=_SIGNED_IN, responses=problems(400, 401, 404, 409, 410, 422))
def confirm(session: SessionInfo, submission_id: str) -> ResponseReturnValue:
    """Hand the photo in; where its background was replaced, the body names which."""
    agreed = agreed_background()
    step = services().submissions.confirm
    return once(
        session,
        lambda: SubmissionOut.of(
            step(session.principal, submission_id, background=agreed)
        ),
        status=200,
    )


@bp.post("/submissions/<submission_id>/review-request")
@student_required
@bp.output(SubmissionOut)
@bp.doc(security=_SIGNED_IN, responses=problems(400, 401, 404, 409, 410, 422))
def request_review(session: SessionInfo, submission_id: str) -> ResponseReturnValue:
    """Hand a refused photo in for a person; names the background as confirming does."""
    agreed = agreed_background()
    step = services().submissions.request_review
    return once(
        session,
        lambda: SubmissionOut.of(
            step(session.principal, submission_id, background=agreed)
        ),
        status=200,
    )


@bp.delete("/submissions/<submission_id>")
@student_required
@bp.output(SubmissionOut)
@bp.doc(security=_SIGNED_IN, responses=problems(401, 404, 409))
def withdraw(session: SessionInfo, submission_id: str) -> ResponseReturnValue:
    """Take a photo back; its pictures are deleted."""
    found = services().submissions.withdraw(session.principal, submission_id)
    return SubmissionOut.of(found).sent()


@bp.get("/guide")
@public
@bp.output(GuideOut)
def get_guide() -> ResponseReturnValue:
    """Return the ways to find the collection code."""
    return GuideOut.shipped().sent()


@bp.get("/policies/<name>")
@public
@bp.output(PolicyOut)
@bp.doc(responses=problems(404))
def get_policy(name: str) -> ResponseReturnValue:
    """Return the limits photos are judged by."""
    policy = services().policies.get(name)
    if policy is None:
        raise NotFoundError("policy_not_found")
    return PolicyOut.of(policy).sent()
