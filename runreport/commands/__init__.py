"""The command line: one file per command, loaded when it is called."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

import click

from runreport import __version__

COMMANDS = {
    "build": "Build the site that a spec describes.",
    "check": "Check a spec without building: text, names, stores.",
    "explain": "Explain an error code at length.",
    "init": "Look at a store or folder and write a commented spec for it.",
    "list": "List the runs, metrics and params of a store or spec.",
    "schema": "Write the JSON Schema of the spec.",
    "serve": "Build, serve on loopback, and rebuild on change.",
}
"""Name to one-line help, so that `--help` imports no command."""


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"runreport.commands.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
@click.option("--traceback", is_flag=True, help="Show the trace of an unexpected error.")
@click.pass_context
def cli(ctx: click.Context, traceback: bool) -> None:
    """Compare machine-learning runs: a spec in, a static site out."""
    ctx.obj = {"traceback": traceback}


def main(args: list[str] | None = None) -> Any:
    """Run the command line and leave by one of three exits: expected error, interrupt, bug."""
    from runreport.errors import Problem, RunReportError

    try:
        code = cli.main(args=args, standalone_mode=False) or 0
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

        if "--traceback" in (args if args is not None else sys.argv):
            raise
        problem = Problem(
            "RR901",
            f"{type(error).__name__}: {error}",
            hint="this is a bug in runreport; run again with --traceback and report it",
        )
        show_problems((problem,))
        code = 70
    sys.stdout.flush()
    sys.stderr.flush()
    return _leave(int(code))


def _leave(code: int) -> Any:
    # tearing down numpy, Arrow and matplotlib costs 0.2 s that buys nothing
    if "pytest" in sys.modules:
        sys.exit(code)
    os._exit(code)
