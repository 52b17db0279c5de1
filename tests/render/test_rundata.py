"""What pages know of their runs: bounded, complete as far as it says, and nothing leaves it."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from typing import Any

import pytest

from runreport.design import Metric
from runreport.kinds import Context
from runreport.render import emit, rundata
from runreport.render.rundata import LARGEST, NAMED, is_sound, run_data
from runreport.render.verify import verify_site
from runreport.spec.expressions import Names, Scope
from tests.pages import page, site
from tests.studies import study

HOSTILE = [
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "]]>",
    "\u2028\u2029",
    '"},{"f":"run"',
    "\\u003c/script>",
    "&lt;/script&gt;",
    "\U0001f600 a\x00b",
    "__proto__",
]


def context(runs: list[dict[str, Any]], **more: Any) -> Context:
    made = study(runs, **more)
    scope = Scope(Names.of(made.runs, made.design), made.design)
    return replace(made, evaluate=lambda expression, run: expression.evaluate(run, scope))


def markup(made: Context, count: int | None = None) -> str:
    """Markup that shows the first runs."""
    return "".join(f'<p data-run="{emit.run_token(run.id)}">' for run in made.runs[:count])


def content(script: str) -> dict[str, Any]:
    """What stands in the one element."""
    match = re.fullmatch(r'<script id="rr-runs" type="application/json">(.*)</script>', script)
    assert match is not None
    found: dict[str, Any] = json.loads(match[1])
    return found


def column(found: dict[str, Any], family: str, name: str) -> dict[str, Any]:
    (one,) = [one for one in found["columns"] if (one["f"], one["n"]) == (family, name)]
    return dict(one)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_a_run_leaves_the_element(text: str) -> None:
    runs = [
        {
            "name": f"{text}{n}",
            "params": {text: text, "seed": n},
            "metrics": {text: n},
            "tags": {text: text},
        }
        for n in range(3)
    ]
    made = context(runs)
    script = run_data(made).script([markup(made)])
    inside = script.removeprefix('<script id="rr-runs" type="application/json">')
    assert not set("<>&\u2028\u2029") & set(inside.removesuffix("</script>"))
    assert is_sound(inside.removesuffix("</script>"))
    # and it is all there, read as JSON
    names = column(content(script), "run", "name")
    assert [names["w"][at] for at in names["i"]] == [run.name for run in made.runs]


def test_numbers_words_and_gaps_are_told_apart() -> None:
    made = context(
        [
            {"params": {"lr": "0.10", "opt": "adam"}, "metrics": {"loss": 0.5}},
            {"params": {"lr": "1e-1"}, "metrics": {"loss": math.nan}},
            {"params": {"lr": "0.10", "opt": "sgd"}, "metrics": {"loss": math.inf}},
        ],
        metrics=[Metric("loss", goal="minimize", unit="nats")],
    )
    found = content(run_data(made).script([markup(made)]))
    assert column(found, "metrics", "loss") == {
        "f": "metrics", "n": "loss", "u": "nats", "v": [0.5, "nan", "inf"],
    }  # fmt: skip
    # as logged: the page compares texts that stand for numbers by number, as a spec does
    assert column(found, "params", "lr") == {
        "f": "params", "n": "lr", "w": ["0.10", "1e-1"], "i": [0, 1, 0],
    }  # fmt: skip
    assert column(found, "params", "opt")["i"] == [0, -1, 1]
    assert found["level"] == 0.95
    assert found["left"] == []


def test_only_runs_that_a_page_shows_are_in_it_and_one_alone_needs_none() -> None:
    made = context([{"params": {"seed": n}} for n in range(5)])
    data = run_data(made)
    found = content(data.script([markup(made, 2)]))
    assert found["runs"] == [emit.run_token(run.id) for run in made.runs[:2]]
    assert len(column(found, "params", "seed")["i"]) == 2
    assert data.script([markup(made, 1)]) == ""
    assert data.script(["<p>no runs</p>"]) == ""


def test_what_does_not_fit_is_left_out_and_named() -> None:
    # a column of 40 texts of 500 characters takes 20,000 of the 300,000
    runs = [
        {"params": {f"p{wide:02}": f"{n}-{wide}-" + "x" * 500 for wide in range(40)}}
        for n in range(40)
    ]
    made = context(runs, metrics=[Metric("loss", goal="minimize")])
    script = run_data(made).script([markup(made)])
    found = content(script)
    kept = {one["n"] for one in found["columns"] if one["f"] == "params"}
    assert len(script) < LARGEST + 10_000
    # 14 fit: 14 x 20,000 = 280,000
    assert len(kept) == 14
    assert len(found["left"]) == NAMED + 1
    assert found["left"][-1] == f"{40 - 14 - NAMED} more"
    assert {f"params.{name}" for name in kept}.isdisjoint(found["left"])
    # what comes first in importance is in it although it is small and others were left out
    assert column(found, "run", "name")["w"] == [run.name for run in made.runs]


def test_params_that_tell_runs_apart_go_before_those_that_do_not() -> None:
    made = context([{"params": {"a": "same", "z": str(n)}} for n in range(3)])
    found = content(run_data(made).script([markup(made)]))
    assert [one["n"] for one in found["columns"] if one["f"] == "params"] == ["z", "a"]


SOUND = '{"columns":[],"left":[],"level":0.95,"runs":[]}'
TAMPERED = [
    "",
    "not json",
    "[]",
    '{"columns":[]}',
    '{"columns":[],"left":[],"level":0.95,"runs":[],"more":1}',
    '{"columns":[],"left":["<b>"],"level":0.95,"runs":[]}',
    '{"columns":[],"left":["a&b"],"level":0.95,"runs":[]}',
    '{"columns":[],"left":["\u2028"],"level":0.95,"runs":[]}',
    "alert(1)",
]


def planted(folder: Any, policies: Any, element: str) -> list[str]:
    """What the verifier says of a page with this element at its end."""
    path = folder / "index.html"
    before = path.read_text()
    try:
        path.write_text(before.replace("</article>", f"{element}</article>"))
        return [problem.message for problem in verify_site(folder, policies)]
    finally:
        path.write_text(before)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return site([page([])], tmp_path_factory.mktemp("site") / "stage")


def element(text: str, attributes: str = 'id="rr-runs" type="application/json"') -> str:
    return f"<script {attributes}>{text}</script>"


def test_the_verifier_lets_sound_data_about_runs_through(built: Any) -> None:
    assert planted(*built, element(SOUND)) == []


@pytest.mark.parametrize("text", TAMPERED)
def test_the_verifier_refuses_tampered_data_about_runs(built: Any, text: str) -> None:
    assert any("data about runs" in said for said in planted(*built, element(text)))


@pytest.mark.parametrize(
    "attributes",
    ['id="rr-runs"', 'id="rr-runs" type="module"', 'id="other" type="application/json"',
     'type="application/json"', 'id="rr-runs" type="application/json" src="x.js"'],
)  # fmt: skip
def test_the_verifier_takes_no_other_script_for_data_about_runs(
    built: Any, attributes: str
) -> None:
    assert planted(*built, element(SOUND, attributes)) != []


def test_the_verifier_refuses_data_about_runs_twice(built: Any) -> None:
    assert planted(*built, element(SOUND) * 2) != []


def test_the_identifier_is_the_one_the_script_asks_for() -> None:
    from runreport.render.theme import load_theme
    from tests.shared import ROOT

    script = load_theme("default", ROOT).assets["runreport.js"].read_text("utf-8")
    assert f"#{rundata.IDENTIFIER}" in script
