"""Variables, the environment, and what stays for the pages' writer."""

from __future__ import annotations

import pytest

from runreport import compose
from runreport.spec import resolve
from tests.spec.specs import codes, marked, read, the


def title(tmp_path, text, **more):
    return read(tmp_path, text, **more).spec.report.title


def test_a_variable_stands_inside_texts_and_for_whole_values(tmp_path):
    loaded = read(
        tmp_path,
        """\
        vars: {store: runs.db, n: 5, seeds: [seed, fold], log: true, lr: 1e-3}
        sources: [{mlflow: "sqlite:///${store}"}]
        report: {title: "Best ${n} at ${lr} (${log})", authors: "${seeds}"}
        runs: {limit: "${n}", where: "lr < ${lr}"}
        pages: [{title: P, sections: [history: {metric: loss, log_y: "${log}"}]}]
        """,
    )
    spec = loaded.spec
    assert loaded.problems == ()
    assert spec.sources[0].options.location == "sqlite:///runs.db"
    assert spec.report.title == "Best 5 at 1e-3 (true)"
    assert spec.report.authors == ("seed", "fold")
    assert spec.runs.limit == 5
    assert spec.runs.where.text == "lr < 1e-3"
    assert spec.pages[0].sections[0].options.log_y is True


def test_variables_stand_in_variables(tmp_path):
    text = "vars: {b: '${a}/x', a: root}\nreport: {title: '${b}'}"
    assert title(tmp_path, text) == "root/x"


@pytest.mark.parametrize(
    ("environ", "text", "expected"),
    [
        ({"A": "x"}, "${env:A}", "x"),
        ({"A": "x"}, "${env:A:-y}", "x"),
        ({"A": ""}, "${env:A:-y}", "y"),
        ({}, "${env:A:-y}", "y"),
        ({}, "${env:A:-}", ""),
        ({}, "${env:A:-a:-b}", "a:-b"),
        ({"A": "x"}, "<${env:A}>", "<x>"),
        ({"A": "${b}"}, "${env:A}", "${b}"),
        ({"A": "\udc80\x07"}, "${env:A}", "\ufffd\ufffd"),
    ],
)
def test_the_environment_is_read_once_and_never_expanded(tmp_path, environ, text, expected):
    assert title(tmp_path, f"report: {{title: '{text}'}}", environ=environ) == expected


def test_a_number_from_the_environment_is_a_number_where_one_is_expected(tmp_path):
    text = """\
    runs: {limit: "${env:N}"}
    report: {title: "${env:N}"}
    comparison: {alpha: "${env:A:-0.1}"}
    """
    spec = read(tmp_path, text, environ={"N": "12"}).spec
    assert (spec.runs.limit, spec.report.title, spec.comparison.alpha) == (12, "12", 0.1)


def test_a_quoted_number_that_comes_from_nowhere_else_is_text(tmp_path):
    _, hint = the(read(tmp_path, "runs: {limit: '12'}"), "RR109")
    assert hint == "leave out the quotes"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("$$", "$"), ("a$b", "a$b"), ("$${a}", "${a}"), ("$$${a}", "$v"), ("$$$$", "$$")],
)
def test_two_dollars_are_one(tmp_path, text, expected):
    assert title(tmp_path, f"vars: {{a: v}}\nreport: {{title: '{text}'}}") == expected


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("${stor}", "RR114", "${stor}"),
        ("x ${stor} y", "RR114", "${stor}"),
        ("${a.b}", "RR114", "${a.b}"),
        ("${}", "RR114", "${}"),
        ("${env:}", "RR114", "${env:}"),
        ("${env:A B}", "RR114", "${env:A B}"),
        ("${env:NOWHERE}", "RR119", "${env:NOWHERE}"),
        ("${run.name}", "RR115", "${run.name}"),
        ("x ${group.label}", "RR115", "${group.label}"),
        ("${verdict.loss}", "RR115", "${verdict.loss}"),
        ("a ${list}", "RR114", "${list}"),
        ("${store", "RR114", "${"),
    ],
)
def test_what_cannot_be_filled_in_is_named_at_its_place(tmp_path, text, code, place):
    loaded = read(tmp_path, f"vars: {{store: s, list: [1]}}\nreport: {{title: '{text}'}}")
    assert (codes(loaded), marked(loaded)) == ([code], [place])


def test_an_unknown_variable_gets_the_nearest_name(tmp_path):
    loaded = read(tmp_path, "vars: {store: s}\nreport: {title: '${stor}'}")
    assert the(loaded, "RR114") == ("unknown variable 'stor'", "did you mean 'store'?")


def test_a_value_that_could_not_be_filled_in_is_said_once(tmp_path):
    loaded = read(tmp_path, "runs: {limit: '${n}', where: '${w} == 1', sort: '${s}'}")
    assert codes(loaded) == ["RR114", "RR114", "RR114"]


def test_a_circle_of_variables_is_refused(tmp_path):
    loaded = read(tmp_path, "vars: {a: '${b}', b: 'x${a}'}\nreport: {title: '${a}'}")
    message, _ = the(loaded, "RR117")
    assert "a -> b -> a" in message


def test_a_long_chain_of_variables_is_refused(tmp_path):
    chain = ", ".join(f"v{n}: '${{v{n + 1}}}'" for n in range(200))
    assert set(codes(read(tmp_path, f"vars: {{{chain}, v200: x}}"))) == {"RR117"}


@pytest.mark.parametrize("listed", [True, False])
def test_variables_that_multiply_are_stopped(tmp_path, listed):
    """Ten of the next in each of eighteen: 10 ** 18 of the last."""
    levels = []
    for n in range(18):
        place = f"'${{v{n + 1}}}'"
        value = f"[{', '.join([place] * 10)}]" if listed else f"'{place[1:-1] * 10}'"
        levels.append(f"v{n}: {value}")
    loaded = read(tmp_path, f"vars: {{{', '.join(levels)}, v18: xxxxxxxxxx}}\ntheme: '${{v0}}'")
    assert "RR117" in codes(loaded)


@pytest.mark.parametrize(
    "text",
    [
        "runs: {limit: '${env:TOKEN}'}",
        "runs: {limit: '1${env:TOKEN}'}",
        "vars: {t: '${env:TOKEN}'}\nruns: {limit: '${t}'}",
        "vars: {t: '${env:TOKEN}'}\nruns: {limit: '1${t}'}",
        "metrics: {loss: {margin: '${env:TOKEN}'}}",
        "report: {authors: '${env:TOKEN}'}",
        "comparison: {correction: '${env:TOKEN}'}",
    ],
)
def test_messages_do_not_repeat_what_the_environment_holds(tmp_path, text):
    loaded = read(tmp_path, text, environ={"TOKEN": "hunter2"})
    (problem,) = loaded.problems
    assert "hunter2" not in f"{problem.message} {problem.hint}"
    assert "from the environment" in problem.message


# ---- what the pages' writer fills in -------------------------------------------------------------

PAGE = """\
vars: {who: "A$B ${env:X}"}
pages:
  - {title: First, sections: [parallel]}
  - title: "%s"
    foreach: %s
    sections:
      - text: "%s"
      - history: {metric: loss, title: "%s"}
      - parallel:
        title: "%s"
"""


def page(tmp_path, text, foreach="run"):
    return read(tmp_path, PAGE % (text, foreach, text, text, text), environ={"X": "${run.id}"})


@pytest.mark.parametrize(
    "text", ["${run.name}", "a ${run.params.lr} b", "${run.tags.x y}", "${group.label}", "$$5"]
)
def test_placeholders_stay_in_titles_and_texts(tmp_path, text):
    loaded = page(tmp_path, text)
    assert loaded.problems == ()
    _first, entry = loaded.spec.pages
    assert entry.title == text
    assert entry.sections[0].options.text == text
    assert [section.title for section in entry.sections[1:]] == [text, text]


def test_a_variables_dollars_are_no_placeholders_for_the_writer(tmp_path):
    _first, entry = page(tmp_path, "${who}").spec.pages
    assert entry.title == "A$$B $${run.id}"
    assert compose.PLACEHOLDER.sub(lambda m: "$" if m[1] is None else "?", entry.title) == (
        "A$B ${run.id}"
    )


@pytest.mark.parametrize(
    ("text", "foreach", "code"),
    [
        ("${run.name}", "group", "RR115"),
        ("${run.nmae}", "run", "RR114"),
        ("${run.params}", "run", "RR114"),
        ("${run.}", "run", "RR114"),
        ("${group.}", "group", "RR114"),
        ("${runs.name}", "run", "RR114"),
    ],
)
def test_placeholders_are_checked_against_what_the_page_is_about(tmp_path, text, foreach, code):
    loaded = page(tmp_path, text, foreach)
    assert codes(loaded) == [code] * 4
    assert marked(loaded) == [text] * 4


def test_a_verdict_stays_until_its_page_is_written(tmp_path):
    loaded = read(tmp_path, "pages: [{title: 'T ${verdict.loss}', sections: [parallel]}]")
    assert codes(loaded) == []
    assert loaded.errors == ()
    assert loaded.spec.pages[0].title == "T ${verdict.loss}"


def test_a_misspelt_attribute_gets_the_nearest_name(tmp_path):
    loaded = read(
        tmp_path,
        "pages: [{title: First, sections: [parallel]},"
        " {title: 'T ${run.stats}', foreach: run, sections: [parallel]}]",
    )
    assert the(loaded, "RR114")[1] == "did you mean 'status'?"


def test_the_loader_and_the_writer_know_the_same_attributes():
    assert resolve.RUN_FIELDS == compose.RUN_FIELDS
