"""DVC projects: what a workspace, a commit and DVC's own files say, in the tables."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from runreport.errors import SourceError
from tests.shared import SHARED, needs_shared
from tests.sources.dvc_projects import (
    Repository,
    by_name,
    cached,
    last,
    live,
    needs_git,
    only,
    opened,
    points,
    project,
    read,
    texts,
    write,
)

BUNDLE = SHARED / "samples" / "dvc" / "dvc_repo.bundle"
pytestmark = needs_git


def cloned(folder: Path) -> Path:
    """The sample repository with its experiments."""
    subprocess.run(["git", "clone", "-q", str(BUNDLE), str(folder)], check=True)
    refs = "refs/exps/*:refs/exps/*"
    subprocess.run(["git", "-C", str(folder), "fetch", "-q", "origin", refs], check=True)
    return folder


def shown(root: Path, commit: str, name: str) -> str:
    """A file of a commit, by git itself."""
    command = ["git", "-C", str(root), "cat-file", "blob", f"{commit}:{name}"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


# ---- the sample --------------------------------------------------------------------------------


@needs_shared("samples", "dvc")
def test_experiments_of_the_sample_are_read_as_git_shows_them(tmp_path: Path) -> None:
    root = cloned(tmp_path / "repo")
    reader = opened(root)
    runs = by_name(reader.tables())
    assert set(runs) == {"workspace", "exp-hi", "exp-lr0.03", "exp-lr0.1"}
    table = points(reader)
    for name, run in runs.items():
        commit = run.id.removeprefix("dvc:") if name != "workspace" else "HEAD"
        summary = json.loads(shown(root, commit, "dvclive/metrics.json"))
        assert last(run) == {
            "train/loss": summary["train"]["loss"],
            "val/acc": summary["val"]["acc"],
        }
        # the file is flat but for one mapping
        lines = dict(
            line.strip().split(": ")
            for line in shown(root, commit, "params.yaml").splitlines()
            if not line.endswith(":")
        )
        assert {
            key.rpartition(".")[2]: text for key, text in texts(run).items() if key != "lr"
        } == (lines)
        for metric in ("train/loss", "val/acc"):
            text = shown(root, commit, f"dvclive/plots/metrics/{metric}.tsv")
            rows = list(csv.reader(io.StringIO(text), delimiter="\t"))[1:]
            own = [
                (row["step"], row["value"])
                for row in table.to_pylist()
                if (row["run_id"], row["metric"]) == (run.id, metric)
            ]
            assert own == [(float(step), float(value)) for step, value in rows]


@needs_shared("samples", "dvc")
def test_an_experiment_knows_who_made_it_when_from_what(tmp_path: Path) -> None:
    root = cloned(tmp_path / "repo")
    run = by_name(read(root))["exp-lr0.03"]
    commit = run.id.removeprefix("dvc:")
    command = ["git", "-C", str(root), "log", "-1", "--format=%an %at %P", commit]
    author, when, parent = subprocess.check_output(command, text=True).split()
    assert (run.user, run.started) == (author, datetime.fromtimestamp(int(when), UTC))
    assert (run.status, run.parent_id) == ("finished", f"dvc:{parent}")
    assert run.tags["dvc.baseline"] == parent
    facts = {(f.kind, f.name, f.version, f.digest) for f in run.lineage}
    assert facts == {
        # nothing but params, metrics and the lock changed: the code is the baseline's
        ("code", "git", None, parent),
        ("parent", parent, None, None),
        ("command", "python train.py", "train", None),
        ("data", "data.txt", None, "md5:d632eba71107bf7bc3ec423eab256d78"),
    }
    assert {(a.path, a.kind, a.bytes, a.digest) for a in run.artifacts} == {
        (
            "cm.json",
            "plot-data",
            70,
            "sha256:478315cd9f9a71f807302ba7ddc7d5119ee84f23a45b9e483faab1951246113c",
        ),
        ("model.txt", "text", 50, "md5:35e0448ff1bda33649cc6882d89bb1c3"),
    }


@needs_shared("samples", "dvc")
def test_a_worktree_without_git_is_one_run(tmp_path: Path) -> None:
    root = SHARED / "samples" / "dvc" / "worktree"
    run = only(read(root))
    assert (run.name, run.status, run.started) == ("worktree", "unknown", None)
    assert last(run) == {"train/loss": 3.045995948942526e-08, "val/acc": 0.8999999954310061}
    assert ("code", "train.py", "md5:6ab4ecc06c4e7e94661669b981256862") in {
        (f.kind, f.name, f.digest) for f in run.lineage
    }


@needs_shared("samples", "dvc")
def test_tags_of_gto_name_the_model_of_the_commit(tmp_path: Path) -> None:
    run = by_name(read(cloned(tmp_path / "repo"), revs=("clf@*",), workspace=False))["clf@v1.0.0"]
    models = [(f.name, f.version) for f in run.lineage if f.kind == "model"]
    assert models == [("clf", "v1.0.0"), ("clf#prod", "v1.0.0")]


# ---- params and metrics ------------------------------------------------------------------------


def test_params_and_metrics_are_those_that_the_files_hold(tmp_path: Path) -> None:
    repo = Repository(tmp_path / "p")
    commit = repo.commit(project(lr=0.25, accuracy=0.875))
    run = only(read(repo.root))
    assert (run.id, run.name, run.status) == ("dvc:workspace", "workspace", "unknown")
    assert texts(run) == {"lr": "0.25", "model.depth": "3", "model.name": "net"}
    assert last(run) == {"accuracy": 0.875, "loss.val": 1.5}
    assert {(f.kind, f.name, f.version, f.digest, f.dirty) for f in run.lineage} == {
        ("code", "git", "main", commit, False),
        ("command", "python train.py", "train", None, None),
        ("data", "data.csv", None, f"md5:{'a' * 32}", None),
    }
    (model,) = run.artifacts
    assert (model.path, model.kind, model.bytes) == ("model.bin", "checkpoint", 99)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("p.yaml", "a: 1e-3\nb: [1, 2.50, x]\nc: null\nd: yes\ne: true\n",
         {"a": "1e-3", "b": '[1, 2.50, "x"]', "d": "yes", "e": "true"}),
        ("p.json", '{"a": 1e-3, "b": {"c": "x"}, "d": null}', {"a": "1e-3", "b.c": "x"}),
        ("p.toml", 'a = 1e-3\n[b]\nc = "x"\nn = 7\nday = 2024-01-02\n',
         {"a": "1e-3", "b.c": "x", "b.n": "7", "b.day": "2024-01-02"}),
        ("p.yaml", "base: &b {opt: adam, wd: 1}\ncfg:\n  <<: *b\n  wd: 2\n",
         {"base.opt": "adam", "base.wd": "1", "cfg.opt": "adam", "cfg.wd": "2"}),
    ],
)  # fmt: skip
def test_params_are_read_from_yaml_json_and_toml(
    tmp_path: Path, name: str, content: str, expected: dict[str, str]
) -> None:
    write(tmp_path / "p", {"dvc.yaml": f"params: [{name}]\n", name: content})
    tables = read(tmp_path / "p")
    assert texts(only(tables)) == expected
    assert tables.problems == ()


def test_params_of_a_python_file_are_those_that_the_lock_tells(tmp_path: Path) -> None:
    files = {
        "dvc.yaml": "stages:\n  t:\n    cmd: x\n    params:\n    - conf.py: [DEPTH]\n",
        "conf.py": "raise SystemExit('never run')\nDEPTH = 3\n",
        "dvc.lock": "schema: '2.0'\nstages:\n  t:\n    cmd: x\n    params:\n      conf.py:\n"
        "        DEPTH: 3\n",
    }
    write(tmp_path / "p", files)
    tables = read(tmp_path / "p")
    assert texts(only(tables)) == {"DEPTH": "3"}
    assert [(p.code, p.severity) for p in tables.problems] == [("RR379", "note")]


def test_of_a_further_file_only_the_keys_that_are_named_count(tmp_path: Path) -> None:
    write(
        tmp_path / "p",
        {
            "dvc.yaml": "stages:\n  t:\n    cmd: x\n    params:\n    - o.yaml: [a.b, z]\n",
            "o.yaml": "a: {b: 1, c: 2}\nz: 3\ny: 4\n",
        },
    )
    assert texts(only(read(tmp_path / "p"))) == {"a.b": "1", "z": "3"}


def test_metrics_that_two_files_hold_are_told_apart_by_file(tmp_path: Path) -> None:
    write(
        tmp_path / "p",
        {
            "dvc.yaml": "metrics: [train.json, eval/test.yaml]\n",
            "train.json": '{"acc": 0.5, "loss": 1}',
            "eval/test.yaml": "acc: 0.5\nf1: .nan\n",
        },
    )
    found = last(only(read(tmp_path / "p")))
    assert repr(found.pop("f1")) == "nan"
    # equal here, but not in every run
    assert found == {"train.json:acc": 0.5, "eval/test.yaml:acc": 0.5, "loss": 1.0}


def test_what_is_no_number_in_a_metrics_file_is_kept_as_a_tag_or_told(tmp_path: Path) -> None:
    content = '{"acc": "0.5", "bad": "nan", "up": -Infinity, "note": "x", "ok": true, "l": [1]}'
    write(tmp_path / "p", {"dvc.yaml": "metrics: [m.json]\n", "m.json": content})
    tables = read(tmp_path / "p")
    run = only(tables)
    assert {name: repr(value) for name, value in last(run).items()} == {
        "acc": "0.5", "bad": "nan", "up": "-inf",
    }  # fmt: skip
    assert run.tags == {"note": "x", "ok": "true"}
    (problem,) = tables.problems
    assert (problem.code, problem.place) == ("RR375", "p: m.json")


def test_stale_params_are_said(tmp_path: Path) -> None:
    files = project(lr=0.1)
    files["params.yaml"] = "lr: 0.2\n"
    write(tmp_path / "p", files)
    (problem,) = read(tmp_path / "p").problems
    assert problem.code == "RR379"
    assert "stages ran with lr = 0.1, and the file says 0.2" in problem.message


def test_stages_of_foreach_and_matrix_are_filled_in(tmp_path: Path) -> None:
    pipeline = (
        "vars: [{root: out}]\n"
        "stages:\n"
        "  eval:\n    foreach: ${models}\n    do:\n      cmd: e ${item.name}\n"
        '      metrics: ["${root}/${item.name}.json"]\n'
        "  fit:\n    matrix:\n      size: [s, l]\n      seed: [1, 2]\n"
        "    cmd: fit ${item.size} ${item.seed}\n"
        '    metrics: ["${root}/${key}.json"]\n'
    )
    names = ["a", "b", "s-1", "s-2", "l-1", "l-2"]
    files = {f"out/{name}.json": json.dumps({name: at}) for at, name in enumerate(names)}
    params = "models: [{name: a}, {name: b}]\n"
    write(tmp_path / "p", {"dvc.yaml": pipeline, "params.yaml": params, **files})
    tables = read(tmp_path / "p")
    assert tables.problems == ()
    run = only(tables)
    assert last(run) == {name: float(at) for at, name in enumerate(names)}
    commands = {(f.version, f.name) for f in run.lineage if f.kind == "command"}
    assert commands == {
        ("eval@0", "e a"), ("eval@1", "e b"), ("fit@s-1", "fit s 1"), ("fit@s-2", "fit s 2"),
        ("fit@l-1", "fit l 1"), ("fit@l-2", "fit l 2"),
    }  # fmt: skip


def test_a_broken_file_of_dvcs_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    files = project()
    files["sub/dvc.yaml"] = "stages: [\n"
    files["metrics.json"] = '{"accuracy": 0.5'
    write(tmp_path / "p", files)
    tables = read(tmp_path / "p")
    assert texts(only(tables))["lr"] == "0.1"
    assert {(p.code, p.place) for p in tables.problems} == {
        ("RR371", "p: sub/dvc.yaml"),
        ("RR371", "p: metrics.json"),
    }


def test_a_path_that_leads_out_of_the_project_is_not_read(tmp_path: Path) -> None:
    write(tmp_path, {"secret.json": '{"secret": 1}'})
    (tmp_path / "p" / "in").mkdir(parents=True)
    (tmp_path / "p" / "link.json").symlink_to(tmp_path / "secret.json")
    (tmp_path / "p" / "in" / "there").symlink_to(tmp_path)
    absolute = tmp_path / "secret.json"
    paths = f"../secret.json, link.json, in/there/secret.json, {absolute}"
    write(tmp_path / "p", {"dvc.yaml": f"metrics: [{paths}]\n", "params.yaml": "a: 1\n"})
    tables = read(tmp_path / "p")
    assert last(only(tables)) == {}
    assert len(tables.problems) == 4


# ---- DVCLive -----------------------------------------------------------------------------------


def test_a_folder_of_dvclives_alone_is_a_run(tmp_path: Path) -> None:
    write(tmp_path / "run", live({"train/loss": [2.0, 1.0], "acc": [0.5, 0.75]}))
    write(tmp_path / "run", {"dvclive/params.yaml": "lr: 1e-3\n"})
    for root in (tmp_path / "run", tmp_path / "run" / "dvclive"):
        tables = read(root)
        run = only(tables)
        assert tables.problems == ()
        assert texts(run) == {"lr": "1e-3"}
        assert last(run) == {"train/loss": 1.0, "acc": 0.75}
        assert run.metrics["acc"].count == 2


def test_folders_of_dvclives_below_one_place_are_runs(tmp_path: Path) -> None:
    for at, name in enumerate(("a", "b/c")):
        write(tmp_path / "runs" / name, live({"acc": [0.5, float(at)]}))
    runs = by_name(read(tmp_path / "runs"))
    assert {name: last(run) for name, run in runs.items()} == {
        "a": {"acc": 0.0},
        "b/c": {"acc": 1.0},
    }
    assert {run.id for run in runs.values()} == {"dvc:a", "dvc:b/c"}


def test_a_summary_that_its_curve_does_not_end_with_is_shown_beside_it(tmp_path: Path) -> None:
    files = live({"acc": [0.5, 0.75, 0.625]})
    files["dvclive/metrics.json"] = '{"acc": 0.75, "best": "inf", "step": 2}\n'
    write(tmp_path / "p", files)
    tables = read(tmp_path / "p")
    assert last(only(tables)) == {
        "acc": 0.625, "dvclive/metrics.json:acc": 0.75, "best": float("inf"),
    }  # fmt: skip
    assert [(p.code, p.severity) for p in tables.problems] == [("RR379", "note")]


def test_times_of_points_are_kept(tmp_path: Path) -> None:
    text = "timestamp\tstep\tacc\n1700000000123\t0\t0.5\n1700000001000\t1\tinf\n"
    files = {"dvclive/metrics.json": '{"acc": "inf", "step": 1}', "dvclive/params.yaml": "a: 1\n"}
    write(tmp_path / "p", {**files, "dvclive/plots/metrics/acc.tsv": text})
    rows = points(opened(tmp_path / "p")).to_pylist()
    assert [(row["step"], row["value"]) for row in rows] == [(0.0, 0.5), (1.0, float("inf"))]
    assert [row["time"].timestamp() for row in rows] == [1700000000.123, 1700000001.0]


def test_plots_images_and_reports_are_artifacts(tmp_path: Path) -> None:
    files = live({"acc": [0.5]})
    files |= {
        "dvclive/plots/sklearn/confusion_matrix.json": "[]",
        "dvclive/plots/images/img/0.png": b"\x89PNG",
        "dvclive/report.md": "# r\n",
        "dvclive/artifacts/net.pt": b"x",
        "logs.csv": "epoch,loss\n0,1\n",
        "roc.json": "[]",
        "dvc.yaml": (
            "metrics: [dvclive/metrics.json]\n"
            "plots:\n- logs.csv: {x: epoch}\n- ROC: {y: {roc.json: tpr}, x: {roc.json: fpr}}\n"
            "- dvclive/plots/metrics: {x: step}\n"
        ),
    }
    write(tmp_path / "p", files)
    assert {a.path: a.kind for a in only(read(tmp_path / "p")).artifacts} == {
        "dvclive/plots/sklearn/confusion_matrix.json": "plot-data",
        "dvclive/plots/images/img/0.png": "image",
        "dvclive/report.md": "text",
        "dvclive/artifacts/net.pt": "checkpoint",
        "logs.csv": "plot-data",
        "roc.json": "plot-data",
    }


# ---- DVC's cache -------------------------------------------------------------------------------


def locked(path: str, md5: str) -> str:
    return (
        "schema: '2.0'\nstages:\n  t:\n    cmd: x\n    outs:\n"
        f"    - path: {path}\n      hash: md5\n      md5: {md5}\n      size: 1\n"
    )


@pytest.mark.parametrize("old", [False, True])
def test_metrics_that_dvc_keeps_are_read_from_its_cache(tmp_path: Path, old: bool) -> None:
    repo = Repository(tmp_path / "p")
    md5 = repo.cached(b'{"acc": 0.25}', old=old)
    pipeline = "stages:\n  t:\n    cmd: x\n    metrics: [m.json]\n"
    files = {".gitignore": ".dvc/cache\nm.json\n", ".dvc/config": "", "dvc.yaml": pipeline}
    repo.commit({**files, "dvc.lock": locked("m.json", md5)})
    tables = read(repo.root, revs=("main",), workspace=False)
    assert last(only(tables)) == {"acc": 0.25}
    assert not [p for p in tables.problems if p.severity != "note"]
    (place,) = (repo.root / ".dvc" / "cache").rglob(md5[2:])
    place.write_bytes(b'{"acc": 0.99}')
    tables = read(repo.root, revs=("main",), workspace=False)
    assert last(only(tables)) == {}
    (problem,) = [p for p in tables.problems if p.severity != "note"]
    assert problem.code == "RR371"
    assert "does not have its digest" in problem.message


def test_curves_in_a_folder_that_dvc_keeps_are_read_by_its_listing(tmp_path: Path) -> None:
    repo = Repository(tmp_path / "p")
    tsv = b"step\tloss\n0\t2.0\n1\t1.5\n"
    entry = {"md5": repo.cached(tsv), "relpath": "train/loss.tsv"}
    outside = {"md5": entry["md5"], "relpath": "../../x.tsv"}
    md5 = repo.cached(json.dumps([entry, outside]).encode(), listing=True)
    pipeline = (
        "stages:\n  t:\n    cmd: x\n    metrics: [live/metrics.json: {cache: false}]\n"
        "    plots: [live/plots/metrics: {x: step}]\n"
    )
    repo.commit(
        {
            ".gitignore": ".dvc/cache\n",
            "dvc.yaml": pipeline,
            "dvc.lock": locked("live/plots/metrics", md5),
            "live/metrics.json": '{"train": {"loss": 1.5}, "step": 1}',
        }
    )
    run = only(read(repo.root, revs=("HEAD",), workspace=False))
    assert last(run) == {"train/loss": 1.5}
    assert run.metrics["train/loss"].count == 2


def test_what_the_cache_lacks_is_told_and_read_once_it_came(tmp_path: Path) -> None:
    repo = Repository(tmp_path / "p")
    data = b'{"acc": 0.25}'
    md5 = cached(tmp_path / "elsewhere", data)
    pipeline = "stages:\n  t:\n    cmd: x\n    metrics: [m.json]\n"
    repo.commit({".dvc/config": "", "dvc.yaml": pipeline, "dvc.lock": locked("m.json", md5)})
    kept = tmp_path / ".runreport"
    options = {"revs": ("main",), "workspace": False}
    for _ in range(2):
        reader = opened(repo.root, kept, **options)
        tables = reader.tables()
        assert last(only(tables)) == {}
        (problem,) = [p for p in tables.problems if p.severity != "note"]
        assert problem.code == "RR371"
        assert "dvc pull" in (problem.hint or "")
    places = set(reader.places() or ())
    repo.cached(data)
    (came,) = (repo.root / ".dvc" / "cache").rglob(md5[2:])
    assert came in places
    assert last(only(read(repo.root, kept, **options))) == {"acc": 0.25}


def test_a_cache_outside_is_read_where_the_spec_names_it_alone(tmp_path: Path) -> None:
    repo = Repository(tmp_path / "p")
    md5 = cached(tmp_path / "shared", b'{"acc": 0.25}')
    pipeline = "stages:\n  t:\n    cmd: x\n    metrics: [m.json]\n"
    config = f"[cache]\n    dir = {tmp_path / 'shared'}\n"
    repo.commit({".dvc/config": config, "dvc.yaml": pipeline, "dvc.lock": locked("m.json", md5)})
    tables = read(repo.root, revs=("main",), workspace=False)
    assert last(only(tables)) == {}
    assert "cache: PATH" in "".join(p.hint or "" for p in tables.problems)
    tables = read(repo.root, revs=("main",), workspace=False, cache="shared")
    assert last(only(tables)) == {"acc": 0.25}


def test_imported_data_says_where_it_is_from(tmp_path: Path) -> None:
    text = (
        "deps:\n- path: data/raw\n  repo:\n    url: https://ada:secret@example.org/registry\n"
        f"    rev_lock: {'d' * 40}\nouts:\n- md5: {'e' * 32}.dir\n  size: 10\n  nfiles: 2\n"
        "  path: raw\n"
    )
    write(tmp_path / "p", {"dvc.yaml": "params: [params.yaml]\n", "params.yaml": "a: 1\n"})
    write(tmp_path / "p", {"sub/raw.dvc": text})
    fact, count = only(read(tmp_path / "p")).lineage
    assert (fact.kind, fact.name, fact.version) == ("data", "sub/raw", "d" * 40)
    assert (count.kind, count.name, count.version) == ("files", "sub/raw", "2")
    assert (fact.digest, fact.url) == (f"md5:{'e' * 32}.dir", "https://example.org/registry")


def test_stages_from_before_pipelines_files_are_read(tmp_path: Path) -> None:
    text = (
        f"cmd: python t.py\ndeps:\n- md5: {'a' * 32}\n  path: d.csv\nouts:\n"
        f"- md5: {'b' * 32}\n  path: auc.json\n  metric: true\n  cache: false\n"
    )
    write(tmp_path / "p", {"train.dvc": text, "auc.json": '{"auc": 0.5}', ".dvc/config": ""})
    run = only(read(tmp_path / "p"))
    assert last(run) == {"auc": 0.5}
    assert ("command", "python t.py", "train.dvc") in {
        (f.kind, f.name, f.version) for f in run.lineage
    }


def test_nothing_of_the_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "notes.txt").write_text("x")
    with pytest.raises(SourceError, match="no run of DVC's") as caught:
        read(tmp_path / "p")
    assert caught.value.problems[0].code == "RR370"
