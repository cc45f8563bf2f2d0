"""What is written about the project is true and belongs in it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
READMES = ["README.md", "README.zh-CN.md"]
#: Folders of one machine; split so that this file does not hold them.
MACHINE_PATHS = re.compile(
    "|".join(("/wo" + "rk/", "/ho" + "me/[a-z]", "/Us" + "ers/"))
)


def tracked() -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "-z"], check=True, capture_output=True, text=True, cwd=ROOT
    )
    paths = (ROOT / name for name in listing.stdout.split("\0") if name)
    return [path for path in paths if path.is_file()]


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="ignore")


@pytest.mark.parametrize(
    "path", sorted((ROOT / "deploy/requirements").glob("*.lock")), ids=str
)
def test_lock_files_name_no_package_index(path: Path) -> None:
    assert "://" not in text_of(path)
    assert "index-url" not in text_of(path)


def test_no_file_mentions_a_path_of_somebodys_machine() -> None:
    assert [path for path in tracked() if MACHINE_PATHS.search(text_of(path))] == []


@pytest.mark.parametrize("readme", READMES)
def test_make_commands_of_the_readme_exist(readme: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", text_of(ROOT / "Makefile"), re.MULTILINE))
    commands = set(re.findall(r"\bmake ([a-z-]+)", text_of(ROOT / readme)))
    assert {"run", "test", "check"} <= commands
    assert commands - targets == set()


@pytest.mark.parametrize("readme", READMES)
def test_files_and_folders_of_the_readme_exist(readme: str) -> None:
    named = re.findall(r"\]\(([^)#:]+)\)", text_of(ROOT / readme))
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_setting_is_in_the_example_and_the_other_way_round() -> None:
    from backend.settings import Settings  # noqa: PLC0415  # only this test needs it

    example = text_of(ROOT / "deploy/env.example")
    named = {
        name.partition("__")[0] for name in re.findall(r"\bBIZHAO_([A-Z_]+)=", example)
    }
    assert named == {name.upper() for name in Settings.model_fields}
