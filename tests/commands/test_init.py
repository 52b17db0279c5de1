"""`runreport init`: the spec it writes builds as it stands."""

from __future__ import annotations

import http.server
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runreport import registry
from runreport.commands.discovery import discover
from runreport.commands.drafting import Study, draft
from runreport.commands.guesses import guess_groups, guess_metrics
from runreport.selection import group
from runreport.spec.check import check_names
from runreport.spec.expressions import Names, Scope
from runreport.spec.load import load_spec
from runreport.spec.marked import read_text
from runreport.spec.model import Spec
from runreport.tables import Run
from runreport.understand import design_of
from tests.commands.test_build import runreport
from tests.shared import ROOT, SHARED, needs_shared
from tests.studies import grid, tables

HOSTILE = [
    "${run.name}", "$$", "${", "yes", "null", "1e3", "- x", "a: b", "#x", "{a}", "[b]", "*a", "&a",
    "!!str", "'", '"', "a'b\"c", "back\\slash", "tab\there", "two\nlines", "\u2028", "é", "名前",
    "🚀",
    "lambda", "val/f1", "learning-rate", "a b", "%", "@x", "`x`", "? x", "|", ">", "<<", "x" * 300,
    " leading", "trailing ", "a.b", "params.x", "true", "~", "=", "{{ x }}", "\ufeffx", "a=1, b",
]  # fmt: skip


def rows(runs) -> tuple[Run, ...]:
    return tables(runs).rows


def drafted(runs: tuple[Run, ...], title: str = "A study") -> str:
    return draft(Study(title, [({"files": "r.csv"}, "a table")], [], runs, 0))


def loaded(text: str, folder: Path) -> Spec:
    path = folder / "runreport.yaml"
    path.write_text(text, "utf-8")
    return load_spec(path, sections=registry.SECTIONS, sources=registry.SOURCES, environ={})


def judged(text: str, runs: tuple[Run, ...], folder: Path) -> tuple[Spec, int]:
    """The spec and its number of groups, checked as a build would check it."""
    spec = loaded(text, folder)
    assert spec.warnings == ()
    names = Names.of(runs, design_of(spec))
    assert list(check_names(spec, names)) == []
    scope = Scope(names, design_of(spec))
    found = group(runs, spec.groups, lambda e, run: e.evaluate(run, scope))
    return spec, len(found)


# ---- what is guessed -----------------------------------------------------------------------------


def test_seeds_are_replicates_and_the_earliest_full_group_is_the_baseline(tmp_path):
    study = rows(
        grid({"optimizer": ["sgd", "adam"], "lr": ["1e-3", "0.1"]}, [1, 2, 3], lambda _p, s: s / 10)
    )
    spec, groups = judged(drafted(study), study, tmp_path)
    assert groups == 4
    assert spec.groups.all_but == ("seed",)
    assert spec.groups.replicates is not None
    assert spec.groups.replicates.text == "params.seed"
    assert spec.groups.baseline is not None
    assert spec.groups.baseline.text == 'params.lr == 1e-3 and params.optimizer == "sgd"'
    (metric,) = (metric for metric, _ in spec.metrics)
    assert (metric.name, metric.goal, metric.primary) == ("accuracy", "maximize", True)


def test_a_full_group_is_preferred_to_an_earlier_one():
    study = rows(
        [
            {"params": {"m": "early", "seed": 1}},
            *({"params": {"m": "full", "seed": seed}} for seed in (1, 2)),
        ]
    )
    assert guess_groups(study).baseline == 'params.m == "full"'


def test_what_differs_in_every_run_separates_no_groups():
    study = rows(
        [
            {"params": {"m": m, "seed": s, "data_seed": 10 + s, "log_dir": f"runs/{m}-{s}"}}
            for m in "ab" for s in (1, 2, 3)
        ]
    )  # fmt: skip
    found = guess_groups(study)
    assert set(found.apart) == {"seed", "data_seed", "log_dir"}
    assert (found.count, found.largest) == (2, 3)


def test_a_search_without_repetitions_gets_no_baseline(tmp_path):
    study = rows([{"params": {"lr": i / 7}, "metrics": {"loss": i}} for i in range(60)])
    spec, groups = judged(drafted(study), study, tmp_path)
    assert groups == 60
    assert spec.groups.baseline is None
    assert not any(entry.kind == "significance" for page in spec.pages for entry in page.sections)


@pytest.mark.parametrize(
    ("name", "goal"),
    [
        ("val_accuracy", "maximize"), ("loss", "minimize"), ("valLoss", "minimize"),
        ("eval/f1-macro", "maximize"), ("error_rate", "minimize"), ("hit_rate", "maximize"),
        ("log_loss", "minimize"), ("test_rmse", "minimize"), ("r2", "maximize"),
        ("train_time", "minimize"), ("perplexity", "minimize"), ("episode_reward", "maximize"),
        ("things", None), ("glossary", None), ("accession", None),
    ],
)  # fmt: skip
def test_goals_are_guessed_from_whole_words(name, goal):
    (metric,), _ = guess_metrics(rows([{"metrics": {name: 1.0}}]))
    assert metric.goal == goal


def test_measured_on_held_out_data_comes_first_and_costs_come_last():
    names = ["train_loss", "train_time", "system/gpu_0_memory", "foo", "val_loss", "val_accuracy"]
    found, rest = guess_metrics(rows([{"metrics": dict.fromkeys(names, 1.0)}]))
    assert [metric.name for metric in found] == [
        "val_accuracy", "val_loss", "train_loss", "foo", "train_time", "system/gpu_0_memory",
    ]  # fmt: skip
    assert rest == ()
    assert [metric.name for metric in found if metric.operational] == [
        "train_time", "system/gpu_0_memory",
    ]  # fmt: skip


# ---- names that are no identifiers ---------------------------------------------------------------


def test_hostile_names_and_values_are_written_so_that_they_mean_themselves(tmp_path):
    params = {name: name for name in HOSTILE}
    study = rows(
        [
            {
                "name": name,
                "experiment": "${env:HOME}",
                "params": {**params, "choice": choice, name: f"{name}{choice}", "seed": seed},
                "metrics": {name: 0.5, "accuracy": 0.1},
            }
            for name in HOSTILE[:3]
            for choice in ("${a}", 'say "no"')
            for seed in (1, 2)
        ]
    )
    spec, _ = judged(drafted(study, title="${env:HOME} 'and' \"more\"\n"), study, tmp_path)
    assert spec.report.title == "${env:HOME} 'and' \"more\"\n"
    assert spec.groups.baseline is not None
    assert {metric.name for metric, _ in spec.metrics} == {*HOSTILE[:3], "accuracy"}


@pytest.mark.parametrize("name", HOSTILE)
def test_each_hostile_name_alone(tmp_path, name):
    study = rows(
        [
            {"params": {name: level, "seed": seed}, "metrics": {name: [1.0, 2.0]}}
            for level in (name, "other")
            for seed in (1, 2)
        ]
    )
    spec, groups = judged(drafted(study, title=name), study, tmp_path)
    assert groups == 2
    declared = [metric.name for metric, _ in spec.metrics]
    assert declared == ([] if "*" in name or len(name) > 200 else [name])


NAMES = st.text(min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(
    levels=st.lists(NAMES, min_size=1, max_size=3, unique=True),
    params=st.lists(NAMES, min_size=1, max_size=3, unique=True),
    metrics=st.lists(NAMES, max_size=3, unique=True),
    title=st.text(max_size=12),
)
def test_any_text_builds_a_valid_spec(tmp_path_factory, levels, params, metrics, title):
    study = rows(
        [
            {
                "params": {**dict.fromkeys(params, level), "seed": seed},
                "metrics": dict.fromkeys(metrics, 0.5),
            }
            for level in levels
            for seed in (1, 2)
        ]
    )
    judged(drafted(study, title or "x"), study, tmp_path_factory.mktemp("spec"))


# ---- what there is -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "runs",
    [
        [],
        [{"params": {"lr": 1}, "metrics": {"loss": [3, 2, 1]}}],
        [{"name": "a"}, {"name": "b"}],
        [{"params": {"seed": s}, "status": "failed"} for s in (1, 2)],
        [{"params": {"m": "a"}, "metrics": {"loss": float("nan")}}] * 2,
        [{"params": {"lr": i, "seed": i}, "metrics": {"loss": 1}} for i in range(400)],
    ],
    ids=["none", "one", "bare", "failed", "nan", "many"],
)
def test_the_pages_fit_what_exists(tmp_path, runs):
    study = rows([{**run, "id": f"mlflow:{index}"} for index, run in enumerate(runs)])
    text = drafted(study)
    spec, _ = judged(text, study, tmp_path)
    kinds = [entry.kind for page in spec.pages for entry in page.sections]
    assert kinds[0] == "summary"
    has_metrics = any(run.metrics for run in study)
    assert bool(spec.metrics) == has_metrics
    assert ("diff" in kinds) == (len(study) > 1)
    assert any(page.foreach == "run" for page in spec.pages) == (len(study) <= 300)
    # every comment would be valid where it stands: no line but comments starts with `#`
    assert read_text(text, "x").mapping is not None


def test_a_search_gets_what_is_said_of_searches_and_three_runs_do_not(tmp_path):
    def kinds(count):
        study = rows(
            {
                "id": f"mlflow:{i}",
                "params": {"lr": 0.1**i, "depth": i % 4},
                "metrics": {"val_accuracy": 0.5 + i / 100, "train_time": 1 + i},
            }
            for i in range(count)
        )
        spec, _ = judged(drafted(study), study, tmp_path)
        return {entry.kind for page in spec.pages for entry in page.sections}

    searched = {"search", "importance", "ablation", "contour", "matrix"}
    assert searched | {"slice", "pareto", "operations"} <= kinds(12)
    assert not searched & kinds(3)


def test_a_metric_of_every_class_is_shown_class_by_class(tmp_path):
    scores = {f"val/f1/{name}": 0.5 for name in ("cat", "dog", "eel")}
    study = rows([{"id": f"mlflow:{i}", "metrics": scores} for i in range(3)])
    assert '- segments: {metrics: "val/f1/*", goal: maximize}' in drafted(study)


def test_commented_lines_can_be_taken_in(tmp_path):
    """What is offered as a comment works once the `#` is gone."""
    study = rows(grid({"m": ["a", "b"]}, [1, 2], lambda _p, s: s / 10))
    text = drafted(study).replace("# runs: {", "runs: {")
    spec, groups = judged(text, study, tmp_path)
    assert groups == 2
    assert spec.runs.where is not None
    assert spec.runs.where.text == 'status == "finished"'


# ---- where stores are found ----------------------------------------------------------------------


def test_locations_are_relative_to_the_spec(tmp_path):
    (tmp_path / "deep" / "er").mkdir(parents=True)
    shutil.copy(ROOT / "examples" / "files" / "results.csv", tmp_path / "deep" / "er")
    (tmp_path / "reports").mkdir()
    done = runreport("init", "deep", "-o", "reports/study.yaml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "../deep/er/results.csv" in (tmp_path / "reports" / "study.yaml").read_text()
    assert str(tmp_path) not in (tmp_path / "reports" / "study.yaml").read_text()
    checked = runreport("check", "reports/study.yaml", cwd=tmp_path)
    assert checked.returncode == 0, checked.stderr
    assert "24 runs read" in checked.stdout


def test_a_tracker_comes_before_plain_files_and_these_are_mentioned(tmp_path):
    (tmp_path / "a").mkdir()
    shutil.copy(ROOT / "examples" / "files" / "results.csv", tmp_path / "a")
    (tmp_path / "z" / "below").mkdir(parents=True)
    shutil.copy(ROOT / "examples" / "quickstart" / "mlflow.db", tmp_path / "z" / "below")
    found = discover(".", tmp_path)
    assert [store.found.source for store in found][:2] == ["mlflow", "files"]
    assert found[0].entry(tmp_path) == {"mlflow": "sqlite:///z/below/mlflow.db"}
    done = runreport("init", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "# - {files: a/results.csv" in (tmp_path / "runreport.yaml").read_text()


@pytest.mark.parametrize("name", ["odd name's", "100%", "what?", "a#b", "[x]", "é", "$x", "${x}"])
def test_folders_of_any_name_are_read_again(tmp_path, name):
    place = tmp_path / name
    place.mkdir()
    shutil.copy(ROOT / "examples" / "quickstart" / "mlflow.db", place)
    (tmp_path / "plain" / name).mkdir(parents=True)
    shutil.copy(ROOT / "examples" / "files" / "results.csv", tmp_path / "plain" / name)
    for where, runs in ((name, 38), ("plain", 24)):
        done = runreport("init", where, "--force", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        checked = runreport("check", cwd=tmp_path)
        assert f"{runs} runs read" in checked.stdout, checked.stderr


def test_nothing_known_is_an_error_that_says_what_was_looked_for(tmp_path):
    (tmp_path / "package.json").write_text("{}")
    for where in (".", "gone", "package.json"):
        done = runreport("init", where, cwd=tmp_path)
        assert done.returncode == 3
        assert "error[RR365]" in done.stderr
        assert "MLflow database" in done.stderr
    assert not (tmp_path / "runreport.yaml").exists()


def test_a_spec_that_is_there_is_kept(tmp_path):
    shutil.copy(ROOT / "examples" / "files" / "results.csv", tmp_path)
    (tmp_path / "runreport.yaml").write_text("mine")
    done = runreport("init", cwd=tmp_path)
    assert done.returncode == 2
    assert "error[RR366]" in done.stderr
    assert (tmp_path / "runreport.yaml").read_text() == "mine"
    assert runreport("init", "--force", cwd=tmp_path).returncode == 0
    assert runreport("init", "-o", "gone/spec.yaml", cwd=tmp_path).returncode == 3


def test_passwords_of_an_address_do_not_reach_the_spec():
    (store,) = discover("http://ada:" + "hunter22x@localhost:5000", Path())
    assert store.entry(Path()) == {"mlflow": "http://localhost:5000"}


def test_a_server_that_refuses_is_an_error_and_no_spec(tmp_path):
    class Refuses(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.send_error(401)

        do_GET = do_POST  # noqa: N815  as above

        def log_message(self, *arguments):
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refuses)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        done = runreport("init", f"http://127.0.0.1:{server.server_port}", cwd=tmp_path)
    finally:
        server.shutdown()
    assert done.returncode == 3
    assert "401" in done.stderr
    assert not (tmp_path / "runreport.yaml").exists()


# ---- init, then build ----------------------------------------------------------------------------

MAKE_STORES = """
import os, sys
os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
import mlflow, shutil
from mlflow import MlflowClient
folder = sys.argv[1]
empty = f"{folder}/empty.db"
MlflowClient(f"sqlite:///{empty}").search_experiments()
def fill(name, runs):
    shutil.copy(empty, f"{folder}/{name}.db")
    client = MlflowClient(f"sqlite:///{folder}/{name}.db")
    for params, metrics, status in runs:
        run = client.create_run("0")
        for key, value in params.items():
            client.log_param(run.info.run_id, key, value)
        for key, values in metrics.items():
            for step, value in enumerate(values):
                client.log_metric(run.info.run_id, key, value, step=step)
        if status:
            client.set_terminated(run.info.run_id, status)
fill("no_metrics", [({"lr": i, "seed": s}, {}, "FINISHED") for i in (1, 2) for s in (1, 2)])
fill("single", [({"lr": 1}, {"val_loss": [3, 2, 1]}, "FINISHED")])
fill("single_bare", [({}, {}, "FINISHED")])
fill("no_params", [({}, {"acc": [0.5]}, "FINISHED")] * 3)
fill("failed", [({"lr": i}, {"acc": [0.5, 0.6]}, "FAILED") for i in (1, 2)])
fill("running", [({"lr": 1, "seed": i}, {"acc": [float("nan")]}, None) for i in (1, 2)])
"""
MADE = {
    "empty": "the sources hold no run",
    "no_metrics": "no run logged any",
    "single": "1 run",
    "single_bare": "no run logged any",
    "no_params": "no param was logged",
    "failed": "no finished run has a value of acc",
    "running": "2 running",
}
"""Store to what its pages say of it."""


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    """SQLite stores written by MLflow itself, each lacking something."""
    folder = tmp_path_factory.mktemp("stores")
    done = subprocess.run(
        [sys.executable, "-c", MAKE_STORES, str(folder)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return folder


def built(where: str, folder: Path) -> tuple[str, Path]:
    """Init and build, unedited; what init says, and the site."""
    began = runreport("init", where, cwd=folder)
    assert began.returncode == 0, began.stderr
    done = runreport("build", cwd=folder)
    assert done.returncode == 0, (folder / "runreport.yaml").read_text() + done.stderr
    assert "error[" not in done.stderr
    assert "warning[RR1" not in done.stderr
    return began.stdout, folder / "site"


def words_of(site: Path) -> str:
    from selectolax.lexbor import LexborHTMLParser

    pages = sorted(path for path in site.rglob("*.html") if path.name != "404.html")
    assert pages
    texts = []
    for page in pages:
        main = LexborHTMLParser(page.read_text("utf-8")).css_first("article")
        if main is None:
            continue
        text = main.text(separator=" ", strip=True)
        # no page is a bare title
        assert len(text) > 80, f"{page.relative_to(site)}: {text!r}"
        texts.append(text)
    return " ".join(texts)


@pytest.mark.slow
@pytest.mark.mlflow
@pytest.mark.parametrize("name", MADE)
def test_stores_that_lack_something_build_and_say_so(stores, tmp_path, name):
    shutil.copy(stores / f"{name}.db", tmp_path / "mlflow.db")
    _, site = built(".", tmp_path)
    assert MADE[name] in words_of(site).lower()


@pytest.mark.slow
@pytest.mark.parametrize(
    "parts",
    [
        pytest.param(parts, marks=needs_shared(*parts), id="-".join(parts))
        for parts in (
            ("samples", "clearml"),
            ("samples", "dvc"),
            ("samples", "hf_trainer"),
            ("samples", "hydra"),
            ("samples", "inspect"),
            ("samples", "lightning_csv"),
            ("samples", "lm_eval_harness"),
            ("samples", "mlflow", "mlflow.db"),
            ("samples", "mlflow", "mlruns"),
            ("samples", "neptune_exporter"),
            ("samples", "optuna"),
            ("samples", "ray_tune"),
            ("samples", "sacred"),
            ("samples", "tensorboard"),
            ("samples", "tensorboard_torch"),
            ("samples", "trackio"),
            ("samples", "wandb"),
            ("samples",),
            ("wild", "mlflow_files"),
            ("wild", "mlflow_sqlite_hyperopt"),
            ("wild", "tensorboard"),
            ("wild", "wandb"),
        )
    ],
)
def test_stores_of_others_build(tmp_path, parts):
    _, site = built(str(SHARED.joinpath(*parts)), tmp_path)
    words_of(site)


@pytest.mark.slow
@pytest.mark.mlflow
def test_a_tracking_server_builds(tmp_path):
    pytest.importorskip("mlflow")
    shutil.copy(ROOT / "examples" / "quickstart" / "mlflow.db", tmp_path / "store.db")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", "sqlite:///store.db",
         "--host", "127.0.0.1", "--port", str(port), "--workers", "1"],
        cwd=tmp_path,
        env={**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(400):
            try:
                with urllib.request.urlopen(f"{url}/health", timeout=2):
                    break
            except OSError:
                time.sleep(0.3)
        said, site = built(url, tmp_path)
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)
    assert "38 runs read" in said
    assert "adam" in words_of(site)


@pytest.mark.slow
def test_the_example_of_plain_files_builds(tmp_path):
    shutil.copytree(
        ROOT / "examples" / "files", tmp_path / "files", ignore=lambda *_: ["runreport.yaml"]
    )
    _, site = built("files", tmp_path)
    assert "logistic" in words_of(site)


@pytest.mark.slow
def test_a_strict_build_stops_at_what_is_missing_and_not_at_notes(tmp_path):
    table = tmp_path / "r.csv"
    table.write_text("model,seed,accuracy\na,1,0.5\na,2,0.6\n")
    (tmp_path / "runreport.yaml").write_text("sources: [{files: r.csv}]\n")
    done = runreport("build", "--strict", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "note[RR358]" in done.stderr
    table.write_text(table.read_text() + "a,3\n")
    done = runreport("build", "--strict", cwd=tmp_path)
    assert done.returncode == 3
    assert "r.csv:4" in done.stderr


@pytest.mark.slow
def test_every_odd_table_at_once_builds(tmp_path):
    if not (SHARED / "attacks" / "tables").exists():
        pytest.skip("no ../shared/attacks/tables here")
    shutil.copytree(SHARED / "attacks" / "tables", tmp_path / "tables")
    (tmp_path / "runreport.yaml").write_text("sources: [{files: tables}]\n")
    done = runreport("build", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Not everything could be read" in words_of(tmp_path / "site")
    for name in ("fake.parquet", "zero.parquet", "empty.csv", "random.csv", "deep.jsonl"):
        assert name in done.stderr


def test_what_init_writes_is_told_in_json_that_names_agree(tmp_path):
    """The metrics of the spec are those that `list` finds in the same store."""
    shutil.copy(ROOT / "examples" / "quickstart" / "mlflow.db", tmp_path)
    assert runreport("init", cwd=tmp_path).returncode == 0
    found = json.loads(runreport("list", "metrics", "--format", "json", cwd=tmp_path).stdout)
    spec = load_spec(
        tmp_path / "runreport.yaml",
        sections=registry.SECTIONS, sources=registry.SOURCES, environ={},
    )  # fmt: skip
    listed = {row["metric"] for row in found["metrics"]}
    assert {metric.name for metric, _ in spec.metrics} == listed
