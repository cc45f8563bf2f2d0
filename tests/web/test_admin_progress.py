"""The start page, the people behind its numbers, and reminding who is missing."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
from sqlalchemy import delete

from backend.db.models import Campaign, Entry, Student
from backend.domain.progress import Group, Stage
from backend.services.staff import OPERATOR
from tests.factories import make_student
from tests.services.worlds import new_student
from tests.web.console import School, make_school, send


@pytest.fixture
def school(tmp_path: Path) -> School:
    """Two are pending, one of them will be returned; one is bound; nine are not."""
    school = make_school(tmp_path)
    school.hand_in(0)
    returned = school.hand_in(1, station="ZZ02")
    school.bind(2)
    school.services.reviews.decide(
        OPERATOR,
        returned.public_id,
        action="return",
        reasons=("背景不干净",),
        note="",
        expected_version=returned.version,
    )
    return school


def numbers_of(text: str) -> dict[str, int]:
    """Return the numbers of the start page's tiles by the part they lead to."""
    found = re.findall(
        r'part=(\w+)"><span class="figure-name">[^<]+</span><b class="num">(\d+)<', text
    )
    return {part: int(count) for part, count in found}


def test_every_number_leads_to_as_many_people(school: School) -> None:
    client = school.client("admin")
    home = client.get("/admin/").text
    numbers = numbers_of(home)
    assert numbers == {
        "expected": 12,
        "bound": 3,
        "submitted": 2,
        "pending": 1,
        "passed": 0,
        "to_redo": 1,
        "not_handed_in": 1,
        "never_scanned": 9,
    }
    links = re.findall(
        r'href="(/admin/campaigns/\d+/students\?[^"]+)"[^>]*>(.*?)</a>', home
    )
    checked = 0
    for address, inside in links:
        (shown,) = re.findall(r"(?:^|>|\s)(\d+)(?:<|$)", inside)
        listing = client.get(unescape(address)).text
        assert f'<span class="lead num">{shown} 人</span>' in listing, address
        assert listing.count("<tr>") - 1 == int(shown) or shown == "0", address
        checked += 1
    assert checked > 12
    assert "还剩 90 天" in home


def test_a_station_sees_its_own_numbers_and_people(school: School) -> None:
    client = school.client("zz02")
    home = client.get("/admin/").text
    assert numbers_of(home)["expected"] == 6
    assert "长沙样例函授站" not in home
    at = f"/admin/campaigns/{school.campaign}"
    listing = client.get(f"{at}/students").text
    assert make_student(1).student_no in listing
    assert make_student(0).student_no not in listing
    other = school.stations["CS01"]
    for page in ("students", "students.xlsx", "students.csv", "missing"):
        assert client.get(f"{at}/{page}?station={other}").status_code == 404, page
    assert (
        send(client, "/admin/", f"{at}/reminders", station=str(other)).status_code
        == 404
    )


def test_a_list_is_narrowed_sorted_and_paged_by_its_address(school: School) -> None:
    client = school.client("reviewer")
    at = f"/admin/campaigns/{school.campaign}/students"
    listing = client.get(
        f"{at}?station={school.stations['ZZ02']}&class=-&part=returned&year=2026"
        f"&level={make_student(1).level}&sort=class"
    ).text
    assert "1 人</span>" in listing
    assert "背景不干净" in listing
    assert 'aria-sort="ascending"' in listing
    assert re.search(r"students\.xlsx\?[^\"]*part=returned", listing)
    assert "没有符合条件的学生" in client.get(f"{at}?class=none").text
    assert "12 人</span>" in client.get(f"{at}?part=nothing&sort=nothing").text
    assert client.get(f"{at}?cursor=x").status_code == 400


def test_pages_of_a_list_name_nobody_in_their_addresses(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.web.admin.progress._PAGE_ROWS", 5)
    client = school.client("admin")
    address: str | None = f"/admin/campaigns/{school.campaign}/students?sort=student_no"
    seen: list[str] = []
    while address is not None:
        text = client.get(address).text
        seen += re.findall(r'data-label="学号" class="num">(\d+)<', text)
        found = re.search(r'accesskey="n" href="([^"]+)"', text)
        address = unescape(found[1]) if found else None
        assert not any(no in (address or "") for no in seen)
    assert seen == [make_student(n).student_no for n in range(12)]


@pytest.mark.parametrize(
    ("kind", "mark"), [("xlsx", b"PK"), ("csv", "\ufeff函授站代码".encode())]
)
def test_a_list_is_handed_out_as_a_sheet(
    school: School, kind: str, mark: bytes
) -> None:
    answer = school.client("reviewer").get(
        f"/admin/campaigns/{school.campaign}/students.{kind}?part=missing",
        buffered=True,
    )
    assert answer.data.startswith(mark)
    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith("attachment")
    assert disposition.endswith(f".{kind}")
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_classs_text_is_there_to_copy(school: School) -> None:
    client = school.client("admin")
    at = f"/admin/campaigns/{school.campaign}/missing"
    overview = client.get(at).text
    station = school.stations["ZZ02"]
    assert f"{at}?station={station}" in overview
    text = client.get(f"{at}?station={station}").text
    (chat,) = re.findall(r"<textarea[^>]*readonly>(.*?)</textarea>", text, re.DOTALL)
    assert make_student(1).name in chat
    assert make_student(1).student_no not in chat
    assert f"http://localhost/s/{school.entries['ZZ02']}" in chat
    assert 'data-copy="text-1"' in text


def test_reminding_asks_once_and_says_so(school: School) -> None:
    at = f"/admin/campaigns/{school.campaign}"
    client = school.client("cs01")
    page = client.get(f"{at}/missing").text
    assert "<b>5</b> 人提醒不到" in page
    done = send(client, f"{at}/missing", f"{at}/reminders", part="missing")
    assert done.status_code == 303
    assert "没有可以提醒的人" in client.get(done.location).text
    reviewer = school.client("reviewer")
    assert "用微信提醒" not in reviewer.get(f"{at}/missing").text
    school.clock.at += timedelta(days=91)
    client = school.client("cs01")
    late = send(client, f"{at}/missing", f"{at}/reminders")
    assert late.status_code == 410
    assert "已经结束" in late.text
    assert "批次已截止，不能再提醒" in late.text


@pytest.mark.parametrize("username", ["admin", "reviewer", "cs01"])
def test_an_empty_school_is_told_the_way(tmp_path: Path, username: str) -> None:
    school = make_school(tmp_path, students=0)
    client = school.client(username)
    steps = "导入名册" if username == "admin" else "由学院管理员准备"
    text = client.get("/admin/").text
    assert "这个批次还没有学生" in text
    assert steps in text
    school.services.roster.add_students(
        OPERATOR, school.campaign, [new_student(make_student(0), "CS01")]
    )
    with school.db.transaction() as session:
        session.execute(delete(Entry))
    assert "没有可以扫的入口" in client.get("/admin/").text
    with school.db.transaction() as session:
        for table in (Student, Campaign):
            session.execute(delete(table))
    text = client.get("/admin/").text
    assert "还没有批次" in text
    assert ("建立函授站" in text) == (username == "admin")
    assert client.get("/admin/?campaign=1").status_code == 404


def test_the_api_gives_the_same_numbers_and_people(school: School) -> None:
    client = school.client("admin")
    at = f"/api/v1/admin/campaigns/{school.campaign}"
    body = client.get(f"{at}/progress").get_json()
    shown = numbers_of(client.get("/admin/").text)
    groups, stages = body["numbers"]["groups"], body["numbers"]["stages"]
    assert {part: (groups | stages)[part] for part in shown} == shown
    assert set(groups) == set(Group)
    assert sum(stages.values()) == groups["enrolled"]
    assert {item["station"]["code"] for item in body["stations"]} == {"CS01", "ZZ02"}
    assert sum(day["submitted"] for day in body["days"]) == groups["submitted"]
    page = client.get(f"{at}/students?part=missing&limit=8&order=student_no").get_json()
    rest = client.get(
        f"{at}/students?part=missing&limit=8&order=student_no&cursor={page['next_cursor']}"
    ).get_json()
    numbers = [item["student_no"] for item in page["items"] + rest["items"]]
    assert numbers == [make_student(n).student_no for n in range(1, 12)]
    assert {item["stage"] for item in page["items"]} <= set(Stage)
    assert client.get(f"{at}/students?part=nothing").status_code == 400
    assert (
        school.client("cs01")
        .get(f"{at}/students?station_id={school.stations['ZZ02']}")
        .status_code
        == 404
    )
