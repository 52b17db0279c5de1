"""What is taken for runs in plain files, and what is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runreport.kinds import SourceContext
from runreport.sources.files import SOURCE, Options
from tests.shared import ROOT, SHARED, needs_shared


def put(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_a_table_is_found_with_its_runs_counted():
    found = SOURCE.detect(ROOT / "examples" / "files")
    assert found is not None
    assert found.config == {
        "files": "results.csv",
        "shape": "runs",
        "params": ["model", "fold"],
        "metrics": ["accuracy", "log_loss"],
    }
    assert found.summary == "results.csv: 24 runs in 1 file, without histories"
    assert SOURCE.detect(ROOT / "examples" / "files" / "results.csv") == found


@pytest.mark.parametrize(
    ("files", "location"),
    [
        ({"a.csv": "step,loss\n0,1\n1,2\n", "b.csv": "step,loss\n0,1\n1,2\n"}, "*.csv"),
        (
            {f"v{i}/metrics.csv": "step,loss\n0,1\n1,2\n" for i in range(2)}
            | {f"v{i}/hparams.yaml": "lr: 0.1\n" for i in range(2)},
            "*/metrics.csv",
        ),
        ({f"{i}/metrics.json": '{"accuracy": 0.5}' for i in range(3)}, "*/metrics.json"),
        ({"only/log.jsonl": '{"step": 0, "loss": 1}\n{"step": 1, "loss": 2}\n'}, "only/log.jsonl"),
        ({"results.json": json.dumps([{"lr": 0.1, "accuracy": 0.5}])}, "results.json"),
        ({"r.yaml": "- {lr: 0.1, accuracy: 0.5}\n"}, "r.yaml"),
    ],
)  # fmt: skip
def test_the_location_found_reads_the_runs_it_promises(tmp_path, files, location):
    for name, text in files.items():
        put(tmp_path, name, text)
    found = SOURCE.detect(tmp_path)
    assert found is not None
    assert found.config["files"] == location
    tables = SOURCE.open(Options(location), SourceContext(tmp_path, {})).tables()
    assert found.summary.startswith(f"{location}: {len(tables.rows)} run")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("package.json", '{"name": "x", "version": "1.0.0", "score": 1}'),
        ("tsconfig.json", '{"compilerOptions": {"target": "es6"}}'),
        ("settings.json", '{"editor.fontSize": 14, "max_width": 3}'),
        ("iris.csv", "sepal_length,sepal_width,species\n5.1,3.5,setosa\n4.9,3.0,setosa\n"),
        ("mkdocs.yml", "site_name: x\n"),
        ("runreport.yaml", "report: {title: x}\nsources: [{files: y}]\n"),
        ("workflow.yaml", "name: ci\non: push\njobs: {test: {runs-on: x, timeout-minutes: 5}}\n"),
        ("pyproject.toml", "[project]\n"),
        ("broken.csv", '"'),
        ("empty.json", ""),
        ("meta.yaml", "artifact_uri: x\nstart_time: 1\n"),
    ],
)
def test_files_of_a_project_are_not_taken_for_runs(tmp_path, name, text):
    put(tmp_path, name, text)
    assert SOURCE.detect(tmp_path) is None


def test_the_artifacts_of_a_tracker_are_not_taken_for_runs():
    assert SOURCE.detect(ROOT / "examples" / "quickstart") is None


@needs_shared("samples", "mlflow")
def test_an_mlflow_store_is_not_taken_for_plain_files():
    assert SOURCE.detect(SHARED / "samples" / "mlflow") is None
    assert SOURCE.detect(SHARED / "samples" / "mlflow" / "mlruns") is None
    assert SOURCE.detect(SHARED / "wild" / "mlflow_files" / "mlruns") is None


@needs_shared("samples", "lightning_csv")
def test_logs_of_a_trainer_are_found_with_their_params():
    folder = SHARED / "samples" / "lightning_csv"
    found = SOURCE.detect(folder)
    assert found is not None
    assert found.config == {"files": "cifar/*/metrics.csv", "shape": "history"}
    tables = SOURCE.open(Options(found.config["files"], config="hparams.yaml"),
                         SourceContext(folder, {})).tables()  # fmt: skip
    assert [run.name for run in tables.rows] == ["version_0", "version_1"]
    assert all(run.params for run in tables.rows)


def test_nothing_and_nowhere_are_not_found(tmp_path):
    assert SOURCE.detect(tmp_path) is None
    assert SOURCE.detect(tmp_path / "gone") is None
