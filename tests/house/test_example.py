"""The example is small, tells nothing of the machine it came from, and builds to equal bytes."""

import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.shared import ROOT

QUICKSTART = ROOT / "examples" / "quickstart"


def ask(query: str) -> list[tuple[object, ...]]:
    store = sqlite3.connect(f"file:{QUICKSTART / 'mlflow.db'}?mode=ro", uri=True)
    rows = store.execute(query).fetchall()
    store.close()
    return rows


def test_the_store_and_its_artifacts_stay_under_three_megabytes() -> None:
    files = [QUICKSTART / "mlflow.db", *(QUICKSTART / "artifacts").rglob("*")]
    assert sum(path.stat().st_size for path in files if path.is_file()) < 3_000_000


def test_the_study_is_three_optimizers_two_learning_rates_six_seeds_and_two_accidents() -> None:
    groups = ask(
        "SELECT o.value, r.value, count(DISTINCT s.value) FROM runs"
        " JOIN params o ON o.run_uuid = runs.run_uuid AND o.key = 'optimizer'"
        " JOIN params r ON r.run_uuid = runs.run_uuid AND r.key = 'learning_rate'"
        " JOIN params s ON s.run_uuid = runs.run_uuid AND s.key = 'seed'"
        " WHERE status = 'FINISHED' GROUP BY 1, 2 ORDER BY 1, 2"
    )
    study = [(name, rate, 6) for name in ("adam", "nesterov", "sgd") for rate in ("0.001", "0.01")]
    assert sorted(groups) == sorted([*study, ("nesterov", "3000.0", 1)])
    assert ask("SELECT name FROM runs WHERE status = 'FAILED'") == [("adam-0.01-s7",)]
    assert ask("SELECT count(*) FROM latest_metrics WHERE key = 'val_loss' AND is_nan") == [(1,)]


def test_artifact_addresses_are_relative_and_lead_to_files() -> None:
    for (address,) in ask("SELECT artifact_uri FROM runs"):
        assert isinstance(address, str)
        assert address.startswith("./artifacts/")
        assert (QUICKSTART / address / "train.log").is_file()


def test_every_run_names_its_data_with_a_digest() -> None:
    (count,) = ask("SELECT count(DISTINCT destination_id) FROM inputs")
    assert count == (38,)
    assert len(ask("SELECT DISTINCT name, digest FROM datasets")) == 2


@pytest.mark.slow
def test_the_example_is_the_same_bytes_elsewhere(tmp_path: Path) -> None:
    here = build(tmp_path / "a", {"TZ": "UTC", "LC_ALL": "C", "PYTHONHASHSEED": "0"})
    there = build(
        tmp_path / "another place, further down",
        {"TZ": "Asia/Kathmandu", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "4242"},
    )
    assert len(here) > 40
    assert here == there


def build(folder: Path, environment: dict[str, str]) -> dict[str, str]:
    """The digest of every file of the site, built from a copy of the example."""
    shutil.copytree(QUICKSTART, folder / "examples" / "quickstart")
    shutil.copy(ROOT / "runreport.yaml", folder)
    finished = subprocess.run(
        [sys.executable, "-m", "runreport", "build"],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    files = [path for path in sorted((folder / "site").rglob("*")) if path.is_file()]
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }
