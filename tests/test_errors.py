"""Problems and the exceptions that carry them."""

from __future__ import annotations

import pickle
import re
from dataclasses import FrozenInstanceError

import pytest

from runreport import errors
from runreport.errors import (
    BusyError,
    PolicyError,
    Problem,
    PublishError,
    RenderError,
    RunReportError,
    SourceError,
    Span,
    SpecError,
)
from tests.shared import ROOT

HERE = Span("runreport.yaml", 10, 3, 9)
PROBLEM = Problem("RR102", "unknown key 'base_line'", HERE, "did you mean 'baseline'?")
EXITS = {
    SpecError: 2,
    SourceError: 3,
    PublishError: 3,
    RenderError: 4,
    PolicyError: 6,
    BusyError: 75,
    RunReportError: 70,
}


def test_a_place_reads_as_editors_know_it():
    assert str(HERE) == "runreport.yaml:10:3"


def test_problems_and_places_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        HERE.line = 11
    with pytest.raises(FrozenInstanceError):
        PROBLEM.message = "nothing"


@pytest.mark.parametrize("kind", EXITS)
def test_every_error_has_the_exit_code_that_is_promised(kind):
    assert kind(PROBLEM).exit_code == EXITS[kind]


def test_no_error_is_left_out_of_the_table():
    classes = {c for c in vars(errors).values() if isinstance(c, type)}
    assert {c for c in classes if issubclass(c, RunReportError)} == set(EXITS)


def test_the_readme_tells_the_same_exit_codes():
    (told,) = re.findall(r"Exit codes: (.*?)\n\n", (ROOT / "README.md").read_text(), re.S)
    assert {int(code) for code in re.findall(r"\b\d+\b", told)} == {0, 1, 5, 130, *EXITS.values()}


def test_one_problem_and_several_are_carried_alike():
    other = Problem("RR200", "unknown name 'lr'", severity="warning")
    assert SpecError(PROBLEM).problems == (PROBLEM,)
    assert SpecError([PROBLEM, other]).problems == (PROBLEM, other)
    words = str(SpecError([PROBLEM, other]))
    assert words == "RR102: unknown key 'base_line'; RR200: unknown name 'lr'"


@pytest.mark.parametrize("kind", EXITS)
def test_an_error_crosses_the_border_of_a_process_whole(kind):
    error = pickle.loads(pickle.dumps(kind([PROBLEM, PROBLEM])))
    assert type(error) is kind
    assert error.problems == (PROBLEM, PROBLEM)
    assert str(error) == str(kind([PROBLEM, PROBLEM]))
