"""`runreport list`: what there is, as a table, CSV or JSON."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from runreport.commands import inventory
from runreport.commands import list as listing
from runreport.commands.listings import as_table
from runreport.commands.messages import columns
from tests.commands.test_build import runreport
from tests.shared import ROOT
from tests.studies import tables

STORE = ROOT / "examples" / "quickstart" / "mlflow.db"
TOKEN = "ghp_" + "a1B2" * 9


def ask(query: str):
    store = sqlite3.connect(f"file:{STORE}?mode=ro", uri=True)
    try:
        return store.execute(query).fetchall()
    finally:
        store.close()


def test_json_agrees_with_the_store():
    done = runreport("list", str(STORE), "--format", "json", cwd=ROOT)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    names = {run["name"]: run for run in found["runs"]}
    assert set(names) == {name for (name,) in ask("SELECT name FROM runs")}
    expected = ask(
        "SELECT r.name, m.key, m.value, m.is_nan FROM latest_metrics m"
        " JOIN runs r ON r.run_uuid = m.run_uuid"
    )
    for name, key, value, is_nan in expected:
        got = names[name]["metrics"][key]
        assert got["last"] == (None if is_nan else value)
        assert got.get("reason") == ("NaN" if is_nan else None)
    for name, key, text in ask(
        "SELECT r.name, p.key, p.value FROM params p JOIN runs r ON r.run_uuid = p.run_uuid"
    ):
        assert names[name]["params"][key] == text
    (rate,) = [row for row in found["params"] if row["param"] == "learning_rate"]
    assert (rate["runs"], rate["distinct"], rate["kind"]) == (38, 3, "number")
    assert (rate["min"], rate["max"]) == (0.001, 3000.0)


def test_csv_has_a_row_per_run_and_a_header():
    done = runreport("list", str(STORE), "--format", "csv", cwd=ROOT)
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert len(rows) == 38
    assert {row["status"] for row in rows} == {"finished", "failed"}


def test_a_spec_lists_its_sources_and_needs_no_argument():
    by_default = runreport("list", "metrics", cwd=ROOT)
    named = runreport("list", "runreport.yaml", "metrics", cwd=ROOT)
    assert by_default.stdout == named.stdout
    assert by_default.stdout.startswith("5 metrics\n")
    address = runreport("list", "sqlite:///examples/quickstart/mlflow.db", "metrics", cwd=ROOT)
    assert address.stdout == named.stdout


def test_without_a_spec_the_folder_is_looked_at(tmp_path):
    (tmp_path / "r.csv").write_text("id,lr,accuracy\na,0.1,0.5\nb,0.2,inf\nc,0.3,\n")
    done = runreport("list", "metrics", cwd=tmp_path)
    assert done.stdout.splitlines()[-1].split() == ["accuracy", "2", "0.5", "0.5", "1", "0"]
    data = tmp_path / "d.yaml"
    data.write_text("- {lr: 0.1, accuracy: 0.5}\n")
    assert "1 run" in runreport("list", "d.yaml", "runs", cwd=tmp_path).stdout


@pytest.mark.parametrize("where", ["gone", "gone.yaml", "http://127.0.0.1:9", "sqlite:///gone.db"])
def test_what_is_not_there_is_named_with_exit_3(tmp_path, where):
    done = runreport("list", where, cwd=tmp_path)
    assert done.returncode == 3
    assert "error[RR3" in done.stderr
    assert done.stdout == ""


def test_a_broken_spec_exits_with_2(tmp_path):
    (tmp_path / "runreport.yaml").write_text("sources: 3\n")
    assert runreport("list", cwd=tmp_path).returncode == 2
    assert runreport("list", ".", "everything", cwd=tmp_path).returncode == 2


def test_secrets_are_replaced_in_every_form(tmp_path):
    (tmp_path / "r.csv").write_text(f"id,key,accuracy\na,{TOKEN},0.5\n")
    for form in ("table", "csv", "json"):
        for what in ((), ("params",)):
            done = runreport("list", "r.csv", *what, "--format", form, cwd=tmp_path)
            assert TOKEN not in done.stdout + done.stderr
    assert "[redacted]" in done.stdout


def test_formulas_are_defused_in_csv(tmp_path):
    (tmp_path / "r.csv").write_text('id,accuracy\n"=cmd|calc",0.5\n')
    done = runreport("list", "r.csv", "--format", "csv", cwd=tmp_path)
    (row,) = csv.DictReader(io.StringIO(done.stdout))
    assert row["name"] == "'=cmd|calc"


def test_no_terminal_obeys_a_name(tmp_path):
    name = "a\x1b[31mred\u202eevil\rb"
    found = inventory.runs(tables([{"name": name, "params": {name: name}}]).rows)
    text = as_table(found, None)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\r" not in text
    assert len(text.splitlines()) == 3


@pytest.mark.parametrize("width", [60, 80, 120])
def test_tables_fit_the_terminal(width):
    rows = [
        {"name": "名前" * 40 + str(i), "experiment": "e" * 90, "params": {"p": 1}} for i in range(3)
    ]
    text = as_table(inventory.runs(tables(rows).rows), width)
    # numbers and dates keep their width: only texts give way
    assert max(columns(line) for line in text.splitlines()) <= max(width, 91)
    assert "…" in text


def test_counts_by_hand():
    rows = tables(
        [
            {"params": {"lr": "1e-3", "opt": "sgd"}, "metrics": {"loss": [3, 1]}},
            {"params": {"lr": "0.001", "opt": "7"}, "metrics": {"loss": float("nan")}},
            {"params": {"lr": "0.1"}, "metrics": {"loss": [2, 5, float("inf")]}},
        ]
    ).rows
    found = inventory.params(rows)
    assert [row[:6] for row in found.rows] == [
        ("lr", 3, 2, "number", 0.001, 0.1),
        ("opt", 2, 2, "mixed", 7.0, 7.0),
    ]
    assert inventory.metrics(rows).rows == (("loss", 3, 1.0, 1.0, 2, 2.0),)


def test_nothing_is_said_to_be_nothing(tmp_path):
    (tmp_path / "r.csv").write_text("id,accuracy\n")
    done = runreport("list", "r.csv", cwd=tmp_path)
    assert done.returncode == 3 or "no runs" in done.stdout


def test_listing_loads_nothing_heavy():
    heavy = {"mlflow", "pandas", "scipy", "matplotlib", "statsmodels", "mkdocs"}
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "runreport", "list", str(STORE)],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}
    assert loaded & heavy == set()


def test_the_command_line_names_its_words():
    shown = CliRunner().invoke(listing.command, ["--help"]).output
    assert all(word in shown for word in ("runs", "params", "metrics", "tags", "json"))
    assert set(inventory.LISTINGS) == set(listing.WORDS)


def test_a_spec_with_another_name_is_told_from_data(tmp_path):
    spec = tmp_path / "study.yaml"
    spec.write_text(f"sources: [{{files: '{ROOT / 'examples/files/results.csv'}'}}]\n")
    assert listing.is_spec(spec)
    assert runreport("list", "study.yaml", "runs", cwd=tmp_path).stdout.startswith("24 runs")
    assert not listing.is_spec(Path(__file__))


def test_what_is_not_recognised_is_named_with_the_reason(tmp_path):
    (tmp_path / "r.csv").write_text("id,lr,accuracy\na,0.1,0.5\nb,0.2,0.6\n")
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "study.pkl").write_bytes(b"\x80\x04K\x01.")
    link = sqlite3.connect(tmp_path / "old" / "notes.db")
    link.execute("CREATE TABLE birds (name TEXT)")
    link.close()
    (tmp_path / "repo.bundle").write_bytes(b"# v2 git bundle\n")
    (tmp_path / "readme.md").write_text("hello")
    done = runreport("list", ".", "runs", cwd=tmp_path)
    assert done.returncode == 0
    assert "2 runs" in done.stdout
    for words in ("a pickle, which is never loaded", "its tables: birds", "git clone repo.bundle"):
        assert words in done.stderr
    assert "readme.md" not in done.stderr


def test_nothing_known_names_what_is_there(tmp_path):
    (tmp_path / "results.pkl").write_bytes(b"\x80\x04K\x01.")
    done = runreport("list", ".", cwd=tmp_path)
    assert done.returncode == 3
    assert "error[RR365]" in done.stderr
    assert "results.pkl" in done.stderr


def test_stores_of_several_kinds_are_listed_together(tmp_path):
    shutil.copy(STORE, tmp_path / "mlflow.db")
    (tmp_path / "deep" / "wandb").mkdir(parents=True)
    job = tmp_path / "jobs" / "0" / ".hydra"
    job.mkdir(parents=True)
    (job / "config.yaml").write_text("lr: 0.1\n")
    (job / "hydra.yaml").write_text("hydra: {job: {name: train, num: 0}}\n")
    (job / "overrides.yaml").write_text("- lr=0.1\n")
    (job.parent / "metrics.json").write_text('{"accuracy": 0.5}')
    done = runreport("list", ".", "runs", "--format", "json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    sources = {run["id"].partition(":")[0] for run in json.loads(done.stdout)["runs"]}
    assert sources == {"mlflow", "hydra"}
