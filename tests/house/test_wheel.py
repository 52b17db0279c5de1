"""The wheel holds the package and the themes, and nothing of the checkout besides."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.shared import ROOT


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


def files_below(folder: Path) -> set[str]:
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {path.as_posix() for path in found if "__pycache__" not in path.parts}


def test_every_file_of_the_themes_is_inside(names: set[str]) -> None:
    themes = {f"runreport/themes/{name}" for name in files_below(ROOT / "themes")}
    assert themes
    assert themes - names == set()


def test_every_file_of_the_package_is_inside(names: set[str]) -> None:
    package = {f"runreport/{name}" for name in files_below(ROOT / "runreport")}
    assert "runreport/py.typed" in package
    assert package - names == set()


def test_nothing_else_is_inside(names: set[str]) -> None:
    assert {name.split("/")[0].partition("-")[0] for name in names} == {"runreport"}
    assert [name for name in names if "/tests/" in name or "/examples/" in name] == []
