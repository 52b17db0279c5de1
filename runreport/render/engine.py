"""MkDocs with Material: in a process that reads the theme's templates while the pages are made.

Importing the engine and compiling the theme costs as much as building a small site. A build starts
this process first, so that both happen while the runs are read.
"""

from __future__ import annotations

import json
import logging
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from runreport.errors import Problem, RenderError
from runreport.render import emit
from runreport.render.bytecode import compiled_templates
from runreport.render.workers import WorkerDied, WorkerSlow, open_workers

TIME_LIMIT_S = 1800.0
"""A site that takes longer is given up."""

Settings = Mapping[str, Any]
"""What stands in `mkdocs.yml`."""
Site = tuple[Path, Settings]
"""A folder with `docs`, and how its `site` is built."""
Run = Callable[[Sequence[Site], datetime], None]
"""`run` or `Engine.run`; the clock of the engine is set to the time given."""

PALETTE = tuple(
    {
        "media": f"(prefers-color-scheme: {kind})",
        "scheme": scheme,
        "primary": "custom",
        "accent": "custom",
        "toggle": {"icon": icon, "name": name},
    }
    for kind, scheme, icon, name in (
        ("light", "default", "material/weather-night", "Switch to dark"),
        ("dark", "slate", "material/weather-sunny", "Switch to light"),
    )
)
SETTINGS: Settings = {
    "docs_dir": "docs",
    "site_dir": "site",
    "use_directory_urls": False,
    "not_in_nav": "*.md\n",
    # a page may have any name: the engine would leave this folder out
    "exclude_docs": "!/templates/\n",
    "theme": {
        "name": "material",
        "font": False,
        "features": ["toc.integrate", "navigation.top"],
        "icon": {"logo": "material/chart-bell-curve-cumulative"},
        "palette": PALETTE,
    },
    "plugins": [{"material/search": {"separator": r"[\s\-,:!=\[\]()\"/_]+"}}],
    "extra": {"generator": False, "polyfills": ["assets/search-worker.js"]},
    "validation": {"omitted_files": "ignore", "unrecognized_links": "ignore"},
    "strict": True,
}
"""The same for every report: no hooks, no plugins but search."""


class Engine:
    """A process that gets ready at once; every site is then built by a copy of it."""

    def __init__(self) -> None:
        # before the caller starts threads: a fork copies only one
        self._workers = open_workers(_answer, warm)

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._workers.close()

    def run(self, sites: Sequence[Site], now: datetime) -> None:
        """As `run`, all sites at the same time."""
        with ThreadPoolExecutor(len(sites)) as others:
            pending = [others.submit(self._run, *site, now) for site in sites[1:]]
            self._run(*sites[0], now)
            for site in pending:
                site.result()

    def _run(self, stage: Path, settings: Settings, now: datetime) -> None:
        worker = None
        try:
            worker = self._workers.start()
            answer = worker.call((stage, dict(settings), now), TIME_LIMIT_S)
        except WorkerDied:
            answer = "its process ended before the site was done"
        except WorkerSlow:
            answer = f"it took more than {TIME_LIMIT_S:g} seconds"
        except BaseException:
            # an interrupted build removes the folder: nobody may go on writing into it
            if worker is not None:
                worker.kill()
            raise
        else:
            worker.close()
        _judge(answer)


def run(sites: Sequence[Site], now: datetime) -> None:
    """Build `docs` of each folder into its `site`, in this process.

    Raises:
        RenderError: RR560 when the engine fails or warns.
        OSError: when a folder cannot be written.
    """
    for stage, settings in sites:
        _judge(_answer((stage, settings, now)))


def _judge(answer: str | OSError | None) -> None:
    if isinstance(answer, OSError):
        raise answer
    if answer:
        hint = "nothing was published; this is a bug in runreport, please report it"
        raise RenderError(Problem("RR560", f"MkDocs: {answer}", hint=hint))


def warm() -> None:
    """Import the engine and compile the theme's templates: builds a page that nobody sees."""
    # where nothing temporary can be written, the first site takes longer
    with suppress(OSError), tempfile.TemporaryDirectory(prefix="runreport-engine-") as name:
        stage = Path(name)
        (stage / "docs").mkdir()
        (stage / "docs" / "index.md").write_text("# Warm\n", "utf-8")
        _answer((stage, {**SETTINGS, "site_name": "Warm"}, datetime(1980, 1, 1, tzinfo=UTC)))


def _answer(task: tuple[Path, Settings, datetime]) -> str | OSError | None:
    """Build a site; what went wrong, or None."""
    try:
        return _build(*task)
    except OSError as error:
        # a full disk is no failure of the engine
        return error


def _build(stage: Path, settings: Settings, now: datetime) -> str | None:
    with _environment(now):
        from mkdocs.commands.build import build
        from mkdocs.config import load_config
        from mkdocs.exceptions import Abort, MkDocsException

        file = stage / "mkdocs.yml"
        # JSON is YAML
        file.write_text(json.dumps(settings, indent=2), "utf-8")
        with _captured_log() as messages:
            try:
                toc = {"toc": {"permalink": False, "slugify": _anchor}}
                config = load_config(str(file), markdown_extensions=[toc])
                _quicken(config.theme)
                build(config)
            except (Abort, MkDocsException) as error:
                return "; ".join(dict.fromkeys([*messages, str(error)]))
    return None


def _anchor(text: str, _separator: str) -> str:
    """Heading ids are generated: a heading may be data."""
    return emit.identifier("h", text)


def _quicken(theme: Any) -> None:
    """Keep compiled templates between builds, and do not list ten thousand unused icons."""
    from jinja2 import Environment, FileSystemLoader

    class Visible(FileSystemLoader):
        def list_templates(self) -> list[str]:
            # MkDocs leaves hidden files and folders out of what it copies
            found: set[str] = set()
            for top in self.searchpath:
                for folder, folders, names in os.walk(top, followlinks=self.followlinks):
                    folders[:] = [name for name in folders if not name.startswith(".")]
                    place = Path(folder).relative_to(top)
                    found.update((place / name).as_posix() for name in names)
            return sorted(found - unwanted)

    # an offline site has no use for a page about missing pages, or for a sitemap
    unwanted = set(theme.static_templates)
    theme.static_templates.clear()
    make = theme.get_env

    def get_env() -> Environment:
        environment: Environment = make()
        environment.bytecode_cache = compiled_templates()
        environment.loader = Visible(theme.dirs)
        return environment

    theme.get_env = get_env


@contextmanager
def _environment(now: datetime) -> Iterator[None]:
    """The engine reads its clock and its manners from the environment."""
    wanted = {"SOURCE_DATE_EPOCH": str(int(now.timestamp())), "NO_MKDOCS_2_WARNING": "1"}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _captured_log() -> Iterator[list[str]]:
    """Warnings of the engine as a list instead of on the terminal."""
    messages: list[str] = []
    logger = logging.getLogger("mkdocs")

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            messages.append(record.getMessage())

    handler = Collector(logging.WARNING)
    propagate, logger.propagate = logger.propagate, False
    logger.addHandler(handler)
    try:
        yield messages
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagate
