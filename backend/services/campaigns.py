"""Campaigns: created, changed, their windows, and who is carried over into the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final

from backend.db import campaign_rules, entries, roster, students
from backend.db.engine import Database
from backend.db.models import Campaign, CollectingWindow
from backend.domain.campaigns import Window
from backend.domain.errors import InvalidInputError, RefusedError, Violation
from backend.domain.policy import Policy
from backend.ports import Clock
from backend.services.access import require_admin
from backend.services.audit_trail import AuditTrail
from backend.services.roster import NewCampaign
from backend.services.types import CampaignView, StaffUser
from backend.services.views import campaign_view

_WIDTHS: Final = {
    "name": 100,
    "school_name": 100,
    "contact": 200,
    "notice_version": 50,
    "notice_text": 20_000,
    "retention_text": 2_000,
}
_SCHOOL_CODE: Final = 10
_FIRST_YEAR, _LAST_YEAR = 1950, 2100
_MOST_YEARS: Final = 20


@dataclass(frozen=True, slots=True)
class WindowView:
    """A window of a campaign and the station it names."""

    id: int
    window: Window
    station_name: str


@dataclass(frozen=True, slots=True)
class CampaignRules:
    """A campaign with its windows.

    Attributes:
        students: how many of its roster the asker may see.
        levels: the levels that occur on it.
    """

    campaign: CampaignView
    school_code: str
    windows: tuple[WindowView, ...]
    students: int
    levels: tuple[str, ...]


class CampaignService:
    """Looks after campaigns."""

    def __init__(
        self, *, db: Database, clock: Clock, policies: Mapping[str, Policy]
    ) -> None:
        self._db = db
        self._clock = clock
        self._trail = AuditTrail(clock)
        self._policies = policies

    def sizes(self, actor: StaffUser) -> dict[int, int]:
        """Return how many students of each campaign the actor may see."""
        with self._db.reading() as session:
            return campaign_rules.roster_sizes(session, actor.station_id)

    def rules(self, actor: StaffUser, campaign_id: int) -> CampaignRules:
        """Return a campaign with its windows; raises NotFoundError."""
        with self._db.reading() as session:
            row = entries.get_campaign(session, campaign_id)
            sizes = campaign_rules.roster_sizes(session, actor.station_id)
            stations = {s.id: s.name for s in entries.all_stations(session)}
            return CampaignRules(
                campaign=campaign_view(row),
                school_code=row.school_code or "",
                windows=tuple(
                    WindowView(
                        id=one.id,
                        window=campaign_rules.window_of(one),
                        station_name=stations.get(one.station_id or 0, ""),
                    )
                    for one in row.windows
                ),
                students=sizes.get(campaign_id, 0),
                levels=tuple(campaign_rules.levels_of(session, campaign_id)),
            )

    def create(self, actor: StaffUser, new: NewCampaign) -> CampaignView:
        """Create a campaign.

        Raises:
            PermissionDeniedError: not an administrator.
            InvalidInputError: everything wrong with the fields.
            ConflictError: ``campaign_name_taken``.
        """
        require_admin(actor)
        self._check(new)
        columns = _columns(new)
        columns.setdefault(
            "background", self._policies[new.policy].background.treatment.value
        )
        row = Campaign(**columns, created_at=self._clock.now())
        with self._db.transaction() as session:
            view = campaign_view(roster.add_campaign(session, row))
            self._trail.record(
                session, actor, "campaign.create", f"campaign:{row.id}", _span_text(new)
            )
            return view

    def update(
        self, actor: StaffUser, campaign_id: int, new: NewCampaign
    ) -> CampaignView:
        """Change a campaign; its former span stays in the audit log.

        What becomes of the background changes for photos that are handed in from now on.

        Raises:
            PermissionDeniedError, InvalidInputError, ConflictError: as :meth:`create`.
            NotFoundError: ``campaign_not_found``.
        """
        require_admin(actor)
        with self._db.transaction() as session:
            row = entries.get_campaign(session, campaign_id)
            self._check(new, before=row)
            columns = _columns(new)
            changed = [k for k, v in columns.items() if getattr(row, k) != v]
            for name in changed:
                setattr(row, name, columns[name])
            roster.add_campaign(session, row)
            detail = f"{', '.join(changed) or 'nothing'}; {_span_text(new)}"[:500]
            self._trail.record(
                session, actor, "campaign.update", f"campaign:{campaign_id}", detail
            )
            return campaign_view(row)

    def put_window(
        self,
        actor: StaffUser,
        campaign_id: int,
        window: Window,
        *,
        window_id: int | None = None,
    ) -> None:
        """Add a window, or change one; the audit log keeps what it was.

        Raises:
            InvalidInputError: it names nobody in particular, or ends before it starts.
            NotFoundError: ``campaign_not_found``, ``window_not_found``,
                ``station_not_found``.
            ConflictError: ``window_exists``.
        """
        require_admin(actor)
        _check_window(window)
        with self._db.transaction() as session:
            entries.get_campaign(session, campaign_id)
            if window.station_id is not None:
                entries.get_station(session, window.station_id)
            row = (
                CollectingWindow(campaign_id=campaign_id)
                if window_id is None
                else campaign_rules.get_window(session, campaign_id, window_id)
            )
            before = "" if window_id is None else f"{_window_text(row)} -> "
            campaign_rules.put_window(session, row, window)
            detail = before + _window_text(row)
            self._trail.record(
                session, actor, "campaign.window", f"campaign:{campaign_id}", detail
            )

    def remove_window(self, actor: StaffUser, campaign_id: int, window_id: int) -> None:
        """Remove a window: its students have the next less specific one.

        Raises:
            NotFoundError: ``window_not_found``.
        """
        require_admin(actor)
        with self._db.transaction() as session:
            row = campaign_rules.get_window(session, campaign_id, window_id)
            detail = f"{_window_text(row)} removed"
            session.delete(row)
            self._trail.record(
                session, actor, "campaign.window", f"campaign:{campaign_id}", detail
            )

    def left_behind(self, actor: StaffUser, source: int, target: int) -> int:
        """Return how many students :meth:`carry_over` would copy; raises the same."""
        require_admin(actor)
        _check_pair(source, target)
        with self._db.reading() as session:
            entries.get_campaign(session, source)
            entries.get_campaign(session, target)
            return students.carried_count(session, source, target)

    def carry_over(self, actor: StaffUser, source: int, target: int) -> int:
        """Copy who has no approved portrait into another campaign; return how many.

        The students stay where they were, each copy knows where it came from, and
        doing it again copies nobody twice.

        Raises:
            RefusedError: ``carry_over_same``.
            NotFoundError: ``campaign_not_found``.
            ConflictError: ``student_no_taken``: somebody else did the same just now.
        """
        require_admin(actor)
        _check_pair(source, target)
        with self._db.transaction() as session:
            entries.get_campaign(session, source)
            entries.get_campaign(session, target)
            count = students.carry_over(session, source, target, at=self._clock.now())
            detail = f"{count} students of campaign:{source}"
            self._trail.record(
                session, actor, "campaign.carry_over", f"campaign:{target}", detail
            )
            return count

    def _check(self, new: NewCampaign, before: Campaign | None = None) -> None:
        wrong = [
            Violation(name, "too_long" if getattr(new, name).strip() else "required")
            for name, width in _WIDTHS.items()
            if not 0 < len(getattr(new, name).strip()) <= width
        ]
        if len(new.school_code or "") > _SCHOOL_CODE:
            wrong.append(Violation("school_code", "too_long"))
        years = new.graduating_years
        if not 0 < len(years) <= _MOST_YEARS or not all(
            _FIRST_YEAR <= year <= _LAST_YEAR for year in years
        ):
            wrong.append(Violation("graduating_years", "years_invalid"))
        if new.opens_at >= new.closes_at:
            wrong.append(Violation("closes_at", "closes_before_opens"))
        if new.policy not in self._policies:
            wrong.append(Violation("policy", "policy_not_found"))
        if before is not None and _notice_changed(before, new):
            wrong.append(Violation("notice_version", "notice_version_same"))
        if wrong:
            raise InvalidInputError("invalid_input", violations=tuple(wrong))


def _columns(new: NewCampaign) -> dict[str, object]:
    values = {
        key: value.strip() if isinstance(value, str) else value
        for key, value in asdict(new).items()
        if key != "background"
    }
    if new.background is not None:
        values["background"] = new.background.value
    return {
        **values,
        "school_code": values["school_code"] or None,
        "graduating_years": sorted(set(new.graduating_years)),
    }


def _notice_changed(before: Campaign, new: NewCampaign) -> bool:
    """Tell whether students would have consented to a text they never saw."""
    same_version = before.notice_version == new.notice_version.strip()
    return same_version and before.notice_text != new.notice_text.strip()


def _check_window(window: Window) -> None:
    wrong = []
    if window.weight[0] == 0:
        wrong.append(Violation("scope", "window_for_all"))
    if window.span.opens_at >= window.span.closes_at:
        wrong.append(Violation("closes_at", "closes_before_opens"))
    if wrong:
        raise InvalidInputError("invalid_input", violations=tuple(wrong))


def _check_pair(source: int, target: int) -> None:
    if source == target:
        raise RefusedError("carry_over_same")


def _span_text(new: NewCampaign) -> str:
    return f"{new.opens_at:%Y-%m-%dT%H:%M%z} to {new.closes_at:%Y-%m-%dT%H:%M%z}"


def _window_text(row: CollectingWindow) -> str:
    span = f"{row.opens_at:%Y-%m-%dT%H:%M%z} to {row.closes_at:%Y-%m-%dT%H:%M%z}"
    return f"window {row.id} ({row.scope}): {span}"
