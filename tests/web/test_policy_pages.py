"""The policy in plain words: for students on the examples page, for staff in the console."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from pathlib import Path

import pytest

import backend
from backend import policies
from backend.domain.policy import Policy
from backend.domain.report import Background
from backend.messages.demands import rule_groups
from backend.web.backgrounds import judged_by
from backend.web.drawings import drawings_of, most_frequent
from backend.web.student.good_photo import good_photo
from tests.web.console import make_school
from tests.web.student_support import Browser, make_stage

STATIC = Path(backend.__file__).parent / "web" / "static"
ALL = [policies.load(name) for name in policies.names()]


def text_of(page: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", page))


def test_the_examples_page_shows_every_rule_with_its_own_limits(tmp_path: Path) -> None:
    stage = make_stage(tmp_path)
    browser = Browser(stage.app.test_client())
    browser.get(f"/s/{stage.token}/photo-examples")
    said = text_of(browser.text)
    notice = policies.load("notice-2025")
    groups = rule_groups(judged_by(notice, Background.KEEP))
    assert len(groups) == 7
    for group in groups:
        assert f'id="group-{group.key}"' in browser.text
        for rule in group.rules:
            assert rule.name in said
            assert rule.demand in said
            assert rule.clause in said
            assert all(limit in said for limit in rule.limits)
    assert "电脑提醒，老师再看" in said
    assert "#64c5ff" in browser.text
    drawings = set(re.findall(r'src="/static/(photo-[^"]+)"', browser.text))
    assert len(drawings) > 30
    assert all((STATIC / name).is_file() for name in drawings)


@pytest.mark.parametrize("policy", ALL, ids=lambda policy: policy.name)
def test_every_drawing_is_there_and_says_what_it_shows(
    policy: Policy,
) -> None:
    for rule, drawing in drawings_of(policy).items():
        drawn = (STATIC / drawing.file).read_text(encoding="utf-8")
        assert drawn.startswith("<svg "), rule
        assert "<text" not in drawn
        assert "<script" not in drawn
        assert "http" not in drawn.replace("http://www.w3.org/2000/svg", "")
        assert len(drawn) < 8000
        assert drawing.shows


def test_no_drawing_is_left_unused() -> None:
    used = {d.file for policy in ALL for d in drawings_of(policy).values()}
    used |= {"photo-good.svg", "photo-setup.svg"}
    assert {path.name for path in STATIC.glob("photo-*.svg")} == used


def test_the_strip_shows_only_what_the_policy_minds() -> None:
    notice, national = map(policies.load, ("notice-2025", "national-2017"))
    shown = {drawing.shows for drawing in most_frequent(notice)}
    assert {"戴眼镜", "蓝色衣服"} <= shown
    allowed = {drawing.shows for drawing in most_frequent(national)}
    assert not {"戴眼镜", "蓝色衣服"} & allowed
    assert drawings_of(national)["glasses"].right


def test_the_background_asked_for_is_named() -> None:
    named = {p.name: good_photo(p)["backdrop"] for p in ALL}
    assert named["xinjiang-zikao"] == "背景是白色"
    assert named["tianjin-zikao"] == "背景是浅蓝色"
    notice = policies.load("notice-2025")
    own = replace(notice.rules["background_colour"], wording="")
    other = replace(notice, rules={**notice.rules, "background_colour": own})
    assert good_photo(other)["backdrop"] == ""
    assert good_photo(None) == {"samples": (), "backdrop": "", "replaced_by": None}


@pytest.mark.parametrize("username", ["admin", "reviewer", "cs01"])
def test_staff_read_the_same_policy(tmp_path: Path, username: str) -> None:
    school = make_school(tmp_path)
    client = school.client(username)
    for policy in ALL:
        page = client.get(f"/admin/policies/{policy.name}")
        assert page.status_code == 200
        assert policy.source in text_of(page.text)
        assert page.text.count('class="watch ') == len(policy.rules)
        assert ("不同的地方" in page.text) == bool(policy.extends)
    national = text_of(client.get("/admin/policies/national-2017").text)
    assert "原：拍照时摘下眼镜；电脑提醒，老师再看" in national
    assert "今：不看这一项" in national
    assert client.get("/admin/policies/nowhere").status_code == 404
    school.db.dispose()


def test_a_campaign_leads_to_its_policy(tmp_path: Path) -> None:
    school = make_school(tmp_path)
    page = school.client("admin").get("/admin/campaigns").text
    assert 'href="/admin/policies/notice-2025"' in page
    school.db.dispose()
