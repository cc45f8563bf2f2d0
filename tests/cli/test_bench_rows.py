"""The benches of searching and of posters, at a size at which they only show they work."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

import qr
from backend.cli import bench_posters, bench_search, main
from tests import postgresql


@pytest.mark.needs("postgresql")
def test_each_kind_of_question_is_asked_of_both_sizes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shapes = bench_search.SHAPES
    assert len({shape.name for shape in shapes}) == len(shapes) > 200
    monkeypatch.setattr(bench_search, "SHAPES", (*shapes[:2], *shapes[-30:]))
    url = postgresql.server_url()
    assert url is not None
    timings = list(bench_search.run(url, small=200, large=400, rounds=2))
    assert [t.shape for t in timings] == [s.name for s in bench_search.SHAPES]
    for timing in timings:
        assert len(timing.small) == len(timing.large) == 2
        assert len(timing.cells) == len(bench_search.COLUMNS)
        assert timing.ratio > 0


@pytest.mark.needs("cjk-font")
def test_posters_of_every_size_are_timed() -> None:
    timings = list(bench_posters.run(count=3))
    assert [t.size for t in timings] == [size.value for size in qr.Size]
    for timing in timings:
        assert len(timing.cells) == len(bench_posters.COLUMNS)
        assert 0 < timing.further_bytes < 20 * 1024 < timing.first_bytes


@pytest.mark.needs("cjk-font")
def test_posters_are_told_in_a_line_a_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_posters, "COUNT", 2)
    result = CliRunner().invoke(main, ["bench", "--only", "posters"])
    assert result.exit_code == 0, result.output
    sizes = [line.split(":")[0] for line in result.output.splitlines()[1:]]
    assert sizes == [f"posters 2 × {size.value}" for size in qr.Size]
