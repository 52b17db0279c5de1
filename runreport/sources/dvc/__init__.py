"""DVC projects: the workspace, experiments and revisions of a Git repository, DVCLive folders.

    - {dvc: .}
    - {dvc: ../model, revs: [main, "v*"], experiments: ["tune-*"]}
    - {dvc: ../monorepo, folder: vision, workspace: false}

A run is the workspace, an experiment (`refs/exps`), a failed task of the experiment queue, or a
revision that `revs` names. Its params come from `params.yaml` and the files that `dvc.yaml` names,
its metrics from the metrics files there and `dvclive/metrics.json`, its curves from
`plots/metrics/*.tsv` of DVCLive. Plots, images and outputs of stages are artifacts; `dvc.lock` and
`*.dvc` give data digests and commands, Git the commit and the author, GTO's tags the model version.

Nothing is checked out and nothing is run: objects are read by `git cat-file`, away from the
repository's own configuration, so that no hook, filter or helper named there can start. What DVC
keeps in its cache is read from the cache, and checked. Not read: params in Python files (their
values are taken from `dvc.lock`), remotes, the inside of model files, checkpoints of an experiment
before its last commit, experiments that still wait in the queue.
"""

from __future__ import annotations

from pathlib import Path

from runreport.kinds import Found, Reader, Source, SourceContext
from runreport.sources.dvc.options import Options

__all__ = ["SOURCE", "Options"]


def open_project(options: Options, context: SourceContext) -> Reader:
    """As `reader.open_project`, loaded where a report has a DVC project."""
    from runreport.sources.dvc import reader

    return reader.open_project(options, context)


def detect(path: Path) -> Found | None:
    """As `detect.detect`, loaded where somebody looks."""
    from runreport.sources.dvc.detect import detect as found_at

    return found_at(path)


SOURCE = Source(name="dvc", options=Options, open=open_project, detect=detect)
