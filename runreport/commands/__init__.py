"""The command line: one file per command, loaded when it is called."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

COMMANDS = {
    "build": "Build the site that a spec describes.",
    "cache": "Show or remove what builds keep for the next one.",
    "check": "Check a spec without building: text, names, stores.",
    "explain": "Explain an error code at length.",
    "gate": "Hold a spec's gates against its runs; exit with 1 where one fails.",
    "init": "Look at a store or folder and write a commented spec for it.",
    "list": "List the runs, metrics and params of a store or spec.",
    "schema": "Write the JSON Schema of the spec.",
    "serve": "Build, serve on loopback, and rebuild on change.",
}
"""Name to one-line help, so that `--help` imports no command."""


def main(args: list[str] | None = None) -> Any:
    """Run the command line and leave by one of three exits: expected error, interrupt, bug."""
    words = sys.argv[1:] if args is None else args
    if words[:1] == ["build"]:
        # before anything that takes longer than looking whether there is anything to do
        from runreport.commands.unchanged import unchanged

        if (code := unchanged(words[1:])) is not None:
            return _leave(code)
    return _leave(_run(words))


def _run(words: list[str]) -> int:
    import click

    from runreport.commands.line import cli
    from runreport.errors import Problem, RunReportError

    try:
        code = cli.main(args=words, standalone_mode=False) or 0
    except click.exceptions.Exit as error:
        code = error.exit_code
    except click.ClickException as error:
        error.show()
        code = 2
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted; what was published before is untouched", err=True)
        code = 130
    except RunReportError as error:
        from runreport.commands.messages import show_problems

        show_problems(error.problems)
        code = error.exit_code
    except Exception as error:
        from runreport.commands.messages import show_problems

        if "--traceback" in words:
            raise
        problem = Problem(
            "RR901",
            f"{type(error).__name__}: {error}",
            hint="this is a bug in runreport; run again with --traceback and report it",
        )
        show_problems((problem,))
        code = 70
    return int(code)


def _leave(code: int) -> Any:
    sys.stdout.flush()
    sys.stderr.flush()
    # tearing down numpy, Arrow and matplotlib costs 0.2 s that buys nothing
    if "pytest" in sys.modules:
        sys.exit(code)
    os._exit(code)
