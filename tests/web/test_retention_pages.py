"""The console's page of dates, as an administrator sees and changes it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from backend.messages.retention import FIELDS, KINDS, TRACES
from backend.services.staff import OPERATOR
from tests.web.console import School, make_school, send


@pytest.fixture
def school(tmp_path: Path) -> School:
    return make_school(tmp_path)


DAYS = {
    "discarded": "90",
    "originals": "180",
    "cards": "180",
    "messages": "180",
    "portraits": "365",
    "identities": "730",
}


def test_each_campaign_tells_what_goes_next(school: School) -> None:
    client = school.client("admin")
    page = client.get("/admin/retention").text
    assert "没有采用的照片" in page
    assert all(words.name in page for words in TRACES.values())
    detail = client.get(f"/admin/retention/{school.campaign}").text
    assert all(words.name in detail for words in KINDS.values())
    assert all(f'value="{days}"' in detail for days in DAYS.values())
    assert "原图保存 180 天" in detail
    assert client.get("/admin/retention/999").status_code == 404


def test_the_days_are_changed(school: School) -> None:
    client = school.client("admin")
    page = f"/admin/retention/{school.campaign}"
    saved = send(client, page, page, **(DAYS | {"portraits": "400"}))
    assert saved.status_code == 303
    after = client.get(saved.location).text
    assert "已保存" in after
    assert "成品照保存 400 天" in after


@pytest.mark.parametrize("days", ["", "abc", "0", "99999", "-5"])
def test_what_is_no_number_of_days_comes_back(school: School, days: str) -> None:
    client = school.client("admin")
    page = f"/admin/retention/{school.campaign}"
    refused = send(client, page, page, **(DAYS | {"identities": days}))
    assert refused.status_code == 400
    assert "1 到 3650" in refused.text
    assert set(DAYS) == set(FIELDS)


def test_what_deletes_more_is_asked_about(school: School) -> None:
    school.hand_in(2)
    submission = school.hand_in(3)
    school.services.submissions.withdraw(
        school.sessions[3].principal, submission.public_id
    )
    (campaign,) = school.services.retention.list(OPERATOR)
    school.clock.at = campaign.closing + timedelta(days=2)
    client = school.client("admin")
    page = f"/admin/retention/{school.campaign}"
    shorter = DAYS | {"discarded": "1"}
    asked = send(client, page, page, **shorter)
    assert asked.status_code == 409
    assert "会多删除数据：1 条" in asked.text
    assert 'name="deleting"' in asked.text
    assert send(client, page, page, **shorter, deleting="yes").status_code == 303
    assert "下一次清理" in client.get(page).text
    school.clock.at += timedelta(days=4000)
    assert "都已到期" in school.client("admin").get("/admin/retention").text
