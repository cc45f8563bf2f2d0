import io
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from tests.web.console import School, make_school, send


@pytest.fixture
def school(tmp_path: Path) -> School:
    return make_school(tmp_path, students=0)


FORM = {
    "code": "XT03",
    "name": "湘潭测试点",
    "address": "示范路 3 号",
    "contact": "赵老师",
}


def entries_page(school: School) -> str:
    return f"/admin/campaigns/{school.campaign}/entries"


def test_stations_are_listed_created_and_changed(school: School) -> None:
    client = school.client("admin")
    page = "/admin/stations/new"
    created = send(client, page, page, **FORM)
    assert created.status_code == 303
    listing = client.get(created.location).text
    assert "函授站已建立" in listing
    assert "湘潭测试点" in listing
    page = f"/admin/stations/{school.stations['CS01']}"
    assert "长沙样例函授站" in client.get(page).text
    changed = send(client, page, page, **(FORM | {"code": "CS01", "name": "新名字"}))
    assert "新名字" in client.get(changed.location).text
    assert client.get("/admin/stations/999").status_code == 404


def test_a_refused_station_form_comes_back_filled_in(school: School) -> None:
    client = school.client("admin")
    page = "/admin/stations/new"
    empty = send(client, page, page, **(FORM | {"name": ""}))
    assert empty.status_code == 400
    assert "请填写这一项" in empty.text
    assert 'value="XT03"' in empty.text
    taken = send(client, page, page, **(FORM | {"code": "CS01"}))
    assert taken.status_code == 409
    assert "代码已被使用" in taken.text
    edit = f"/admin/stations/{school.stations['CS01']}"
    clash = send(client, edit, edit, **(FORM | {"code": "ZZ02"}))
    assert clash.status_code == 409


def test_a_station_sees_itself_and_changes_nothing(school: School) -> None:
    client = school.client("cs01")
    listing = client.get("/admin/stations").text
    assert "长沙样例函授站" in listing
    assert "株洲示范函授站" not in listing
    assert "新建函授站" not in listing
    assert client.get("/admin/stations/new").status_code == 403
    entries = client.get(entries_page(school)).text
    assert school.entries["CS01"] in entries
    assert school.entries["ZZ02"] not in entries
    assert "更换入口" not in entries
    other = school.entries["ZZ02"]
    assert client.get(f"/admin/entries/{other}/poster.pdf").status_code == 404


@pytest.mark.parametrize(
    "path", ["/admin/stations", "/admin/campaigns", "/admin/staff", "/admin/audit"]
)
def test_a_reviewer_does_not_manage(school: School, path: str) -> None:
    answer = school.client("reviewer").get(path)
    assert answer.status_code == 403
    assert "没有这项权限" in answer.text


def test_an_entry_is_created_replaced_and_retired(school: School) -> None:
    client = school.client("admin")
    assert entries_page(school) in client.get("/admin/campaigns").text
    form = "/admin/stations/new"
    send(client, form, form, **FORM)
    page = entries_page(school)
    station = client.get(page).text.split('<option value="')[1].split('"')[0]
    created = send(client, page, page, station=station)
    assert "入口已建立" in client.get(created.location).text
    again = send(client, page, page, station=station)
    assert again.status_code == 409
    token = school.entries["CS01"]
    refused = send(client, page, f"/admin/entries/{token}/replacement", reason="")
    assert refused.status_code == 400
    replaced = send(
        client, page, f"/admin/entries/{token}/replacement", reason="海报丢失"
    )
    assert "请重新打印海报" in client.get(replaced.location).text
    token = school.entries["ZZ02"]
    refused = send(client, page, f"/admin/entries/{token}/retirement", reason="")
    assert refused.status_code == 400
    retired = send(client, page, f"/admin/entries/{token}/retirement", reason="撤点")
    assert "入口已停用" in client.get(retired.location).text
    late = send(client, page, f"/admin/entries/{token}/retirement", reason="再次")
    assert late.status_code == 409


def test_entries_of_nothing_are_not_found(school: School) -> None:
    client = school.client("admin")
    page = entries_page(school)
    assert client.get("/admin/campaigns/999/entries").status_code == 404
    assert send(client, page, page, station="x").status_code == 404
    assert (
        send(client, page, "/admin/entries/unknown/replacement", reason="x").status_code
        == 404
    )


@pytest.mark.needs("cjk-font")
@pytest.mark.parametrize("file", ["poster.png", "code.png"])
def test_downloaded_codes_lead_to_the_entry(school: School, file: str) -> None:
    token = school.entries["CS01"]
    answer = school.client("cs01").get(f"/admin/entries/{token}/{file}")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    with Image.open(io.BytesIO(answer.data)) as picture:
        found = zxingcpp.read_barcodes(picture.convert("L"))
    assert [code.text for code in found] == [f"http://localhost/s/{token}"]


@pytest.mark.needs("cjk-font")
def test_the_poster_is_a_pdf_and_the_code_a_drawing(school: School) -> None:
    client = school.client("admin")
    token = school.entries["CS01"]
    poster = client.get(f"/admin/entries/{token}/poster.pdf")
    assert poster.content_type == "application/pdf"
    assert poster.data.startswith(b"%PDF-")
    shown = client.get(f"/admin/entries/{token}/code.svg")
    assert shown.content_type.startswith("image/svg+xml")
    assert shown.headers["Content-Disposition"].startswith("inline")
    kept = client.get(f"/admin/entries/{token}/code.svg?download=1")
    assert kept.headers["Content-Disposition"].startswith("attachment")


@pytest.mark.needs("cjk-font")
def test_all_posters_come_at_once_and_the_page_says_what_was_printed(
    school: School,
) -> None:
    client = school.client("admin")
    page = f"/admin/campaigns/{school.campaign}/posters"
    assert "还没有打印过" in client.get(page).text
    pdf = client.get(f"{page}.pdf?size=sign")
    assert pdf.data.startswith(b"%PDF-")
    assert "signs-" in pdf.headers["Content-Disposition"]
    archive = client.get(f"{page}.zip?size=none")
    assert archive.data.startswith(b"PK")
    assert "poster" in archive.headers["Content-Disposition"]
    text = client.get(page).text
    assert "桌牌" in text
    assert "要收回的海报" not in text
    entries = f"/admin/campaigns/{school.campaign}/entries"
    token = school.entries["CS01"]
    send(client, entries, f"/admin/entries/{token}/replacement", reason="x")
    text = client.get(page).text
    assert "要收回的海报" in text
    assert "已换新码，旧海报请收回" in text
    assert "已换新码，旧海报请收回" in client.get(entries).text
    assert client.get(f"/admin/entries/{token}/poster.pdf").status_code == 409
    other = school.entries["ZZ02"]
    send(client, entries, f"/admin/entries/{other}/retirement", reason="x")
    assert school.client("zz02").get(f"{page}.pdf").status_code == 409
    assert "没有可以打印的入口" in school.client("zz02").get(page).text
    api = f"/api/v1/admin/campaigns/{school.campaign}/posters"
    assert client.get(f"{api}.zip?size=A3").data.startswith(b"PK")
    assert client.get(f"{api}.pdf?size=A5").status_code == 400
    assert client.get(f"{api}.pdf").data.startswith(b"%PDF-")
