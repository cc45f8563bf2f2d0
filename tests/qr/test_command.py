from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from qr.__main__ import file_stem, main

HEADER = "station,url,campaign,window,contact,school\n"
ROW = "样例站,https://e.example/s/abc,样例采集,9月1日 至 9月30日,李老师,样例大学\n"
pytestmark = pytest.mark.needs("cjk-font")


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    file = folder / "stations.csv"
    file.write_bytes(text.encode(encoding))
    return file


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_each_row_becomes_a_set_of_files(tmp_path: Path, encoding: str) -> None:
    second = ROW.replace("样例站", "../点/二").replace("abc", "def")
    file = written(tmp_path, HEADER + ROW + second, encoding)
    out = tmp_path / "posters"
    assert main([str(file), "--out", str(out)]) == 0
    assert sorted(path.name for path in out.iterdir()) == [
        "001-样例站-code.png",
        "001-样例站-code.svg",
        "001-样例站.pdf",
        "001-样例站.png",
        "002-点-二-code.png",
        "002-点-二-code.svg",
        "002-点-二.pdf",
        "002-点-二.png",
        "posters.pdf",
    ]


def test_every_bad_row_is_named_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = ROW.replace("https://", "ftp://")
    file = written(tmp_path, HEADER + ROW + bad + ROW.replace("样例站", ""))
    out = tmp_path / "posters"
    assert main([str(file), "--out", str(out)]) == 2
    said = capsys.readouterr().err
    assert "第 3 行：url must start with" in said
    assert "第 4 行：station is empty" in said
    assert not out.exists()


@pytest.mark.parametrize("text", ["", HEADER, "station,url\nx,https://e.example/s/a\n"])
def test_a_file_without_its_columns_says_which(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    assert main([str(written(tmp_path, text)), "--out", str(tmp_path / "o")]) == 2
    assert "campaign" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "none.csv"), "--out", str(tmp_path)]) == 2
    assert "none.csv" in capsys.readouterr().err


def test_a_title_may_be_given(tmp_path: Path) -> None:
    text = HEADER.strip() + ",title\n" + ROW.strip() + ",补采海报\n"
    out = tmp_path / "o"
    assert main([str(written(tmp_path, text)), "--out", str(out)]) == 0
    assert (out / "posters.pdf").read_bytes().startswith(b"%PDF")


def test_names_are_short_safe_and_apart() -> None:
    assert file_stem(7, 'a/b\\c:*?"<>|\0') == "007-a-b-c"
    assert len(file_stem(1, "站" * 300)) == 64
    assert file_stem(1, "站") != file_stem(2, "站")


def test_it_runs_by_itself(tmp_path: Path) -> None:
    file = written(tmp_path, HEADER + ROW)
    done = subprocess.run(
        [sys.executable, "-m", "qr", str(file), "--out", str(tmp_path / "o")],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).resolve().parents[2],
    )
    assert "1 张海报" in done.stdout
