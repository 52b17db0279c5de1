"""`runreport explain`."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from runreport.codes import CODES
from runreport.commands.explain import command, nearest


@pytest.mark.parametrize("code", ["RR102", "rr102", " 102 "])
def test_a_code_is_explained_in_lines_that_fit(code):
    result = CliRunner().invoke(command, [code])
    assert result.exit_code == 0
    assert result.output.startswith(f"RR102: {CODES['RR102'].title}\n\n")
    assert " ".join(CODES["RR102"].text.split()) in " ".join(result.output.split())
    assert max(map(len, result.output.split("\n"))) <= 80


def test_without_a_code_all_are_listed():
    result = CliRunner().invoke(command, [])
    assert [line.split()[0] for line in result.output.strip().split("\n")] == list(CODES)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("RR1O2", "RR102"), ("R102", "RR102"), ("RR1022", "RR102"), ("hello", None), ("", None)],
)
def test_an_unknown_code_gets_the_nearest_one(typed, meant):
    assert nearest(typed) == meant
    result = CliRunner().invoke(command, [typed])
    assert result.exit_code == 2
    assert (
        f"did you mean {meant}?" if meant else "`runreport explain` lists them"
    ) in result.output


def test_what_was_typed_reaches_the_terminal_coded():
    assert "\x1b" not in CliRunner().invoke(command, ["\x1b[31m"]).output
