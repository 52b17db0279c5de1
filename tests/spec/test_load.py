"""The whole language, loaded: what each key becomes, and that all mistakes are found at once."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runreport import registry
from runreport.design import Margin
from runreport.errors import SpecError
from runreport.spec.check import check_names
from runreport.spec.gates import Decision
from runreport.spec.load import load_spec, read_spec
from runreport.spec.names import Names
from tests.shared import ROOT
from tests.spec.specs import codes, marked, read, the, write


def load(path: Path):
    return load_spec(path, sections=registry.SECTIONS, sources=registry.SOURCES, environ={})


def readme_spec() -> str:
    return re.findall(r"^```yaml\n(.*?)^```$", (ROOT / "README.md").read_text(), re.S | re.M)[0]


# ---- what is shipped loads -----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["runreport.yaml", "examples/files/runreport.yaml"])
def test_shipped_specs_load(name):
    spec = load(ROOT / name)
    assert spec.pages
    assert spec.warnings == ()


def test_the_readmes_spec_loads(tmp_path):
    spec = load(write(tmp_path, readme_spec()))
    assert spec.groups.all_but == ("seed",)
    assert [e.text for e in spec.runs.sort] == ["val_accuracy"]
    assert spec.runs.sort[0].descending
    assert [page.foreach for page in spec.pages] == [None, "run"]


def test_a_spec_of_one_source_gets_title_pages_and_folder(tmp_path):
    spec = load(write(tmp_path, "sources: [{mlflow: store.db}]"))
    assert spec.report.title
    assert spec.output == tmp_path / "site"
    assert spec.files == (tmp_path / "runreport.yaml",)
    assert {e.kind for page in spec.pages for e in page.sections} <= set(registry.SECTIONS)
    assert "Run ${run.name}" in [page.title for page in spec.pages]


CHARTS = ("history", "distribution")


def test_default_pages_draw_the_declared_metrics(tmp_path):
    text = "metrics: {loss: {goal: minimize}, f1/*: , ratio: {value: loss / time}}"
    entries = [e for page in read(tmp_path, text).spec.pages for e in page.sections]
    drawn = {kind: [e.options.metric for e in entries if e.kind == kind] for kind in CHARTS}
    # a family is no metric, and a ratio of last values has no curve
    assert drawn == {"history": ["loss"], "distribution": ["loss", "ratio"]}


# ---- what keys become ----------------------------------------------------------------------------


def test_every_key_of_the_language_arrives(tmp_path):
    loaded = read(
        tmp_path,
        """\
        report: {title: T, authors: [A, B], description: D}
        sources:
          - {mlflow: a.db, experiments: [digits]}
          - {files: results.csv, params: [fold]}
        runs: {where: status == "finished", since: 30d, sort: [-loss, name], limit: 20}
        groups: {by: [params.optimizer, lr], replicates: seed, pair_by: seed, baseline: lr == 1}
        metrics:
          loss: {goal: minimize, unit: s, scale: -1, value: min, margin: 5%, primary: true}
          time: {role: operational, margin: 0.5, label: Time}
          best: {value: at(min(loss)).time}
          bare:
        comparison: {alpha: 0.01, level: 0.9, correction: bonferroni}
        pages:
          - title: P
            sections:
              - parallel
              - history: {metric: loss, log_y: true, title: Inside}
              - bars: loss
                title: Beside
        gates:
          - {metric: loss, require: better, margin: 5%, severity: warning}
        decision: {question: Q, decided: D, by: Ada, because: B}
        theme: print
        output: out
        allow_secrets: [token_length]
        """,
    )
    spec = loaded.spec
    assert codes(loaded) == []
    assert (spec.report.title, spec.report.authors, spec.report.description) == (
        "T",
        ("A", "B"),
        "D",
    )
    assert [(s.kind, s.options.location) for s in spec.sources] == [
        ("mlflow", "a.db"),
        ("files", "results.csv"),
    ]
    assert spec.sources[0].options.experiments == ("digits",)
    assert spec.sources[0].base == tmp_path
    assert spec.runs.where.text == 'status == "finished"'
    assert (spec.runs.since, spec.runs.limit) == ("30d", 20)
    assert [(e.text, e.descending) for e in spec.runs.sort] == [("loss", True), ("name", False)]
    assert [e.text for e in spec.groups.by] == ["params.optimizer", "lr"]
    assert spec.groups.baseline.text == "lr == 1"
    (loss, _), (time, _), (best, _), (bare, _) = spec.metrics
    assert (loss.goal, loss.scale, loss.value, loss.margin, loss.primary) == (
        "minimize",
        -1.0,
        "min",
        Margin(5.0, relative=True),
        True,
    )
    assert (time.role, time.margin, time.label) == ("operational", Margin(0.5), "Time")
    assert best.value == "at(min(loss)).time"
    assert spec.values["best"].text == "at(min(loss)).time"
    assert bare.name == "bare"
    assert (spec.comparison.alpha, spec.comparison.level) == (0.01, 0.9)
    assert spec.comparison.correction == "bonferroni"
    (page,) = spec.pages
    assert [(e.kind, e.title) for e in page.sections] == [
        ("parallel", None),
        ("history", "Inside"),
        ("bars", "Beside"),
    ]
    assert page.sections[1].options.log_y is True
    assert page.sections[2].options.metric == "loss"
    assert spec.gates[0].require == "better"
    assert spec.gates[0].margin == Margin(5.0, relative=True)
    assert spec.gates[0].severity == "warning"
    assert spec.decision == Decision(question="Q", decided="D", by="Ada", because="B")
    assert (spec.theme, spec.output) == ("print", tmp_path / "out")
    assert spec.allow_secrets == ("token_length",)


def test_all_but_without_arguments_means_every_param_separates(tmp_path):
    assert read(tmp_path, "groups: {by: all_but()}").spec.groups.all_but == ()


def test_all_but_takes_qualified_and_quoted_names(tmp_path):
    loaded = read(tmp_path, """groups: {by: 'all_but(params.a.b, params["data seed"], "c-d")'}""")
    assert loaded.spec.groups.all_but == ("a.b", "data seed", "c-d")


@pytest.mark.parametrize("by", ["optimizer", "all_but", "all_but(seed=1)", "3", "{a: b}"])
def test_by_is_all_but_or_a_list(tmp_path, by):
    loaded = read(tmp_path, f"groups: {{by: {by}}}")
    assert codes(loaded) in (["RR131"], ["RR109"])
    assert "`all_but(...)` or a list" in loaded.problems[0].message


def test_a_bad_name_in_all_but_is_marked_where_it_stands(tmp_path):
    loaded = read(tmp_path, 'groups: {by: "all_but(seed, 1 + 2)"}')
    assert (codes(loaded), marked(loaded)) == (["RR131"], ["1 + 2"])
    assert loaded.spec.groups.all_but == ("seed",)


@pytest.mark.parametrize("margin", ["0", "-1", "5 percent", "5%%", "true", "[1]", "1e999", "nan"])
def test_a_margin_is_a_positive_number_or_percentage(tmp_path, margin):
    loaded = read(tmp_path, f"metrics: {{loss: {{margin: {margin}}}}}")
    assert set(codes(loaded)) <= {"RR130", "RR109", "RR107"}
    assert len(loaded.problems) == 1


@pytest.mark.parametrize(
    ("text", "code", "words", "place"),
    [
        ("runs: {limit: 0}", "RR109", "a whole number 1 or more", "0"),
        ("runs: {limit: ten}", "RR109", "found the text 'ten'", "ten"),
        ("runs: {since: soon}", "RR116", "a length of time or a date", "soon"),
        ("comparison: {alpha: 1.5}", "RR109", "between 0 and 1", "1.5"),
        ("comparison: {alpha: .nan}", "RR109", "between 0 and 1", ".nan"),
        (
            "comparison: {correction: homl}",
            "RR110",
            "holm, bonferroni, hochberg, hommel, bh, by or none",
            "homl",
        ),
        ("metrics: {a: {goal: max}}", "RR110", "maximize or minimize", "max"),
        ("metrics: {a: {scale: 0}}", "RR109", "other than 0", "0"),
        ("metrics: {a: maximize}", "RR109", "a mapping (goal", "maximize"),
        ("metrics: {a: {primary: yes}}", "RR109", "true or false", "yes"),
        ("metrics: [a]", "RR109", "a mapping of metrics by name", "["),
        ("metrics: {a: {context: class}}", "RR137", "is no family", "a"),
        ("report: {title: 7}", "RR109", "expected a text, found the number 7", "7"),
        ("report: {authors: Ada}", "RR109", "expected a list", "Ada"),
        ("theme: ''", "RR109", "expected a name", "''"),
        ("decision: {becuase: x}", "RR102", "unknown key 'becuase'", "becuase"),
        ("group: {by: all_but(seed)}", "RR102", "unknown key 'group'", "group"),
        ("gates: [{metric: a}]", "RR135", "gate 1 asks nothing of 'a'", "{"),
        ("gates: {metric: a}", "RR109", "expected a list of gates", "{"),
        ("gates: [{cost: a, max: 1, max_drop: 1}]", "RR102", "'max_drop' in gate 1", "max_drop"),
        ("allow_secrets: [1]", "RR109", "expected a text", "1"),
        ("vars: [a]", "RR109", "a mapping of names and values", "["),
        ("profiles: {a: 1}", "RR109", "a mapping of the keys to change", "1"),
        ("profiles: {a: {extends: b}}", "RR102", "unknown key 'extends'", "extends"),
    ],
)
def test_a_wrong_value_is_named_with_its_place(tmp_path, text, code, words, place):
    loaded = read(tmp_path, text)
    assert codes(loaded) == [code], loaded.problems
    assert words in loaded.problems[0].message
    assert marked(loaded) == [place]


def test_a_misplaced_key_is_told_where_it_belongs(tmp_path):
    _, hint = the(read(tmp_path, "baseline: lr == 1"), "RR102")
    assert hint == "'baseline' belongs under `groups`"


@pytest.mark.parametrize("text", ["", "- a\n", "just text", "42"])
def test_a_file_that_is_no_mapping_is_refused(tmp_path, text):
    path = tmp_path / "runreport.yaml"
    path.write_text(text)
    with pytest.raises(SpecError) as caught:
        load(path)
    assert [p.code for p in caught.value.problems] == ["RR109"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("sources: []", "RR108"),
        ("sources: mlflow", "RR109"),
        ("sources: [mlflow]", "RR109"),
        ("sources: [{}]", "RR108"),
        ("sources: [{mlfow: a}]", "RR133"),
        ("sources: [{mlflow: 3}]", "RR109"),
        ("sources: [{mlflow: ''}]", "RR109"),
        ("sources: [{mlflow: a, files: b}]", "RR134"),
        ("sources: [{mlflow: a, experimens: [b]}]", "RR102"),
        ("report: {title: sources}\nsources:", "RR108"),
    ],
)
def test_a_source_that_cannot_be_used_is_named(tmp_path, text, code):
    assert codes(read(tmp_path, text)) == [code]


# ---- all at once ---------------------------------------------------------------------------------

TWELVE = """\
report: {titel: Twelve}
sources:
  - {mlflow: store.db, experimets: [digits]}
runs: {where: learning_rate < , limit: -3}
groups: {by: optimizer, base_line: sgd}
metrics:
  val_loss: {goal: minimise, margin: five}
comparison: {alpha: 5}
pages:
  - title: Run ${run.name}
    sections:
      - sumary_of_all
      - history: {metric: val_loss, band: 3}
"""
MISTAKES = [
    ("RR102", "titel"),
    ("RR102", "experimets"),
    ("RR120", None),
    ("RR109", "-3"),
    ("RR131", "optimizer"),
    ("RR102", "base_line"),
    ("RR110", "minimise"),
    ("RR130", "five"),
    ("RR109", "5"),
    ("RR115", "${run.name}"),
    ("RR132", "sumary_of_all"),
    ("RR110", "3"),
]


def test_twelve_mistakes_are_twelve_problems_with_exact_places(tmp_path):
    loaded = read(tmp_path, TWELVE)
    assert codes(loaded) == [code for code, _ in MISTAKES]
    lines = TWELVE.split("\n")
    for problem, (_, text) in zip(loaded.problems, MISTAKES, strict=True):
        span = problem.span
        assert span is not None
        if text is not None:
            before, found, _ = lines[span.line - 1].rpartition(text)
            assert found
            assert (span.column, span.length) == (len(before) + 1, len(text)), problem
    assert [p.span.line for p in loaded.problems] == [1, 3, 4, 4, 5, 5, 7, 7, 8, 10, 12, 13]


def test_mistakes_of_yaml_do_not_silence_those_of_the_shape(tmp_path):
    loaded = read(tmp_path, "theme: a\ntheme: b\nruns: {limit: !!int 0}\n")
    assert codes(loaded) == ["RR104", "RR105", "RR109"]


def test_load_raises_all_problems_that_reading_found(tmp_path):
    path = write(tmp_path, TWELVE)
    with pytest.raises(SpecError) as caught:
        load(path)
    assert len(caught.value.problems) == len(MISTAKES)


def test_a_file_of_nothing_but_unknown_keys_ends_in_a_bounded_list(tmp_path):
    text = "".join(f"key{n}: 1\n" for n in range(20_000))
    loaded = read(tmp_path, f"sources: [{{mlflow: a}}]\n{text}")
    assert len(loaded.problems) == 21
    assert "19980 more" in loaded.problems[-1].message


# ---- hostile texts -------------------------------------------------------------------------------


NAMES = Names(
    params=frozenset({"seed", "optimizer", "learning_rate"}),
    metrics=frozenset({"val_loss", "val_accuracy", "name"}),
    runs=3,
)


def is_silent(path: Path) -> bool:
    """Whether there is neither a spec nor words about why; only SpecError is ever raised."""
    try:
        loaded = read_spec(
            path, sections=registry.SECTIONS, sources=registry.SOURCES, environ={"A": "1"}
        )
    except SpecError as error:
        return not error.problems
    problems = [*loaded.problems, *check_names(loaded.spec, NAMES)]
    return not all(problem.message for problem in problems)


EXAMPLE = (ROOT / "runreport.yaml").read_text()
WORDS = [*sorted(set(re.findall(r"\w+|[^\w\s]", EXAMPLE))), "${", "$$", "${env:A}", "~", "1e999"]


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32 - 1), edits=st.integers(1, 6))
def test_the_example_with_words_replaced_is_read_or_refused(tmp_path, seed, edits):
    chance = random.Random(seed)
    tokens = re.findall(r"\w+|[^\w\s]|\s+", EXAMPLE)
    for _ in range(edits):
        place = chance.randrange(len(tokens))
        tokens[place : place + chance.randrange(3)] = [chance.choice(WORDS)]
    path = tmp_path / "runreport.yaml"
    path.write_text("".join(tokens), "utf-8")
    assert not is_silent(path)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(start=st.integers(0, len(EXAMPLE)), length=st.integers(0, 60), text=st.text(max_size=8))
def test_the_example_with_characters_replaced_is_read_or_refused(tmp_path, start, length, text):
    path = tmp_path / "runreport.yaml"
    path.write_bytes(
        (EXAMPLE[:start] + text + EXAMPLE[start + length :]).encode("utf-8", "surrogatepass")
    )
    assert not is_silent(path)


VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-5, 5), st.floats(allow_nan=False),
        st.sampled_from(["a", "", "${x}", "all_but(", "-loss", "5%", "run", "history", "\u202e"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["title", "x", "history", "mlflow"]), inner, max_size=3),
    ),
    max_leaves=6,
)  # fmt: skip


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    spec=st.dictionaries(
        st.sampled_from(
            ["report", "vars", "extends", "profiles", "sources", "runs", "groups", "metrics",
             "comparison", "pages", "gates", "decision", "theme", "output", "allow_secrets"]
        ),
        VALUES,
    )
)  # fmt: skip
def test_any_value_at_any_key_is_read_or_refused(tmp_path, spec):
    import yaml

    path = tmp_path / "runreport.yaml"
    path.write_text(yaml.safe_dump(spec, allow_unicode=True), "utf-8")
    assert not is_silent(path)
