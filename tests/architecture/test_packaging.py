"""The wheel is complete and works away from the checkout."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]
DATA_SUFFIXES = {".css", ".html", ".js", ".svg", ".toml", ".typed", ".webp", ".png"}
PROBE = """
import importlib.resources as resources
import backend, qr
assert "site-packages" in backend.__file__ and "site-packages" in qr.__file__
import backend.app, backend.cli
assert resources.files("backend").joinpath("py.typed").is_file()
assert any(p.name.endswith(".toml") for p in resources.files("backend").joinpath("policies").iterdir())
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [
        sys.executable,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "wheel",
        "-q",
        "--no-deps",
    ]
    command += ["--no-build-isolation", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, cwd=folder, stdin=subprocess.DEVNULL)
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_backend_and_qr_and_nothing_else(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in ZipFile(wheel).namelist()}
    (metadata,) = (top for top in tops if top.endswith(".dist-info"))
    assert tops - {metadata} == {"backend", "qr"}


def test_the_wheel_holds_every_module_and_data_file(wheel: Path) -> None:
    listing = subprocess.run(
        ["git", "ls-files", "backend", "qr"],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    wanted = {
        name
        for name in listing.stdout.split()
        if Path(name).suffix in DATA_SUFFIXES | {".py"} and (ROOT / name).exists()
    }
    assert wanted
    assert wanted - set(ZipFile(wheel).namelist()) == set()


def test_the_installed_wheel_imports_away_from_the_checkout(
    wheel: Path, tmp_path: Path
) -> None:
    venv.create(tmp_path / "venv", with_pip=False)
    python = tmp_path / "venv" / "bin" / "python"
    site = Path(sysconfig.get_path("purelib", "venv", {"base": str(tmp_path / "venv")}))
    ZipFile(wheel).extractall(site)
    # The dependencies are borrowed; the path line cannot bring the checkout along,
    # since .pth files inside a folder on sys.path are not read.
    (site / "borrowed.pth").write_text(
        sysconfig.get_path("purelib") + "\n", encoding="utf-8"
    )
    subprocess.run([python, "-I", "-c", PROBE], check=True, cwd=tmp_path)
