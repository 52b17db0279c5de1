"""Builds after the first: nothing is done where nothing changed, and the bytes are the same."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time

import pytest

from runreport.cache import bounds, issuing, place, receipts
from runreport.commands.unchanged import unchanged
from runreport.compose import Entry
from runreport.errors import PolicyError
from runreport.keeping import Keeper
from runreport.pipeline import BuildRequest, build, inputs, load, places
from runreport.render.figures import FigurePool
from runreport.understand import read
from tests.processes import COMMAND, digest, environment, runreport, started
from tests.shared import ROOT

THEME = 'inherits = "default"\nfont_size = 10.0\n'
SPEC = """\
report: {title: "${name}"}
vars: {name: "${env:STUDY:-Study}"}
theme: own
sources:
  - {files: runs.csv, shape: runs, params: [optimizer, seed], metrics: [accuracy]}
  - {hydra: jobs, metrics: metrics.csv}
groups: {by: [params.optimizer], replicates: seed}
profiles: {short: {report: {title: Short}}}
pages:
  - title: Summary
    sections: [runs, bars: {metric: accuracy}]
  - title: Curves
    sections: [history: {metric: loss, by: run}]
"""
RUNS = "optimizer,seed,accuracy\nsgd,1,0.70\nsgd,2,0.72\nadam,1,0.80\nadam,2,0.83\n"


def job(folder, optimizer, seed):
    """What a job of Hydra leaves."""
    place = folder / "jobs" / f"{optimizer}-{seed}"
    (place / ".hydra").mkdir(parents=True)
    (place / ".hydra" / "config.yaml").write_text(f"optimizer: {optimizer}\nseed: {seed}\n")
    rows = "".join(f"{step},{seed + 1 / (step + 1)}\n" for step in range(20))
    (place / "metrics.csv").write_text(f"step,loss\n{rows}")


@pytest.fixture
def study(tmp_path):
    """A folder with a spec of two sources and a theme, nothing built."""
    return written(tmp_path / "study")


def written(folder):
    (folder / "own").mkdir(parents=True)
    (folder / "own" / "theme.toml").write_text(THEME)
    (folder / "runreport.yaml").write_text(SPEC)
    (folder / "runs.csv").write_text(RUNS)
    for optimizer in ("sgd", "adam"):
        for seed in (1, 2):
            job(folder, optimizer, seed)
    settle()
    return folder


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """The same, built with nothing kept."""
    folder = written(tmp_path_factory.mktemp("first") / "study")
    built(folder, keep=False)
    return folder


@pytest.fixture
def issued(first, tmp_path):
    """A copy of it, with the receipt that its build would have left here."""
    folder = tmp_path / "study"
    shutil.copytree(first, folder)
    settle()
    order, environ = receipts.Order(folder / "runreport.yaml"), issuing.Watched(os.environ)
    spec = load(BuildRequest(folder / "runreport.yaml", environ))
    facts = read(spec, environ)
    # the report's time may come from the environment
    environ.get("SOURCE_DATE_EPOCH")
    with Keeper(order, environ, folder / "site", keep=True) as keeper:
        watched = places(spec, facts, folder / "site")
        keeper.finish(watched, inputs(spec, facts), "as told", time.time_ns())
    return folder


def settle():
    # what changes while a build runs leaves no receipt, and times of files lag behind the clock
    time.sleep(0.05)


def built(folder, **options):
    """Build in this process, as the command does."""
    spec = folder / "runreport.yaml"
    return build(BuildRequest(spec, os.environ, **{"keep": True, **options}))


def looked(folder, *words):
    """What the command does before it imports anything: its exit code, or None to build."""
    return unchanged([str(folder / "runreport.yaml"), "--quiet", *words])


# ---- nothing changed -----------------------------------------------------------------------------


def test_a_build_without_change_says_so_and_imports_nothing_heavy(study):
    built(study)
    before = digest(study / "site")
    script = (
        "import sys; from runreport.commands.unchanged import unchanged\n"
        "code = unchanged(['--if-changed'])\n"
        "print(code, *sorted(sys.modules))"
    )
    found = subprocess.run(
        [sys.executable, "-c", script],
        cwd=study,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    # called from another folder, so it is another order of the same site
    assert found.stdout.split()[0] == "None"
    done = runreport("build", cwd=study)
    assert done.returncode == 0, done.stderr
    assert digest(study / "site") == before
    settle()
    line, words = subprocess.run(
        [sys.executable, "-c", script],
        cwd=study,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert line == "site/index.html: nothing changed: 2 pages, 8 runs"
    code, *modules = words.split()
    assert code == "5"
    heavy = {"click", "numpy", "pyarrow", "jinja2", "mkdocs", "yaml", "matplotlib"}
    assert heavy & {name.partition(".")[0] for name in modules} == set()


def test_the_command_exits_with_0_or_with_5_when_asked(study):
    assert runreport("build", cwd=study).returncode == 0
    before = digest(study / "site")
    settle()
    again = runreport("build", cwd=study)
    assert (again.returncode, again.stderr) == (0, "")
    assert again.stdout == "site/index.html: nothing changed: 2 pages, 8 runs\n"
    asked = runreport("build", "--if-changed", cwd=study)
    assert (asked.returncode, asked.stdout) == (5, again.stdout)
    quiet = runreport("build", "-q", "--if-changed", cwd=study)
    assert (quiet.returncode, quiet.stdout) == (5, "")
    assert digest(study / "site") == before


def touch(folder):
    os.utime(folder / "runs.csv")


def test_touched_files_are_read_again_and_nothing_is_published_when_asked_so(study):
    built(study)
    inode = (study / "site" / "index.html").stat().st_ino
    touch(study)
    settle()
    assert looked(study) is None
    assert built(study, if_changed=True).unchanged == "2 pages, 8 runs"
    assert (study / "site" / "index.html").stat().st_ino == inode
    # and the next one need not read
    assert looked(study, "--if-changed") == 5


# ---- what makes a build necessary ----------------------------------------------------------------


def change_source(folder):
    (folder / "runs.csv").write_text(RUNS.replace("0.70", "0.71"))


def change_source_keeping_its_times(folder):
    path = folder / "runs.csv"
    about = path.stat()
    path.write_text(RUNS.replace("0.70", "0.71"))
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))


def change_history(folder):
    with (folder / "jobs" / "sgd-1" / "metrics.csv").open("a") as file:
        file.write("20,0.5\n")


def add_run(folder):
    job(folder, "sgd", 3)


def remove_run(folder):
    shutil.rmtree(folder / "jobs" / "sgd-2")


def add_params_beside(folder):
    (folder / "runs.yaml").write_text("learning_rate: 0.1\n")


def change_spec(folder):
    (folder / "runreport.yaml").write_text(SPEC.replace("Summary", "Overview"))


def change_theme(folder):
    (folder / "own" / "theme.toml").write_text(THEME.replace("10.0", "11.0"))


def add_template(folder):
    (folder / "own" / "templates").mkdir()
    shutil.copy(ROOT / "themes" / "default" / "templates" / "note.html", folder / "own/templates")


def delete_output_file(folder):
    (folder / "site" / "curves.html").unlink()


def change_output_file(folder):
    path = folder / "site" / "index.html"
    about = path.stat()
    path.write_bytes(path.read_bytes().replace(b"0.", b"1."))
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))


def add_output_file(folder):
    (folder / "site" / "more.html").write_text("more")


def delete_output(folder):
    shutil.rmtree(folder / "site")


def damage_receipt(folder):
    (path,) = (folder / ".runreport" / "receipts").iterdir()
    path.write_bytes(path.read_bytes()[:-20] + b"{}")


def cut_receipt(folder):
    (path,) = (folder / ".runreport" / "receipts").iterdir()
    path.write_bytes(path.read_bytes()[:100])


CHANGES = [
    change_source,
    change_source_keeping_its_times,
    change_history,
    add_run,
    remove_run,
    add_params_beside,
    change_spec,
    change_theme,
    add_template,
    delete_output_file,
    change_output_file,
    add_output_file,
    delete_output,
    damage_receipt,
    cut_receipt,
]


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_may_change_the_site_makes_a_build_look_closer(issued, change):
    assert looked(issued) == 0
    change(issued)
    assert looked(issued) is None


def test_other_options_another_environment_or_program_are_other_builds(study, monkeypatch):
    built(study)
    settle()
    assert looked(study) == 0
    assert looked(study, "--set", "report.title=Other") is None
    assert looked(study, "--profile", "short") is None
    assert looked(study, "--strict") is None
    assert looked(study, "-o", str(study / "elsewhere")) is None
    assert looked(study, "--no-cache") is None
    monkeypatch.setenv("UNRELATED", "1")
    assert looked(study) == 0
    monkeypatch.setenv("STUDY", "Renamed")
    assert looked(study) is None
    monkeypatch.delenv("STUDY")
    assert looked(study) == 0
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert looked(study) is None
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    monkeypatch.setattr("runreport.cache.receipts.program", lambda: "another")
    assert looked(study) is None


def test_each_way_of_calling_has_a_receipt_of_its_own(study):
    built(study)
    other = study.parent / "other"
    built(study, sets=("report.title=Other",), output=other)
    settle()
    assert looked(study) == 0
    words = ["--set", "report.title=Other", f"--output={other}"]
    assert looked(study, *words) == 0
    # the same place by the first order: what lies there is not what it published
    built(study, sets=("report.title=Other",))
    assert looked(study) is None


def test_a_credential_is_nowhere_in_what_is_kept(study, monkeypatch):
    monkeypatch.setenv("STUDY", "hunter2hunter2")
    built(study)
    kept = [path for path in (study / ".runreport" / "receipts").rglob("*") if path.is_file()]
    assert kept
    assert all(b"hunter2" not in path.read_bytes() for path in kept)


def test_a_source_that_changes_while_it_is_read_leaves_no_receipt(study):
    words = []

    def progress(said):
        if said == "publishing":
            change_source(study)
        words.append(said)

    build(BuildRequest(study / "runreport.yaml", os.environ, keep=True), progress)
    assert "publishing" in words
    settle()
    assert looked(study) is None


def test_a_run_that_appears_while_a_build_runs_leaves_no_receipt(study):
    (study / "runreport.yaml").write_text(SPEC.replace("{hydra: jobs,", "{hydra: ., "))
    settle()
    spec = study / "runreport.yaml"

    def progress(said):
        if said == "publishing":
            shutil.copytree(study / "jobs", study / "more")

    build(BuildRequest(spec, os.environ, keep=True), progress)
    settle()
    assert looked(study) is None


def test_without_a_cache_nothing_is_read_or_kept(study):
    built(study)
    shutil.rmtree(study / ".runreport")
    done = runreport("build", "--no-cache", cwd=study)
    assert done.returncode == 0, done.stderr
    assert not (study / ".runreport").exists()


# ---- the same bytes ------------------------------------------------------------------------------


def same_twice(study, change, *, codes=()):
    """Build, change, then build with what is kept and without any: the second's notes."""
    built(study)
    other = study.parent / "cold"
    shutil.copytree(study, other)
    shutil.rmtree(other / ".runreport")
    for folder in (study, other):
        change(folder)
    settle()
    cold = build(BuildRequest(other / "runreport.yaml", os.environ))
    kept = built(study)
    assert digest(study / "site") == digest(other / "site")
    told = [problem.code for problem in kept.problems if problem not in cold.problems]
    assert sorted(set(told)) == sorted(codes)
    return kept


@pytest.mark.parametrize(
    "change", [add_run, change_history, remove_run, change_source, change_spec, change_theme]
)
def test_what_is_built_with_what_was_kept_is_what_a_cold_build_makes(study, change):
    same_twice(study, change)


def change_option(folder):
    (folder / "runreport.yaml").write_text(SPEC.replace("{metric: accuracy}", "{metric: loss}"))


def move_text(folder):
    """The same report, every place in its spec another."""
    (folder / "runreport.yaml").write_text("# moved\n\n" + SPEC)


def rename_run(folder):
    (folder / "jobs" / "sgd-2").rename(folder / "jobs" / "sgd-9")


def add_group(folder):
    job(folder, "lion", 1)
    job(folder, "lion", 2)


RUN_PAGES = (
    SPEC
    + """\
  - title: Run ${run.name}
    foreach: run
    sections: [run: {curves: true, metrics: [loss]}]
  - title: Group ${group.label}
    foreach: group
    sections: [text: "Of ${group.label}", significance: {metrics: [accuracy]}]
"""
)


@pytest.fixture
def many(study):
    """A study with a page per run and per group."""
    (study / "runreport.yaml").write_text(RUN_PAGES)
    settle()
    return study


@pytest.fixture
def written_pages(monkeypatch):
    """Slugs of the pages that are computed and not recalled."""
    found = []
    document = Entry.document

    def noted(self, subject):
        found.append(self.slug_of(subject))
        return document(self, subject)

    monkeypatch.setattr(Entry, "document", noted)
    return found


def swap_run_pages(change):
    """The change, in a spec with run pages."""

    def changed(folder):
        change(folder)
        spec = folder / "runreport.yaml"
        spec.write_text(spec.read_text() + RUN_PAGES.removeprefix(SPEC))

    return changed


@pytest.mark.parametrize(
    "change",
    [
        add_run,
        change_history,
        remove_run,
        rename_run,
        add_group,
        change_source,
        swap_run_pages(change_spec),
        swap_run_pages(change_option),
        swap_run_pages(move_text),
        change_theme,
        add_template,
    ],
)
def test_recalled_pages_are_what_a_cold_build_makes(many, change):
    same_twice(many, change)


def test_a_new_run_concerns_its_own_page_and_those_that_show_it(many, written_pages):
    built(many)
    everything = set(written_pages)
    written_pages.clear()
    add_run(many)
    settle()
    built(many)
    of_runs = {slug for slug in written_pages if slug.startswith("run/")}
    # its own page, and those of its group's four other runs, which list it
    assert len(of_runs) == 5
    assert len({slug for slug in everything if slug.startswith("run/")}) == 8
    assert {"index", "curves"} <= set(written_pages)


def test_another_option_concerns_its_own_page(study, written_pages):
    built(study)
    for change, pages in ((change_option, ["index"]), (move_text, ["index"]), (change_option, [])):
        written_pages.clear()
        change(study)
        settle()
        built(study)
        # what was kept of the first spec holds for the same text in another place
        assert written_pages == (pages if change is change_option else [])


def test_a_kept_page_that_writes_elsewhere_is_made_anew(study):
    built(study)
    before = digest(study / "site")
    (study / "site" / "index.html").unlink()
    for path in kept_files(study, "pages"):
        _, _, body = path.read_bytes().partition(b"\n")
        content = json.loads(body)
        content["page"]["exports"]["../outside.csv"] = "1"
        body = json.dumps(content).encode()
        forged = hashlib.sha256(path.name.encode() + body).hexdigest().encode()
        path.write_bytes(forged + b"\n" + body)
    built(study)
    assert digest(study / "site") == before
    assert not list(study.rglob("outside.csv"))


def test_a_kept_page_passes_the_verifier_like_any_other(study):
    built(study)
    before = digest(study / "site")
    for path in kept_files(study, "pages"):
        _, _, body = path.read_bytes().partition(b"\n")
        content = json.loads(body)
        content["page"]["markdown"] += "\n<script>alert(1)</script>\n"
        body = json.dumps(content).encode()
        forged = hashlib.sha256(path.name.encode() + body).hexdigest().encode()
        path.write_bytes(forged + b"\n" + body)
    touch(study)
    settle()
    with pytest.raises(PolicyError):
        built(study)
    assert digest(study / "site") == before


def test_getting_ready_to_draw_is_put_off_where_the_last_build_drew_nothing(study):
    root = study / ".runreport"
    assert not place.expects_few(root)
    built(study)
    assert (root / place.DRAWN).read_text() == "2"
    place.remember_drawn(root, 30)
    assert not place.expects_few(root)
    target = study / "precious.txt"
    target.write_text("mine")
    (root / place.DRAWN).unlink()
    (root / place.DRAWN).symlink_to(target)
    # a theme of its own draws both charts again, the engine of charts being put off
    change_theme(study)
    settle()
    place.remember_drawn(root, 0)
    assert target.read_text() == "mine"
    assert place.expects_few(root)
    assert built(study).pages == 2
    assert (root / place.DRAWN).read_text() == "2"


def kept_files(folder, kind):
    found = sorted(p for p in (folder / ".runreport" / kind).rglob("*") if p.is_file())
    return [path for path in found if path.name != "lock"]


@pytest.fixture(scope="module")
def grown(first, tmp_path_factory):
    """What a cold build makes once there is one more run."""
    folder = tmp_path_factory.mktemp("grown") / "study"
    shutil.copytree(first, folder)
    add_run(folder)
    built(folder, keep=False)
    return digest(folder / "site")


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "remove", "folder", "link"])
def test_whatever_is_damaged_of_what_was_kept_is_made_again(study, grown, damage):
    built(study)
    add_run(study)
    kinds = ("charts", "pages", "sources")
    files = [path for kind in kinds for path in kept_files(study, kind)]
    # two charts, two pages, a list and points
    assert len(files) >= 6
    for path in files:
        data = path.read_bytes()
        middle = len(data) // 2
        path.unlink()
        if damage == "flip":
            path.write_bytes(data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :])
        elif damage == "cut":
            path.write_bytes(data[:middle])
        elif damage == "empty":
            path.write_bytes(b"")
        elif damage == "folder":
            path.mkdir()
        elif damage == "link":
            path.symlink_to("/etc/hostname")
    settle()
    codes = {problem.code for problem in built(study).problems}
    assert digest(study / "site") == grown
    # with everything gone it is as if nothing had been kept
    assert ("RR385" in codes) == (damage != "remove")
    settle()
    assert looked(study) == 0


def test_a_kept_chart_passes_the_verifier_like_any_other(study):
    built(study)
    before = digest(study / "site")
    for path in kept_files(study, "charts"):
        body = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
        forged = hashlib.sha256(path.name.encode() + body).hexdigest().encode()
        path.write_bytes(forged + b"\n" + body)
    touch(study)
    settle()
    with pytest.raises(PolicyError) as refused:
        built(study)
    assert {problem.code for problem in refused.value.problems} == {"RR650"}
    assert digest(study / "site") == before


def test_a_chart_that_could_not_be_drawn_is_tried_again(study, monkeypatch):
    monkeypatch.setattr(FigurePool.__init__, "__defaults__", (2, 0.0))
    assert "RR503" in {problem.code for problem in built(study).problems}
    monkeypatch.undo()
    settle()
    assert looked(study) is None
    assert "RR503" not in {problem.code for problem in built(study).problems}
    settle()
    assert looked(study) == 0


def test_missing_points_are_read_again_with_a_note(study):
    def harm(folder):
        for path in (folder / ".runreport").rglob("points-*"):
            path.unlink()

    same_twice(study, harm, codes=["RR385"])


def test_a_folder_that_cannot_be_written_costs_time_only(study):
    root = study / ".runreport"
    root.write_text("a file in its place")
    first = built(study)
    assert [p.code for p in first.problems if p.code.startswith("RR38")] == ["RR386"]
    assert looked(study) is None
    root.unlink()
    site = digest(study / "site")
    assert not [p.code for p in built(study).problems if p.code.startswith("RR38")]
    assert digest(study / "site") == site


def test_a_folder_of_somebody_else_is_neither_used_nor_removed(study):
    root = study / ".runreport"
    root.mkdir()
    (root / "precious.txt").write_text("mine")
    done = built(study)
    assert [p.code for p in done.problems if p.code.startswith("RR38")] == ["RR386"]
    cleared = runreport("cache", "--clear", cwd=study)
    assert cleared.returncode == 3
    assert "RR601" in cleared.stderr
    assert [path.name for path in root.iterdir()] == ["precious.txt"]


def test_two_builds_at_once_leave_two_good_sites(study):
    orders = [("build", "-o", f"out-{n}") for n in range(2)]
    running = [started(*order, cwd=study) for order in orders]
    for process in running:
        _, said = process.communicate(timeout=300)
        assert process.returncode == 0, said
    assert digest(study / "out-0") == digest(study / "out-1")
    settle()
    for order in orders:
        assert runreport(*order, "--if-changed", cwd=study).returncode == 5


# ---- bounds --------------------------------------------------------------------------------------


def test_what_was_used_longest_ago_goes_first(study, monkeypatch):
    built(study)
    root = study / ".runreport"
    charts = [piece for piece in bounds.pieces(root) if piece.kind == "charts"]
    assert len(charts) == 2
    oldest, newest = charts
    os.utime(oldest.path, (1_000_000_000, 1_000_000_000))
    total = sum(piece.bytes for piece in bounds.pieces(root))
    assert bounds.shrink(root, total) == 0
    assert bounds.shrink(root, total - 1) == oldest.bytes
    assert not oldest.path.exists()
    assert newest.path.exists()
    monkeypatch.setenv("RUNREPORT_CACHE_LIMIT", "0")
    change_spec(study)
    settle()
    built(study)
    assert list(bounds.pieces(root)) == []


def test_the_cache_is_shown_by_source_and_cleared(study):
    built(study)
    shown = runreport("cache", cwd=study)
    assert shown.returncode == 0, shown.stderr
    (source,) = [line.split() for line in shown.stdout.splitlines() if line.startswith("hydra")]
    assert source[1] == "jobs"
    # four jobs of twenty points
    assert source[2:4] == ["4", "80"]
    assert "charts" in shown.stdout
    cleared = runreport("cache", "--clear", cwd=study)
    assert cleared.returncode == 0, cleared.stderr
    assert sorted(path.name for path in study.iterdir() if path.name != ".site.lock") == [
        "jobs",
        "own",
        "runreport.yaml",
        "runs.csv",
        "site",
    ]
    assert "nothing is kept" in runreport("cache", cwd=study).stdout


def test_a_cache_in_use_is_not_cleared(study):
    built(study)
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys; from pathlib import Path; from runreport.cache.place import used\n"
            "with used(Path('.runreport')):\n    print('in', flush=True); sys.stdin.read()",
        ],
        cwd=study,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout.readline() == "in\n"
        done = runreport("cache", "--clear", cwd=study)
        assert done.returncode == 75
        assert "RR610" in done.stderr
    finally:
        process.communicate("")
    assert runreport("cache", "--clear", cwd=study).returncode == 0


def test_reading_without_building_keeps_nothing(study):
    for words in (["check"], ["list"], ["list", "jobs"], ["cache"]):
        done = subprocess.run(
            [*COMMAND, *words], cwd=study, env=environment(), capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
    assert not (study / ".runreport").exists()
