"""The whole story on one page: load -> read -> compute -> render -> site -> publish."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from runreport import registry
from runreport.compose import run_pages, write
from runreport.errors import Problem, SourceError
from runreport.history import History
from runreport.kinds import Context
from runreport.publish import folder
from runreport.render.figures import FigurePool
from runreport.render.page import Links, render_page
from runreport.render.site import build_site
from runreport.render.theme import Theme, load_theme
from runreport.spec.load import load_spec
from runreport.spec.model import Spec
from runreport.understand import read, understand

Progress = Callable[[str], None]


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


@dataclass(frozen=True, slots=True)
class BuildResult:
    """What a build did."""

    output: Path
    runs: int
    pages: int
    problems: tuple[Problem, ...]
    """Notes and warnings; errors are raised."""


def build(request: BuildRequest, progress: Progress = lambda _words: None) -> BuildResult:
    """Build and publish the site of a spec; nothing already published is lost when it fails.

    Raises:
        SpecError, SourceError, RenderError, PolicyError, PublishError, BusyError.
    """
    with ExitStack() as stack:
        # drawing workers import matplotlib while this process reads
        pool = stack.enter_context(FigurePool())
        spec = load(request)
        output = request.output or spec.output
        stack.enter_context(folder.lock(output))
        stage = stack.enter_context(folder.staging(output))
        progress("reading")
        facts = read(spec, request.environ)
        context = understand(spec, facts, History(stage / "history"), request.environ)
        if request.strict and context.problems:
            raise SourceError(context.problems)
        progress(f"comparing {len(context.runs)} runs in {len(context.groups)} groups")
        theme = load_theme(spec.theme, spec.path.parent)
        documents = tuple(write(spec, context))
        progress(f"rendering {len(documents)} pages")
        pages = render(documents, context, theme, pool)
        build_site(pages, site_info(spec, context, theme), stage)
        progress("publishing")
        folder.publish(stage, output, inputs=inputs(spec, facts), force=request.force)
        return BuildResult(
            output, len(context.runs), len(pages), (*spec.warnings, *context.problems)
        )


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


def render(
    documents: Sequence[Document], context: Context, theme: Theme, pool: FigurePool
) -> tuple[RenderedPage, ...]:
    """Pages with their charts under way in the drawing workers."""
    links = Links(run_pages=run_pages(documents))
    return tuple(
        render_page(document, theme, links, pool.submitter(theme.colors, theme.font_size))
        for document in documents
    )
