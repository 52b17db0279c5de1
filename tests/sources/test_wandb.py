"""The source `wandb`: what the real SDK wrote, and logs written record by record."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import yaml

from tests.shared import SHARED, needs_shared
from tests.sources.wandb_logs import (
    exit_with,
    folder,
    history,
    run,
    summary,
)
from tests.sources.wandb_reading import (
    codes,
    log_of,
    only,
    opened,
    points_of,
    rows_logged,
    series,
    tables_at,
)

SAMPLE = SHARED / "samples" / "wandb"
WILD = SHARED / "wild" / "wandb"


# ---- what the SDK wrote --------------------------------------------------------------------------


@needs_shared("samples", "wandb")
@pytest.mark.parametrize("name", ["ae8np1lm", "553nlg2o"])
def test_every_number_of_a_sample_is_read_at_its_step_and_time(name: str) -> None:
    (where,) = SAMPLE.glob(f"wandb/*{name}")
    assert_points_are_those_logged(where)


@needs_shared("wild", "wandb")
def test_every_number_of_a_strangers_run_is_read_at_its_step_and_time() -> None:
    (where,) = WILD.glob("run-*")
    assert_points_are_those_logged(where)


def assert_points_are_those_logged(where: Path) -> None:
    expected: dict[str, list[tuple[float, float, int]]] = {}
    for row in rows_logged(log_of(where)):
        media = {key.rpartition(".")[0] for key in row if key.endswith("._type")}
        for key, value in row.items():
            inside = any(key.startswith(f"{name}.") for name in media)
            if key[0] != "_" and type(value) in (int, float) and not inside:
                micro = round(row["_timestamp"] * 1e6)
                expected.setdefault(key, []).append((row["_step"], value, micro))
    found = {
        metric: [
            (step, value, time and round(time.timestamp() * 1e6)) for step, value, time in points
        ]
        for (_, metric), points in points_of(opened(where)).items()
    }
    assert expected
    for metric, points in expected.items():
        np.testing.assert_array_equal(np.array(found[metric]), np.array(points))
    # what else there is are values of the summary alone
    assert all(len(found[name]) == 1 for name in found.keys() - expected.keys())


@needs_shared("samples", "wandb")
def test_the_samples_say_who_they_are() -> None:
    runs = {each.name: each for each in tables_at(SAMPLE).rows}
    assert set(runs) == {"lr0.001", "lr0.01"}
    found = runs["lr0.001"]
    assert (found.experiment, found.status) == ("cifar10", "finished")
    assert {key: param.text for key, param in found.params.items()} == {
        "lr": "0.001", "optimizer": "adamw", "model.depth": "18", "model.width": "64", "seed": "1",
    }  # fmt: skip
    assert dict(found.tags) == {
        "base": "true", "v3": "true", "group": "sweep-a", "job_type": "train",
        "notes": "**note**", "project": "cifar10",
    }  # fmt: skip
    assert found.metrics["best"].last == 0.91
    assert found.metrics["val/acc.max"].last == found.metrics["val/acc"].max
    assert math.isnan(runs["lr0.01"].metrics["grad_norm"].last or 0)


@needs_shared("samples", "wandb")
def test_media_of_the_samples_are_artifacts_with_the_digests_that_were_logged() -> None:
    (where,) = SAMPLE.glob("wandb/*ae8np1lm")
    recorded = {
        row[f"{name}.path"]: f"sha256:{row[f'{name}.sha256']}"
        for row in rows_logged(log_of(where))
        for name in ("img", "tbl", "cm_table")
        if f"{name}.path" in row
    }
    assert len(recorded) == 3
    artifacts = {artifact.path: artifact for artifact in only(where).artifacts}
    assert {path: artifacts[path].digest for path in recorded} == recorded
    assert artifacts["hist"].kind == "plot-data"
    assert artifacts["model@e1d9daa28449"].kind == "model"


@needs_shared("wild", "wandb")
def test_a_strangers_online_folder_agrees_with_the_documents_beside_its_log() -> None:
    (where,) = WILD.glob("run-*")
    found = only(where)
    files = where / "files"
    about = json.loads((files / "wandb-metadata.json").read_text())
    summed = json.loads((files / "wandb-summary.json").read_text())
    config = yaml.safe_load((files / "config.yaml").read_text())
    (code,) = [fact for fact in found.lineage if fact.kind == "code"]
    assert (code.digest, code.url) == (about["git"]["commit"], about["git"]["remote"])
    facts = {(fact.kind, fact.name): fact.version for fact in found.lineage}
    assert facts["environment", "python"] == about["python"]
    assert facts["environment", "wandb"] == config["_wandb"]["value"]["cli_version"]
    assert facts["hardware", "gpu"] == f"1 x {about['gpu']}"
    assert found.user == about["username"]
    # the log was cut off a little before the summary was written
    assert found.metrics["train_elbo"].last_step == 870 < summed["_step"]
    assert found.status == "unknown"
    assert "RR372" in codes(tables_at(where))


@needs_shared("samples", "wandb")
def test_a_log_alone_and_a_bare_copy_of_a_folder_are_runs(tmp_path: Path) -> None:
    (where,) = SAMPLE.glob("wandb/*ae8np1lm")
    expected = only(where)
    shutil.copy(log_of(where), tmp_path / "mine.wandb")
    alone = only(tmp_path / "mine.wandb")
    assert (alone.id, alone.metrics) == ("wandb:mine", expected.metrics)
    shutil.copytree(where, tmp_path / "kept" / "best one")
    assert only(tmp_path / "kept").metrics == expected.metrics


SDK = """
import math, os, sys, wandb
os.environ.update(WANDB_MODE="offline", WANDB_SILENT="true", WANDB_DISABLE_GIT="true")
run = wandb.init(project="study", dir=sys.argv[1], name="größe", tags=["a", "ü"], notes="n",
                 config={"lr": 1e-5, "flag": True, "none": None, "big": 12345678901234567890,
                         "nest": {"a": {"b": 1.5}, "d.e": 2}, "list": [1, "x"]})
run.define_metric("val/*", step_metric="epoch", step_sync=True)
for step in range(300):
    row = {"loss": 1 / (step + 1), "nested": {"a": step, "b": {"c": -step}}, "text": f"t{step}",
           "flag": step % 2 == 0, "epoch": step // 2, "val/acc": step / 10}
    if step == 2:
        row["loss"] = math.nan
    if step == 3:
        row["loss"], row["low"] = math.inf, -math.inf
    run.log(row)
run.log({"twice": 1.0}, step=400)
run.log({"twice": 2.0}, step=400)
run.log({"hist": wandb.Histogram([1, 2]), "html": wandb.Html("<b>x</b>"), "dot.ted": 4})
run.summary["only"] = 0.5
run.summary["words"] = "best"
run.config.update({"lr": 2e-5}, allow_val_change=True)
run.finish(exit_code=int(sys.argv[2]))
"""


def test_what_the_installed_sdk_logs_is_read(tmp_path: Path) -> None:
    pytest.importorskip("wandb", reason="the W&B SDK is not installed here")
    code = [sys.executable, "-c", SDK, str(tmp_path)]
    environ = {**os.environ, "HOME": str(tmp_path)}
    subprocess.run([*code, "0"], check=True, env=environ, capture_output=True)
    found = only(tmp_path / "wandb")
    assert (found.name, found.status, found.experiment) == ("größe", "finished", "study")
    params = {key: param.text for key, param in found.params.items()}
    # older versions write 2e-05, newer ones all digits
    assert float(params.pop("lr")) == 2e-05
    assert params == {
        "flag": "true", "big": "12345678901234567890", "nest.a.b": "1.5",
        "nest.d.e": "2", "list": '[1, "x"]',
    }  # fmt: skip
    assert {"a": "true", "ü": "true", "notes": "n", "summary.words": "best"}.items() <= (
        dict(found.tags).items()
    )
    assert set(found.metrics) == {
        "loss", "nested.a", "nested.b.c", "epoch", "val/acc", "low", "twice", "dot.ted", "only",
    }  # fmt: skip
    assert (found.metrics["only"].last, found.metrics["only"].count) == (0.5, 1)
    assert found.metrics["loss"].non_finite == 2
    assert found.metrics["twice"].count == 1
    values = series(tmp_path / "wandb", "val/acc")
    assert values == [(step // 2, step / 10) for step in range(300)]
    (where,) = (tmp_path / "wandb").glob("offline-run-*")
    assert_points_but_declared_steps_are_those_logged(where)


def assert_points_but_declared_steps_are_those_logged(where: Path) -> None:
    found = {m: [v for _, v, _ in p] for (_, m), p in points_of(opened(where)).items()}
    rows = rows_logged(log_of(where))
    for metric in ("loss", "nested.a", "nested.b.c", "epoch", "val/acc", "dot.ted"):
        expected = [row[metric] for row in rows if metric in row]
        np.testing.assert_array_equal(found[metric], expected)


def test_the_last_python_reader_of_wandb_gives_the_same_rows(tmp_path: Path) -> None:
    datastore = pytest.importorskip(
        "wandb.sdk.internal.datastore", reason="no wandb before 0.20 is installed here"
    )
    import wandb
    from wandb.proto.wandb_internal_pb2 import Record

    where = folder(tmp_path, busy(2_000))
    wandb._assert_is_internal_process = True
    store = datastore.DataStore()
    store.open_for_scan(str(log_of(where)))
    values = []
    while (data := store.scan_data()) is not None:
        kept = Record()
        kept.ParseFromString(data)
        for entry in kept.history.item:
            if (entry.key or ".".join(entry.nested_key)) == "loss":
                values.append(json.loads(entry.value_json))
    assert [value for _, value in series(where, "loss")] == values
    assert len(values) == 2_000


def busy(steps: int) -> Iterator[bytes]:
    """A run whose records often go on in the next block."""
    yield run(config={"lr": 0.1})
    for step in range(steps):
        yield history(2 + step, step, {"loss": 1 / (step + 1), "x" * (step % 70 + 1): step})
        yield summary(2 + step, {"loss": 1 / (step + 1)})
    yield exit_with(0)
