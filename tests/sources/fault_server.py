"""A small server on loopback that speaks MLflow's REST interface, and fails when it is told to."""

from __future__ import annotations

import base64
import gzip
import http.server
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

API = "/api/2.0/mlflow"


@dataclass
class Answers:
    """Two experiments, three runs, their histories, files and models, in pages of two."""

    page: int = 2
    base: str = ""
    """Path that everything lies below."""
    extra: dict[str, Any] = field(default_factory=dict)
    """Answers by path that replace the usual ones."""

    def answer(self, path: str, asked: Mapping[str, Any]) -> tuple[int, Any]:
        """Status and JSON of a request."""
        if not path.startswith(self.base):
            return 404, None
        path = path[len(self.base) :]
        if path in self.extra:
            found = self.extra[path]
            return found(asked) if callable(found) else (200, found)
        if path == "/version":
            return 200, "3.17.2"
        known: dict[str, Callable[[Mapping[str, Any]], Any]] = {
            "/experiments/search": lambda q: self._paged("experiments", experiments(), q),
            "/runs/search": lambda q: self._paged("runs", runs(q["experiment_ids"]), q),
            "/metrics/get-history": lambda q: self._paged(
                "metrics", points(q["run_id"], q["metric_key"]), q
            ),
            "/artifacts/list": lambda q: self._paged(
                "files", files(q["run_id"], q.get("path", "")), q
            ),
            "/model-versions/search": lambda q: self._paged("model_versions", versions(), q),
            "/registered-models/get": lambda q: {
                "registered_model": {
                    "name": q["name"],
                    "aliases": [{"alias": "champion", "version": "2"}],
                }
            },
            "/logged-models/search": lambda q: self._paged("models", models(), q),
        }
        ask = known.get(path.removeprefix(API))
        return (404, None) if ask is None else (200, ask(asked))

    def _paged(self, name: str, items: list[Any], asked: Mapping[str, Any]) -> dict[str, Any]:
        start = int(base64.b64decode(asked.get("page_token", "")) or b"0")
        end = start + self.page
        found: dict[str, Any] = {name: items[start:end]} if items[start:end] else {}
        if end < len(items):
            found["next_page_token"] = base64.b64encode(str(end).encode()).decode()
        return found


def experiments() -> list[dict[str, Any]]:
    names = {"0": "Default", "1": "digits", "2": "letters"}
    return [
        {"experiment_id": number, "name": name, "lifecycle_stage": "active"}
        for number, name in names.items()
    ]


RUNS = {"a1": "1", "b2": "1", "c3": "2"}
METRICS = ("loss", "acc")


def runs(wanted: list[str]) -> list[dict[str, Any]]:
    return [
        run(name, home, index) for index, (name, home) in enumerate(RUNS.items()) if home in wanted
    ]


def run(name: str, home: str, index: int) -> dict[str, Any]:
    last = points(name, "loss")[-1]
    return {
        "info": {
            "run_id": name,
            "run_uuid": name,
            "run_name": f"run {name}",
            "experiment_id": home,
            "user_id": "ada",
            "status": "FINISHED",
            "start_time": 1_770_000_000_000 + 1000 * index,
            "end_time": 1_770_000_005_000 + 1000 * index,
            "lifecycle_stage": "active",
        },
        "data": {
            "metrics": [{**last, "key": metric} for metric in METRICS],
            "params": [{"key": "lr", "value": f"0.{index}"}, {"key": "seed", "value": str(index)}],
            "tags": [{"key": "team", "value": "vision"}],
        },
    }


def points(run_id: str, metric: str) -> list[dict[str, Any]]:
    shift = sorted(RUNS).index(run_id) if run_id in RUNS else 0
    return [
        {
            "key": metric,
            "value": 1.0 / (1 + step) + shift,
            "timestamp": 1_770_000_000_000 + step,
            "step": step,
        }
        for step in range(3)
    ]


def files(_run_id: str, folder: str) -> list[dict[str, Any]]:
    if folder == "plots":
        return [{"path": "plots/roc.png", "is_dir": False, "file_size": 12}]
    return [
        {"path": "plots", "is_dir": True},
        {"path": "train.log", "is_dir": False, "file_size": "34"},
    ]


def versions() -> list[dict[str, Any]]:
    return [
        {"name": "clf", "version": number, "run_id": run_id, "current_stage": "None"}
        for number, run_id in (("1", "a1"), ("2", "b2"))
    ]


def models() -> list[dict[str, Any]]:
    return [{"info": {"model_id": "m-1", "name": "net", "source_run_id": "c3"}}]


# ---- faults --------------------------------------------------------------------------------------

Handler = http.server.BaseHTTPRequestHandler
Fault = Callable[["Handler", threading.Event], None]
"""Answers a request badly; ends when the event is set."""


def hang(_handler: Handler, over: threading.Event) -> None:
    over.wait(60)


def drip(handler: Handler, over: threading.Event) -> None:
    """One byte of the body at a time, each well within the time for silence."""
    _head(handler, 200, {"Content-Length": "100000"})
    while not over.wait(0.05):
        handler.wfile.write(b" ")
        handler.wfile.flush()


def drip_head(handler: Handler, over: threading.Event) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not over.wait(0.05):
        handler.wfile.write(b"x")
        handler.wfile.flush()


def reset(handler: Handler, _over: threading.Event) -> None:
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


def cut(handler: Handler, _over: threading.Event) -> None:
    """Half of what the head promises: well-formed JSON all the same."""
    _head(handler, 200, {"Content-Length": "1000"})
    handler.wfile.write(b"{}")


def cut_chunks(handler: Handler, _over: threading.Event) -> None:
    _head(handler, 200, {"Transfer-Encoding": "chunked"})
    handler.wfile.write(b"2\r\n{}\r\n")


def huge(handler: Handler, _over: threading.Event) -> None:
    _head(handler, 200, {"Content-Length": str(10**11)})


def endless(handler: Handler, over: threading.Event) -> None:
    _head(handler, 200, {"Transfer-Encoding": "chunked"})
    part = b"1000\r\n" + b" " * 0x1000 + b"\r\n"
    while not over.is_set():
        handler.wfile.write(part)


_BOMB = gzip.compress(b" " * 10_000_000)


def packed(handler: Handler, _over: threading.Event) -> None:
    """Ten megabytes of nothing in ten kilobytes."""

    _whole(handler, 200, _BOMB, {"Content-Encoding": "gzip"})


def no_http(handler: Handler, _over: threading.Event) -> None:
    handler.wfile.write(b"\x16\x03\x01 SSH-2.0-OpenSSH_9.2\r\n")


def body(data: bytes, kind: str = "application/json", status: int = 200) -> Fault:
    """A whole answer with this body."""

    def fault(handler: Handler, _over: threading.Event) -> None:
        _whole(handler, status, data, {"Content-Type": kind})

    return fault


def refusal(status: int, code: str = "", **headers: str) -> Fault:
    """An answer with this status; in MLflow's form when it has a code."""
    data = json.dumps({"error_code": code, "message": "said by the server"}).encode()
    kind = "application/json" if code else "text/html"

    def fault(handler: Handler, _over: threading.Event) -> None:
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        _whole(handler, status, data if code else b"<p>no</p>", {"Content-Type": kind, **more})

    return fault


def redirect(location: str) -> Fault:
    """A redirect; `{path}` stands for the path that was asked for."""

    def fault(handler: Handler, _over: threading.Event) -> None:
        place = location.replace("{path}", handler.path)
        _whole(handler, 307, b"", {"Location": place})

    return fault


FAULTS: Mapping[str, Fault] = {
    "hang": hang,
    "drip": drip,
    "drip_head": drip_head,
    "reset": reset,
    "cut": cut,
    "cut_chunks": cut_chunks,
    "huge": huge,
    "endless": endless,
    "packed": packed,
    "no_http": no_http,
    "html": body(b"<!doctype html><title>Sign in</title>", "text/html"),
    "html_as_json": body(b"\n <html></html>"),
    "half_json": body(b'{"runs": [{"info": '),
    "no_text": body(b'{"runs": "\xff\xfe"}'),
    "empty": body(b""),
    "list": body(b"[]"),
    "number": body(b"1e999"),
    "deep": body(b"[" * 900_000),
    "wide": body(b"[" + b"{}," * 1_100_000 + b"{}]"),
    "long_number": body(b'{"experiments": ' + b"9" * 50_000 + b"}"),
    "wrong_types": body(
        json.dumps(
            {
                "experiments": 5,
                "runs": "x",
                "metrics": {"a": 1},
                "files": [3],
                "model_versions": True,
                "models": "y",
                "registered_model": 4,
            }
        ).encode()
    ),
    "same_page": body(b'{"next_page_token": "again"}'),
    "status_400": refusal(400),
    "status_401": refusal(401),
    "status_403": refusal(403, "PERMISSION_DENIED"),
    "status_404": refusal(404),
    "status_429": refusal(429),
    "status_500": refusal(500),
    "mlflow_500": refusal(500, "INTERNAL_ERROR"),
    "status_503": refusal(503, Retry_After="0"),
    "redirect_loop": redirect("{path}"),
    "redirect_away": redirect("http://127.0.0.2:9/login"),
}


# ---- the server ----------------------------------------------------------------------------------


@dataclass
class Faulty:
    """A running server."""

    answers: Answers
    fault: Fault | None = None
    first: int = 1
    """The request that fails, from 1."""
    last: int = 10**9
    """The last one that does."""
    allowed: Callable[[Mapping[str, str]], bool] = lambda _headers: True
    """Whether a request with these headers may pass; else 401."""
    requests: list[str] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    url: str = ""

    def handle(self, handler: Handler, over: threading.Event) -> None:
        """Answer one request."""
        length = int(handler.headers.get("Content-Length", 0))
        sent = handler.rfile.read(length)
        parts = urlsplit(handler.path)
        asked = json.loads(sent) if sent else dict(parse_qsl(parts.query, keep_blank_values=True))
        self.requests.append(f"{handler.command} {parts.path} {json.dumps(asked, sort_keys=True)}")
        self.headers.append(dict(handler.headers))
        number = len(self.requests)
        if self.fault is not None and self.first <= number <= self.last:
            self.fault(handler, over)
            handler.close_connection = True
            return
        if not self.allowed(dict(handler.headers)):
            refusal(401)(handler, over)
            return
        status, found = self.answers.answer(parts.path, asked)
        if found is None:
            refusal(status)(handler, over)
        elif isinstance(found, str):
            _whole(handler, status, found.encode(), {"Content-Type": "text/plain"})
        else:
            data = json.dumps(found).encode()
            _whole(handler, status, data, {"Content-Type": "application/json"})


@contextmanager
def serving(
    answers: Answers | None = None, *, certificate: Path | None = None, **settings: Any
) -> Iterator[Faulty]:
    """A server for as long as the block is open, with TLS when it has a certificate."""
    faulty = Faulty(answers or Answers(), **settings)
    over = threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            with suppress(OSError, ValueError):
                faulty.handle(self, over)

        do_POST = do_GET  # noqa: N815  # the name the server calls

        def log_message(self, *_arguments: Any) -> None:
            return

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, *_arguments: Any) -> None:
            return

    server = Server(("127.0.0.1", 0), Handler)
    scheme = "http"
    if certificate is not None:
        scheme = "https"
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(certificate)
        # the handshake belongs to the thread of the connection
        server.socket = tls.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    faulty.url = f"{scheme}://127.0.0.1:{server.server_port}{faulty.answers.base}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield faulty
    finally:
        over.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _head(handler: Handler, status: int, headers: Mapping[str, str]) -> None:
    handler.send_response(status)
    for name, value in {"Content-Type": "application/json", **headers}.items():
        handler.send_header(name, value)
    handler.end_headers()


def _whole(handler: Handler, status: int, data: bytes, headers: Mapping[str, str]) -> None:
    _head(handler, status, {"Content-Length": str(len(data)), **headers})
    handler.wfile.write(data)
