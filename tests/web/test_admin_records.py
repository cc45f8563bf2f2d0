from pathlib import Path

import pytest

from backend.domain.codes import parse_collection_code
from tests.factories import make_student
from tests.web.console import HUMAN_RULE, School, make_school, send


@pytest.fixture
def school(tmp_path: Path) -> School:
    return make_school(tmp_path)


def audited(school: School, action: str) -> list[str]:
    admin = school.services.staff.sign_in(
        "admin", "correct horse battery staple", address="::1"
    ).session.user
    rows = school.services.audit.page(admin).items
    return [row.detail for row in rows if row.action == action]


def test_the_start_page_shows_campaigns_and_a_search_box(school: School) -> None:
    answer = school.client("reviewer").get("/admin/")
    assert "2026届样例采集" in answer.text
    assert 'action="/admin/records"' in answer.text
    assert "工作人员</a>" not in answer.text


def test_records_are_found_by_each_personal_field(school: School) -> None:
    school.hand_in(0)
    school.hand_in(2)
    student = make_student(0)
    other = make_student(2).student_no
    fingerprint = parse_collection_code(student.payload).fingerprint
    client = school.client("reviewer")
    for field, value in (
        ("name", student.name),
        ("student_no", student.student_no),
        ("id_number", student.id_number),
        ("id_number", student.id_number[-6:].lower()),
        ("code", student.payload),
        ("code", fingerprint),
    ):
        answer = send(client, "/admin/records", "/admin/records", **{field: value})
        assert answer.status_code == 200, field
        assert student.student_no in answer.text, field
        assert other not in answer.text, field
        assert student.id_number not in answer.text.replace(f'value="{value}"', "")


def test_personal_fields_never_enter_an_address(school: School) -> None:
    for n in range(0, 12, 2):
        school.bind(n)
    client = school.client("admin")
    name = make_student(0).name
    answer = send(client, "/admin/records", "/admin/records", name=name)
    assert "Location" not in answer.headers
    links = [part.split('"')[0] for part in answer.text.split('href="')[1:]]
    links += [part.split('"')[0] for part in answer.text.split('action="')[1:]]
    assert not [link for link in links if name in link or "name=" in link]


def test_a_search_without_personal_fields_gets_an_address_of_its_own(
    school: School,
) -> None:
    client = school.client("admin")
    answer = send(
        client,
        "/admin/records",
        "/admin/records",
        campaign=str(school.campaign),
        status="pending",
    )
    assert answer.status_code == 303
    assert answer.location == (
        f"/admin/records?campaign={school.campaign}&status=pending"
    )


def test_pages_follow_each_other_forwards_and_back(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.web.admin.records._PAGE_ROWS", 2)
    for n in range(6):
        school.bind(n)
    client = school.client("admin")
    first = client.get("/admin/records")
    assert make_student(5).student_no in first.text
    assert make_student(3).student_no not in first.text
    link = first.text.split('accesskey="n" href="')[1].split('"')[0]
    second = client.get(link.replace("&amp;", "&"))
    assert make_student(3).student_no in second.text
    back = second.text.split('accesskey="p" href="')[1].split('"')[0]
    assert make_student(5).student_no in client.get(back).text


def test_pages_of_a_personal_search_travel_in_forms(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.web.admin.records._PAGE_ROWS", 1)
    # Names recur after eighty students; a surname alone finds ten of them.
    school.bind(0)
    school.bind(10)
    client = school.client("admin")
    surname = make_student(0).name[0]
    first = send(client, "/admin/records", "/admin/records", name=surname)
    assert make_student(10).student_no in first.text
    cursor = first.text.split('name="cursor" value="')[1].split('"')[0]
    second = send(
        client, "/admin/records", "/admin/records", name=surname, cursor=cursor
    )
    assert make_student(0).student_no in second.text


def test_an_empty_result_says_what_to_try(school: School) -> None:
    answer = send(
        school.client("cs01"), "/admin/records", "/admin/records", name="查无此人"
    )
    assert "没有找到符合条件的记录" in answer.text
    assert "你只能看到本站学生的记录" in answer.text


def test_a_mistyped_number_is_explained_and_kept_in_the_form(school: School) -> None:
    answer = send(
        school.client("admin"), "/admin/records", "/admin/records", id_number="12345"
    )
    assert answer.status_code == 400
    assert 'value="12345"' in answer.text
    assert 'role="alert"' in answer.text


def test_waiting_bindings_are_listed_by_themselves(school: School) -> None:
    school.bind(0)
    waiting = school.bind(500)
    text = school.client("admin").get("/admin/records?status=waiting").text
    assert waiting.public_id in text
    assert make_student(0).student_no not in text


def test_a_station_sees_its_own_records_only(school: School) -> None:
    mine, other = school.hand_in(0), school.hand_in(1, station="ZZ02")
    client = school.client("cs01")
    listing = client.get("/admin/records").text
    assert mine.binding_public_id in listing
    assert other.binding_public_id not in listing
    record = f"/admin/records/{other.binding_public_id}"
    for path in (
        record,
        f"{record}/card",
        f"/admin/submissions/{other.public_id}/portrait",
        f"/admin/submissions/{other.public_id}/original",
    ):
        assert client.get(path).status_code == 404, path
    own = f"/admin/records/{mine.binding_public_id}"
    refused = send(client, own, f"{record}/identity-number", reason="好奇")
    assert refused.status_code == 404


def test_a_record_shows_pictures_report_checklist_and_history(school: School) -> None:
    photo = school.hand_in(0)
    client = school.client("reviewer")
    text = client.get(f"/admin/records/{photo.binding_public_id}").text
    for kind in ("portrait", "overlay", "original"):
        path = f"/admin/submissions/{photo.public_id}/{kind}"
        assert f'src="{path}"' in text
        picture = client.get(path)
        assert picture.content_type == "image/jpeg"
        assert picture.data.startswith(b"\xff\xd8")
    student = make_student(0)
    assert student.id_number not in text
    assert student.student_no in text
    assert f'name="checked" value="{HUMAN_RULE}"' in text
    assert "绑定成功" in text
    assert "待审核" in text
    assert client.get(f"/admin/submissions/{photo.public_id}/secret").status_code == 404


def test_a_record_without_a_photo_says_so(school: School) -> None:
    binding = school.bind(0)
    text = school.client("admin").get(f"/admin/records/{binding.public_id}").text
    assert "还没有照片" in text


def test_a_bound_student_off_the_roster_has_no_number_to_reveal(
    school: School,
) -> None:
    binding = school.bind(500)
    text = school.client("admin").get(f"/admin/records/{binding.public_id}").text
    assert "待函授站核对" in text
    assert "查看完整身份证号" not in text


def test_an_earlier_photo_of_the_record_can_be_looked_at(school: School) -> None:
    binding = school.bind(0)
    first, second = school.photo(0, binding), school.photo(0, binding)
    client = school.client("reviewer")
    path = f"/admin/records/{binding.public_id}"
    assert f"/admin/submissions/{second.public_id}/portrait" in client.get(path).text
    earlier = client.get(f"{path}?submission={first.public_id}").text
    assert f"/admin/submissions/{first.public_id}/portrait" in earlier
    assert client.get(f"{path}?submission=unknown").status_code == 404


def test_the_number_is_shown_once_for_a_reason_that_is_kept(school: School) -> None:
    photo = school.hand_in(0)
    path = f"/admin/records/{photo.binding_public_id}"
    client = school.client("reviewer")
    refused = send(client, path, f"{path}/identity-number", reason="  ")
    assert refused.status_code == 400
    assert make_student(0).id_number not in refused.text
    assert audited(school, "id_number.reveal") == []
    shown = send(client, path, f"{path}/identity-number", reason="核对证书")
    assert make_student(0).id_number in shown.text
    assert audited(school, "id_number.reveal") == ["核对证书"]
    assert make_student(0).id_number not in client.get(path).text


@pytest.mark.needs("cjk-font")
def test_the_kept_card_picture_is_shown_to_who_may_see_the_record(
    school: School,
) -> None:
    binding = school.bind(0, card=True)
    path = f"/admin/records/{binding.public_id}"
    client = school.client("cs01")
    assert f'src="{path}/card"' in client.get(path).text
    picture = client.get(f"{path}/card")
    assert picture.content_type.startswith("image/")
    assert len(audited(school, "card.read")) == 1
    assert school.client("zz02").get(f"{path}/card").status_code == 404


def test_a_binding_is_released_with_a_reason_by_administrators(school: School) -> None:
    binding = school.bind(0)
    path = f"/admin/records/{binding.public_id}"
    reviewer = school.client("reviewer")
    assert send(reviewer, path, f"{path}/release", reason="x").status_code == 403
    client = school.client("admin")
    refused = send(client, path, f"{path}/release", reason="")
    assert refused.status_code == 400
    answer = send(client, path, f"{path}/release", reason="学生换了手机")
    assert answer.status_code == 303
    assert "绑定已解除" in client.get(answer.location).text
    assert audited(school, "binding.release") == ["学生换了手机"]


def test_a_settled_record_is_not_released(school: School) -> None:
    photo = school.hand_in(0)
    path = f"/admin/records/{photo.binding_public_id}"
    client = school.client("admin")
    send(
        client,
        path,
        f"/admin/submissions/{photo.public_id}/decision",
        action="approve",
        checked=[HUMAN_RULE],
        expected_version=str(photo.version),
    )
    answer = send(client, path, f"{path}/release", reason="误绑")
    assert answer.status_code == 409
    assert 'role="alert"' in answer.text
