from datetime import timedelta
from pathlib import Path

import pytest

from backend.web.admin.pages import safe_return
from backend.web.auth import STAFF_COOKIE
from tests.web.console import PASSWORD, School, csrf_of, make_school, send

PAGE = "/admin/sign-in"


@pytest.fixture
def school(tmp_path: Path) -> School:
    return make_school(tmp_path, students=0)


def test_signing_in_leads_back_to_the_page_that_was_wanted(school: School) -> None:
    client = school.client()
    turned_away = client.get("/admin/stations")
    assert turned_away.status_code == 302
    form = client.get(turned_away.location)
    assert "登录后会回到刚才的页面" in form.text
    answer = send(
        client, PAGE, PAGE, username="admin", password=PASSWORD, next="/admin/stations"
    )
    assert (answer.status_code, answer.location) == (303, "/admin/stations")
    cookie = client.get_cookie(STAFF_COOKIE)
    assert cookie is not None
    assert cookie.http_only
    assert cookie.same_site == "Lax"
    assert client.get("/admin/stations").status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/admin/",
        "//evil.example/admin/",
        "/\\evil.example",
        "/admin\\@evil.example",
        "\t//evil.example",
        "javascript:alert(1)",
        "/admin/../s/x",
        "/s/token",
        "/administrator",
        "",
    ],
)
def test_a_return_address_that_leaves_the_console_is_not_followed(
    school: School, address: str
) -> None:
    answer = send(
        school.client(), PAGE, PAGE, username="admin", password=PASSWORD, next=address
    )
    assert (answer.status_code, answer.location) == (303, "/admin/")


def test_a_return_address_inside_the_console_is_kept(school: School) -> None:
    with school.app.test_request_context():
        assert safe_return("/admin/records?status=pending") == (
            "/admin/records?status=pending"
        )


@pytest.mark.parametrize("username", ["admin", "nobody"])
def test_a_refusal_does_not_say_which_part_was_wrong(
    school: School, username: str
) -> None:
    answer = send(school.client(), PAGE, PAGE, username=username, password="wrong")
    assert answer.status_code == 401
    assert "用户名或密码不对" in answer.text


def test_nobody_is_signed_in_by_a_form_of_another_site(school: School) -> None:
    right = {"username": "admin", "password": PASSWORD}
    client, other = school.client(), school.client()
    token = csrf_of(other.get(PAGE))
    client.get(PAGE)
    for forged in ({}, {"csrf_token": token}, {"csrf_token": ""}):
        answer = client.post(PAGE, data=right | forged)
        assert answer.status_code == 403
        assert "已失效" in answer.text
        assert client.get_cookie(STAFF_COOKIE) is None
    # The page that says so holds what the next try needs.
    token = csrf_of(client.post(PAGE, data=right))
    again = client.post(PAGE, data=right | {"csrf_token": token})
    assert again.status_code == 303
    cookie = client.get_cookie("bizhao_gate")
    assert cookie is not None
    assert cookie.http_only


def test_too_many_wrong_passwords_lock_the_account_and_say_how_long(
    school: School,
) -> None:
    client = school.client()
    for _ in range(6):
        send(client, PAGE, PAGE, username="admin", password="wrong")
    answer = send(client, PAGE, PAGE, username="admin", password=PASSWORD)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["Retry-After"] in answer.text
    school.clock.at += timedelta(hours=2)
    again = send(client, PAGE, PAGE, username="admin", password=PASSWORD)
    assert again.status_code == 303


def test_an_idle_session_ends_and_asks_to_sign_in_again(school: School) -> None:
    client = school.client("admin")
    assert client.get("/admin/").status_code == 200
    school.clock.at += timedelta(hours=3)
    answer = client.get("/admin/stations")
    assert answer.status_code == 302
    assert answer.location.endswith("/admin/sign-in?next=/admin/stations")


def test_signing_out_ends_the_session_on_the_server(school: School) -> None:
    client = school.client("admin")
    cookie = client.get_cookie(STAFF_COOKIE)
    assert cookie is not None
    answer = send(client, "/admin/", "/admin/sign-out")
    assert answer.location == "/admin/sign-in"
    client.set_cookie(STAFF_COOKIE, cookie.value)
    assert client.get("/admin/").status_code == 302


def test_a_form_without_its_token_changes_nothing(school: School) -> None:
    client = school.client("admin")
    answer = client.post("/admin/sign-out", data={"csrf_token": "forged"})
    assert answer.status_code == 403
    assert "回到首页" in answer.text
    assert client.get("/admin/").status_code == 200


def test_the_password_can_be_changed_by_who_knows_it(school: School) -> None:
    client = school.client("reviewer")
    page = "/admin/password"
    new = "another long sentence"
    differing = send(client, page, page, old=PASSWORD, new=new, again="typo")
    assert differing.status_code == 400
    assert "两次输入的新密码不一样" in differing.text
    wrong = send(client, page, page, old="guess", new="short", again="short")
    assert wrong.status_code == 400
    assert "原密码不对" in wrong.text
    assert "至少 12 个字符" in wrong.text
    right = send(client, page, page, old=PASSWORD, new=new, again=new)
    assert right.status_code == 200
    assert "密码已修改" in right.text
    answer = send(school.client(), PAGE, PAGE, username="reviewer", password=new)
    assert answer.status_code == 303


def test_an_unknown_address_of_the_console_answers_in_its_own_look(
    school: School,
) -> None:
    answer = school.client().get("/admin/nothing-here")
    assert answer.status_code == 404
    assert "admin.css" in answer.text
