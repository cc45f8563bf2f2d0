from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pypdfium2 import PdfDocument

from qr.__main__ import RowsError, file_stem, main, read_specs

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


def test_posters_are_as_large_as_asked(tmp_path: Path) -> None:
    coded = HEADER.replace("school", "school,code") + ROW.replace(
        "样例大学", "样例大学,CS01"
    )
    out = tmp_path / "signs"
    file = written(tmp_path, coded)
    assert main([str(file), "--size", "sign", "--out", str(out)]) == 0
    (page,) = PdfDocument((out / "posters.pdf").read_bytes())
    assert tuple(map(round, page.get_size())) == (283, 283)
    assert "CS01" in page.get_textpage().get_text_range()


def test_every_bad_row_is_named_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = ROW.replace("https://", "ftp://")
    file = written(tmp_path, HEADER + ROW + bad + ROW.replace("样例站", ""))
    out = tmp_path / "posters"
    assert main([str(file), "--out", str(out)]) == 2
    said = capsys.readouterr().err
    assert said.splitlines() == [
        "第 3 行：url 要以 https:// 或 http:// 开头",
        "第 4 行：station 没有填写",
    ]
    assert not out.exists()


def test_rows_are_counted_as_an_editor_counts_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    two_lines = ROW.replace("李老师", '"李老师\n下午"')
    file = written(
        tmp_path, HEADER + two_lines + "\n,,,,,\n" + ROW.replace("样例大学", " ")
    )
    assert main([str(file), "--out", str(tmp_path / "o")]) == 2
    assert capsys.readouterr().err == "第 6 行：school 没有填写\n"


def test_short_and_long_rows_and_spaces_in_headings_are_understood() -> None:
    heading = HEADER.replace(",url", " , url").encode()
    (spec,) = read_specs(heading + ROW.strip().encode() + b",more,columns\n")
    assert (spec.station, spec.school) == ("样例站", "样例大学")
    with pytest.raises(RowsError) as error:
        read_specs(heading + "样例站\n".encode())
    for name in ("url", "campaign", "window", "contact", "school"):
        assert name in str(error.value)


@pytest.mark.parametrize(
    "data",
    [
        "样例站".encode("utf-16"),
        (HEADER + ROW).encode("gb18030")[:-4] + b"\xff\n",
        HEADER.encode() + b'"' + b"x" * 200_000 + b'"\n',
    ],
)
def test_what_is_no_text_is_refused_and_never_printed_with_gaps(data: bytes) -> None:
    with pytest.raises(RowsError, match="CSV UTF-8"):
        read_specs(data)


def test_a_folder_that_cannot_be_made_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, HEADER + ROW)
    assert main([str(file), "--out", str(file / "below")]) == 2
    assert "写不了" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "station、url、campaign、window、contact、school"),
        ("station,url\nx,https://e.example/s/a\n", "campaign、window、contact、school"),
        (HEADER, "没有一行数据"),
        (HEADER + ",,,,,\n", "没有一行数据"),
    ],
)
def test_a_file_without_its_columns_or_rows_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    assert main([str(written(tmp_path, text)), "--out", str(tmp_path / "o")]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "o").exists()


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
