"""`runreport build`: the site that a spec describes."""

from __future__ import annotations

import gc
import os
import sys
import time
from pathlib import Path

import click

from runreport.commands.unchanged import NOTHING_CHANGED, words_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from runreport.kinds import Judged

GATE_FAILED = 1
"""Exit code, with `--gate` only; the report is built."""


@click.command(name="build")
@click.argument("spec", type=click.Path(path_type=Path), default="runreport.yaml")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Instead of the spec's.")
@click.option("--set", "sets", multiple=True, metavar="PATH=VALUE", help="Replace a value.")
@click.option("--profile", help="Use a profile of the spec.")
@click.option("--strict", is_flag=True, help="A run that cannot be read stops the build (exit 3).")
@click.option("--force", is_flag=True, help="Replace a folder that is no site of runreport.")
@click.option("--if-changed", is_flag=True, help="Exit with 5 when a build would change nothing.")
@click.option("--no-cache", is_flag=True, help="Neither read nor keep anything in .runreport.")
@click.option("--gate", is_flag=True, help="Exit with 1 where a critical gate fails.")
@click.option("-q", "--quiet", is_flag=True, help="Print problems only.")
def command(
    spec: Path,
    output: Path | None,
    sets: tuple[str, ...],
    profile: str | None,
    strict: bool,
    force: bool,
    if_changed: bool,
    no_cache: bool,
    gate: bool,
    quiet: bool,
) -> int:
    """Build the site that SPEC describes (default: runreport.yaml).

    The old site stays in place until the new one is complete and verified. Nothing is done where
    nothing changed since the last build; what can be used again is kept in .runreport beside SPEC.
    """
    started = time.monotonic()
    # a build is over before its garbage matters, and looking for it costs a tenth of the time
    gc.disable()
    # one thread per process: the second core draws
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    from runreport.render.engine import Engine

    progress = _Progress(shown=sys.stderr.isatty() and not quiet)
    # first of all: the engine gets ready while this process imports the rest
    with Engine() as engine:
        from runreport.commands.messages import show_problems
        from runreport.pipeline import BuildRequest, build

        request = BuildRequest(
            spec=spec,
            environ=os.environ,
            output=output,
            sets=sets,
            profile=profile,
            strict=strict,
            force=force,
            keep=not no_cache,
            if_changed=if_changed,
        )
        try:
            result = build(request, progress, engine)
        finally:
            progress.clear()
    show_problems(result.problems)
    if result.unchanged is not None:
        if not quiet:
            click.echo(words_of(str(result.output), result.unchanged), nl=False)
        return GATE_FAILED if gate and _stops(result.gates) else NOTHING_CHANGED
    if not quiet:
        seconds = time.monotonic() - started
        click.echo(
            f"{result.output / 'index.html'}: {result.pages} pages, {result.runs} runs, "
            f"{seconds:.1f} s"
        )
    if result.gates and (gate or not quiet):
        from runreport.sections.gatewords import promotion

        click.echo(promotion(result.gates))
    return GATE_FAILED if gate and _stops(result.gates) else 0


def _stops(gates: Sequence[Judged]) -> bool:
    return any(one.stops for one in gates)


class _Progress:
    """One line on a terminal, rewritten in place; nothing in a log."""

    def __init__(self, shown: bool) -> None:
        self._shown = shown

    def __call__(self, words: str) -> None:
        if self._shown:
            click.echo(f"\r\033[K{words} ...", nl=False, err=True)

    def clear(self) -> None:
        if self._shown:
            click.echo("\r\033[K", nl=False, err=True)
