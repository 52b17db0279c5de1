"""Publishing to a folder: locked, staged, swapped, described."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys

import pytest

from runreport.errors import BusyError, PublishError
from runreport.publish import folder
from tests.shared import ROOT


def put(target, text):
    """Publish a site of one page."""
    with folder.lock(target), folder.staging(target) as stage:
        site = stage / "site"
        site.mkdir()
        (site / "index.html").write_text(text)
        folder.check_target(target, force=False)
        folder.publish(site, target, {"spec": "abc"})


def test_a_site_appears_with_a_manifest_of_its_files(tmp_path):
    put(tmp_path / "out", "one")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["inputs"] == {"spec": "abc"}
    assert manifest["files"] == {"index.html": hashlib.sha256(b"one").hexdigest()}


def test_a_new_site_replaces_the_old_one_and_leaves_nothing_beside(tmp_path):
    put(tmp_path / "out", "one")
    put(tmp_path / "out", "two")
    assert (tmp_path / "out" / "index.html").read_text() == "two"
    assert sorted(path.name for path in tmp_path.iterdir()) == [".out.lock", "out"]


def test_what_a_dead_build_left_is_removed(tmp_path):
    (tmp_path / ".out.staging-99999").mkdir()
    put(tmp_path / "out", "one")
    assert not (tmp_path / ".out.staging-99999").exists()


def test_a_folder_of_somebody_else_is_refused(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("mine")
    with pytest.raises(PublishError) as caught:
        put(tmp_path / "out", "one")
    assert caught.value.problems[0].code == "RR601"
    assert (tmp_path / "out" / "thesis.tex").read_text() == "mine"


def test_an_empty_folder_is_taken(tmp_path):
    (tmp_path / "out").mkdir()
    put(tmp_path / "out", "one")
    assert (tmp_path / "out" / "index.html").read_text() == "one"


def test_a_second_build_is_told_who_holds_the_lock(tmp_path):
    script = (
        "import sys, pathlib\n"
        "from runreport.publish import folder\n"
        "with folder.lock(pathlib.Path(sys.argv[1])):\n"
        "    print('held', flush=True); sys.stdin.read()\n"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "out")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    try:
        assert other.stdout.readline().strip() == "held"
        with pytest.raises(BusyError) as caught:
            put(tmp_path / "out", "one")
        assert str(other.pid) in caught.value.problems[0].message
    finally:
        other.kill()
        other.communicate()
    # the kernel released it
    put(tmp_path / "out", "one")


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_read_only_place_is_named(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(PublishError) as caught:
        put(tmp_path / "out", "one")
    assert caught.value.problems[0].code == "RR602"


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(PublishError) as caught:
        put(tmp_path / "file" / "out", "one")
    assert caught.value.problems[0].code == "RR602"


def test_a_build_leaves_what_other_builds_stage_alone(tmp_path):
    """A name is no pattern: `a*` is not `ab`."""
    other = tmp_path / ".ab.staging-77"
    other.mkdir()
    stale = tmp_path / ".a*.staging-78"
    stale.mkdir()
    with folder.staging(tmp_path / "a*") as stage:
        assert stage.is_dir()
        assert other.is_dir()
        assert not stale.exists()


def test_a_folder_that_holds_a_source_is_never_replaced(tmp_path):
    store = tmp_path / "site" / "mlflow.db"
    store.parent.mkdir()
    store.write_text("")
    with pytest.raises(PublishError, match="RR601"):
        folder.check_target(tmp_path / "site", force=True, keep=[store])
