"""The collection code: reading it, binding it, exchanging it."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from backend.domain.errors import (
    ConflictError,
    DomainError,
    InvalidInputError,
    RefusedError,
    TooLargeError,
    TooManyAttemptsError,
)
from backend.services.types import BindingView, CodeReading, SessionInfo
from backend.web.auth import student_page
from backend.web.context import client_address, services, web_context
from backend.web.presenters import form_error
from backend.web.scripts import wechat_scripts
from backend.web.student.blueprint import bp
from backend.web.uploads import required_file

#: What a student can put right on the same page.
_FIXABLE = (
    InvalidInputError,
    RefusedError,
    ConflictError,
    TooLargeError,
    TooManyAttemptsError,
)


@bp.get("/s/<token>/code")
@student_page
def code(session: SessionInfo, token: str) -> ResponseReturnValue:
    """Ask for the card picture; the consents come first."""
    services().entries.ensure_open(token)
    if not services().consents.state(session.principal, token).complete:
        return redirect(url_for("student.consent", token=token))
    return _code_page(token)


@bp.post("/s/<token>/code")
@student_page
def read_code(session: SessionInfo, token: str) -> ResponseReturnValue:
    """Read the picture or the pasted text and go on to the check."""
    try:
        reading = _read(session, token)
    except _FIXABLE as error:
        return _code_page(token, error), error.status
    target = url_for("student.bind", token=token, reading_id=reading.public_id)
    return redirect(target, 303)


@bp.get("/s/<token>/bind/<reading_id>")
@student_page
def bind(session: SessionInfo, token: str, reading_id: str) -> ResponseReturnValue:
    """Show what the code says and ask for the last six of the identity number."""
    return _bind_page(session, token, reading_id)


@bp.post("/s/<token>/bind/<reading_id>")
@student_page
def check_identity(
    session: SessionInfo, token: str, reading_id: str
) -> ResponseReturnValue:
    """Bind, or say what to check."""
    try:
        binding = services().bindings.bind(
            session.principal,
            token,
            reading_id=reading_id,
            id_last6=request.form.get("id_last6", ""),
            name=request.form.get("name"),
            address=client_address(),
        )
    except _FIXABLE as error:
        return _bind_page(session, token, reading_id, error), error.status
    target = url_for("student.bound", token=token, binding_id=binding.public_id)
    return redirect(target, 303)


@bp.get("/s/<token>/bound/<binding_id>")
@student_page
def bound(session: SessionInfo, token: str, binding_id: str) -> ResponseReturnValue:
    """Show whom the code was bound to, or that the station has to look."""
    found = services().entries.open(token)
    binding = services().bindings.get(session.principal, binding_id)
    return render_template("student/bound.html", entry=found, binding=binding, step=3)


@bp.get("/s/<token>/binding/<binding_id>/code")
@student_page
def replace_code(
    session: SessionInfo, token: str, binding_id: str
) -> ResponseReturnValue:
    """Ask for another card for an existing binding."""
    services().entries.ensure_open(token)
    binding = services().bindings.get(session.principal, binding_id)
    return _code_page(token, replacing=binding)


@bp.post("/s/<token>/binding/<binding_id>/code")
@student_page
def read_new_code(
    session: SessionInfo, token: str, binding_id: str
) -> ResponseReturnValue:
    """Exchange the code while the photo is not confirmed."""
    binding = services().bindings.get(session.principal, binding_id)
    try:
        reading = _read(session, token)
        services().bindings.replace_code(
            session.principal, binding_id, reading_id=reading.public_id
        )
    except _FIXABLE as error:
        return _code_page(token, error, replacing=binding), error.status
    return redirect(url_for("student.bound", token=token, binding_id=binding_id), 303)


def _read(session: SessionInfo, token: str) -> CodeReading:
    text = request.form.get("text", "").strip()
    codes, address = services().codes, client_address()
    if text and not request.files.get("picture"):
        return codes.read_text(session.principal, token, text, address=address)
    data, _ = required_file("picture")
    return codes.read_picture(session.principal, token, data, address=address)


def _code_page(
    token: str,
    error: DomainError | None = None,
    *,
    replacing: BindingView | None = None,
) -> str:
    field = "text" if request.form.get("text", "").strip() else "picture"
    return render_template(
        "student/code.html",
        entry=services().entries.open(token),
        scanner=wechat_scripts(),
        replacing=replacing,
        error=form_error(error, field=field) if error else None,
        max_bytes=web_context().max_upload_bytes,
        step=None if replacing else 2,
    )


def _bind_page(
    session: SessionInfo,
    token: str,
    reading_id: str,
    error: DomainError | None = None,
) -> str:
    bindings = services().bindings
    return render_template(
        "student/bind.html",
        entry=services().entries.ensure_open(token),
        reading=bindings.reading(session.principal, token, reading_id),
        name=request.form.get("name", ""),
        error=form_error(error) if error else None,
        step=3,
    )
