"""DVC's cache: content by its MD5, which is checked before anything is believed."""

from __future__ import annotations

import configparser
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from runreport.sources.dvc.projectfiles import MAX_FILE, UnreadError
from runreport.sources.folders import reason
from runreport.sources.trees import read_file

MAX_CONFIG = 1_000_000
MAX_LISTING = 64_000_000
MOST_LISTED = 200_000
"""Files of one folder in the cache."""
_MD5 = re.compile(r"[0-9a-f]{32}")
PULL = "`dvc pull` fetches what the cache lacks; `cache:` names a cache that lies elsewhere"


class AbsentError(UnreadError):
    """Content that the cache does not hold; it may come."""

    def __init__(self, places: tuple[Path, ...]) -> None:
        super().__init__("it is not in Git, and DVC's cache does not hold it")
        self.places = places


@dataclass(frozen=True, slots=True)
class Cache:
    """The folders in which content may lie."""

    folders: tuple[Path, ...]
    root: Path = Path()
    """The project's."""

    def places(self, md5: str) -> tuple[Path, ...]:
        """Where content may lie: as DVC 3 keeps it, then as earlier ones did."""
        inside = f"{md5[:2]}/{md5[2:]}"
        return tuple(
            place
            for folder in self.folders
            for place in (folder / "files" / "md5" / inside, folder / inside)
        )

    def find(self, md5: str) -> Path:
        """The file that holds content.

        Raises:
            UnreadError: it is no MD5 of a file.
            AbsentError: there is none.
        """
        if not _MD5.fullmatch(md5.removesuffix(".dir")):
            raise UnreadError("its digest is no MD5, so that the cache cannot be asked for it")
        places = self.places(md5)
        for place in places:
            if place.is_file():
                return place
        raise AbsentError(places)

    def read(self, md5: str, most: int = MAX_FILE) -> bytes:
        """Content, checked.

        Raises:
            AbsentError: the cache does not hold it.
            UnreadError: it cannot be read, or is not what the digest says.
        """
        place = self.find(md5)
        try:
            data = read_file(place, most)
        except OSError as error:
            raise UnreadError(f"DVC's cache: {reason(error)}") from None
        except ValueError as error:
            raise UnreadError(f"DVC's cache: {error}") from None
        plain = md5.removesuffix(".dir")
        if plain in (_md5(data), _md5(data.replace(b"\r\n", b"\n"))):
            # earlier versions took the digest of text with its line ends made equal
            return data
        raise UnreadError("what DVC's cache holds is damaged: it does not have its digest")

    def opener(self, md5: str) -> str | None:
        """Where content lies, from the project's folder; None when it does not, or elsewhere."""
        try:
            place = self.find(md5)
        except UnreadError:
            return None
        inside = place.is_relative_to(self.root)
        return place.relative_to(self.root).as_posix() if inside else None

    def listing(self, md5: str) -> Mapping[str, str]:
        """The files of a folder in the cache: name to MD5.

        Raises:
            UnreadError: as `read`, or it is no listing.
        """
        data = self.read(md5, MAX_LISTING)
        try:
            entries = json.loads(data)
        except (ValueError, RecursionError):
            raise UnreadError("its list of files in DVC's cache is no JSON") from None
        found: dict[str, str] = {}
        for entry in entries if isinstance(entries, list) else ():
            name = entry.get("relpath") if isinstance(entry, dict) else None
            digest = entry.get("md5") if isinstance(entry, dict) else None
            if isinstance(name, str) and isinstance(digest, str) and len(found) < MOST_LISTED:
                parts = PurePosixPath(name).parts
                if parts and ".." not in parts and not name.startswith("/"):
                    found["/".join(parts)] = digest
        return found


def cache_of(root: Path, named: Path | None) -> tuple[Cache, str | None]:
    """A project's cache, and where its configuration puts it when that is not followed.

    Args:
        root: the project's folder.
        named: by the spec.
    """
    folders = [root / ".dvc" / "cache"]
    elsewhere = None
    for name in ("config", "config.local"):
        text = _configured(root / ".dvc" / name)
        if not text:
            continue
        place = (root / ".dvc" / text).resolve()
        # a project may not send its reader anywhere: only the spec's author may
        if place.is_relative_to(root.resolve()):
            folders.insert(0, place)
        else:
            elsewhere = text
    if named is not None:
        return Cache((named, *folders), root), None
    return Cache(tuple(dict.fromkeys(folders)), root), elsewhere


def _configured(path: Path) -> str | None:
    """`cache.dir` of one file of DVC's configuration."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(read_file(path, MAX_CONFIG).decode("utf-8", "replace"))
    except (OSError, ValueError, configparser.Error):
        return None
    found = parser.get("cache", "dir", fallback=None)
    return None if found is None or "\0" in found else found.strip()


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()
