"""Work in a copy of the process: same results, same errors, and done here when the copy is lost."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.shared import ROOT

SCRIPT = """
import os, signal, threading, time
from runreport.beside import beside
from runreport.errors import Problem, SourceError

def where(): return os.getpid()
def fails(): raise SourceError(Problem("RR301", "gone"))
def large(): return "x" * 5_000_000
def dies():
    if os.getpid() != HERE: os.kill(os.getpid(), signal.SIGKILL)
    return "done here"

HERE = os.getpid()
assert threading.active_count() == 1
with beside(where) as other, beside(dies) as lost, beside(large) as big:
    assert other() != HERE
    assert lost() == "done here"
    assert len(big()) == 5_000_000
try:
    with beside(fails) as result: result()
except SourceError as error: assert error.problems[0].code == "RR301"
else: raise AssertionError("no error")

# nobody asks for a large answer, and it ends all the same
began = time.monotonic()
with beside(lambda: time.sleep(60)): pass
with beside(large): pass
assert time.monotonic() - began < 5
try: os.waitpid(-1, os.WNOHANG)
except ChildProcessError: pass
else: raise AssertionError("a copy is left")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="copies are made on Linux only")
def test_a_copy_answers_fails_and_may_be_lost():
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="copies are made on Linux only")
def test_a_copy_ends_with_the_process_that_made_it(tmp_path):
    script = """
import os, signal, sys, time
from runreport.beside import beside
def work():
    open(sys.argv[1], "w").write(str(os.getpid()))
    time.sleep(60)
with beside(work):
    while not os.path.exists(sys.argv[1]) or not open(sys.argv[1]).read(): time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    note = tmp_path / "pid"
    subprocess.run([sys.executable, "-c", script, str(note)], cwd=ROOT, check=False)
    pid = int(note.read_text())
    deadline = time.monotonic() + 5
    while os.path.exists(f"/proc/{pid}") and "Z" not in Path(f"/proc/{pid}/stat").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_beside_other_threads_the_work_is_done_here():
    from runreport.beside import beside

    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        with beside(os.getpid) as here:
            assert here() == os.getpid()
    finally:
        stop.set()
        thread.join()
