"""Pieces of pages kept by what they are made from: a chart's SVG by its data, style and program.

A part is a text in a file whose name is its key; its first line is a digest of the rest. Nothing
kept is ever run or unpickled, and pages with kept parts pass the same verifier as all others.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
from pathlib import Path

LARGEST = 64_000_000
"""Bytes of a part."""


class Parts:
    """The parts of one kind."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = itertools.count()
        self.damaged: list[str] = []
        """Names of parts that were found damaged; they are made anew."""

    def get(self, key: str) -> str | None:
        """The part of that key; None where there is none that is whole."""
        path = self._path(key)
        try:
            if path.is_symlink() or path.stat().st_size > LARGEST:
                self.damaged.append(path.name)
                return None
            digest, _, body = path.read_bytes().partition(b"\n")
            text = body.decode("utf-8")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError):
            self.damaged.append(path.name)
            return None
        if hashlib.sha256(key.encode() + body).hexdigest().encode() != digest:
            self.damaged.append(path.name)
            return None
        with contextlib.suppress(OSError):
            # when it was used last decides what goes first
            os.utime(path)
        return text

    def put(self, key: str, text: str) -> None:
        """Keep a part; where that is not possible, it is made again next time."""
        try:
            body = text.encode("utf-8")
        except UnicodeEncodeError:
            return
        if len(body) > LARGEST:
            return
        path = self._path(key)
        digest = hashlib.sha256(key.encode() + body).hexdigest().encode()
        fresh = path.with_name(f"{path.name}.{os.getpid()}-{next(self._count)}")
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_bytes(digest + b"\n" + body)
            if path.is_dir():
                path.rmdir()
            fresh.replace(path)

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / key
