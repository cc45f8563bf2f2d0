"""The staff API for campaigns' rules, rosters and single students."""

from __future__ import annotations

from typing import Any, Final

from flask import Response, jsonify
from flask.typing import ResponseReturnValue
from pydantic import BaseModel

from backend.services.types import Role, StaffSession
from backend.web.admin.pages import hand_out
from backend.web.api import roster_schemas as schemas
from backend.web.api.admin import bp
from backend.web.auth import staff_required
from backend.web.context import services
from backend.web.uploads import received_sheet

_FILE: Final[dict[str, Any]] = {"type": "string", "format": "binary"}


@bp.post("/campaigns")
@staff_required(Role.ADMIN)
@bp.input(schemas.CampaignIn)
@bp.output(schemas.RulesOut, 201)
def create_campaign(
    session: StaffSession, json_data: schemas.CampaignIn
) -> ResponseReturnValue:
    """Create a campaign."""
    made = services().campaigns.create(session.user, json_data.to_new())
    return _rules(session, made.id, 201)


@bp.get("/campaigns/<int:campaign_id>")
@staff_required(Role.ADMIN)
@bp.output(schemas.RulesOut)
def campaign_rules(session: StaffSession, campaign_id: int) -> ResponseReturnValue:
    """Return a campaign with its windows."""
    return _rules(session, campaign_id)


@bp.put("/campaigns/<int:campaign_id>")
@staff_required(Role.ADMIN)
@bp.input(schemas.CampaignIn)
@bp.output(schemas.RulesOut)
def change_campaign(
    session: StaffSession, campaign_id: int, json_data: schemas.CampaignIn
) -> ResponseReturnValue:
    """Change a campaign."""
    services().campaigns.update(session.user, campaign_id, json_data.to_new())
    return _rules(session, campaign_id)


@bp.post("/campaigns/<int:campaign_id>/windows")
@staff_required(Role.ADMIN)
@bp.input(schemas.WindowIn)
@bp.output(schemas.RulesOut, 201)
def add_window(
    session: StaffSession, campaign_id: int, json_data: schemas.WindowIn
) -> ResponseReturnValue:
    """Add a window; the campaign is returned."""
    services().campaigns.put_window(session.user, campaign_id, json_data.to_window())
    return _rules(session, campaign_id, 201)


@bp.put("/campaigns/<int:campaign_id>/windows/<int:window_id>")
@staff_required(Role.ADMIN)
@bp.input(schemas.WindowIn)
@bp.output(schemas.RulesOut)
def change_window(
    session: StaffSession,
    campaign_id: int,
    window_id: int,
    json_data: schemas.WindowIn,
) -> ResponseReturnValue:
    """Change a window; the campaign is returned."""
    services().campaigns.put_window(
        session.user, campaign_id, json_data.to_window(), window_id=window_id
    )
    return _rules(session, campaign_id)


@bp.delete("/campaigns/<int:campaign_id>/windows/<int:window_id>")
@staff_required(Role.ADMIN)
@bp.output({}, 204)
def delete_window(
    session: StaffSession, campaign_id: int, window_id: int
) -> ResponseReturnValue:
    """Remove a window."""
    services().campaigns.remove_window(session.user, campaign_id, window_id)
    return Response(status=204)


@bp.post("/campaigns/<int:campaign_id>/carry-over")
@staff_required(Role.ADMIN)
@bp.input(schemas.CarryOverIn)
@bp.output(schemas.CarryOverOut)
def carry_over(
    session: StaffSession, campaign_id: int, json_data: schemas.CarryOverIn
) -> ResponseReturnValue:
    """Copy who has no approved portrait from another campaign; again copies nobody."""
    count = services().campaigns.carry_over(
        session.user, json_data.source_id, campaign_id
    )
    return _body(schemas.CarryOverOut(students=count))


@bp.get("/campaigns/<int:campaign_id>/roster-imports")
@staff_required(Role.ADMIN)
@bp.output(schemas.ImportsOut)
def roster_imports(session: StaffSession, campaign_id: int) -> ResponseReturnValue:
    """List a campaign's imports."""
    found = services().roster_imports.of_campaign(session.user, campaign_id)
    return _body(
        schemas.ImportsOut(items=[schemas.ImportOut.of(view) for view in found])
    )


@bp.post("/campaigns/<int:campaign_id>/roster-imports")
@staff_required(Role.ADMIN)
@bp.input(schemas.RosterIn, location="files")
@bp.output(schemas.ImportOut, 201)
def upload_roster(
    session: StaffSession,
    campaign_id: int,
    files_data: schemas.RosterIn,  # noqa: ARG001 - its presence is checked by the schema
) -> ResponseReturnValue:
    """Upload a sheet (.xlsx, .xls, .csv) to be looked through; nothing is imported."""
    stream, name = received_sheet("roster")
    made = services().roster_imports.upload(session.user, campaign_id, stream, name)
    return _body(schemas.ImportOut.of(made), 201)


@bp.get("/roster-imports/<int:import_id>")
@staff_required(Role.ADMIN)
@bp.output(schemas.ImportOut)
def roster_import(session: StaffSession, import_id: int) -> ResponseReturnValue:
    """Return an import, how far it is and what it would change."""
    view = services().roster_imports.get(session.user, import_id)
    return _body(schemas.ImportOut.of(view))


@bp.put("/roster-imports/<int:import_id>/mapping")
@staff_required(Role.ADMIN)
@bp.input(schemas.MappingIn)
@bp.output(schemas.ImportOut)
def map_roster(
    session: StaffSession, import_id: int, json_data: schemas.MappingIn
) -> ResponseReturnValue:
    """Say what the columns are; the file is looked through again."""
    view = services().roster_imports.change_mapping(
        session.user,
        import_id,
        json_data.mapping,
        station_id=json_data.station_id,
        graduating_year=json_data.graduating_year,
    )
    return _body(schemas.ImportOut.of(view))


@bp.post("/roster-imports/<int:import_id>/application")
@staff_required(Role.ADMIN)
@bp.input(schemas.ApplyIn)
@bp.output(schemas.ImportOut)
def apply_roster(
    session: StaffSession, import_id: int, json_data: schemas.ApplyIn
) -> ResponseReturnValue:
    """Write the rows to the roster, all together or none."""
    view = services().roster_imports.apply(
        session.user, import_id, good_rows_only=json_data.good_rows_only
    )
    return _body(schemas.ImportOut.of(view))


@bp.delete("/roster-imports/<int:import_id>")
@staff_required(Role.ADMIN)
@bp.output({}, 204)
def discard_roster(session: StaffSession, import_id: int) -> ResponseReturnValue:
    """Remove an import that is not applied."""
    services().roster_imports.discard(session.user, import_id)
    return Response(status=204)


@bp.get("/roster-imports/<int:import_id>/problems")
@staff_required(Role.ADMIN)
@bp.input(schemas.PageIn, location="query")
@bp.output(schemas.ProblemsOut)
def roster_problems(
    session: StaffSession, import_id: int, query_data: schemas.PageIn
) -> ResponseReturnValue:
    """List what is wrong with the file, by row and column."""
    page = services().roster_imports.problems(
        session.user, import_id, query_data.severity, query_data.after
    )
    return _body(schemas.ProblemsOut.of(page))


@bp.get("/roster-imports/<int:import_id>/problems.xlsx")
@staff_required(Role.ADMIN)
@bp.output(_FILE, content_type="application/octet-stream")
def roster_problem_file(session: StaffSession, import_id: int) -> ResponseReturnValue:
    """Download the problems."""
    found = services().roster_imports.error_file(session.user, import_id)
    return hand_out(found, download=True)


@bp.get("/roster-imports/<int:import_id>/changes")
@staff_required(Role.ADMIN)
@bp.input(schemas.PageIn, location="query")
@bp.output(schemas.ChangesOut)
def roster_changes(
    session: StaffSession, import_id: int, query_data: schemas.PageIn
) -> ResponseReturnValue:
    """List the corrections, with old and new values."""
    page = services().roster_imports.changes(session.user, import_id, query_data.after)
    return _body(schemas.ChangesOut.of(page))


@bp.get("/roster-imports/<int:import_id>/missing")
@staff_required(Role.ADMIN)
@bp.input(schemas.PageIn, location="query")
@bp.output(schemas.StudentLinesOut)
def roster_missing(
    session: StaffSession, import_id: int, query_data: schemas.PageIn
) -> ResponseReturnValue:
    """List the students of the file's stations who are not in it."""
    page = services().roster_imports.missing(session.user, import_id, query_data.after)
    return _body(schemas.StudentLinesOut.of(page))


@bp.post("/campaigns/<int:campaign_id>/students/search")
@staff_required(Role.ADMIN, Role.STATION)
@bp.input(schemas.StudentSearchIn)
@bp.output(schemas.StudentLinesOut)
def search_students(
    session: StaffSession, campaign_id: int, json_data: schemas.StudentSearchIn
) -> ResponseReturnValue:
    """List a campaign's students, or those who are asked for."""
    page = services().students.page(
        session.user, campaign_id, text=json_data.text, after=json_data.after
    )
    return _body(schemas.StudentLinesOut.of(page))


@bp.get("/students/<int:student_id>")
@staff_required(Role.ADMIN, Role.STATION)
@bp.output(schemas.StudentOut)
def student(session: StaffSession, student_id: int) -> ResponseReturnValue:
    """Return one student."""
    return _body(
        schemas.StudentOut.of(services().students.get(session.user, student_id))
    )


@bp.put("/students/<int:student_id>/grace")
@staff_required(Role.ADMIN)
@bp.input(schemas.GraceIn)
@bp.output(schemas.StudentOut)
def set_grace(
    session: StaffSession, student_id: int, json_data: schemas.GraceIn
) -> ResponseReturnValue:
    """Let a student hand in for longer, or take that back."""
    view = services().students.set_grace(
        session.user, student_id, json_data.until, json_data.reason
    )
    return _body(schemas.StudentOut.of(view))


@bp.put("/students/<int:student_id>/exemption")
@staff_required(Role.ADMIN)
@bp.input(schemas.ExemptionIn)
@bp.output(schemas.StudentOut)
def set_exemption(
    session: StaffSession, student_id: int, json_data: schemas.ExemptionIn
) -> ResponseReturnValue:
    """Release a student from collecting, or ask for a photo again."""
    service = services().students
    change = service.set_exempt if json_data.exempt else service.lift_exempt
    view = change(session.user, student_id, json_data.reason)
    return _body(schemas.StudentOut.of(view))


def _rules(session: StaffSession, campaign_id: int, status: int = 200) -> Response:
    rules = services().campaigns.rules(session.user, campaign_id)
    return _body(schemas.RulesOut.of(rules), status)


def _body(model: BaseModel, status: int = 200) -> Response:
    response = jsonify(model.model_dump(mode="json"))
    response.status_code = status
    return response
