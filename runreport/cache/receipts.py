"""Receipts: what a finished build was made from, by signs that a look at the files renews.

While everything is as a receipt says, building again would give the same bytes, so a build leaves
at once. In doubt there is no receipt: a file that changed while the build ran, a source whose state
only reading can tell, anything damaged. Nothing heavy is imported here.
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
from typing import Any

from runreport.cache.place import NAME, folder_of
from runreport.signs import ends, program

SCHEMA = 1
GRAIN_NS = 20_000_000
"""The system's own times of files may lag behind its clock by less than this."""
RACY_NS = 2_000_000_000
"""On file systems with whole seconds two changes within this may look alike."""
MOST_PLACES = 200_000
LARGEST = 256_000_000
"""Bytes of a receipt that is looked at."""

Sign = Sequence[int | str | None]


@dataclass(frozen=True, slots=True)
class Order:
    """A build as it was asked for: what stands in the spec itself is not known yet."""

    spec: str
    """Absolute path."""
    output: str | None = None
    """Absolute path, when it is not the spec's."""
    sets: tuple[str, ...] = ()
    profile: str | None = None
    strict: bool = False
    folder: str = ""
    """From which it was called: paths on the command line start there."""

    @classmethod
    def of(
        cls,
        spec: Path | str,
        output: Path | str | None,
        sets: Sequence[str],
        profile: str | None,
        strict: bool,
    ) -> Order:
        """With paths as the command line has them."""
        where = None if output is None else os.path.abspath(output)
        return cls(os.path.abspath(spec), where, tuple(sets), profile, strict, os.getcwd())

    @property
    def receipt(self) -> Path:
        """Where its receipt lies."""
        parts = (self.spec, self.output, self.sets, self.profile, self.strict, self.folder)
        name = hashlib.sha256(repr(parts).encode("utf-8", "surrogateescape")).hexdigest()[:32]
        return folder_of(self.spec) / "receipts" / f"{name}.json"


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


class Receipt:
    """A receipt that was found whole, and is of this very program."""

    def __init__(self, content: Mapping[str, Any], environ: Mapping[str, str]) -> None:
        self._content = content
        self._environ = environ

    @property
    def output(self) -> str:
        """Absolute path of the site."""
        return str(self._content["output"])

    @property
    def shown(self) -> str:
        """The same as the build called it."""
        return str(self._content["shown"])

    @property
    def told(self) -> str:
        return str(self._content["told"])

    def holds(self) -> bool:
        """Whether nothing that the build looked at has changed, and its site is still there."""
        places = self._content["places"]
        if places is None or not self.is_there():
            return False
        ours = _ours(self._content["order"]["spec"], self.output)
        return all(_is_as(path, sign, ours) for path, sign in places.items())

    def is_there(self) -> bool:
        """Whether the site is what was published, and the environment says the same."""
        salt, asked = self._content["salt"], self._content["environ"]
        if any(_veil(salt, self._environ.get(name)) != veil for name, veil in asked.items()):
            return False
        published: Mapping[str, list[int]] = self._content["site"]
        return _site(self.output) == published

    def same_inputs(self, inputs: Mapping[str, str]) -> bool:
        """Whether what was read has the digests that it had."""
        return str(self._content["inputs"]) == _of_inputs(inputs)


def find(order: Order, environ: Mapping[str, str]) -> Receipt | None:
    """The receipt of such a build by this program; None where there is none to be trusted."""
    try:
        if order.receipt.stat().st_size > LARGEST:
            return None
        digest, _, body = order.receipt.read_bytes().partition(b"\n")
        if hashlib.sha256(body).hexdigest().encode() != digest:
            return None
        content = json.loads(body)
        if content["schema"] != SCHEMA or content["program"] != program():
            return None
        return Receipt(content, environ) if content["order"] == _plain(order) else None
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None


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
        "order": _plain(order),
        "salt": salt,
        "environ": {name: _veil(salt, value) for name, value in finished.environ.items()},
        "places": _signs(finished, _ours(order.spec, output)),
        "inputs": _of_inputs(finished.inputs),
        "output": output,
        "shown": os.fspath(finished.output),
        "site": _site(output),
        "told": finished.told,
    }
    try:
        body = json.dumps(content).encode("ascii")
    except (TypeError, ValueError):
        return
    order.receipt.parent.mkdir(parents=True, exist_ok=True)
    fresh = order.receipt.with_name(f"{order.receipt.name}.{os.getpid()}")
    fresh.write_bytes(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
    fresh.replace(order.receipt)


def _plain(order: Order) -> dict[str, Any]:
    return {
        "spec": order.spec,
        "output": order.output,
        "sets": list(order.sets),
        "profile": order.profile,
        "strict": order.strict,
        "folder": order.folder,
    }


def _veil(salt: str, value: str | None) -> str | None:
    """A variable's value, which may be a credential, beyond recognition."""
    if value is None:
        return None
    data = f"{salt}\0{value}".encode("utf-8", "surrogateescape")
    return hashlib.sha256(data).hexdigest()


def _of_inputs(inputs: Mapping[str, str]) -> str:
    lines = "".join(f"{name}\0{digest}\n" for name, digest in sorted(inputs.items()))
    return hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()


# ---- signs ---------------------------------------------------------------------------------------

Ours = Mapping[str, Sequence[str]]
"""Folder to the names in it that builds themselves write; sources may look at it too."""


def look_around(order: Order, output: Path) -> dict[str, str]:
    """What the folders hold that a build writes into, before it does."""
    ours = _ours(order.spec, os.path.abspath(output))
    found: dict[str, str] = {}
    for folder in ours:
        with contextlib.suppress(OSError):
            found[folder] = _names(folder, ours)
    return found


def _ours(spec: str, output: str) -> Ours:
    found: dict[str, list[str]] = {}
    target = os.path.realpath(output)
    # the output may be a link to a folder elsewhere
    for folder, name in (os.path.split(target), os.path.split(output)):
        names = [name, f".{name}.lock", f".{name}.staging-"]
        found.setdefault(os.path.realpath(folder), []).extend(names)
    found.setdefault(os.path.realpath(os.path.dirname(spec)), []).append(NAME)
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
            names = _names(path, ours)
            if late and finished.before.get(os.path.realpath(path)) != names:
                return None
            times = [None, None] if racy else [about.st_mtime_ns, changed]
            return ["folder", *times, about.st_ino, names]
        if late or not stat.S_ISREG(about.st_mode):
            return None
        sign = ["file", about.st_size, about.st_mtime_ns, changed, about.st_ino]
        return [*sign, *(ends(Path(path), about.st_size) if racy else ())]
    except OSError:
        return None


def _is_as(path: str, sign: Sign, ours: Ours) -> bool:
    try:
        about = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return sign[0] == "absent"
    except (OSError, ValueError):
        return False
    try:
        if sign[0] == "folder" and stat.S_ISDIR(about.st_mode):
            if [about.st_mtime_ns, about.st_ctime_ns, about.st_ino] == list(sign[1:4]):
                return True
            return sign[4] == _names(path, ours)
        found = [about.st_size, about.st_mtime_ns, about.st_ctime_ns, about.st_ino]
        if sign[0] != "file" or not stat.S_ISREG(about.st_mode) or found != list(sign[1:5]):
            return False
        return len(sign) == 5 or list(ends(Path(path), about.st_size)) == list(sign[5:])
    except OSError:
        return False


def _names(path: str, ours: Ours) -> str:
    """A digest of what a folder holds, but for what builds write.

    Raises:
        OSError: it cannot be listed.
    """
    known = ours.get(os.path.realpath(path), ())
    stages = tuple(name for name in known if name.endswith(".staging-"))
    with os.scandir(path) as entries:
        names = sorted(
            f"{entry.name}{_kind(entry)}"
            for entry in entries
            if entry.name not in known and not (stages and entry.name.startswith(stages))
        )
    return hashlib.sha256("\0".join(names).encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _kind(entry: os.DirEntry[str]) -> str:
    """Where a link leads, that it is a folder, or nothing."""
    if entry.is_symlink():
        return f"@{os.readlink(entry.path)}"
    return "/" * entry.is_dir()


def _site(output: str) -> dict[str, list[int]]:
    """Every file of a site with its size, times and inode."""
    found: dict[str, list[int]] = {}
    for folder, _, names in os.walk(output):
        inside = folder[len(output) + 1 :]
        for name in names:
            about = os.lstat(os.path.join(folder, name))
            signs = [about.st_size, about.st_mtime_ns, about.st_ctime_ns, about.st_ino]
            found[os.path.join(inside, name)] = signs
    return found
