"""The people behind a campaign's numbers: lists, exports, who is missing, reminders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from flask import Response, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue

from backend.domain.errors import ConflictError, DomainError, GoneError
from backend.domain.progress import Group, Stage, part_named
from backend.messages.progress import GROUP_NAMES, NO_CLASS, STAGES, part_name
from backend.services.progress_types import (
    ClassProgress,
    SheetKind,
    StudentFilter,
    StudentOrder,
)
from backend.services.types import Role, StaffSession
from backend.web.admin.blueprint import bp
from backend.web.admin.messages import message_for
from backend.web.admin.pages import field, number, show
from backend.web.auth import staff_required
from backend.web.context import services

_PAGE_ROWS: Final = 50
#: Stands in an address for the students without a class.
_NO_CLASS: Final = "-"


@dataclass(frozen=True, slots=True)
class ListForm:
    """What a list is narrowed to and in order by, as its address says."""

    station: str
    class_no: str
    level: str
    year: str
    part: str
    sort: str

    @property
    def address(self) -> dict[str, Any]:
        """The parts of the address, without what does not narrow."""
        parts = {
            "station": self.station,
            "class": self.class_no,
            "level": self.level,
            "year": self.year,
            "part": self.part,
            "sort": self.sort,
        }
        return {key: value for key, value in parts.items() if value}

    @property
    def filter(self) -> StudentFilter:
        """The filter as the service takes it; what is not understood does not narrow."""
        return StudentFilter(
            station_id=number(self.station),
            class_no=_class_no(self.class_no),
            level=self.level or None,
            graduating_year=number(self.year),
            part=part_named(self.part),
        )

    @property
    def order(self) -> StudentOrder:
        """The order, by station when the address does not say."""
        known = self.sort in set(StudentOrder)
        return StudentOrder(self.sort) if known else StudentOrder.STATION


def _list_form() -> ListForm:
    given = [
        request.args.get(name, "").strip()[:50]
        for name in ("station", "class", "level", "year", "part", "sort")
    ]
    return ListForm(*given)


def _class_no(text: str) -> str | None:
    return "" if text == _NO_CLASS else text or None


@bp.get("/campaigns/<int:campaign_id>/students")
@staff_required()
def students(session: StaffSession, campaign_id: int) -> ResponseReturnValue:
    """List the students behind a number."""
    form, service, user = _list_form(), services().progress, session.user
    page = service.students(
        user,
        campaign_id,
        form.filter,
        order=form.order,
        cursor=request.args.get("cursor") or None,
        limit=_PAGE_ROWS,
    )
    station_id = user.station_id or form.filter.station_id
    return show(
        "students.html",
        session,
        section="admin.home",
        campaign=service.about(campaign_id),
        form=form,
        page=page,
        count=service.count(user, campaign_id, form.filter),
        choices=service.choices(user, campaign_id, station_id),
        stations=services().stations.list(user),
        station_id=station_id,
        stages=STAGES,
        groups=GROUP_NAMES,
        no_class=NO_CLASS,
        no_class_key=_NO_CLASS,
    )


@bp.get("/campaigns/<int:campaign_id>/students.xlsx")
@staff_required()
def students_xlsx(session: StaffSession, campaign_id: int) -> ResponseReturnValue:
    """Hand out the list as a workbook."""
    return _export(session, campaign_id, SheetKind.XLSX)


@bp.get("/campaigns/<int:campaign_id>/students.csv")
@staff_required()
def students_csv(session: StaffSession, campaign_id: int) -> ResponseReturnValue:
    """Hand out the list as comma-separated values."""
    return _export(session, campaign_id, SheetKind.CSV)


def _export(session: StaffSession, campaign_id: int, kind: SheetKind) -> Response:
    form = _list_form()
    export = services().progress.export(
        session.user, campaign_id, form.filter, order=form.order, kind=kind
    )
    response = send_file(
        export.file,
        mimetype=export.content_type,
        as_attachment=True,
        download_name=export.filename,
    )
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.get("/campaigns/<int:campaign_id>/missing")
@staff_required()
def missing(session: StaffSession, campaign_id: int) -> ResponseReturnValue:
    """Show who is missing: by station, and of one station by class."""
    return _missing(session, campaign_id, number(request.args.get("station")))


@bp.post("/campaigns/<int:campaign_id>/reminders")
@staff_required(Role.ADMIN, Role.STATION)
def remind(session: StaffSession, campaign_id: int) -> ResponseReturnValue:
    """Remind in WeChat whoever can be reached."""
    station_id = number(field("station"))
    wanted = StudentFilter(
        station_id=station_id, part=part_named(field("part")) or Group.MISSING
    )
    try:
        noted = services().reminders.remind(session.user, campaign_id, wanted)
    except (ConflictError, GoneError) as error:
        return _missing(session, campaign_id, station_id, error)
    return redirect(
        url_for(
            "admin.missing",
            campaign_id=campaign_id,
            station=station_id,
            done="reminded" if noted else "reminded_nobody",
        ),
        303,
    )


def _missing(
    session: StaffSession,
    campaign_id: int,
    station_id: int | None,
    error: DomainError | None = None,
) -> Response:
    service, user = services().progress, session.user
    station_id = station_id or user.station_id
    progress = service.campaign(user, campaign_id)
    wanted = StudentFilter(station_id=station_id, part=Group.MISSING)
    classes: tuple[ClassProgress, ...] = ()
    texts: dict[str, str] = {}
    if station_id is not None:
        classes = service.missing_classes(user, campaign_id, station_id)
        texts = {
            item.class_no: item.text
            for item in service.class_texts(user, campaign_id, station_id)
        }
    may_remind = user.role is not Role.REVIEWER
    return show(
        "missing.html",
        session,
        status=error.status if error else 200,
        section="admin.home",
        progress=progress,
        station_id=station_id,
        classes=classes,
        texts=texts,
        reach=services().reminders.reach(user, campaign_id, wanted)
        if may_remind
        else None,
        parts=(Stage.NEVER_SCANNED, Group.NOT_HANDED_IN, Group.TO_REDO),
        part_name=part_name,
        no_class=NO_CLASS,
        no_class_key=_NO_CLASS,
        message=message_for(error),
    )
