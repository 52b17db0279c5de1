"""The same six runs, written by each tracker's own package, read to equal tables."""

from __future__ import annotations

import importlib.util
import json
import math
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runreport.commands.discovery import chosen, discover, read_stores
from runreport.history import History
from runreport.tables import Run, parse_number
from tests.shared import ROOT
from tests.sources import dialects
from tests.sources.dialects import RUNS, WRITERS, flat, text

PYTHON = os.environ.get("RUNREPORT_SDKS", sys.executable)
"""The Python that has the trackers' packages; several are separated by the system's separator."""


@dataclass(frozen=True)
class Dialect:
    """What a format keeps of the truth."""

    param: Callable[[Any], str | None] = text
    """A param's text; None when it is not kept."""
    join: str = "."
    """Between the keys of nested params."""
    value: Callable[[float], float] = float
    """A metric's value."""
    metrics: Mapping[str, str] = field(default_factory=lambda: {name: name for name in METRICS})
    """Metric to what the format calls it; those left out are not kept."""
    duplicates: bool = True
    """Whether a step that was logged twice keeps both values."""
    failed: str = "failed"
    """What the format says of the run that failed."""
    finished: str = "finished"
    team: Callable[[Run], str | None] = lambda run: run.tags.get("team")
    """The tag, where tags have names."""
    artifact: bool = True
    name: Callable[[Run], str] = lambda run: run.name


METRICS = ("val/acc", "train.loss", "größe")


def unlisted(value: Any) -> str | None:
    return None if isinstance(value, list) else text(value)


def zero(value: float) -> float:
    return value if math.isfinite(value) else 0.0


def no_tags(_run: Run) -> str | None:
    return "vision"


DIALECTS = {
    "clearml": Dialect(
        value=zero, join="/", failed="unknown", finished="unknown",
        team=lambda run: "vision" if "vision" in run.tags else None,
    ),
    "dvc": Dialect(failed="finished", team=no_tags, artifact=False),
    "hydra": Dialect(failed="unknown", finished="unknown", team=no_tags),
    "lightning": Dialect(
        failed="unknown", finished="unknown", team=no_tags, artifact=False, duplicates=False,
        name=lambda run: run.name.rpartition("/")[2],
    ),
    "mlflow": Dialect(param=str),
    "mlflow-files": Dialect(param=str),
    "optuna": Dialect(
        metrics={"val/acc": "intermediate_value"}, duplicates=False, artifact=False,
        name=lambda run: run.tags["name"],
    ),
    "sacred": Dialect(team=no_tags, name=lambda run: run.params["name"].text),
    "tensorboard": Dialect(
        param=unlisted, value=lambda value: float(np.float32(value)), failed="finished",
        team=no_tags, name=lambda run: run.name.rpartition("/")[2],
    ),
    "trackio": Dialect(failed="unknown", finished="unknown", team=no_tags, artifact=False),
    "wandb": Dialect(team=lambda run: "vision" if "vision" in str(run.tags) else None),
}  # fmt: skip


def python_with(package: str) -> str | None:
    """A Python that has a package; None when none has."""
    for python in PYTHON.split(os.pathsep):
        if python == sys.executable:
            if importlib.util.find_spec(package) is not None:
                return python
            continue
        code = (
            f"import importlib.util, sys; sys.exit(importlib.util.find_spec({package!r}) is None)"
        )
        if subprocess.run([python, "-c", code], check=False).returncode == 0:
            return python
    return None


def written(name: str, folder: Path) -> Path:
    """The six runs in one dialect."""
    package = WRITERS[name][0]
    python = python_with(package)
    if python is None:
        pytest.skip(f"no Python here has the package {package}")
    done = subprocess.run(
        [python, dialects.__file__, name, str(folder)],
        check=False, capture_output=True, text=True, timeout=600,
        env={**os.environ, "HOME": str(folder / "home")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(WRITERS))
def test_the_same_six_runs_read_to_equal_tables(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "six"
    folder.mkdir()
    store = written(name, folder)
    dialect = DIALECTS[name]
    facts = read_stores(chosen(discover(str(store), tmp_path))[:1], {}).facts
    runs = {dialect.name(run): run for run in facts.tables.rows}
    assert set(runs) == {run["name"] for run in RUNS}
    history = History(tmp_path / "history")
    (reader,) = facts.readers
    called = sorted(set(dialect.metrics.values()))
    for part in reader.histories([run.id for run in facts.tables.rows], called):
        history.add(part)
    series = {metric: history.series(metric) for metric in called}
    for truth in RUNS:
        run = runs[truth["name"]]
        assert run.status == (dialect.failed if truth["status"] == "failed" else dialect.finished)
        assert dialect.team(run) == "vision"
        if dialect.artifact:
            assert any("notes" in artifact.path for artifact in run.artifacts)
        for key, value in flat(truth["params"]).items():
            shown, expected = key.replace(".", dialect.join), dialect.param(value)
            got = run.params.get(shown)
            if expected is None:
                assert got is None
            elif not math.isnan(parse_number(expected)):
                # 1e-05 and 0.00001 are one number
                assert got is not None
                assert got.number == parse_number(expected), key
            else:
                assert got is not None, key
                assert got.text == expected, key
        for metric, shown in dialect.metrics.items():
            points = sorted(truth["metrics"][metric], key=lambda point: point[0])
            if not dialect.duplicates:
                points = sorted(dict(truth["metrics"][metric]).items())
            found = series[shown][run.id]
            assert found.step.tolist() == [step for step, _ in points], metric
            expected_values = [dialect.value(value) for _, value in points]
            np.testing.assert_array_equal(found.value, expected_values, err_msg=metric)


def test_what_each_format_forces_stands_in_one_table_of_the_documentation() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    table = readme.partition("## What a format forces")[2].partition("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| `")]
    named = {line.split("`")[1] for line in rows}
    assert named >= {name.partition("-")[0] for name in DIALECTS}


def test_the_truth_has_every_kind_of_value() -> None:
    kinds = {type(value) for run in RUNS for value in flat(run["params"]).values()}
    assert kinds == {bool, int, float, str, list}
    values = [v for run in RUNS for points in run["metrics"].values() for _, v in points]
    assert any(map(math.isnan, values))
    assert {math.inf, -math.inf} <= set(values)
    steps = [step for step, _ in RUNS[0]["metrics"]["train.loss"]]
    assert steps != sorted(steps)
    assert len(set(steps)) < len(steps)
    assert json.dumps(flat(RUNS[0]["params"])["note"]) != f'"{flat(RUNS[0]["params"])["note"]}"'
