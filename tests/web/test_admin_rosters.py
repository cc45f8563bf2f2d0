"""The console and the staff API for campaigns' rules, rosters and students."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from backend.db.models import Student
from backend.services.staff import OPERATOR
from backend.sheets.read import sheet_rows
from backend.sheets.write import csv_lines
from tests.factories import make_student
from tests.web.console import START, School, csrf_of, make_school, send

HEADINGS = ("函授站", "姓名", "学号", "身份证号", "层次", "专业", "毕业届")


@pytest.fixture
def school(tmp_path: Path) -> School:
    return make_school(tmp_path)


@pytest.fixture
def admin(school: School) -> FlaskClient:
    return school.client("admin")


def row(n: int, **changes: str) -> list[str]:
    student = make_student(n)
    cells = {
        "函授站": "CS01",
        "姓名": student.name,
        "学号": student.student_no,
        "身份证号": student.id_number,
        "层次": student.level,
        "专业": "保险学",
        "毕业届": "2026",
    } | changes
    return [cells[heading] for heading in HEADINGS]


def sheet(*rows: list[str], headings: tuple[str, ...] = HEADINGS) -> io.BytesIO:
    return io.BytesIO(b"".join(csv_lines(headings, rows)))


def upload(school: School, client: FlaskClient, data: io.BytesIO) -> TestResponse:
    page = f"/admin/rounds/{school.campaign}/roster"
    return client.post(
        f"{page}/imports",
        data={"csrf_token": csrf_of(client.get(page)), "roster": (data, "名册.csv")},
    )


def student_id(school: School, n: int) -> int:
    with school.db.reading() as session:
        return session.scalars(
            select(Student.id).where(Student.student_no == make_student(n).student_no)
        ).one()


def local(days: float) -> str:
    return (START + timedelta(days=days, hours=8)).strftime("%Y-%m-%dT%H:%M")


def test_a_file_is_looked_through_and_imported(
    school: School, admin: FlaskClient
) -> None:
    sent = upload(
        school,
        admin,
        sheet(row(0, 专业="会计学"), row(20), row(21, 函授站="没有的站")),
    )
    assert sent.status_code == 303
    shown = admin.get(sent.location).text
    assert "没有这个函授站" in shown
    assert "只导入没有错误的 2 行" in shown
    assert make_student(21).id_number not in shown
    changes = admin.get(f"{sent.location}?list=changes").text
    assert "<del>保险学</del> <ins>会计学</ins>" in changes
    missing = admin.get(f"{sent.location}?list=missing").text
    assert make_student(2).student_no in missing
    assert "没有提醒" in admin.get(f"{sent.location}?list=warnings").text
    file = admin.get(f"{sent.location}/problems.xlsx")
    assert len(list(sheet_rows(io.BytesIO(file.data)))) == 2
    refused = send(admin, sent.location, f"{sent.location}/apply", rows="all")
    assert refused.status_code == 422
    assert "有 1 行有错误" in refused.text
    done = send(admin, sent.location, f"{sent.location}/apply", rows="good")
    assert "已写入名册" in admin.get(done.location).text
    roster = admin.get(f"/admin/rounds/{school.campaign}/roster").text
    assert make_student(20).student_no in roster
    assert "名册.csv" in roster
    late = send(admin, "/admin/rounds/new", f"{sent.location}/discard")
    assert late.status_code == 409


def test_columns_are_mapped_and_an_import_is_given_up(
    school: School, admin: FlaskClient
) -> None:
    headings = ("站", "甲", "乙", "丙", "丁", "戊", "己")
    page = upload(school, admin, sheet(row(20), headings=headings)).location
    assert "还不知道这几项在哪一列" in admin.get(page).text
    order = ("station", "name", "student_no", "id_number", "level", "major")
    chosen = {f"column-{name}": str(at) for at, name in enumerate(order)}
    wrong = send(
        admin, page, f"{page}/mapping", **chosen, **{"column-sex": "0"}, year="2026"
    )
    assert wrong.status_code == 400
    mapped = send(admin, page, f"{page}/mapping", **chosen, year="2026")
    assert "导入 1 行" in admin.get(mapped.location).text
    gone = send(admin, page, f"{page}/discard")
    assert "已放弃这次导入" in admin.get(gone.location).text
    assert "这次导入已放弃" in admin.get(page).text
    assert send(admin, page, f"{page}/apply", rows="all").status_code == 409
    again = send(admin, page, f"{page}/mapping", **chosen)
    assert again.status_code == 409


def test_what_is_no_sheet_says_so(school: School, admin: FlaskClient) -> None:
    page = upload(school, admin, io.BytesIO(b"%PDF-1.7")).location
    assert "这不是表格文件" in admin.get(page).text
    roster = f"/admin/rounds/{school.campaign}/roster"
    nothing = send(admin, roster, f"{roster}/imports")
    assert nothing.status_code == 400
    assert "没有收到文件" in nothing.text
    template = admin.get("/admin/rounds/roster-template.xlsx")
    assert len(list(sheet_rows(io.BytesIO(template.data)))) == 1


def test_an_import_under_way_shows_itself_again(
    school: School, admin: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    imports = school.app.extensions["bizhao"].services.roster_imports
    monkeypatch.setattr(imports._jobs, "wake", lambda _: None)
    page = upload(school, admin, sheet(row(20))).location
    shown = admin.get(page)
    assert shown.headers["Refresh"] == "2"
    assert "正在检查" in shown.text
    assert imports.work() == 1
    assert "Refresh" not in admin.get(page).headers


def test_a_campaign_is_created_changed_and_given_windows(
    school: School, admin: FlaskClient
) -> None:
    page = "/admin/rounds/new"
    shown = admin.get(page).text
    assert "样例大学" in shown
    form = {
        "name": "下一批",
        "school_name": "样例大学",
        "school_code": "",
        "graduating_years": "2026届、2027届",
        "opens_at": local(0),
        "closes_at": local(30),
        "policy": "notice-2025",
        "contact": "王老师",
        "notice_version": "1",
        "notice_text": "告知",
        "retention_text": "删除",
        "album_allowed": "yes",
        "background": "keep",
    }
    refused = send(admin, page, page, **(form | {"closes_at": "", "name": "没有截止"}))
    assert refused.status_code == 400
    assert 'value="没有截止"' in refused.text
    made = send(admin, page, page, **form)
    shown = admin.get(made.location).text
    assert "批次已建立" in shown
    assert 'value="2026、2027"' in shown
    place = made.location.partition("?")[0]
    clash = send(admin, place, place, **(form | {"name": "2026届样例采集"}))
    assert clash.status_code == 409
    saved = send(admin, place, place, **(form | {"closes_at": local(60)}))
    assert local(60) in admin.get(saved.location).text
    window = {
        "year": "2027",
        "level": "",
        "station": str(school.stations["CS01"]),
        "window_opens_at": local(1),
        "window_closes_at": local(9),
    }
    added = send(admin, place, f"{place}/windows", **window)
    assert "2027 届 · 长沙样例函授站" in admin.get(added.location).text
    twice = send(admin, place, f"{place}/windows", **window)
    assert "已经有一条采集时间" in twice.text
    empty = send(admin, place, f"{place}/windows", year="2027")
    assert empty.status_code == 400
    gone = send(admin, place, f"{place}/windows/1/remove")
    assert "没有单独规定" in admin.get(gone.location).text


def test_who_is_left_behind_is_counted_and_then_carried_over(
    school: School, admin: FlaskClient
) -> None:
    rules = school.services.campaigns.rules(OPERATOR, school.campaign)
    made = Caller(admin)("POST", "/campaigns", _campaign(), 201)
    key = made["campaign"]["id"]
    page = f"/admin/rounds/{key}/carry-over?source={school.campaign}"
    assert f"复制 {rules.students} 人" in admin.get(page).text
    place = f"/admin/rounds/{key}/carry-over"
    done = send(admin, page, place, source=str(school.campaign))
    assert done.status_code == 303
    assert "没有需要结转的学生" in admin.get(page).text
    same = f"{place}?source={key}"
    assert admin.get(same).status_code == 422
    assert send(admin, page, place, source=str(key)).status_code == 422
    assert "设置" in admin.get("/admin/rounds").text


def test_a_student_is_found_corrected_given_grace_and_released(
    school: School, admin: FlaskClient
) -> None:
    roster = f"/admin/rounds/{school.campaign}/roster"
    found = send(admin, roster, roster, text=make_student(3).student_no).text
    page = f"/admin/students/{student_id(school, 3)}"
    assert page in found
    assert make_student(4).student_no not in found
    assert "没有找到" in send(admin, roster, roster, text="无此人").text
    assert make_student(3).id_number not in admin.get(page).text
    form = {
        "name": "张改名",
        "student_no": make_student(3).student_no,
        "id_number": "",
        "level": "专升本",
        "major": "会计学",
        "graduating_year": "2026",
        "certificate_no": "999995202606000001",
        "station": str(school.stations["CS01"]),
        "reason": "证明已收",
    }
    wrong = send(admin, page, page, **(form | {"major": ""}))
    assert wrong.status_code == 400
    assert 'value="张改名"' in wrong.text
    assert "张改名" in admin.get(send(admin, page, page, **form).location).text
    assert send(admin, page, f"{page}/grace", reason="x").status_code == 400
    graced = send(admin, page, f"{page}/grace", grace_until=local(300), reason="病假")
    assert "宽限到" in admin.get(graced.location).text
    lifted = send(admin, page, f"{page}/grace", lift="1", reason="撤")
    assert "宽限到" not in admin.get(lifted.location).text
    assert send(admin, page, f"{page}/exemption", reason=" ").status_code == 400
    send(admin, page, f"{page}/exemption", reason="退学")
    assert "不需要交照片：退学" in admin.get(page).text
    send(admin, page, f"{page}/exemption", reason="复学", lift="1")
    assert "不需要交照片" not in admin.get(page).text


def test_a_station_finds_its_own_students_only(school: School) -> None:
    client = school.client("cs01")
    roster = client.get(f"/admin/rounds/{school.campaign}/roster").text
    assert make_student(0).student_no in roster
    assert make_student(1).student_no not in roster
    assert "导入名册" not in roster
    assert client.get("/admin/rounds").status_code == 200
    for n, status in ((0, 200), (1, 404)):
        key = student_id(school, n)
        assert client.get(f"/admin/students/{key}").status_code == status
        assert client.get(f"/api/v1/admin/students/{key}").status_code == status


def _csrf(client: FlaskClient) -> dict[str, str]:
    return {"X-CSRF-Token": csrf_of(client.get("/admin/"))}


def _campaign() -> dict[str, object]:
    return {
        "name": "2027届",
        "school_name": "样例大学",
        "graduating_years": [2027],
        "opens_at": START.isoformat(),
        "closes_at": (START + timedelta(days=9)).isoformat(),
        "policy": "notice-2025",
        "album_allowed": False,
        "contact": "王老师",
        "notice_version": "1",
        "notice_text": "告知",
        "retention_text": "删除",
    }


class Caller:
    """A program that is signed in as an administrator."""

    def __init__(self, client: FlaskClient) -> None:
        self.client, self.headers = client, _csrf(client)

    def __call__(
        self, method: str, path: str, body: object = None, status: int = 200
    ) -> Any:
        answer = self.client.open(
            f"/api/v1/admin{path}", method=method, json=body, headers=self.headers
        )
        assert answer.status_code == status, answer.text
        return answer.json


def test_programs_change_campaigns(school: School, admin: FlaskClient) -> None:
    call = Caller(admin)
    key = call("POST", "/campaigns", _campaign(), 201)["campaign"]["id"]
    changed = _campaign() | {"contact": "李老师", "graduating_years": [2026, 2027]}
    call("PUT", f"/campaigns/{key}", changed)
    span = {"opens_at": START.isoformat(), "closes_at": _campaign()["closes_at"]}
    windows = f"/campaigns/{key}/windows"
    made = call("POST", windows, span | {"year": 2027}, 201)["windows"][0]
    rules = call("PUT", f"{windows}/{made['id']}", span | {"level": "专升本"})
    assert rules["windows"][0]["level"] == "专升本"
    call("DELETE", f"{windows}/{made['id']}", status=204)
    assert call("GET", f"/campaigns/{key}")["windows"] == []
    source = {"source_id": school.campaign}
    assert call("POST", f"/campaigns/{key}/carry-over", source) == {"students": 12}


def test_programs_import_rosters(school: School, admin: FlaskClient) -> None:
    call = Caller(admin)
    file = sheet(row(0, 专业="会计学"), row(20), row(21, 层次=""))
    imports = f"/campaigns/{school.campaign}/roster-imports"
    sent = admin.post(
        f"/api/v1/admin{imports}",
        data={"roster": (file, "a.csv")},
        headers=call.headers,
    )
    assert sent.status_code == 201
    (listed,) = call("GET", imports)["items"]
    here = f"/roster-imports/{listed['id']}"
    assert call("GET", here)["counts"]["bad"] == 1
    problem = call("GET", f"{here}/problems")["items"][0]
    assert (problem["sheet_row"], problem["column"]) == (4, "E")
    assert (problem["field"], problem["message"]) == ("level", "没有填")
    change = call("GET", f"{here}/changes")["items"][0]
    assert change["fields"]["major"] == ["保险学", "会计学"]
    assert call("GET", f"{here}/missing")["items"]
    assert admin.get(f"/api/v1/admin{here}/problems.xlsx").status_code == 200
    mapping = call("GET", here)["mapping"]
    assert call("PUT", f"{here}/mapping", {"mapping": mapping})["state"] == "ready"
    call("POST", f"{here}/application", {}, 422)
    done = call("POST", f"{here}/application", {"good_rows_only": True})
    assert done["state"] == "applied"
    call("DELETE", here, status=409)


def test_programs_look_after_single_students(
    school: School, admin: FlaskClient
) -> None:
    call = Caller(admin)
    search = f"/campaigns/{school.campaign}/students/search"
    (line,) = call("POST", search, {"text": make_student(3).student_no})["items"]
    place = f"/students/{line['id']}"
    until = (START + timedelta(days=200)).isoformat()
    graced = call("PUT", f"{place}/grace", {"until": until, "reason": "病假"})
    assert graced["closes_at"].startswith(until[:16])
    call("PUT", f"{place}/exemption", {"exempt": True, "reason": "退学"})
    back = call("PUT", f"{place}/exemption", {"exempt": False, "reason": "复学"})
    assert back["line"]["exempt_reason"] is None
    assert "*" in call("GET", place)["id_number_masked"]


def test_a_student_reads_until_when_and_why_not(school: School) -> None:
    binding = school.bind(0)
    who = school.sessions[0].principal
    services = school.services
    assert services.bindings.get(who, binding.public_id).closes_at == START + timedelta(
        days=90
    )
    answer = school.app.test_client().get(f"/s/{school.entries['CS01']}")
    assert "截止时间" in answer.text
