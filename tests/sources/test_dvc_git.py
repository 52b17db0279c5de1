"""Commits of a DVC project as runs: which are read, what is never run, what is read again."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from runreport.errors import SourceError
from runreport.sources.dvc import detect
from runreport.sources.dvc.gitdir import find
from runreport.sources.dvc.objects import MissingObjectError, Objects
from runreport.tables import SCHEMAS, RunTables
from tests.shared import ROOT
from tests.sources.dvc_projects import (
    WHEN,
    Repository,
    by_name,
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

pytestmark = needs_git


def same(left: RunTables, right: RunTables) -> bool:
    rows = [[repr(getattr(one, table).to_pylist()) for table in SCHEMAS] for one in (left, right)]
    return rows[0] == rows[1]


def small(root: Path, *switches: str) -> Repository:
    """A project with two experiments on one commit."""
    repo = Repository(root, *switches)
    repo.commit(project(lr=0.1), "base")
    repo.experiment("hot-ant", project(lr=0.2, accuracy=0.6))
    repo.experiment("wet-eel", project(lr=0.3, accuracy=0.7))
    return repo


# ---- which commits -----------------------------------------------------------------------------


def test_the_workspace_and_every_experiment_are_runs(tmp_path: Path) -> None:
    repo = small(tmp_path / "p")
    runs = by_name(read(repo.root))
    assert {name: (texts(run)["lr"], last(run)["accuracy"]) for name, run in runs.items()} == {
        "workspace": ("0.1", 0.5),
        "hot-ant": ("0.2", 0.6),
        "wet-eel": ("0.3", 0.7),
    }
    assert runs["hot-ant"].started is not None
    assert runs["hot-ant"].started.timestamp() == WHEN + 60
    assert runs["hot-ant"].user == "Ada Lovelace"
    assert set(by_name(read(repo.root, experiments=("wet-*",), workspace=False))) == {"wet-eel"}


def test_revs_names_branches_tags_and_commits(tmp_path: Path) -> None:
    repo = small(tmp_path / "p")
    first = repo.git("rev-parse", "HEAD")
    repo.git("tag", "v1")
    repo.git("tag", "-a", "v2", "-m", "second", repo.commit(project(lr=0.4), "second"))
    repo.git("branch", "feature/x")
    options = {"workspace": False, "experiments": ()}

    def names(*revs: str) -> dict[str, str]:
        tables = read(repo.root, revs=revs, **options)
        return {run.name: texts(run)["lr"] for run in tables.rows}

    assert names("main") == {"main": "0.4"}
    assert names("v*") == {"v1": "0.1", "v2": "0.4"}
    assert names("feature/*") == {"feature/x": "0.4"}
    assert names("HEAD") == {"main": "0.4"}
    assert names("HEAD~1") == {"HEAD~1": "0.1"}
    assert names("v2^") == {"v2^": "0.1"}
    assert names(first[:9]) == {first[:7]: "0.1"}
    assert names(first, "v1") == {first[:7]: "0.1"}
    assert names("refs/tags/v1") == {"v1": "0.1"}
    run = only(read(repo.root, revs=("v2",), **options))
    assert (run.tags["git.tag"], run.tags["git.branch"]) == ("v2", "feature/x, main")
    assert run.tags["git.message"] == "second"
    assert run.status == "unknown"


def test_a_rev_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    repo = small(tmp_path / "p")
    for rev in ("mian", "v*", "deadbeef", "main~7", "a\nb", "--all", "x" * 5_000):
        tables = read(repo.root, revs=(rev,))
        (problem,) = [p for p in tables.problems if p.code == "RR370"]
        assert problem.severity == "warning"
        assert "main" in (problem.hint or "")
        assert len(tables.rows) == 3


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    repo = small(tmp_path / "p")
    repo.git("tag", "v1")
    repo.stash("refs/exps/celery/stash", "later", project(lr=9))
    tables = read(repo.root, experiments=("hot-*",))
    (note,) = tables.problems
    assert (note.code, note.severity) == ("RR379", "note")
    assert note.message == (
        "not read as runs: 1 experiment waiting in the queue, 1 experiment by `experiments`, "
        "1 branch, 1 tag"
    )


def test_failed_tasks_are_failed_runs_with_params_alone(tmp_path: Path) -> None:
    repo = small(tmp_path / "p")
    repo.stash("refs/exps/celery/failed", "burnt", project(lr=5))
    repo.stash("refs/exps/celery/failed", "lost", project(lr=6))
    runs = by_name(read(repo.root))
    assert {name: run.status for name, run in runs.items()} == {
        "workspace": "unknown",
        "hot-ant": "finished",
        "wet-eel": "finished",
        "burnt": "failed",
        "lost": "failed",
    }
    # the metrics in its tree are those of an earlier run
    assert (texts(runs["burnt"])["lr"], last(runs["burnt"])) == ("5", {})
    assert runs["burnt"].artifacts == ()
    assert runs["burnt"].parent_id == "dvc:" + repo.git("rev-parse", "HEAD")


def test_an_experiment_that_changed_code_has_a_commit_of_its_own(tmp_path: Path) -> None:
    repo = small(tmp_path / "p")
    head = repo.git("rev-parse", "HEAD")
    other = repo.experiment("new-code", project(lr=0.2) | {"lib/net.py": "x = 1\n"})
    code = {
        run.name: fact.digest
        for run in read(repo.root).rows
        for fact in run.lineage
        if fact.kind == "code"
    }
    assert code == {"workspace": head, "hot-ant": head, "wet-eel": head, "new-code": other}


def test_a_project_in_a_folder_of_a_repository_is_read_by_its_name(tmp_path: Path) -> None:
    repo = Repository(tmp_path / "p")

    def inside(**facts: float) -> dict[str, str | bytes]:
        return {f"ml/vision/{name}": content for name, content in project(**facts).items()}

    head = repo.commit(inside(lr=0.1) | {"params.yaml": "other: 1\n", "lib.py": "x\n"})
    repo.experiment("hot-ant", inside(lr=0.2, accuracy=0.6))
    changed = repo.experiment("new-code", inside(lr=0.3) | {"lib.py": "y\n"})
    found = detect(repo.root)
    assert found is not None
    assert found.config == {"dvc": ".", "folder": "ml/vision"}
    runs = by_name(read(repo.root, folder="ml/vision"))
    assert {name: texts(run)["lr"] for name, run in runs.items()} == {
        "workspace": "0.1", "hot-ant": "0.2", "new-code": "0.3",
    }  # fmt: skip
    code = {n: f.digest for n, run in runs.items() for f in run.lineage if f.kind == "code"}
    assert code == {"workspace": head, "hot-ant": head, "new-code": changed}
    # without it, the top of the repository is the project, and the folder one of its own
    assert texts(by_name(read(repo.root))["hot-ant"]) == {"other": "1"}
    tables = read(repo.root / "ml" / "vision")
    assert only(tables).name == "vision"
    assert [(p.code, p.severity) for p in tables.problems] == [("RR379", "note")]
    for folder in ("..", "/", "../q"):
        with pytest.raises(SourceError, match="expected a folder in the repository"):
            read(repo.root, folder=folder)


# ---- the workspace -----------------------------------------------------------------------------


def test_a_workspace_that_equals_an_experiment_is_no_run_of_its_own(tmp_path: Path) -> None:
    repo = small(tmp_path / "p")
    # as `dvc exp apply` leaves it
    repo.write(project(lr=0.2, accuracy=0.6))
    tables = read(repo.root)
    assert set(by_name(tables)) == {"hot-ant", "wet-eel"}
    assert any("is as 'hot-ant' was committed" in p.message for p in tables.problems)
    repo.write({"metrics.json": '{"accuracy": 0.65}'})
    runs = by_name(read(repo.root))
    assert last(runs["workspace"]) == {"accuracy": 0.65}
    assert [f.dirty for f in runs["workspace"].lineage if f.kind == "code"] == [True]


def test_changed_code_makes_the_workspace_dirty_and_other_line_ends_do_not(tmp_path: Path) -> None:
    repo = small(tmp_path / "p")

    def dirty() -> bool | None:
        run = by_name(read(repo.root))["workspace"]
        (fact,) = [f for f in run.lineage if f.kind == "code"]
        return fact.dirty

    assert dirty() is False
    repo.write({"params.yaml": "lr: 0.1\r\nmodel: {depth: 3, name: net}\r\n"})
    assert dirty() is False
    repo.write({"notes.txt": "nothing that counts"})
    assert dirty() is False
    repo.write({"train.py": "print(1)\n"})
    assert dirty() is True


def test_a_bare_repository_has_no_workspace(tmp_path: Path) -> None:
    repo = small(tmp_path / "p")
    repo.git("clone", "-q", "--mirror", ".", str(tmp_path / "bare"))
    assert set(by_name(read(tmp_path / "bare"))) == {"hot-ant", "wet-eel"}


def test_a_further_worktree_reads_the_same_refs(tmp_path: Path) -> None:
    repo = small(tmp_path / "p")
    repo.git("worktree", "add", "-q", str(tmp_path / "w"), "-b", "side")
    write(tmp_path / "w", project(lr=0.9))
    runs = by_name(read(tmp_path / "w"))
    assert set(runs) == {"workspace", "hot-ant", "wet-eel"}
    assert texts(runs["workspace"])["lr"] == "0.9"
    (code,) = [f for f in runs["workspace"].lineage if f.kind == "code"]
    assert (code.version, code.dirty) == ("side", True)


def test_a_git_file_that_leads_to_another_repository_is_not_followed(tmp_path: Path) -> None:
    repo = small(tmp_path / "private")
    write(tmp_path / "p", project() | {".git": f"gitdir: {repo.root / '.git'}\n"})
    tables = read(tmp_path / "p")
    assert len(tables.rows) == 1
    assert [p.place for p in tables.problems] == [".git"]
    (tmp_path / "p" / ".git").unlink()
    (tmp_path / "p" / ".git").symlink_to(repo.root / ".git")
    assert len(read(tmp_path / "p").rows) == 1


def test_without_git_the_workspace_is_read_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = small(tmp_path / "p")
    monkeypatch.setenv("PATH", str(tmp_path))
    tables = read(repo.root)
    assert only(tables).name == "workspace"
    (problem,) = tables.problems
    assert (problem.code, problem.severity) == ("RR377", "warning")
    with pytest.raises(SourceError, match="git is not installed"):
        read(repo.root / ".git")


# ---- refs and objects --------------------------------------------------------------------------


def test_loose_packed_and_repacked_refs_name_the_same_runs(tmp_path: Path) -> None:
    repo = small(tmp_path / "p")
    before = read(repo.root)
    repo.git("pack-refs", "--all")
    repo.git("gc", "-q")
    assert not (repo.root / ".git" / "refs" / "exps" / "aa").exists()
    assert same(read(repo.root), before)
    repo.git("update-ref", "refs/heads/main", repo.commit(project(lr=0.5)))
    refs = find(repo.root)
    assert refs is not None
    assert refs.head == ("refs/heads/main", repo.git("rev-parse", "HEAD"))
    listed = repo.git("for-each-ref", "--format=%(refname) %(objectname)").splitlines()
    assert dict(line.split(" ") for line in listed) == dict(refs.refs)


def test_a_repository_with_long_ids_is_read(tmp_path: Path) -> None:
    repo = small(tmp_path / "p", "--object-format=sha256")
    runs = by_name(read(repo.root))
    assert set(runs) == {"workspace", "hot-ant", "wet-eel"}
    assert [len(f.digest or "") for f in runs["hot-ant"].lineage if f.kind == "code"] == [64]


def test_objects_read_as_git_reads_them(tmp_path: Path) -> None:
    repo = Repository(tmp_path / "p")
    content = bytes(range(256)) * 5_000
    commit = repo.commit({"a/b.bin": content, "a/empty": b"", "ü\n.txt": "x"})
    git = find(repo.root)
    assert git is not None
    objects = Objects(git.objects, sha256=False)
    tree = objects.tree(objects.commit(commit).tree)
    assert set(tree) == {"a", "ü\n.txt"}
    inner = objects.tree(tree["a"][1])
    assert objects.read(inner["b.bin"][1], 10**7) == content
    assert objects.read(inner["empty"][1], 10) == b""
    assert objects.read(inner["b.bin"][1], 10**7) == content
    with pytest.raises(MissingObjectError, match="larger than"):
        objects.read(inner["b.bin"][1], 10**6)
    with pytest.raises(MissingObjectError, match="does not hold"):
        objects.read("0" * 40, 10)
    assert objects.read(tree["ü\n.txt"][1], 10) == b"x"


def test_a_damaged_commit_is_named_and_its_neighbours_are_read(tmp_path: Path) -> None:
    repo = small(tmp_path / "p")
    commit = by_name(read(repo.root))["hot-ant"].id.removeprefix("dvc:")
    place = repo.root / ".git" / "objects" / commit[:2] / commit[2:]
    place.chmod(0o644)
    for data in (b"", b"garbage", None):
        if data is None:
            place.unlink()
        else:
            place.write_bytes(data)
        tables = read(repo.root)
        assert set(by_name(tables)) == {"workspace", "wet-eel"}
        (problem,) = [p for p in tables.problems if p.severity == "warning"]
        assert (problem.code, problem.place) == ("RR371", "hot-ant")
        assert commit[:7] in problem.message


def test_a_damaged_file_of_a_commit_is_named(tmp_path: Path) -> None:
    repo = small(tmp_path / "p")
    commit = by_name(read(repo.root))["hot-ant"].id.removeprefix("dvc:")
    blob = repo.git("rev-parse", f"{commit}:metrics.json")
    place = repo.root / ".git" / "objects" / blob[:2] / blob[2:]
    place.chmod(0o644)
    place.write_bytes(place.read_bytes()[:-4])
    tables = read(repo.root)
    runs = by_name(tables)
    assert last(runs["hot-ant"]) == {}
    assert texts(runs["hot-ant"])["lr"] == "0.2"
    assert last(runs["wet-eel"])["accuracy"] == 0.7
    assert ("RR371", "hot-ant: metrics.json") in {(p.code, p.place) for p in tables.problems}


# ---- nothing is run ----------------------------------------------------------------------------


def test_nothing_that_a_repository_names_is_run(tmp_path: Path) -> None:
    """Every key that makes git start a program, and a missing object that it would fetch."""
    repo = small(tmp_path / "p")
    mark = tmp_path / "was-run"
    program = tmp_path / "program.sh"
    program.write_text(f"#!/bin/sh\necho $0 $@ >> {mark}\n")
    program.chmod(0o755)
    config = f"""
[core]
    repositoryformatversion = 1
    fsmonitor = {program}
    hooksPath = {tmp_path / "hooks"}
    sshCommand = {program}
    pager = {program}
    editor = {program}
    gitProxy = {program}
    askPass = {program}
    alternateRefsCommand = {program}
[extensions]
    partialClone = origin
[protocol]
    allow = always
[protocol "ext"]
    allow = always
[remote "origin"]
    url = ext::{program} %S
    promisor = true
    uploadpack = {program}
[alias]
    cat-file = !{program}
[diff]
    external = {program}
[filter "x"]
    smudge = {program}
    clean = {program}
    process = {program}
    required = true
[diff "x"]
    textconv = {program}
    command = {program}
[credential]
    helper = {program}
[gpg]
    program = {program}
[include]
    path = {tmp_path / "more"}
"""
    (tmp_path / "more").write_text(f"[core]\n    fsmonitor = {program}\n")
    (tmp_path / "hooks").mkdir()
    for name in os.listdir(repo.root / ".git" / "hooks"):
        shutil.copy(program, repo.root / ".git" / "hooks" / name.removesuffix(".sample"))
    for name in ("post-checkout", "pre-commit", "reference-transaction", "post-index-change"):
        shutil.copy(program, tmp_path / "hooks" / name)
    commit = by_name(read(repo.root))["hot-ant"].id.removeprefix("dvc:")
    blob = repo.git("rev-parse", f"{commit}:metrics.json")
    repo.commit({".gitattributes": "* filter=x diff=x\n"})
    (repo.root / ".git" / "config").write_text(config)
    (repo.root / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    # git itself, asked for the object that is missing, starts what the configuration names
    subprocess.run(
        ["git", "-C", str(repo.root), "cat-file", "-p", blob], capture_output=True, check=False
    )
    assert mark.exists()
    mark.unlink()
    repo.write({"train.py": "changed\n", "metrics.json": '{"accuracy": 0.1}'})
    tables = read(repo.root, revs=("main", "HEAD~1"))
    assert len(tables.rows) == 5
    assert any(p.code == "RR371" and p.place == "hot-ant: metrics.json" for p in tables.problems)
    detect(repo.root)
    assert not mark.exists()


def test_a_repository_of_another_user_is_read_without_their_configuration(tmp_path: Path) -> None:
    # what git refuses as "dubious ownership", since it would follow the configuration
    repo = small(tmp_path / "p")
    if os.getuid() != 0:
        pytest.skip("only root can give files away")
    for path in (repo.root, *repo.root.rglob("*")):
        os.chown(path, 12_345, 12_345)
    assert len(read(repo.root).rows) == 3


def test_git_of_the_calling_process_does_not_leak_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # as in a hook, where git names its own repository by the environment
    repo = small(tmp_path / "p")
    expected = read(repo.root)
    for name in ("GIT_DIR", "GIT_OBJECT_DIRECTORY", "GIT_INDEX_FILE", "GIT_WORK_TREE"):
        monkeypatch.setenv(name, str(tmp_path / "other"))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "extensions.objectFormat")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "sha256")
    assert same(read(repo.root), expected)


def test_no_process_and_no_folder_stays_behind(tmp_path: Path) -> None:
    repo = small(tmp_path / "p")
    code = (
        "import sys, tempfile; from pathlib import Path\n"
        "from tests.sources.dvc_projects import read\n"
        f"assert len(read(Path({str(repo.root)!r})).rows) == 3\n"
    )
    inside = tmp_path / "temporary"
    inside.mkdir()
    environ = {**os.environ, "TMPDIR": str(inside)}
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, env=environ)
    assert list(inside.iterdir()) == []


# ---- what is kept ------------------------------------------------------------------------------


def test_a_commit_is_read_once(tmp_path: Path) -> None:
    repo = Repository(tmp_path / "p")
    repo.commit(live({"loss": [2.0, 1.0]}) | {"dvc.yaml": "metrics: [dvclive/metrics.json]\n"})
    repo.experiment("one", live({"loss": [2.0, 1.5, 0.5]}))
    kept = tmp_path / ".runreport"
    options = {"workspace": False}
    first = opened(repo.root, kept, **options)
    before, drawn = first.tables(), points(first)
    assert drawn.num_rows == 3
    shutil.move(repo.root / ".git" / "objects", tmp_path / "away")
    (repo.root / ".git" / "objects").mkdir()
    again = opened(repo.root, kept, **options)
    assert same(again.tables(), before)
    assert points(again).equals(drawn)
    with pytest.raises(SourceError):
        read(repo.root, **options)


def test_a_tag_that_was_added_later_shows(tmp_path: Path) -> None:
    repo = small(tmp_path / "p")
    kept = tmp_path / ".runreport"

    def models() -> dict[str, list[str]]:
        return {
            run.name: [f"{f.name} {f.version}" for f in run.lineage if f.kind == "model"]
            for run in read(repo.root, kept).rows
        }

    assert models() == {"workspace": [], "hot-ant": [], "wet-eel": []}
    commit = by_name(read(repo.root))["wet-eel"].id.removeprefix("dvc:")
    repo.git("tag", "-a", "net@v1.2.0", "-m", "x", commit)
    repo.git("tag", "-a", "net#prod#1", "-m", "x", commit)
    assert models() == {
        "workspace": [], "hot-ant": [], "wet-eel": ["net v1.2.0", "net#prod v1.2.0"],
    }  # fmt: skip


def test_a_change_of_anything_that_was_read_changes_a_place(tmp_path: Path) -> None:
    repo = small(tmp_path / "p")

    def state() -> list[tuple[str, object]]:
        reader = opened(repo.root)
        reader.tables()
        return [
            (str(path), (about.st_mtime_ns, about.st_size) if path.exists() else None)
            for path in reader.places()
            for about in ([path.stat()] if path.exists() else [None])
        ]

    def changes() -> Iterator[str]:
        repo.write({"metrics.json": json.dumps({"accuracy": 0.123})})
        yield "metrics"
        repo.write({"train.py": "other = 1\n"})
        yield "code"
        repo.experiment("third", project(lr=7))
        yield "experiment"
        repo.git("tag", "net@v9.0.0")
        yield "tag"
        repo.stash("refs/exps/celery/failed", "bad", project(lr=8))
        yield "failed"
        repo.git("checkout", "-q", "-b", "other")
        yield "branch"

    before = state()
    for what in changes():
        now = state()
        assert now != before, what
        before = now


# ---- recognising -------------------------------------------------------------------------------


def test_projects_are_recognised_and_other_folders_are_not(tmp_path: Path) -> None:
    repo = small(tmp_path / "p")
    repo.stash("refs/exps/celery/failed", "burnt", project(lr=5))
    found = detect(repo.root)
    assert found is not None
    assert (found.config, found.summary) == (
        {"dvc": "."},
        "DVC repository with 3 experiments",
    )
    write(tmp_path / "live" / "run", live({"a": [1.0]}))
    found = detect(tmp_path / "live" / "run")
    assert found is not None
    assert found.summary == "DVCLive folder with 1 run"
    write(tmp_path / "many" / "a", live({"a": [1.0]}))
    write(tmp_path / "many" / "b", live({"a": [1.0]}))
    found = detect(tmp_path / "many")
    assert found is not None
    assert found.summary == "2 DVCLive folders"
    # data alone, a repository without DVC, metrics of another program
    write(tmp_path / "data", {".dvc/config": "", "raw.dvc": "outs:\n- path: raw\n"})
    Repository(tmp_path / "plain").commit({"a.py": "1"})
    write(tmp_path / "other", {"metrics.json": '{"loss": {"steps": [1]}}', "config.json": "{}"})
    for name in ("data", "plain", "other", "live"):
        assert detect(tmp_path / name) is None
    assert detect(repo.root / "dvc.yaml") is None
