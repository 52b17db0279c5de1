"""One HTTP exchange, bounded in time and size, over a connection that is kept for the next.

Every wait has an end: for the connection, between two bytes, and for the exchange as a whole, so
a server that hangs or drips costs seconds. Bodies are read up to a limit and never unpacked.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

Kind = Literal["refused", "unreachable", "untrusted", "slow", "reset", "cut", "large", "garbled"]
READ = 65_536


@dataclass(frozen=True, slots=True)
class Patience:
    """How long and how much one exchange may take."""

    connect_s: float = 5.0
    silence_s: float = 10.0
    """Between two bytes."""
    exchange_s: float = 30.0
    """From the connection to the last byte."""
    body_bytes: int = 24_000_000


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens."""

    scheme: Literal["http", "https"]
    host: str
    """Lower case, without brackets."""
    port: int
    prefix: str = ""
    """Path before the server's own, e.g. `/mlflow`; no slash at its end."""

    @staticmethod
    def of(url: str) -> Address:
        """The address in a URL without query, fragment and user info, which it may not hold.

        Raises:
            ValueError: saying what is wrong; the text never holds the user info.
        """
        try:
            parts = urlsplit(url.strip())
            host, port = parts.hostname or "", parts.port
            (host.encode("idna") if not host.isascii() else host)
        except ValueError:
            raise ValueError("the address cannot be read") from None
        if parts.scheme not in ("http", "https"):
            raise ValueError("the address starts with neither http:// nor https://")
        if "@" in parts.netloc:
            raise ValueError("the address holds a user name or a password")
        if not host or any(char.isspace() or not char.isprintable() for char in url.strip()):
            raise ValueError("the address names no host")
        if parts.query or parts.fragment or "?" in url or "#" in url:
            raise ValueError("the address goes on after `?` or `#`")
        scheme: Literal["http", "https"] = "https" if parts.scheme == "https" else "http"
        default = 443 if scheme == "https" else 80
        return Address(scheme, host.lower(), port or default, parts.path.rstrip("/"))

    @property
    def origin(self) -> str:
        """Scheme, host and port, the last only when it is not the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = 443 if self.scheme == "https" else 80
        return f"{self.scheme}://{host}" + ("" if self.port == usual else f":{self.port}")

    def __str__(self) -> str:
        return f"{self.origin}{self.prefix}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server sent, whatever its status."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


class Failed(Exception):  # noqa: N818  # it never leaves this floor
    """No whole answer came."""

    def __init__(self, kind: Kind, words: str) -> None:
        super().__init__(words)
        self.kind: Kind = kind
        self.words = words


class Connection:
    """A connection to one server, for one thread at a time."""

    def __init__(self, address: Address, patience: Patience, tls: ssl.SSLContext | None) -> None:
        self._address = address
        self._patience = patience
        self._tls = tls
        self._http: http.client.HTTPConnection | None = None
        self._socket: _Paced | None = None
        self._is_aborted = False

    @property
    def is_used(self) -> bool:
        """Whether it is left open by an exchange: the server may have closed its end since."""
        return self._http is not None

    def exchange(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | None,
        *,
        until: float,
        most: int,
    ) -> Answer:
        """Send one request and read the whole answer.

        Args:
            method: GET or POST.
            target: path and query, encoded.
            headers: all but Host and Content-Length.
            body: what is sent.
            until: on the monotonic clock; earlier when the exchange's own time is over.
            most: bytes of the body that are read.

        Raises:
            Failed: no whole answer came; the connection is closed.
        """
        until = min(until, time.monotonic() + self._patience.exchange_s)
        try:
            connection = self._open(until)
            connection.request(method, target, body, dict(headers))
            response = connection.getresponse()
            answer = Answer(
                response.status,
                {name.lower(): value for name, value in response.getheaders()},
                _body(response, most),
            )
        except BaseException as error:
            self.close()
            if (failed := _told(error)) is None:
                raise
            raise failed from None
        if response.will_close:
            self.close()
        return answer

    def close(self) -> None:
        """Close it; the next exchange opens it again."""
        if self._http is not None:
            self._http.close()
        self._http = self._socket = None

    def abort(self) -> None:
        """End for good, from another thread, the exchange that is under way or about to begin."""
        self._is_aborted = True
        if (used := self._socket) is not None:
            used.abort()

    def _open(self, until: float) -> http.client.HTTPConnection:
        if self._http is None:
            host, port = self._address.host, self._address.port
            wait = max(0.001, min(self._patience.connect_s, until - time.monotonic()))
            connection = (
                http.client.HTTPConnection(host, port, timeout=wait)
                if self._tls is None
                else http.client.HTTPSConnection(host, port, timeout=wait, context=self._tls)
            )
            self._http = connection
            connection.connect()
            self._socket = _Paced(connection.sock, self._patience.silence_s)
            connection.sock = self._socket
        # looked at after the socket is set, as `abort` sets it before it looks for the socket
        if self._is_aborted:
            raise Failed("reset", "no longer wanted")
        if self._socket is not None:
            self._socket.until = until
        return self._http


class _Paced:
    """The socket as http.client uses it, every wait cut to what is left of the exchange."""

    def __init__(self, real: Any, silence_s: float) -> None:
        self._real = real
        self._silence_s = silence_s
        self.until = 0.0

    def wait(self) -> None:
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._real.settimeout(min(left, self._silence_s))

    def sendall(self, data: Any) -> None:
        self.wait()
        self._real.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_PacedReading(self, self._real.makefile("rb", buffering=0)))

    def abort(self) -> None:
        with suppress(OSError):
            # past TLS, whose own shutdown would pull its state from under the reading thread
            socket.socket.shutdown(self._real, socket.SHUT_RDWR)

    def close(self) -> None:
        self._real.close()


class _PacedReading(io.RawIOBase):
    def __init__(self, paced: _Paced, real: io.RawIOBase) -> None:
        self._paced = paced
        self._real = real

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._paced.wait()
        return self._real.readinto(buffer)

    def close(self) -> None:
        self._real.close()
        super().close()


def _body(response: http.client.HTTPResponse, most: int) -> bytes:
    if response.length is not None and response.length > most:
        raise Failed("large", f"{response.length:,} bytes")
    body = bytearray()
    while part := response.read(READ):
        body += part
        if len(body) > most:
            raise Failed("large", f"more than {most:,} bytes")
    if response.length:
        # `read` with a size says nothing when the connection ends early
        raise Failed("cut", f"{response.length:,} bytes are missing")
    return bytes(body)


def _told(error: BaseException) -> Failed | None:
    """What an exception of sockets, TLS or http.client means; None for any other."""
    if isinstance(error, Failed):
        return error
    if isinstance(error, ssl.SSLCertVerificationError):
        return Failed("untrusted", f"its certificate was not accepted: {error.verify_message}")
    if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError):
        return Failed("untrusted", (error.reason or "no TLS").lower().replace("_", " "))
    if isinstance(error, TimeoutError):
        return Failed("slow", "no answer in time")
    if isinstance(error, ConnectionRefusedError):
        return Failed("refused", "connection refused")
    if isinstance(error, ConnectionError | ssl.SSLEOFError):
        return Failed("reset", "the connection was closed before an answer came")
    if isinstance(error, http.client.IncompleteRead):
        return Failed("cut", "the connection was closed within the answer")
    if isinstance(error, http.client.HTTPException):
        return Failed("garbled", "what came is not HTTP")
    if isinstance(error, socket.gaierror):
        return Failed("unreachable", "no such host")
    if isinstance(error, OSError | UnicodeError):
        words = error.strerror if isinstance(error, OSError) else None
        return Failed("unreachable", (words or "no connection").lower())
    return None
