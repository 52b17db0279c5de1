"""Groups across tasks: one number for all tasks of each, with what new runs would change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from runreport import formats
from runreport.design import Design, Metric
from runreport.kinds import Context
from runreport.samples import Board, Dropped, Group, board_of
from runreport.sections import charting
from runreport.sections.aligning import replicate_word
from runreport.sections.audit import ABOUT_VALUES, between, couples, overall
from runreport.sections.fitness import fit_of, metric_findings
from runreport.stats import aggregates, words
from runreport.stats.aggregates import Aggregate, Profile, Statistic
from runreport.stats.findings import Finding
from runreport.stats.mixed import Mixed, mixed_model
from runreport.stats.strata import Scores
from runreport.stats.testers import SEED

Floats = charting.Floats

POINTS = 121
"""Thresholds of a profile."""

ALL_PAIRS = 30
"""Of so many groups all pairs are audited; of more the baseline, or the first, with each other."""

TAILS = (0.005, 0.97)
"""Shares of a group's runs below and above which its profile is not drawn."""


@dataclass(frozen=True, eq=False)
class Standing:
    """One group over all tasks."""

    group: Group
    scores: tuple[Floats, ...]
    """Runs of each task that counts, displayed units."""
    found: Mapping[Statistic, Aggregate]
    chance: Aggregate | None
    """That a run of it is better than one of the baseline on the same task; None for the baseline
    itself, without one, and where the two cannot be compared."""
    profile: Profile | None

    @property
    def runs(self) -> tuple[int, int]:
        """Of the task with the fewest, and with the most."""
        sizes = [part.size for part in self.scores]
        return min(sizes), max(sizes)

    @property
    def iqm(self) -> Aggregate:
        return self.found["iqm"]


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked of the tasks."""

    statistics: tuple[Statistic, ...]
    gamma: float
    """In displayed units."""
    profile: bool
    mixed: bool


@dataclass(frozen=True, eq=False)
class Tasks:
    """Every group over the tasks that all of them have."""

    metric: Metric
    standings: tuple[Standing, ...]
    """The best IQM first; in report order without a goal, and where some cannot be compared."""
    names: tuple[str, ...]
    """Tasks that count."""
    partial: tuple[str, ...]
    """Tasks that a group has no value of: left out for all."""
    empty: tuple[str, ...]
    """Labels of groups without any value."""
    baseline: Group | None
    question: Question
    level: float
    task: str
    """One word, singular: game, dataset."""
    unit: str
    """What a run of a task is: seed, run."""
    findings: tuple[Finding, ...]
    apart: tuple[Finding, ...]
    """Which groups cannot be compared, and why; with any, nothing is called best."""
    look: int
    """How often these growing data have been looked at."""
    dropped: tuple[Dropped, ...]
    mixed: Mixed | str
    """The model, or why there is none; empty when it was not asked for."""
    mixed_level: float

    @property
    def fewest(self) -> int:
        """Runs of any group on any task, at least."""
        return min(standing.runs[0] for standing in self.standings)

    @property
    def has_intervals(self) -> bool:
        """Of any number shown."""
        return any(
            shown.interval is not None
            for item in self.standings
            for shown in (*item.found.values(), *([item.chance] if item.chance else ()))
        )

    @property
    def draws(self) -> int:
        """Resamples of the largest group."""
        largest = max(sum(map(len, standing.scores)) for standing in self.standings)
        return aggregates.draws_for(largest)


def tasks_of(context: Context, metric: Metric, question: Question) -> Tasks:
    """What the tasks say of every group; without standings where no task is complete."""
    design = context.design
    # copies and values out of range count as in every comparison; folds, as tasks, differ by nature
    fits = [fit_of(group, metric, context.value_of, "folds") for group in context.groups]
    board = board_of(metric, [fit.sample for fit in fits])
    some = [place for place, row in enumerate(board.scores) if any(part.size for part in row)]
    full = [
        task
        for task in range(len(board.tasks))
        if some and all(board.scores[place][task].size for place in some)
    ]
    audited = tuple(_audited([board.groups[place] for place in some], metric, design))
    withheld = {pair for pair, finding, apart in audited if apart}
    standings = _standings(board, some, full, question, design, withheld) if full else ()
    wide = 1.0 if design.correction == "none" else max(1, len(standings) - 1)
    level = 1 - design.alpha / wide
    return Tasks(
        metric=metric,
        standings=standings,
        names=tuple(board.tasks[task] for task in full),
        partial=tuple(name for task, name in enumerate(board.tasks) if task not in full),
        empty=tuple(group.label for place, group in enumerate(board.groups) if place not in some),
        baseline=_baseline(standings),
        question=question,
        level=design.level,
        task=replicate_word(design),
        unit=replicate_word(replace(design, across=None)),
        findings=_findings(
            metric,
            [
                *(told for fit in fits for told in fit.findings),
                *overall([board.groups[place] for place in some], metric, design),
                *(finding for _, finding, apart in audited if not apart),
            ],
        ),
        apart=tuple(finding for _, finding, apart in audited if apart),
        look=design.look or 1,
        dropped=board.dropped,
        mixed=_mixed(standings, board, full) if question.mixed else "",
        mixed_level=level,
    )


def _findings(metric: Metric, of_groups: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(dict.fromkeys((*metric_findings(metric), *of_groups)))


def _audited(
    groups: Sequence[Group], metric: Metric, design: Design
) -> Iterator[tuple[frozenset[str], Finding, bool]]:
    """Ids of two groups, what is said of them, and whether they cannot be compared."""
    for first, second in couples(groups, ALL_PAIRS):
        audit = between(first, second, metric, design, ABOUT_VALUES)
        ids = frozenset((first.id, second.id))
        names = charting.both(first, second)
        if audit.withheld:
            yield ids, Finding("NOT_COMPARABLE", f"{names}: {audit.withheld}"), True
        for finding in audit.findings:
            yield ids, replace(finding, words=f"{names}: {finding.words}"), False


def _baseline(standings: Sequence[Standing]) -> Group | None:
    return next((item.group for item in standings if item.group.is_baseline), None)


def _standings(
    board: Board,
    some: Sequence[int],
    full: Sequence[int],
    question: Question,
    design: Design,
    apart: set[frozenset[str]],
) -> tuple[Standing, ...]:
    lower = board.metric.goal == "minimize"
    scores = {place: tuple(board.scores[place][task] for task in full) for place in some}
    base = next((place for place in some if board.groups[place].is_baseline), None)
    at = thresholds([scores[place] for place in some]) if question.profile else None
    found = [
        Standing(
            group=board.groups[place],
            scores=scores[place],
            found=aggregates.aggregate_all(
                scores[place],
                tuple(dict.fromkeys(("iqm", *question.statistics))),
                level=design.level,
                rng=_rng(),
                gamma=question.gamma,
            ),
            chance=None
            if base is None
            or place == base
            or {board.groups[base].id, board.groups[place].id} in apart
            else _chance(scores[base], scores[place], design.level, lower),
            profile=None if at is None else _profile(scores[place], at, design.level, lower),
        )
        for place in some
    ]
    if board.metric.goal is None or apart:
        return tuple(found)
    return tuple(sorted(found, key=lambda item: item.iqm.value * (1 if lower else -1)))


def _rng() -> np.random.Generator:
    """The same draws wherever a number is shown."""
    return np.random.default_rng(SEED)


def _turned(scores: Scores, lower: bool) -> Scores:
    """Scores of which higher ones are better."""
    return [-part for part in scores] if lower else scores


def _chance(baseline: Scores, candidate: Scores, level: float, lower: bool) -> Aggregate:
    return aggregates.improvement_interval(
        _turned(baseline, lower), _turned(candidate, lower), level=level, rng=_rng()
    )


def _profile(scores: Scores, at: Floats, level: float, lower: bool) -> Profile:
    turned = aggregates.profile_band(
        _turned(scores, lower), -at if lower else at, level=level, rng=_rng()
    )
    return replace(turned, at=at)


def thresholds(groups: Sequence[Scores]) -> Floats | None:
    """Where profiles are drawn, shape (k,): from where the first group falls to where the last has
    all but ended. None where nothing varies.
    """
    ends = np.array([np.quantile(np.concatenate(scores), TAILS) for scores in groups])
    low, high = float(ends[:, 0].min()), float(ends[:, 1].max())
    if not high - low > 1e-9 * max(abs(low), abs(high)):
        return None
    return np.linspace(low - 0.02 * (high - low), high, POINTS)


def _mixed(standings: Sequence[Standing], board: Board, full: Sequence[int]) -> Mixed | str:
    """The model on the mean of each group and task, which counts a task once whatever its runs."""
    if len(standings) < 2:
        return "A mixed model needs two groups."
    names = [board.tasks[task] for task in full]
    reference = _baseline(standings) or standings[0].group
    values = [float(part.mean()) for item in standings for part in item.scores]
    try:
        return mixed_model(
            np.array(values, dtype=np.float64),
            [item.group.id for item in standings for _ in names],
            [name for _ in standings for name in names],
            reference=reference.id,
        )
    except (ModuleNotFoundError, ValueError) as error:
        return f"There is no mixed model: {error}."


# ---- words ---------------------------------------------------------------------------------------


def runs_words(standing: Standing, unit: str, task: str) -> str:
    """`5 seeds per game`, `5 to 10 seeds per game`."""
    few, many = standing.runs
    if few == many:
        return f"{words.plural(unit, few)} per {task}"
    return f"{few} to {words.plural(unit, many)} per {task}"


def decimals_of(found: Sequence[Aggregate]) -> int:
    """Decimals for numbers shown together: three digits of the largest, two of every width."""
    largest = max((abs(item.value) for item in found), default=0.0)
    widths = [item.interval.width for item in found if item.interval is not None]
    wanted = [formats.decimals_for(width) for width in widths if width > 0]
    if largest > 0:
        wanted.append(formats.decimals_for(largest) + 1)
    return max(wanted, default=3)


def written(item: Aggregate, decimals: int) -> str:
    """`0.337 (0.326 to 0.348)`."""
    shown = formats.fixed(item.value, decimals)
    if item.interval is None:
        return shown
    return f"{shown} ({formats.interval(item.interval.low, item.interval.high, decimals)})"
