"""MLflow databases whose every text field carries a given text, and a spec that shows all of it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.shared import ROOT

SCHEMA = ROOT / "examples" / "quickstart" / "mlflow.db"
"""MLflow wrote this one: its tables are emptied and filled anew."""

START_MS = 1_750_000_000_000
STEPS = 4


def write_store(path: Path, texts: Sequence[str], experiment: str) -> None:
    """One run per text. Names that pages sort by begin with a number, so that two stores of equally
    many texts give pages of equal order.
    """
    shutil.copy(SCHEMA, path)
    store = sqlite3.connect(path)
    store.execute("PRAGMA foreign_keys = OFF")
    for (table,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        if table not in ("alembic_version", "workspaces"):
            store.execute(f'DELETE FROM "{table}"')
    store.execute(
        "INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage,"
        " creation_time, last_update_time) VALUES (1, ?, './artifacts', 'active', ?, ?)",
        (experiment, START_MS, START_MS),
    )
    storable = [text.encode("utf-8", "replace").decode() for text in texts]
    for number, text in enumerate(storable):
        # three runs make a group, named after the first of them
        _write_run(store, path.parent, number, text, storable[number - number % 3])
    store.commit()
    store.close()


def _write_run(
    store: sqlite3.Connection, folder: Path, number: int, text: str, variant: str
) -> None:
    run = f"{number:032x}"
    first = f"k{number:03d} {text}"
    started = START_MS + number * 60_000
    store.execute(
        "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id,"
        " status, start_time, end_time, source_version, lifecycle_stage, artifact_uri,"
        " experiment_id) VALUES (?, ?, 'LOCAL', ?, ?, ?, ?, ?, ?, ?, 'active', ?, 1)",
        (run, text, text, text, text, ["FINISHED", "FAILED"][number % 9 == 8], started,
         started + 30_000, text, f"./artifacts/{run}/artifacts"),
    )  # fmt: skip
    params = {"seed": str(number % 3), "variant": f"v{number // 3:03d} {variant}", first: text}
    params["setting"] = text
    tags = {
        "mlflow.runName": text,
        "mlflow.user": text,
        "mlflow.note.content": text,
        "mlflow.source.name": text,
        "mlflow.source.git.commit": text,
        "mlflow.source.git.branch": text,
        "mlflow.source.git.repoURL": text,
        "mlflow.parentRunId": text,
        first: text,
    }
    metrics = {"score": 0.5 + number % 3 / 100, "loss": 0.2, first: 0.5}
    store.executemany(
        "INSERT INTO params (key, value, run_uuid) VALUES (?, ?, ?)",
        [(key, value, run) for key, value in params.items()],
    )
    store.executemany(
        "INSERT INTO tags (key, value, run_uuid) VALUES (?, ?, ?)",
        [(key, value, run) for key, value in tags.items()],
    )
    points = [
        (key, value + step / 1000, started + step, run, step)
        for key, value in metrics.items()
        for step in range(STEPS)
    ]
    insert = "INSERT INTO {} (key, value, timestamp, run_uuid, step, is_nan) VALUES (?,?,?,?,?,0)"
    store.executemany(insert.format("metrics"), points)
    store.executemany(insert.format("latest_metrics"), points[STEPS - 1 :: STEPS])
    store.execute(
        "INSERT INTO datasets (dataset_uuid, experiment_id, name, digest, dataset_source_type,"
        " dataset_source) VALUES (?, 1, ?, ?, ?, ?)",
        (f"d{number}", first, text, text, text),
    )
    store.execute("INSERT INTO inputs VALUES (?, 'DATASET', ?, 'RUN', ?, 0)",
                  (f"i{number}", f"d{number}", run))  # fmt: skip
    store.execute("INSERT INTO input_tags VALUES (?, 'mlflow.data.context', ?)",
                  (f"i{number}", text))  # fmt: skip
    artifacts = folder / "artifacts" / run / "artifacts"
    artifacts.mkdir(parents=True)
    # an address that lost its slashes would be none
    name = first.partition("://")[0].translate({ord("/"): "_", 0: "_"})
    (artifacts / name.encode()[:200].decode("utf-8", "ignore")).write_text(text, "utf-8")


def write_spec(folder: Path, text: str) -> Path:
    """Every section on every kind of page, the text in all that an author writes."""
    quoted = json.dumps(text.replace("$", "$$"))
    path = folder / "runreport.yaml"
    path.write_text(
        f"""\
report: {{title: {quoted}, authors: [{quoted}], description: {quoted}}}
sources: [{{mlflow: "sqlite:///store.db"}}]
groups: {{by: [params.variant], replicates: seed, pair_by: seed}}
metrics:
  score: {{goal: maximize, primary: true}}
  loss: {{goal: minimize}}
decision: {{question: {quoted}, decided: {quoted}, by: {quoted}, because: {quoted}}}
pages:
  - title: Start
    sections: [summary, runs, diff]
  - title: {json.dumps("Charts: " + text.replace("$", "$$"))}
    sections:
      - {{metrics: {{}}, title: {quoted}}}
      - history: {{metric: score}}
      - history: {{metric: loss}}
      - scatter: {{x: loss, y: score}}
      - bars: {{metric: score}}
      - distribution: {{metric: score}}
      - parallel: {{columns: [params.setting, score, loss]}}
  - title: Evidence
    sections:
      - significance: {{metrics: [score, loss]}}
      - lineage
      - text: {quoted}
  - title: Group ${{group.label}}
    foreach: group
    sections: [runs, diff]
  - title: Run ${{run.name}}
    foreach: run
    sections:
      - run: {{curves: true}}
      - text: "About ${{run.name}}, ${{run.params.setting}}, ${{run.user}}"
""",
        "utf-8",
    )
    return path


def run_build(folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """The command, in the folder of a spec."""
    return subprocess.run(
        [sys.executable, "-m", "runreport", "build"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environ},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def built(folder: Path, texts: Sequence[str], title: str, **environ: str) -> Path:
    """The site that the command makes of a store with these texts."""
    folder.mkdir()
    write_store(folder / "store.db", texts, title)
    write_spec(folder, title)
    done = run_build(folder, **environ)
    assert done.returncode == 0, done.stderr[:2000]
    assert "error" not in done.stderr
    assert "could not be drawn" not in done.stderr
    return folder / "site"


def digests(folder: Path) -> dict[str, str]:
    """Every file of a folder and what it holds."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }
