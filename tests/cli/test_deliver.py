from __future__ import annotations

import re
import stat
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from backend.cli import main
from backend.services.staff import OPERATOR
from tests.web import console
from tests.web.console import School, make_school


@pytest.fixture
def school(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> School:
    """A school with two approved portraits, which the command takes for its own."""
    school = make_school(tmp_path)
    for n in (0, 1):
        photo = school.hand_in(n)
        school.services.reviews.decide(
            OPERATOR,
            photo.public_id,
            action="approve",
            reasons=(),
            note="",
            expected_version=photo.version,
        )
    for name, value in {
        "DATABASE_URL": f"sqlite:///{tmp_path / 'school.sqlite3'}",
        "PHOTO_ROOT": str(tmp_path / "photos"),
        "PUBLIC_URL": "http://localhost",
        "DATA_KEYS": f"k1:{console._DATA_KEY}",
        "HASH_KEY": console._HASH_KEY,
    }.items():
        monkeypatch.setenv(f"BIZHAO_{name}", value)
    monkeypatch.chdir(tmp_path)
    return school


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["deliver", *arguments], catch_exceptions=False)


CAMPAIGN = ("--campaign", "2026届样例采集")


def test_a_delivery_is_made_listed_and_written(school: School, tmp_path: Path) -> None:
    looked = run("create", *CAMPAIGN, "--preview", "--station", "CS01")
    assert looked.output == "1 new, 0 with a problem, 0 delivered before\n"
    made = run("create", *CAMPAIGN, "--naming", "id_number", "--by-station")
    number = made.output.split()[-1]
    assert re.fullmatch(r"\d{4}-0001", number)
    listed = run("list").output
    assert listed.startswith(number)
    assert "school  2 portraits  valid" in listed
    file = tmp_path / "out.zip"
    assert run("write", number, str(file)).exit_code == 0
    with zipfile.ZipFile(file) as package:
        assert package.testzip() is None
        assert len(package.namelist()) == 2 + 3
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again = run("write", number, str(file))
    assert (again.exit_code, "File exists" in again.output) == (1, True)
    assert not list(tmp_path.glob("*.part"))
    assert run("create", *CAMPAIGN).exit_code == 1


def test_an_outside_unit_is_given_numbers(school: School) -> None:
    made = run("create", *CAMPAIGN, "--profile", "collecting_unit")
    items = school.services.deliveries.items(OPERATOR, made.output.split()[-1]).items
    assert [item.file_name for item in items] == [
        "photos/000001.jpg",
        "photos/000002.jpg",
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("create", "--campaign", "x"), "No campaign is called x"),
        (("create", *CAMPAIGN, "--station", "x"), "No station has the code x"),
        (("write", "2026-0009", "x.zip"), "没有找到这次交付"),
    ],
)
@pytest.mark.usefixtures("school")
def test_what_is_not_there_is_named(arguments: tuple[str, ...], said: str) -> None:
    result = run(*arguments)
    assert (result.exit_code, said in result.output) == (1, True)
