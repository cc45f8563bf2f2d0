"""The pages and the API of batches."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import openpyxl
import pytest

from tests.factories import make_student
from tests.web.console import ADDRESS, PASSWORD, School, make_school, send


@pytest.fixture
def school(tmp_path: Path) -> School:
    return make_school(tmp_path)


def packed(*names: str) -> io.BytesIO:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, name.encode())
    out.seek(0)
    return out


def upload(
    school: School,
    who: str,
    archive: io.BytesIO,
    **fields: str | tuple[io.BytesIO, str],
) -> str:
    """Send a ZIP by the form and return the page of the batch."""
    client = school.client(who)
    form = {"campaign": str(school.campaign), "consent": "yes", **fields}
    answer = send(
        client,
        "/admin/batches",
        "/admin/batches",
        archive=(archive, "photos.zip"),
        **form,
    )
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def test_a_zip_is_matched_and_every_file_explained(school: School) -> None:
    student = make_student(2)
    page = upload(
        school, "admin", packed(f"{student.student_no}.jpg", "IMG_20260301.jpg")
    )
    text = school.client("admin").get(page).text
    assert student.name in text
    assert "已提交" in text
    assert "没有对上" in text
    only = school.client("admin").get(f"{page}?state=no_match").text
    assert "IMG_20260301.jpg" in only
    assert student.name not in only
    report = school.client("admin").get(f"{page}/report.xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(report.data)).active
    assert [cell.value for cell in sheet[2]][:3] == [
        1,
        f"{student.student_no}.jpg",
        "已提交",
    ]


def test_a_station_sees_only_its_own(school: School) -> None:
    page = upload(school, "admin", packed("a.jpg"))
    own = upload(school, "cs01", packed("b.jpg"))
    listing = school.client("cs01").get("/admin/batches").text
    assert own in listing
    assert page not in listing
    assert school.client("cs01").get(page).status_code == 404


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"no archive", "不是能打开的 ZIP"), (packed().getvalue(), "里面没有文件")],
)
def test_what_cannot_be_used_is_said_on_the_page(
    school: School, data: bytes, words: str
) -> None:
    answer = send(
        school.client("admin"),
        "/admin/batches",
        "/admin/batches",
        archive=(io.BytesIO(data), "photos.zip"),
        campaign=str(school.campaign),
        consent="yes",
    )
    assert answer.status_code == 400
    assert words in answer.text


def test_consent_and_a_file_are_asked_for(school: School) -> None:
    client = school.client("admin")
    answer = send(client, "/admin/batches", "/admin/batches", campaign="1")
    assert answer.status_code == 400
    assert "没有收到 ZIP" in answer.text
    answer = send(
        client,
        "/admin/batches",
        "/admin/batches",
        archive=(packed("a.jpg"), "a.zip"),
        campaign=str(school.campaign),
    )
    assert answer.status_code == 400


def test_programs_bring_batches_too(school: School) -> None:
    opened = school.services.staff.sign_in("admin", PASSWORD, address=ADDRESS)
    token = opened.token
    headers = {"Authorization": f"Bearer {token}"}
    client = school.app.test_client()
    student = make_student(2)
    made = client.post(
        "/api/v1/admin/batches",
        headers=headers,
        data={
            "archive": (packed(f"{student.student_no}.jpg"), "a.zip"),
            "campaign": str(school.campaign),
            "consent": "yes",
        },
    )
    assert made.status_code == 201
    assert made.json is not None
    batch = f"/api/v1/admin/batches/{made.json['id']}"
    assert made.json["total"] == 1
    assert re.match(r"20\d\d-", made.json["created_at"])
    after = client.post(f"{batch}/go-on", headers=headers).json
    assert after is not None
    assert after["counts"] == {"handed_in": 1}
    assert client.get(batch, headers=headers).json == after
    items = client.get(f"{batch}/items", headers=headers).json
    assert items is not None
    assert items["items"][0]["student_no"] == student.student_no
    assert client.get(f"{batch}/items?after=1", headers=headers).json == {"items": []}


def test_a_list_says_whose_the_files_are(school: School) -> None:
    student = make_student(2)
    sheet = io.BytesIO(f"文件名,学号\nDSC_1.JPG,{student.student_no}\n".encode())
    page = upload(school, "admin", packed("DSC_1.JPG"), list=(sheet, "list.csv"))
    assert student.name in school.client("admin").get(page).text


@pytest.mark.parametrize(
    ("cell", "words"),
    [(110101199001010017, "第 1 行的号码丢了末尾几位"), ("", "对照表里没有")],
)
def test_a_list_that_lost_digits_or_says_nothing_is_refused(
    school: School, cell: str | int, words: str
) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["DSC_1.JPG", cell])
    sheet = io.BytesIO()
    book.save(sheet)
    sheet.seek(0)
    answer = send(
        school.client("admin"),
        "/admin/batches",
        "/admin/batches",
        archive=(packed("DSC_1.JPG"), "a.zip"),
        list=(sheet, "list.xlsx"),
        campaign=str(school.campaign),
        consent="yes",
    )
    assert answer.status_code == 400
    assert words in answer.text
