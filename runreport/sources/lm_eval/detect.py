"""Whether a path holds results of the harness, judged by names and by how files begin and end."""

from __future__ import annotations

import os
import re
from pathlib import Path

from runreport.kinds import Found
from runreport.sources.looking import below, counted, start_of
from runreport.sources.trees import names, open_file

_BEGINS = re.compile(rb'\s*\{\s*"results"\s*:\s*\{')
_KEYS = (b'"lm_eval_version"', b'"bootstrap_iters"', b'"n-shot"', b'"task_hashes"')
"""One of them stands near the end; other tools' files begin alike."""
_TAIL = 65_536
DEPTH = 2
"""Folders between an output folder and its results: `OUTPUT/MODEL/results_*.json`, or one more."""
MOST_LOOKED = 200
"""JSON files of one folder that are looked into."""


def is_results(path: Path) -> bool:
    """Whether a file is one of results."""
    if path.suffix.lower() != ".json" or not _BEGINS.match(start_of(path, 256)):
        return False
    end = _end_of(path)
    return b'"versions"' in end or any(key in end for key in _KEYS)


def _end_of(path: Path) -> bytes:
    try:
        with os.fdopen(open_file(path), "rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, size - _TAIL))
            return stream.read(_TAIL)
    except OSError:
        return b""


def detect(path: Path) -> Found | None:
    """What is recognised at a path: one file, or a folder that holds nothing but results."""
    if not path.is_dir():
        if not is_results(path):
            return None
        return Found("lm_eval", {"lm_eval": path.name}, "results of the LM Evaluation Harness")
    count = _results(path, DEPTH)
    if not count:
        return None
    summary = f"folder with {counted(count, 'evaluation')} of the LM Evaluation Harness"
    return Found("lm_eval", {"lm_eval": "."}, summary)


def _results(folder: Path, depth: int) -> int:
    """Results in a folder and below it; none where one of several folders in it holds none."""
    count = looked = 0
    for name in sorted(names(folder)):
        if name.endswith(".json") and looked < MOST_LOOKED:
            looked += 1
            count += is_results(folder / name)
    inside = below(folder) if depth else []
    counts = [_results(path, depth - 1) for path in inside]
    return count + sum(counts) if count or all(counts) else 0
