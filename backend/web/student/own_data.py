"""我的数据: what we hold, to look at, to take along, and to delete."""

from __future__ import annotations

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from backend.domain.errors import ConflictError
from backend.messages.own_data import LOOKS, MESSAGES, PICTURES, PURPOSES, ROLES
from backend.messages.student import CHANNELS, STATUS
from backend.services.types import SessionInfo
from backend.web.api.own_data import OwnDataOut, own_archive
from backend.web.auth import student_page
from backend.web.context import services
from backend.web.presenters import form_error
from backend.web.student.blueprint import bp


@bp.get("/me/data")
@student_page
def my_data(session: SessionInfo) -> ResponseReturnValue:
    """Show everything we hold of this browser's person."""
    return render_template(
        "student/own_data.html",
        data=services().own_data.collect(session.principal),
        withdrawn="withdrawn" in request.args,
        purposes=PURPOSES,
        channels=CHANNELS,
        statuses=STATUS,
        pictures=PICTURES,
        looks=LOOKS,
        roles=ROLES,
        messages=MESSAGES,
    )


@bp.get("/me/data.json")
@student_page
def my_data_json(session: SessionInfo) -> ResponseReturnValue:
    """Hand out the same as a file for programs."""
    data = OwnDataOut.of(services().own_data.collect(session.principal))
    response = Response(data.model_dump_json(indent=2), mimetype="application/json")
    response.headers.set("Content-Disposition", "attachment", filename="my-data.json")
    return response


@bp.get("/me/data.zip")
@student_page
def my_archive(session: SessionInfo) -> ResponseReturnValue:
    """Hand out the data and all pictures as one file."""
    return own_archive(session)


@bp.get("/me/erase/<binding_id>")
@student_page
def erase(session: SessionInfo, binding_id: str) -> ResponseReturnValue:
    """Say what deleting takes before it is done, or why it cannot be done now."""
    return _erase_page(session, binding_id)


@bp.post("/me/erase/<binding_id>")
@student_page
def erase_now(session: SessionInfo, binding_id: str) -> ResponseReturnValue:
    """Delete, and show the receipt."""
    try:
        receipt = services().erasure.erase(session.principal, binding_id)
    except ConflictError as error:
        return _erase_page(session, binding_id, error), error.status
    return redirect(url_for("student.receipt", receipt=receipt.number), 303)


@bp.get("/me/receipts/<receipt>")
@student_page
def receipt(session: SessionInfo, receipt: str) -> ResponseReturnValue:
    """Show the proof of a deletion."""
    found = services().erasure.receipt(session.principal, receipt)
    return render_template("student/receipt.html", receipt=found)


def _erase_page(
    session: SessionInfo, binding_id: str, error: ConflictError | None = None
) -> str:
    return render_template(
        "student/erase.html",
        preview=services().erasure.preview(session.principal, binding_id),
        error=form_error(error) if error else None,
    )
