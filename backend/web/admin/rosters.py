"""A campaign's roster: its students, and files on their way into it."""

from __future__ import annotations

from typing import Final

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from backend.domain.errors import (
    ConflictError,
    DomainError,
    InvalidInputError,
    RefusedError,
)
from backend.domain.roster import REQUIRED, Column, Severity
from backend.messages.errors import error_text
from backend.messages.roster import FIELD_NAMES, problem_text
from backend.services.roster_imports import column_letters
from backend.services.roster_types import ImportView
from backend.services.types import Role, StaffSession
from backend.web.admin.blueprint import bp
from backend.web.admin.messages import message_for
from backend.web.admin.pages import field, hand_out, number, show
from backend.web.auth import staff_required
from backend.web.context import services
from backend.web.uploads import received_sheet

_LISTS: Final = ("errors", "warnings", "changes", "missing")
#: Seconds after which a page shows again how far an import is.
_AGAIN: Final = 2


@bp.get("/rounds/<int:campaign_id>/roster")
@staff_required(Role.ADMIN, Role.STATION)
def roster(session: StaffSession, campaign_id: int) -> ResponseReturnValue:
    """List the students and the imports of a campaign."""
    return _roster(session, campaign_id, after=request.args.get("after"))


@bp.post("/rounds/<int:campaign_id>/roster")
@staff_required(Role.ADMIN, Role.STATION)
def find_student(session: StaffSession, campaign_id: int) -> ResponseReturnValue:
    """List the students who are asked for; names stay out of addresses."""
    return _roster(
        session, campaign_id, text=field("text", limit=80), after=field("after")
    )


@bp.get("/rounds/roster-template.xlsx")
@staff_required(Role.ADMIN)
def roster_template(_session: StaffSession) -> ResponseReturnValue:
    """Hand out an empty roster."""
    return hand_out(services().roster_imports.template(), download=True)


@bp.post("/rounds/<int:campaign_id>/roster/imports")
@staff_required(Role.ADMIN)
def upload_roster(session: StaffSession, campaign_id: int) -> ResponseReturnValue:
    """Keep a file and look through it."""
    try:
        stream, name = received_sheet("roster")
        made = services().roster_imports.upload(session.user, campaign_id, stream, name)
    except InvalidInputError as error:
        return _roster(session, campaign_id, error=error)
    return _to_import(made.id)


@bp.get("/roster-imports/<int:import_id>")
@staff_required(Role.ADMIN)
def roster_import(session: StaffSession, import_id: int) -> ResponseReturnValue:
    """Show what a file would change and what is wrong with it."""
    return _import(session, import_id)


@bp.post("/roster-imports/<int:import_id>/mapping")
@staff_required(Role.ADMIN)
def map_roster(session: StaffSession, import_id: int) -> ResponseReturnValue:
    """Say what the columns are and look through the file again."""
    places = {column: number(field(f"column-{column}")) for column in Column}
    try:
        services().roster_imports.change_mapping(
            session.user,
            import_id,
            {column: at for column, at in places.items() if at is not None},
            station_id=number(field("station")),
            graduating_year=number(field("year")),
        )
    except (InvalidInputError, ConflictError) as error:
        return _import(session, import_id, error)
    return _to_import(import_id)


@bp.post("/roster-imports/<int:import_id>/apply")
@staff_required(Role.ADMIN)
def apply_roster(session: StaffSession, import_id: int) -> ResponseReturnValue:
    """Write the rows to the roster."""
    try:
        services().roster_imports.apply(
            session.user, import_id, good_rows_only=field("rows") == "good"
        )
    except (RefusedError, ConflictError) as error:
        return _import(session, import_id, error)
    return _to_import(import_id)


@bp.post("/roster-imports/<int:import_id>/discard")
@staff_required(Role.ADMIN)
def discard_roster(session: StaffSession, import_id: int) -> ResponseReturnValue:
    """Remove an import that is not applied."""
    try:
        gone = services().roster_imports.discard(session.user, import_id)
    except ConflictError as error:
        return _import(session, import_id, error)
    return redirect(
        url_for("admin.roster", campaign_id=gone.campaign_id, done="retired"), 303
    )


@bp.get("/roster-imports/<int:import_id>/problems.xlsx")
@staff_required(Role.ADMIN)
def roster_problems(session: StaffSession, import_id: int) -> ResponseReturnValue:
    """Hand out the list of problems."""
    found = services().roster_imports.error_file(session.user, import_id)
    return hand_out(found, download=True)


def _to_import(import_id: int) -> ResponseReturnValue:
    return redirect(url_for("admin.roster_import", import_id=import_id), 303)


def _roster(
    session: StaffSession,
    campaign_id: int,
    *,
    text: str = "",
    after: str | None = None,
    error: DomainError | None = None,
) -> ResponseReturnValue:
    may_import = session.user.role is Role.ADMIN
    return show(
        "roster.html",
        session,
        status=error.status if error else 200,
        section="admin.rounds",
        rules=services().campaigns.rules(session.user, campaign_id),
        page=services().students.page(
            session.user, campaign_id, text=text, after=after
        ),
        text=text,
        imports=services().roster_imports.of_campaign(session.user, campaign_id)
        if may_import
        else (),
        may_import=may_import,
        message=message_for(error),
    )


def _import(
    session: StaffSession, import_id: int, error: DomainError | None = None
) -> ResponseReturnValue:
    made = services().roster_imports.get(session.user, import_id)
    chosen = request.args.get("list", "")
    listed = chosen if chosen in _LISTS else _first_list(made)
    response = show(
        "roster_import.html",
        session,
        status=error.status if error else 200,
        section="admin.rounds",
        made=made,
        stopped=error_text(made.error_code, made.error_data)
        if made.error_code
        else None,
        columns=[
            (column, FIELD_NAMES[column], column in REQUIRED) for column in Column
        ],
        names=FIELD_NAMES,
        problem_text=problem_text,
        letters=column_letters,
        stations=services().stations.list(session.user),
        listed=listed,
        page=_list(session, import_id, listed),
        message=message_for(error),
    )
    if made.busy:
        response.headers["Refresh"] = str(_AGAIN)
    return response


def _first_list(made: ImportView) -> str:
    counts = made.counts
    if counts.errors:
        return "errors"
    return "changes" if counts.changed else "warnings"


def _list(session: StaffSession, import_id: int, listed: str) -> object:
    found, after = services().roster_imports, request.args.get("after")
    match listed:
        case "errors" | "warnings":
            severity = Severity.ERROR if listed == "errors" else Severity.WARNING
            return found.problems(session.user, import_id, severity, after)
        case "changes":
            return found.changes(session.user, import_id, after)
        case _:
            return found.missing(session.user, import_id, after)
