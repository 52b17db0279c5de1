"""Searches of scikit-learn: `cv_results_` saved as CSV or JSON; a candidate on a fold is a run.

    - {sklearn: cv_results.csv}
    - {sklearn: results/search.json, unit: candidate}

Write them with `pandas.DataFrame(search.cv_results_).to_csv("cv_results.csv")`, or as JSON: an
object of lists, or a list of records. With `unit: fold` a run is a candidate on one split: params
are its `param_*` and `fold`, metrics `test_score` and `train_score`, or `test_NAME` of several
scorers. Compare such runs with `groups: {by: all_but(fold), replicates: fold, pair_by: fold}` and,
where the splits overlap in training data as k folds do, `comparison: {test_fraction: 1/k}` (as a
number). With `unit: candidate` metrics are the file's own means and deviations over folds, times
too: of single folds the search keeps no times. Ranks are left out. What `cross_validate` returns is
read as one candidate, with the times of each fold. An empty cell is a masked param, or a score that
is NaN. Not read: fitted estimators.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from runreport.kinds import Found, Reader, Source, SourceContext

__all__ = ["SOURCE", "Options"]


@dataclass(frozen=True, slots=True)
class Options:
    """What an entry may say."""

    location: str
    """A CSV or JSON file, or a folder with some."""
    unit: Literal["fold", "candidate"] = "fold"
    """What a run is: a candidate on one split, or a candidate."""


def open_searches(options: Options, context: SourceContext) -> Reader:
    """As `store.open_searches`, loaded where a report has searches."""
    from runreport.sources.sklearn import store

    return store.open_searches(options.location, options.unit, context)


def detect(path: Path) -> Found | None:
    """As `detect.detect`, loaded where somebody looks."""
    from runreport.sources.sklearn.detect import detect as found_at

    return found_at(path)


SOURCE = Source(name="sklearn", options=Options, open=open_searches, detect=detect)
