"""What lies between two commits of a repository: commits, files, lines.

Git answers from an empty repository of ours whose objects are the project's (`dvc/objects`), so
nothing that the project configures is seen or run: no hook, no filter, no textconv, no external
diff, no mailmap, no credential helper. Every answer is bounded in size and time.
"""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from runreport.cleaning import clean_text
from runreport.errors import SourceError
from runreport.kinds import CodeChange, CodeHistory, CommitLine, FileChange
from runreport.redaction import redact_text
from runreport.sources.dvc import gitdir
from runreport.sources.dvc.objects import MissingObjectError, Objects, asking

MOST_COMMITS = 100
"""Listed between two commits."""
MOST_FILES = 200
MOST_WALKED = 100_000
"""Commits that are counted."""
MAX_DIFF = 100_000
"""Bytes of a change that is shown as text."""
MAX_ANSWER = 16_000_000
ANSWER_S = 30.0

Pair = tuple[str, str]


def read(folder: Path, pairs: Collection[Pair]) -> CodeHistory:
    """What the repository in a folder tells of these pairs of commits.

    Args:
        folder: the repository or its working tree; a folder inside of one will do.
        pairs: two commits as runs name them, whole or shortened.
    """
    found = find(folder)
    if found is None:
        return CodeHistory({}, "there is no Git repository")
    try:
        # asked only for what pairs name, so a sha256 repository tells itself by their length
        sha256 = any(len(commit) > 40 for pair in pairs for commit in pair)
        repository = _Repository(found, Objects(found.objects, sha256=sha256))
        repository.objects.check()
        return CodeHistory({pair: repository.change(*pair) for pair in sorted(pairs)})
    except SourceError as error:
        return CodeHistory({}, error.problems[0].message)


def find(folder: Path) -> gitdir.GitDir | None:
    """The repository that a folder is in."""
    try:
        start = folder.resolve()
    except (OSError, ValueError):
        return None
    for place in (start, *start.parents):
        if (found := gitdir.find(place)) is not None:
            return found
    return None


class _Repository:
    """One repository that is asked about commits."""

    def __init__(self, place: gitdir.GitDir, objects: Objects) -> None:
        self.objects = objects
        self._place = place

    def change(self, before: str, after: str) -> CodeChange | str:
        """What lies between two commits, or why that cannot be told."""
        try:
            old, new = (self._whole(name) for name in (before, after))
            return self._between(old, new)
        except MissingObjectError as error:
            return str(error)

    def _whole(self, name: str) -> str:
        """The whole id of a commit, which alone is ever handed on to git."""
        if gitdir.ID.fullmatch(name) is None and not _is_short(name):
            raise MissingObjectError(f"{name[:20]} is no commit")
        try:
            full, kind, _ = self.objects.about(f"{name}^{{commit}}")
        except MissingObjectError:
            raise MissingObjectError(f"the repository does not hold {name[:10]}") from None
        if kind != "commit" or gitdir.ID.fullmatch(full) is None:
            raise MissingObjectError(f"{name[:10]} is no commit")
        return full

    def _between(self, old: str, new: str) -> CodeChange:
        most = f"--max-count={MOST_WALKED}"
        ahead = self._lines("rev-list", "--topo-order", most, f"{old}..{new}")
        behind = self._lines("rev-list", most, f"{new}..{old}")
        files = list(self._files(old, new))
        diff, cut = self._ask(MAX_DIFF, "diff-tree", "-r", "-p", *_PLAIN, old, new)
        text = diff.decode("utf-8", "replace")
        return CodeChange(
            commits=tuple(self._line(name) for name in ahead[:MOST_COMMITS]),
            ahead=len(ahead),
            behind=len(behind),
            files=tuple(files[:MOST_FILES]),
            changed=len(files),
            added=sum(file.added or 0 for file in files),
            removed=sum(file.removed or 0 for file in files),
            diff=clean_text(redact_text(text)),
            cut=cut,
        )

    def _line(self, name: str) -> CommitLine:
        commit = self.objects.commit(name)
        subject = commit.message.partition("\n")[0][:200]
        return CommitLine(
            name,
            clean_text(redact_text(commit.author[:100])),
            commit.authored,
            clean_text(redact_text(subject)),
        )

    def _files(self, old: str, new: str) -> Iterator[FileChange]:
        data, cut = self._ask(MAX_ANSWER, "diff-tree", "-r", "--numstat", "-z", *_PLAIN, old, new)
        if cut:
            raise MissingObjectError("too many files changed")
        for record in data.split(b"\0"):
            parts = record.split(b"\t", 2)
            if len(parts) == 3:
                added, removed = (int(p) if p.isdigit() else None for p in parts[:2])
                path = parts[2].decode("utf-8", "replace")[:400]
                yield FileChange(clean_text(redact_text(path)), added, removed)

    def _lines(self, *arguments: str) -> list[str]:
        data, cut = self._ask(MAX_ANSWER, *arguments)
        lines = data.decode("ascii", "replace").split()
        if cut or any(gitdir.ID.fullmatch(line) is None for line in lines):
            raise MissingObjectError("the commits between the two cannot be listed")
        return lines

    def _ask(self, most: int, *arguments: str) -> tuple[bytes, bool]:
        command, environ = asking(self.objects, *arguments)
        shallow = self._place.common / "shallow"
        if shallow.is_file():
            # without it git takes a history that was cut for a damaged one
            environ = {**environ, "GIT_SHALLOW_FILE": str(shallow)}
        return _answer(command, environ, most)


_PLAIN = (
    "--no-ext-diff", "--no-textconv", "--no-renames", "--no-color", "--no-commit-id",
    "--ignore-submodules=all", "--diff-algorithm=myers", "-U3",
)  # fmt: skip


def _is_short(name: str) -> bool:
    return 7 <= len(name) <= 64 and all(sign in "0123456789abcdef" for sign in name)


def _answer(command: Sequence[str], environ: Mapping[str, str], most: int) -> tuple[bytes, bool]:
    """What a git process says, and whether it would say more.

    Raises:
        MissingObjectError: it fails, or takes too long.
    """
    process = subprocess.Popen(  # noqa: S603  fixed switches, ids, a program by its full path
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=environ["HOME"],
        env=environ,
        bufsize=0,
        start_new_session=True,
    )
    end = time.monotonic() + ANSWER_S
    parts: list[bytes] = []
    size = 0
    try:
        stdout = process.stdout
        while stdout is not None and size <= most:
            if not select.select([stdout], [], [], max(0.0, end - time.monotonic()))[0]:
                raise MissingObjectError("git took too long to tell what changed")
            data = os.read(stdout.fileno(), 1 << 20)
            if not data:
                break
            parts.append(data)
            size += len(data)
        cut = size > most
        if not cut and process.wait(timeout=max(0.1, end - time.monotonic())) != 0:
            raise MissingObjectError("the repository does not hold all that lies between the two")
        return b"".join(parts)[:most], cut
    except subprocess.TimeoutExpired:
        raise MissingObjectError("git took too long to tell what changed") from None
    finally:
        if process.stdout is not None:
            with contextlib.suppress(OSError):
                process.stdout.close()
        process.kill()
        process.wait()
