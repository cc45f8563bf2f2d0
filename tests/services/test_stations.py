from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from zipfile import ZipFile

import pytest
from pypdfium2 import PdfDocument

from backend.domain.campaigns import EntryState
from backend.domain.errors import (
    ConflictError,
    DomainError,
    GoneError,
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
)
from backend.services.posters import Size, poster_spec
from backend.services.staff import OPERATOR
from backend.services.types import EntryAdminView, StationView
from tests.services.worlds import World, at_once, new_campaign

FIELDS = {"code": "XT03", "name": "湘潭样例函授站", "address": "示范路 3 号"}


def _create(world: World, **changes: str) -> StationView:
    values = {**FIELDS, "contact": "赵老师", **changes}
    return world.services.stations.create(OPERATOR, **values)


def test_a_station_is_kept_without_the_blanks_around_its_words(world: World) -> None:
    view = _create(world, code=" XT03 ", name=" " * 200 + "湘潭")
    assert (view.code, view.name) == ("XT03", "湘潭")
    listed = world.services.stations.list(world.staff["admin"])
    assert [station.code for station in listed] == ["CS01", "XT03", "ZZ02"]


def test_a_station_code_is_given_once(world: World) -> None:
    with pytest.raises(ConflictError, match="station_code_taken"):
        _create(world, code="CS01")
    view = _create(world)
    with pytest.raises(ConflictError, match="station_code_taken"):
        world.services.stations.update(
            OPERATOR, view.id, code="CS01", name="甲", address="乙", contact="丙"
        )


def test_a_station_is_changed_and_audited(world: World) -> None:
    view = _create(world)
    changed = world.services.stations.update(
        OPERATOR, view.id, code="XT04", name="甲", address="乙", contact="丙"
    )
    assert changed == StationView(
        id=view.id, code="XT04", name="甲", address="乙", contact="丙"
    )
    event = world.services.audit.page(OPERATOR).items[0]
    assert (event.action, event.target) == ("station.update", f"station:{view.id}")
    with pytest.raises(NotFoundError, match="station_not_found"):
        world.services.stations.update(
            OPERATOR, 999, code="XT05", name="甲", address="乙", contact="丙"
        )


def test_all_that_is_wrong_with_a_station_is_said_at_once(world: World) -> None:
    with pytest.raises(InvalidInputError) as caught:
        _create(world, code="X" * 31, name=" ", address="", contact="丙" * 201)
    assert [(v.field, v.code) for v in caught.value.violations] == [
        ("code", "too_long"),
        ("name", "required"),
        ("address", "required"),
        ("contact", "too_long"),
    ]


def test_only_administrators_change_stations(world: World) -> None:
    service = world.services.stations
    for name in ("reviewer", "cs01"):
        who = world.staff[name]
        with pytest.raises(PermissionDeniedError):
            service.create(who, code="X", name="甲", address="乙", contact="丙")
        with pytest.raises(PermissionDeniedError):
            service.update(who, 1, code="X", name="甲", address="乙", contact="丙")
        with pytest.raises(PermissionDeniedError):
            service.create_entry(who, world.campaign, world.stations["CS01"])
        with pytest.raises(PermissionDeniedError):
            service.replace_entry(who, world.entry, "破损")
        with pytest.raises(PermissionDeniedError):
            service.retire_entry(who, world.entry, "停用")


def test_a_station_account_sees_itself_only(world: World) -> None:
    who, service = world.staff["cs01"], world.services.stations
    assert [s.code for s in service.list(who)] == ["CS01"]
    assert [e.token for e in service.entries(who, world.campaign)] == [world.entry]
    assert service.entry(who, world.entry).station.code == "CS01"
    with pytest.raises(NotFoundError, match="entry_not_found"):
        service.entry(who, world.entries["ZZ02"])


def test_a_replaced_poster_says_so_and_its_successor_is_open(world: World) -> None:
    service, entries = world.services.stations, world.services.entries
    new = service.replace_entry(OPERATOR, world.entry, " 破损 ")
    assert new.token != world.entry
    assert new.url == f"https://photos.example.edu/s/{new.token}"
    assert entries.ensure_open(new.token).state is EntryState.OPEN
    assert entries.open(world.entry).state is EntryState.REPLACED
    with pytest.raises(GoneError, match="entry_replaced"):
        entries.ensure_open(world.entry)
    assert world.services.audit.page(OPERATOR).items[0].detail == "破损"
    old = service.entry(OPERATOR, world.entry)
    assert old.ended_at == world.clock.now()
    listed = service.entries(OPERATOR, world.campaign)
    assert listed[-1].token == world.entry


def test_a_retired_entry_is_gone_and_the_station_may_have_a_new_one(
    world: World,
) -> None:
    service = world.services.stations
    old = service.retire_entry(OPERATOR, world.entry, "停用")
    assert old.state is EntryState.RETIRED
    with pytest.raises(GoneError, match="entry_retired"):
        world.services.entries.ensure_open(world.entry)
    for end in (service.retire_entry, service.replace_entry):
        with pytest.raises(ConflictError, match="entry_already_ended"):
            end(OPERATOR, world.entry, "停用")
    new = service.create_entry(OPERATOR, world.campaign, world.stations["CS01"])
    assert new.state is EntryState.OPEN


@pytest.mark.parametrize("reason", ["", " ", "由" * 201])
def test_an_entry_is_not_ended_without_a_reason(world: World, reason: str) -> None:
    service = world.services.stations
    for end in (service.retire_entry, service.replace_entry):
        with pytest.raises(InvalidInputError):
            end(OPERATOR, world.entry, reason)


def test_a_station_has_one_live_entry(world: World) -> None:
    service = world.services.stations
    with pytest.raises(ConflictError, match="entry_exists"):
        service.create_entry(OPERATOR, world.campaign, world.stations["CS01"])
    with pytest.raises(NotFoundError, match="campaign_not_found"):
        service.create_entry(OPERATOR, 999, world.stations["CS01"])
    with pytest.raises(NotFoundError, match="station_not_found"):
        service.create_entry(OPERATOR, world.campaign, 999)


def test_a_station_has_one_live_entry_also_when_many_ask_at_once(world: World) -> None:
    station, service = _create(world).id, world.services.stations
    answers = at_once(
        [lambda: service.create_entry(OPERATOR, world.campaign, station)] * 12,
        threads=12,
    )
    assert len([a for a in answers if isinstance(a, EntryAdminView)]) == 1
    refused = {a.code for a in answers if isinstance(a, DomainError)}
    assert refused == {"entry_exists"}


def test_an_entry_replaced_by_many_at_once_has_one_successor(world: World) -> None:
    service = world.services.stations
    answers = at_once(
        [lambda: service.replace_entry(OPERATOR, world.entry, "破损")] * 8, threads=8
    )
    assert len([a for a in answers if isinstance(a, EntryAdminView)]) == 1
    assert {type(a) for a in answers if isinstance(a, DomainError)} == {ConflictError}
    live = [
        entry
        for entry in service.entries(world.staff["cs01"], world.campaign)
        if entry.ended_at is None
    ]
    assert len(live) == 1


def test_an_entry_opens_and_closes_with_its_campaign(world: World) -> None:
    service, now = world.services.entries, world.clock.now()
    assert service.ensure_open(world.entry).station.code == "CS01"
    world.clock.at = now - timedelta(days=2)
    with pytest.raises(ConflictError, match="campaign_not_open"):
        service.ensure_open(world.entry)
    world.clock.at = now + timedelta(days=30)
    with pytest.raises(GoneError, match="campaign_closed"):
        service.ensure_open(world.entry)
    with pytest.raises(NotFoundError, match="entry_not_found"):
        service.open("nowhere")


def test_campaigns_are_listed_newest_first(world: World) -> None:
    world.services.roster.create_campaign(OPERATOR, new_campaign(world, name="更晚"))
    listed = world.services.stations.campaigns(world.staff["cs01"])
    assert [campaign.name for campaign in listed] == ["更晚", "2026届样例采集"]


@pytest.mark.needs("cjk-font")
def test_what_a_station_prints(world: World) -> None:
    posters, who = world.services.posters, world.staff["cs01"]
    starts = {
        posters.pdf: b"%PDF",
        posters.png: b"\x89PNG",
        posters.code_png: b"\x89PNG",
        posters.code_svg: b"<svg",
    }
    for draw, start in starts.items():
        media = draw(who, world.entry)
        assert media.data.startswith(start)
        assert "CS01" in media.filename
        with pytest.raises(NotFoundError, match="entry_not_found"):
            draw(who, world.entries["ZZ02"])


@pytest.mark.needs("cjk-font")
def test_nothing_is_printed_of_an_ended_entry(world: World) -> None:
    posters = world.services.posters
    world.services.stations.replace_entry(OPERATOR, world.entry, "破损")
    world.services.stations.retire_entry(OPERATOR, world.entries["ZZ02"], "停用")
    for draw in (posters.pdf, posters.png, posters.code_png, posters.code_svg):
        for token in world.entries.values():
            with pytest.raises(ConflictError, match="entry_already_ended"):
                draw(OPERATOR, token)
    for draw_all in (posters.all_pdf, posters.all_zip):
        with pytest.raises(ConflictError, match="no_live_entries"):
            draw_all(world.staff["zz02"], world.campaign)
    states = posters.states(OPERATOR, world.campaign)
    assert [(s.entry.station.code, s.recall) for s in states] == [
        ("CS01", False),
        ("ZZ02", True),
        ("CS01", True),
    ]


@pytest.mark.needs("cjk-font")
def test_the_posters_of_all_stations_come_in_one_file_and_are_listed(
    world: World,
) -> None:
    posters = world.services.posters
    media = posters.all_pdf(world.staff["admin"], world.campaign, size=Size.SIGN)
    assert media.filename == f"signs-{world.campaign}.pdf"
    sheets = PdfDocument(media.data)
    assert [tuple(map(round, page.get_size())) for page in sheets] == [(283, 283)] * 2
    archives = [
        b"".join(posters.all_zip(OPERATOR, world.campaign, size=Size.A3).chunks)
        for _ in range(2)
    ]
    assert archives[0] == archives[1]
    with ZipFile(BytesIO(archives[0])) as archive:
        assert archive.namelist() == [
            "001-CS01-长沙样例函授站.pdf",
            "002-ZZ02-株洲示范函授站.pdf",
        ]
        assert all(
            archive.read(name).startswith(b"%PDF") for name in archive.namelist()
        )
    world.clock.move(minutes=1)
    posters.pdf(world.staff["cs01"], world.entry)
    first, second = posters.states(OPERATOR, world.campaign)
    assert [(p.size, p.who) for p in first.prints] == [
        ("sign", "admin"),
        ("A3", OPERATOR.username),
        ("A4", "cs01"),
    ]
    assert first.prints[-1].at == world.clock.now()
    assert [p.size for p in second.prints] == ["sign", "A3"]
    (own,) = posters.states(world.staff["cs01"], world.campaign)
    assert own == first
    events = world.services.audit.page(OPERATOR).items[2::-1]
    assert [event.detail for event in events] == [
        "A3 zip, 2: CS01, ZZ02",
        "A3 zip, 2: CS01, ZZ02",
        "A4 pdf, 1: CS01",
    ]


@pytest.mark.needs("cjk-font")
def test_a_station_gets_its_own_posters_only(world: World) -> None:
    media = world.services.posters.all_pdf(world.staff["zz02"], world.campaign)
    assert len(PdfDocument(media.data)) == 1
    with pytest.raises(NotFoundError, match="campaign_not_found"):
        world.services.posters.all_zip(world.staff["zz02"], world.campaign + 1)


def test_a_poster_tells_the_days_of_the_school_s_zone(world: World) -> None:
    spec = poster_spec(world.services.stations.entry(OPERATOR, world.entry))
    assert spec.window == "2026年3月9日 至 2026年4月9日"
    assert spec.url.endswith(f"/s/{world.entry}")
