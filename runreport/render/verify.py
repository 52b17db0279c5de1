"""The last look before publishing: every page is parsed as a browser would, and only what this
package and its theme write may be in it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import posixpath
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from runreport.beside import beside
from runreport.errors import Problem
from runreport.render import rundata, stated

LARGEST_PAGE = 2_000_000
"""Bytes; more than this is slow on a phone, and said."""

MOST_PER_PAGE = 10
"""Problems named per page."""

MOST = 50
"""Refusals named in all."""

PLACES: Mapping[str, tuple[str, ...]] = {
    ".html": ("",),
    ".css": ("assets/",),
    ".js": ("assets/", "search/"),
    ".json": ("data/", "search/", stated.NAME),
    ".csv": ("data/",),
    ".tex": ("data/",),
    ".png": ("assets/",),
}
"""Kinds of files that a site has, and the folders where they may be."""

SEARCH_SCRIPT = "search/search_index.js"
"""The one script that holds data: an assignment of JSON and nothing else."""
SEARCH_START = "var __index = "

_TEXT_ELEMENTS = """
html head body title main header footer nav aside article section div span p h1 h2 h3 h4 h5 h6
ul ol li dl dt dd a abbr b blockquote br caption cite code del dfn details em hr i ins kbd label
mark pre q s samp small strong sub summary sup table tbody td tfoot th thead tr u var form input
button img meta link script svg path
"""
_SVG_ELEMENTS = "g circle rect line text title desc clipPath defs"
ELEMENTS = frozenset((*_TEXT_ELEMENTS.split(), *(e.lower() for e in _SVG_ELEMENTS.split())))

_HTML_ATTRIBUTES = """
align alt autocapitalize autocomplete autocorrect charset checked class colspan content dir
download for height hidden href hreflang http-equiv id lang loading media name open placeholder
readonly rel required role rowspan scope spellcheck src start tabindex title type width xmlns
"""
_SVG_ATTRIBUTES = """
clip-path cx cy d fill fill-opacity font-size font-weight r rx ry stroke stroke-dasharray
stroke-dashoffset stroke-linecap stroke-linejoin stroke-opacity stroke-width text-anchor transform
viewbox x x1 x2 y y1 y2
"""
ATTRIBUTES = frozenset((*_HTML_ATTRIBUTES.split(), *_SVG_ATTRIBUTES.split()))
_PREFIXES = ("aria-", "data-")

CONFIGURATION = "__config"
"""The id of the theme's own data."""

LINK_RELATIONS = frozenset({"stylesheet", "icon", "prev", "next"})
META_NAMES = frozenset({"viewport", "generator", "author", "description"})
INPUT_TYPES = frozenset({"checkbox", "radio", "text"})
FROM_NOTES = "noopener noreferrer"
"""The sanitiser marks every link in the author's Markdown so."""

DIVIDED = 200
"""With at least so many pages two processes look at half of them each."""

_TELLING_ELEMENTS = frozenset({"script", "meta", "link", "input", "img"})
_TELLING_ATTRIBUTES = frozenset({"id", "href", "fill", "stroke", "clip-path"})
"""Whether an element may be there depends on its name and the names of its attributes, and for
these also on values.
"""

_Attributes = Mapping[str, str | None]


def verify_site(site: Path, policies: Mapping[int, str]) -> list[Problem]:
    """What must not be published (severity error) and what should be known (warning).

    Args:
        site: the finished folder.
        policies: the content security policy that pages of each folder depth must carry.
    """
    files = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}
    problems: list[Problem] = []
    pages: list[str] = []
    for name in sorted(files):
        path = site / name
        if path.is_symlink() or not name.startswith(PLACES.get(path.suffix, ())):
            problems.append(_refusal(name, "a file of a kind that this package does not write"))
        elif name == SEARCH_SCRIPT:
            problems += _check_search(path, name)
        elif path.suffix == ".html":
            pages.append(name)
    if len(pages) < DIVIDED:
        return _first([*problems, *_check_pages(site, pages, policies, files)])
    half = len(pages) // 2
    with beside(partial(_check_pages, site, pages[half:], policies, files)) as second:
        problems += _check_pages(site, pages[:half], policies, files)
        return _first([*problems, *second()])


def _check_pages(
    site: Path, names: Sequence[str], policies: Mapping[int, str], files: Collection[str]
) -> list[Problem]:
    """What is wrong with these pages, in their order."""
    problems: list[Problem] = []
    plain: dict[tuple[str, ...], bool] = {}
    for name, size, tree in _parsed(site, names):
        if size > LARGEST_PAGE:
            hint = "use `limit` in its sections, or spread them over more pages"
            message = f"the page is {size / 1e6:.1f} MB large"
            problems.append(Problem("RR562", message, None, hint, "warning", name))
        page = _Page(name, policies.get(name.count("/")), files, plain)
        problems += islice(page.check(tree), MOST_PER_PAGE)
    return problems


def _parsed(site: Path, names: Sequence[str]) -> Iterator[tuple[str, int, Any]]:
    """Each page's name, size and tree (None when it is not UTF-8); the next is parsed meanwhile."""
    from selectolax.lexbor import LexborHTMLParser

    def parse(name: str) -> tuple[str, int, Any]:
        data = (site / name).read_bytes()
        try:
            return name, len(data), LexborHTMLParser(data.decode("utf-8"))
        except UnicodeDecodeError:
            return name, len(data), None

    with ThreadPoolExecutor(1) as ahead:
        coming: Future[tuple[str, int, Any]] | None = None
        for name in names:
            done, coming = coming, ahead.submit(parse, name)
            if done is not None:
                yield done.result()
        if coming is not None:
            yield coming.result()


def _first(problems: list[Problem]) -> list[Problem]:
    """At most so many refusals, and how many more there are."""
    refusals = [problem for problem in problems if problem.severity == "error"]
    if len(refusals) <= MOST:
        return problems
    rest = _refusal("", f"{len(refusals) - MOST} more places like these")
    warnings = [problem for problem in problems if problem.severity != "error"]
    return [*refusals[:MOST], rest, *warnings[:MOST]]


def _refusal(place: str, message: str) -> Problem:
    hint = "nothing was published; please report this page"
    return Problem("RR650", f"unsafe page: {message}", hint=hint, place=place or None)


def _check_search(path: Path, name: str) -> Iterator[Problem]:
    text = path.read_text("utf-8", "replace")
    try:
        if not text.startswith(SEARCH_START):
            raise ValueError
        json.loads(text.removeprefix(SEARCH_START))
    except ValueError:
        yield _refusal(name, "the search index is not an assignment of JSON")


def _is_plain(tag: str, attributes: _Attributes) -> bool:
    """Whether an element is one of ours whatever the values of its attributes are."""
    if tag in ("-doctype", "!doctype", "#document"):
        return True
    return (
        tag.lower() in ELEMENTS - _TELLING_ELEMENTS
        and all(map(_is_known, attributes))
        and _TELLING_ATTRIBUTES.isdisjoint(attributes)
    )


def _is_known(attribute: str) -> bool:
    return attribute.lower() in ATTRIBUTES or attribute.startswith(_PREFIXES)


@dataclass(frozen=True, slots=True)
class _Page:
    """One page under inspection."""

    name: str
    policy: str | None
    """What it must carry."""
    files: Collection[str]
    """Everything the site holds."""
    plain: dict[tuple[str, ...], bool]
    """Names of elements with those of their attributes, and whether their values do not matter:
    most of a page is like the page before.
    """
    ids: set[str] = field(default_factory=set)

    def check(self, tree: Any) -> Iterator[Problem]:
        """Every problem of the page."""
        if tree is None or tree.root is None:
            yield _refusal(self.name, "it is no UTF-8 page")
            return
        protected = False
        for node in tree.root.traverse():
            tag: str = node.tag
            attributes: dict[str, str | None] = node.attributes
            shape = (tag, *attributes)
            is_plain = self.plain.get(shape)
            if is_plain is None:
                is_plain = self.plain[shape] = _is_plain(tag, attributes)
            if is_plain:
                continue
            for code, message in self._check_element(tag, attributes):
                yield self._problem(code, message)
            if "id" in attributes:
                yield from self._check_id(attributes["id"] or "")
            if tag == "meta" and "http-equiv" in attributes:
                if protected or attributes.get("content") != self.policy:
                    yield _refusal(self.name, "a content security policy that is not the theme's")
                protected = True
            elif tag in ("script", "link") and not protected:
                yield _refusal(self.name, f"<{tag}> before the content security policy")
                protected = True
            if tag == "script":
                yield from self._check_script(attributes, node)
        if not protected:
            yield _refusal(self.name, "its content security policy is missing")

    def _problem(self, code: str, message: str) -> Problem:
        if code == "RR650":
            return _refusal(self.name, message)
        hint = "pages are named after their titles; see the files of the site"
        return Problem(code, message, hint=hint, severity="warning", place=self.name)

    def _check_element(self, tag: str, attributes: _Attributes) -> Iterator[tuple[str, str]]:
        if tag.lower() not in ELEMENTS:
            yield "RR650", f"a comment or an element <{tag[:40]}>"
            return
        for key in attributes:
            if not _is_known(key):
                yield "RR650", f"attribute {key[:40]!r} of <{tag}>"
        for key in ("fill", "stroke", "clip-path"):
            value = attributes.get(key) or ""
            if "url(" in value.lower() and not value.startswith("url(#rr-"):
                yield "RR650", f"attribute {key} refers to {value[:60]!r}"
        if tag == "a" and "href" in attributes:
            yield from self._check_link(attributes["href"] or "", attributes.get("rel"))
        elif tag in ("img", "link"):
            address = attributes.get("src" if tag == "img" else "href") or ""
            if not self._is_own_file(address):
                yield "RR650", f"<{tag}> loads {address[:80]!r}"
            if tag == "link" and attributes.get("rel") not in LINK_RELATIONS:
                yield "RR650", f"<link> with rel={attributes.get('rel')!r}"
        elif tag == "meta":
            known = "charset" in attributes or attributes.get("name") in META_NAMES
            if not known and attributes.get("http-equiv") != "Content-Security-Policy":
                yield "RR650", "an unknown <meta>"
        elif tag == "input" and attributes.get("type") not in INPUT_TYPES:
            yield "RR650", f"<input> of type {attributes.get('type')!r}"

    def _check_id(self, identifier: str) -> Iterator[Problem]:
        if identifier in self.ids:
            yield _refusal(self.name, f"id {identifier[:60]!r} occurs twice")
        self.ids.add(identifier)

    def _check_script(self, attributes: _Attributes, node: Any) -> Iterator[Problem]:
        if odd := attributes.keys() - {"src", "type", "id"}:
            yield _refusal(self.name, f"a script with {', '.join(sorted(odd))[:80]}")
        elif "src" in attributes:
            address = attributes["src"] or ""
            if not self._is_own_file(address) or not urlsplit(address).path.endswith(".js"):
                yield _refusal(self.name, f"a script from {address[:80]!r}")
        elif attributes.get("type") == "application/json":
            yield from self._check_data(attributes.get("id"), node.text() or "")
        else:
            text = node.text() or ""
            digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
            if f"'sha256-{digest}'" not in (self.policy or ""):
                yield _refusal(self.name, "an inline script that the theme does not have")

    def _check_data(self, identifier: str | None, text: str) -> Iterator[Problem]:
        """The theme's settings, and what a page knows of its runs; once each, since ids are."""
        if identifier == rundata.IDENTIFIER:
            if not rundata.is_sound(text):
                yield _refusal(self.name, "its data about runs are not as they were written")
        elif identifier != CONFIGURATION:
            yield _refusal(self.name, f"a script of data called {str(identifier)[:40]!r}")

    def _check_link(self, address: str, rel: str | None) -> Iterator[tuple[str, str]]:
        if address.startswith("#"):
            return
        parts = _split(address)
        if parts is None or (parts.scheme and parts.scheme not in ("https", "http", "mailto")):
            yield "RR650", f"a link to {address[:80]!r}"
        elif not parts.scheme and not self._is_own_file(address):
            # a slip of whoever wrote the Markdown; in what this package writes it is a fault
            relative = not parts.netloc and not parts.path.startswith("/")
            code = "RR563" if rel == FROM_NOTES and relative else "RR650"
            yield code, f"a link to {address[:80]!r}, which does not exist"

    def _is_own_file(self, address: str) -> bool:
        """Whether a relative address is a file of this site."""
        parts = _split(address)
        if parts is None or parts.scheme or parts.netloc:
            return False
        if not parts.path or parts.path.startswith("/"):
            return False
        folder = posixpath.dirname(self.name)
        target = posixpath.normpath(posixpath.join(folder, unquote(parts.path)))
        return target in self.files or f"{target}/index.html" in self.files


def _split(address: str) -> SplitResult | None:
    try:
        return urlsplit(address)
    except ValueError:
        return None
