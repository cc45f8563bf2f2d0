"""Deliveries on the console's pages and in the API."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from pathlib import Path

import pypdfium2
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from backend.services.staff import OPERATOR
from backend.services.types import SubmissionView
from tests.factories import make_student
from tests.web.console import PASSWORD, School, csrf_of, make_school, send

ALL = "/admin/deliveries"
NEW = "/admin/deliveries/new"


@pytest.fixture
def school(tmp_path: Path) -> School:
    """A school where students 0 to 3 have approved portraits."""
    school = make_school(tmp_path)
    for n in range(4):
        approve(school, school.hand_in(n))
    return school


def approve(school: School, photo: SubmissionView) -> None:
    school.services.reviews.decide(
        OPERATOR,
        photo.public_id,
        action="approve",
        reasons=(),
        note="",
        expected_version=photo.version,
    )


def form(school: School, **changes: str) -> dict[str, str]:
    values = {
        "campaign": str(school.campaign),
        "profile": "school",
        "naming": "student_no",
        "pattern": "",
        "station": "",
        "year": "",
        "by_station": "",
    }
    return values | changes


def make(client: FlaskClient, school: School, **changes: str) -> str:
    """Make a delivery through the form and return its page's address."""
    answer = send(client, NEW, NEW, **form(school, **changes))
    assert answer.status_code == 303, answer.text
    return answer.location.split("?")[0]


def upload(school: School, client: FlaskClient, page: str, text: str) -> TestResponse:
    """Send a list of answers through the form of a page."""
    data = {
        "csrf_token": csrf_of(client.get(page)),
        "campaign": str(school.campaign),
        "file": (io.BytesIO(text.encode()), "list.csv"),
    }
    return client.post(
        "/admin/returned-lists", data=data, content_type="multipart/form-data"
    )


def test_a_delivery_is_looked_at_frozen_and_downloaded(school: School) -> None:
    client = school.client("admin")
    assert "还没有交付" in client.get(ALL).text
    preview = client.get(NEW, query_string=form(school))
    assert "<strong>4</strong>张新照片可以交付" in preview.text
    assert f"photos/{make_student(0).student_no}.jpg" in preview.text
    answer = send(client, NEW, NEW, **form(school))
    shown = client.get(answer.location)
    assert "已冻结并编号" in shown.text
    assert make_student(3).name in shown.text
    page = answer.location.split("?")[0]
    packages = [client.get(f"{page}/package.zip") for _ in range(2)]
    assert packages[0].data == packages[1].data
    assert packages[0].content_length == len(packages[0].data)
    assert "bizhao-2026-0001.zip" in packages[0].headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(packages[0].data)) as package:
        assert len(package.namelist()) == 4 + 3
    assert page.rsplit("/", 1)[1] in client.get(ALL).text


def test_problems_are_listed_and_left_out_on_request(school: School) -> None:
    client = school.client("admin")
    wanted = form(school, naming="exam_no")
    preview = client.get(NEW, query_string=wanted)
    assert "文件名要用的一项在名册里是空的" in preview.text
    refused = send(client, NEW, NEW, **wanted)
    assert (refused.status_code, "有 4 张照片不能放进" in refused.text) == (409, True)
    nothing = send(client, NEW, NEW, **wanted, leave_out="yes")
    assert "没有可以交付的新照片" in nothing.text


@pytest.mark.parametrize(
    ("pattern", "said"),
    [("{性别}", "花括号里有不认识的项目"), ("photo", "格式里要有花括号里的项目")],
)
def test_a_wrong_pattern_is_explained_beside_its_field(
    school: School, pattern: str, said: str
) -> None:
    client = school.client("admin")
    wanted = form(school, naming="pattern", pattern=pattern)
    answer = client.get(NEW, query_string=wanted)
    assert (answer.status_code, said in answer.text) == (400, True)
    assert send(client, NEW, NEW, **wanted).status_code == 400


def test_no_campaign_is_no_delivery(school: School) -> None:
    client = school.client("admin")
    answer = send(client, NEW, NEW, **form(school, campaign=""))
    assert (answer.status_code, "预览" in answer.text) == (200, True)
    assert client.get(f"{ALL}/2026-0001").status_code == 404


def test_an_outside_unit_has_no_choice_of_names(school: School) -> None:
    client = school.client("admin")
    page = make(client, school, profile="collecting_unit", naming="id_number")
    shown = client.get(page).text
    assert "photos/000001.jpg" in shown
    assert make_student(0).name not in shown
    assert "核对表" not in shown
    assert client.get(f"{page}/check-sheet.pdf").status_code == 404


def test_a_cancelled_delivery_says_so_and_gives_nothing(school: School) -> None:
    client = school.client("admin")
    page = make(client, school)
    cancelled = send(client, page, f"{page}/cancel")
    shown = client.get(cancelled.location).text
    assert "已撤销。照片回到“已通过”" in shown
    assert "package.zip" not in shown
    assert client.get(f"{page}/package.zip").status_code == 410


@pytest.mark.needs("cjk-font")
def test_the_check_sheet_has_a_page_a_class_and_masks_numbers(school: School) -> None:
    client = school.client("admin")
    page = make(client, school)
    sheets = [
        client.get(f"{page}/check-sheet.pdf{query}").data
        for query in ("", "", "?group=station")
    ]
    assert sheets[0] == sheets[1]
    for sheet in sheets:
        document = pypdfium2.PdfDocument(sheet)
        texts = [page.get_textpage().get_text_range() for page in document]
        document.close()
        text = "\n".join(texts)
        assert len(texts) == 2
        assert "第 1 页，共 2 页" in text
        assert "本人签名" in text
        for n in range(4):
            student = make_student(n)
            assert student.name in text
            assert student.student_no in text
            assert student.id_number not in text
            assert student.id_number[-4:] in text


def test_a_station_finds_its_own_sheet_and_no_package(school: School) -> None:
    page = make(school.client("admin"), school)
    client = school.client("zz02")
    shown = client.get(page).text
    assert make_student(1).name in shown
    assert make_student(0).name not in shown
    assert "下载交付包" not in shown
    assert "导入学信网结果" not in client.get(ALL).text
    assert client.get(f"{page}/package.zip").status_code == 403


def test_the_registrys_answers_are_shown_before_they_are_written(
    school: School,
) -> None:
    client = school.client("admin")
    page = make(client, school)
    lines = [
        f"{make_student(n).student_no},{words}"
        for n, words in enumerate(("校对无误", "身份核验未通过", "转学", "未校对"))
    ]
    text = "\n".join(["学号,bz", *lines, "9,校对无误"])
    answer = upload(school, client, page, text)
    assert answer.status_code == 303
    shown = client.get(answer.location).text
    assert "<strong>1</strong>张变为已采用" in shown
    assert "学信网反馈：人像比对未通过：1 张" in shown
    assert "第 6 行" in shown
    assert "“转学”" in shown
    applied = send(client, answer.location, f"{answer.location}/apply")
    shown = client.get(applied.location).text
    assert "已写入。被退回的学生会收到通知" in shown
    assert "写入 2 张" not in shown
    assert "不能再撤销" in client.get(page).text
    refused = send(client, page, f"{page}/cancel")
    assert (refused.status_code, "学信网已经有了答复" in refused.text) == (409, True)


def test_a_student_reads_why_the_registry_sent_the_photo_back(school: School) -> None:
    client = school.client("admin")
    page = make(client, school)
    answer = upload(
        school, client, page, f"学号,bz\n{make_student(0).student_no},图像错误"
    )
    send(client, answer.location, f"{answer.location}/apply")
    session = school.sessions[0]
    (binding,) = school.services.bindings.everywhere(session.principal)
    photo = school.services.submissions.current(session.principal, binding.public_id)
    assert photo is not None
    record = client.get(f"/admin/records/{binding.public_id}").text
    assert "2026-0001" in record
    assert "被退件" in record
    assert photo.can_resubmit
    assert photo.return_reasons == ("学信网反馈：图像错误",)


@pytest.mark.parametrize("text", ["", "姓名\n某人"])
def test_a_list_that_cannot_be_read_is_refused_in_words(
    school: School, text: str
) -> None:
    answer = upload(school, school.client("admin"), ALL, text)
    assert answer.status_code == 400
    said = "没有收到名单文件" if not text else "表里没有找到需要的列"
    assert said in answer.text


def test_code_cards_are_packed_by_station(school: School) -> None:
    client = school.client("admin")
    assert "长沙样例函授站" in client.get(ALL).text
    to, all_of_it = "/admin/codes.zip", f"{school.campaign}"
    station = f"{all_of_it}:{school.stations['CS01']}"
    for group, count in ((all_of_it, 4), (station, 2)):
        answer = client.get(to, query_string={"group": group})
        with zipfile.ZipFile(io.BytesIO(answer.data)) as package:
            assert len(package.namelist()) == count + 2
    empty = client.get(to, query_string={"group": f"{station}:无此班"})
    assert (empty.status_code, "还没有人绑定" in empty.text) == (409, True)


def api(school: School) -> dict[str, str]:
    opened = school.services.staff.sign_in("admin", PASSWORD, address="203.0.113.9")
    return {"Authorization": f"Bearer {opened.token}"}


def test_a_program_does_the_same(school: School) -> None:
    client, headers = school.app.test_client(), api(school)
    base = "/api/v1/admin/deliveries"
    body = {"campaign_id": school.campaign, "naming": "pattern", "pattern": "{学号}"}
    preview = client.post(f"{base}/preview", json=body, headers=headers)
    assert preview.json is not None
    assert (preview.json["ready"], preview.json["problems"]) == (4, [])
    made = client.post(base, json=body, headers=headers)
    assert made.status_code == 201
    assert made.json is not None
    number = made.json["delivery"]["number"]
    assert made.json["counts"] == {"delivered": 4}
    assert client.post(base, json=body, headers=headers).status_code == 409
    listed = client.get(base, headers=headers).json
    assert listed is not None
    assert [item["number"] for item in listed["items"]] == [number]
    items = client.get(f"{base}/{number}/items", headers=headers).json
    assert items is not None
    assert [item["position"] for item in items["items"]] == [1, 2, 3, 4]
    package = client.get(f"{base}/{number}/package.zip", headers=headers).data
    with zipfile.ZipFile(io.BytesIO(package)) as opened:
        sums = opened.read("SHA256SUMS").decode()
        name = f"photos/{make_student(0).student_no}.jpg"
        digest = hashlib.sha256(opened.read(name)).hexdigest()
    assert re.search(f"^{digest}  {name}$", sums, re.MULTILINE)
    codes = f"/api/v1/admin/campaigns/{school.campaign}/codes.zip?class_no=x"
    assert client.get(codes, headers=headers).status_code == 409


def test_a_program_brings_the_answers_back(school: School) -> None:
    client, headers = school.app.test_client(), api(school)
    base = "/api/v1/admin"
    body = {"campaign_id": school.campaign}
    made = client.post(f"{base}/deliveries", json=body, headers=headers).json
    assert made is not None
    sent = client.post(
        f"{base}/campaigns/{school.campaign}/returned-lists",
        data={
            "file": (
                io.BytesIO(f"XH,BZ\n{make_student(2).student_no},已显示".encode()),
                "x.csv",
            )
        },
        headers=headers,
    )
    assert sent.status_code == 201
    assert sent.json is not None
    assert (sent.json["counts"]["accepted"], sent.json["applied_at"]) == (1, None)
    at = f"{base}/returned-lists/{sent.json['public_id']}"
    applied = client.post(f"{at}/application", json={}, headers=headers)
    assert applied.json == client.get(at, headers=headers).json
    assert applied.json is not None
    assert applied.json["applied_at"]
    number = made["delivery"]["number"]
    cancelled = client.post(
        f"{base}/deliveries/{number}/cancellation", json={}, headers=headers
    )
    assert cancelled.status_code == 409
