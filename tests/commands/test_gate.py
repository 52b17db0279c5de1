"""`runreport gate` and `build --gate`, as programs and people call them."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.processes import runreport

SPEC = """\
report: {{title: "A & B <gate>"}}
sources:
  - {{files: store.csv, shape: runs, params: [arm, seed], metrics: [accuracy]}}
groups: {{by: [arm], replicates: seed, baseline: arm == "old"}}
metrics:
  accuracy: {{goal: maximize, primary: true}}
gates:
{gates}
pages:
  - title: Summary
    sections: [summary, gates]
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Four runs of each of two arms; the new one is better by 0.3."""
    rows = ["arm,seed,accuracy,started"]
    for arm, level in (("old", 0.5), ("new", 0.8)):
        rows += [f"{arm},{s},{level + 0.01 * (s % 3)},2026-03-0{s + 1}T10:00:00Z" for s in range(4)]
    (tmp_path / "store.csv").write_text("\n".join(rows) + "\n", "utf-8")
    return tmp_path


def spec(folder: Path, *gates: str) -> None:
    listed = "\n".join(f"  - {gate}" for gate in gates)
    (folder / "runreport.yaml").write_text(SPEC.format(gates=listed), "utf-8")


def run(folder: Path, *words: str, **environ: str) -> CompletedProcess[str]:
    return runreport(*words, cwd=folder, **environ)


PASSING = "{metric: accuracy, require: better}"
FAILING = "{metric: accuracy, min: 0.9, name: good enough}"
WARNING = "{metric: accuracy, min: 0.9, severity: warning}"
WAIVED = "{metric: accuracy, min: 0.9, waive: {reason: known, owner: Ada, until: 2026-03-04}}"
EXPIRED = "{metric: accuracy, min: 0.9, waive: {reason: known, owner: Ada, until: 2026-03-03}}"


@pytest.mark.parametrize(
    ("gates", "code"),
    [
        ([PASSING], 0),
        ([PASSING, WARNING], 0),
        ([PASSING, WAIVED], 0),
        ([PASSING, FAILING], 1),
        ([EXPIRED], 1),
    ],
)
def test_it_exits_with_1_for_critical_failures_without_a_valid_waiver(study, gates, code):
    spec(study, *gates)
    assert run(study, "gate").returncode == code


def test_the_table_says_what_was_found_and_no_site_is_made(study):
    spec(study, PASSING, FAILING, WAIVED)
    done = run(study, "gate")
    assert "PASSED   accuracy: better" in done.stdout
    assert "FAILED   good enough" in done.stdout
    assert "0.9 or more" in done.stdout
    assert "Waived until 2026-03-04 by Ada: known." in done.stdout
    assert done.stdout.rstrip().endswith("3 gates: 1 passed, 1 waived, 1 failed")
    assert not (study / "site").exists()


def test_json_and_junit_say_the_same(study):
    spec(study, PASSING, FAILING, WARNING, WAIVED)
    done = run(study, "gate", "--json", "gates.json", "--junit", "gates.xml")
    assert done.returncode == 1
    told = json.loads((study / "gates.json").read_text("utf-8"))
    assert told["passed"] is False
    assert [gate["outcome"] for gate in told["gates"]] == ["passed", "failed", "warning", "waived"]
    root = ET.parse(study / "gates.xml").getroot()
    assert root.tag == "testsuites"
    (suite,) = root
    assert suite.get("name") == "A & B <gate>"
    counts = {key: suite.get(key) for key in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "4", "failures": "1", "errors": "0", "skipped": "2"}
    outcomes = [
        next((child.tag for child in case if child.tag != "system-out"), "passed") for case in suite
    ]
    assert outcomes == ["passed", "failure", "skipped", "skipped"]
    assert suite[1].find("failure").get("message").startswith("accuracy is 0.8")
    assert "Waived until 2026-03-04" in suite[3].find("skipped").get("message")
    names = [case.get("name") for case in suite]
    assert len(set(names)) == 4


def test_a_ci_parser_reads_the_junit_file(study):
    parser = pytest.importorskip("junitparser", reason="junitparser is not installed")
    spec(study, PASSING, FAILING, WAIVED)
    run(study, "gate", "--junit", "gates.xml")
    (suite,) = parser.JUnitXml.fromfile(str(study / "gates.xml"))
    assert (suite.tests, suite.failures, suite.skipped, suite.errors) == (3, 1, 1, 0)
    results = [[type(result).__name__ for result in case.result] for case in suite]
    assert results == [[], ["Failure"], ["Skipped"]]


def test_the_reports_time_can_be_given(study):
    spec(study, WAIVED)
    before, after = "1772600000", "1772700000"  # 4 and 5 March 2026
    assert run(study, "gate", SOURCE_DATE_EPOCH=before).returncode == 0
    assert run(study, "gate", SOURCE_DATE_EPOCH=after).returncode == 1


def test_a_build_finds_the_same_and_fails_only_when_asked(study):
    spec(study, PASSING, FAILING)
    built = run(study, "build")
    assert built.returncode == 0
    assert "Not to be promoted (2 gates: 1 passed, 1 failed). Failed: good enough." in built.stdout
    told = json.loads((study / "site" / "runreport.json").read_text("utf-8"))
    run(study, "gate", "--json", "gates.json")
    assert told["gates"] == json.loads((study / "gates.json").read_text("utf-8"))["gates"]
    assert "good enough" in (study / "site" / "index.html").read_text("utf-8")
    # nothing changed, and still it fails
    assert run(study, "build", "--gate").returncode == 1
    assert run(study, "build", "--gate", "--if-changed").returncode == 1
    spec(study, PASSING)
    assert run(study, "build", "--gate").returncode == 0


def test_a_wrong_spec_exits_with_2_and_writes_nothing(study):
    spec(study, "{metric: accuracy, min: 0.5, group: arm == 'newest'}")
    done = run(study, "gate", "--json", "gates.json", "--junit", "gates.xml")
    assert done.returncode == 2
    assert "error[RR216]: `group` selects no group" in done.stderr
    assert "runreport.yaml:8:41" in done.stderr
    assert sorted(path.name for path in study.iterdir() if not path.name.startswith(".")) == [
        "runreport.yaml",
        "store.csv",
    ]


def test_a_file_that_cannot_be_written_is_named(study):
    spec(study, PASSING)
    done = run(study, "gate", "--json", "nowhere/gates.json")
    assert done.returncode == 3
    assert "error[RR604]: nowhere/gates.json cannot be written" in done.stderr


def test_a_spec_without_gates_passes_and_says_so(study):
    spec(study)
    text = (study / "runreport.yaml").read_text("utf-8").replace("gates:\n\n", "")
    (study / "runreport.yaml").write_text(text, "utf-8")
    done = run(study, "gate")
    assert done.returncode == 0
    assert done.stdout == "runreport.yaml: no gates are declared\n"
