"""The source `aim`, against a repository that Aim's own package wrote where it is installed."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from runreport.errors import SourceError
from runreport.kinds import SourceContext
from runreport.sources.aim import SOURCE, Options

WRITER = """
import sys, math, aim
quiet = dict(system_tracking_interval=None, capture_terminal_logs=False)
run = aim.Run(repo=sys.argv[1], experiment="größe", **quiet)
run.name = "a/b"
run["hparams"] = {"lr": 1e-5, "model": {"depth": 18, "on": True}, "l": [1, 2.5]}
run.add_tag("x")
for step, value in ((0, 1.0), (1, math.nan), (5, math.inf), (3, 2.0)):
    run.track(value, name="train/loss", step=step)
run.track(0.5, name="acc", step=0, context={"subset": "val"})
run.track(aim.Text("hello"), name="words", step=0)
run.close()
"""


def opened(where: Path) -> Any:
    return SOURCE.open(Options(str(where)), SourceContext(Path(), {}))


def repository(folder: Path) -> Path:
    chunk = folder / ".aim" / "meta" / "chunks" / "0af38a16"
    chunk.mkdir(parents=True)
    (folder / ".aim" / "run_metadata.sqlite").write_bytes(b"")
    return folder


def test_detection_looks_at_names_alone(tmp_path: Path) -> None:
    assert SOURCE.detect(tmp_path) is None
    found = SOURCE.detect(repository(tmp_path))
    assert found is not None
    assert (found.config, found.summary) == ({"aim": "."}, "Aim repository with 1 run")


def test_without_its_package_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(SourceError) as caught:
        opened(repository(tmp_path))
    (problem,) = caught.value.problems
    assert (problem.code, problem.hint) == ("RR377", "pip install 'runreport[aim]'")


def test_a_folder_without_a_repository_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="RR370"):
        opened(tmp_path)


def test_what_aim_writes_is_read_and_left_alone(tmp_path: Path) -> None:
    pytest.importorskip("aim", reason="Aim is not installed here")
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True)
    before = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*") if p.is_file()}
    reader = opened(tmp_path)
    tables = reader.tables()
    tables.check()
    assert tables.problems == ()
    (run,) = tables.rows
    assert (run.name, run.experiment, run.status) == ("a/b", "größe", "unknown")
    assert run.tags == {"x": "true"}
    assert {key: param.text for key, param in run.params.items()} == {
        "hparams.lr": "1e-05",
        "hparams.model.depth": "18",
        "hparams.model.on": "true",
        "hparams.l": "[1, 2.5]",
    }
    assert set(run.metrics) == {"train/loss", "acc subset=val"}
    (table,) = reader.histories([run.id], {"train/loss"})
    points = [(row["step"], row["value"]) for row in table.to_pylist()]
    assert repr(points) == repr([(0.0, 1.0), (1.0, math.nan), (3.0, 2.0), (5.0, math.inf)])
    assert {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*") if p.is_file()} == before
