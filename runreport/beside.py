"""Work in a copy of this process while this one goes on."""

from __future__ import annotations

import ctypes
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

ResultT = TypeVar("ResultT")

_SET_DEATH_SIGNAL = 1
"""Of prctl."""


@contextmanager
def beside(work: Callable[[], ResultT]) -> Iterator[Callable[[], ResultT]]:
    """Do work in a forked copy of this process; the call of what comes waits for its result.

    Where a copy would not be safe (no fork, or other threads that may hold locks), and where the
    copy is lost, the work is done here, when its result is asked for. What the work changes is
    changed in the copy alone: everything counts that it returns, which must be picklable. The copy
    ends with the block, and with this process.
    """
    if sys.platform != "linux" or threading.active_count() > 1:
        yield work
        return
    reading, writing = os.pipe()
    builder = os.getpid()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _answer(writing, work, builder)
    os.close(writing)
    with os.fdopen(reading, "rb") as line:
        try:
            yield lambda: _result(line.read(), work)
        finally:
            # it has answered, or nobody will listen
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _result(data: bytes, work: Callable[[], ResultT]) -> ResultT:
    try:
        value, error = pickle.loads(data)  # noqa: S301  # from our own copy
    except (EOFError, pickle.UnpicklingError):
        return work()
    if error is not None:
        raise error
    found: ResultT = value
    return found


def _answer(line: int, work: Callable[[], Any], builder: int) -> None:
    """In the copy: do the work, write what came of it, and end without cleaning up."""
    try:
        # nobody else would end a copy whose builder was killed, and it holds the builder's lock
        ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, signal.SIGKILL)
        if os.getppid() != builder:
            return
        try:
            answer = pickle.dumps((work(), None))
        except Exception as error:
            answer = pickle.dumps((None, error))
        with os.fdopen(line, "wb") as file:
            file.write(answer)
    finally:
        os._exit(0)
