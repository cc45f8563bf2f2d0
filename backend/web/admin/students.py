"""One student of a roster."""

from __future__ import annotations

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from backend.domain.errors import (
    ConflictError,
    DomainError,
    InvalidInputError,
    RefusedError,
    Violation,
)
from backend.messages.roster import FIELD_NAMES
from backend.services.students import EDITABLE, StudentView
from backend.services.types import Role, StaffSession
from backend.web.admin.blueprint import bp
from backend.web.admin.messages import message_for, wrong_fields
from backend.web.admin.pages import field, number, show
from backend.web.admin.times import parse_local
from backend.web.auth import staff_required
from backend.web.context import services

_FIXABLE = (InvalidInputError, ConflictError, RefusedError)


@bp.get("/students/<int:student_id>")
@staff_required(Role.ADMIN, Role.STATION)
def student(session: StaffSession, student_id: int) -> ResponseReturnValue:
    """Show a student."""
    return _page(session, student_id)


@bp.post("/students/<int:student_id>")
@staff_required(Role.ADMIN)
def update_student(session: StaffSession, student_id: int) -> ResponseReturnValue:
    """Correct a student."""
    form = {column.value: field(column.value, limit=200) for column in EDITABLE}
    form["station"] = field("station")
    try:
        services().students.update(
            session.user,
            student_id,
            {column: form[column.value] for column in EDITABLE},
            station_id=number(form["station"]) or 0,
            reason=field("reason", limit=200),
        )
    except _FIXABLE as error:
        return _page(session, student_id, error, form)
    return _back(student_id)


@bp.post("/students/<int:student_id>/grace")
@staff_required(Role.ADMIN)
def set_grace(session: StaffSession, student_id: int) -> ResponseReturnValue:
    """Let a student hand in for longer, or take that back."""
    until, lift = parse_local(field("grace_until")), bool(field("lift"))
    try:
        if until is None and not lift:
            missing = (Violation("grace_until", "required"),)
            raise InvalidInputError("invalid_input", violations=missing)
        services().students.set_grace(
            session.user, student_id, None if lift else until, field("reason")
        )
    except _FIXABLE as error:
        return _page(session, student_id, error)
    return _back(student_id)


@bp.post("/students/<int:student_id>/exemption")
@staff_required(Role.ADMIN)
def set_exempt(session: StaffSession, student_id: int) -> ResponseReturnValue:
    """Release a student from collecting, or ask for a photo again."""
    service = services().students
    change = service.lift_exempt if field("lift") else service.set_exempt
    try:
        change(session.user, student_id, field("reason"))
    except _FIXABLE as error:
        return _page(session, student_id, error)
    return _back(student_id)


def _back(student_id: int) -> ResponseReturnValue:
    target = url_for("admin.student", student_id=student_id, done="updated")
    return redirect(target, 303)


def _form_of(found: StudentView) -> dict[str, str]:
    line = found.line
    return {
        "name": line.name,
        "student_no": line.student_no,
        "id_number": "",
        "level": line.level,
        "major": line.major,
        "graduating_year": str(line.graduating_year),
        "exam_no": found.exam_no,
        "certificate_no": found.certificate_no,
        "study_form": found.study_form,
        "class_no": line.class_no,
        "station": str(found.station_id),
    }


def _page(
    session: StaffSession,
    student_id: int,
    error: DomainError | None = None,
    form: dict[str, str] | None = None,
) -> ResponseReturnValue:
    found = services().students.get(session.user, student_id)
    wrong = wrong_fields(error) if form else {}
    return show(
        "student.html",
        session,
        status=error.status if error else 200,
        section="admin.rounds",
        student=found,
        fields=[(column.value, FIELD_NAMES[column]) for column in EDITABLE],
        form=form or _form_of(found),
        wrong=wrong,
        editing=form is not None,
        message=message_for(error),
        stations=services().stations.list(session.user),
        may_change=session.user.role is Role.ADMIN,
    )
