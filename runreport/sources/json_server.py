"""A server that answers in JSON, asked with patience that ends: retries, redirects, a deadline.

Credentials go to the server's own scheme, host and port alone, and stand in no message. What is
no whole, well-formed answer in the end is a SourceError; a part of one is never handed on.
"""

from __future__ import annotations

import hashlib
import json
import queue
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urljoin, urlsplit

from runreport.cleaning import clean_text
from runreport.errors import Problem, SourceError
from runreport.redaction import REDACTED, redact_text
from runreport.sources.refusals import TRANSIENT, Refusals
from runreport.sources.transport import Address, Answer, Connection, Failed, Kind, Patience

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")

THREADS = 8
AHEAD = 3 * THREADS
"""Work begun before its turn: what has been read and not yet used is bounded by it."""

REDIRECTS = 5
VALUES = 2_000_000
"""Values of one answer, judged by its commas and brackets: each takes up to 100 bytes when it is
parsed, and an object three times as much."""
SMALL = 2_000_000
"""Bytes of an answer that may be held beside others of its kind."""
QUOTED = 200
"""Characters of a server's own words in a message."""
REFUSAL = 1_000_000
"""Bytes of an answer that is looked at as a refusal."""


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a request is sent before giving up."""

    failing: int = 4
    """Times when the server fails, or closes the connection early."""
    refusing: int = 3
    """Times when nothing listens."""
    silent: int = 2
    """Times when no answer comes in time."""
    first_s: float = 0.5
    """Wait before the second time, doubled before each further one. Chance takes up to half of
    it away, so that clients that failed together do not return together."""

    def most(self, kind: Kind) -> int:
        """Times a request is sent that fails in this way."""
        times = {"reset": self.failing, "cut": self.failing, "refused": self.refusing}
        return {**times, "slow": self.silent}.get(kind, 1)


@dataclass(frozen=True, slots=True)
class Refused:
    """The server's own program said no, or nothing answers at a path."""

    status: int
    code: str
    """The server's word for it, e.g. RESOURCE_DOES_NOT_EXIST; empty when nothing answers there."""
    words: str
    """Quoted: clean, short, without credentials."""


class Deadline:
    """Time that a source may take in all; it runs while a `with` block is open."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._left = seconds
        self._started: float | None = None

    def __enter__(self) -> Deadline:
        self._started = time.monotonic()
        return self

    def __exit__(self, *_error: object) -> None:
        self._left, self._started = self.left(), None

    def left(self) -> float:
        """Seconds left, negative when it is over."""
        used = 0.0 if self._started is None else time.monotonic() - self._started
        return self._left - used


@dataclass(eq=False)
class JsonServer:
    """One server, and digests of what was read from it. Several threads may ask at a time."""

    refusals: Refusals
    deadline: Deadline
    patience: Patience = field(default_factory=Patience)
    retries: Retries = field(default_factory=Retries)
    chance: Callable[[], float] = random.random
    """Between 0 and 1, for waits alone."""
    _idle: queue.LifoQueue[Connection] = field(default_factory=queue.LifoQueue, init=False)
    _busy: set[Connection] = field(default_factory=set, init=False)
    _stopped: threading.Event = field(default_factory=threading.Event, init=False)
    alone: threading.Lock = field(default_factory=threading.Lock, init=False)
    """Held by a thread that reads large answers beside others: parsed, they take ten times their
    bytes, so there is one of them at a time."""
    _digests: dict[str, str] = field(default_factory=dict, init=False)
    _latest: threading.local = field(default_factory=threading.local, init=False)

    @property
    def address(self) -> Address:
        return self.refusals.address

    def ask(
        self,
        path: str,
        query: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """The object that a request is answered with: a POST when it has a body, else a GET.

        Raises:
            SourceError: RR322-RR333 or RR339 when there is none in the end.
        """
        return self.granted(self.inquire(path, query, body))

    def granted(self, found: dict[str, Any] | Refused) -> dict[str, Any]:
        """What was asked for; raises SourceError when it was refused."""
        if isinstance(found, dict):
            return found
        words = f": {found.words or found.code}" if found.code else ""
        raise SourceError(self.refusals.status(found.status, words))

    def inquire(
        self,
        path: str,
        query: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
        attempts: int | None = None,
        most: int | None = None,
    ) -> dict[str, Any] | Refused:
        """As `ask`, but a reasoned refusal, or a page that is not there, is an answer too.

        Args:
            path: below the server's address.
            query: of a GET.
            body: of a POST.
            attempts: how often a server that fails is asked.
            most: bytes of the answer, fewer than the usual most.
        """
        target = f"{path}?{urlencode(query, quote_via=quote)}" if query else path
        coded = None if body is None else json.dumps(body, sort_keys=True).encode()
        method = "GET" if body is None else "POST"
        answer, key = self._asked(method, target, coded, attempts, most)
        return self._object(answer, key)

    def text(self, path: str) -> str | None:
        """One short line of plain text, None when the server has none there."""
        answer, key = self._asked("GET", path)
        if answer.status != 200 or len(answer.body) > QUOTED or b"<" in answer.body:
            return None
        self._digests[key] = hashlib.sha256(answer.body).hexdigest()
        return self.quoted(answer.body.decode("utf-8", "replace")) or None

    def digest(self) -> str:
        """SHA-256 over every request and the answer that was used."""
        lines = "".join(f"{key} {digest}\n" for key, digest in sorted(self._digests.items()))
        return hashlib.sha256(lines.encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def latest(self) -> tuple[str, str]:
        """The request that this thread asked last, and the digest of its answer."""
        found: tuple[str, str] = self._latest.used
        return found

    def recall(self, used: Mapping[str, str]) -> None:
        """Count answers that an earlier build used, by request, as if they came again."""
        self._digests.update(used)

    def in_order(
        self, work: Callable[[ItemT], ResultT], items: Iterable[ItemT]
    ) -> Generator[ResultT]:
        """Results of work that asks this server, in the order of the items, several at a time."""
        executor = ThreadPoolExecutor(THREADS)
        begun: deque[Future[ResultT]] = deque()
        try:
            for item in items:
                begun.append(executor.submit(work, item))
                if len(begun) >= AHEAD:
                    yield begun.popleft().result()
            while begun:
                yield begun.popleft().result()
        finally:
            # after an error, or when nobody wants the rest, nothing is waited for
            self._stopped.set()
            for connection in tuple(self._busy) if begun else ():
                connection.abort()
            executor.shutdown(wait=True, cancel_futures=True)
            self._stopped.clear()

    def close(self) -> None:
        """Close what is idle; a later request opens a new connection."""
        while not self._idle.empty():
            self._idle.get_nowait().close()

    def quoted(self, text: str) -> str:
        """A server's own words, fit for a message: one line, short, without credentials."""
        for secret in self.refusals.credentials.secrets:
            text = text.replace(secret, REDACTED)
        line = redact_text(" ".join(clean_text(text[: 20 * QUOTED]).split()))
        return line if len(line) <= QUOTED else f"{line[: QUOTED - 1]}…"

    def problem(self, code: str, message: str, hint: str | None = None) -> Problem:
        """A problem that names this server."""
        return self.refusals.problem(code, message, hint)

    # ---- one request -----------------------------------------------------------------------------

    def _asked(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        attempts: int | None = None,
        most: int | None = None,
    ) -> tuple[Answer, str]:
        """The final answer to a request, and the request's name among the digests."""
        target = self.address.prefix + path
        attempts, most = attempts or self.retries.failing, most or self.patience.body_bytes
        for _ in range(REDIRECTS + 1):
            answer = self._insisted(_Request(method, target, body, most), attempts)
            if answer.status not in (301, 302, 303, 307, 308):
                return answer, f"{method} {path} {(body or b'').decode()}"
            target = self._redirected(answer, target)
        message = f"the server redirects more than {REDIRECTS} times"
        raise SourceError(self.problem("RR329", message, self.refusals.where))

    def _insisted(self, request: _Request, attempts: int) -> Answer:
        """One answer, asked for again when that may help."""
        attempt = 0
        while True:
            attempt += 1
            wait = self.retries.first_s * 2 ** (attempt - 1) * (1 - self.chance() / 2)
            try:
                answer = self._exchanged(request)
            except Failed as failed:
                if self.deadline.left() <= 0:
                    raise self._too_late() from None
                if attempt >= self.retries.most(failed.kind) or self._stopped.is_set():
                    raise SourceError(self.refusals.failed(failed, attempt)) from None
            else:
                wait = max(wait, _retry_after(answer))
                if answer.status not in TRANSIENT or attempt >= attempts:
                    return answer
                if wait > self.deadline.left():
                    return answer
            self._stopped.wait(max(0.0, min(wait, self.deadline.left())))

    def _exchanged(self, request: _Request) -> Answer:
        if (left := self.deadline.left()) <= 0:
            raise self._too_late()
        until = time.monotonic() + left
        headers = {
            "Accept": "application/json",
            # nothing is unpacked, so nothing can burst
            "Accept-Encoding": "identity",
            "User-Agent": "runreport",
            **({} if request.body is None else {"Content-Type": "application/json"}),
            **self.refusals.credentials.headers,
        }
        connection = self._connection()
        was_used = connection.is_used
        self._busy.add(connection)
        try:
            # looked at after it is busy, as `in_order` stops before it looks who is busy
            if self._stopped.is_set():
                raise Failed("reset", "no longer wanted")
            return request.sent(connection, headers, until)
        except Failed as failed:
            if not was_used or failed.kind != "reset" or self._stopped.is_set():
                raise
            # the server had closed a connection that lay idle: that is no failure
            return request.sent(connection, headers, until)
        finally:
            self._busy.discard(connection)
            if self._stopped.is_set():
                connection.close()
            else:
                self._idle.put(connection)

    def _connection(self) -> Connection:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            secure = self.address.scheme == "https"
            tls = self.refusals.credentials.tls if secure else None
            return Connection(self.address, self.patience, tls)

    def _redirected(self, answer: Answer, target: str) -> str:
        """Where on this server a redirect leads."""
        location = answer.headers.get("location", "")
        try:
            parts = urlsplit(urljoin(self.address.origin + target, location))
            there = Address.of(f"{parts.scheme}://{parts.netloc}")
        except ValueError:
            message = "the server redirects to what is no address"
            raise SourceError(self.problem("RR329", message, self.refusals.where)) from None
        if there.origin != self.address.origin:
            raise SourceError(self.refusals.redirecting(there))
        return parts.path + (f"?{parts.query}" if parts.query else "")

    def _too_late(self) -> SourceError:
        return SourceError(self.refusals.too_late(self.deadline.seconds))

    # ---- what an answer means --------------------------------------------------------------------

    def _object(self, answer: Answer, key: str) -> dict[str, Any] | Refused:
        if not 200 <= answer.status < 300:
            return self._refusal(answer)
        found = self._parsed(answer)
        if not isinstance(found, dict):
            message = "the server answered with JSON that is no object"
            raise SourceError(self.problem("RR333", message, self.refusals.where))
        digest = hashlib.sha256(answer.body).hexdigest()
        self._digests[key] = digest
        self._latest.used = (key, digest)
        return found

    def _parsed(self, answer: Answer) -> Any:
        body, kind = answer.body, answer.headers.get("content-type", "")
        if (packed := answer.headers.get("content-encoding", "identity")) != "identity":
            message = f"the server packed its answer unasked ({self.quoted(packed)})"
            hint = "let the proxy before it respect Accept-Encoding"
            raise SourceError(self.problem("RR330", message, hint))
        if kind.startswith("text/html") or body.lstrip()[:1] == b"<":
            message = "the server answered with a web page, expected JSON"
            raise SourceError(self.problem("RR330", message, self.refusals.where))
        if body.count(b",") + body.count(b"[") + 3 * body.count(b"{") > VALUES:
            failed = Failed("large", f"more than {VALUES:,} values")
            raise SourceError(self.refusals.failed(failed, 1))
        try:
            # NaN and Infinity are taken as they stand: some servers write them bare
            return json.loads(body.decode())
        except (ValueError, RecursionError):
            message = f"the server's answer of {len(body):,} bytes is no JSON"
            raise SourceError(self.problem("RR330", message, self.refusals.where)) from None

    def _refusal(self, answer: Answer) -> Refused:
        """The reasoned refusal in an answer; raises when it is another kind of failure."""
        found: Any = None
        if len(answer.body) <= REFUSAL:
            with suppress(ValueError, RecursionError):
                found = json.loads(answer.body.decode())
        if isinstance(found, dict) and isinstance(found.get("error_code"), str | int):
            words = self.quoted(str(found.get("message", "")))
            return Refused(answer.status, self.quoted(str(found["error_code"])), words)
        if answer.status == 404:
            return Refused(404, "", "")
        raise SourceError(self.refusals.status(answer.status, ""))


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    target: str
    body: bytes | None
    most: int

    def sent(self, connection: Connection, headers: Mapping[str, str], until: float) -> Answer:
        return connection.exchange(
            self.method, self.target, headers, self.body, until=until, most=self.most
        )


def _retry_after(answer: Answer) -> float:
    """Seconds that the server asks to wait, 0 when it does not ask."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.timestamp() - time.time()
