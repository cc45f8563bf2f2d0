"""``bizhao bench`` says what it measured, and keeps the record only when asked."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import Future
from importlib import import_module
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from backend.cli import bench_backgrounds, bench_roster, main
from tests.cli.conftest import InThisProcess
from tests.imaging.portraits import roomy
from tests.pictures import as_jpeg

LINE = re.compile(
    r"photo (.+) MP: pipeline [\d.]+ ms, floor [\d.]+ ms, ratio [\d.]+x, peak \d+ MB"
)
#: The package's name of the module is the command's.
MODULE = import_module("backend.cli.bench")
RECORD = Path(__file__).parents[2] / "deploy/BENCHMARKS.md"


@pytest.fixture
def no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (MODULE, bench_roster):
        monkeypatch.setattr(module, "ProcessPoolExecutor", InThisProcess)
    # So many make figures steady, of which these tests read none.
    monkeypatch.setattr("backend.imaging.bench._WARM_UP_RUNS", 1)


def bench(*arguments: object) -> Result:
    return CliRunner().invoke(
        main,
        ["bench", "--only", "photos", "--rounds", "1", *map(str, arguments)],
        catch_exceptions=False,
    )


def test_a_line_a_size_and_the_record_rewritten_between_its_marks(
    tmp_path: Path,
) -> None:
    record = tmp_path / "BENCHMARKS.md"
    text = RECORD.read_text(encoding="utf-8")
    record.write_text(text, encoding="utf-8")
    result = bench("--megapixels", 1, "--record", record)
    assert result.exit_code == 0
    machine, line = result.stdout.splitlines()
    assert "Python" in machine
    found = LINE.fullmatch(line)
    assert found
    assert found[1] == "1"
    written = record.read_text(encoding="utf-8")
    before, after = text.split("<!-- photos -->")[0], text.split("<!-- /photos -->")[1]
    assert written.startswith(before)
    assert written.endswith(after)
    section = written[len(before) : len(written) - len(after)]
    assert re.search(r"^\d{4}-\d\d-\d\d, .*Python", section, re.MULTILINE)
    (row,) = re.findall(r"^\| 1 MP .*$", section, re.MULTILINE)
    assert "detector 4, mesh 2, pose 1, selfie 2" in row


@pytest.mark.usefixtures("no_process")
def test_photos_of_ones_own_are_timed_by_name(tmp_path: Path) -> None:
    names = ("a.jpg", "b.jpg")
    for name in names:
        (tmp_path / name).write_bytes(as_jpeg(roomy()))
    result = bench("--photos", *(tmp_path / name for name in names))
    assert result.exit_code == 0
    found = [LINE.fullmatch(line) for line in result.stdout.splitlines()[1:]]
    assert [line and line[1] for line in found] == ["a.jpg 2", "b.jpg 2"]


@pytest.mark.usefixtures("no_process")
def test_what_is_no_photo_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "words.jpg").write_text("hello")
    result = bench("--photos", tmp_path / "words.jpg")
    assert result.exit_code == 1
    assert "Traceback" not in result.output
    assert "Error: " in result.output


def test_photos_of_ones_own_are_never_recorded(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"")
    result = bench("--photos", tmp_path / "a.jpg", "--record", RECORD)
    assert result.exit_code == 2
    assert "recorded" in result.output


@pytest.mark.usefixtures("no_process")
def test_a_file_without_a_place_for_it_is_no_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MODULE, "_own_photo", lambda _: as_jpeg(roomy()))
    other = tmp_path / "other.md"
    other.write_text("# Something else\n", encoding="utf-8")
    result = bench("--megapixels", 1, "--record", other)
    assert result.exit_code == 1
    assert "<!-- photos -->" in result.output
    assert other.read_text(encoding="utf-8") == "# Something else\n"


def test_without_scikit_image_the_bench_asks_for_photos(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def absent(megapixels: float) -> bytes:
        raise ImportError(megapixels)

    monkeypatch.setattr(MODULE, "phone_photo", absent)
    result = bench("--megapixels", 1)
    assert result.exit_code == 1
    assert "--photos" in result.output


@pytest.mark.usefixtures("no_process")
def test_a_small_roster_is_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_roster, "_WARM", 20)
    result = CliRunner().invoke(
        main,
        ["bench", "--only", "roster", "--roster-rows", "50"],
        catch_exceptions=False,
    )
    assert result.exit_code == 0
    assert re.search(
        r"roster SQLite: 50 rows, looked through in [\d.]+ s, written in [\d.]+ s, "
        r"\d+ rows/s, memory \+\d+ MB",
        result.stdout,
    )


@pytest.mark.needs("postgresql")
def test_on_a_server_it_leaves_no_database_behind(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench_roster, "_WARM", 20)
    assert bench_roster.measure(postgres_url, 5).rows == 5


def test_backgrounds_are_timed_alone_and_beside_verdicts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept_to: list[object] = []

    def here(step: Callable[..., object], *given: object) -> Future[object]:
        done: Future[object] = Future()
        done.set_result(step(*given))
        return done

    monkeypatch.setattr(bench_backgrounds, "_apart", here)
    monkeypatch.setattr(bench_backgrounds, "TOGETHER", 2)
    monkeypatch.setattr("backend.imaging.bench_background._WARM_UP_RUNS", 1)
    monkeypatch.setattr("os.sched_setaffinity", lambda _, cores: kept_to.append(cores))
    result = CliRunner().invoke(
        main, ["bench", "--only", "backgrounds", "--rounds", "1"]
    )
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()[1:]
    assert [line.partition(":")[0] for line in lines] == [
        "verdict, one core",
        "background beyond it, one core",
        "memory beyond it",
        "verdict in the process that replaces, 2 backgrounds wanted",
        "verdict in another process, 2 backgrounds wanted",
    ]
    assert all(re.search(r": -?\d+ (ms|MB)", line) for line in lines)
    # Timed on one core.
    assert [len(cores) for cores in kept_to] == [1]  # type: ignore[arg-type] # a set
