"""Work in a copy of the process: same results, same errors, and done here when the copy is lost."""

import os
import subprocess
import sys
import threading

import pytest

from tests.shared import ROOT

SCRIPT = """
import os, signal, threading
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
other, lost, big = beside(where), beside(dies), beside(large)
assert other() != HERE
assert lost() == "done here"
assert len(big()) == 5_000_000
try: beside(fails)()
except SourceError as error: assert error.problems[0].code == "RR301"
else: raise AssertionError("no error")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="copies are made on Linux only")
def test_a_copy_answers_fails_and_may_be_lost():
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_beside_other_threads_the_work_is_done_here():
    from runreport.beside import beside

    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        assert beside(os.getpid)() == os.getpid()
    finally:
        stop.set()
        thread.join()
