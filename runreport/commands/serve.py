"""`runreport serve`: build, serve on loopback, rebuild when an input changes."""

from __future__ import annotations

import functools
import http.server
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from runreport import registry
from runreport.errors import RunReportError
from runreport.spec.load import load_spec
from runreport.understand import local_places

POLL_SECONDS = 1.0
WATCHED_FILES = 20_000
"""A store of more files is watched by its first ones only."""


@click.command(name="serve")
@click.argument("spec", type=click.Path(path_type=Path), default="runreport.yaml")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Instead of the spec's.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option("--set", "sets", multiple=True, metavar="PATH=VALUE", help="Replace a value.")
@click.option("--profile", help="Use a profile of the spec.")
def command(
    spec: Path, output: Path | None, port: int, sets: tuple[str, ...], profile: str | None
) -> int:
    """Build SPEC, serve the site on 127.0.0.1, and rebuild when an input changes.

    A build that fails leaves the last good site in place. Reload the page to see a new one.
    """
    loaded = load_spec(
        spec,
        sections=registry.SECTIONS,
        sources=registry.SOURCES,
        sets=sets,
        profile=profile,
        environ=os.environ,
    )
    target = output or loaded.output
    arguments = ["build", str(spec), "-o", str(target)]
    arguments += [word for item in sets for word in ("--set", item)]
    arguments += ["--profile", profile] if profile else []
    _build(arguments)
    server = _serve(target, port)
    click.echo(f"http://127.0.0.1:{server.server_port}/ (Ctrl-C stops)")
    seen = _signature(_inputs(spec, sets, profile), target)
    try:
        while True:
            time.sleep(POLL_SECONDS)
            now = _signature(_inputs(spec, sets, profile), target)
            if now != seen:
                seen = now
                _build(arguments)
    finally:
        server.shutdown()


def _build(arguments: Sequence[str]) -> None:
    # a process of its own: a failed build cannot hurt the server
    subprocess.run([sys.executable, "-m", "runreport", *arguments], check=False)  # noqa: S603  our own program


def _serve(folder: Path, port: int) -> http.server.ThreadingHTTPServer:
    handler = functools.partial(_Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the parent's name
        return

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-store")
        super().end_headers()


def _inputs(spec: Path, sets: Sequence[str], profile: str | None) -> list[Path]:
    """The local files a build reads; the spec alone while it has errors."""
    try:
        loaded = load_spec(
            spec,
            sections=registry.SECTIONS,
            sources=registry.SOURCES,
            sets=tuple(sets),
            profile=profile,
            environ=os.environ,
        )
    except RunReportError:
        return [spec]
    return [*loaded.files, *local_places(loaded)]


def _signature(paths: Sequence[Path], output: Path) -> tuple[tuple[str, int, int], ...]:
    """Times and sizes of the files below these places; what is built there is no input."""
    found = []
    for path in (file for place in paths for file in _files(place, output.resolve())):
        try:
            status = path.stat()
        except OSError:
            continue
        found.append((str(path), status.st_mtime_ns, status.st_size))
    return tuple(sorted(found))


def _files(place: Path, output: Path) -> Iterator[Path]:
    yield place
    if place.name:
        # SQLite's write-ahead log holds what the main file does not have yet
        yield place.with_name(place.name + "-wal")
    if place.is_dir():
        count = 0
        for folder, folders, names in os.walk(place):
            inside = (name for name in folders if not name.startswith("."))
            folders[:] = sorted(n for n in inside if Path(folder, n).resolve() != output)
            for name in sorted(name for name in names if not name.startswith(".")):
                yield Path(folder, name)
                count += 1
                if count >= WATCHED_FILES:
                    return
