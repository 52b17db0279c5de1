"""Work in a copy of this process while this one goes on."""

from __future__ import annotations

import os
import pickle
import sys
import threading
from collections.abc import Callable
from typing import Any, TypeVar

ResultT = TypeVar("ResultT")


def beside(work: Callable[[], ResultT]) -> Callable[[], ResultT]:
    """Start work in a forked copy of this process; what comes back waits for its result.

    Where a copy would not be safe (no fork, or other threads that may hold locks), and where the
    copy is lost, the work is done here, when its result is asked for. What the work changes is
    changed in the copy alone: everything counts that it returns, which must be picklable.
    """
    if sys.platform != "linux" or threading.active_count() > 1:
        return work
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        _answer(writing, work)
    os.close(writing)

    def result() -> ResultT:
        with os.fdopen(reading, "rb") as line:
            data = line.read()
        os.waitpid(pid, 0)
        if not data:
            return work()
        value, error = pickle.loads(data)  # noqa: S301  # from our own copy
        if error is not None:
            raise error
        found: ResultT = value
        return found

    return result


def _answer(line: int, work: Callable[[], Any]) -> None:
    """In the copy: do the work, write what came of it, and end without cleaning up."""
    try:
        try:
            answer = pickle.dumps((work(), None))
        except Exception as error:
            answer = pickle.dumps((None, error))
        with os.fdopen(line, "wb") as file:
            file.write(answer)
    finally:
        os._exit(0)
