"""Writing a receipt once a site is published, or none where a later look could not tell.

There is none where a file changed while the build ran, where only reading tells whether a source
changed, and where a file may change without its times telling.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from runreport.cache.receipts import (
    SCHEMA,
    Order,
    digest_of,
    names_in,
    ours_of,
    site_of,
    veil,
)
from runreport.signs import ends, program

GRAIN_NS = 20_000_000
"""The system's own times of files may lag behind its clock by less than this."""
RACY_NS = 2_000_000_000
"""On file systems with whole seconds two changes within this may look alike."""
MOST_PLACES = 200_000

Sign = Sequence[int | str | None]
Ours = Mapping[str, Sequence[str]]


class Watched(Mapping[str, str]):
    """An environment that remembers what was asked of it."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self._asked.add(name)
        return self._environ[name]

    def __iter__(self) -> Iterator[str]:
        self._asked.update(self._environ)
        return iter(self._environ)

    def __len__(self) -> int:
        return len(self._environ)

    def answers(self) -> dict[str, str | None]:
        """Each name that was asked for, with what it stands for."""
        return {name: self._environ.get(name) for name in sorted(self._asked)}


@dataclass(frozen=True, slots=True)
class Finished:
    """What a build knows of itself once it has published."""

    environ: Mapping[str, str | None]
    """What it asked of the environment."""
    places: Sequence[Path] | None
    """Files and folders of whose state it is a function; None: nobody can tell."""
    inputs: Mapping[str, str]
    """Name to digest, as in the manifest."""
    output: Path
    """As it is called; readers look there."""
    told: str
    """What is said of the site when nothing changed."""
    started_ns: int
    """When the build began to look at files."""
    before: Mapping[str, str]
    """What `look_around` saw then."""


def write(order: Order, finished: Finished) -> None:
    """Leave a receipt, or none where a later look could not tell.

    Raises:
        OSError: it cannot be written.
    """
    output = os.path.abspath(finished.output)
    salt = os.urandom(16).hex()
    content = {
        "schema": SCHEMA,
        "program": program(),
        "order": order.facts,
        "salt": salt,
        "environ": {name: veil(salt, value) for name, value in finished.environ.items()},
        "places": _signs(finished, ours_of(order.spec, output)),
        "inputs": digest_of(finished.inputs),
        "output": output,
        "shown": os.fspath(finished.output),
        "site": site_of(output),
        "told": finished.told,
    }
    try:
        body = json.dumps(content).encode("ascii")
    except (TypeError, ValueError):
        return
    place = Path(order.receipt)
    place.parent.mkdir(parents=True, exist_ok=True)
    fresh = place.with_name(f"{place.name}.{os.getpid()}")
    fresh.write_bytes(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
    fresh.replace(place)


def look_around(order: Order, output: Path) -> dict[str, str]:
    """What the folders hold that a build writes into, before it does."""
    ours = ours_of(order.spec, os.path.abspath(output))
    found: dict[str, str] = {}
    for folder in ours:
        with contextlib.suppress(OSError):
            found[folder] = names_in(folder, ours)
    return found


def _signs(finished: Finished, ours: Ours) -> dict[str, Sign] | None:
    """Signs of every place; None where one cannot be told from what it was when it was read."""
    places = finished.places
    if places is None or len(places) > MOST_PLACES:
        return None
    signs: dict[str, Sign] = {}
    now = time.time_ns()
    for path in dict.fromkeys(os.path.abspath(place) for place in places):
        sign = _sign(path, finished, now, ours)
        if sign is None:
            return None
        signs[path] = sign
    return signs


def _sign(path: str, finished: Finished, now: int, ours: Ours) -> Sign | None:
    try:
        about = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return ["absent"]
    except (OSError, ValueError):
        return None
    changed, started = about.st_ctime_ns, finished.started_ns
    racy = changed > now - RACY_NS
    coarse = racy and changed % 1_000_000_000 == 0
    late = changed >= started - (RACY_NS if coarse else GRAIN_NS)
    try:
        if stat.S_ISDIR(about.st_mode):
            names = names_in(path, ours)
            if late and finished.before.get(os.path.realpath(path)) != names:
                return None
            times = [None, None] if racy else [about.st_mtime_ns, changed]
            return ["folder", *times, about.st_ino, names]
        if late or not stat.S_ISREG(about.st_mode):
            return None
        sign = ["file", about.st_size, about.st_mtime_ns, changed, about.st_ino]
        return [*sign, *(ends(path, about.st_size) if racy else ())]
    except OSError:
        return None
