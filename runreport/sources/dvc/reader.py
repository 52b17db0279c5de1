"""A DVC project in pieces: its workspace, and each commit that is a run."""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from runreport.cleaning import clean_text
from runreport.errors import Problem, SourceError
from runreport.kinds import Reader, SourceContext
from runreport.sources.complaints import Complaints
from runreport.sources.dvc import gitdir, gto
from runreport.sources.dvc.assemble import assemble, files_read
from runreport.sources.dvc.cache import cache_of
from runreport.sources.dvc.changes import code_commit
from runreport.sources.dvc.gitdir import GitDir
from runreport.sources.dvc.objects import MissingObjectError, Objects
from runreport.sources.dvc.options import Options
from runreport.sources.dvc.places import candidates, is_project
from runreport.sources.dvc.projectfiles import CommitFiles, FolderFiles
from runreport.sources.dvc.revisions import HEADS, Chosen, Revision, choose, tags_of
from runreport.sources.dvc.workspace import Workspace, same_as
from runreport.sources.loaded import LoadedRun
from runreport.sources.partitions import Loaded, Partition, PartitionReader
from runreport.sources.trees import locate
from runreport.tables import Lineage

WHAT = "a DVC project or a folder of DVCLive's"


def open_project(options: Options, context: SourceContext) -> Reader:
    """A reader of a project.

    Raises:
        SourceError: RR370 when nothing of the kind is there.
    """
    root = locate(context.base, options.location, WHAT)
    if not root.is_dir():
        message = f"{root.name!r} is a file, expected {WHAT}"
        raise SourceError(Problem("RR370", message, place=root.name))
    named = (context.base / options.cache).resolve() if options.cache else None
    facts = [str(root), options.revs, options.experiments, options.workspace, str(named or "")]
    facts.append(options.folder)
    store = ProjectStore(root, options, named)
    return PartitionReader(store, context, "dvc", json.dumps(facts))


@dataclass(eq=False)
class ProjectStore:
    """What is read of one location."""

    root: Path
    options: Options
    named_cache: Path | None
    experiment: str = field(init=False)
    _found: _Found | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.experiment = self.root.name

    @cached_property
    def _prefix(self) -> str:
        """The project's folder, below the location.

        Raises:
            SourceError: RR370 when it is none.
        """
        prefix = posixpath.normpath(self.options.folder or ".")
        folder = (self.root / prefix).resolve()
        if not folder.is_relative_to(self.root) or prefix.startswith("/"):
            message = f"`folder` is {clean_text(prefix)!r}, expected a folder in the repository"
            raise SourceError(Problem("RR370", message, place="folder"))
        return "" if prefix == "." else prefix

    @property
    def _home(self) -> Path:
        return self.root / self._prefix

    def partitions(self) -> Sequence[Partition]:
        return tuple(piece.partition for piece in self._pieces.pieces.values())

    def folders(self) -> Sequence[Path]:
        git = self._git
        own = [*git.files(), *git.folders()] if git else [self.root / ".git"]
        return [*self._pieces.folders, *own, *_configs(self._home)]

    def problems(self) -> Sequence[Problem]:
        return self._pieces.problems

    def load(self, partition: Partition, mark: Mapping[str, Any] | None) -> Loaded:
        piece = self._pieces.pieces[partition.name]
        told = Complaints()
        if piece.revision is not None:
            return self._revision(piece.revision, told)
        return self._folder(piece, told)

    # ---- the pieces ------------------------------------------------------------------------------

    @cached_property
    def _git(self) -> GitDir | None:
        return gitdir.find(self.root)

    @cached_property
    def _objects(self) -> Objects | None:
        git = self._git
        if git is None:
            return None
        some = git.head[1] or next(iter(git.refs.values()), "")
        return Objects(git.objects, sha256=len(some) == 64)

    @property
    def _pieces(self) -> _Found:
        # decided once: a reader sees one state of the refs
        if self._found is None:
            self._found = self._look()
        return self._found

    def _look(self) -> _Found:
        found = _Found()
        chosen = self._chosen(found)
        bare = self._git is not None and self._git.own == self.root
        if self.options.workspace and not bare:
            if self._prefix or is_project(self.root):
                self._look_here(found, chosen)
            else:
                self._look_below(found)
        for revision in chosen.revisions:
            known = repr((revision.name, revision.branches, revision.tags, revision.failed))
            name = f"{revision.commit} {_short(known)}"
            found.pieces[name] = _Piece(Partition(name, ()), revision=revision)
        found.problems += chosen.problems
        if not found.pieces:
            message = f"no run of DVC's here, expected {WHAT}"
            hint = "a run is the workspace, an experiment, or what `revs` names"
            raise SourceError(Problem("RR370", message, None, hint, place=self.root.name))
        return found

    def _chosen(self, found: _Found) -> Chosen:
        git, objects = self._git, self._objects
        if git is None or objects is None:
            if gitdir.leads_away(self.root):
                message = "`.git` is no repository here, or leads elsewhere: it is not followed"
                found.problems.append(Problem("RR379", message, None, None, "warning", ".git"))
            elif (self.root / ".dvc").is_dir() and _in_repository(self.root):
                message = "the folder is in a Git repository, whose commits are not read"
                hint = "`dvc: REPOSITORY, folder: THIS_FOLDER` reads them"
                found.problems.append(Problem("RR379", message, None, hint, "note"))
            return Chosen()
        if os.path.lexists(git.common / "reftable"):
            message = "refs are kept as reftables, which are not read: experiments are missing"
            hint = "`git refs migrate --ref-format=files` writes them as files"
            found.problems.append(Problem("RR379", message, None, hint, "warning", ".git"))
        try:
            objects.check()
            return choose(git, objects, self.options.revs, self.options.experiments)
        except SourceError as error:
            if self.root == git.own:
                raise
            found.problems += (replace(p, severity="warning") for p in error.problems)
            found.blind = True
            return Chosen()

    def _look_here(self, found: _Found, chosen: Chosen) -> None:
        """The workspace of a project."""
        files = FolderFiles.of(self._home)
        found.folders += files.tree.folders
        names = files_read(files)
        if not names:
            return
        found.folders += [files.path(name) for name in names]
        here = Workspace(files, names, cache_of(self._home, self.named_cache)[0])
        git, objects = self._git, self._objects
        dirty: bool | None = None
        tags: tuple[str, ...] = ()
        head: str | None = None
        if git is not None and objects is not None and not found.blind:
            head = git.head[1]
            for revision in chosen.revisions:
                if not revision.failed and same_as(here, objects, revision.commit, self._prefix):
                    message = (
                        f"the workspace is as {revision.name!r} was committed, and is no run of "
                        "its own"
                    )
                    found.problems.append(Problem("RR379", message, None, None, "note"))
                    return
            dirty = not same_as(here, objects, head, self._prefix, code=True) if head else None
            tags = tags_of(git, objects, head)
        facts: dict[str, Any] = {"head": head, "dirty": dirty, "tags": list(tags)}
        name = f"workspace {_short(json.dumps(facts))}" if git else "workspace"
        paths = tuple(files.path(name) for name in (*names, *here.code))
        found.pieces[name] = _Piece(Partition(name, paths), files=files, facts=facts)

    def _look_below(self, found: _Found) -> None:
        """DVCLive's folders where there is no project."""
        files = FolderFiles.of(self.root)
        found.folders += files.tree.folders
        for folder in candidates(files):
            own = FolderFiles.of(self.root / folder) if folder else files
            names = files_read(own)
            if names:
                paths = tuple(own.path(name) for name in names)
                name = folder or "."
                found.pieces[name] = _Piece(Partition(name, paths), files=own, folder=folder)

    # ---- runs ------------------------------------------------------------------------------------

    def _folder(self, piece: _Piece, told: Complaints) -> Loaded:
        if piece.files is None:
            raise SourceError(Problem("RR371", "its files are gone", place=piece.partition.name))
        facts = piece.facts
        head = facts.get("head")
        name = "workspace" if self._git else piece.folder or self.root.name
        key = piece.folder if piece.folder is not None else "workspace"
        run = LoadedRun(key or ".", name)
        if head and self._objects is not None and self._git is not None:
            branch = (self._git.head[0] or "").removeprefix(HEADS) or None
            code = Lineage("code", "git", branch, head, facts.get("dirty"))
            models = () if facts.get("dirty") else gto.models(facts.get("tags", ()))
            run = replace(run, lineage=(code, *models))
        return self._assembled(run, piece.files, self._home / (piece.folder or ""), told)

    def _revision(self, revision: Revision, told: Complaints) -> Loaded:
        objects = self._objects
        if objects is None:
            raise SourceError(Problem("RR371", "there is no repository", place=revision.name))
        try:
            commit = objects.commit(revision.commit)
            files = CommitFiles(objects, revision.commit, commit.tree, self._prefix)
        except MissingObjectError as error:
            hint = "`git fetch` completes a repository that was cloned in part"
            message = f"commit {revision.commit[:7]} cannot be read: {error}"
            raise SourceError(Problem("RR371", message, None, hint, place=revision.name)) from None
        experiment = revision.experiment
        tags = {}
        if experiment is not None:
            tags["dvc.baseline"] = experiment.baseline
        if revision.branches:
            tags["git.branch"] = ", ".join(revision.branches)
        if revision.tags:
            tags["git.tag"] = ", ".join(revision.tags)
        title = commit.message.splitlines()[0] if commit.message else ""
        if title and not title.startswith("dvc: commit experiment") and not revision.failed:
            tags["git.message"] = title
        branch = next(iter(revision.branches), None)
        lineage = [
            Lineage("code", "git", branch, revision.commit, False),
            *gto.models(revision.tags),
        ]
        if experiment is not None:
            lineage.append(Lineage("parent", experiment.baseline))
        run = LoadedRun(
            revision.commit,
            revision.name,
            status="failed" if revision.failed else "finished" if experiment else "unknown",
            started=commit.authored,
            user=commit.author or None,
            parent=experiment.baseline if experiment else None,
            tags=tags,
            lineage=tuple(lineage),
        )
        return self._assembled(run, files, self._home, told, made=not revision.failed)

    def _assembled(
        self,
        run: LoadedRun,
        files: FolderFiles | CommitFiles,
        root: Path,
        told: Complaints,
        *,
        made: bool = True,
    ) -> Loaded:
        cache, elsewhere = cache_of(root, self.named_cache)
        found = assemble(run, files, cache, told, made=made)
        if elsewhere is not None and found.awaited:
            message = "the project's configuration puts DVC's cache outside of the project"
            hint = "`cache: PATH` in the spec says that it may be read there"
            told.add("RR379", ".dvc/config", message, hint=hint)
        run = found.run
        if isinstance(files, CommitFiles) and run.parent is not None:
            code = replace(run.lineage[0], digest=code_commit(files, found.project, run.parent))
            run = replace(run, lineage=(code, *run.lineage[1:]))
        problems = tuple(
            replace(problem, place=": ".join(filter(None, (run.name, problem.place))))
            for problem in told.problems()
        )
        return Loaded((run,), lambda: problems, awaited=lambda: found.awaited)


@dataclass(frozen=True, eq=False)
class _Piece:
    """A partition, and what its run is."""

    partition: Partition
    revision: Revision | None = None
    files: FolderFiles | None = None
    folder: str | None = None
    """Of DVCLive's, below the location; None for a project's workspace."""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(eq=False)
class _Found:
    pieces: dict[str, _Piece] = field(default_factory=dict)
    folders: list[Path] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    blind: bool = False
    """Git is not installed."""


def _in_repository(folder: Path) -> bool:
    return any(os.path.lexists(above / ".git") for above in folder.parents)


def _configs(root: Path) -> list[Path]:
    return [root / ".dvc" / "config", root / ".dvc" / "config.local"]


def _short(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:12]
