"""`runreport serve` as a person uses it: a browser's request, a changed spec, Ctrl-C."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from runreport.commands import serve
from tests.shared import ROOT

SPEC = """\
report: {title: TITLE}
sources:
  - {mlflow: "sqlite:///store.db"}
groups: {by: all_but(seed), replicates: seed}
pages:
  - title: Summary
    sections: [summary]
"""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder being served, and its address."""
    shutil.copy(ROOT / "examples" / "quickstart" / "mlflow.db", tmp_path / "store.db")
    write(tmp_path, "First")
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "runreport", "serve", "--port", "0"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    address = ""
    for line in process.stdout:
        if line.startswith("http://"):
            address = line.split()[0]
            break
    try:
        yield tmp_path, address
    finally:
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(timeout=30) == 130


def write(folder: Path, title: str) -> None:
    (folder / "runreport.yaml").write_text(SPEC.replace("TITLE", title))


def page(address: str) -> str:
    with urllib.request.urlopen(f"{address}index.html", timeout=10) as answer:
        assert answer.headers["Cache-Control"] == "no-store"
        return str(answer.read().decode())


def test_what_is_watched_is_what_is_read_and_never_what_is_built(tmp_path):
    for name in ("runs/a.csv", "site/index.html", ".site.staging-1/x.html"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("step,loss\n1,2\n")
    (tmp_path / "b.csv").write_text("step,loss\n1,2\n")

    def watched(location):
        spec = tmp_path / "runreport.yaml"
        spec.write_text(f"sources: [{{files: '{location}'}}]\n")
        found = serve._signature(serve._inputs(spec, (), None), tmp_path / "site")
        return {Path(path).name for path, _, _ in found}

    assert watched("runs/*.csv") == {"runreport.yaml", "runs", "a.csv"}
    assert {"b.csv", "a.csv"} <= watched("**/*.csv")
    assert not {"index.html", "x.html"} & watched("**/*.csv")


def wait_for(condition, seconds: float = 150.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "nothing changed in time"
        time.sleep(0.2)


@pytest.mark.slow
def test_a_changed_spec_is_built_again_and_a_broken_one_leaves_the_last_page(served):
    folder, address = served
    assert address.startswith("http://127.0.0.1:")
    assert "First" in page(address)
    write(folder, "Second")
    wait_for(lambda: "Second" in page(address))
    (folder / "runreport.yaml").write_text("report: [")
    time.sleep(4)
    assert "Second" in page(address)
    write(folder, "Third")
    wait_for(lambda: "Third" in page(address))
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(f"{address}../runreport.yaml", timeout=10)
