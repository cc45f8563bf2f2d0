"""Policies listed, explained and checked, the shipped ones and a school's own file."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from backend import policies
from backend.cli import main
from backend.domain.backgrounds import CHANGE_RULE
from tests.pictures import as_jpeg, astronaut

OWN = """
name = "own"
title = "样例学院的照片要求"
source = "样例"
extends = "notice-2025"
drop = ["dyed_hair"]
[rules.roll]
warn_above = 2
fail_above = 3
"""


def run(*arguments: str | Path) -> Result:
    given = [str(each) for each in arguments]
    return CliRunner().invoke(main, given, catch_exceptions=False)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "own.toml"
    path.write_text(OWN, encoding="utf-8")
    return path


def test_policies_are_listed_with_what_they_build_on() -> None:
    listed = run("policies").output
    assert {line.partition("\t")[0] for line in listed.splitlines()} == set(
        policies.names()
    )
    assert re.search(r"^tianjin-zikao\t.+\t\(national-2017\)$", listed, re.MULTILINE)


@pytest.mark.parametrize("name", policies.names())
def test_every_policy_is_explained_rule_by_rule(name: str) -> None:
    policy = policies.load(name)
    said = run("policies", name).output
    assert policy.source in said
    for rule in policy.rules:
        assert f"（{rule}）" in said
    assert ("不同的：" in said) == bool(policy.extends)


def test_limits_are_told_in_plain_words() -> None:
    said = run("policies", "notice-2025").output
    assert "歪头不超过 8°，5° 以内最好" in said
    assert "头顶离上边在 50–110 像素之间，54–106 像素最好" in said
    assert "RGB(100,197,255)、RGB(255,255,255)" in said
    assert re.search(r"不戴饰品（jewellery）　老师看　通知三.3", said)


def test_what_differs_from_the_base_is_told_before_and_after(own: Path) -> None:
    for arguments in ((own,), ("--policy", own)):
        said = run("policies", *arguments).output
        assert "今：头不歪，两眼一样高；歪头不超过 3°，2° 以内最好；电脑检查" in said
        assert "原：头发是自然的颜色；老师看\n    今：不看这一项" in said


def test_a_policy_that_changes_nothing_says_so(own: Path) -> None:
    own.write_text(OWN.partition("drop")[0], encoding="utf-8")
    assert "  没有\n" in run("policies", own).output


@pytest.mark.parametrize("command", [("policies",), ("check", "none.jpg", "--policy")])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "No such file or directory"),
        (b"\xff\xfe", "not UTF-8"),
        (b"[rules", "not valid TOML"),
        (OWN.replace("notice-2025", "nowhere").encode(), "there is no policy nowhere"),
        (OWN.replace("drop", "dorp").encode(), "dorp: unknown section"),
        (b"warn_above = 9\n".join(OWN.encode().split(b"warn_above = 2\n")), "roll: "),
    ],
    ids=["absent", "not text", "not TOML", "no base", "unknown", "contradictory"],
)
def test_a_file_that_is_not_in_order_is_refused_with_every_reason(
    own: Path, command: tuple[str, ...], content: bytes | None, said: str
) -> None:
    own.unlink() if content is None else own.write_bytes(content)
    result = run(*command, own)
    assert result.exit_code == 2
    assert said in result.output
    assert "own.toml" in result.output


def test_all_that_is_wrong_with_a_file_is_listed_at_once(own: Path) -> None:
    own.write_text(OWN + "foo = 1\n[output]\nwidth = 3\n", encoding="utf-8")
    said = run("policies", own).output
    assert "rules.roll: unknown key foo" in said
    assert "output: must be 3 to 4" in said


def test_an_unknown_name_names_those_there_are() -> None:
    result = run("policies", "nowhere")
    assert result.exit_code == 2
    assert all(name in result.output for name in policies.names())


def test_photos_are_checked_against_any_policy(own: Path, tmp_path: Path) -> None:
    photo = tmp_path / "face.jpg"
    photo.write_bytes(as_jpeg(astronaut()))
    judged = {}
    for policy in (*policies.names(), str(own)):
        result = run("check", "--json", "--policy", policy, photo)
        assert result.exit_code == 1, result.output
        judged[policy] = {
            f["rule"]: f for f in json.loads(result.stdout)["findings"]
        }  # fmt: skip
        expected = (
            policies.load(policy).rules.keys()
            if policy in policies.names()
            else policies.load("notice-2025").rules.keys() - {"dyed_hair"}
        )
        assert judged[policy].keys() == expected - {CHANGE_RULE}
    assert judged["notice-2025"]["roll"]["limit"] == [None, 8]
    assert judged[str(own)]["roll"]["limit"] == [None, 3]
