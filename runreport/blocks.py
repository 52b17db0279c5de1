"""What a page is made of: frozen data, no strings of HTML.

Every `str` in a block is data and is encoded where it is emitted; nothing here carries markup
except `Markdown`, the author's own text, which is sanitised.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from runreport.drawing import Drawing, Style

# ---- words: what a sentence or a cell is made of ---------------------------------------------


@dataclass(frozen=True, slots=True)
class Strong:
    """Emphasised words."""

    text: str


@dataclass(frozen=True, slots=True)
class Code:
    """A name or value as logged."""

    text: str


@dataclass(frozen=True, slots=True)
class Muted:
    """Words of less weight."""

    text: str


@dataclass(frozen=True, slots=True)
class RunRef:
    """A run's name; a link where the report has a page for it, and highlighted with it."""

    run_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Href:
    """A link to an address from data; shown as text unless its scheme is allowed."""

    url: str
    text: str


Inline: TypeAlias = str | Strong | Code | Muted | RunRef | Href
Words: TypeAlias = tuple[Inline, ...]

# ---- tables ------------------------------------------------------------------------------------

Mark = Literal["best", "better", "worse", "baseline", "missing", "differs", "warning", "muted"]
"""Each is shown by a symbol and a class, never by colour alone."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    title: str
    kind: Literal["text", "number", "time", "status"] = "text"
    unit: str | None = None
    goal: Literal["maximize", "minimize"] | None = None
    """Shown as an arrow in the heading."""
    hint: str | None = None
    """A longer explanation of the heading."""
    family: str | None = None
    """Neighbouring columns of one family share a heading above (params, metrics, ...)."""
    hidden: bool = False
    """Hidden at first; the column chooser shows it. Without JavaScript every column shows."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: what is read, and what it sorts and exports by."""

    words: Words = ()
    value: float | str | None = None
    """Sort and export value, unrounded; None when missing."""
    marks: frozenset[Mark] = frozenset()


@dataclass(frozen=True, slots=True)
class Row:
    """One row of cells, belonging to a run or a group where it does."""

    cells: tuple[Cell, ...]
    run_id: str | None = None
    group_id: str | None = None
    marks: frozenset[Mark] = frozenset()
    """`differs` rows are what the differences-only switch keeps; `baseline` is the reference."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table; sortable and filterable in the browser, complete without it."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    caption: str
    """Says what is seen; read by screen readers, shown above the table."""
    note: Words = ()
    """Shown below: what was left out, what marks mean."""
    export: str | None = None
    """File stem under `data/`: the table is also written as CSV and LaTeX, and can be copied."""
    differences: bool = False
    """Offer a switch that hides rows not marked `differs`; it is on at first."""
    searchable: bool = False
    """Whether its words belong in the site's search index (small tables only)."""


# ---- figures -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """One line of a legend, written as HTML beside the chart."""

    label: str
    token: str
    """Colour token, as in `Style.color`."""
    dash: str | None = None
    """SVG dash pattern where colour is not enough."""
    run_ids: tuple[str, ...] = ()
    """Highlighted together."""
    swatch: Literal["line", "dot", "area"] = "line"
    """What stands for it in the chart."""
    shape: str | None = None
    """Of its marks, one of `drawing.SHAPES`."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart: a picklable module-level function and the numbers it draws."""

    draw: Callable[[Any, Style], Drawing]
    data: Any
    """Picklable, finite where it is drawn."""
    title: str
    description: str
    """What the chart shows, in words: its accessible description."""
    table: Table | None = None
    """The numbers behind it, folded below."""
    legend: tuple[LegendEntry, ...] = ()
    width: float = 7.2
    """Inches."""
    height: float = 4.0
    note: Words = ()
    """Shown below: sampling, points left out and why."""
    is_captioned: bool = True
    """Whether the title stands above it; not where it is the heading of its section."""


# ---- other blocks --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Headline:
    """A heading; its anchor is generated."""

    text: str
    level: Literal[2, 3, 4] = 2


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph."""

    words: Words
    role: Literal["plain", "lead", "small"] = "plain"


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list of short items."""

    items: tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """One labelled value of a `Facts` block."""

    label: str
    words: Words
    detail: Words = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """Labelled values side by side: the figures a reader should see first."""

    items: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """A call-out."""

    kind: Literal["info", "success", "warning", "danger"]
    title: str
    body: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True)
class Fold:
    """Blocks behind a summary line, closed at first; open in print."""

    title: str
    body: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Preformatted:
    """Text as it is: a command, a log's tail."""

    text: str
    caption: str | None = None


@dataclass(frozen=True, slots=True)
class Download:
    """A file that is written beside the pages, and the sentence that leads to it."""

    name: str
    """`folder/stem`: lower case letters, digits and hyphens, never data; `.json` is added."""
    content: str
    """JSON."""
    title: str
    """What its link says."""
    words: Words = ()
    """What it is, after the link."""


@dataclass(frozen=True, slots=True)
class Markdown:
    """The author's Markdown (or a run's note); sanitised before it is shown."""

    text: str


Block: TypeAlias = (
    Headline
    | Text
    | Bullets
    | Facts
    | Note
    | Fold
    | Table
    | Figure
    | Preformatted
    | Download
    | Markdown
)


@dataclass(frozen=True, slots=True)
class Stated:
    """What one section states, as data: the same numbers as its sentences."""

    section: str
    """Its kind."""
    title: str
    facts: Any
    """Dicts, lists, frozen dataclasses, strings, numbers."""


@dataclass(frozen=True, slots=True)
class Document:
    """A page before it is rendered."""

    title: str
    slug: str
    """Generated, safe as a file name: data never reach a path."""
    blocks: tuple[Block, ...]
    in_navigation: bool = True
    """Run pages stay out of navigation and search."""
    stated: tuple[Stated, ...] = ()
