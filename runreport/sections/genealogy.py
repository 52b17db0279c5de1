"""A chart of where results come from: data and code, groups of runs, models, aliases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runreport import formats
from runreport.blocks import Cell, Column, Figure, Row, Table
from runreport.drawing import Drawing, Mark, Marks, Style
from runreport.kinds import Context
from runreport.sections import ancestry, charting
from runreport.tables import Lineage, Run

MOST = 40
"""Nodes drawn."""

PER_COLUMN = 14
"""Nodes of one column."""

TITLES = ("Data and code", "Runs", "Models", "Aliases")

LABEL = 26
"""Characters of a node's label."""


@dataclass(frozen=True, slots=True)
class Node:
    """One box."""

    column: int
    label: str
    detail: str
    """Second line: a digest, a count."""
    run_ids: tuple[str, ...]
    token: str
    """Colour of its edge."""


@dataclass(frozen=True, slots=True)
class Edge:
    """From one node to another, by their places in the list."""

    start: int
    end: int
    run_ids: tuple[str, ...]
    token: str


@dataclass(frozen=True, eq=False)
class Graph:
    """What is drawn, column by column, each from top to bottom."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    left_out: int
    """Nodes that are not drawn."""

    @property
    def columns(self) -> tuple[int, ...]:
        """The columns that have a node."""
        return tuple(sorted({node.column for node in self.nodes}))

    @property
    def tallest(self) -> int:
        """Nodes of the longest column."""
        return max(
            (sum(node.column == column for node in self.nodes) for column in self.columns),
            default=0,
        )


Key = tuple[int, str, str]


class _Making:
    """Collects nodes and edges by what they stand for."""

    def __init__(self) -> None:
        self.nodes: dict[Key, tuple[str, str, dict[str, None]]] = {}
        self.edges: dict[tuple[Key, Key], dict[str, None]] = {}

    def node(self, column: int, label: str, detail: str, run: Run, name: str = "") -> Key:
        key = (column, name or label, "" if name else detail)
        _, _, runs = self.nodes.setdefault(key, (label, detail, {}))
        runs[run.id] = None
        return key

    def edge(self, start: Key, end: Key, run: Run) -> None:
        self.edges.setdefault((start, end), {})[run.id] = None


def graph(context: Context) -> Graph:
    """Data, code, groups, models and aliases, and what leads to what."""
    making = _Making()
    colors: dict[Key, str] = {}
    for group in context.groups:
        count = formats.count(len(group.runs), "run")
        for run in group.runs:
            place = making.node(1, group.label, count, run, name=group.id)
            colors[place] = group.color
            for key in _origins(making, run):
                making.edge(key, place, run)
            for model in ancestry.made(run):
                own = making.node(2, model.name, model.version or model.digest or "", run)
                making.edge(place, own, run)
                for alias in model.aliases:
                    making.edge(own, making.node(3, alias, model.name, run), run)
    return _drawn(making, colors)


def _origins(making: _Making, run: Run) -> list[Key]:
    # what is shown of a digest may be the same for two
    found = [
        making.node(
            0, fact.name, _about(fact), run, name=f"{fact.name} {fact.version} {fact.digest}"
        )
        for fact in ancestry.data_of(run)
    ]
    for commit in ancestry.commits([run]):
        dirty = any(fact.kind == "code" and fact.dirty for fact in run.lineage)
        label = "code + changes" if dirty else "code"
        found.append(making.node(0, label, commit[:10], run))
    found += [
        making.node(0, fact.name, _brief(fact.version or fact.digest) or "model", run)
        for fact in ancestry.used(run)
    ]
    return found


def _about(fact: Lineage) -> str:
    """`training a1b2c3`: what data were used for, and their digest."""
    return " ".join(filter(None, (fact.version, _brief(fact.digest) or "no digest")))


def _brief(text: str | None) -> str:
    return charting.fit((text or "").rpartition(":")[2], 60)[:6]


def _drawn(making: _Making, colors: Mapping[Key, str]) -> Graph:
    """The graph that fits: of every column the first nodes, those with most runs first."""
    columns: list[list[Key]] = [[key for key in making.nodes if key[0] == c] for c in range(4)]
    kept: list[list[Key]] = []
    room = max(1, MOST // max(1, sum(bool(keys) for keys in columns)))
    for column, keys in enumerate(columns):
        # groups keep the report's order; what most runs share comes first elsewhere
        if column != 1:
            keys = sorted(keys, key=lambda key: (-len(making.nodes[key][2]), key))
        kept.append(keys[: min(room, PER_COLUMN)])
    kept = _untangled(kept, making)
    order = [key for keys in kept for key in keys]
    at = {key: place for place, key in enumerate(order)}
    nodes = tuple(
        Node(
            key[0],
            charting.fit(making.nodes[key][0], LABEL),
            charting.fit(making.nodes[key][1], LABEL),
            tuple(making.nodes[key][2]),
            colors.get(key, "ink-muted"),
        )
        for key in order
    )
    edges = tuple(
        Edge(at[one], at[other], tuple(runs), colors.get(one) or colors.get(other) or "ink-muted")
        for (one, other), runs in making.edges.items()
        if one in at and other in at
    )
    return Graph(nodes, edges, len(making.nodes) - len(nodes))


def _untangled(kept: list[list[Key]], making: _Making) -> list[list[Key]]:
    """Columns in which what belongs together stands at one height: each node at the mean place of
    what it is tied to in the column of groups, then outwards (Sugiyama et al. 1981).
    """
    for column, beside in ((0, 1), (2, 1), (3, 2)):
        places = {key: place for place, key in enumerate(kept[beside])}

        def mean(key: Key, known: Mapping[Key, int] = places) -> float:
            tied = [
                known[other]
                for pair in making.edges
                if key in pair
                for other in pair
                if other in known
            ]
            return sum(tied) / len(tied) if tied else float(len(known))

        kept[column] = sorted(kept[column], key=mean)
    return kept


# ---- blocks --------------------------------------------------------------------------------------


def figure(found: Graph) -> Figure | None:
    """The chart; None where nothing leads to anything."""
    if not found.edges:
        return None
    counts = [sum(node.column == column for node in found.nodes) for column in range(4)]
    said = ", ".join(
        formats.count(count, noun)
        for count, noun in zip(counts, ("origin", "group", "model", "alias name"), strict=True)
        if count
    )
    note = f"{formats.count(found.left_out, 'node')} left out." if found.left_out else ""
    return Figure(
        draw=draw,
        data=found,
        title="Where the results come from",
        description=f"A graph from data and code over runs to models and aliases: {said}.",
        table=_table(found),
        height=0.6 + 0.46 * found.tallest,
        note=(note,) if note else (),
    )


def _table(found: Graph) -> Table:
    rows = tuple(
        Row(
            (
                _cell(found.nodes[edge.start]),
                _cell(found.nodes[edge.end]),
                charting.cell(float(len(edge.run_ids))),
            )
        )
        for edge in found.edges
    )
    columns = (Column("From"), Column("To"), Column("Runs", "number"))
    return Table(columns, rows, "What leads to what")


def _cell(node: Node) -> Cell:
    return Cell((" ".join(filter(None, (node.label, node.detail))),))


# ---- drawing -------------------------------------------------------------------------------------


def draw(found: Graph, style: Style) -> Drawing:
    """Boxes in columns, and bands between them as wide as they have runs."""
    from matplotlib.collections import PathCollection, PolyCollection
    from matplotlib.figure import Figure as Canvas

    figure = Canvas(figsize=(style.width, style.height))
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    wide, high = style.width * 100, style.height * 100
    axes.set_xlim(0, wide)
    axes.set_ylim(high, 0)
    axes.set_axis_off()
    boxes = _boxes(found, wide, high, style.font_size * 100 / 72)
    most = max(len(edge.run_ids) for edge in found.edges)
    axes.add_collection(
        PathCollection(
            [_band(boxes[edge.start], boxes[edge.end]) for edge in found.edges],
            edgecolors=[style.color(edge.token) for edge in found.edges],
            facecolors="none",
            linewidths=[1.0 + 2.0 * len(edge.run_ids) / most for edge in found.edges],
            alpha=0.55,
            gid="m0",
            zorder=1,
        ),
        autolim=False,
    )
    axes.add_collection(
        PolyCollection(
            [_corners(box) for box in boxes],
            facecolors=style.color("surface"),
            edgecolors=[style.color(node.token) for node in found.nodes],
            linewidths=1.2,
            gid="m1",
            zorder=2,
        ),
        autolim=False,
    )
    _write(axes, found, boxes, style)
    edges = [
        Mark(edge.run_ids, f"{_words(found.nodes[edge.start])}\n{_words(found.nodes[edge.end])}")
        for edge in found.edges
    ]
    nodes = [Mark(node.run_ids, _words(node)) for node in found.nodes]
    return Drawing(figure, (Marks("m0", tuple(edges)), Marks("m1", tuple(nodes))))


Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""


def _boxes(found: Graph, wide: float, high: float, line: float) -> list[Box]:
    columns = found.columns
    top = line * 2.2
    gap = 36.0
    width = (wide - gap * (len(columns) - 1) - 4) / len(columns)
    step = (high - top) / found.tallest
    tall = min(step - 8, line * 2.9)
    made: list[Box] = []
    for column in columns:
        count = sum(node.column == column for node in found.nodes)
        left = 2 + columns.index(column) * (width + gap)
        start = top + (high - top - count * step) / 2
        for place in range(count):
            middle = start + (place + 0.5) * step
            made.append((left, middle - tall / 2, left + width, middle + tall / 2))
    return made


def _corners(box: Box) -> list[tuple[float, float]]:
    left, top, right, bottom = box
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def _band(start: Box, end: Box) -> Any:
    from matplotlib.path import Path

    x0, y0 = start[2], (start[1] + start[3]) / 2
    x1, y1 = end[0], (end[1] + end[3]) / 2
    bend = (x1 - x0) / 2
    points = [(x0, y0), (x0 + bend, y0), (x1 - bend, y1), (x1, y1)]
    return Path(points, [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4])


def _write(axes: Any, found: Graph, boxes: Sequence[Box], style: Style) -> None:
    line = style.font_size * 100 / 72
    for node, box in zip(found.nodes, boxes, strict=True):
        middle, left = (box[1] + box[3]) / 2, box[0] + 8
        # a phone enlarges the text
        room = (box[2] - box[0] - 12) / (line * 0.7)
        shift = line * 0.72 if node.detail else 0.0
        axes.text(
            left, middle - shift, charting.fit(node.label, max(6, int(room))),
            ha="left", va="center", color=style.color("ink"), zorder=3,
        )  # fmt: skip
        if node.detail:
            axes.text(
                left, middle + shift, charting.fit(node.detail, max(6, int(room * 0.97))),
                ha="left", va="center", color=style.color("ink-muted"),
                fontsize=style.font_size * 0.88, zorder=3,
            )  # fmt: skip
    for column in found.columns:
        box = next(b for n, b in zip(found.nodes, boxes, strict=True) if n.column == column)
        axes.text(
            box[0], line * 0.3, TITLES[column], ha="left", va="top",
            color=style.color("ink-muted"), fontweight="bold",
        )  # fmt: skip


def _words(node: Node) -> str:
    return f"{node.label} {node.detail}".strip()
