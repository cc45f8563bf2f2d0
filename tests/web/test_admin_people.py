"""Accounts, invitations, second factors and sessions, as pages."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from backend.crypto.totp import code_at
from tests.web.console import ADDRESS, PASSWORD, School, csrf_of, make_school, send

NEW_PASSWORD = "another invented passphrase"
INVITED = {"display_name": "新老师", "username": "xin", "role": "station"}


@pytest.fixture
def school(tmp_path: Path) -> School:
    return make_school(tmp_path, students=0)


def staff_id(school: School, username: str) -> int:
    session = school.services.staff.sign_in(username, PASSWORD, address=ADDRESS)
    return session.session.user.id


def code(school: School, page: str) -> str:
    secret = re.search(r"<code>([A-Z2-7 ]{39})</code>", page)
    assert secret is not None
    return code_at(secret[1].replace(" ", ""), school.clock.now())


def link(page: str) -> str:
    found = re.search(r'value="http://localhost/admin/invitation#([\w-]{43})"', page)
    assert found is not None
    return found[1]


def code_of(answer: TestResponse) -> str:
    """Return the code of a problem."""
    return str((answer.json or {}).get("code"))


def sign_in(client: FlaskClient, username: str, password: str = PASSWORD) -> str:
    """Send the sign-in form; return where it leads."""
    page = "/admin/sign-in"
    answer = send(client, page, page, username=username, password=password)
    assert answer.status_code == 303
    return answer.location


def test_an_invited_person_sets_a_password_and_signs_in(school: School) -> None:
    admin, page = school.client("admin"), "/admin/staff/invitations/new"
    station = str(school.stations["CS01"])
    empty = send(admin, page, page, username="", display_name="")
    assert empty.status_code == 400
    assert "函授站账号要指定函授站" in empty.text
    made = send(admin, page, page, **INVITED, station=station)
    token = link(made.text)
    again = send(admin, page, page, **INVITED, station=station)
    assert again.status_code == 409
    assert 'value="xin"' in again.text
    assert "新老师" in admin.get("/admin/staff").text

    client, page = school.client(), "/admin/invitation"
    opened = client.get(page)
    assert opened.headers["Referrer-Policy"] == "no-referrer"
    assert send(client, page, page, token="x").status_code == 404
    looked = send(client, page, page, token=f"http://localhost{page}#{token}")
    assert "新老师" in looked.text
    assert looked.headers["Referrer-Policy"] == "no-referrer"
    to, fields = f"{page}/password", {"token": token}
    typo = send(client, page, to, **fields, password=NEW_PASSWORD, again="typo")
    assert (typo.status_code, "不一样" in typo.text) == (400, True)
    short = send(client, page, to, **fields, password="short", again="short")
    assert (short.status_code, "至少 12 个字符" in short.text) == (400, True)
    both = {"password": NEW_PASSWORD, "again": NEW_PASSWORD}
    forged = client.post(to, data=fields | both | {"csrf_token": "forged"})
    assert forged.status_code == 403
    done = send(client, page, to, **fields, **both)
    assert "密码已设好" in client.get(done.location).text
    assert sign_in(client, "xin", NEW_PASSWORD) == "/admin/"
    assert send(client, page, to, **fields, **both).status_code == 410


def test_an_invitation_is_given_a_new_link_or_withdrawn(school: School) -> None:
    admin, page = school.client("admin"), "/admin/staff"
    form = "/admin/staff/invitations/new"
    made = send(admin, form, form, **INVITED | {"role": "reviewer", "station": "1"})
    school.clock.at += timedelta(days=8)
    admin = school.client("admin")
    assert "已过期" in admin.get(page).text
    fresh = send(admin, page, f"{page}/invitations/1/link")
    assert link(fresh.text) != link(made.text)
    gone = send(admin, page, f"{page}/invitations/1/withdrawal")
    assert "邀请已撤回" in admin.get(gone.location).text
    assert send(admin, page, f"{page}/invitations/1/link").status_code == 404


def test_a_person_is_changed_disabled_and_enabled(school: School) -> None:
    admin, cs01 = school.client("admin"), staff_id(school, "cs01")
    page = f"/admin/staff/{cs01}"
    assert "长沙样例函授站" in admin.get(page).text
    wrong = send(admin, page, page, display_name="新名字", role="station", station="")
    assert wrong.status_code == 400
    assert 'value="新名字"' in wrong.text
    changed = send(
        admin,
        page,
        page,
        display_name="新名字",
        role="station",
        station=str(school.stations["ZZ02"]),
    )
    listing = admin.get(changed.location).text
    assert "已保存" in listing
    assert "新名字" in listing
    for act, said in (
        ("sign-out", "登录已全部结束"),
        ("disabling", "账号已停用"),
        ("enabling", "账号已启用"),
    ):
        answer = send(admin, page, f"{page}/{act}")
        assert said in admin.get(answer.location).text
    renewed = send(admin, page, f"{page}/password-link")
    assert link(renewed.text)
    none = send(admin, page, f"{page}/second-factor-reset")
    assert (none.status_code, "没有设置两步验证" in none.text) == (409, True)
    send(admin, page, f"{page}/disabling")
    assert send(admin, page, f"{page}/password-link").status_code == 409
    assert admin.get("/admin/staff/999").status_code == 404


def test_the_last_administrator_is_kept_and_the_page_says_why(school: School) -> None:
    admin, own = school.client("admin"), staff_id(school, "admin")
    page = f"/admin/staff/{own}"
    assert "您自己" in admin.get(page).text
    for to, fields in (
        (f"{page}/disabling", {}),
        (page, {"display_name": "x", "role": "reviewer"}),
    ):
        answer = send(admin, page, to, **fields)
        assert answer.status_code == 409
        assert "最后一个能用的管理员" in answer.text


def test_own_sessions_are_listed_and_ended(school: School) -> None:
    here, there = school.client(), school.client("cs01")
    sign_in(here, "cs01")
    third = school.client("cs01")
    page = "/admin/account"
    listed = here.get(page).text
    assert listed.count("/account/sessions/") == 3
    ids = re.findall(r"/account/sessions/(\d+)/end", listed)
    ended = send(here, page, f"/admin/account/sessions/{ids[-1]}/end")
    assert "登录已结束" in here.get(ended.location).text
    assert there.get(page).status_code == 302
    send(here, page, "/admin/account/sessions/end-others")
    assert third.get(page).status_code == 302
    assert here.get(page).status_code == 200
    foreign = school.services.staff.sign_in("zz02", PASSWORD, address=ADDRESS)
    to = f"/admin/account/sessions/{foreign.session.id}/end"
    assert send(here, page, to).status_code == 404


def test_a_second_factor_is_set_up_asked_for_and_taken_away(school: School) -> None:
    client, page = school.client("reviewer"), "/admin/second-factor"
    assert "开始设置" in client.get(page).text
    shown = client.get(send(client, page, f"{page}/begin").location).text
    assert "<svg" in shown
    wrong = send(client, page, page, totp="000000")
    assert (wrong.status_code, "验证码不对" in wrong.text) == (400, True)
    done = send(client, page, page, totp=code(school, shown))
    codes = re.findall(r"<code>([a-z2-9]{5}-[a-z2-9]{5})</code>", done.text)
    assert len(codes) == 10
    assert "已开启" in client.get("/admin/account").text

    school.clock.at += timedelta(seconds=30)
    other = school.client()
    step = sign_in(other, "reviewer")
    assert step.startswith("/admin/sign-in/code")
    assert other.get("/admin/").status_code == 302
    to = "/admin/sign-in/code"
    assert send(other, step, to, totp="000000").status_code == 401
    forged = other.post(to, data={"totp": code(school, shown)})
    assert forged.status_code == 403
    entered = send(other, step, to, totp=code(school, shown), next="/admin/account")
    assert (entered.status_code, entered.location) == (303, "/admin/account")
    assert other.get("/admin/account").status_code == 200
    # The waiting sign-in is gone, and nothing of it is left in the browser.
    assert other.get(to).status_code == 302
    late = other.post(
        to, data={"totp": codes[0], "csrf_token": csrf_of(other.get("/admin/sign-in"))}
    )
    assert (late.status_code, "等待得太久" in late.text) == (401, True)

    renewed = send(other, page, f"{page}/codes", totp=codes[0])
    assert "只显示这一次" in renewed.text
    refused = send(other, page, f"{page}/removal", totp=codes[1])
    assert refused.status_code == 400
    fresh = re.findall(r"<code>([a-z2-9]{5}-[a-z2-9]{5})</code>", renewed.text)
    removed = send(other, page, f"{page}/removal", totp=fresh[0])
    assert "已停用" in other.get(removed.location).text
    assert sign_in(school.client(), "reviewer") == "/admin/"


def test_guessing_codes_is_slowed_down_on_every_form(school: School) -> None:
    client, page = school.client("reviewer"), "/admin/second-factor"
    shown = client.get(send(client, page, f"{page}/begin").location).text
    send(client, page, page, totp=code(school, shown))
    for _ in range(5):
        send(client, page, f"{page}/removal", totp="000000")
    for act in ("removal", "codes"):
        assert send(client, page, f"{page}/{act}", totp="0").status_code == 429
    other = school.client()
    step = sign_in(other, "reviewer")
    answer = send(other, step, "/admin/sign-in/code", totp="0")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


def test_where_it_is_required_an_administrator_sets_it_up_first(
    tmp_path: Path,
) -> None:
    school = make_school(tmp_path, students=0, require_admin_totp=True)
    client, page = school.client(), "/admin/second-factor"
    sign_in(client, "admin")
    for path in ("/admin/", "/admin/staff", "/admin/account"):
        answer = client.get(path)
        assert (answer.status_code, answer.location) == (302, page), path
    shown = client.get(page)
    assert "管理员要先设置两步验证" in shown.text
    token = {"csrf_token": csrf_of(shown)}
    assert (
        client.post("/admin/account/sessions/end-others", data=token).status_code == 403
    )
    refused = client.get("/api/v1/admin/stations")
    assert (refused.status_code, code_of(refused)) == (
        403,
        "totp_enrolment_required",
    )
    shown = client.get(client.post(f"{page}/begin", data=token).location)
    client.post(page, data=token | {"totp": code(school, shown.text)})
    assert client.get("/admin/staff").status_code == 200
    # The others may do without.
    assert school.client("reviewer").get("/admin/").status_code == 200


def test_a_program_sends_the_code_with_the_password(school: School) -> None:
    client, page = school.client("reviewer"), "/admin/second-factor"
    shown = client.get(send(client, page, f"{page}/begin").location).text
    send(client, page, page, totp=code(school, shown))
    school.clock.at += timedelta(seconds=30)
    program, to = school.client(), "/api/v1/admin/sessions"
    body = {"username": "reviewer", "password": PASSWORD}
    without = program.post(to, json=body)
    assert (without.status_code, code_of(without)) == (401, "totp_required")
    wrong = program.post(to, json=body | {"totp": "000000"})
    assert (wrong.status_code, code_of(wrong)) == (401, "totp_wrong")
    right = program.post(to, json=body | {"totp": code(school, shown)})
    assert right.status_code == 201
    assert '"username":"reviewer"' in right.text.replace(" ", "")


def test_accounts_and_what_roles_may_do_are_listed(school: School) -> None:
    listing = school.client("admin").get("/admin/staff").text
    assert "株洲示范函授站" in listing
    assert "谁能做什么" in listing
    assert "1 处登录中" in listing


def test_the_audit_log_is_filtered_paged_and_exported(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.services.audit._PAGE", 2)
    client = school.client("admin")
    page = client.get("/admin/audit").text
    assert "末尾的签名与最后一条相符" in page
    found = client.get("/admin/audit?group=staff&who=operator&target=staff:")
    link = re.search(r'accesskey="n" href="([^"]+)"', found.text)
    assert link is not None
    second = client.get(link[1].replace("&amp;", "&")).text
    assert "staff.add" in second
    assert "station.create" not in found.text + second
    assert "最新的" in second
    nothing = client.get("/admin/audit?from=2031-01-01&to=nonsense").text
    assert "没有符合的记录" in nothing
    today = client.get("/admin/audit?from=2026-03-02&to=2026-03-02").text
    assert "staff.sign_in" in today
    for sheet in ("csv", "xlsx"):
        answer = client.get(f"/admin/audit/export.{sheet}?group=station")
        assert answer.headers["Content-Disposition"].startswith("attachment")
        if sheet == "csv":
            lines = answer.data.decode("utf-8-sig").splitlines()
        else:
            book = openpyxl.load_workbook(io.BytesIO(answer.data))
            lines = [str(row) for row in book.worksheets[0].values]
        assert len(lines) == 3
        assert "station.create" in lines[1]
    assert "audit.export" in client.get("/admin/audit").text


def test_the_chain_is_checked_when_asked_for(school: School) -> None:
    client = school.client("admin")
    assert "记录链完整" in client.get("/admin/audit?check=1").text
    run = school.db.engine.begin
    with run() as connection:
        connection.exec_driver_sql(
            "UPDATE audit_events SET detail = 'nothing happened' WHERE id = 2"
        )
    broken = client.get("/admin/audit?check=1").text
    assert "记录链在第 2 条断开" in broken
    assert "row-bad" in broken
    with run() as connection:
        connection.exec_driver_sql("UPDATE audit_heads SET rows = 1")
    assert "签名是伪造的" in client.get("/admin/audit").text


def test_rows_cut_off_at_the_end_show_on_the_page(school: School) -> None:
    client = school.client("admin")
    with school.db.engine.begin() as connection:
        connection.exec_driver_sql(
            "DELETE FROM audit_events WHERE id = (SELECT max(id) FROM audit_events)"
        )
    for path in ("/admin/audit", "/admin/audit?check=1"):
        assert "记录链末尾少了记录" in client.get(path).text
