"""Receipts: what a finished build was made from, by signs that a look at the files renews.

While everything is as a receipt says, building again would give the same bytes, so a build leaves
at once. In doubt there is no receipt (`issuing` says when), and a damaged one is none. This module
is what such a build imports: nothing heavy, and little of the standard library.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat

from runreport.cache import NAME
from runreport.signs import ends, program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import Any

    Sign = Sequence[int | str | None]
    Ours = Mapping[str, Sequence[str]]

SCHEMA = 1
LARGEST = 256_000_000
"""Bytes of a receipt that is looked at."""


class Order:
    """A build as it was asked for: what stands in the spec itself is not known yet."""

    def __init__(
        self,
        spec: Path | str,
        output: Path | str | None = None,
        sets: Sequence[str] = (),
        profile: str | None = None,
        strict: bool = False,
    ) -> None:
        """With paths as the command line has them."""
        self.spec = os.path.abspath(spec)
        self.facts = {
            "spec": self.spec,
            "output": None if output is None else os.path.abspath(output),
            "sets": list(sets),
            "profile": profile,
            "strict": strict,
            # values on the command line may be paths that start here
            "folder": os.getcwd(),
        }

    @property
    def receipt(self) -> str:
        """Where its receipt lies."""
        text = json.dumps(self.facts).encode("ascii")
        name = f"{hashlib.sha256(text).hexdigest()[:32]}.json"
        return os.path.join(os.path.dirname(self.spec), NAME, "receipts", name)


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
        ours = ours_of(self._content["order"]["spec"], self.output)
        return all(_is_as(path, sign, ours) for path, sign in places.items())

    def is_there(self) -> bool:
        """Whether the site is what was published, and the environment says the same."""
        salt, asked = self._content["salt"], self._content["environ"]
        if any(veil(salt, self._environ.get(name)) != was for name, was in asked.items()):
            return False
        published: Mapping[str, list[int]] = self._content["site"]
        return site_of(self.output) == published

    def same_inputs(self, inputs: Mapping[str, str]) -> bool:
        """Whether what was read has the digests that it had."""
        return str(self._content["inputs"]) == digest_of(inputs)


def find(order: Order, environ: Mapping[str, str]) -> Receipt | None:
    """The receipt of such a build by this program; None where there is none to be trusted."""
    try:
        with open(order.receipt, "rb") as file:
            digest, _, body = file.read(LARGEST).partition(b"\n")
        if hashlib.sha256(body).hexdigest().encode() != digest:
            return None
        content = json.loads(body)
        if content["schema"] != SCHEMA or content["program"] != program():
            return None
        return Receipt(content, environ) if content["order"] == order.facts else None
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None


def veil(salt: str, value: str | None) -> str | None:
    """A variable's value, which may be a credential, beyond recognition."""
    if value is None:
        return None
    data = f"{salt}\0{value}".encode("utf-8", "surrogateescape")
    return hashlib.sha256(data).hexdigest()


def digest_of(inputs: Mapping[str, str]) -> str:
    """One digest for all inputs of a manifest."""
    lines = "".join(f"{name}\0{digest}\n" for name, digest in sorted(inputs.items()))
    return hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()


# ---- signs ---------------------------------------------------------------------------------------


def ours_of(spec: str, output: str) -> Ours:
    """Folder to the names in it that builds themselves write; sources may look at it too."""
    found: dict[str, list[str]] = {}
    target = os.path.realpath(output)
    # the output may be a link to a folder elsewhere
    for folder, name in (os.path.split(target), os.path.split(output)):
        names = [name, f".{name}.lock", f".{name}.staging-"]
        found.setdefault(os.path.realpath(folder), []).extend(names)
    found.setdefault(os.path.realpath(os.path.dirname(spec)), []).append(NAME)
    return found


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
            return sign[4] == names_in(path, ours)
        found = [about.st_size, about.st_mtime_ns, about.st_ctime_ns, about.st_ino]
        if sign[0] != "file" or not stat.S_ISREG(about.st_mode) or found != list(sign[1:5]):
            return False
        return len(sign) == 5 or list(ends(path, about.st_size)) == list(sign[5:])
    except OSError:
        return False


def names_in(path: str, ours: Ours) -> str:
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


def site_of(output: str) -> dict[str, list[int]]:
    """Every file of a site with its size, times and inode."""
    found: dict[str, list[int]] = {}
    for folder, _, names in os.walk(output):
        inside = folder[len(output) + 1 :]
        for name in names:
            about = os.lstat(os.path.join(folder, name))
            signs = [about.st_size, about.st_mtime_ns, about.st_ctime_ns, about.st_ino]
            found[os.path.join(inside, name)] = signs
    return found
