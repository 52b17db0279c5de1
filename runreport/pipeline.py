"""The whole story on one page: load -> read -> compute -> render -> site -> publish."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

from runreport import decisions, formats, gates, registry, repositories
from runreport.beside import beside
from runreport.blocks import Figure
from runreport.cache import issuing, place, receipts
from runreport.compose import Entry, entries, run_pages
from runreport.design import Design
from runreport.errors import PolicyError, Problem, SourceError, Span
from runreport.history import History
from runreport.keeping import Keeper
from runreport.kinds import Context, DecisionLog, Judged
from runreport.publish import folder
from runreport.recalling import Made, Memory
from runreport.redaction import scan
from runreport.remembering import remember
from runreport.render import stated
from runreport.render.engine import Engine
from runreport.render.figures import FigurePool
from runreport.render.page import Links, RenderedPage, Submit, render_page
from runreport.render.rundata import run_data
from runreport.render.site import SiteInfo, build_site
from runreport.render.theme import Theme, load_theme, theme_places
from runreport.render.verify import verify_site
from runreport.spec.load import load_spec
from runreport.spec.model import SourceEntry, Spec
from runreport.tables import RunTables
from runreport.understand import Facts, local_places, needs_of, read, read_sources, understand

Progress = Callable[[str], None]

DIVIDED = 200
"""With at least so many pages of one entry two processes write half of them each."""


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """What one build is asked to do."""

    spec: Path
    environ: Mapping[str, str]
    output: Path | None = None
    """Instead of the spec's."""
    sets: tuple[str, ...] = ()
    profile: str | None = None
    strict: bool = False
    """Problems of single runs stop the build."""
    force: bool = False
    """Replace a folder that is no site of ours."""
    keep: bool = False
    """Use what earlier builds kept in `.runreport` beside the spec, and keep as much."""
    if_changed: bool = False
    """Publish nothing when what is read is what the published site was made from."""


@dataclass(frozen=True, slots=True)
class BuildResult:
    """What a build did."""

    output: Path
    runs: int
    pages: int
    problems: tuple[Problem, ...]
    """Notes and warnings; errors are raised."""
    unchanged: str | None = None
    """Nothing was published, since the site is already what it would be: what is said of it."""
    gates: tuple[Judged, ...] = ()
    """What became of the spec's gates."""


@dataclass(frozen=True, slots=True)
class GateResult:
    """What became of a spec's gates, without a site."""

    title: str
    gates: tuple[Judged, ...]
    time: datetime
    """The report's: waivers are held against it."""
    problems: tuple[Problem, ...]


def build(
    request: BuildRequest,
    progress: Progress = lambda _words: None,
    engine: Engine | None = None,
) -> BuildResult:
    """Build and publish the site of a spec; nothing already published is lost when it fails.

    Args:
        request: what is asked for.
        progress: told what is being done.
        engine: one that was started earlier; the caller closes it.

    Raises:
        SpecError, SourceError, RenderError, PolicyError, PublishError, BusyError.
    """
    started = time.time_ns()
    environ = issuing.Watched(request.environ)
    request = replace(request, environ=environ)
    order = receipts.Order(
        request.spec, request.output, request.sets, request.profile, request.strict
    )
    with ExitStack() as stack:
        # other processes import what they need while this one reads
        engine = engine or stack.enter_context(Engine())
        few = request.keep and place.expects_few(place.folder_of(request.spec))
        pool = stack.enter_context(FigurePool(at_once=not few))
        spec = load(request)
        output = request.output or spec.output
        # behind a link, so that the link stays one
        target = output.resolve()
        folder.check_target(target, request.force, [*spec.files, *local_places(spec)])
        stack.enter_context(folder.lock(target))
        keeper = stack.enter_context(Keeper(order, environ, output, keep=request.keep))
        pool.kept = keeper.charts
        stage = stack.enter_context(folder.staging(target))
        progress("reading")
        facts, context = read_and_understand(spec, environ, stage, keeper)
        context = settled(spec, context, target)
        theme = load_theme(spec.theme, spec.path.parent)
        # everything has been read: a copy hashes it, however large
        hashed = stack.enter_context(beside(partial(inputs, spec, facts, context.decisions)))
        # a copy answers once
        digests = cache(hashed)
        # notes say how something was understood; nothing is missing
        missing = [problem for problem in context.problems if problem.severity != "note"]
        if request.strict and missing:
            raise SourceError(missing)
        told = (*spec.warnings, *context.warnings, *context.problems)
        if request.if_changed and (known := keeper.same(digests())) is not None:
            keeper.finish(places(spec, facts, target), digests(), known, started)
            told = (*told, *keeper.notes)
            return BuildResult(output, len(context.runs), 0, told, known, context.gates)
        progress(f"comparing {len(context.runs)} runs in {len(context.groups)} groups")
        links = Links(run_pages(spec, context), run_data(context))
        memory = Memory(keeper.pages, keeper.charts, look_of(spec), context, links)
        pages = render(spec, context, theme, pool, memory)
        progress(f"writing {len(pages)} pages")
        info = SiteInfo(spec.report.title, spec.report.authors, context.now, theme)
        with memory.settling():
            policies = build_site(pages, info, stage, engine.run)
        site = stage / "site"
        (site / stated.NAME).write_bytes(results(spec, context, pages))
        # every chart is there
        pool.close()
        with beside(lambda: list(scan(site, facts.spared))) as secrets:
            doubts = [*verify_site(site, policies), *secrets()]
        if refused := [problem for problem in doubts if problem.severity == "error"]:
            raise PolicyError(refused)
        progress("publishing")
        folder.publish(site, target, digests())
        told = (*told, *pool.problems, *doubts)
        if not pool.problems:
            # a chart that took too long may be drawn next time
            made = summed_up(len(pages), len(context.runs), told)
            keeper.finish(places(spec, facts, target), digests(), made, started)
            memory.keep()
            keeper.remember_drawn(pool.drawn)
        told = (*told, *keeper.notes)
        return BuildResult(output, len(context.runs), len(pages), told, gates=context.gates)


def judge(request: BuildRequest) -> GateResult:
    """What a build would find of the gates: nothing is rendered and nothing published.

    Raises:
        SpecError, SourceError.
    """
    environ = issuing.Watched(request.environ)
    request = replace(request, environ=environ)
    order = receipts.Order(
        request.spec, request.output, request.sets, request.profile, request.strict
    )
    spec = load(request)
    output = request.output or spec.output
    with ExitStack() as stack:
        keeper = stack.enter_context(Keeper(order, environ, output, keep=request.keep))
        stage = Path(stack.enter_context(TemporaryDirectory(prefix="runreport-")))
        _, context = read_and_understand(spec, environ, stage, keeper)
        context = settled(spec, context, output.resolve())
        told = (*spec.warnings, *context.warnings, *context.problems, *keeper.notes)
    return GateResult(spec.report.title, context.gates, context.now, told)


def settled(spec: Spec, context: Context, target: Path) -> Context:
    """The context with looks, the decision, other decisions, and what became of the gates."""
    context = remember(spec, context, target)
    logs = decisions.logs(spec, needs_of(spec, Design()).decisions, context, target)
    judged = gates.judge(spec.gates, context, spec.warnings)
    return replace(context, decisions=logs, gates=judged)


def load(request: BuildRequest) -> Spec:
    """The spec, its text checked."""
    return load_spec(
        request.spec,
        sections=registry.SECTIONS,
        sources=registry.SOURCES,
        sets=request.sets,
        profile=request.profile,
        environ=request.environ,
    )


def read_and_understand(
    spec: Spec, environ: Mapping[str, str], stage: Path, keeper: Keeper
) -> tuple[Facts, Context]:
    """Everything that pages are made from; what is damaged of earlier builds is read anew."""
    try:
        facts = read(spec, environ, keeper.folder)
        context = understand(spec, facts, History(stage / "history"), environ)
    except SourceError as error:
        if keeper.folder is None or any(problem.code != "RR385" for problem in error.problems):
            raise
        keeper.distrust(error.problems)
        facts = read(spec, environ)
        context = understand(spec, facts, History(stage / "history-again"), environ)
    return facts, replace(context, problems=keeper.apart(context.problems))


def read_tables(
    source: str | Path | Mapping[str, Any], environ: Mapping[str, str] = os.environ
) -> RunTables:
    """Everything a spec's sources hold, whatever it selects: secrets redacted, in full.

    Args:
        source: a spec's path, or one source as a spec writes it: `{"mlflow": "mlruns"}`. Relative
            paths in it start at the working folder.
        environ: where variables and credentials come from.

    Raises:
        SpecError, SourceError.
    """
    if not isinstance(source, Mapping):
        return read(load(BuildRequest(Path(source), environ)), environ).tables
    kind = next((key for key in source if key in registry.SOURCES), None)
    if kind is None:
        raise ValueError(f"expected a source, one of {', '.join(registry.SOURCES)}: {source}")
    options = registry.SOURCES[kind].options
    values = {fields(options)[0].name if key == kind else key: source[key] for key in source}
    entry = SourceEntry(kind, options(**values), Path.cwd(), Span("source", 1, 1))
    return read_sources((entry,), (), environ).tables


def render(
    spec: Spec, context: Context, theme: Theme, pool: FigurePool, memory: Memory
) -> tuple[RenderedPage, ...]:
    """Every page; charts are drawn in the workers while later sections compute."""
    submit = pool.submitter(theme.colors, theme.font_size)

    def rendered(entry: Entry, subjects: slice, drawn: Submit) -> list[Made]:
        def make(subject: Context, links: Links) -> RenderedPage:
            return render_page(entry.document(subject), theme, links, drawn)

        return [memory.page(entry, subject, make) for subject in entry.subjects[subjects]]

    found: list[list[Made]] = []
    # the first page sums up and tests: when it comes last, charts are drawn meanwhile
    for entry in reversed(entries(spec, context)):
        half = len(entry.subjects) // 2 if len(entry.subjects) >= DIVIDED else None
        if half is None:
            found.append(rendered(entry, slice(None), submit))
            continue
        with beside(partial(_without_charts, rendered, entry, slice(half, None))) as second:
            first_half = rendered(entry, slice(half), submit)
            found.append(first_half + (second() or rendered(entry, slice(half, None), submit)))
    return tuple(page for made in reversed(found) for page in memory.take(made))


def results(spec: Spec, context: Context, pages: Sequence[RenderedPage]) -> bytes:
    """What the pages state, for gates and other programs."""
    facts = stated.ReportFacts(
        title=spec.report.title,
        time=context.now,
        runs=len(context.runs),
        groups=[group.label for group in context.groups],
        alpha=context.design.alpha,
        correction=context.design.correction,
        look=context.look,
        looks=context.looks,
        gates=context.gates,
        decision=decisions.facts(spec, context),
    )
    listed = [(page.title, f"{page.slug}.html", list(page.stated)) for page in pages]
    return stated.document(facts, listed)


def _without_charts(
    rendered: Callable[[Entry, slice, Submit], list[Made]], entry: Entry, subjects: slice
) -> list[Made]:
    """The pages where none has a chart; nothing where one has, since a copy cannot draw."""

    def refuse(_figure: Figure, _prefix: str) -> Future[str]:
        raise _DrawsError

    try:
        return rendered(entry, subjects, refuse)
    except _DrawsError:
        return []


class _DrawsError(Exception):
    """A page has a chart."""


def look_of(spec: Spec) -> str:
    """A digest of a theme's own files; the program's are part of the program."""
    digest = hashlib.sha256(spec.theme.encode())
    for path in theme_places(spec.theme, spec.path.parent):
        if path.is_file():
            digest.update(f"{path.name} {path.stat().st_size}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def inputs(
    spec: Spec, facts: Facts, logs: Mapping[str, DecisionLog] = MappingProxyType({})
) -> Mapping[str, str]:
    """What the report was made from, name to digest: no machine paths, no credentials."""
    digests = {
        f"spec/{index}/{path.name}": hashlib.sha256(path.read_bytes()).hexdigest()
        for index, path in enumerate(spec.files)
    }
    for index, path in enumerate(theme_places(spec.theme, spec.path.parent)):
        if path.is_file():
            digests[f"theme/{index}/{path.name}"] = hashlib.sha256(path.read_bytes()).hexdigest()
    for index, reader in enumerate(facts.readers):
        for name, digest in reader.fingerprint().items():
            digests[f"source/{index}/{name}"] = digest
    digests.update(repositories.digests(spec.path.parent, _named(spec)))
    digests.update(decisions.digests(logs))
    return digests


def _named(spec: Spec) -> Collection[str]:
    """Git repositories that sections read, as written."""
    return needs_of(spec, Design()).repositories


def summed_up(pages: int, runs: int, told: Sequence[Problem]) -> str:
    """What is said of a site when nothing changed: that there were problems, too."""
    counts = [
        formats.count(number, severity)
        for severity in ("warning", "note")
        if (number := sum(problem.severity == severity for problem in told))
    ]
    said = f"{pages} pages, {runs} runs"
    return f"{said} ({', '.join(counts)} as before)" if counts else said


def places(spec: Spec, facts: Facts, target: Path) -> Sequence[Path] | None:
    """Files and folders of whose state the site is a function; None where nobody can tell."""
    found = [*spec.files, *theme_places(spec.theme, spec.path.parent)]
    for reader in facts.readers:
        own = reader.places()
        if own is None:
            return None
        found += own
    found += repositories.places(spec.path.parent, _named(spec))
    found += decisions.places(spec, needs_of(spec, Design()).decisions, target)
    return found
