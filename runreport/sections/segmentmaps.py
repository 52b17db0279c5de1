"""Maps of groups by segments: means in shades of one colour, differences in two.

Numbers stand in the cells where they fit; where they do not, the ramp tells more steps apart. What
holds after correction has an arrow, so that no claim is made by colour alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from runreport import formats
from runreport.blocks import Cell, Column, Figure, LegendEntry, Row, Table
from runreport.sections import cellmap, charting
from runreport.sections.aligning import unit_of_difference
from runreport.sections.cellmap import Picture, Tile
from runreport.sections.digits import Digits
from runreport.sections.segmented import Against, Pair
from runreport.sections.slices import SegmentRow, Slices
from runreport.sections.verdicts import AHEAD, BEHIND, label
from runreport.stats import words

UP, DOWN = "\u25b2", "\u25bc"


def values(found: Slices, limit: int) -> Figure:
    """Every group's mean on every segment, with its table."""
    metric = found.metric
    rows, names = found.rows[:limit], found.segments[:limit]
    digits = Digits.of(fit.mean for row in found.rows for fit in row.fits)
    means = [[fit.mean for fit in row.fits[:limit]] for row in rows]
    texts = [[digits.text(mean) if mean is not None else "" for mean in row] for row in means]
    heads = [_head(row) for row in rows]
    fits = cellmap.numbers_fit(heads, names, texts)
    known = [mean for row in means for mean in row if mean is not None]
    low, high = min(known), max(known)
    tiles = []
    for place, row in enumerate(rows):
        for index, mean in enumerate(means[place]):
            if mean is None:
                continue
            share = (mean - low) / (high - low) if high > low else 0.5
            token, strength = cellmap.shade(share, numbers=fits)
            tiles.append(
                Tile(place, index, token, strength, texts[place][index] if fits else "",
                     cellmap.ink_on(token), _ids(row, index), _tip(found, row, index))
            )  # fmt: skip
    arrow = {"maximize": "higher is better", "minimize": "lower is better", None: ""}[metric.goal]
    name = charting.fit(metric.title)
    said = "The stronger the colour, the higher the mean" if fits else "Shades are means"
    note = [f"{said}{f'; {arrow}' if arrow else ''}.", *_cut(found, limit)]
    if len(tiles) < len(rows) * len(names):
        note.append("Empty cells have no value.")
    return Figure(
        draw=cellmap.draw,
        data=Picture(heads, names, tuple(tiles), tuple(row.is_baseline for row in rows),
                     charting.capital(found.noun)),
        title=f"{charting.metric_label(metric)} by {found.noun}",
        description=_description(found, name),
        table=_table(found, digits),
        legend=() if fits else _ramp(low, high, digits, metric.unit, tiles),
        height=cellmap.height(heads, names, numbers=fits),
        note=(" ".join(note),),
    )  # fmt: skip


def differences(found: Slices, against: Sequence[Against], limit: int) -> Figure:
    """Every candidate's difference to the baseline on every segment."""
    metric, unit = found.metric, unit_of_difference(found.metric)
    shown, names = against[:limit], found.segments[:limit]
    pairs = [own.pairs[:limit] for own in shown]
    sizes = [p.result.difference for own in pairs for p in own if p.result.difference is not None]
    digits = _digits(pairs, sizes)
    texts = [[_text(pair, digits) for pair in own] for own in pairs]
    heads = [charting.fit(own.row.label, cellmap.NAME_LENGTH) for own in shown]
    fits = cellmap.numbers_fit(heads, names, texts)
    full = _full(sizes)
    tiles = []
    for place, own in enumerate(shown):
        for index, pair in enumerate(pairs[place]):
            size = pair.result.difference
            if size is None:
                continue
            better = size > 0 if metric.goal != "minimize" else size < 0
            strength = min(1.0, abs(size) / full) if full else 0.0
            tiles.append(
                Tile(place, index, "accent" if better else "warn",
                     strength * (cellmap.TINT if fits else cellmap.SOLID),
                     texts[place][index] if fits else _sign(pair),
                     "ink", _ids(own.row, index), _pair_tip(found, own, pair))
            )  # fmt: skip
    name, base = charting.fit(metric.title), found.baseline
    rival = charting.fit(base.label if base else "", 40)
    above, below = ("better", "worse") if metric.goal else ("higher", "lower")
    edge = words.amount(full, unit, full) if full else "0"
    note = [
        f"{UP} and {DOWN} mark differences that hold after correction; the others are open.",
        f"Colour is full from {edge} on.",
        *_cut(found, limit),
    ]
    return Figure(
        draw=cellmap.draw,
        data=Picture(tuple(heads), names, tuple(tiles), (False,) * len(heads),
                     charting.capital(found.noun)),
        title=f"{name} by {found.noun}: difference from {rival}",
        description=_differences_words(found, against, name),
        legend=(
            LegendEntry(f"{above} than {rival}", "accent", swatch="area"),
            LegendEntry(f"{below} than {rival}", "warn", swatch="area"),
        ),
        height=cellmap.height(heads, names, numbers=fits),
        note=(" ".join(note),),
    )  # fmt: skip


def _digits(pairs: Sequence[Sequence[Pair]], sizes: Sequence[float]) -> Digits:
    """Decimals that the usual interval deserves."""
    found = [pair.result.adjusted for own in pairs for pair in own]
    widths = [interval.width for interval in found if interval is not None]
    if not widths or not 1e-8 < (width := float(np.median(widths))) < 1e6:
        return Digits.of(sizes)
    return Digits(formats.decimals_for(0.75 * width))


def _full(sizes: Sequence[float]) -> float:
    """The size from which on colour is full: one far-out difference does not pale the rest."""
    if not sizes:
        return 0.0
    found = np.abs(np.array(sizes))
    usual = float(np.quantile(found, 0.95))
    return usual if usual > 0 else float(found.max())


def _sign(pair: Pair) -> str:
    """An arrow where the difference holds after correction; up is up, whatever is better."""
    if label(pair.result) not in ("better", "worse", "differs", "negligible", AHEAD, BEHIND):
        return ""
    return UP if (pair.result.difference or 0.0) > 0 else DOWN


def _text(pair: Pair, digits: Digits) -> str:
    if pair.result.difference is None:
        return ""
    return f"{digits.signed(pair.result.difference)} {_sign(pair)}".rstrip()


def _head(row: SegmentRow) -> str:
    return charting.fit(row.label, cellmap.NAME_LENGTH)


def _ids(row: SegmentRow, index: int) -> tuple[str, ...]:
    return tuple(run.id for run in row.fits[index].sample.runs)


def _tip(found: Slices, row: SegmentRow, index: int) -> str:
    fit, metric = row.fits[index], found.metric
    said = f"{charting.fit(row.label)}\n{found.noun} {found.segments[index]}: "
    said += charting.value_text(fit.mean, metric)
    if (ends := fit.interval(found.design.level)) is not None:
        said += (
            f" ({charting.value_text(ends[0], metric)} to {charting.value_text(ends[1], metric)})"
        )
    return f"{said}\nn = {formats.number(fit.sample.values.size)}"


def _pair_tip(found: Slices, own: Against, pair: Pair) -> str:
    result, unit = pair.result, unit_of_difference(found.metric)
    spread = None if result.adjusted is None else result.adjusted.width
    said = f"{charting.fit(own.row.label)}\n{found.noun} {found.segments[pair.segment]}: "
    said += words.change(result.difference or 0.0, unit, spread)
    if result.adjusted is not None:
        said += f" ({words.ends(result.adjusted)})"
    return f"{said}\n{label(result)}"


def _cut(found: Slices, limit: int) -> list[str]:
    said = []
    if len(found.segments) > limit:
        said.append(f"The first {limit} of {len(found.segments)} segments are drawn.")
    if len(found.rows) > limit:
        said.append(f"The first {limit} of {len(found.rows)} groups are drawn.")
    return said


def _ramp(
    low: float, high: float, digits: Digits, unit: str, tiles: Sequence[Tile]
) -> tuple[LegendEntry, ...]:
    """The two ends and the middle, each with the runs of its third."""
    entries = []
    for start, token, value in ((0, 0, low), (3, 4, (low + high) / 2), (6, 8, high)):
        own = {f"ramp-{step}" for step in range(start, start + 3)}
        ids = dict.fromkeys(run for tile in tiles if tile.token in own for run in tile.run_ids)
        text = formats.with_unit(digits.text(value), unit)
        entries.append(LegendEntry(text, f"ramp-{token}", run_ids=tuple(ids), swatch="area"))
    return tuple(entries)


def _description(found: Slices, name: str) -> str:
    known = [
        (fit.mean, row, index)
        for row in found.rows
        for index, fit in enumerate(row.fits)
        if fit.mean is not None
    ]
    low, high = (pick(known, key=lambda entry: entry[0]) for pick in (min, max))
    parts = [
        f"{charting.fit(row.label, 40)} on {found.segments[index]} "
        f"({charting.value_text(mean, found.metric)})"
        for mean, row, index in (low, high)
    ]
    return (
        f"Means of {name}: {formats.count(len(found.rows), 'group')} by "
        f"{len(found.segments)} segments. Lowest {parts[0]}, highest {parts[1]}."
    )


def _differences_words(found: Slices, against: Sequence[Against], name: str) -> str:
    holds = [pair for own in against for pair in own.pairs if _sign(pair)]
    above = sum((pair.result.difference or 0.0) > 0 for pair in holds)
    return (
        f"Differences of {name} from the baseline: {formats.count(len(against), 'group')} by "
        f"{len(found.segments)} segments. {above} above and {len(holds) - above} below hold after "
        "correction."
    )


def _table(found: Slices, digits: Digits) -> Table:
    """The numbers behind the map, one column per segment."""
    unit = found.metric.unit or None
    columns = (
        Column("Group"),
        Column("n", hint="Fewest and most values of a segment"),
        *(Column(charting.fit(name, 30), "number", unit=unit, goal=found.metric.goal)
          for name in found.segments),
    )  # fmt: skip
    rows = []
    for row in found.rows:
        sizes = [fit.sample.values.size for fit in row.fits]
        n = f"{min(sizes)}" if min(sizes) == max(sizes) else f"{min(sizes)} to {max(sizes)}"
        means = (charting.cell(fit.mean, digits.text(fit.mean)) for fit in row.fits)
        name = Cell((charting.fit(row.label),), row.label)
        rows.append(Row((name, Cell((n,), n), *means), group_id=row.group_id))
    title = f"Means of {charting.fit(found.metric.title)} by group and {found.noun}"
    return Table(columns, tuple(rows), title, export="segments")
