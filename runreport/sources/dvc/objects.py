"""Git objects by `git cat-file`, away from the repository's own configuration.

Git works in an empty repository of ours whose objects are the project's: so no configuration,
hook, filter, alias, replaced object, promisor remote or credential helper of the project's is ever
seen, whoever owns it. One process answers for all objects; each answer is bounded in size and time.
"""

from __future__ import annotations

import contextlib
import os
import re
import resource
import select
import shutil
import subprocess
import tempfile
import time
import weakref
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from runreport.errors import Problem, SourceError

MAX_TREE = 32_000_000
MAX_COMMIT = 4_000_000
AT_ONCE = 250
"""Objects that are asked for together: their ids fit into a pipe."""
MOST_TREES = 20_000
"""Held at once."""
ANSWER_S = 60.0
"""Until an object is there."""
MAX_MEMORY = 2_000_000_000
"""Bytes that git may hold for one object and what it is made from."""
_BLOCK = 1 << 20
_PERSON = re.compile(rb"(?P<name>[^<\n]*)<(?P<mail>[^>\n]*)>\s*(?P<time>-?\d{1,12})")
_SWITCHES = (
    "--no-replace-objects", "--no-optional-locks", "-c", "core.hooksPath=/dev/null",
    "-c", "core.fsmonitor=false", "-c", "protocol.allow=never", "-c", "core.packedGitLimit=256m",
    "-c", "core.packedGitWindowSize=32m", "-c", "gc.auto=0",
)  # fmt: skip

Mode = int
FOLDER: Mode = 0o040000
LINK: Mode = 0o120000
MODULE: Mode = 0o160000


class MissingObjectError(Exception):
    """An object that is not there, is no such object, or is too large."""


@dataclass(frozen=True, slots=True)
class Commit:
    """What a commit says of itself."""

    tree: str
    parents: tuple[str, ...]
    author: str
    authored: datetime | None
    """UTC."""
    message: str


class Objects:
    """The objects of one repository; in a copy of the process they are asked for anew."""

    def __init__(self, folder: Path, *, sha256: bool, home: str | None = None) -> None:
        self.folder = folder
        self.sha256 = sha256
        # the empty repository that git works in
        self.home = home or _empty_repository(sha256)
        if home is None:
            weakref.finalize(self, _remove, self.home, os.getpid())
        self._asker: _Asker | None = None
        self._process = 0
        self._trees: dict[str, Mapping[str, tuple[Mode, str]]] = {}
        self.documents: dict[str, tuple[str, ...]] = {}
        """Tree to the names below it that were looked for."""

    def __reduce__(self) -> tuple[object, ...]:
        # whoever made the folder removes it
        return (partial(Objects, sha256=self.sha256, home=self.home), (self.folder,))

    def check(self) -> None:
        """Find git.

        Raises:
            SourceError: RR377 when it is not installed.
        """
        self._ask()

    def about(self, name: str) -> tuple[str, str, int]:
        """Id, type and size of what an id or an expression on one names.

        Raises:
            MissingObjectError: there is none.
            SourceError: RR377 when git is not installed.
        """
        return self._ask().about(name)

    def read(self, name: str, most: int) -> bytes:
        """An object's content.

        Raises:
            MissingObjectError: it is not there, or larger than `most`.
        """
        return self._ask().content(name, most)

    def read_all(self, names: Sequence[str], most: int) -> dict[str, bytes]:
        """Contents by id, those that can be read and are small enough.

        Asking for many at once saves waiting for each.

        Args:
            names: ids.
            most: bytes of all of them.
        """
        found: dict[str, bytes] = {}
        for start in range(0, len(names), AT_ONCE):
            some = names[start : start + AT_ONCE]
            try:
                for name, data in self._ask().contents(some, most):
                    found[name] = data
                    most -= len(data)
            except MissingObjectError:
                # which one is damaged comes out when it is asked for alone
                break
        return found

    def commit(self, name: str) -> Commit:
        """The commit that an id stands for, through annotated tags.

        Raises:
            MissingObjectError: it is none.
        """
        data = self.read(f"{name}^{{commit}}", MAX_COMMIT)
        head, _, message = data.partition(b"\n\n")
        lines = [line.split(b" ", 1) for line in head.split(b"\n") if b" " in line]
        fields: dict[bytes, list[bytes]] = {}
        for key, value in lines:
            fields.setdefault(key, []).append(value)
        tree = fields.get(b"tree", [b""])[0].decode("ascii", "replace")
        author, authored = _person(fields.get(b"author", [b""])[0])
        return Commit(
            tree=tree,
            parents=tuple(p.decode("ascii", "replace") for p in fields.get(b"parent", [])),
            author=author,
            authored=authored,
            message=message.decode("utf-8", "replace").strip(),
        )

    def tree(self, name: str) -> Mapping[str, tuple[Mode, str]]:
        """Entries of one folder: name to mode and id.

        Raises:
            MissingObjectError: it is no tree, or its content is none.
        """
        known = self._trees.get(name)
        if known is None:
            if len(self._trees) >= MOST_TREES:
                self._trees.clear()
            known = _entries(self.read(f"{name}^{{tree}}", MAX_TREE), 32 if self.sha256 else 20)
            self._trees[name] = known
        return known

    def _ask(self) -> _Asker:
        if self._asker is None or self._process != os.getpid():
            self._asker = _Asker(self.folder, self.home)
            self._process = os.getpid()
        return self._asker


def asking(objects: Objects, *arguments: str) -> tuple[list[str], dict[str, str]]:
    """The command and environment in which git answers about these objects and no others; nothing
    in the arguments may come from data but whole ids.
    """
    return [_git(), *_SWITCHES, *arguments], _environ(objects.folder, objects.home)


class _Asker:
    """Two git processes, started when needed: one tells sizes, one hands out content."""

    def __init__(self, objects: Path, home: str) -> None:
        self._program = _git()
        self._objects = objects
        self._home = home
        self._running: dict[str, _Answers] = {}
        weakref.finalize(self, _end, self._running, os.getpid())

    def about(self, name: str) -> tuple[str, str, int]:
        """Id, type and size."""
        return _header(self._of("--batch-check", [name]).line())

    def content(self, name: str, most: int) -> bytes:
        """The content of one object."""
        answers = self._of("--batch", [name])
        _, _, size = _header(answers.line())
        if size > most:
            # quicker than to hear the rest
            answers.close()
            words = f"it is larger than {most // 1_000_000:,} MB, the most that is read"
            raise MissingObjectError(words)
        return answers.exactly(size + 1)[:-1]

    def contents(self, names: Sequence[str], most: int) -> Iterator[tuple[str, bytes]]:
        """The contents of several objects, until they are more than `most` bytes."""
        answers = self._of("--batch", names)
        for name in names:
            try:
                _, _, size = _header(answers.line())
            except MissingObjectError:
                if answers.ended:
                    raise
                continue
            if size > most:
                answers.close()
                return
            most -= size
            yield name, answers.exactly(size + 1)[:-1]

    def _of(self, what: str, names: Sequence[str]) -> _Answers:
        """The process that answers, once it was asked."""
        answers = self._running.get(what)
        if answers is None or answers.ended:
            command = [self._program, *_SWITCHES, "cat-file", what]
            answers = _Answers(command, self._home, _environ(self._objects, self._home))
            self._running[what] = answers
        answers.ask(names)
        return answers


def _environ(objects: Path, home: str) -> dict[str, str]:
    return {
        "PATH": os.defpath,
        "HOME": home,
        "LC_ALL": "C",
        "GIT_DIR": home,
        "GIT_OBJECT_DIRECTORY": str(objects),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_LAZY_FETCH": "1",
        # no transport at all, whatever is configured
        "GIT_ALLOW_PROTOCOL": "",
    }


class _Answers:
    """One git process that is asked line by line."""

    def __init__(self, command: Sequence[str], folder: str, environ: Mapping[str, str]) -> None:
        self.process = subprocess.Popen(  # noqa: S603  fixed switches, a program by its full path
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=environ,
            bufsize=0,
            start_new_session=True,
        )
        self.ended = False
        self._held = b""
        if hasattr(resource, "prlimit"):
            with contextlib.suppress(OSError, ValueError):
                resource.prlimit(self.process.pid, resource.RLIMIT_DATA, (MAX_MEMORY, MAX_MEMORY))

    def ask(self, names: Sequence[str]) -> None:
        """Send questions, not more than a pipe holds."""
        stdin = self.process.stdin
        try:
            if (
                stdin is None
                or stdin.write("".join(f"{name}\n" for name in names).encode()) is None
            ):
                raise OSError
        except OSError:
            raise self._lost() from None

    def line(self) -> bytes:
        """One line of an answer."""
        end = time.monotonic() + ANSWER_S
        while b"\n" not in self._held:
            if len(self._held) > _BLOCK:
                raise self._lost()
            self._held += self._more(end)
        line, _, self._held = self._held.partition(b"\n")
        return line

    def exactly(self, size: int) -> bytes:
        """So many bytes of an answer."""
        end = time.monotonic() + ANSWER_S
        parts, left = [self._held[:size]], size - len(self._held)
        self._held = self._held[size:]
        while left > 0:
            data = self._more(end)
            parts.append(data[:left])
            self._held = data[left:]
            left -= len(data)
        return b"".join(parts)

    def close(self) -> None:
        """End the process."""
        self.ended = True
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        self.process.kill()
        self.process.wait()

    def _more(self, end: float) -> bytes:
        stdout = self.process.stdout
        if stdout is None or not select.select([stdout], [], [], end - time.monotonic())[0]:
            raise self._lost()
        data = os.read(stdout.fileno(), _BLOCK)
        if not data:
            raise self._lost()
        return data

    def _lost(self) -> MissingObjectError:
        self.close()
        return MissingObjectError("git cannot read it: the object is damaged")


def _header(line: bytes) -> tuple[str, str, int]:
    """Id, type and size out of the first line of an answer."""
    parts = line.decode("utf-8", "replace").split(" ")
    if len(parts) != 3 or not parts[2].isdigit():
        raise MissingObjectError("the repository does not hold the object")
    return parts[0], parts[1], int(parts[2])


def _end(running: Mapping[str, _Answers], process: int) -> None:
    # a copy of the process leaves what is not its own alone
    if os.getpid() == process:
        for answers in running.values():
            answers.close()


def _remove(home: str, process: int) -> None:
    if os.getpid() == process:
        shutil.rmtree(home, ignore_errors=True)


def _git() -> str:
    program = shutil.which("git")
    if program is None or not os.path.isabs(program):
        message = "git is not installed: commits and experiments of the repository cannot be read"
        hint = "install git; the files of the workspace are read without it"
        raise SourceError(Problem("RR377", message, None, hint))
    return program


def _empty_repository(sha256: bool) -> str:
    """A folder that git takes for a repository, with nothing in it."""
    home = tempfile.mkdtemp(prefix="runreport-git-")
    for name in ("objects", "refs"):
        os.mkdir(os.path.join(home, name))
    lines = ["[core]", "\trepositoryformatversion = 1", "\tbare = true"]
    if sha256:
        lines += ["[extensions]", "\tobjectformat = sha256"]
    Path(home, "config").write_text("\n".join(lines) + "\n", "utf-8")
    Path(home, "HEAD").write_text("ref: refs/heads/none\n", "utf-8")
    return home


def _person(line: bytes) -> tuple[str, datetime | None]:
    match = _PERSON.search(line)
    if match is None:
        return "", None
    name = match["name"].decode("utf-8", "replace").strip()
    try:
        moment = datetime.fromtimestamp(int(match["time"]), UTC)
    except (OverflowError, OSError, ValueError):
        moment = None
    return name or match["mail"].decode("utf-8", "replace"), moment


def _entries(data: bytes, width: int) -> Mapping[str, tuple[Mode, str]]:
    found: dict[str, tuple[Mode, str]] = {}
    at = 0
    while at < len(data):
        space = data.find(b" ", at, at + 8)
        end = data.find(b"\0", space)
        mode = data[at:space]
        if space < 0 or end < 0 or end + 1 + width > len(data) or not mode.isdigit():
            raise MissingObjectError("its list of files is damaged")
        name = data[space + 1 : end].decode("utf-8", "surrogateescape")
        if name not in ("", ".", "..") and "/" not in name:
            found[name] = (int(mode, 8), data[end + 1 : end + 1 + width].hex())
        at = end + 1 + width
    return found
