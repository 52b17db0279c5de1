"""Git repositories and DVC projects as tests write them, and how they are read."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from runreport.kinds import Reader, SourceContext
from runreport.sources.dvc import SOURCE, Options
from runreport.tables import HISTORY_SCHEMA, Run, RunTables

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="no git here")
WHEN = 1_700_000_000
"""Seconds since 1970 at which the first commit of a test is made; each later one is 60 s later."""

ENVIRON = {
    "PATH": os.environ.get("PATH", os.defpath),
    "HOME": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "Ada Lovelace",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada Lovelace",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "LC_ALL": "C",
}


class Repository:
    """A repository in a folder."""

    def __init__(self, root: Path, *switches: str) -> None:
        self.root = root
        self.time = WHEN
        root.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main", *switches)

    def git(self, *words: str, text: str | None = None) -> str:
        moment = f"{self.time} +0000"
        environ = {**ENVIRON, "GIT_AUTHOR_DATE": moment, "GIT_COMMITTER_DATE": moment}
        done = subprocess.run(
            ["git", "-C", str(self.root), *words],
            input=text, capture_output=True, text=True, check=True, env=environ,
        )  # fmt: skip
        return done.stdout.strip()

    def write(self, files: Mapping[str, str | bytes]) -> None:
        write(self.root, files)

    def commit(self, files: Mapping[str, str | bytes], message: str = "change") -> str:
        """Add files and commit everything; the commit's id."""
        self.write(files)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        self.time += 60
        return self.git("rev-parse", "HEAD")

    def experiment(self, name: str, files: Mapping[str, str | bytes]) -> str:
        """A commit on top of HEAD that only DVC's ref names; the workspace stays as it was."""
        head = self.git("rev-parse", "HEAD")
        before = self.git("symbolic-ref", "HEAD")
        commit = self.commit(files, f"dvc: commit experiment {name}")
        self.git("update-ref", f"refs/exps/{head[:2]}/{head[2:]}/{name}", commit)
        self.git("reset", "-q", "--hard", head)
        assert self.git("symbolic-ref", "HEAD") == before
        return commit

    def stash(self, ref: str, name: str, files: Mapping[str, str | bytes]) -> str:
        """A task of DVC's queue: an entry in the log of a ref of its own."""
        head = self.git("rev-parse", "HEAD")
        commit = self.commit(files, f"dvc-exp:{head}:{head}:{name}")
        self.git("reset", "-q", "--hard", head)
        message = f"commit: dvc-exp:{head}:{head}:{name}"
        self.git("update-ref", "--create-reflog", "-m", message, ref, commit)
        return commit

    def cached(self, data: bytes, *, old: bool = False, listing: bool = False) -> str:
        """Put content into DVC's cache; its MD5 as `dvc.lock` writes it."""
        return cached(self.root / ".dvc" / "cache", data, old=old, listing=listing)


def write(root: Path, files: Mapping[str, str | bytes]) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def cached(cache: Path, data: bytes, *, old: bool = False, listing: bool = False) -> str:
    md5 = hashlib.md5(data).hexdigest()
    end = ".dir" if listing else ""
    place = (cache if old else cache / "files" / "md5") / md5[:2] / (md5[2:] + end)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)
    return md5 + end


def project(lr: float = 0.1, accuracy: float = 0.5, **more: str | bytes) -> dict[str, str | bytes]:
    """The files of a small project: params, metrics that Git holds, a lock."""
    return {
        ".dvc/config": "[core]\n    analytics = false\n",
        "dvc.yaml": (
            "stages:\n  train:\n    cmd: python train.py\n    deps: [train.py, data.csv]\n"
            "    params: [lr]\n    outs: [model.bin]\n"
            "metrics: [metrics.json]\n"
        ),
        "dvc.lock": (
            "schema: '2.0'\nstages:\n  train:\n    cmd: python train.py\n    deps:\n"
            "    - path: data.csv\n      hash: md5\n      md5: " + "a" * 32 + "\n      size: 12\n"
            "    - path: train.py\n      hash: md5\n      md5: " + "b" * 32 + "\n      size: 3\n"
            f"    params:\n      params.yaml:\n        lr: {lr}\n    outs:\n"
            "    - path: model.bin\n      hash: md5\n      md5: " + "c" * 32 + "\n      size: 99\n"
        ),
        "params.yaml": f"lr: {lr}\nmodel: {{depth: 3, name: net}}\n",
        "metrics.json": json.dumps({"accuracy": accuracy, "loss": {"val": 1.5}}),
        "train.py": "pass\n",
        **more,
    }


def live(values: Mapping[str, list[float]], folder: str = "dvclive") -> dict[str, str | bytes]:
    """What DVCLive writes for metrics logged at steps 0, 1, ..."""
    found: dict[str, str | bytes] = {}
    last: dict[str, Any] = {}
    count = 0
    for name, numbers in values.items():
        base = name.rpartition("/")[2]
        lines = "".join(f"{step}\t{number!r}\n" for step, number in enumerate(numbers))
        found[f"{folder}/plots/metrics/{name}.tsv"] = f"step\t{base}\n{lines}"
        inner = last
        *above, own = name.split("/")
        for part in above:
            inner = inner.setdefault(part, {})
        inner[own] = numbers[-1]
        count = max(count, len(numbers))
    found[f"{folder}/metrics.json"] = json.dumps({**last, "step": count - 1}, indent=4) + "\n"
    return found


def opened(root: Path, kept: Path | None = None, **options: Any) -> Reader:
    """The reader of a project; `kept` is where what was read is kept."""
    context = SourceContext(base=root.parent, environ={}, cache=kept)
    return SOURCE.open(Options(root.name, **options), context)


def read(root: Path, kept: Path | None = None, **options: Any) -> RunTables:
    tables = opened(root, kept, **options).tables()
    tables.check()
    return tables


def by_name(tables: RunTables) -> dict[str, Run]:
    rows = tables.rows
    assert len({run.name for run in rows}) == len(rows)
    return {run.name: run for run in rows}


def only(tables: RunTables) -> Run:
    (run,) = tables.rows
    return run


def texts(run: Run) -> dict[str, str]:
    return {name: param.text for name, param in run.params.items()}


def last(run: Run) -> dict[str, float | None]:
    return {name: metric.last for name, metric in run.metrics.items()}


def points(reader: Reader) -> pa.Table:
    tables = reader.tables()
    names = set(tables.metrics["metric"].to_pylist())
    parts = list(reader.histories(tables.runs["run_id"].to_pylist(), names))
    return pa.concat_tables(parts) if parts else HISTORY_SCHEMA.empty_table()
