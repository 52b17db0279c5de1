"""One spec and one expected output per code of the spec's text and names, read in review.

A first line `# arguments: ...` in a spec is given to `runreport check` beside it.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from runreport.codes import CODES
from runreport.commands.check import command
from tests.shared import ROOT

FOLDER = ROOT / "tests" / "golden" / "errors"
SPECS = sorted(FOLDER.glob("*.yaml"))


def check(spec: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, int]:
    """What `check` writes to stderr about a golden spec, and how it ends."""
    monkeypatch.chdir(FOLDER)
    monkeypatch.delenv("RUNREPORT_TEST_NOBODY", raising=False)
    first = spec.read_text("utf-8", "replace").partition("\n")[0]
    given = re.match(r"# arguments: (.*)", first)
    arguments = [spec.name, *(given[1].split() if given else ())]
    result = CliRunner().invoke(command, arguments, standalone_mode=False)
    assert result.exception is None, result.exception
    return result.stderr, result.return_value


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.stem)
def test_a_wrong_spec_gets_the_expected_words(spec, monkeypatch):
    written, code = check(spec, monkeypatch)
    assert written == spec.with_suffix(".txt").read_text("utf-8")
    assert code == (2 if "error[" in written else 0)


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.stem)
def test_the_pair_shows_the_code_that_it_is_called_by(spec):
    if spec.stem in CODES:
        assert f"[{spec.stem}]" in spec.with_suffix(".txt").read_text("utf-8")


def test_every_code_of_the_spec_has_its_pair():
    codes = {code for code in CODES if code < "RR300"}
    assert codes - {spec.stem for spec in SPECS} == set()


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.stem)
def test_carets_stand_below_what_the_position_names(spec):
    """Line and column of the head, the frame and the file agree."""
    expected = spec.with_suffix(".txt").read_text("utf-8").split("\n")
    lines = spec.read_text("utf-8", "replace").split("\n")
    places = 0
    for index, line in enumerate(expected):
        found = re.fullmatch(r" *--> [\w.]+:(\d+):(\d+)", line)
        if found is None:
            continue
        places += 1
        number, column = int(found[1]), int(found[2])
        shown, carets = expected[index + 1], expected[index + 2]
        text = shown.split(" | ", 1)[1]
        at = carets.index("^") - carets.index("|") - 2
        length = carets.count("^")
        original = lines[number - 1]
        assert original[column - 1 : column - 1 + length] == text[at : at + length]
        assert shown.startswith(str(number))
    assert places or "--set" in "\n".join(expected)


def test_twelve_mistakes_of_one_spec_are_twelve_problems(monkeypatch):
    written, _ = check(FOLDER / "twelve.yaml", monkeypatch)
    assert len(re.findall(r"^error\[RR\d{3}\]: ", written, re.M)) == 12
