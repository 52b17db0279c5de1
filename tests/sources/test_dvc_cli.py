"""Experiments as the `dvc` command shows them, and as they are read here, side by side."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.shared import needs_shared
from tests.sources.dvc_projects import by_name, last, read, texts
from tests.sources.test_dvc import cloned

DVC = shutil.which("dvc")
pytestmark = pytest.mark.skipif(DVC is None, reason="the `dvc` command is not installed")


def dvc(root: Path, *words: str) -> Any:
    environ = {**os.environ, "DVC_NO_ANALYTICS": "1"}
    done = subprocess.run(
        [str(DVC), *words], cwd=root, env=environ, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def revisions(shown: list[Mapping[str, Any]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Name and facts of each row of `dvc exp show`."""
    for row in shown:
        yield row["name"] or row["rev"], row["data"]
        for experiment in row["experiments"] or ():
            for revision in experiment["revs"]:
                yield revision["name"], revision["data"]


def leaves(value: Any, mark: str, prefix: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from leaves(inner, mark, f"{prefix}{mark}{key}" if prefix else key)
    else:
        yield prefix, value


@needs_shared("samples", "dvc")
def test_experiments_read_as_the_command_shows_them(tmp_path: Path) -> None:
    root = cloned(tmp_path / "repo")
    runs = by_name(read(root, revs=("master",)))
    compared = 0
    for name, data in revisions(dvc(root, "exp", "show", "-A", "--json")):
        if name not in runs:
            # the workspace is as master; the first commit was not asked for
            assert name in ("workspace", "23344cd01fe998e01a77ea8218473d449c0b1f7c")
            continue
        run = runs[name]
        metrics = dict(leaves(data["metrics"]["dvclive/metrics.json"]["data"], "/"))
        # DVCLive's counter of steps is the last step of the curves
        step = metrics.pop("step")
        assert last(run) == metrics
        assert {metric.last_step for metric in run.metrics.values()} == {step}
        params = [dict(leaves(file["data"], ".")) for file in data["params"].values()]
        assert len(params) == 2
        expected = {name: str(value) for found in params for name, value in found.items()}
        assert texts(run) == expected
        deps = {path: about["hash"] for path, about in data["deps"].items()}
        found = {f.name: f.digest for f in run.lineage if f.kind == "data"}
        assert found == {"data.txt": f"md5:{deps['data.txt']}"}
        outs = {p: o for p, o in data["outs"].items() if not o["is_data_source"]}
        models = {a.path: (a.digest, a.bytes) for a in run.artifacts if a.path in outs}
        assert models == {p: (f"md5:{o['hash']}", o["size"]) for p, o in outs.items()}
        compared += 1
    assert compared == len(runs) == 4


@needs_shared("samples", "dvc")
def test_metrics_and_params_read_as_their_own_commands_show_them(tmp_path: Path) -> None:
    root = cloned(tmp_path / "repo")
    run = by_name(read(root))["workspace"]
    shown = dvc(root, "metrics", "show", "--json")
    data = next(iter(shown.values()))["data"]["dvclive/metrics.json"]["data"]
    metrics = dict(leaves(data, "/"))
    metrics.pop("step")
    assert last(run) == metrics
    diff = dvc(root, "params", "diff", "--json", "--all", "exp-lr0.03")
    other = by_name(read(root))["exp-lr0.03"]
    for params in diff.values():
        for name, pair in params.items():
            assert texts(other)[name] == str(pair["old"])
            assert texts(run)[name] == str(pair["new"])
