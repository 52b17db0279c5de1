"""Strings that a hostile or careless run may carry.

A few of our own always; those of `../shared/attacks/text` where they are there: a sample, or all of
them when the environment says `RUNREPORT_ATTACKS=all`.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from tests.attacks.shapes import cleaned, in_one_line
from tests.shared import SHARED

TEXT = SHARED / "attacks" / "text"
ALL = os.environ.get("RUNREPORT_ATTACKS") == "all"

TAGS = (
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<iframe srcdoc='<script>parent.alert(1)</script>'></iframe>",
    "<iframe src=javascript:alert(1)>",
    "<object data=javascript:alert(1)></object>",
    "<body onload=alert(1)>",
    "<details open ontoggle=alert(1)>x",
    "<input autofocus onfocus=alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "<form action=javascript:alert(1)><button>x</button></form>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<base href=https://evil.example/>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<style>*{display:none}</style>",
    "<template><script>alert(1)</script></template>",
    "<plaintext>",
    "<textarea>",
    "<!--",
    "--><script>alert(1)</script>",
    "<![CDATA[x]]><img src=x onerror=alert(1)>",
    "<![>",
    "</title><script>alert(1)</script>",
    "</td></tr></table><img src=x onerror=alert(1)>",
    "</text></svg><img src=x onerror=alert(1)>",
    "</code></pre></div></article><img src=x onerror=alert(1)>",
)
QUOTES = (
    '" onmouseover=alert(1) x="',
    "' autofocus onfocus=alert(1) x='",
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\nscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "\x01javascript:alert(1)",
    "&#60;img src=x onerror=alert(1)&#62;",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&amp;amp;lt;b&gt;",
)
MARKDOWN = (
    "# heading\n\n- list\n\n> quote",
    "[x](javascript:alert(1)) ![y](x){ onerror=alert(1) } <javascript:alert(1)>",
    "{ onclick=alert(1) } {: #id .class } {++ins++}",
    "```\ncode\n```\n\n~~~\nmore\n~~~",
    "---\ntitle: other\n---",
    '--8<-- "file" :::note !!! tip === "tab"',
    "{{ 7*7 }} {% raw %} ${run.name} $$ #{x} <%= 1 %>",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "    indented by four",
    "[^1] *[x]: y [x]: https://evil.example/",
    "$x$ \\(y\\) **b** _i_ `c` ~~d~~ ==e==",
)
OTHERS = (
    "\t x \r\n y ",
    "_hidden",
    "a" * 300,
    "=1+1",
    "@SUM(A1)\t",
    "\\input{x} $x^2$ % comment",
    "[x] * starts a row",
    "\x00\x01\x02wzxhzdk:0\x03\x1b[31mred\x1b]8;;https://evil.example\x07",
    "\x000\x00",
    '<div id="rr-slot-0001"></div>',
    "rr-slot-0001",
    "\ud800 lone \udfff",
    "\ufffe\uffff\ufdd0",
    "\u2028\u2029\u0085",
    "\u202eright to left\u202c \u2066x",
    "e\u0301 \u00e9 \u212b ﬁ",
    "👨‍👩‍👧‍👦 日本語 \u200b\u200d\ufeff",
    "__config",
    "__proto__",
    "constructor",
    "__search",
)

OWN: tuple[str, ...] = (*TAGS, *QUOTES, *MARKDOWN, *OTHERS)


@dataclass(frozen=True)
class Payload:
    """One string, and the script that fires it where it needs one."""

    text: str
    trigger: str = ""


def shared() -> list[Payload]:
    """Everything in the shared corpora, in order; empty where they are absent."""
    items = chain.from_iterable(
        json.loads(path.read_text("utf-8")) for path in sorted(TEXT.glob("*.json"))
    )
    return [Payload(item["payload"], item.get("trigger") or "") for item in items]


def chosen(few: int) -> list[Payload]:
    """Our own and the shared ones: all of them, or about so many spread over the corpora."""
    # a blank name is no name: what it leaves out is tested by itself
    everything = [p for p in [*map(Payload, OWN), *shared()] if in_one_line(p.text)]
    return everything if ALL else everything[:: max(1, len(everything) // few)][:few]


def behind_a_word(text: str) -> str:
    """The same text; a whole address comes after a word, since alone it rightly becomes a link."""
    return f"see {text}" if re.match(r"\s*(https?|mailto):", text, re.IGNORECASE) else text


def chunks(items: Sequence[Payload], size: int) -> list[Sequence[Payload]]:
    """The items in groups of so many."""
    return [items[start : start + size] for start in range(0, len(items), size)]


def twin(text: str) -> str:
    """A text of equal length, lines, words and parts of addresses, without what HTML, Markdown or
    templates could act on.
    """
    return re.sub(r"[^A-Za-z0-9\s/\\.,:;@?#%=()+-]", "x", cleaned(text))


def collisions(path: Path) -> list[list[str]]:
    """Groups of names that a careless file name would make equal."""
    families = json.loads(path.read_text("utf-8"))
    return [group for groups in families.values() for group in groups]
