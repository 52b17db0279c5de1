"""`runreport check` as users run it."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from runreport.commands.check import check, command
from runreport.commands.messages import as_github, as_json, as_text
from tests.shared import ROOT, SHARED, needs_shared

CSV = "optimizer,lr,seed,accuracy\nsgd,0.1,1,0.8\nsgd,0.1,2,0.7\nadam,0.1,1,0.9\nadam,0.1,2,0.9\n"
SOURCE = "{files: store.csv, shape: runs, params: [optimizer, lr, seed], metrics: [accuracy]}"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "store.csv").write_text(CSV)
    return tmp_path


def run(text: str, *arguments: str):
    Path("runreport.yaml").write_text(text.replace("SOURCE", SOURCE), "utf-8")
    result = CliRunner().invoke(command, [*arguments], standalone_mode=False)
    assert result.exception is None, result.exception
    return result.return_value, result.stdout, result.stderr


def test_a_spec_that_is_right_says_what_it_selects(folder):
    code, out, err = run(
        'sources: [SOURCE]\nruns: {where: optimizer != "x"}\ngroups: {by: all_but(seed)}'
    )
    assert (code, err) == (0, "")
    assert out == "runreport.yaml: 4 runs read, 4 selected, 2 groups; nothing is wrong\n"


def test_text_and_names_are_wrong_at_once(folder):
    text = 'sources: [SOURCE]\nruns: {where: optimiser == "sgd", limt: 3}\nthem: x'
    code, out, err = run(text)
    assert (code, out) == (2, "")
    assert [line for line in err.split("\n") if line.startswith("error")] == [
        "error[RR200]: there is no attribute, param or metric `optimiser`",
        "error[RR102]: unknown key 'limt' in `runs`",
        "error[RR102]: unknown key 'them' in the spec",
    ]


def test_set_and_profile_are_what_is_checked(folder):
    text = "sources: [SOURCE]\nruns: {limit: x}\nprofiles: {p: {runs: {limit: 3}}}"
    assert run(text)[0] == 2
    assert run(text, "--profile", "p")[0] == 0
    assert run(text, "--set", "runs.limit=2")[0] == 0
    assert run(text, "--profile", "p", "--set", "runs.limit=none")[0] == 2


def test_a_source_that_cannot_be_read_is_exit_3_and_the_text_is_still_checked(folder):
    gone = "sources: [{files: gone.csv}]\n"
    code, _, err = run(gone)
    assert code == 3
    assert "error[RR3" in err
    assert "runreport.yaml:1:" in err
    code, _, err = run(f"{gone}them: x")
    assert code == 2
    assert "error[RR3" in err
    assert "error[RR102]" in err


def test_names_are_not_doubted_while_a_source_is_unknown(folder):
    code, _, err = run("sources: [SOURCE, {mlfow: mlruns}]\nruns: {where: dropout > 0.1}")
    assert code == 2
    assert "RR133" in err
    assert "RR200" not in err


def test_a_source_with_a_wrong_option_is_read_all_the_same(folder):
    text = 'sources: [{files: store.csv, shape: runs, shap: x}]\nruns: {where: optimiser == "a"}'
    _, _, err = run(text)
    assert "RR102" in err
    assert "RR200" in err


def test_a_baseline_of_two_groups_is_found_without_building(folder):
    text = "sources: [SOURCE]\ngroups: {by: [params.optimizer], baseline: lr == 0.1}"
    code, _, err = run(text)
    assert code == 2
    assert "error[RR210]" in err
    assert "optimizer=adam; optimizer=sgd" in err


def test_a_selection_of_no_run_is_a_warning(folder):
    code, out, err = run("sources: [SOURCE]\nruns: {where: lr > 1}")
    assert code == 0
    assert "warning[RR214]: `runs` selects none of 4 runs" in err
    assert "nothing is wrong" not in out


def test_json_is_one_object_on_stdout(folder):
    code, out, err = run("sources: [SOURCE]\nthem: x", "--format", "json")
    assert (code, err) == (2, "")
    told = json.loads(out)
    assert told["errors"] == 1
    assert [(p["code"], p["line"], p["column"]) for p in told["problems"]] == [("RR102", 2, 1)]
    assert json.loads(run("sources: [SOURCE]", "--format", "json")[1])["problems"] == []


def test_github_gets_annotations(folder):
    code, out, err = run("sources: [SOURCE]\nthem: x", "--format", "github")
    assert (code, out) == (2, "")
    assert err.startswith("::error file=runreport.yaml,line=2,col=1,endColumn=5,title=RR102::")


def test_a_spec_that_is_not_there_says_how_to_get_one(folder):
    result = CliRunner().invoke(command, ["gone.yaml"], standalone_mode=False)
    assert result.return_value == 2
    assert "error[RR101]: cannot read gone.yaml" in result.stderr
    assert "`runreport init` writes one" in result.stderr


@pytest.mark.parametrize("spec", ["runreport.yaml", "examples/files/runreport.yaml"])
def test_shipped_specs_have_no_errors(spec):
    found = check(ROOT / spec, (), None, {})
    assert [p for p in found.problems if p.severity != "note"] == []
    assert found.summary


def test_nothing_is_executed_written_or_asked_for(folder):
    """A spec cannot make `check` do anything but read."""
    run("sources: [SOURCE]\nvars: {a: !!python/object/apply:os.system [touch gone]}")
    assert sorted(path.name for path in folder.iterdir()) == ["runreport.yaml", "store.csv"]


# ---- hostile specs -------------------------------------------------------------------------------

ATTACKS = SHARED / "attacks" / "yaml"


def attack_texts() -> list[tuple[str, bytes]]:
    """The generated attacks as they are, and as the `vars` of a spec."""
    files = sorted((ATTACKS / "attack").glob("*")) if ATTACKS.exists() else []
    texts = [(path.name, path.read_bytes()) for path in files]
    inside = [
        (f"{name} in vars", b"sources: [{files: store.csv}]\nvars:\n" + indented(data))
        for name, data in texts
    ]
    return [*texts, *inside]


def indented(data: bytes) -> bytes:
    return b"".join(b"  " + line for line in data.splitlines(keepends=True))


@needs_shared("attacks", "yaml")
@pytest.mark.parametrize(("name", "data"), attack_texts(), ids=lambda value: str(value)[:30])
def test_a_hostile_spec_ends_in_words_within_seconds(folder, name, data):
    path = folder / "spec.yaml"
    path.write_bytes(data)
    started = time.process_time()
    found = check(path, (), None, {})
    written = [as_text(problem, {}) for problem in found.problems]
    assert time.process_time() - started < 5
    assert all(char.isprintable() or char == "\n" for text in written for char in text)
    assert len(as_json(found.problems)) + sum(map(len, map(as_github, found.problems))) < 2_000_000
    if " in vars" not in name:
        # none of them is a spec with a source that can be read
        assert any(problem.severity == "error" for problem in found.problems)


@needs_shared("attacks", "yaml")
def test_files_that_are_no_specs_at_all_end_in_words(folder):
    for path in sorted((ATTACKS / "suite").glob("*.yaml")):
        found = check(path, (), None, {})
        assert any(problem.severity == "error" for problem in found.problems), path.name


@needs_shared("attacks", "yaml")
@pytest.mark.parametrize("name", ["alias_bomb.yaml", "quadratic_flow.yaml", "py_apply.yaml"])
def test_the_worst_of_them_as_a_process_stay_small(folder, name):
    limit = 1_000_000_000
    ended = subprocess.run(
        [sys.executable, "-m", "runreport", "check", str(ATTACKS / "attack" / name)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (limit, limit)),
    )
    assert ended.returncode == 2, ended.stderr
    assert "Traceback" not in ended.stderr
    assert "error[RR1" in ended.stderr
