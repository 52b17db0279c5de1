"""Whether a page with hostile texts is the page with harmless ones, but for the texts."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence

BENIGN = "benign text"
_CALM = re.compile(rf"{BENIGN} \w+-")

ALLOWED_MARKDOWN = re.compile(
    r"(a|abbr|b|blockquote|br|caption|cite|code|dd|del|dfn|dl|dt|em|h[2-6]|hr|i|ins|kbd|li|mark|ol"
    r"|p|pre|q|s|samp|small|span|strong|sub|sup|table|tbody|td|tfoot|th|thead|tr|u|ul|var)"
    r" (|align|start|(href )?(rel)?( ?title)?)"
)
"""Elements of sanitised Markdown with their attributes, in alphabetical order."""


def cleaned(text: str) -> str:
    """What a text must read as: control characters, lone surrogates and non-characters replaced."""
    return "".join(
        "\ufffd"
        if (unicodedata.category(char) in ("Cc", "Cs") and char not in "\n\r\t")
        or 0xFDD0 <= ord(char) <= 0xFDEF
        or ord(char) % 0x10000 >= 0xFFFE
        else char
        for char in text
    )


def in_one_line(text: str) -> str:
    """Titles and navigation labels: white space is one space."""
    return " ".join(cleaned(text).split())


def with_plain_line_ends(text: str) -> str:
    """The engine writes a table of contents anew; a browser reads its carriage returns so."""
    return cleaned(text).replace("\r\n", "\n").replace("\r", "\n")


def cut(text: str) -> str:
    """Headings and titles end after a thousand characters."""
    return text if len(text) <= 1000 else f"{text[:999]}\u2026"


def in_a_chart(text: str) -> str:
    """One line of 80 characters; a leading underscore hides behind a space without width."""
    line = in_one_line(text)
    line = line if len(line) <= 80 else f"{line[:79]}\u2026"
    return f"\u200b{line}" if line.startswith("_") else line


ANCHOR = re.compile(r"#?rr-h-[0-9a-f]{12}(_\d+)?")
"""Anchors of headings are digests of their text: generated, never the text."""


_WEB = re.compile(r"(https?://|mailto:)[^\s<>]")
"""Addresses are rewritten (user info goes); they must still be addresses of the web."""

_NUMBERS = re.compile(r"(rotate\()?[\d. -]+\)?")
"""Where a text of a chart stands depends on the height of its letters."""


def differences(
    hostile: Sequence[Sequence[str]], benign: Sequence[Sequence[str]], meant: Mapping[str, str]
) -> list[str]:
    """Places where a text is not what was put there; every other text must be equal."""
    found = []
    texts, calm_texts = (
        [entry for entry in entries if entry[0] != "markdown"] for entries in (hostile, benign)
    )
    for (kind, place, text), (_, calm_place, calm) in zip(texts, calm_texts, strict=True):
        if place == calm_place and (
            text in _expected(place, calm, meant)
            or (ANCHOR.fullmatch(text) and ANCHOR.fullmatch(calm))
            or (place in ("line x", "line y", "line transform") and _NUMBERS.fullmatch(text))
            or (place.endswith("href") and _WEB.match(text) and _WEB.match(calm))
        ):
            continue
        found.append(f"{kind} of {place}: {text[:90]!r} instead of {calm[:90]!r}")
    for kind, tag, names in hostile:
        if kind == "markdown" and not ALLOWED_MARKDOWN.fullmatch(f"{tag} {names}"):
            found.append(f"<{tag} {names}> in Markdown")
    return found


def _expected(place: str, calm: str, meant: Mapping[str, str]) -> list[str]:
    """What may stand where the harmless text stood."""
    if not _CALM.search(calm):
        return [calm]
    if place == "line text":
        forms = [in_a_chart]
    elif place.startswith("line "):
        # in the table of contents headings keep their white space, titles do not
        forms = [in_one_line, cleaned, with_plain_line_ends]
    else:
        forms = [cleaned]
    if place in ("h1", "h2", "h3") or place.startswith("line "):
        forms += [lambda text, form=form: cut(form(text)) for form in forms]
    return [_CALM.sub(lambda match, form=form: form(meant[match[0]]), calm) for form in forms]


_TOOLTIP = re.compile(r"(\d+ (?:a class href|span class)) title")
_TAB_STOP = re.compile(r"(\d+ code) tabindex")
_LAYOUT = re.compile(r"(\d+ \w+ class.*) style$")
_POLICY = re.compile(r"\d+ meta content http-equiv")


def live(shape: Sequence[str]) -> list[str]:
    """The shape of a page after its scripts, without its policy and without what the theme does to
    long texts and while it lays out: a tooltip for a label it had to cut, a Tab stop for code that
    scrolls, the height of a sidebar. Pages are compared without their scripts too, and exactly.
    """
    kept = [entry for entry in shape if not _POLICY.fullmatch(entry)]
    for pattern, rest in ((_TOOLTIP, r"\1"), (_TAB_STOP, r"\1 "), (_LAYOUT, r"\1")):
        kept = [pattern.sub(rest, entry) for entry in kept]
    return kept


def branches(shape: Sequence[str]) -> Counter[str]:
    """Every element with its ancestors, and how many there are: the tree, whatever the order of
    rows and columns.
    """
    found: Counter[str] = Counter()
    chain: list[str] = []
    for entry in shape:
        depth, _, rest = entry.partition(" ")
        del chain[int(depth) :]
        chain.append(rest.partition(" ")[0])
        found[f"{'>'.join(chain)} {rest.partition(' ')[2]}"] += 1
    return found


def places(texts: Sequence[Sequence[str]]) -> int:
    """How many texts and attributes of a harmless page hold one of its texts."""
    return sum(len(_CALM.findall(text)) for _, _, text in texts)
