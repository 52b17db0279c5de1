"""Publishing to a folder: staged beside it, described by a manifest, swapped in at once.

Whatever dies, readers see the old site or the new one, never a mixture.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import hashlib
import json
import os
import shutil
import socket
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from runreport import __version__
from runreport.errors import BusyError, Problem, PublishError

MANIFEST = "manifest.json"
GENERATOR = "runreport"

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
"""Only the file system that is written to says these."""


@contextmanager
def lock(target: Path) -> Iterator[None]:
    """One build at a time into a folder; the kernel releases the lock when the process dies.

    Raises:
        BusyError: RR610, naming the holder.
        PublishError: RR602 when the parent folder cannot be written.
    """
    path = _beside(target, ".lock")
    with _writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+", encoding="utf-8")
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read(200).strip() or "an unknown process"
            message = f"another build writes to {target}: {holder}"
            hint = "wait for it, or choose another folder with -o"
            raise BusyError(Problem("RR610", message, hint=hint)) from None
        with _writing(path):
            # unbuffered: closing the file would write once more what a full disk refused
            os.ftruncate(file.fileno(), 0)
            os.write(file.fileno(), f"process {os.getpid()} on {socket.gethostname()}".encode())
        # the file stays: removing it would let two builds hold two locks of one name
        yield


@contextmanager
def staging(target: Path) -> Iterator[Path]:
    """A fresh folder beside the target, on its file system; what died builds left is removed.

    The lock must be held.

    Raises:
        PublishError: RR602 when it cannot be made, or has no room for what is written into it.
    """
    stage = _beside(target, f".staging-{os.getpid()}")
    start = stage.name.removesuffix(str(os.getpid()))
    for left in stage.parent.iterdir():
        if left.name.startswith(start) and left.name[len(start) :].isdigit():
            shutil.rmtree(left, ignore_errors=True)
    try:
        with _writing(stage):
            stage.mkdir()
        yield stage
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        raise _unwritable(target, error) from None
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def check_target(target: Path, force: bool, keep: Collection[Path] = ()) -> None:
    """Refuse to replace what this package did not write.

    Args:
        target: the folder that readers look at.
        force: replace it all the same.
        keep: files that nothing may replace: what the report is made from.

    Raises:
        PublishError: RR601, RR602.
    """
    for path in keep:
        if path.resolve().is_relative_to(target.resolve()):
            message = f"{target} holds {path.name}, which the report is made from"
            hint = "a build replaces the whole folder; choose another one with -o"
            raise PublishError(Problem("RR601", message, hint=hint))
    hint = "choose another folder with -o, or replace it with --force"
    with _writing(target):
        if not target.exists() or force:
            return
        if not target.is_dir():
            raise PublishError(Problem("RR601", f"{target} is a file", hint=hint))
        if any(target.iterdir()) and not _is_ours(target):
            message = f"{target} is not empty and no site of runreport"
            raise PublishError(Problem("RR601", message, hint=hint))


def publish(site: Path, target: Path, inputs: Mapping[str, str]) -> None:
    """Describe the site, make it durable, and swap it in.

    Args:
        site: the finished site, inside the staging folder.
        target: the folder that readers look at.
        inputs: name to digest of what the report was made from.

    Raises:
        PublishError: RR602; the target is as it was before.
    """
    with _writing(target):
        _write_manifest(site, inputs)
        _sync_tree(site)
        if target.is_dir():
            _exchange(site, target)
        else:
            target.unlink(missing_ok=True)
            site.rename(target)
        _sync(target.parent)


def _beside(target: Path, suffix: str) -> Path:
    target = Path(os.path.abspath(target))
    return target.with_name(f".{target.name}{suffix}")


def _is_ours(target: Path) -> bool:
    try:
        manifest = json.loads((target / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(manifest, dict) and manifest.get("generator") == GENERATOR


def _write_manifest(site: Path, inputs: Mapping[str, str]) -> None:
    files = sorted(path for path in site.rglob("*") if path.is_file())
    manifest = {
        "generator": GENERATOR,
        "version": __version__,
        "inputs": dict(sorted(inputs.items())),
        "files": {
            path.relative_to(site).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in files
        },
    }
    (site / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", "utf-8")


def _sync_tree(site: Path) -> None:
    for path in sorted(site.rglob("*")):
        _sync(path)
    _sync(site)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _exchange(site: Path, target: Path) -> None:
    """Swap two folders in one step; the old site ends up in the staging folder."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        done = libc.renameat2(
            _AT_FDCWD, os.fsencode(site), _AT_FDCWD, os.fsencode(target), _RENAME_EXCHANGE
        )
        if done == 0:
            return
        code = ctypes.get_errno()
        if code not in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):
            raise OSError(code, os.strerror(code), str(target))
    # no exchange on this system: two renames, and an instant without a site between them
    old = site.with_name("old")
    target.rename(old)
    try:
        site.rename(target)
    except OSError:
        old.rename(target)
        raise


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _unwritable(error.filename or path, error) from None


def _unwritable(place: Path | str, error: OSError) -> PublishError:
    # Arrow says everything in one long text
    reason = error.strerror if error.errno is None else os.strerror(error.errno)
    hint = "the site published before is untouched; check space and permissions"
    return PublishError(Problem("RR602", f"cannot write {place}: {reason or error}", hint=hint))
