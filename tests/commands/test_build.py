"""The build as users run it: a process, a spec, a folder that readers look at."""

from __future__ import annotations

import http.server
import os
import random
import shutil
import signal
import sqlite3
import threading
import time
from pathlib import Path

import pytest

from tests.processes import digest, runreport, started
from tests.shared import ROOT

QUICKSTART = ROOT / "examples" / "quickstart"


SMALL = """\
report: {title: Small}
sources:
  - {mlflow: "LOCATION"}
groups: {by: all_but(seed), replicates: seed}
pages:
  - title: Summary
    sections: [summary, runs]
"""


@pytest.fixture
def small(tmp_path):
    """A small report with a published site: (folder, its digests)."""
    shutil.copy(QUICKSTART / "mlflow.db", tmp_path / "store.db")
    write_spec(tmp_path, "sqlite:///store.db")
    done = runreport("build", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    return tmp_path, digest(tmp_path / "site")


def write_spec(folder: Path, location: str) -> None:
    (folder / "runreport.yaml").write_text(SMALL.replace("LOCATION", location))


def test_the_example_builds_and_says_where(tmp_path):
    done = runreport("build", str(ROOT / "runreport.yaml"), "-o", str(tmp_path / "out"), cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert str(tmp_path / "out" / "index.html") in done.stdout
    assert (tmp_path / "out" / "manifest.json").exists()


def break_missing(folder: Path) -> None:
    (folder / "store.db").unlink()


def break_truncated(folder: Path) -> None:
    store = folder / "store.db"
    store.write_bytes(store.read_bytes()[:5000])


def break_garbage(folder: Path) -> None:
    (folder / "store.db").write_bytes(b"not a database" * 1000)


def break_dead_server(folder: Path) -> None:
    write_spec(folder, "http://127.0.0.1:9")


@pytest.mark.parametrize(
    "damage", [break_missing, break_truncated, break_garbage, break_dead_server]
)
def test_a_broken_source_is_named_in_seconds_and_the_old_site_stays(small, damage):
    folder, before = small
    damage(folder)
    began = time.monotonic()
    done = runreport("build", cwd=folder)
    assert done.returncode == 3, done.stdout + done.stderr
    assert time.monotonic() - began < 30
    assert "error[RR3" in done.stderr
    assert "hint" in done.stderr
    assert digest(folder / "site") == before


@pytest.mark.parametrize("status", [500, 401])
def test_a_server_that_refuses_is_named_and_the_old_site_stays(small, status):
    folder, before = small

    class Refuses(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_error(status)

        do_POST = do_GET  # noqa: N815  the name the server calls

        def log_message(self, *arguments):
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refuses)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        write_spec(folder, f"http://127.0.0.1:{server.server_port}")
        done = runreport("build", cwd=folder)
    finally:
        server.shutdown()
    assert done.returncode == 3, done.stdout + done.stderr
    assert str(status) in done.stderr
    assert digest(folder / "site") == before


def test_a_locked_database_is_named_and_the_old_site_stays(small):
    folder, before = small
    writer = sqlite3.connect(folder / "store.db", isolation_level=None)
    writer.execute("BEGIN EXCLUSIVE")
    try:
        # with what was kept, nothing would have to be read
        done = runreport("build", "--no-cache", cwd=folder)
    finally:
        writer.execute("ROLLBACK")
        writer.close()
    assert done.returncode == 3, done.stdout + done.stderr
    assert "lock" in done.stderr
    assert digest(folder / "site") == before


def test_kill_9_leaves_the_old_site_or_the_new_one(small):
    """At random moments of the build; the next build needs no manual step."""
    folder, old = small
    spec = folder / "runreport.yaml"
    spec.write_text(spec.read_text().replace("Small", "Other"))
    reference = folder / "reference"
    began = time.monotonic()
    assert runreport("build", "-o", str(reference), cwd=folder).returncode == 0
    length = time.monotonic() - began
    new = digest(reference)
    chance = random.Random(7)
    for _ in range(int(os.environ.get("RUNREPORT_KILLS", "8"))):
        process = started("build", "-q", cwd=folder, start_new_session=True)
        time.sleep(chance.uniform(0.2, length * 1.05))
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
        finally:
            process.communicate()
        assert digest(folder / "site") in (old, new)
    assert runreport("build", cwd=folder).returncode == 0
    assert digest(folder / "site") == new
    leftovers = {path.name for path in folder.iterdir()} - {
        "site", "reference", "runreport.yaml", "store.db",
    }  # fmt: skip
    assert all(name.endswith(".lock") for name in leftovers - {".runreport"}), leftovers
