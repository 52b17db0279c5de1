"""The critical-difference diagram: mean ranks on a line, groups not told apart joined by bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from runreport import formats
from runreport.blocks import Figure
from runreport.drawing import Drawing, Mark, Marks, Style
from runreport.sections import charting
from runreport.sections.pools import MOST, Omnibus, Pair, Pool
from runreport.stats import ranks, words

NAME_LENGTH = 20
"""Characters of a name; the table says the whole."""

LINE, BAR = 0.235, 0.13
"""Inches from name to name, and from bar to bar."""

TOP, GAP = 0.78, 0.2
"""Inches above the line of ranks, with the length of the critical difference; below the bars."""

BARE_TOP = 0.42
"""Inches above the line where no length stands over it."""


@dataclass(frozen=True, slots=True)
class Place:
    """One group on the line."""

    name: str
    rank: float
    token: str
    run_ids: tuple[str, ...]
    tip: str


@dataclass(frozen=True, slots=True)
class Diagram:
    """What is drawn."""

    places: tuple[Place, ...]
    """The best mean rank first."""
    cd: float
    bars: tuple[tuple[float, float, int], ...]
    """From rank to rank, and how many bars lie above."""
    around: float | None
    """Mean rank of the baseline whose surroundings are shaded instead; None with bars."""

    @property
    def top(self) -> float:
        """Inches above the line of ranks."""
        return TOP if self.around is None else BARE_TOP

    @property
    def names_from(self) -> float:
        """Inches above the first name."""
        levels = max((level for _, _, level in self.bars), default=-1) + 1
        return self.top + BAR * levels + GAP


def diagram(
    pool: Pool,
    omnibus: Omnibus | None,
    pairs: Sequence[Pair],
    unit: str,
    alpha: float,
    deciding: str,
) -> Figure | None:
    """The diagram of three groups or more; None of fewer, of too many, or without ranks.

    Args:
        pool: what is ranked.
        omnibus: the test over all groups; None where there is none.
        pairs: with their verdicts.
        unit: of replication, singular.
        alpha: of the critical difference.
        deciding: the procedure that decides about pairs.
    """
    k, n = len(pool.fits), len(pool.tasks)
    if omnibus is None or omnibus.corrected.is_tied or not 3 <= k <= MOST:
        return None
    base = next((fit for fit in pool.fits if fit.group.is_baseline), None)
    around = deciding == "bonferroni_dunn" and base is not None
    cd = (ranks.bonferroni_dunn_cd if around else ranks.nemenyi_cd)(k, n, alpha)
    means = pool.mean_ranks
    cliques = () if around else ranks.cliques(means, cd)
    data = Diagram(
        places=tuple(_place(pool, place, unit) for place in range(k)),
        cd=cd,
        bars=_bars(cliques, means),
        around=means[pool.fits.index(base)] if around and base is not None else None,
    )
    name = charting.fit(pool.metric.title)
    return Figure(
        draw=draw,
        data=data,
        title=f"{name}: critical-difference diagram",
        description=_description(data, cliques, pool, unit, alpha),
        height=data.names_from + LINE * ((k + 1) // 2) + 0.1,
        note=(
            " ".join(
                [
                    *_notes(data, cliques, pool, pairs, unit, alpha, deciding),
                    *_limits(omnibus, pairs),
                ]
            ),
        ),
    )


def _place(pool: Pool, place: int, unit: str) -> Place:
    group, rank = pool.fits[place].group, pool.mean_ranks[place]
    mean = charting.value_text(float(pool.scores[:, place].mean()), pool.metric)
    sets = words.plural(unit, len(pool.tasks))
    # one column tells all groups apart: its name need not stand before each
    name = group.key[0][1] if len(group.key) == 1 else group.label
    return Place(
        charting.fit(name, NAME_LENGTH) or charting.fit(group.label, NAME_LENGTH),
        rank,
        group.color,
        tuple(run.id for run in group.runs),
        f"{charting.fit(group.label)}\nmean rank {rank:.2f} over {sets}\nmean {mean}",
    )


def _bars(
    cliques: Sequence[Sequence[int]], means: Sequence[float]
) -> tuple[tuple[float, float, int], ...]:
    """Each bar in the first row where it touches no other."""
    ends: list[float] = []
    bars = []
    room = 0.02 * (len(means) - 1)
    for clique in cliques:
        low, high = means[clique[0]] - room, means[clique[-1]] + room
        level = next((row for row, end in enumerate(ends) if end < low - room), len(ends))
        if level == len(ends):
            ends.append(high)
        ends[level] = high
        bars.append((low, high, level))
    return tuple(bars)


# ---- words ---------------------------------------------------------------------------------------


def joined_words(cliques: Sequence[Sequence[int]], pool: Pool) -> str:
    """`A, B and C; C and D`: the groups of each bar."""
    names = [charting.fit(fit.group.label, 40) for fit in pool.fits]
    return "; ".join(_and([names[place] for place in clique]) for clique in cliques)


def _and(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"


def cd_words(pool: Pool, cd: float, unit: str, alpha: float, test: str = "Nemenyi") -> str:
    """`1.25 (Nemenyi, alpha 0.05, 4 groups, 14 datasets)`."""
    sets = words.plural(unit, len(pool.tasks))
    groups = formats.count(len(pool.fits), "group")
    return f"{cd:.2f} ({test}, alpha {words.short(alpha)}, {groups}, {sets})"


def _notes(
    data: Diagram,
    cliques: Sequence[Sequence[int]],
    pool: Pool,
    pairs: Sequence[Pair],
    unit: str,
    alpha: float,
    deciding: str,
) -> list[str]:
    if data.around is not None:
        size = cd_words(pool, data.cd, unit, alpha, "Bonferroni-Dunn")
        return [
            f"CD, the critical difference, is {size}. Mean ranks inside the shaded part are not "
            "told apart from the baseline's."
        ]
    said = [
        f"CD, the critical difference of two mean ranks, is {cd_words(pool, data.cd, unit, alpha)}."
    ]
    if not cliques:
        return [*said, "No two groups lie closer than that."]
    said.append(
        "A bar joins groups that lie closer than that: the data do not suffice to tell them "
        "apart, which does not make them equal."
    )
    inside = [place for clique in cliques for place in clique]
    if len(inside) > len(set(inside)):
        said.append("Of a group under two bars the data do not say on which side it belongs.")
    if deciding == "wilcoxon" and (odd := _contradicted(cliques, pool, pairs)):
        said.append(
            "The verdicts above go by the values of two groups alone, not by their ranks among "
            f"all, and tell apart what a bar joins: {odd}."
        )
    return said


def _limits(omnibus: Omnibus, pairs: Sequence[Pair]) -> list[str]:
    """What a distance on the line does not say."""
    said = []
    if omnibus.look > 1:
        said.append(
            f"CD is of one planned look alone: at look {omnibus.look} it tells no two groups apart."
        )
    withheld = [_names(pair) for pair in pairs if pair.is_withheld]
    if withheld:
        said.append(f"Not comparable, however far apart on the line: {_first(withheld)}.")
    return said


def _contradicted(cliques: Sequence[Sequence[int]], pool: Pool, pairs: Sequence[Pair]) -> str:
    """Pairs that their own values tell apart and a bar joins."""
    places = {fit.group.id: place for place, fit in enumerate(pool.fits)}
    found = []
    for pair in pairs:
        both = {places.get(g.id) for g in (pair.comparison.candidate, pair.comparison.baseline)}
        if pair.differs and any(both <= set(clique) for clique in cliques):
            found.append(_names(pair))
    return _first(found)


def _names(pair: Pair) -> str:
    return charting.both(pair.comparison.candidate, pair.comparison.baseline)


def _first(names: Sequence[str]) -> str:
    """The first three pairs; more are counted."""
    more = f"; and {len(names) - 3} more" if len(names) > 3 else ""
    return "; ".join(names[:3]) + more


def _description(
    data: Diagram, cliques: Sequence[Sequence[int]], pool: Pool, unit: str, alpha: float
) -> str:
    sets = words.plural(unit, len(pool.tasks))
    listed = ", ".join(f"{place.name} {place.rank:.2f}" for place in data.places)
    said = f"Mean ranks over {sets} on {charting.fit(pool.metric.title)}, 1 is the best: {listed}."
    said += f" The critical difference at alpha {words.short(alpha)} is {data.cd:.2f}."
    if cliques:
        said += f" Not told apart: {joined_words(cliques, pool)}."
    return said


# ---- drawing -------------------------------------------------------------------------------------


def draw(data: Diagram, style: Style) -> Drawing:
    """The line of ranks with the critical difference above, bars and names below."""
    from matplotlib.collections import LineCollection
    from matplotlib.figure import Figure as Canvas

    figure = Canvas(figsize=(style.width, style.height))
    k = len(data.places)
    half = (k + 1) // 2
    # everything in inches, so that lines keep their distance whatever the number of names
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_xlim(0, style.width)
    axes.set_ylim(style.height, 0)
    axes.axis("off")
    sides = (data.places[:half], data.places[half:])
    left, right = (_room([place.name for place in side], style) for side in sides)
    span = style.width - left - right

    def at(rank: float) -> float:
        return left + span * (rank - 1) / (k - 1)

    _draw_line(axes, data, style, at)
    elbows = []
    for place, item in enumerate(data.places):
        is_left = place < half
        row = place if is_left else k - 1 - place
        y = data.names_from + LINE * row
        edge = left - 0.08 if is_left else style.width - right + 0.08
        elbows.append([(at(item.rank), data.top), (at(item.rank), y), (edge, y)])
        axes.text(
            edge - 0.05 if is_left else edge + 0.05,
            y,
            item.name,
            ha="right" if is_left else "left",
            va="center",
        )
    colors = [style.color(item.token) for item in data.places]
    axes.add_collection(
        LineCollection(elbows, colors=colors, linewidths=1.3, gid="m0", zorder=2), autolim=False
    )
    axes.scatter(
        [at(item.rank) for item in data.places], [data.top] * k,
        s=34, facecolors=colors, linewidths=0, clip_on=False, gid="m1", zorder=4,
    )  # fmt: skip
    marks = tuple(Mark(item.run_ids, item.tip) for item in data.places)
    return Drawing(figure, (Marks("m0", marks), Marks("m1", marks)))


def _draw_line(axes: Any, data: Diagram, style: Style, at: Any) -> None:
    """The ranks, the length of the critical difference, and the bars."""
    ink, muted, k = style.color("ink"), style.color("ink-muted"), len(data.places)
    top = data.top
    axes.plot([at(1), at(k)], [top, top], color=muted, linewidth=1.2, zorder=1)
    step = 1 if k <= 12 else 2
    for rank in range(1, k + 1, step):
        axes.plot([at(rank)] * 2, [top - 0.06, top], color=muted, linewidth=1.0, zorder=1)
        axes.text(at(rank), top - 0.1, str(rank), ha="center", va="bottom", color=muted)
    if data.around is None:
        low, high, y = at(1), at(1 + data.cd), 0.26
        axes.plot([low, high], [y, y], color=ink, linewidth=1.4)
        for end in (low, high):
            axes.plot([end, end], [y - 0.05, y + 0.05], color=ink, linewidth=1.4)
        axes.text(high + 0.08, y, f"CD {data.cd:.2f}", ha="left", va="center", color=ink)
    else:
        ends = [max(1.0, data.around - data.cd), min(float(k), data.around + data.cd)]
        axes.fill_between(
            [at(end) for end in ends], top - 0.05, top + 0.05,
            color=style.color("band"), alpha=0.45, linewidth=0, zorder=1,
        )  # fmt: skip
    for low, high, level in data.bars:
        y = top + BAR * (level + 0.9)
        axes.plot(
            [at(max(low, 1)), at(min(high, k))], [y, y],
            color=ink, linewidth=4.5, solid_capstyle="round", zorder=3,
        )  # fmt: skip


def _room(names: Sequence[str], style: Style) -> float:
    """Inches that a side leaves for its names, which are larger on a phone."""
    widest = max((charting.text_width(name, style) for name in names), default=0.0) / 100
    return min(widest * 1.45 + 0.22, style.width * 0.36)
