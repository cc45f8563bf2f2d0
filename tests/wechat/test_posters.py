"""Posters with the mini-program code beside the entry's own."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from backend.domain.errors import NotFoundError
from backend.domain.wechat import Account
from backend.services.staff import OPERATOR
from tests.fakes import SaidByWeChat
from tests.web.console import School, make_school
from tests.wechat.gateways import fresh_sqlite, make_gateway
from tests.wechat.standin import StandIn
from tests.wechat.standin.faults import Fault

pytestmark = pytest.mark.needs("cjk-font")
DRAWS = "/wxa/getwxacodeunlimit"


@pytest.fixture
def school(tmp_path: Path, standin: StandIn) -> School:
    standin.publish("pages/index/index")
    tokens = tmp_path / "tokens"
    tokens.mkdir()
    gateway = make_gateway(fresh_sqlite(tokens), standin.url, standin.clock)
    return make_school(tmp_path, students=0, wechat=gateway)


def poster(school: School, file: str) -> str:
    return f"/admin/entries/{school.entries['CS01']}/{file}"


@pytest.mark.parametrize("file", ["poster.pdf", "poster.png"])
def test_the_poster_carries_the_code_that_wechat_drew(
    school: School, standin: StandIn, file: str
) -> None:
    client = school.client("cs01")
    plain = client.get(poster(school, file))
    assert not standin.calls(DRAWS)
    with_code = client.get(poster(school, file) + "?mini_program=1")
    assert with_code.status_code == 200
    assert with_code.content_type == plain.content_type
    assert with_code.data != plain.data
    (asked,) = standin.calls(DRAWS)
    assert asked.body["scene"] == school.entries["CS01"]
    assert asked.body["page"] == "pages/index/index"


def test_the_entrys_own_code_is_read_from_it_as_ever(school: School) -> None:
    answer = school.client("cs01").get(poster(school, "poster.png") + "?mini_program=1")
    with Image.open(io.BytesIO(answer.data)) as picture:
        found = zxingcpp.read_barcodes(picture.convert("L"))
    assert [code.text for code in found] == [
        f"http://localhost/s/{school.entries['CS01']}"
    ]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (41030, "小程序里没有这个页面"),
        (45009, "微信那边暂时忙不过来"),
        ("http500", "暂时联系不上微信"),
        ("garbage", "暂时联系不上微信"),
        ("close", "暂时联系不上微信"),
    ],
)
def test_when_wechat_draws_none_the_page_says_why_and_the_poster_is_had_without(
    school: School, standin: StandIn, fault: Fault, words: str
) -> None:
    client = school.client("admin")
    standin.fail_always(DRAWS, fault)
    refused = client.get(poster(school, "poster.pdf") + "?mini_program=1")
    assert refused.status_code >= 400
    assert words in refused.text
    assert "不带小程序码的海报照样可以下载" in refused.text
    assert poster(school, "poster.pdf") in refused.text
    assert client.get(poster(school, "poster.pdf")).status_code == 200


@pytest.mark.parametrize("file", ["poster.pdf", "poster.png"])
def test_what_wechat_draws_badly_is_no_answer(tmp_path: Path, file: str) -> None:
    # The fake draws words where a picture should be.
    wechat = SaidByWeChat(accounts={Account.MINI_PROGRAM})
    school = make_school(tmp_path, students=0, wechat=wechat)
    refused = school.client("admin").get(poster(school, file) + "?mini_program=1")
    assert refused.status_code == 502
    assert "暂时联系不上微信" in refused.text


def test_it_is_offered_where_there_is_a_mini_program(
    school: School, tmp_path: Path
) -> None:
    page = f"/admin/campaigns/{school.campaign}/entries"
    assert "带小程序码" in school.client("admin").get(page).text
    (tmp_path / "other").mkdir()
    other = make_school(tmp_path / "other", students=0, wechat=SaidByWeChat())
    client = other.client("admin")
    assert "带小程序码" not in client.get(page).text
    refused = client.get(poster(other, "poster.pdf") + "?mini_program=1")
    assert refused.status_code == 404
    assert "学校没有开通这个微信入口" in refused.text


def test_another_stations_code_is_not_drawn(school: School, standin: StandIn) -> None:
    token = school.entries["ZZ02"]
    answer = school.client("cs01").get(
        f"/admin/entries/{token}/poster.png?mini_program=1"
    )
    assert answer.status_code == 404
    assert not standin.calls(DRAWS)
    with pytest.raises(NotFoundError):
        school.services.posters.png(OPERATOR, "unknown", mini_program=True)
