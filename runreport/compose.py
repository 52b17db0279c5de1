"""The pages of a report as blocks: every section computed and presented, subjects filled in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from runreport import registry
from runreport.blocks import Block, Document, Figure, Headline, Stated, Text
from runreport.errors import Problem, Span, SpecError
from runreport.kinds import Context
from runreport.render import emit
from runreport.sections.verdicts import verdict_words
from runreport.spec.model import PageEntry, Spec

GROUPS_IN_NAVIGATION = 12
"""More group pages than this are reached from tables only."""

RESERVED = ("index", "search", "404", "data", "assets")
"""Names that pages of the site's own have."""

RUN_FIELDS = ("id", "name", "experiment", "status", "user", "source")

PLACEHOLDER = re.compile(r"\$\$|\$\{((?:run|group|verdict)\.[^{}]+)\}")


@dataclass(frozen=True, eq=False)
class Entry:
    """One entry of `pages`: as many pages as it has subjects."""

    page: PageEntry
    slug: str
    subjects: tuple[Context, ...]
    """What each page is about; the whole report where the entry is one page."""
    in_navigation: bool

    def slug_of(self, subject: Context) -> str:
        """Where the page about a subject is, without its ending."""
        return _subject_slug(self.page, self.slug, subject)

    def write(self, subjects: slice) -> Iterator[Document]:
        """The pages of some of its subjects, one after the other."""
        yield from map(self.document, self.subjects[subjects])

    def document(self, subject: Context) -> Document:
        """The page about a subject, as blocks."""
        blocks, stated = _content(self.page, subject)
        return Document(
            title=fill_placeholders(self.page.title, subject, str, self.page.span),
            slug=self.slug_of(subject),
            blocks=blocks,
            in_navigation=self.in_navigation,
            stated=stated,
        )


def entries(spec: Spec, context: Context) -> tuple[Entry, ...]:
    """The entries of `pages`, in order."""
    slugs = _page_slugs(spec.pages)
    few = len(context.groups) <= GROUPS_IN_NAVIGATION
    return tuple(
        Entry(
            page,
            slug,
            subjects=tuple(_subjects(page, context)),
            in_navigation=page.foreach is None or (page.foreach == "group" and few),
        )
        for page, slug in zip(spec.pages, slugs, strict=True)
    )


def run_pages(spec: Spec, context: Context) -> Mapping[str, str]:
    """Run id to the slug of its page, where the report has run pages."""
    for page, slug in zip(spec.pages, _page_slugs(spec.pages), strict=True):
        if page.foreach == "run":
            return {
                run.id: _subject_slug(page, slug, replace(context, subject_run=run))
                for run in context.runs
            }
    return {}


def _subjects(page: PageEntry, context: Context) -> Iterator[Context]:
    if page.foreach == "run":
        for run in context.runs:
            yield replace(context, subject_run=run, subject_group=context.group_of(run))
    elif page.foreach == "group":
        for member in context.groups:
            yield replace(context, subject_group=member)
    else:
        yield context


def _content(page: PageEntry, context: Context) -> tuple[tuple[Block, ...], tuple[Stated, ...]]:
    """What a page is made of, and what its sections state as data."""
    blocks: list[Block] = []
    stated: list[Stated] = []
    for entry in page.sections:
        section = registry.SECTIONS[entry.kind]
        title = section.title if entry.title is None else entry.title
        heading = fill_placeholders(title, context, str, entry.span) if title else ""
        if title and (entry.title is not None or len(page.sections) > 1):
            blocks.append(Headline(heading))
        options = entry.options
        if entry.kind == "text":
            # data meet the author's Markdown here, so they are coded like any inline data
            text = fill_placeholders(options.text, context, emit.md, entry.span)
            options = replace(options, text=text)
        data = section.compute(context, options)
        shown = section.present(data, options)
        if not title and entry.title is None and len(page.sections) > 1:
            shown = _headed(shown)
        blocks += shown
        if section.record is not None:
            stated.append(Stated(entry.kind, heading, section.record(data)))
    return tuple(blocks), tuple(stated)


def _headed(shown: tuple[Block, ...]) -> tuple[Block, ...]:
    """The title of a chart that a section begins with as its heading, so that the navigation
    lists it; sentences may come before the chart.
    """
    lead = list(takewhile(lambda block: isinstance(block, Text), shown))
    figure = shown[len(lead)] if len(lead) < len(shown) else None
    if not isinstance(figure, Figure):
        return shown
    rest = shown[len(lead) + 1 :]
    return (Headline(figure.title), *lead, replace(figure, is_captioned=False), *rest)


def fill_placeholders(
    text: str, context: Context, encode: Callable[[str], str], span: Span | None = None
) -> str:
    """What `${run.name}`, `${group.label}`, `${verdict.val_loss}` stand for; `$$` is a dollar.

    Raises:
        SpecError: RR430 for a verdict that the report does not reach.
    """
    return PLACEHOLDER.sub(lambda match: encode(_placeholder(match[1], context, span)), text)


def _placeholder(path: str | None, context: Context, span: Span | None) -> str:
    if path is None:
        return "$"
    kind, _, rest = path.strip().partition(".")
    if kind == "run":
        return _of_run(rest, context)
    if kind == "group":
        return _of_group(rest, context)
    words = verdict_words(context, rest)
    if words is None:
        message = f"`${{{path}}}` names no comparison of this report"
        hint = "name a metric, or a metric and a group: ${verdict.val_loss.adam}"
        raise SpecError(Problem("RR430", message, span, hint))
    return words


def _of_run(path: str, context: Context) -> str:
    run = context.subject_run
    if run is None:
        return ""
    family, _, name = path.partition(".")
    if family == "params" and name:
        return run.params[name].text if name in run.params else ""
    if family == "tags" and name:
        return run.tags.get(name, "")
    return str(getattr(run, path, "") or "") if path in RUN_FIELDS else ""


def _of_group(path: str, context: Context) -> str:
    member = context.subject_group
    if member is None:
        return ""
    if path in ("label", "name"):
        return member.label
    return dict(member.key).get(path.removeprefix("params."), "")


def _page_slugs(pages: Sequence[PageEntry]) -> list[str]:
    """`index` for the first page of the navigation, then words of the author's titles: data never
    reach a path.
    """
    first = next((page for page in pages if page.foreach is None), None)
    slugs: list[str] = []
    for page in pages:
        words = re.sub(r"[^a-z0-9]+", "-", PLACEHOLDER.sub("", page.title).lower()).strip("-")
        base = words[:40] or "page"
        if page is first:
            base = "index"
        elif base in RESERVED:
            base = f"{base}-page"
        tries = (base, *(f"{base}-{number}" for number in range(2, len(pages) + 2)))
        slugs.append(next(slug for slug in tries if slug not in slugs))
    return slugs


def _subject_slug(page: PageEntry, slug: str, context: Context) -> str:
    if page.foreach == "run" and context.subject_run is not None:
        return f"{slug}/{emit.run_token(context.subject_run.id)}"
    if page.foreach == "group" and context.subject_group is not None:
        return f"{slug}/{context.subject_group.id}"
    return slug
