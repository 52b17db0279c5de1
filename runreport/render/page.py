"""From a Document to Markdown with slots: each block is rendered once, by the theme's templates.

Sentences stand in the Markdown as one-line HTML, where the engine's search finds them. Tables and
charts wait in slots. Data reach both through `emit` alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from runreport import blocks as b
from runreport.render import emit, exports, slots
from runreport.render.emit import Trusted
from runreport.render.notes import note_html
from runreport.render.rundata import RunData
from runreport.render.stated import sections_of
from runreport.render.theme import Theme

RUNS = 9999
"""The slot of what a page may be asked about its runs."""

Submit = Callable[[b.Figure, str], "Future[str]"]
Part = str | Future[str]

# cleaned text holds no NUL, so no data can look like the place of a chart
_TOGETHER = re.compile(r"(?<![\w&#.])\d+(?:\.\d+)? %|\b[npF] (?:=|&#60;) \d+(?:\.\d+)?")
"""What no line of a sentence ends within: `95 %`, `p = 0.03`. Its letters stay as they are."""

_PLACE = re.compile("\0(\\d+)\0")

SYMBOLS: Mapping[str, tuple[str, str]] = {
    "best": ("\u2605", "best"),
    "better": ("\u25b2", "better"),
    "worse": ("\u25bc", "worse"),
    "warning": ("\u26a0", "warning"),
    "differs": ("\u2260", "differs"),
}
"""Direction is told by a sign and a word, not by colour alone."""


@dataclass(frozen=True, slots=True)
class Links:
    """Where the report has a page about something."""

    run_pages: Mapping[str, str] = field(default_factory=dict)
    """Run id to slug."""
    runs: RunData | None = None
    """What pages of the navigation know of the runs on them."""


@dataclass(frozen=True, slots=True)
class RenderedPage:
    """A page as the site is built from it."""

    title: str
    slug: str
    markdown: str
    slots: Mapping[int, tuple[Part, ...]]
    """Slot number to its parts; charts may still be under way."""
    exports: Mapping[str, bytes]
    """Files beside the pages, by path."""
    in_navigation: bool
    stated: tuple[dict[str, Any], ...] = ()
    """What its sections state, as plain data."""
    runs: RunData | None = None
    """What it may be asked about its runs; `RUNS` is its slot."""


def render_page(document: b.Document, theme: Theme, links: Links, submit: Submit) -> RenderedPage:
    """Markdown, slots and data files of one page."""
    writer = _Writer(document, theme, links, submit)
    lines = [
        "---",
        f"title: {json.dumps(emit.title(document.title))}",
        *(() if document.in_navigation else ("search:", "  exclude: true")),
        "---",
        "",
        f"# {emit.heading(document.title)}",
    ]
    fragments: dict[int, tuple[Part, ...]] = {}
    blocks = document.blocks
    if not document.in_navigation:
        # no search and no table of contents reads this page: one slot holds all of it
        fragments[1] = writer.parts("".join(map(writer.block, blocks)))
        lines += ["", slots.slot(1)]
        blocks = ()
    for block in blocks:
        if isinstance(block, b.Headline):
            lines += ["", f"{'#' * block.level} {emit.heading(block.text)}"]
            continue
        markup = writer.block(block)
        if _is_prose(block):
            # one line: Markdown leaves a raw block alone until a blank line
            lines += ["", markup]
        else:
            number = len(fragments) + 1
            fragments[number] = writer.parts(markup)
            lines += ["", slots.slot(number)]
    runs = links.runs if document.in_navigation and fragments else None
    if runs is not None:
        fragments[RUNS] = ()
        lines += ["", slots.slot(RUNS)]
    return RenderedPage(
        title=document.title,
        slug=document.slug,
        markdown="\n".join(lines) + "\n",
        slots=fragments,
        exports=writer.files,
        in_navigation=document.in_navigation,
        stated=tuple(sections_of(document.stated)),
        runs=runs,
    )


def _is_prose(block: b.Block) -> bool:
    """Whether a block belongs in the search index."""
    if isinstance(block, b.Table):
        return block.searchable
    if isinstance(block, b.Note | b.Fold):
        return all(_is_prose(inner) for inner in block.body)
    return not isinstance(block, b.Figure | b.Preformatted)


class _Writer:
    """Renders the blocks of one page."""

    def __init__(self, document: b.Document, theme: Theme, links: Links, submit: Submit) -> None:
        self._slug = document.slug
        self._export = document.in_navigation
        self._root = "../" * document.slug.count("/")
        self._templates = theme.templates
        self._links = links
        self._submit = submit
        self._charts: list[Future[str]] = []
        self.files: dict[str, bytes] = {}

    def parts(self, markup: str) -> tuple[Part, ...]:
        """The markup, cut where charts come in."""
        pieces: list[Part] = []
        for index, piece in enumerate(_PLACE.split(markup)):
            pieces.append(self._charts[int(piece)] if index % 2 else piece)
        return tuple(pieces)

    def block(self, block: b.Block) -> str:  # one line per kind of block
        """One block as one line of HTML."""
        if isinstance(block, b.Text):
            kind = "" if block.role == "plain" else f' class="rr-{block.role}"'
            return f"<p{kind}>{self.words(block.words).markup}</p>"
        if isinstance(block, b.Bullets):
            items = "".join(f"<li>{self.words(item).markup}</li>" for item in block.items)
            return f'<ul class="rr-bullets">{items}</ul>'
        if isinstance(block, b.Table):
            return self._table(block)
        if isinstance(block, b.Figure):
            return self._figure(block)
        if isinstance(block, b.Facts):
            return self._fill("facts.html", facts=block)
        if isinstance(block, b.Note):
            return self._fill("note.html", note=block, body=self._body(block.body))
        if isinstance(block, b.Fold):
            return self._fill("fold.html", fold=block, body=self._body(block.body))
        if isinstance(block, b.Preformatted):
            caption = (
                f'<p class="rr-caption">{emit.html(block.caption)}</p>' if block.caption else ""
            )
            return f'{caption}<pre class="rr-pre"><code>{emit.html(block.text)}</code></pre>'
        if isinstance(block, b.Download):
            return self._download(block)
        if isinstance(block, b.Markdown):
            return f'<div class="rr-markdown">{note_html(block.text)}</div>'
        return f"<h{block.level}>{emit.html(block.text)}</h{block.level}>"

    def words(self, words: b.Words) -> Trusted:
        """A sentence as markup."""
        return Trusted(self._sentence(words))

    def _sentence(self, words: b.Words) -> str:
        return "".join([self._word(word) for word in words])

    def _word(self, word: b.Inline) -> str:
        if isinstance(word, str):
            return _TOGETHER.sub(r'<span class="rr-together">\g<0></span>', emit.html(word))
        text = emit.html(word.text)
        if isinstance(word, b.Strong):
            return f"<strong>{text}</strong>"
        if isinstance(word, b.Code):
            return f'<code class="rr-code">{text}</code>'
        if isinstance(word, b.Muted):
            return f'<span class="rr-muted">{text}</span>'
        if isinstance(word, b.RunRef):
            token = emit.run_token(word.run_id)
            slug = self._links.run_pages.get(word.run_id)
            if slug is None or slug == self._slug:
                return f'<span class="rr-run" data-run="{token}">{text}</span>'
            return f'<a class="rr-run" data-run="{token}" href="{self._root}{slug}.html">{text}</a>'
        address = emit.href(word.url)
        if address is None:
            return text
        return f'<a href="{address}" rel="noopener noreferrer">{text}</a>'

    def _body(self, body: Sequence[b.Block]) -> Trusted:
        return Trusted("".join(self.block(block) for block in body))

    def _fill(self, template: str, **values: Any) -> str:
        markup = self._templates.get_template(template).render(
            words=self.words, tokens=emit.run_tokens, root=self._root, **values
        )
        # data carry no line feed any more: these are the template's own
        return markup.replace("\n", "")

    def _figure(self, figure: b.Figure) -> str:
        number = len(self._charts)
        self._charts.append(self._submit(figure, emit.identifier("c", f"{self._slug}/{number}")))
        table = None if figure.table is None else Trusted(self._table(figure.table))
        return self._fill("figure.html", figure=figure, svg=Trusted(f"\0{number}\0"), table=table)

    def _table(self, table: b.Table) -> str:
        export = None
        if table.export is not None and self._export:
            export = exports.path(self._slug, table.export, self.files)
            self.files[f"{export}.csv"] = exports.csv(table)
            self.files[f"{export}.tex"] = exports.latex(table)
        families = [
            (name, len(list(group))) for name, group in groupby(c.family for c in table.columns)
        ]
        return self._fill(
            "table.html",
            table=table,
            families=families if any(name for name, _ in families) else (),
            rows=Trusted("".join(self._rows(table))),
            export=export,
        )

    def _download(self, file: b.Download) -> str:
        words = self.words(file.words).markup
        if not self._export:
            return f"<p>{emit.html(file.title)}{words}</p>"
        path = exports.own_path(self._slug, file.name, self.files)
        self.files[path] = file.content.encode()
        link = f'<a href="{self._root}{path}" download>{emit.html(file.title)}</a>'
        return f"<p>{link}{words}</p>"

    def _rows(self, table: b.Table) -> Iterator[str]:
        numeric = [column.kind in ("number", "time") for column in table.columns]
        for row in table.rows:
            yield "<tr"
            if row.run_id is not None:
                yield f' data-run="{emit.run_token(row.run_id)}"'
            if "differs" in row.marks:
                yield " data-differs"
            if classes := " ".join(f"rr-{mark}" for mark in sorted(row.marks - {"differs"})):
                yield f' class="{classes}"'
            yield ">"
            for cell, is_number in zip(row.cells, numeric, strict=True):
                yield self._cell(cell, is_number)
            yield "</tr>"

    def _cell(self, cell: b.Cell, is_number: bool) -> str:
        marks = sorted(cell.marks)
        classes = ["rr-number"] if is_number else []
        classes += [f"rr-{mark}" for mark in marks]
        start = f'<td class="{" ".join(classes)}"' if classes else "<td"
        value = ""
        if cell.value is not None and (is_number or isinstance(cell.value, str)):
            text = repr(cell.value) if isinstance(cell.value, int | float) else cell.value
            # text sorts and exports by what is read unless it says otherwise
            if is_number or (text,) != cell.words:
                value = f' data-value="{emit.attr(text)}"'
        symbols = ""
        for mark in marks:
            if mark in SYMBOLS:
                sign, word = SYMBOLS[mark]
                symbols += f'<span class="rr-symbol" role="img" aria-label="{word}">{sign}</span>'
        return f"{start}{value}>{symbols}{self._sentence(cell.words)}</td>"
