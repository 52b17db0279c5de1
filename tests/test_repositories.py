"""Repositories that a report names: read, part of its inputs, watched while they grow."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from runreport import repositories
from runreport.kinds import CodeChange
from runreport.sections import lineage
from runreport.sections.lineage import Options
from tests import reading
from tests.sources.test_gitchanges import commit, git
from tests.studies import study

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    return folder


def study_of(old, new):
    runs = [
        {"name": g, "params": {"g": g}, "lineage": [("code", "p", "main", digest, False, None)]}
        for g, digest in (("a", old), ("b", new))
    ]
    return study(runs, by=["g"], baseline={"g": "a"})


def test_the_page_tells_commits_files_and_lines_between_two_groups(repository):
    old = commit(repository, "First", train="a\n")
    new = commit(repository, "Second <b>", train="a\nb\n")
    context = study_of(old, new)
    found = repositories.read(repository.parent, {"project"}, context)
    change = found["project"].changes[old, new]
    assert isinstance(change, CodeChange)
    context = replace(context, repositories=found)
    options = Options(repository="project", graph=False, provenance=False)
    said = reading.said(lineage.present(lineage.compute(context, options), options))
    assert f"From commit {old[:10]} to {new[:10]}: 1 commit; 1 file changed, 1 line added" in said
    assert f"{new[:10]} Second <b> Ada, 2026-03-01" in said


def test_a_repository_that_is_not_there_is_said(tmp_path):
    context = study_of("a" * 40, "b" * 40)
    found = repositories.read(tmp_path, {"nowhere"}, context)
    context = replace(context, repositories=found)
    options = Options(repository="nowhere", graph=False, provenance=False)
    said = reading.said(lineage.present(lineage.compute(context, options), options))
    assert "what lies between is not known: there is no Git repository" in said


def test_a_new_commit_changes_the_inputs_and_a_place_that_is_watched(repository):
    commit(repository, "First", train="a\n")
    before = repositories.digests(repository.parent, {"project"})
    watched = repositories.places(repository.parent, {"project"})
    signs = {path: path.stat().st_mtime_ns for path in watched if path.exists()}
    os.utime(repository / ".git" / "refs" / "heads" / "main", (1, 1))
    commit(repository, "Second", train="b\n")
    assert repositories.digests(repository.parent, {"project"}) != before
    assert any(path.stat().st_mtime_ns != sign for path, sign in signs.items())


def test_without_a_name_nothing_is_asked(tmp_path):
    assert repositories.read(tmp_path, (), study_of("a" * 40, "b" * 40)) == {}
