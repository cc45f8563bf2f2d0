"""Campaigns: list, create, change, their windows, who is carried over."""

from __future__ import annotations

import re
from typing import Final

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from backend.domain.campaigns import Span, Window
from backend.domain.errors import (
    ConflictError,
    DomainError,
    InvalidInputError,
    RefusedError,
    Violation,
)
from backend.services.campaigns import CampaignRules
from backend.services.roster import NewCampaign
from backend.services.types import Role, StaffSession
from backend.web.admin.blueprint import bp
from backend.web.admin.messages import message_for, wrong_fields
from backend.web.admin.pages import field, number, show
from backend.web.admin.times import local_input, parse_local
from backend.web.auth import staff_required
from backend.web.backgrounds import Backdrop, backdrop_of, named_background
from backend.web.context import services

_TEXTS: Final = (
    "name",
    "school_name",
    "school_code",
    "graduating_years",
    "opens_at",
    "closes_at",
    "policy",
    "contact",
    "notice_version",
    "notice_text",
    "retention_text",
)
_SEPARATORS: Final = re.compile(r"[、,，;；\s届]+")
_LONGEST: Final = 25_000


@bp.get("/rounds")
@staff_required(Role.ADMIN, Role.STATION)
def rounds(session: StaffSession) -> ResponseReturnValue:
    """List the campaigns with what can be done about each."""
    return show(
        "rounds.html",
        session,
        section="admin.rounds",
        campaigns=services().stations.campaigns(session.user),
        sizes=services().campaigns.sizes(session.user),
        policies=services().policies,
    )


@bp.get("/rounds/new")
@staff_required(Role.ADMIN)
def new_round(session: StaffSession) -> ResponseReturnValue:
    """Show an empty form, filled in from the newest campaign where there is one."""
    form = dict.fromkeys(_TEXTS, "") | {
        "album_allowed": "yes",
        "notice_version": "1",
    }
    newest = next(iter(services().stations.campaigns(session.user)), None)
    if newest is not None:
        rules = services().campaigns.rules(session.user, newest.id)
        form |= _form_of(rules) | dict.fromkeys(
            ("name", "graduating_years", "opens_at", "closes_at"), ""
        )
    return _form(session, None, form | {"background": _treatment(form["policy"])})


@bp.post("/rounds/new")
@staff_required(Role.ADMIN)
def create_round(session: StaffSession) -> ResponseReturnValue:
    """Create a campaign."""
    form = _sent()
    try:
        made = services().campaigns.create(session.user, _parsed(form))
    except (InvalidInputError, ConflictError) as error:
        return _form(session, None, form, error)
    return _to_round(made.id, "created")


@bp.get("/rounds/<int:campaign_id>")
@staff_required(Role.ADMIN)
def edit_round(session: StaffSession, campaign_id: int) -> ResponseReturnValue:
    """Show a campaign's form, its windows, and whom it could take over."""
    rules = services().campaigns.rules(session.user, campaign_id)
    return _form(session, rules, _form_of(rules))


@bp.post("/rounds/<int:campaign_id>")
@staff_required(Role.ADMIN)
def update_round(session: StaffSession, campaign_id: int) -> ResponseReturnValue:
    """Change a campaign."""
    rules = services().campaigns.rules(session.user, campaign_id)
    form = _sent()
    try:
        services().campaigns.update(session.user, campaign_id, _parsed(form))
    except (InvalidInputError, ConflictError) as error:
        return _form(session, rules, form, error)
    return _to_round(campaign_id, "updated")


@bp.post("/rounds/<int:campaign_id>/windows")
@staff_required(Role.ADMIN)
def put_window(session: StaffSession, campaign_id: int) -> ResponseReturnValue:
    """Add a window, or change the one that is named."""
    try:
        window = _sent_window()
        services().campaigns.put_window(
            session.user, campaign_id, window, window_id=number(field("window"))
        )
    except (InvalidInputError, ConflictError) as error:
        return _edit_again(session, campaign_id, error)
    return _to_round(campaign_id, "updated")


@bp.post("/rounds/<int:campaign_id>/windows/<int:window_id>/remove")
@staff_required(Role.ADMIN)
def remove_window(
    session: StaffSession, campaign_id: int, window_id: int
) -> ResponseReturnValue:
    """Remove a window."""
    services().campaigns.remove_window(session.user, campaign_id, window_id)
    return _to_round(campaign_id, "retired")


@bp.get("/rounds/<int:campaign_id>/carry-over")
@staff_required(Role.ADMIN)
def ask_carry_over(session: StaffSession, campaign_id: int) -> ResponseReturnValue:
    """Say how many would be copied before it is done."""
    source = number(request.args.get("source"))
    try:
        return _carry_page(session, campaign_id, source)
    except RefusedError as error:
        return _edit_again(session, campaign_id, error)


@bp.post("/rounds/<int:campaign_id>/carry-over")
@staff_required(Role.ADMIN)
def carry_over(session: StaffSession, campaign_id: int) -> ResponseReturnValue:
    """Copy who has no portrait from another campaign."""
    source = number(field("source")) or 0
    try:
        services().campaigns.carry_over(session.user, source, campaign_id)
    except (ConflictError, RefusedError) as error:
        return _edit_again(session, campaign_id, error)
    return redirect(
        url_for("admin.roster", campaign_id=campaign_id, done="updated"), 303
    )


def _carry_page(
    session: StaffSession, campaign_id: int, source: int | None
) -> ResponseReturnValue:
    campaigns = services().stations.campaigns(session.user)
    names = {campaign.id: campaign for campaign in campaigns}
    count = services().campaigns.left_behind(session.user, source or 0, campaign_id)
    return show(
        "carry_over.html",
        session,
        section="admin.rounds",
        source=names[source or 0],
        target=names[campaign_id],
        count=count,
    )


def _to_round(campaign_id: int, done: str) -> ResponseReturnValue:
    target = url_for("admin.edit_round", campaign_id=campaign_id, done=done)
    return redirect(target, 303)


def _edit_again(
    session: StaffSession, campaign_id: int, error: DomainError
) -> ResponseReturnValue:
    rules = services().campaigns.rules(session.user, campaign_id)
    return _form(session, rules, _form_of(rules), window_error=error)


def _sent() -> dict[str, str]:
    form = {name: field(name, limit=_LONGEST) for name in _TEXTS}
    return form | {
        "album_allowed": field("album_allowed"),
        "background": field("background"),
    }


def _sent_window() -> Window:
    opens_at = parse_local(field("window_opens_at"))
    closes_at = parse_local(field("window_closes_at"))
    if opens_at is None or closes_at is None:
        missing = (Violation("closes_at", "required"),)
        raise InvalidInputError("invalid_input", violations=missing)
    return Window(
        span=Span(opens_at, closes_at),
        year=number(field("year")),
        level=field("level", limit=20) or None,
        station_id=number(field("station")),
    )


def _parsed(form: dict[str, str]) -> NewCampaign:
    """Return the form as the service takes it; what is no date becomes a violation."""
    opens_at, closes_at = (parse_local(form[n]) for n in ("opens_at", "closes_at"))
    years = [number(text) for text in _SEPARATORS.split(form["graduating_years"])]
    if opens_at is None or closes_at is None:
        missing = [n for n in ("opens_at", "closes_at") if parse_local(form[n]) is None]
        raise InvalidInputError(
            "invalid_input",
            violations=tuple(Violation(name, "required") for name in missing),
        )
    background = named_background()
    if background is None:
        # Never what nobody chose: it changes what is printed.
        unsaid = (Violation("background", "background_not_chosen"),)
        raise InvalidInputError("invalid_input", violations=unsaid)
    texts = {
        name: form[name]
        for name in _TEXTS
        if name not in {"graduating_years", "opens_at", "closes_at"}
    }
    return NewCampaign(
        **texts,
        graduating_years=tuple(year for year in years if year is not None),
        opens_at=opens_at,
        closes_at=closes_at,
        album_allowed=form["album_allowed"] == "yes",
        background=background,
    )


def _form_of(rules: CampaignRules) -> dict[str, str]:
    campaign = rules.campaign
    return {
        "name": campaign.name,
        "school_name": campaign.school_name,
        "school_code": rules.school_code,
        "graduating_years": "、".join(map(str, campaign.graduating_years)),
        "opens_at": local_input(campaign.opens_at),
        "closes_at": local_input(campaign.closes_at),
        "policy": campaign.policy,
        "contact": campaign.contact,
        "notice_version": campaign.notice_version,
        "notice_text": campaign.notice_text,
        "retention_text": campaign.retention_text,
        "album_allowed": "yes" if campaign.album_allowed else "",
        "background": campaign.background.value,
    }


def _treatment(name: str) -> str:
    """Return what a new campaign of a policy begins with; the first where none is named."""
    policies = services().policies
    policy = policies.get(name) or next(iter(policies.values()))
    return policy.background.treatment.value


def _backdrops() -> dict[str, Backdrop]:
    """Return what each policy replaces a background by."""
    policies = services().policies.items()
    return {name: backdrop_of(policy) for name, policy in policies}


def _form(
    session: StaffSession,
    rules: CampaignRules | None,
    form: dict[str, str],
    error: DomainError | None = None,
    window_error: DomainError | None = None,
) -> ResponseReturnValue:
    wrong = wrong_fields(error)
    failed = error or window_error
    return show(
        "round_form.html",
        session,
        status=failed.status if failed else 200,
        section="admin.rounds",
        rules=rules,
        form=form,
        wrong=wrong,
        message=None if wrong else message_for(error),
        window_message=message_for(window_error),
        policies=services().policies,
        backdrops=_backdrops(),
        stations=services().stations.list(session.user),
        others=[
            campaign
            for campaign in services().stations.campaigns(session.user)
            if rules and campaign.id != rules.campaign.id
        ],
    )
