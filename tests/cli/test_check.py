from __future__ import annotations

import importlib
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from backend.cli import main
from backend.domain.backgrounds import CHANGE_RULE
from backend.domain.report import Verdict
from tests.fakes import CannedInspector, Replacing
from tests.photos import labelled
from tests.pictures import as_jpeg, astronaut

KEYS = ["file", "verdict", "findings", "portrait", "elapsed_ms"]
FINDING = ["rule", "clauses", "status", "value", "limit", "unit", "message"]


def check(*arguments: str | Path) -> Result:
    return CliRunner().invoke(
        main, ["check", *map(str, arguments)], catch_exceptions=False
    )


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    face = as_jpeg(astronaut())
    (folder / "face.jpg").write_bytes(face)
    (folder / "cut.jpg").write_bytes(face[: len(face) // 2])
    (folder / "words.jpg").write_text("no picture")
    (folder / "folder.jpg").mkdir()
    return folder


def lines(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_bad_photo_is_one_json_object_and_exit_one(photos: Path) -> None:
    result = check("--json", photos / "face.jpg")
    (answer,) = lines(result)
    assert result.exit_code == 1
    assert list(answer) == KEYS
    assert answer["verdict"] == "fail"
    assert all(list(finding) == FINDING for finding in answer["findings"])
    failed = {f["rule"] for f in answer["findings"] if f["status"] == "fail"}
    assert "mouth_closed" in failed
    assert answer["portrait"] is None


def test_one_bad_file_does_not_stop_the_rest(photos: Path) -> None:
    names = ["words.jpg", "face.jpg", "none.jpg", "cut.jpg", "folder.jpg", "face.jpg"]
    result = check("--json", *(photos / name for name in names))
    answers = lines(result)
    assert result.exit_code == 2
    assert [Path(a["file"]).name for a in answers] == names
    assert [a["verdict"] for a in answers] == [
        "error", "fail", "error", "error", "error", "fail",
    ]  # fmt: skip
    assert answers[0]["findings"][0]["rule"] == "not_a_picture"
    assert answers[3]["findings"][0]["rule"] == "picture_damaged"
    assert answers[2]["findings"][0]["rule"] == "file_unreadable"


def test_people_get_sentences_and_what_was_not_checked(photos: Path) -> None:
    said = check(photos / "face.jpg").stdout
    assert "✗ 不合格" in said
    assert "嘴张开了" in said
    assert "未检查：" in said


def test_the_overlay_is_written(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    check("--out", out, photos / "face.jpg", photos / "words.jpg")
    (overlay,) = out.iterdir()
    assert overlay.name.endswith("-overlay.jpg")
    with Image.open(overlay) as picture:
        assert picture.width == 512
        assert picture.height >= 512


def test_a_pipe_that_would_never_end_is_an_answer_too(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    result = check("--json", tmp_path / "pipe.jpg")
    (answer,) = lines(result)
    assert result.exit_code == 2
    assert answer["findings"][0]["message"] == "not a file"


def test_a_name_in_another_encoding_does_not_end_the_run(
    photos: Path, tmp_path: Path
) -> None:
    named = os.fsencode(tmp_path) + b"/" + "张测试.jpg".encode("gbk")
    Path(os.fsdecode(named)).write_bytes((photos / "face.jpg").read_bytes())
    result = check("--json", "--out", tmp_path / "out", os.fsdecode(named))
    (answer,) = lines(result)
    assert result.exit_code == 1
    assert answer["file"].endswith(".jpg")
    assert len(list((tmp_path / "out").iterdir())) == 1


def test_an_output_folder_that_cannot_be_made_is_no_verdict(
    photos: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    result = check("--out", tmp_path / "file" / "out", photos / "face.jpg")
    assert result.exit_code == 2
    assert "--out" in result.output


@pytest.fixture
def inspector(monkeypatch: pytest.MonkeyPatch) -> CannedInspector:
    canned = CannedInspector()
    # The command hides the module of its name from attributes.
    module = importlib.import_module("backend.cli.check")
    monkeypatch.setattr(module, "MediaPipeInspector", lambda: canned)
    return canned


def test_a_background_is_replaced_where_it_is_asked_for(
    photos: Path, tmp_path: Path, inspector: CannedInspector
) -> None:
    photo = photos / "face.jpg"
    asked = ("--background", "standard")
    (answer,) = lines(check("--json", *asked, "--out", tmp_path, photo))
    assert answer["background"] == "standard"
    assert Path(answer["portrait"]["path"]).read_bytes().startswith(b"standard ")
    assert "背景：标准背景" in check(*asked, photo).stdout
    kept = check("--json", "--background", "keep", photo)
    assert [list(answer) for answer in lines(kept)] == [KEYS]
    assert "背景：" not in check(photo).stdout
    assert inspector.replacing is Replacing.DONE


def test_a_photo_without_a_portrait_has_no_background_to_replace(
    photos: Path, inspector: CannedInspector
) -> None:
    inspector.verdict = Verdict.FAIL
    asked = ("--background", "standard", photos / "face.jpg")
    (answer,) = lines(check("--json", *asked))
    assert answer["background"] is None
    assert "没有成品照，没有更换" in check(*asked).stdout


def test_another_program_has_its_turn_first(
    photos: Path, inspector: CannedInspector, monkeypatch: pytest.MonkeyPatch
) -> None:
    inspector.replacing = Replacing.BUSY
    waited: list[float] = []

    def pause(seconds: float) -> None:
        waited.append(seconds)
        inspector.replacing = Replacing.DONE

    monkeypatch.setattr(time, "sleep", pause)
    result = check("--json", "--background", "standard", photos / "face.jpg")
    assert lines(result)[0]["background"] == "standard"
    assert waited == [2]


def test_why_a_background_was_not_replaced_is_said(
    photos: Path, inspector: CannedInspector
) -> None:
    inspector.replacing = Replacing.REFUSED
    asked = ("--background", "standard", photos / "face.jpg")
    (answer,) = lines(check("--json", *asked))
    assert answer["background"] == "keep"
    (why,) = [f["message"] for f in answer["findings"] if f["rule"] == CHANGE_RULE]
    assert f"背景：原背景（没有更换：{why}）" in check(*asked).stdout


def test_an_unknown_policy_names_those_there_are(photos: Path) -> None:
    result = check("--policy", "nowhere", photos / "face.jpg")
    assert result.exit_code == 2
    assert "notice-2025" in result.output


def test_a_good_portrait_passes_and_is_written(tmp_path: Path) -> None:
    if not labelled.LABELS.is_file():
        pytest.skip(labelled.WHY_ABSENT)
    good = labelled.FOLDER / "london_neutral" / "003_03.jpg"
    result = check("--json", "--out", tmp_path, good)
    (answer,) = lines(result)
    assert result.exit_code == 0
    assert list(answer) == KEYS
    assert [list(f) for f in answer["findings"]] == [FINDING] * len(answer["findings"])
    assert list(answer["portrait"]) == [
        "path", "width", "height", "bytes", "quality", "dpi",
        "crown_px", "eye_line_px", "face_width_px", "centre_offset_px",
    ]  # fmt: skip
    with Image.open(answer["portrait"]["path"]) as portrait:
        assert portrait.size == (480, 640)
    said = check(good).stdout
    assert "不合格" not in said
    assert "成品照 480×640" in said
