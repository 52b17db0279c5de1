"""Params in a file beside a history: `hparams.yaml`, `params.json`, or one of the same name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from runreport.sources.complaints import Complaints
from runreport.sources.files import roles
from runreport.sources.files.filerun import FileRun
from runreport.sources.files.options import Options
from runreport.sources.files.places import File
from runreport.sources.files.runs import of_rows
from runreport.sources.files.shape import Shape
from runreport.sources.files.sheets import Sheet

STEMS = ("hparams", "hyperparameters", "hyperparams", "params", "config", "args")
"""A file so called, in the folder of a history, holds params and is no run."""


def partner(history: File, documents: Mapping[str, File], options: Options) -> str | None:
    """The name of the file that holds a history's params.

    Args:
        history: the file with the steps.
        documents: files of the same location that are one object each, by name.
        options: may name it.
    """
    prefix = f"{history.folder}/" if history.folder else ""
    if options.config is not None:
        own = history.path.name.removesuffix(history.path.suffix)
        return prefix + options.config.replace("{stem}", own)
    stems = {file.stem: name for name, file in documents.items()}
    return next(
        (
            stems[stem]
            for stem in (history.stem, *(f"{prefix}{stem}" for stem in STEMS))
            if stem in stems
        ),
        None,
    )


def with_params(
    runs: Sequence[FileRun], sheet: Sheet, options: Options, complaints: Complaints
) -> list[FileRun]:
    """The runs of a history with what a document beside it says; the history's own word counts.

    A document that has no `params` or `config` object of its own holds params throughout.
    """
    if any(name.startswith(("params.", "config.", "metrics.")) for name in sheet.columns):
        its = roles.of_runs([sheet], [None], options)
    else:
        everything = {name: name for name in sheet.columns}
        its = roles.Roles(everything, {}, {}, {})
    (said,) = of_rows(sheet, Shape("runs"), its, "", complaints)
    return [
        replace(
            run,
            name=said.name or run.name,
            status=run.status if run.status != "unknown" else said.status,
            started=run.started or said.started,
            ended=run.ended or said.ended,
            experiment=run.experiment or said.experiment,
            user=run.user or said.user,
            params={**said.params, **run.params},
            tags={**said.tags, **run.tags},
            metrics={**said.metrics, **run.metrics},
        )
        for run in runs
    ]
