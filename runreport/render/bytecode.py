"""Compiled templates, kept as Python keeps its own modules: in the user's cache folder.

Compiling the templates of Material costs a quarter of a second. What is kept depends on the text of
a template and the version of Jinja alone, so it is never out of date. The report's own templates
are not kept: what they encode depends on settings too.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import BytecodeCache


@cache
def compiled_templates() -> BytecodeCache:
    """Where compiled templates are kept: on disk, or for this process where there is no place."""
    from jinja2 import FileSystemBytecodeCache, __version__

    if (folder := _folder()) is not None:
        return FileSystemBytecodeCache(str(folder), f"jinja-{__version__}-%s.cache")
    return _in_memory()


def _folder() -> Path | None:
    """A folder that nobody else may write to: what is in it is run."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    try:
        top = Path(named) if os.path.isabs(named) else Path.home() / ".cache"
        folder = top / "runreport" / "templates"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        status = folder.stat()
    except (OSError, RuntimeError):
        return None
    foreign = hasattr(os, "getuid") and status.st_uid != os.getuid()
    return None if foreign or status.st_mode & 0o022 or not os.access(folder, os.W_OK) else folder


def _in_memory() -> BytecodeCache:
    from jinja2 import BytecodeCache
    from jinja2.bccache import Bucket

    held: dict[str, bytes] = {}

    class Kept(BytecodeCache):
        def load_bytecode(self, bucket: Bucket) -> None:
            if (code := held.get(bucket.key)) is not None:
                bucket.bytecode_from_string(code)

        def dump_bytecode(self, bucket: Bucket) -> None:
            held[bucket.key] = bucket.bytecode_to_string()

    return Kept()
