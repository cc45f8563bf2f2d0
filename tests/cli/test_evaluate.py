"""A handful of photos of one face, spoilt on purpose, against what is known of them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from backend.cli import main
from backend.policies import load
from tests.imaging.portraits import blurred, grey, lit, roomy, tilted
from tests.pictures import as_jpeg

HEADER = "file,defects,gender,age,ethnicity,camera\n"


def evaluate(*arguments: object) -> Result:
    return CliRunner().invoke(
        main, ["evaluate", *map(str, arguments)], catch_exceptions=False
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """She laughs on all of them."""
    folder = tmp_path_factory.mktemp("labelled")
    (folder / "her").mkdir()
    for name, rgb in {
        "plain": roomy(),
        "grey": grey(roomy()),
        "dark": lit(roomy(), 0.2),
        "tilted": tilted(roomy(), -9),
        "soft": blurred(roomy(), 4),
    }.items():
        (folder / "her" / f"{name}.jpg").write_bytes(as_jpeg(np.asarray(rgb)))
    (folder / "words.jpg").write_text("no picture")
    return folder


def listed(folder: Path, *rows: str, header: str = HEADER, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_text(header + "\n".join(rows) + "\n", encoding="utf-8")
    return path


ROWS = (
    "her/plain.jpg,mouth_closed,female,24,,old",
    "her/grey.jpg,mouth_closed; colour_photo,female,31,white,old",
    "her/dark.jpg,mouth_closed exposure sharpness,male,31,white,new",
    "her/tilted.jpg,,male,60,black,new",
    "her/soft.jpg,?,,,,new",
)


@pytest.fixture(scope="module")
def labels(folder: Path) -> Path:
    return listed(folder, *ROWS)


def test_what_is_noticed_and_missed_is_counted_rule_by_rule(labels: Path) -> None:
    result = evaluate("--jobs", 1, "--json", "--by", "camera", labels)
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert (told["photos"], told["has_defects"]) == (5, True)
    rows = {row["rule"]: row for row in told["rules"]}
    assert list(rows) == list(load("notice-2025").rules)
    assert (rows["colour_photo"]["defective"], rows["colour_photo"]["caught"]) == (1, 1)
    assert (rows["colour_photo"]["good"], rows["colour_photo"]["false_fail"]) == (3, 0)
    assert (rows["exposure"]["defective"], rows["exposure"]["caught_as_fail"]) == (1, 1)
    # The list says that nothing is wrong with a head that leans.
    assert (rows["roll"]["good"], rows["roll"]["false_fail"]) == (4, 1)
    # Of the soft one nobody knows.
    sharpness = rows["sharpness"]
    assert (sharpness["defective"], sharpness["caught"]) == (1, 1)
    assert (sharpness["good"], sharpness["false_fail"]) == (3, 0)
    assert rows["glasses"]["human"] == 5
    assert told["blocked"] == {"group": "", "blocked": 5, "total": 5}
    columns = {split["column"]: split for split in told["splits"]}
    assert list(columns) == ["gender", "age", "ethnicity", "camera"]
    assert [b["group"] for b in columns["age"]["blocked"]] == [
        "under 25", "25–34", "55 and over", "unknown",
    ]  # fmt: skip
    rolls = {
        name: next(row for row in rows if row["rule"] == "roll")["false_fail"]
        for name, rows in columns["camera"]["rules"].items()
    }
    assert rolls == {"new": 1, "old": 0}


def test_people_get_tables_and_a_picture(labels: Path, tmp_path: Path) -> None:
    plot = tmp_path / "values.png"
    result = evaluate("--jobs", 2, "--plot", plot, labels)
    assert result.exit_code == 0
    assert "5 of 5 photos judged; of 4 it is known what is wrong" in result.stdout
    (roll,) = [x for x in result.stdout.splitlines() if x.startswith("roll ")][:1]
    assert roll.split() == ["roll", "4", "1"]
    lines = [x for x in result.stdout.splitlines() if x.startswith("colour_photo ")]
    assert any("1/1, 0/1" in line for line in lines)
    assert "left to a person: " in result.stdout
    assert "blocked: 5 of 5 (100%)" in result.stdout
    assert "blocked by gender: female 2 of 2 (100%)" in result.stdout
    assert "judging" in result.stderr
    with Image.open(plot) as picture:
        picture.load()
        assert picture.format == "PNG"
        assert 1000 <= picture.width <= 3000
        assert 1000 <= picture.height <= 4000
        shades = np.asarray(picture.convert("RGB"))
    for colour in ((86, 180, 233), (213, 94, 0), (122, 106, 0), (0, 0, 0)):
        near = np.abs(shades.astype(int) - colour).max(axis=2) < 12
        assert near.sum() > 100, colour


def test_one_photo_that_cannot_be_opened_ends_nothing(folder: Path) -> None:
    labels = listed(folder, "words.jpg,,,,,", ROWS[0], name="b.csv")
    result = evaluate("--jobs", 1, "--json", labels)
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert told["blocked"]["total"] == 1
    assert [(u["file"], u["code"]) for u in told["unreadable"]] == [
        ("words.jpg", "not_a_picture")
    ]
    assert "not judged: words.jpg: " in result.stderr


def test_where_no_photo_can_be_opened_there_is_nothing_to_count(
    folder: Path, tmp_path: Path
) -> None:
    labels = listed(folder, "words.jpg,,,,,", name="g.csv")
    plot = tmp_path / "values.png"
    result = evaluate("--plot", plot, labels)
    assert result.exit_code == 1
    assert "0 of 1 photos judged" in result.stdout
    assert "blocked" not in result.stdout
    with Image.open(plot) as picture:
        assert picture.format == "PNG"


def test_without_a_column_of_defects_every_photo_counts_as_good(folder: Path) -> None:
    labels = listed(folder, "her/grey.jpg", header="file\n", name="c.csv")
    result = evaluate("--jobs", 1, labels)
    assert result.exit_code == 0
    assert "every photo counts as having nothing wrong" in result.stdout
    (row,) = [x for x in result.stdout.splitlines() if x.startswith("colour_photo")]
    assert row.split() == ["colour_photo", "1", "1"]


def test_all_that_is_wrong_with_a_list_is_said_at_once(folder: Path) -> None:
    labels = listed(
        folder,
        "her/none.jpg,mouth_close,,,,",
        "her/plain.jpg,gazing,,,,",
        "her/plain.jpg,,,,,",
        ",,,,,",
        f"{'x' * 300}.jpg,,,,,",
        name="d.csv",
    )
    result = evaluate("--by", "weather", labels)
    assert result.exit_code == 2
    assert result.stdout == ""
    for line in (
        "there is no column weather",
        "line 2: there is no file her/none.jpg",
        "line 2: there is no rule mouth_close; did you mean mouth_closed?",
        "line 3: there is no rule gazing",
        "line 4: her/plain.jpg is already in line 3",
        "line 5: no file is named",
        "line 6: there is no file xxx",
    ):
        assert line in result.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "there is no column file"),
        (b"name\nher/plain.jpg\n", "there is no column file"),
        (b"file,defects\n", "there is no photo in the list"),
        (b"file\n\xff\xfe\x00", "is not a text"),
        (b'file\n"' + b"x" * 200_000 + b'"\n', "line"),
    ],
)
def test_what_is_no_list_is_refused(folder: Path, text: bytes, said: str) -> None:
    path = folder / "e.csv"
    path.write_bytes(text)
    result = evaluate(path)
    assert result.exit_code == 2
    assert said in result.stderr


def test_lists_that_excel_saves_are_read(folder: Path) -> None:
    path = folder / "f.csv"
    row = "file,班级\r\nher/plain.jpg,甲\r\n"
    for encoding in ("utf-8-sig", "gb18030"):
        path.write_bytes(row.encode(encoding))
        result = evaluate("--jobs", 1, "--by", "班级", path)
        assert result.exit_code == 0
        assert "blocked by 班级: 甲 1 of 1" in result.stdout


def test_a_policy_of_ones_own_is_measured_against(labels: Path, tmp_path: Path) -> None:
    shipped = Path(__file__).parents[2] / "backend/policies/notice-2025.toml"
    text = shipped.read_text(encoding="utf-8")
    own = tmp_path / "own.toml"
    own.write_text(
        text.replace('"notice-2025"', '"own"').replace(
            "warn_above = 5\nfail_above = 8", "warn_above = 20\nfail_above = 30"
        ),
        encoding="utf-8",
    )
    result = evaluate("--jobs", 1, "--json", "--policy", own, labels)
    told = json.loads(result.stdout)
    assert told["policy"] == "own"
    (roll,) = [row for row in told["rules"] if row["rule"] == "roll"]
    assert (roll["false_warn"], roll["false_fail"]) == (0, 0)
    own.write_text("[rules]\n", encoding="utf-8")
    for name in (own, "nowhere"):
        refused = evaluate("--policy", name, labels)
        assert refused.exit_code == 2
        assert "--policy" in refused.stderr


def test_a_picture_without_a_place_is_refused_before_any_work(
    labels: Path, tmp_path: Path
) -> None:
    result = evaluate("--plot", tmp_path / "none" / "values.png", labels)
    assert result.exit_code == 2
    assert "--plot" in result.stderr
    assert "judging" not in result.stderr
