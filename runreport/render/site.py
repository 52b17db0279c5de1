"""Pages to a site, in a folder nobody reads yet.

The engine sees headings and sentences only. Afterwards every page gets its tables and charts, and
a content security policy whose hashes come from two pages without any data, built beside it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from runreport.errors import Problem, RenderError
from runreport.render import emit, engine, slots
from runreport.render.page import RUNS, Part, RenderedPage
from runreport.render.theme import Theme

PROBE = "_probe"
"""Name of the pages without data, one per folder depth; they are not published. No page of a report
has an underscore in its name.
"""

DIVIDED = 200
"""With at least so many pages outside of the navigation two engines build half of them each."""

UNWANTED = ("assets/javascripts/lunr",)
"""What the engine writes and an offline English site does not use."""

_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_CHARSET = '<meta charset="utf-8">'
_NAMELESS = 'data-md-component="search" role="dialog"'
"""The engine's theme gives its search dialog no name for those who cannot see it."""


@dataclass(frozen=True, slots=True)
class SiteInfo:
    """What the site as a whole is."""

    title: str
    authors: tuple[str, ...]
    now: datetime
    """The report's time; the engine's clock is set to it."""
    theme: Theme


def build_site(
    pages: Sequence[RenderedPage], info: SiteInfo, stage: Path, run: engine.Run
) -> Mapping[int, str]:
    """Write the finished site into `stage/site`.

    Args:
        pages: in the order of the navigation.
        info: what the site as a whole is.
        stage: a folder nobody reads yet.
        run: the engine.

    Returns:
        The content security policy of each folder depth, for the verifier.

    Raises:
        RenderError: RR560 when the engine fails or warns, RR561 when pages collide.
    """
    _check_slugs(pages)
    site = stage / "site"
    _run_engine(pages, info, stage, run)
    depths = sorted({page.slug.count("/") for page in pages} | {0})
    policies = {depth: _policy(site / _probe(depth)) for depth in depths}
    for depth in depths:
        (site / _probe(depth)).unlink()
    for page in pages:
        policy = policies[page.slug.count("/")]
        _finish(site / f"{page.slug}.html", page, policy, emit.title(info.title))
        for name, content in page.exports.items():
            (site / name).parent.mkdir(parents=True, exist_ok=True)
            (site / name).write_bytes(content)
    _tidy(site)
    _write_search(site)
    return policies


def _run_engine(
    pages: Sequence[RenderedPage], info: SiteInfo, stage: Path, run: engine.Run
) -> None:
    """Build all pages into `stage/site`; many pages outside of the navigation by two engines.

    Such a page stands in no other one and in no index, so it comes out the same wherever it is
    built, as long as the navigation is there.
    """
    hidden = [page for page in pages if not page.in_navigation]
    apart = hidden[len(hidden) // 2 :] if len(hidden) >= DIVIDED else []
    elsewhere = {page.slug for page in apart}
    listed = [page for page in pages if page.in_navigation]
    second = stage / "second"
    sites = [(stage, [page for page in pages if page.slug not in elsewhere])]
    sites += [(second, [*listed, *apart])] if apart else []
    for folder, part in sites:
        _write_sources(part, info, folder / "docs")
    run([(folder, _settings(part, info)) for folder, part in sites], info.now)
    for page in apart:
        path = stage / "site" / f"{page.slug}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        (second / "site" / f"{page.slug}.html").rename(path)


def _check_slugs(pages: Sequence[RenderedPage]) -> None:
    seen: set[str] = set()
    for page in pages:
        if page.slug.casefold() in seen:
            raise RenderError(Problem("RR561", f"two pages would be {page.slug}.html"))
        seen.add(page.slug.casefold())


def _probe(depth: int) -> str:
    return "/".join([PROBE] * depth + [f"{PROBE}.html"])


# ---- what the engine reads ---------------------------------------------------------------------


def _write_sources(pages: Sequence[RenderedPage], info: SiteInfo, docs: Path) -> None:
    for parent in {(docs / page.slug).parent for page in pages}:
        parent.mkdir(parents=True, exist_ok=True)
    for page in pages:
        path = docs / f"{page.slug}.md"
        path.write_text(page.markdown, "utf-8")
    for depth in {page.slug.count("/") for page in pages} | {0}:
        path = docs / _probe(depth).replace(".html", ".md")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("---\nsearch:\n  exclude: true\n---\n\n# Probe\n\n## Probe\n", "utf-8")
    assets = docs / "assets"
    assets.mkdir(exist_ok=True)
    (assets / "tokens.css").write_text(info.theme.tokens_css(), "utf-8")
    (assets / "search-worker.js").write_text(_search_shim(), "utf-8")
    for name, source in info.theme.assets.items():
        shutil.copyfile(source, assets / name)


def _settings(pages: Sequence[RenderedPage], info: SiteInfo) -> engine.Settings:
    """The site's whole configuration."""
    return {
        **engine.SETTINGS,
        "site_name": emit.title(info.title),
        "site_author": emit.title(", ".join(info.authors)) if info.authors else None,
        "nav": [f"{page.slug}.md" for page in pages if page.in_navigation],
        "extra_css": ["assets/tokens.css", *(f"assets/{n}" for n in info.theme.stylesheets)],
        "extra_javascript": [f"assets/{name}" for name in info.theme.scripts],
    }


# ---- what comes after the engine ---------------------------------------------------------------


def _policy(probe: Path) -> str:
    """The content security policy for pages beside this one, which holds no data."""
    scripts = _INLINE_SCRIPT.findall(probe.read_text("utf-8"))
    hashes = sorted({f"'sha256-{_sha256(script)}'" for script in scripts})
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' {' '.join(hashes)}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "base-uri 'none'",
            "form-action 'none'",
            "object-src 'none'",
            "frame-src 'none'",
        )
    )


def _sha256(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _finish(path: Path, page: RenderedPage, policy: str, site_title: str) -> None:
    """Fill the slots and set the policy, before anything the page loads."""
    html = path.read_text("utf-8")
    # the theme encodes the site's title once more where it is a tooltip
    twice = site_title.replace("&", "&amp;")
    html = html.replace(f'title="{twice}"', f'title="{site_title}"')
    html = html.replace(_NAMELESS, f'{_NAMELESS} aria-label="Search"')
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    if html.count(_CHARSET) != 1:
        raise RenderError(Problem("RR560", f"{path.name} has no place for its policy"))
    html = html.replace(_CHARSET, _CHARSET + meta)
    fragments = {number: "".join(map(_text, parts)) for number, parts in page.slots.items()}
    if page.runs is not None:
        fragments[RUNS] = page.runs.script([html, *fragments.values()])
    path.write_text(slots.fill(html, fragments), "utf-8")


def _text(part: Part) -> str:
    return part.result() if isinstance(part, Future) else part


def _tidy(site: Path) -> None:
    for name in UNWANTED:
        path = site / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    for path in sorted((site / "assets").rglob("*.map")):
        path.unlink()
    for folder in sorted((path for path in site.rglob("*") if path.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()


def _search_shim() -> str:
    """From `file://` no script can start a worker from a file, so the worker's text travels."""
    import material

    workers = Path(material.__file__).parent / "templates/assets/javascripts/workers"
    (source,) = sorted(workers.glob("search.*.min.js"))
    # a source map's address would be asked for
    text = re.sub(r"//# sourceMappingURL=.*", "", source.read_text("utf-8"))
    return (
        'if (location.protocol === "file:") {\n'
        f"  const source = {json.dumps(text)};\n"
        "  const Native = window.Worker;\n"
        "  window.Worker = function () {\n"
        '    const blob = new Blob([source], { type: "text/javascript" });\n'
        "    return new Native(URL.createObjectURL(blob));\n"
        "  };\n"
        "}\n"
    )


def _write_search(site: Path) -> None:
    """The index as a script too: pages opened from `file://` may not fetch."""
    index = site / "search" / "search_index.json"
    if index.exists():
        (site / "search" / "search_index.js").write_text(
            f"var __index = {index.read_text('utf-8')}", "utf-8"
        )
