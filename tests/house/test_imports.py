"""What a start costs: heavy packages are loaded where they are used, and only there."""

import subprocess
import sys

import pytest

from tests.shared import ROOT

HEAVY = {"pandas", "scipy", "matplotlib", "statsmodels", "mkdocs", "mlflow", "sklearn"}
LIGHT = HEAVY | {"numpy", "pyarrow", "pydantic", "yaml", "jinja2", "nh3", "selectolax"}


def loaded_by(*arguments: str) -> set[str]:
    """Top packages that a fresh interpreter has imported at its end."""
    finished = subprocess.run(
        [sys.executable, "-X", "importtime", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr[-2000:]
    lines = [line for line in finished.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


def test_the_measure_sees_an_import() -> None:
    assert "numpy" in loaded_by("-c", "import numpy")


def test_importing_runreport_loads_nothing_heavy() -> None:
    assert loaded_by("-c", "import runreport") & LIGHT == set()


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["explain", "RR901"]])
def test_small_commands_load_nothing_heavy(arguments: list[str]) -> None:
    assert loaded_by("-m", "runreport", *arguments) & LIGHT == set()


def test_check_reads_a_spec_and_its_store_without_the_heavy_packages() -> None:
    assert loaded_by("-m", "runreport", "check", "runreport.yaml") & HEAVY == set()


def test_no_reader_imports_the_package_of_a_tracker() -> None:
    assert "mlflow" not in loaded_by("-m", "runreport", "list", "examples/quickstart/mlflow.db")
