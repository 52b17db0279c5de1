"""The last look before publishing: every page is parsed as a browser would, and only what this
package and its theme write may be in it.
"""

from __future__ import annotations

import base64
import hashlib
import posixpath
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from runreport.errors import Problem

LARGEST_PAGE = 2_000_000
"""Bytes; more than this is slow on a phone, and said."""

MOST_PER_PAGE = 10
"""Problems named per page."""

SUFFIXES = frozenset({".html", ".css", ".js", ".json", ".csv", ".tex", ".png", ".xml"})

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

LINK_RELATIONS = frozenset({"stylesheet", "icon", "prev", "next"})
META_NAMES = frozenset({"viewport", "generator", "author", "description"})
INPUT_TYPES = frozenset({"checkbox", "radio", "text"})


def verify_site(site: Path, policies: Mapping[int, str]) -> list[Problem]:
    """What must not be published (severity error) and what should be known (warning).

    Args:
        site: the finished folder.
        policies: the content security policy that pages of each folder depth must carry.
    """
    files = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}
    problems: list[Problem] = []
    for name in sorted(files):
        path = site / name
        if path.is_symlink() or path.suffix not in SUFFIXES:
            problems.append(_refusal(name, "a file of a kind that this package does not write"))
        elif path.suffix == ".html":
            data = path.read_bytes()
            if len(data) > LARGEST_PAGE:
                size = f"{len(data) / 1e6:.1f} MB"
                hint = "use `limit` in its sections, or spread them over more pages"
                problems.append(
                    Problem("RR562", f"the page is {size} large", None, hint, "warning", name)
                )
            found = _check_page(data.decode("utf-8"), name, policies.get(name.count("/")), files)
            problems += [problem for problem, _ in zip(found, range(MOST_PER_PAGE), strict=False)]
    return problems


def _refusal(place: str, message: str) -> Problem:
    hint = "nothing was published; please report this page"
    return Problem("RR650", f"unsafe page: {message}", hint=hint, place=place)


def _check_page(
    html: str, name: str, policy: str | None, files: frozenset[str] | set[str]
) -> Iterator[Problem]:
    from selectolax.lexbor import LexborHTMLParser

    ids: Counter[str] = Counter()
    policies: list[str | None] = []
    root = LexborHTMLParser(html).root
    for node in root.traverse() if root is not None else ():
        tag = node.tag.lower()
        if tag.startswith(("-", "!")) or tag in ("#document", "#text"):
            continue
        if tag not in ELEMENTS:
            yield _refusal(name, f"element <{tag[:40]}>")
            continue
        attributes: dict[str, str | None] = node.attributes
        for key in attributes:
            if key.lower() not in ATTRIBUTES and not key.startswith(_PREFIXES):
                yield _refusal(name, f"attribute {key[:40]!r} of <{tag}>")
        if "id" in attributes:
            ids[attributes["id"] or ""] += 1
        if tag == "meta" and "http-equiv" in attributes:
            policies.append(attributes.get("content"))
        for message in _check_element(tag, attributes, node, name, policy or "", files):
            yield _refusal(name, message)
    if policies != [policy]:
        yield _refusal(name, "its content security policy is missing or not the expected one")
    yield from (
        _refusal(name, f"id {identifier[:60]!r} occurs {count} times")
        for identifier, count in sorted(ids.items())
        if count > 1
    )


def _check_element(
    tag: str,
    attributes: Mapping[str, str | None],
    node: Any,
    name: str,
    policy: str,
    files: frozenset[str] | set[str],
) -> Iterator[str]:
    """What is wrong with one element."""
    for key in ("fill", "stroke", "clip-path"):
        value = attributes.get(key) or ""
        if "url(" in value and not value.startswith("url(#"):
            yield f"attribute {key} refers to {value[:60]!r}"
    if tag == "script":
        yield from _check_script(attributes, node, name, policy, files)
    elif tag == "a" and "href" in attributes:
        yield from _check_link(attributes["href"] or "", name, files)
    elif tag in ("img", "link"):
        address = attributes.get("src" if tag == "img" else "href") or ""
        if not _is_own_file(address, name, files):
            yield f"<{tag}> loads {address[:80]!r}"
        if tag == "link" and attributes.get("rel") not in LINK_RELATIONS:
            yield f"<link> with rel={attributes.get('rel')!r}"
    elif tag == "meta":
        known = "charset" in attributes or attributes.get("name") in META_NAMES
        if not known and attributes.get("http-equiv") != "Content-Security-Policy":
            yield "an unknown <meta>"
    elif tag == "input" and attributes.get("type") not in INPUT_TYPES:
        yield f"<input> of type {attributes.get('type')!r}"


def _check_script(
    attributes: Mapping[str, str | None],
    node: Any,
    name: str,
    policy: str,
    files: frozenset[str] | set[str],
) -> Iterator[str]:
    if "src" in attributes:
        if not _is_own_file(attributes["src"] or "", name, files):
            yield f"a script from {(attributes['src'] or '')[:80]!r}"
    elif attributes.get("type") != "application/json":
        text = node.text() or ""
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        if f"'sha256-{digest}'" not in policy:
            yield "an inline script that the theme does not have"


def _check_link(address: str, name: str, files: frozenset[str] | set[str]) -> Iterator[str]:
    if address.startswith("#"):
        return
    scheme = urlsplit(address).scheme
    if scheme:
        if scheme not in ("https", "http", "mailto"):
            yield f"a link to {address[:80]!r}"
    elif not _is_own_file(address, name, files):
        yield f"a link to {address[:80]!r}, which does not exist"


def _is_own_file(address: str, name: str, files: frozenset[str] | set[str]) -> bool:
    """Whether a relative address is a file of this site."""
    parts = urlsplit(address)
    if parts.scheme or parts.netloc or not parts.path or parts.path.startswith("/"):
        return False
    target = posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(parts.path)))
    return target in files or f"{target}/index.html" in files
