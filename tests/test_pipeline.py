"""Faults on the way to a published site: after each of them readers see the old one, whole."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import time

import pytest

from runreport.errors import SourceError, SpecError
from runreport.pipeline import BuildRequest, build, read_tables
from runreport.tables import SCHEMAS
from tests.processes import digest, runreport, started
from tests.shared import ROOT

RUNS = """\
optimizer,seed,accuracy
sgd,1,0.70
sgd,2,0.72
adam,1,0.80
adam,2,0.83
"""
SPEC = """\
report: {title: TITLE}
sources: [{files: runs.csv, shape: runs, params: [optimizer, seed], metrics: [accuracy]}]
groups: {by: all_but(seed), replicates: seed}
pages: [{title: Summary, sections: [runs]}]
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A folder with a spec, a store, and the site that was published from them."""
    folder = tmp_path_factory.mktemp("built")
    (folder / "runs.csv").write_text(RUNS)
    (folder / "runreport.yaml").write_text(SPEC.replace("TITLE", "Old"))
    done = runreport("build", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def folder(built, tmp_path):
    """The same, and a spec whose next site differs from the published one."""
    return copied(built, tmp_path / "study")


def copied(built, folder):
    shutil.copytree(built, folder, dirs_exist_ok=True)
    (folder / "runreport.yaml").write_text(SPEC.replace("TITLE", "New"))
    return folder


@pytest.fixture
def disk(built, tmp_path):
    """The same on a disk of its own, which a test may fill or make read-only."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=900k", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a disk of its own here")
    try:
        yield copied(built, place)
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def remount(place, options):
    subprocess.run(["mount", "-o", f"remount,{options}", str(place)], check=True)


def left_over(folder):
    """What lies beside the spec, the store and the site; the lock and what is kept mean nothing."""
    known = {"runreport.yaml", "runs.csv", "site", ".site.lock", ".runreport"}
    return {path.name for path in folder.iterdir()} - known


def assert_untouched(folder, built):
    assert digest(folder / "site") == digest(built / "site")
    assert left_over(folder) == set()


def assert_renewed(folder, built):
    new, old = digest(folder / "site"), digest(built / "site")
    assert set(new) == set(old)
    assert new["index.html"] != old["index.html"]
    made_from = json.loads((folder / "site" / "manifest.json").read_text())["inputs"]
    assert made_from["spec/0/runreport.yaml"] == sha256((folder / "runreport.yaml").read_bytes())
    assert left_over(folder) == set()


def sha256(content):
    return hashlib.sha256(content).hexdigest()


# ---- what is published ---------------------------------------------------------------------------


def test_the_manifest_says_what_the_report_was_made_from_and_names_no_machine_path(built):
    manifest = json.loads((built / "site" / "manifest.json").read_text())
    assert manifest["inputs"] == {
        "source/0/runs.csv": sha256(RUNS.encode()),
        "spec/0/runreport.yaml": sha256((built / "runreport.yaml").read_bytes()),
    }
    assert manifest["files"] == {
        name: code for name, code in digest(built / "site").items() if name != "manifest.json"
    }


# ---- the place to publish to ---------------------------------------------------------------------


@pytest.mark.parametrize("free", ["nothing", "too little"])
def test_a_full_disk_is_named_and_the_next_build_needs_no_manual_step(disk, built, free):
    if free == "nothing":
        fill(disk / "filler")
    done = runreport("build", cwd=disk)
    assert done.returncode == 3, done.stderr
    assert "error[RR602]" in done.stderr
    assert "No space left on device" in done.stderr
    (disk / "filler").unlink(missing_ok=True)
    assert_untouched(disk, built)
    if free == "too little":
        remount(disk, "size=20m")
        assert runreport("build", cwd=disk).returncode == 0
        assert_renewed(disk, built)


def fill(path):
    """Write until nothing more fits, then byte by byte."""
    with path.open("ab", buffering=0) as file:
        for size in (4096, 1):
            try:
                while file.write(b"\0" * size):
                    pass
            except OSError:
                continue


def test_a_read_only_place_is_named(request, built, tmp_path):
    if os.geteuid() == 0:
        folder = request.getfixturevalue("disk")
        remount(folder, "ro")
    else:
        folder = copied(built, tmp_path / "study")
        folder.chmod(0o500)
    done = runreport("build", cwd=folder)
    assert done.returncode == 3, done.stderr
    assert "error[RR602]" in done.stderr
    assert_untouched(folder, built)


def test_a_folder_of_somebody_else_is_refused_until_it_is_forced(folder, built):
    thesis = folder / "site" / "thesis.tex"
    shutil.rmtree(folder / "site")
    thesis.parent.mkdir()
    thesis.write_text("mine")
    done = runreport("build", cwd=folder)
    assert done.returncode == 3, done.stderr
    assert "error[RR601]" in done.stderr
    assert "--force" in done.stderr
    assert digest(folder / "site") == {"thesis.tex": sha256(b"mine")}
    assert runreport("build", "--force", cwd=folder).returncode == 0
    assert_renewed(folder, built)


@pytest.mark.parametrize("output", [".", ".."])
def test_the_folder_of_the_spec_is_never_replaced(folder, output):
    before = digest(folder)
    done = runreport("build", "--force", "-o", output, cwd=folder)
    assert done.returncode == 3, done.stderr
    assert "error[RR601]" in done.stderr
    assert "holds runreport.yaml" in done.stderr
    assert digest(folder) == before


# ---- other builds --------------------------------------------------------------------------------


def test_a_second_build_is_told_who_is_at_work_and_the_first_one_ends_well(folder, built):
    dead = folder / ".site.staging-999999"
    (dead / "site").mkdir(parents=True)
    (dead / "site" / "index.html").write_text("half a page")
    first = started("build", cwd=folder)
    try:
        own = folder / f".site.staging-{first.pid}"
        wait_for(first, own)
        first.send_signal(signal.SIGSTOP)
        second = runreport("build", cwd=folder)
        assert second.returncode == 75, second.stderr
        assert "error[RR610]" in second.stderr
        assert f"process {first.pid} on" in second.stderr
        assert digest(folder / "site") == digest(built / "site")
        assert own.exists()
    finally:
        first.send_signal(signal.SIGCONT)
        _, words = first.communicate(timeout=120)
    assert first.returncode == 0, words
    assert_renewed(folder, built)


def wait_for(process, path):
    """Until a build has come so far that it made a path."""
    end = time.monotonic() + 60
    while not path.exists():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < end
        time.sleep(0.002)


# ---- an end before the end -----------------------------------------------------------------------


@pytest.mark.parametrize(("moment", "send"), [("", os.killpg), ("docs/index.md", os.kill)])
def test_ctrl_c_leaves_the_old_site_and_nothing_beside_it(folder, built, moment, send):
    """While runs are read, from a terminal; while the site is made, from another process."""
    for _ in range(8):
        process = started("build", cwd=folder, start_new_session=True)
        wait_for(process, folder / f".site.staging-{process.pid}" / moment)
        # in the midst of it
        time.sleep(0.02)
        send(process.pid, signal.SIGINT)
        _, words = process.communicate(timeout=60)
        if process.returncode != 0:
            break
        # it was faster than the signal: publish the old site again, and once more
        shutil.rmtree(folder / "site")
        shutil.copytree(built / "site", folder / "site")
    assert process.returncode == 130, words
    assert "interrupted" in words
    assert "Traceback" not in words
    assert_untouched(folder, built)


# ---- rendering -----------------------------------------------------------------------------------


def test_a_theme_that_fails_leaves_the_old_site(folder, built):
    """A template that divides by zero is a fault that nobody foresaw."""
    theme = folder / "mine"
    (theme / "templates").mkdir(parents=True)
    (theme / "theme.toml").write_text('inherits = "default"\n')
    (theme / "templates" / "table.html").write_text("{{ 1 / 0 }}\n")
    with (folder / "runreport.yaml").open("a") as spec:
        spec.write("theme: mine\n")
    done = runreport("build", cwd=folder)
    assert done.returncode == 70, done.stderr
    assert "error[RR901]" in done.stderr
    assert "ZeroDivisionError" in done.stderr
    shutil.rmtree(theme)
    assert_untouched(folder, built)
    # and a theme that is not there is one that somebody did
    done = runreport("build", cwd=folder)
    assert done.returncode == 4, done.stderr
    assert "error[RR550]" in done.stderr
    assert_untouched(folder, built)


# ---- broken runs ---------------------------------------------------------------------------------


def test_a_broken_run_is_told_and_stops_a_strict_build(folder, built):
    with (folder / "runs.csv").open("a") as store:
        store.write("adam,3,0.9,surplus\n")
    with (folder / "runreport.yaml").open("a") as spec:
        spec.write("metrics: {'f1/*': {goal: maximize}}\n")
    strict = runreport("build", "--strict", cwd=folder)
    assert strict.returncode == 3, strict.stderr
    assert "[RR349]" in strict.stderr
    assert_untouched(folder, built)
    lenient = runreport("build", cwd=folder)
    assert lenient.returncode == 0, lenient.stderr
    assert "[RR349]" in lenient.stderr
    assert "4 runs" in lenient.stdout
    # a name without data need be no mistake, and is said all the same
    assert "warning[RR213]" in lenient.stderr
    assert_renewed(folder, built)


# ---- from Python ---------------------------------------------------------------------------------


def test_the_tables_of_a_spec_hold_all_runs_of_its_sources(built):
    narrowed = (built / "runreport.yaml").read_text() + "runs: {where: seed == 1}\n"
    (built / "narrow.yaml").write_text(narrowed)
    tables = read_tables(built / "narrow.yaml")
    tables.check()
    assert [run.params["optimizer"].text for run in tables.rows] == ["sgd", "sgd", "adam", "adam"]
    frame = tables.to_pandas()["metrics"]
    assert frame["last"].tolist() == [0.70, 0.72, 0.80, 0.83]


def test_the_tables_of_one_source_are_those_of_a_spec_with_it(built, monkeypatch):
    monkeypatch.chdir(built)
    of_spec = read_tables("runreport.yaml")
    options = {"shape": "runs", "params": ["optimizer", "seed"], "metrics": ["accuracy"]}
    of_source = read_tables({"files": "runs.csv", **options})
    assert of_source.runs.equals(of_spec.runs)
    assert of_source.params.drop(["number"]).equals(of_spec.params.drop(["number"]))
    assert of_source.metrics.equals(of_spec.metrics)


def test_the_lines_for_notebooks_in_the_readme_run(monkeypatch):
    (lines,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    monkeypatch.chdir(ROOT)
    names = {}
    exec(lines, names)
    assert set(names["frames"]) == set(SCHEMAS)
    assert len(names["frames"]["runs"]) == 38


def test_what_cannot_be_read_from_python_is_the_same_error(tmp_path):
    with pytest.raises(SpecError, match="RR101"):
        read_tables(tmp_path / "nothing.yaml")
    with pytest.raises(SourceError, match="RR3"):
        read_tables({"mlflow": str(tmp_path / "nothing.db")})
    with pytest.raises(ValueError, match=r"expected a source, one of .*files.*mlflow"):
        read_tables({"mlfow": "mlruns"})


def test_a_link_to_a_folder_stays_a_link_and_its_folder_gets_the_site(tmp_path):
    shutil.copy(ROOT / "examples" / "quickstart" / "mlflow.db", tmp_path / "store.db")
    (tmp_path / "runreport.yaml").write_text(
        'sources: [{mlflow: "sqlite:///store.db"}]\npages: [{title: S, sections: [summary]}]\n'
    )
    (tmp_path / "www" / "report").mkdir(parents=True)
    (tmp_path / "site").symlink_to(tmp_path / "www" / "report")
    build(BuildRequest(spec=tmp_path / "runreport.yaml", environ=os.environ))
    assert (tmp_path / "site").is_symlink()
    assert (tmp_path / "www" / "report" / "index.html").is_file()
