"""Answers that come in pages: one after the other, and never round and round."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Any

from runreport.errors import SourceError
from runreport.sources.json_server import SMALL, JsonServer, Refused

EMPTY = 50
"""Pages without anything in them, one after the other, before a server is called endless."""
TOKEN = 10_000
"""Characters of a token: it goes into an address."""

Values = Mapping[str, Any]


def pages(
    server: JsonServer,
    path: str,
    query: Values | None = None,
    body: Values | None = None,
    *,
    beside: bool = False,
) -> Iterator[dict[str, Any]]:
    """Every page of an answer.

    Raises:
        SourceError: as `JsonServer.ask` does; RR333 and RR334 when the pages do not end.
    """
    for page in pages_or_refusal(server, path, query, body, beside=beside):
        yield server.granted(page)


def pages_or_refusal(
    server: JsonServer,
    path: str,
    query: Values | None = None,
    body: Values | None = None,
    *,
    attempts: int | None = None,
    beside: bool = False,
) -> Iterator[dict[str, Any] | Refused]:
    """Every page of an answer, or a reasoned refusal, which ends it.

    Args:
        server: who is asked.
        path: what for.
        query: of a GET.
        body: of a POST.
        attempts: how often a server that fails is asked.
        beside: whether others are asked for meanwhile: then one thread at a time reads large
            pages, until it has read them all.
    """
    asked = dict(query or body or {})
    seen: set[str] = set()
    empty = 0
    with ExitStack() as stack:
        most = SMALL if beside else None
        while True:
            get, post = (asked, None) if body is None else (None, asked)
            try:
                page = server.inquire(path, get, post, attempts, most)
            except SourceError as error:
                size = asked.get("max_results", 1)
                if error.problems[0].code != "RR331" or (size == 1 and most is None):
                    raise
                if most is not None:
                    stack.enter_context(server.alone)
                    most = None
                else:
                    # a few runs with much to say: smaller pages hold them
                    asked["max_results"] = max(1, size // 8)
                continue
            token = None if isinstance(page, Refused) else page.get("next_page_token")
            has_items = isinstance(page, dict) and any(
                isinstance(value, list) and value for value in page.values()
            )
            yield page
            # before another thread may read a large one
            del page
            if not token:
                return
            if not isinstance(token, str) or len(token) > TOKEN:
                message = "the server's mark of the next page is no short text"
                raise SourceError(server.problem("RR333", message, server.refusals.where))
            empty = 0 if has_items else empty + 1
            if token in seen or empty >= EMPTY:
                message = "the server's pages do not end: it names one again, or sends empty ones"
                hint = "a proxy may answer from its memory; the server's log may say more"
                raise SourceError(server.problem("RR334", message, hint))
            seen.add(token)
            asked["page_token"] = token
