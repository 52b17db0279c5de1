"""Packages and data files that stores hold, as facts of their runs."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from runreport.tables import Run
from tests.sources import dvc_projects, mlflow_stores, wandb_logs, wandb_reading

REQUIREMENTS = "torch==2.1.0\nnumpy==1.26.4\nrequests>=2\n"


def pinned(run: Run) -> dict[str, str]:
    return {f.name: f.version for f in run.lineage if f.kind == "environment" and f.version}


def test_requirements_and_conda_of_an_mlflow_model_are_read(tmp_path: Path) -> None:
    model = mlflow_stores.small_folder(tmp_path / "mlruns") / "artifacts" / "model"
    model.mkdir()
    (model / "requirements.txt").write_text(REQUIREMENTS)
    (model / "conda.yaml").write_text("dependencies:\n- python=3.11.4\n- pip:\n  - torch==2.1.0\n")
    tables, _ = mlflow_stores.read("mlruns", tmp_path)
    (run,) = tables.rows
    assert pinned(run) == {"torch": "2.1.0", "numpy": "1.26.4", "python": "3.11.4"}
    assert sum(fact.name == "torch" for fact in run.lineage) == 1
    digest = hashlib.sha256(REQUIREMENTS.encode()).hexdigest()
    assert {f.digest for f in run.lineage if f.name == "model/requirements.txt"} == {
        f"sha256:{digest}"
    }


def test_requirements_that_wandb_froze_are_read(tmp_path: Path) -> None:
    folder = wandb_logs.folder(tmp_path, [wandb_logs.run(1, "abc"), wandb_logs.exit_with(0)])
    (folder / "files" / "requirements.txt").write_text(REQUIREMENTS)
    run = wandb_reading.only(tmp_path)
    assert pinned(run) == {"torch": "2.1.0", "numpy": "1.26.4"}


def test_a_lock_file_of_a_dvc_project_goes_before_its_requirements(tmp_path: Path) -> None:
    root = tmp_path / "project"
    lock = '[[package]]\nname = "torch"\nversion = "2.4.0"\n'
    files = {"uv.lock": lock, "requirements.txt": REQUIREMENTS}
    dvc_projects.write(root, {**dvc_projects.project(), **files})
    run = dvc_projects.only(dvc_projects.read(root))
    assert pinned(run) == {"torch": "2.4.0"}


@pytest.mark.parametrize("listed", [True, False])
def test_a_folder_of_data_says_its_files_where_its_list_is_there(
    tmp_path: Path, listed: bool
) -> None:
    root = tmp_path / "project"
    content = json.dumps(
        [{"md5": "1" * 32, "relpath": "a.png"}, {"md5": "2" * 32, "relpath": "b/c.png"}]
    ).encode()
    cache = root / ".dvc" / "cache" if listed else tmp_path / "elsewhere"
    md5 = dvc_projects.cached(cache, content, listing=True)
    track = f"outs:\n- md5: {md5}\n  size: 10\n  nfiles: 2\n  hash: md5\n  path: images\n"
    dvc_projects.write(root, {**dvc_projects.project(), "images.dvc": track})
    run = dvc_projects.only(dvc_projects.read(root))
    assert [(f.name, f.version) for f in run.lineage if f.kind == "files"] == [("images", "2")]
    each = [(f.name, f.digest) for f in run.lineage if f.kind == "file"]
    there = [("images/a.png", f"md5:{'1' * 32}"), ("images/b/c.png", f"md5:{'2' * 32}")]
    assert each == (there if listed else [])
