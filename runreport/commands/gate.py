"""`runreport gate`: may the candidate be promoted?"""

from __future__ import annotations

import gc
import os
from pathlib import Path

import click


@click.command(name="gate")
@click.argument("spec", type=click.Path(path_type=Path), default="runreport.yaml")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write what was found.")
@click.option("--junit", "junit_file", type=click.Path(path_type=Path), help="Write JUnit XML.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Where the site is built.")
@click.option("--set", "sets", multiple=True, metavar="PATH=VALUE", help="Replace a value.")
@click.option("--profile", help="Use a profile of the spec.")
@click.option("--no-cache", is_flag=True, help="Neither read nor keep anything in .runreport.")
@click.option("-q", "--quiet", is_flag=True, help="Print gates that did not pass only.")
def command(
    spec: Path,
    json_file: Path | None,
    junit_file: Path | None,
    output: Path | None,
    sets: tuple[str, ...],
    profile: str | None,
    no_cache: bool,
    quiet: bool,
) -> int:
    """Hold the gates of SPEC against its runs (default: runreport.yaml); no page is made.

    Exits with 1 where a critical gate fails that no waiver covers. A build finds the same.
    """
    gc.disable()
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    from runreport import gates
    from runreport.commands import outcomes
    from runreport.commands.messages import show_problems
    from runreport.pipeline import BuildRequest, judge
    from runreport.sections import gatewords

    request = BuildRequest(
        spec=spec,
        environ=os.environ,
        output=output,
        sets=sets,
        profile=profile,
        keep=not no_cache,
    )
    result = judge(request)
    show_problems(result.problems)
    if json_file is not None:
        outcomes.write(json_file, outcomes.as_json(result))
    if junit_file is not None:
        outcomes.write(junit_file, outcomes.as_junit(result))
    shown = [gate for gate in result.gates if gate.word != "passed" or not quiet]
    if shown:
        click.echo(outcomes.table(shown))
    if not quiet or gates.stops(result.gates):
        click.echo(f"{spec}: {gatewords.tally(result.gates)}")
    return int(gates.stops(result.gates))
