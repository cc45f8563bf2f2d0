from __future__ import annotations

import re

import pytest

from backend.cli import bench_delivery
from backend.cli.bench_rows import Options
from tests.cli.conftest import InThisProcess


def test_a_row_says_how_a_delivery_does_beside_zip(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bench_delivery, "PORTRAITS", 5)
    monkeypatch.setattr(bench_delivery, "ProcessPoolExecutor", InThisProcess)
    # Without the program, Python's own packs.
    monkeypatch.setattr("shutil.which", lambda _: None)
    options = Options((), (), 1, "notice-2025", 1, None)
    (row,) = bench_delivery.FAMILY.rows(options)
    assert len(row.cells) == len(bench_delivery.FAMILY.columns)
    assert row.cells[0] == "5"
    assert re.fullmatch(r"\d+\.\d\dx", row.cells[5])
    assert row.line.startswith("delivery of 5 portraits, 0 MB: frozen in ")
