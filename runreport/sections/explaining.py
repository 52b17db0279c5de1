"""What the configurations of a search say of each param: associations, and a forest's shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from runreport import formats
from runreport.kinds import Context
from runreport.sections.studies import Study
from runreport.stats import corrections, space, words
from runreport.stats import importance as stats
from runreport.stats.association import Association, association
from runreport.stats.forests import INSTALL
from runreport.stats.importance import Effect, Importance, Share
from runreport.stats.space import Axis, decider
from runreport.stats.ties import is_constant

Floats = NDArray[np.float64]
Of = Literal["auto", "values", "ranks"]
"""What is explained."""

SEED = 20_140_621
"""Of the forest and of what is drawn: equal runs give equal pages."""

MOST = 2_000
"""Configurations that a forest is grown on; of more the latest."""

LACKS = (
    f"{INSTALL} brings it; with it this section also says how much of the metric's variance each "
    "param explains, alone, jointly and in pairs. The rank correlations below need nothing more."
)


@dataclass(frozen=True, eq=False)
class Explained:
    """What the configurations say of each param."""

    study: Study
    n: int
    """Configurations with a value."""
    runs: int
    """Runs with a value."""
    axes: tuple[Axis, ...]
    """Of the params that differ between those."""
    conditions: tuple[int | None, ...]
    """Per param, which other one decides where it is set."""
    associations: tuple[Association | None, ...]
    adjusted: tuple[float | None, ...]
    """Holm-adjusted p of each association."""
    forest: Importance | None
    refusal: str
    """Why there is no forest; empty where there is one."""
    lacks_extra: bool
    """Whether scikit-learn is not installed."""
    ranked: bool
    """Whether ranks were explained instead of values."""
    decisive: int
    """Configurations that hold more than half of the variance; 0: not so few."""
    level: float
    alpha: float
    cut: int
    """Configurations beyond the most a forest is grown on."""

    @property
    def effects(self) -> tuple[Effect, ...]:
        """Of the forest, one per param; empty where it says nothing."""
        return () if self.forest is None else self.forest.effects

    @property
    def order(self) -> tuple[int, ...]:
        """Params, the most important first; by association where there is no forest."""
        if self.effects:
            sizes = [effect.total.value for effect in self.effects]
        else:
            sizes = [_strength(found) for found in self.associations]
        return tuple(sorted(range(len(sizes)), key=lambda place: -sizes[place]))


def _strength(found: Association | None) -> float:
    """Shares of rank variance, so that signed and unsigned ones compare."""
    if found is None:
        return -1.0
    return found.value**2 if found.signed else found.value


def explain(context: Context, study: Study, of: Of) -> Explained:
    """Associations of all params, and what a forest says of them.

    Args:
        context: the report.
        study: its configurations.
        of: whether values or ranks are explained.
    """
    design = context.design
    cells = np.flatnonzero(np.isfinite(study.means))
    values = study.means[cells]
    axes = _axes(study, cells)
    found = [association(axis, values, design.level) for axis in axes]
    decisive = stats.few_decide(values) if values.size else 0
    ranked = of == "ranks" or (of == "auto" and decisive > 0)
    forest, refusal, lacks = _forest(axes, values, ranked, design.level)
    return Explained(
        study=study,
        n=int(values.size),
        runs=int(study.usable.sum()),
        axes=tuple(axes),
        conditions=tuple(decider(axes, place) for place in range(len(axes))),
        associations=tuple(found),
        adjusted=_adjusted(found),
        forest=forest,
        refusal=refusal,
        lacks_extra=lacks,
        ranked=ranked,
        decisive=decisive,
        level=design.level,
        alpha=design.alpha,
        cut=max(0, int(values.size) - MOST),
    )


def _axes(study: Study, cells: NDArray[np.intp]) -> list[Axis]:
    """Of params with two values or more, or set in some of the configurations only."""
    if not cells.size:
        return []
    kept = []
    for place, name in enumerate(study.params):
        column = [study.levels[study.first_of[cell]][place] for cell in cells]
        present = {level for level in column if level is not None}
        if not present or (len(present) == 1 and None not in column):
            continue
        kept.append(space.axis(name, column))
    return kept


def _adjusted(found: Sequence[Association | None]) -> tuple[float | None, ...]:
    raw = [item.p for item in found if item is not None]
    adjusted = iter(corrections.adjust(raw, "holm", len(raw)) if raw else ())
    return tuple(None if item is None else next(adjusted) for item in found)


def _forest(
    axes: Sequence[Axis], values: Floats, ranked: bool, level: float
) -> tuple[Importance | None, str, bool]:
    """What a forest says, or why there is none, and whether that is for want of the extra."""
    if not axes:
        return None, "", False
    if refusal := _refusal(len(axes), values):
        return None, refusal, False
    if ranked:
        values = stats.settled_ranks(values)
    kept = slice(-MOST, None)
    shown = [axis.take(kept) for axis in axes] if values.size > MOST else axes
    rng = np.random.default_rng(SEED)
    try:
        found = stats.importance(shown, values[kept], level=level, rng=rng)
    except ModuleNotFoundError:
        return None, LACKS, True
    return found, "" if found.is_fit else _unfit(found), False


# ---- words ---------------------------------------------------------------------------------------


def _refusal(params: int, values: Floats) -> str:
    """Why no forest is grown; empty where one is."""
    n = int(values.size)
    needed = stats.needed(params)
    if n < needed:
        return (
            f"{formats.count(n, 'different configuration has', 'different configurations have')} a "
            f"value, and {formats.count(params, 'param differs', 'params differ')} between them. A "
            f"forest needs {needed} ({stats.FEWEST} at least, and {stats.PER_PARAM} per param): "
            "with fewer it seldom predicts what it has not seen, and in simulations it put the "
            "wrong param first in three of ten. "
            f"{formats.count(needed - n, 'more configuration', 'more configurations')} would do; "
            "more seeds of the same ones would not."
        )
    if is_constant(values):
        return "The metric is the same in every configuration, so no param explains anything."
    return ""


def _unfit(found: Importance) -> str:
    """Why a forest that was grown says nothing."""
    return (
        f"A forest over {formats.count(found.n, 'configuration')} predicts those it has not seen "
        f"no better than their mean does: R\u00b2 {share_words(found.fit, percent=False)}. What it "
        "would call important would be chance. Either these params do not decide the metric, or "
        "there are too few configurations, or too much noise between seeds."
    )


def share_words(share: Share, *, percent: bool = True) -> str:
    """`61 % (95 % interval 48 % to 72 %)`, or `0.61 (95 % interval 0.48 to 0.72)`."""
    write = _percent if percent else _plain
    if share.interval is None:
        return write(share.value)
    low, high = write(share.interval.low), write(share.interval.high)
    return f"{write(share.value)} ({words.percent(share.interval.level)} interval {low} to {high})"


def _percent(value: float) -> str:
    size = abs(value) * 100
    return formats.with_unit(formats.fixed(value * 100, 0 if size >= 10 else 1), "%")


def _plain(value: float) -> str:
    return formats.fixed(value, 2)
