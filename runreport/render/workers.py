"""Processes that work beside the build. One gets ready early; workers are forked from it on demand.

Getting ready (importing matplotlib, say) happens once however many workers there are, a lost worker
is replaced in milliseconds, and nothing is forked from the building process after it has started
threads. Where there is no `fork`, each worker is spawned and gets ready for itself.
"""

from __future__ import annotations

import os
import pickle
import signal
import socket
import sys
import threading
import warnings
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, Protocol

GRACE_S = 10
"""A worker ends itself so long after its time limit, should nobody be left to end it."""

Work = Callable[[Any], Any]
"""Module-level function: what a worker does with what it is sent."""
Prepare = Callable[[], None]
"""Module-level function: what is done once, before the first task."""


class WorkerDied(Exception):  # noqa: N818  # what happened, not an error of ours
    """The worker process ended before it answered."""


class WorkerSlow(Exception):  # noqa: N818
    """The worker did not answer in time; it has been ended."""


class Worker:
    """One process and the line to it."""

    def __init__(self, line: Connection, pid: int) -> None:
        self._line = line
        self.pid = pid

    def call(self, payload: Any, limit_s: float) -> Any:
        """The work's answer for one payload.

        Raises:
            WorkerDied: it ended; WorkerSlow: it took longer than the limit and was ended.
        """
        parcel = pickle.dumps((payload, limit_s))
        try:
            self._line.send_bytes(parcel)
            if not self._line.poll(limit_s):
                self.kill()
                raise WorkerSlow
            return self._line.recv()
        except (EOFError, OSError):
            self.kill()
            raise WorkerDied from None

    def kill(self) -> None:
        """End it now."""
        self._line.close()
        self.end()

    def end(self) -> None:
        """End it now, from a thread that does not hold its line: the one that does sees the end.

        A line closed twice would close whatever was opened in between.
        """
        try:
            os.kill(self.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        except OSError:
            return  # it has ended already

    def close(self) -> None:
        """Let it end when it is idle."""
        self._line.close()


class Workers(Protocol):
    """Where workers come from."""

    def start(self) -> Worker:
        """A new worker, ready or getting ready."""
        ...

    def close(self) -> None:
        """No further worker will be asked for."""
        ...


def open_workers(work: Work, prepare: Prepare, *, at_once: bool = True) -> Workers:
    """The fastest way this system has.

    Args:
        work: what workers do.
        prepare: what is done before the first task.
        at_once: whether to prepare now, or only when the first worker is asked for.
    """
    return (Forked if sys.platform == "linux" else Spawned)(work, prepare, at_once)


class Forked:
    """Forks one process at once; that one imports, then forks a worker whenever it is asked."""

    def __init__(self, work: Work, prepare: Prepare, at_once: bool = True) -> None:
        self._lock = threading.Lock()
        self._control, theirs = socket.socketpair()
        with warnings.catch_warnings():
            # the child only imports and forks: locks of other threads do not matter to it
            warnings.simplefilter("ignore", DeprecationWarning)
            self._pid = os.fork()
        if self._pid == 0:
            self._control.close()
            _nursery(theirs, work, prepare, at_once)
        theirs.close()

    def start(self) -> Worker:
        ours, theirs = socket.socketpair()
        with ours, theirs, self._lock:
            try:
                socket.send_fds(self._control, [b"w"], [theirs.fileno()])
                answer = self._control.recv(8)
            except OSError:
                answer = b""
            if not answer:
                raise WorkerDied
            return Worker(Connection(ours.detach()), int.from_bytes(answer, "big"))

    def close(self) -> None:
        with self._lock:
            self._control.close()
        try:
            os.waitpid(self._pid, 0)
        except ChildProcessError:
            return  # somebody else collected it


class Spawned:
    """Starts a fresh interpreter per worker; the first one at once where that is asked for."""

    def __init__(self, work: Work, prepare: Prepare, at_once: bool = True) -> None:
        self._work, self._prepare = work, prepare
        self._lock = threading.Lock()
        self._first: Worker | None = self._spawn() if at_once else None
        self._closed = False

    def start(self) -> Worker:
        with self._lock:
            if self._closed:
                raise WorkerDied
            ready, self._first = self._first, None
        return ready or self._spawn()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            if self._first is not None:
                self._first.close()

    def _spawn(self) -> Worker:
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(
            target=_spawned, args=(theirs, self._work, self._prepare), daemon=True
        )
        process.start()
        theirs.close()
        return Worker(ours, process.pid or 0)


def _nursery(control: socket.socket, work: Work, prepare: Prepare, at_once: bool) -> None:
    """In the first process: import, then fork one worker per request; never returns."""
    is_ready = False
    try:
        # Ctrl-C is for the builder to handle; ended workers need no collecting
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        if at_once:
            prepare()
            is_ready = True
        while True:
            message, lines, _flags, _address = socket.recv_fds(control, 1, 1)
            if not message:
                break
            if not is_ready:
                prepare()
                is_ready = True
            pid = os.fork()
            if pid == 0:
                control.close()
                _serve(Connection(lines[0]), work)
                break
            os.close(lines[0])
            control.sendall(pid.to_bytes(8, "big"))
    finally:
        # no cleaning up of what belongs to the builder
        os._exit(0)


def _spawned(line: Connection, work: Work, prepare: Prepare) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    prepare()
    _serve(line, work)


def _serve(line: Connection, work: Work) -> None:
    """Answer until the line is closed."""
    while True:
        try:
            payload, limit_s = pickle.loads(line.recv_bytes())  # noqa: S301  # from our own parent
            if hasattr(signal, "alarm"):
                # the default action ends the process even inside foreign code
                signal.alarm(int(limit_s) + GRACE_S)
            line.send(work(payload))
            if hasattr(signal, "alarm"):
                signal.alarm(0)
        except (EOFError, OSError):
            return
