"""Pages of earlier builds that would come out the same, so that nothing of them is done again.

A page is kept with the questions it asked of the report and digests of the answers (`tracing`),
under a key of everything else it is made from: the program, the theme, what the author wrote, and
where it stands. Kept are text and the keys of charts, never anything that is run; whatever is taken
from there passes the same verifier as all other pages.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol

from runreport.compose import Entry
from runreport.exact import exact
from runreport.kinds import Context
from runreport.render.figures import Chart
from runreport.render.page import RUNS, Links, Part, RenderedPage
from runreport.signs import program
from runreport.tracing import Answers, Pages, Question, Trace, traced

_EXPORT = re.compile(r"data/[a-z0-9/-]+\.(?:csv|tex|json)")


class Kept(Protocol):
    """Texts of earlier builds by their keys."""

    def get(self, key: str) -> str | None:
        """The text of that key, where it is held."""
        ...

    def put(self, key: str, text: str) -> None:
        """Hold a text for later builds."""
        ...


@dataclass(frozen=True, slots=True)
class Made:
    """A page, and what it was made from."""

    page: RenderedPage
    key: str | None = None
    """None: it needs no keeping, or cannot be kept."""
    questions: tuple[Question, ...] = ()


class Memory:
    """The pages of one build: recalled, or made and then kept.

    Args:
        pages: where they are kept; None: nowhere.
        charts: where the charts on them are.
        theme: a digest of all that pages take from their theme.
        report: what they are made from.
        links: what they lead to.
    """

    def __init__(
        self, pages: Kept | None, charts: Kept | None, theme: str, report: Context, links: Links
    ) -> None:
        self._pages, self._charts = pages, charts
        self._base = f"{program()} {theme}"
        self._report, self._links = report, links
        self._answers = Answers(report, links.run_pages)
        self._made: list[Made] = []
        self._digests: list[list[tuple[Question, str | None]]] = []

    def page(
        self, entry: Entry, subject: Context, make: Callable[[Context, Links], RenderedPage]
    ) -> Made:
        """The page of an entry about a subject, made only where no kept one is the same."""
        if self._pages is None:
            return Made(make(subject, self._links))
        slug = entry.slug_of(subject)
        key = self._key(entry, slug)
        if key is not None and (known := self._recall(key, slug, entry)) is not None:
            return Made(known)
        trace = Trace()
        links = replace(self._links, run_pages=Pages(self._links.run_pages, trace.note))
        page = make(traced(self._report, subject, trace), links)
        return Made(page, key, trace.questions)

    def take(self, made: Sequence[Made]) -> list[RenderedPage]:
        """Remember what these pages were made from, for `keep`; the pages."""
        self._made += [one for one in made if one.key is not None]
        return [one.page for one in made]

    @contextmanager
    def settling(self) -> Iterator[None]:
        """Digest the answers that pages got, while the caller waits for other processes."""
        thread = threading.Thread(target=self._settle, daemon=True)
        thread.start()
        try:
            yield
        finally:
            thread.join()

    def _settle(self) -> None:
        for made in self._made:
            self._digests.append([(one, self._answers.of(one)) for one in made.questions])

    def keep(self) -> None:
        """Keep the pages that were made, those whose charts are kept."""
        for made, answers in zip(self._made, self._digests, strict=True):
            told = all(digest is not None for _, digest in answers)
            if self._pages is not None and made.key is not None and told:
                page = _packed(made.page)
                if page is not None:
                    text = json.dumps({"asked": answers, "page": page}, separators=(",", ":"))
                    self._pages.put(made.key, text)

    def _key(self, entry: Entry, slug: str) -> str | None:
        try:
            written = exact((entry.page, slug, entry.in_navigation))
        except TypeError:
            # an option of some other kind: nothing tells whether it is the same
            return None
        text = f"page {self._base} {written}"
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

    def _recall(self, key: str, slug: str, entry: Entry) -> RenderedPage | None:
        """The kept page, if it would get the same answers now and all its charts are there."""
        text = None if self._pages is None else self._pages.get(key)
        if text is None:
            return None
        try:
            content = json.loads(text)
            for question, digest in content["asked"]:
                if digest is None or self._answers.of(tuple(question)) != digest:
                    return None
            return self._unpacked(content["page"], slug, entry)
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            return None

    def _unpacked(self, page: Mapping[str, Any], slug: str, entry: Entry) -> RenderedPage:
        exports = {name: text.encode("latin-1") for name, text in page["exports"].items()}
        if not all(_EXPORT.fullmatch(name) for name in exports):
            raise ValueError("a file in another place")
        texts = (page["title"], page["markdown"])
        if not all(isinstance(text, str) for text in texts):
            raise TypeError("no text")
        slots = {
            int(number): tuple(map(self._part, parts)) for number, parts in page["slots"].items()
        }
        return RenderedPage(
            title=page["title"],
            slug=slug,
            markdown=page["markdown"],
            slots=slots,
            exports=exports,
            in_navigation=entry.in_navigation,
            stated=tuple(dict(one) for one in page["stated"]),
            # what is known of the runs may have changed where nothing of the page has
            runs=self._links.runs if RUNS in slots else None,
        )

    def _part(self, part: str | Mapping[str, str]) -> Part:
        if isinstance(part, str):
            return part
        svg = None if self._charts is None else self._charts.get(part["chart"])
        if svg is None:
            raise LookupError("its chart is not there")
        return svg


def _packed(page: RenderedPage) -> Mapping[str, Any] | None:
    """The page as JSON holds it; None where one of its charts is not kept."""
    found: dict[str, list[Any]] = {}
    for number, parts in page.slots.items():
        own = found.setdefault(str(number), [])
        for part in parts:
            if isinstance(part, str):
                own.append(part)
            elif isinstance(part, Chart) and part.key is not None:
                own.append({"chart": part.key})
            else:
                return None
    return {
        "title": page.title,
        "markdown": page.markdown,
        "slots": found,
        "exports": {name: data.decode("latin-1") for name, data in page.exports.items()},
        "stated": list(page.stated),
    }
