"""Batches: a photographer's folder as a ZIP, its progress and its report."""

from __future__ import annotations

import io
from typing import Final

from flask import Response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from backend.domain.batch import ItemState
from backend.domain.errors import DomainError, InvalidInputError
from backend.messages.batches import STATES, explain
from backend.services.batch_files import files_of_archive, names_of_list
from backend.services.batch_types import BatchView
from backend.services.types import Role, StaffSession
from backend.sheets.read import sheet_rows
from backend.sheets.write import Column, write_xlsx
from backend.web.admin.blueprint import bp
from backend.web.admin.messages import message_for
from backend.web.admin.pages import number, show
from backend.web.auth import staff_required
from backend.web.context import services, web_context

_PER_PAGE: Final = 100
_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_COLUMNS: Final = (
    Column("序号", 8),
    Column("文件名", 40),
    Column("结果", 14),
    Column("说明", 60),
    Column("姓名", 12),
    Column("学号", 20),
)


@bp.get("/batches")
@staff_required(Role.ADMIN, Role.STATION)
def batches(session: StaffSession) -> ResponseReturnValue:
    """List the batches, with the form for the next one."""
    return _list(session)


@bp.post("/batches")
@staff_required(Role.ADMIN, Role.STATION)
def receive_batch(session: StaffSession) -> ResponseReturnValue:
    """Receive a ZIP, with or without a list of whose each file is."""
    try:
        batch = received_batch(session)
    except DomainError as error:
        return _list(session, error)
    return redirect(url_for("admin.batch", batch_id=batch.id), 303)


@bp.get("/batches/<int:batch_id>")
@staff_required(Role.ADMIN, Role.STATION)
def batch(session: StaffSession, batch_id: int) -> ResponseReturnValue:
    """Show how far a batch is and what became of each file."""
    view = services().batches.get(session.user, batch_id)
    chosen = request.args.get("state", "")
    states = (ItemState(chosen),) if chosen in set(ItemState) else ()
    items = services().batches.items(
        session.user,
        batch_id,
        states=states,
        after=number(request.args.get("after")) or 0,
        limit=_PER_PAGE + 1,
    )
    return show(
        "batch.html",
        session,
        section="admin.batches",
        batch=view,
        items=items[:_PER_PAGE],
        more=items[_PER_PAGE - 1].position if len(items) > _PER_PAGE else None,
        state=chosen if states else "",
        words=STATES,
        explain=explain,
    )


@bp.post("/batches/<int:batch_id>/go-on")
@staff_required(Role.ADMIN, Role.STATION)
def go_on_with_batch(session: StaffSession, batch_id: int) -> ResponseReturnValue:
    """Hand in the next files."""
    services().batches.go_on(session.user, batch_id)
    return redirect(url_for("admin.batch", batch_id=batch_id), 303)


@bp.get("/batches/<int:batch_id>/report.xlsx")
@staff_required(Role.ADMIN, Role.STATION)
def batch_report(session: StaffSession, batch_id: int) -> ResponseReturnValue:
    """Download what became of each file."""
    items = services().batches.report(session.user, batch_id)
    out = io.BytesIO()
    write_xlsx(
        out,
        _COLUMNS,
        (
            (
                item.position,
                item.file_name,
                STATES[item.state].label,
                explain(item.state, item.detail),
                item.student_name,
                item.student_no,
            )
            for item in items
        ),
        title="批量上传",
    )
    response = Response(out.getvalue(), content_type=_XLSX)
    response.headers.set(
        "Content-Disposition", "attachment", filename=f"batch-{batch_id}.xlsx"
    )
    return response


def received_batch(session: StaffSession) -> BatchView:
    """Receive the batch of the present request; raises as ``BatchService.receive``."""
    context = web_context()
    request.max_content_length = context.max_batch_bytes
    archive = request.files.get("archive")
    if archive is None or not archive.filename:
        raise InvalidInputError("archive_missing")
    return services().batches.receive(
        session.user,
        number(request.form.get("campaign")) or 0,
        files_of_archive(archive.stream, most_bytes=context.max_upload_bytes),
        names=_names(),
        consent_in_writing=request.form.get("consent") == "yes",
    )


def _names() -> dict[str, str]:
    """Return what the list says that came along, if one did."""
    sheet = request.files.get("list")
    if sheet is None or not sheet.filename:
        return {}
    return names_of_list(sheet_rows(sheet.stream))


def _list(
    session: StaffSession, error: DomainError | None = None
) -> ResponseReturnValue:
    return show(
        "batches.html",
        session,
        status=error.status if error else 200,
        section="admin.batches",
        batches=services().batches.latest(session.user),
        campaigns=services().stations.campaigns(session.user),
        words=STATES,
        message=message_for(error),
    )
