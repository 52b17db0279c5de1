"""The packages that a file of an environment pins: requirements, conda, `uv.lock`, `pylock.toml`.

Only exact versions are read (`numpy==1.26.4`); a range says what was asked for, not what was there.
The files are read line by line, nothing in them is run or followed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from runreport.tables import Artifact, Lineage

LARGEST = 4_000_000
"""Bytes of a file that is read."""

MOST = 1_000
"""Packages of one file."""

Pins = tuple[tuple[str, str], ...]
"""Name and version, in the order of the file."""


@dataclass(frozen=True, slots=True)
class EnvironmentFile(Artifact):
    """An artifact that pins packages."""

    packages: Pins = ()


def reads(path: str) -> bool:
    """Whether a file of this name pins packages."""
    return _form(path) is not None


def packages_of(path: str, data: bytes) -> Pins:
    """What a file pins; nothing where it is too large or of another kind."""
    form = _form(path)
    return () if form is None or len(data) > LARGEST else _read(form, data)


def facts(path: str, data: bytes) -> Iterator[Lineage]:
    """The same as facts of an environment."""
    for name, version in packages_of(path, data):
        yield Lineage("environment", name, version)


# runs of one study mostly have the same file
@lru_cache(maxsize=256)
def _read(form: Callable[[str], Iterator[tuple[str, str]]], data: bytes) -> Pins:
    text = data.decode("utf-8-sig", "replace").replace("\r\n", "\n")
    found = dict.fromkeys(
        (name, version) for name, version in form(text) if len(name) <= 128 and len(version) <= 128
    )
    return tuple(found)[:MOST]


_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_REQUIREMENT = re.compile(
    rf"\s*(?P<name>{_NAME})\s*(?:\[[^\]]*\])?\s*={{2,3}}\s*(?P<version>[^\s;,#\\*'\"]+)\s*(?:[;#\\\s].*)?"
)
_CONDA = re.compile(
    rf"\s*-\s+['\"]?(?:[\w.-]+::)?(?P<name>{_NAME})(?:\[[^\]]*\])?\s*={{1,3}}\s*"
    r"(?P<version>[^\s=;,#*'\"]+)(?:=[^\s'\"]*)?['\"]?\s*(?:[;#].*)?"
)
_PYTHON = re.compile(r"python:\s*['\"]?(?P<version>\d+(?:\.\d+)*)['\"]?\s*")
_KEY = re.compile(r"(?P<key>name|version|source)\s*=\s*(?P<value>.+)")
_TEXT = re.compile(r"\"(?P<text>[^\"\\]*)\"|'(?P<other>[^']*)'")


def _requirements(text: str) -> Iterator[tuple[str, str]]:
    for line in text.split("\n"):
        if match := _REQUIREMENT.fullmatch(line):
            yield match["name"], match["version"]


def _conda(text: str) -> Iterator[tuple[str, str]]:
    for line in text.split("\n"):
        if match := _CONDA.fullmatch(line):
            yield match["name"], match["version"]
        elif match := _PYTHON.fullmatch(line):
            yield "python", match["version"]


def _lock(text: str) -> Iterator[tuple[str, str]]:
    """`[[package]]` of uv and Poetry, `[[packages]]` of the standard's lock files."""
    inside, found = False, dict[str, str]()
    for line in (*text.split("\n"), "["):
        if line.startswith("["):
            if inside and found.keys() >= {"name", "version"} and "own" not in found:
                yield found["name"], found["version"]
            inside = line.strip() in ("[[package]]", "[[packages]]")
            found = {}
        elif inside and (match := _KEY.fullmatch(line.strip())):
            if match["key"] == "source":
                # the project itself is no package that it has installed
                if re.search(r"\b(editable|virtual)\s*=", match["value"]):
                    found["own"] = "yes"
            elif text_of := _TEXT.match(match["value"]):
                found[match["key"]] = text_of["text"] or text_of["other"] or ""


def _form(path: str) -> Callable[[str], Iterator[tuple[str, str]]] | None:
    base = path.rpartition("/")[2].lower()
    if re.fullmatch(r"(.*[._-])?requirements([._-].*)?\.(txt|lock)|pip[_-]freeze\.txt", base):
        return _requirements
    if re.fullmatch(r"(conda|environment|python_env|conda[_-]environment)\.ya?ml", base):
        return _conda
    if re.fullmatch(r"(uv|poetry)\.lock|pylock(\.[^.]+)?\.toml", base):
        return _lock
    return None
