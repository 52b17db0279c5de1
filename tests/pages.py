"""Pages and sites made of blocks, for tests of rendering."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from runreport import blocks as b
from runreport.render import engine
from runreport.render.figures import draw_svg
from runreport.render.page import Links, RenderedPage, render_page
from runreport.render.site import SiteInfo, build_site
from runreport.render.theme import Theme, load_theme

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def theme(name: str = "default") -> Theme:
    return load_theme(name, Path())


def page(
    blocks: Sequence[b.Block], title: str = "A page", slug: str = "index", **more: Any
) -> RenderedPage:
    """One page, its charts drawn in this process."""
    chosen = theme()

    def submit(figure: b.Figure, prefix: str) -> Future[str]:
        done: Future[str] = Future()
        done.set_result(draw_svg(figure, chosen.colors, chosen.font_size, prefix))
        return done

    links = Links(more.pop("run_pages", {}))
    return render_page(b.Document(title, slug, tuple(blocks), **more), chosen, links, submit)


def html_of(rendered: RenderedPage) -> str:
    """All markup of a page: its Markdown and its slots."""
    parts = [part for parts in rendered.slots.values() for part in parts]
    texts = [part.result() if isinstance(part, Future) else part for part in parts]
    return "\n".join([rendered.markdown, *texts])


def site(
    pages: Sequence[RenderedPage], folder: Path, title: str = "A report"
) -> tuple[Path, Mapping[int, str]]:
    """A built site and its policies."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    policies = build_site(pages, SiteInfo(title, ("Ada",), NOW, theme()), folder, engine.run)
    return folder / "site", policies


def every_position(text: str) -> list[b.Block]:
    """Blocks with a text wherever data may stand."""
    cell = b.Cell((text, b.Strong(text), b.Code(text), b.RunRef("r:1", text)), text)
    table = b.Table(
        columns=(b.Column(text, hint=text, family=text), b.Column(text, "number", unit=text)),
        rows=(b.Row((cell, b.Cell((b.Href(text, text),), 1.0, frozenset({"best"}))), "r:1"),),
        caption=text,
        note=(text,),
        export="table",
    )
    return [
        b.Headline(text),
        b.Text((text, b.Muted(text), b.Href(text, text)), "lead"),
        b.Bullets(((text,), (b.Strong(text),))),
        b.Facts((b.Fact(text, (text,), (text,)),)),
        b.Note("warning", text, (b.Text((text,)), table)),
        b.Fold(text, (b.Text((text,)), b.Headline(text, 3))),
        table,
        b.Preformatted(text, text),
        b.Download("folder/facts", "{}", text, (text,)),
        b.Markdown(text),
    ]


def chart(data: Any, draw: Callable[..., Any], **more: Any) -> b.Figure:
    return b.Figure(draw=draw, data=data, title="A chart", description="A chart.", **more)
