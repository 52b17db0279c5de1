"""The command as users run it, and what it leaves in a folder."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.shared import ROOT

COMMAND = (sys.executable, "-m", "runreport")


def environment(**more: str) -> dict[str, str]:
    """The environment of a process that runs this checkout from any folder."""
    return {**os.environ, "PYTHONPATH": str(ROOT), **more}


def runreport(*arguments: str, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """The finished command."""
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=cwd,
        env=environment(**environ),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def started(*arguments: str, cwd: Path, **options: Any) -> subprocess.Popen[str]:
    """The running command, its messages in `stderr`; the caller ends it."""
    return subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=cwd,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def digest(folder: Path) -> dict[str, str]:
    """Every file of a folder, name to SHA-256."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


PEAK_KB = """
def peak_kb():
    # not ru_maxrss: that one remembers the process that started this one
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
"""
"""For scripts that say how much memory they took."""
