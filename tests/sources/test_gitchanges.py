"""What lies between two commits: as git itself says, and nothing of the repository is run."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from runreport.kinds import CodeChange
from runreport.sources import gitchanges

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

TIME = "2026-03-01T09:00:00+00:00"


def git(folder: Path, *arguments: str) -> str:
    environ = {
        "PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "a@example.org",
        "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "a@example.org",
        "GIT_AUTHOR_DATE": TIME, "GIT_COMMITTER_DATE": TIME,
    }  # fmt: skip
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env=environ, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def commit(folder: Path, message: str, **files: str | bytes) -> str:
    for name, content in files.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", message)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    return folder


def between(folder: Path, old: str, new: str) -> CodeChange | str:
    return gitchanges.read(folder, [(old, new)]).changes[old, new]


def without_ids(diff: str) -> list[str]:
    return [line for line in diff.splitlines() if not line.startswith("index ")]


def test_commits_and_lines_are_those_that_git_counts(repository):
    old = commit(repository, "First", train_dot_py="a\nb\nc\n" * 30, keep="x\n")
    commit(repository, "Second\n\nwith a body", src__model_dot_py="one\ntwo\n")
    new = commit(repository, "Third", train_dot_py="a\nB\nc\n" * 30, weights=b"\0\1\2" * 9)
    change = between(repository, old, new)
    log = git(repository, "log", "--format=%H %s", f"{old}..{new}").splitlines()
    assert [f"{line.id} {line.subject}" for line in change.commits] == log
    stat = git(repository, "diff", "--numstat", old, new).splitlines()
    said = [
        "\t".join("-" if part is None else str(part) for part in (f.added, f.removed, f.path))
        for f in change.files
    ]
    assert said == stat
    # of how many digits objects are named is no part of a change
    whole = [without_ids(text) for text in (git(repository, "diff", old, new), change.diff)]
    assert whole[0] == whole[1]
    assert (change.ahead, change.behind) == (2, 0)


def test_a_commit_that_the_other_is_not_built_on_is_counted_behind(repository):
    base = commit(repository, "Base", a="1\n")
    one = commit(repository, "Left", a="2\n")
    git(repository, "checkout", "-q", "-b", "side", base)
    other = commit(repository, "Right", b="3\n")
    change = between(repository, one, other)
    assert (change.ahead, change.behind) == (1, 1)
    assert [line.subject for line in change.commits] == ["Right"]


def test_a_short_id_is_enough(repository):
    old = commit(repository, "First", a="1\n")
    new = commit(repository, "Second", a="2\n")
    assert between(repository, old[:8], new[:10]).ahead == 1


@pytest.mark.parametrize(
    "name", ["0" * 40, "deadbeef", "--output=x", "HEAD", "a..b", "main", "$(touch x)", ""]
)
def test_what_is_no_commit_of_the_repository_is_said(repository, name):
    old = commit(repository, "First", a="1\n")
    assert isinstance(between(repository, old, name), str)
    assert sorted(p.name for p in repository.iterdir()) == [".git", "a"]


def test_a_tree_is_no_commit(repository):
    old = commit(repository, "First", a="1\n")
    tree = git(repository, "rev-parse", f"{old}^{{tree}}")
    assert isinstance(between(repository, old, tree), str)


def test_a_folder_without_a_repository_is_said(tmp_path):
    history = gitchanges.read(tmp_path / "nothing", [("a" * 40, "b" * 40)])
    assert history.missing == "there is no Git repository"


def test_a_folder_inside_of_the_working_tree_will_do(repository):
    old = commit(repository, "First", sub__a="1\n")
    new = commit(repository, "Second", sub__a="2\n")
    assert between(repository / "sub", old, new).ahead == 1


def test_nothing_that_the_repository_configures_is_run(repository, tmp_path):
    ran = tmp_path / "ran"
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\ntouch {ran}\ncat\n")
    script.chmod(0o755)
    old = commit(
        repository, "First", a_dot_txt="1\n", **{".gitattributes": "*.txt diff=own filter=own\n"}
    )
    new = commit(repository, "Second", a_dot_txt="2\n")
    for key in ("diff.external", "diff.own.textconv", "diff.own.command", "filter.own.smudge",
                "filter.own.clean", "core.fsmonitor", "core.pager", "gpg.program"):  # fmt: skip
        git(repository, "config", key, str(script))
    git(repository, "config", "log.showSignature", "true")
    for hook in ("post-checkout", "reference-transaction", "fsmonitor-watchman"):
        shutil.copy(script, repository / ".git" / "hooks" / hook)
    change = between(repository, old, new)
    assert "-1\n+2" in change.diff
    assert not ran.exists()


def test_a_long_change_is_cut_and_says_so(repository):
    old = commit(repository, "First", a="1\n")
    lines = "".join(f"{i}\n" for i in range(60_000))
    new = commit(repository, "Second", a=lines)
    change = between(repository, old, new)
    assert change.cut
    assert len(change.diff) <= gitchanges.MAX_DIFF
    # the line of 1 was there before
    assert change.added == 59_999


def test_secrets_in_a_change_are_not_shown(repository):
    old = commit(repository, "First", a="1\n")
    token = "ghp_" + "a1B2" * 9
    new = commit(repository, f"Add {token}", a=f"token = '{token}'\n")
    change = between(repository, old, new)
    assert token not in change.diff + change.commits[0].subject


def test_a_history_that_was_cut_is_no_damage(repository, tmp_path):
    commit(repository, "First", a="1\n")
    old = commit(repository, "Second", a="2\n")
    new = commit(repository, "Third", a="3\n")
    git(tmp_path, "clone", "-q", "--depth", "2", f"file://{repository}", "cut")
    change = between(tmp_path / "cut", old, new)
    assert (change.ahead, change.behind) == (1, 0)
