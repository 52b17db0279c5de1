"""Markdown that people wrote (the author's text, a run's note) as safe HTML."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from runreport.cleaning import clean_text
from runreport.render import emit

LONGEST = 50_000
"""Characters of one note."""

MOST_WORK = 2_000_000
"""Signs that Markdown acts on times the characters they are searched in: Python-Markdown is
quadratic, and this much takes it half a second.
"""

GIVES_UP = (AssertionError, LookupError, RecursionError, ValueError)
"""What a parser raises when a text is too odd for it; anything else is a bug, and told as one."""

# fmt: off
TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "cite", "code", "dd", "del", "dfn", "dl",
    "dt", "em", "h2", "h3", "h4", "h5", "h6", "hr", "i", "ins", "kbd", "li", "mark", "ol", "p",
    "pre", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "table", "tbody", "td",
    "tfoot", "th", "thead", "tr", "u", "ul", "var",
}
# fmt: on
_OWN_PAGE = re.compile(r"(?:\.\./)*[\w-]+(?:/[\w-]+)*\.html(?:#[\w-]*)?|#[\w-]+", re.ASCII)
"""Addresses of other pages of the report; whether there is such a page is seen later."""

ATTRIBUTES = {"a": {"href", "title"}, "td": {"align"}, "th": {"align"}, "ol": {"start"}}


def note_html(text: str) -> str:
    """Sanitised HTML of the Markdown, on one line; text that cannot be parsed is shown as it is."""
    import nh3

    cleaned = clean_text(text)
    cut = cleaned[:LONGEST]
    html = None if _is_too_much(cut) else _converted(cut)
    if html is None:
        html = f"<pre>{nh3.clean_text(cut)}</pre>"
    if len(cleaned) > LONGEST:
        html += f"<p>(cut after {LONGEST} of {len(cleaned)} characters)</p>"
    safe = nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=_attribute,
        url_schemes={"https", "http", "mailto"},
        link_rel="noopener noreferrer",
        strip_comments=True,
    )
    # character references bring back what was cleaned; then one line, and nothing that an
    # extension of the site's Markdown could take for its own
    return clean_text(safe).translate({ord(char): f"&#{ord(char)};" for char in "\n\r\t{}"})


def _is_too_much(text: str) -> bool:
    """Whether the Markdown parser would stall on a text."""
    if text.count("<") * len(text) > MOST_WORK:
        return True
    for part in text.split("\n\n"):
        signs = sum(map(part.count, "[(!*_`&"))
        if max(signs, part.count("\n") // 8) * len(part) > MOST_WORK:
            return True
    return False


def _converted(text: str) -> str | None:
    """HTML of the Markdown; None when the parser gives up on it."""
    parser = _parser()
    parser.reset()
    try:
        return str(parser.convert(text))
    except GIVES_UP:
        # lists nested too deeply, `<![`: what somebody wrote about a run never stops a build, and
        # the next note gets a parser that is not in the middle of something
        _parser.cache_clear()
        return None


def _attribute(_tag: str, name: str, value: str) -> str | None:
    """The value to write; None drops the attribute."""
    if name != "href":
        return value
    return value if _OWN_PAGE.fullmatch(value) else emit.address(value)


@cache
def _parser() -> Any:
    import markdown

    return markdown.Markdown(
        extensions=["tables", "fenced_code", "sane_lists", "toc"],
        extension_configs={"toc": {"baselevel": 2}},
    )
