"""``bizhao batch``: a folder, then a ZIP of it, and what is said of each file."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from click.testing import Result

from backend.cli import demo_data
from backend.cli.context import load_settings, open_services
from backend.services.staff import OPERATOR
from tests import pictures
from tests.cli.conftest import run

pytestmark = pytest.mark.needs("cjk-font")


def test_a_folder_and_its_zip_are_handed_in_once(demo: Result, tmp_path: Path) -> None:
    assert demo.exit_code == 0
    services, _ = open_services(load_settings())
    (campaign,) = services.stations.campaigns(OPERATOR)
    student = demo_data.demo_students()[3]
    folder = tmp_path / "photos"
    folder.mkdir()
    photo = pictures.as_jpeg(pictures.astronaut())
    (folder / f"{student.student_no}.jpg").write_bytes(photo)
    (folder / "nobody.jpg").write_bytes(photo)

    without = run("batch", str(folder), "--campaign", campaign.name)
    assert without.exit_code == 1
    assert "同意" in without.output
    wrong = run("batch", str(folder), "--campaign", "没有", "--consent-in-writing")
    assert wrong.exit_code == 1
    assert campaign.name in wrong.output

    whole = ("--campaign", campaign.name, "--consent-in-writing")
    first = run("batch", str(folder), *whole)
    assert first.exit_code == 0, first.output
    # NASA's portrait smiles, and is too near.
    assert "照片不合格\t1" in first.output
    assert "没有对上\t1" in first.output
    assert f"{student.student_no}.jpg" in first.output

    packed = tmp_path / "photos.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(folder / f"{student.student_no}.jpg", "一班/x.jpg")
        archive.write(
            folder / f"{student.student_no}.jpg",
            f"{student.exam_no or student.student_no}.jpg",
        )
    again = run("batch", str(packed), *whole)
    assert again.exit_code == 0, again.output
    (found,) = services.collecting.find(OPERATOR, campaign.id, student.student_no)
    assert found.binding_id is not None
    record = services.search.record(OPERATOR, found.binding_id)
    assert len(record.submissions) == 1
    assert record.submissions[0].source == "batch"
