"""Seconds and peak memory of a command and everything it starts. Linux only: reads /proc."""

from __future__ import annotations

import compileall
import importlib.util
import os
import resource
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

INTERVAL_S = 0.02


@dataclass(frozen=True)
class Measured:
    """What one whole process tree took."""

    wall_s: float
    cpu_s: float
    """As the system counts it, or as sampled where that is more: the system leaves out processes
    that nobody waits for."""
    peak_mb: float
    """Anonymous and shared memory summed over the tree (mapped file pages are not counted)."""
    processes: int
    """Most alive at once."""


def compile_package() -> None:
    """Write the bytecode of the package, as installing it does; a checkout may not have it yet."""
    package = importlib.util.find_spec("runreport")
    assert package is not None
    for folder in package.submodule_search_locations or ():
        compileall.compile_dir(folder, quiet=2)


def measure(command: list[str], cwd: Path, environment: dict[str, str] | None = None) -> Measured:
    """Run a command to its end; raises with its output when it fails."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    with open(cwd / "output.log", "w+b") as log:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env={**os.environ, **(environment or {})},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        watch = _Watch(process.pid)
        watch.start()
        code = process.wait()
        wall = time.perf_counter() - started
        watch.stop()
        if code != 0:
            log.seek(0)
            raise SystemExit(f"{command} ended with {code}:\n{log.read().decode()[-4000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Measured(wall, max(cpu, watch.cpu_s), watch.peak_kb / 1e3, watch.most)


class _Watch(threading.Thread):
    """Samples a process tree's memory; a peak shorter than the interval can be missed."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid = pid
        self.peak_kb = 0
        self.most = 0
        self._ticks: dict[int, int] = {}
        """Processor time of each process when it was seen last."""
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.wait(INTERVAL_S):
            pids = tree(self.pid)
            sizes = [memory_kb(pid) for pid in pids]
            self._ticks.update((pid, ticks(pid) or self._ticks.get(pid, 0)) for pid in pids)
            self.peak_kb = max(self.peak_kb, sum(sizes))
            self.most = max(self.most, len(sizes))

    @property
    def cpu_s(self) -> float:
        """Seconds of processor time that were seen, of all processes."""
        return sum(self._ticks.values()) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        self._ended.set()
        self.join()


def tree(pid: int) -> list[int]:
    """A process and all its descendants that are alive."""
    found, todo = [], [pid]
    while todo:
        current = todo.pop()
        found.append(current)
        try:
            for children in Path(f"/proc/{current}/task").glob("*/children"):
                todo.extend(int(child) for child in children.read_text().split())
        except OSError:  # it ended while we looked
            continue
    return found


def ticks(pid: int) -> int:
    """A process' own processor time in clock ticks; 0 when it has ended."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return int(after_name[11]) + int(after_name[12])


def memory_kb(pid: int) -> int:
    """A process' anonymous and shared resident memory; 0 when it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    sizes = dict(line.split(":", 1) for line in status.splitlines() if line.startswith("Rss"))
    return sum(int(sizes.get(name, "0 kB").split()[0]) for name in ("RssAnon", "RssShmem"))


def size_of(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
