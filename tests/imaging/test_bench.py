"""The floor makes the pipeline's own calls to the models, no more and no less."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from backend.imaging import bench
from backend.imaging.sample_photo import phone_photo
from tests.domain.judging import NOTICE
from tests.imaging.portraits import roomy
from tests.pictures import as_jpeg


def test_a_photo_is_timed_beside_its_floor() -> None:
    data = as_jpeg(roomy())
    timing = bench.time_photo(data, NOTICE, rounds=3)
    assert timing.file_bytes == len(data)
    assert timing.megapixels == pytest.approx(1.69, abs=0.01)
    # Four ways up, and the head once on the upload and once on the portrait.
    assert timing.calls == {"detector": 4, "mesh": 2, "selfie": 2, "pose": 1}
    assert 0 < timing.floor_ms < timing.pipeline_ms
    assert timing.ratio == timing.pipeline_ms / timing.floor_ms
    assert timing.peak_mb > 50


def test_without_a_face_the_floor_has_no_portrait_to_write() -> None:
    timing = bench.time_photo(
        as_jpeg(np.full((700, 600, 3), 150, np.uint8)), NOTICE, rounds=1
    )
    assert timing.calls["far_detector"] == 1
    assert timing.calls["mesh"] == 1
    assert timing.floor_ms > 0


@pytest.mark.parametrize("megapixels", [1, 3])
def test_the_photo_is_of_the_size_of_a_phones(megapixels: int) -> None:
    data = phone_photo(megapixels)
    with Image.open(io.BytesIO(data)) as picture:
        width, height = picture.size
    assert width * height == pytest.approx(megapixels * 1e6, rel=0.01)
    assert width / height == pytest.approx(3 / 4, rel=0.01)
    assert 0.17e6 <= len(data) / megapixels <= 0.42e6
    assert phone_photo(megapixels) == data


def test_the_machine_is_described_also_where_the_system_says_little(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert "mediapipe 0.10.21" in bench.machine()
    monkeypatch.setattr(bench, "_CPUS", bench._CPUS / "none")
    monkeypatch.setattr(bench, "_STATUS", bench._STATUS / "none")
    assert "cores" in bench.machine()
    assert bench.peak_mb() > 50
