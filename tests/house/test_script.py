"""The script that pages load is part of the repository; it must be what its sources make."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_the_script_of_the_pages_is_what_its_sources_make() -> None:
    pytest.importorskip("minify", reason="needs tdewolff-minify")
    command = [sys.executable, ROOT / ".ci" / "script", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
