"""What every section keeps to, whatever the runs are like."""

from __future__ import annotations

import inspect
import json
import pickle
import re
import textwrap
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import fields, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from runreport import blocks as b
from runreport.cleaning import clean_text
from runreport.design import Metric
from runreport.kinds import AnySection, Context
from runreport.registry import SECTIONS, SOURCES
from runreport.render.figures import draw_svg
from runreport.render.page import Links, RenderedPage, render_page
from runreport.render.verify import verify_site
from runreport.spec.expressions import Names, Scope
from runreport.spec.load import load_spec
from tests import pages, reading
from tests.shared import SHARED, needs_shared
from tests.studies import grid, study

METRICS = (
    Metric("val_accuracy", goal="maximize", unit="%", scale=100, primary=True),
    Metric("val_loss", goal="minimize"),
    Metric("train_time", goal="minimize", unit="s"),
)
DESIGN: dict[str, Any] = {
    "by": ["optimizer", "learning_rate"],
    "replicates": "seed",
    "pair_by": "seed",
    "metrics": METRICS,
}
BASELINE = {"optimizer": "sgd", "learning_rate": "0.1"}


# ---- studies -------------------------------------------------------------------------------------


def runs_of(optimizers: list[str], rates: list[float], seeds: int = 4) -> list[dict[str, Any]]:
    def score(params, seed):
        rank = optimizers.index(params["optimizer"]) + rates.index(params["learning_rate"]) / 10
        return [0.5 + 0.01 * rank + 0.003 * seed + 0.02 * step for step in range(5)]

    levels = {"optimizer": optimizers, "learning_rate": rates}
    runs = grid(levels, list(range(1, seeds + 1)), score, "val_accuracy")
    for index, run in enumerate(runs):
        run["metrics"]["val_loss"] = [2 - value for value in run["metrics"]["val_accuracy"]]
        run["metrics"]["train_time"] = 10 + index % 3
        run["tags"] = {"team": "vision", "mlflow.note.content": "A **note**."}
        run["lineage"] = [("code", "git", "main", f"{index % 2:040x}", False, None)]
        run["artifacts"] = [("log.txt", "log", 12, None, None)]
    return runs


def typical() -> Context:
    runs = runs_of(["sgd", "adam"], [0.1, 0.01])
    runs[3]["status"] = "failed"
    runs[5]["metrics"]["val_accuracy"] = [0.5, float("nan")]
    return study(runs, baseline=BASELINE, excluded=[(7, "too old")], subject_run=0, **DESIGN)


def no_runs() -> Context:
    return study([], **DESIGN)


def one_run() -> Context:
    return study(runs_of(["sgd"], [0.1], seeds=1), subject_run=0, **DESIGN)


def missing_metric() -> Context:
    runs = runs_of(["sgd", "adam"], [0.1])
    for run in runs:
        run["metrics"] = {"other": 1.0} if run["params"]["optimizer"] == "adam" else {}
    return study(runs, baseline=BASELINE, subject_run=0, **DESIGN)


def nothing_finite() -> Context:
    runs = runs_of(["sgd", "adam"], [0.1])
    odd = [float("nan"), float("inf"), float("-inf")]
    for index, run in enumerate(runs):
        values = odd[index % 3 :] + odd[: index % 3]
        run["metrics"] = dict.fromkeys(run["metrics"], values)
    return study(runs, baseline=BASELINE, subject_run=0, **DESIGN)


def one_group() -> Context:
    return study(runs_of(["sgd"], [0.1]), subject_run=1, **DESIGN)


def no_baseline() -> Context:
    return study(runs_of(["sgd", "adam"], [0.1]), subject_run=0, **DESIGN)


def bare() -> Context:
    """Nothing declared, nothing grouped: what `init` starts from."""
    runs = [{"name": f"r{i}", "metrics": {"val_accuracy": i / 7}} for i in range(3)]
    return study(runs, subject_run=0)


def sixty_groups() -> Context:
    runs = runs_of([f"optimizer-{i}" for i in range(30)], [0.1, 0.01], seeds=2)
    return study(runs, baseline={"optimizer": "optimizer-3", "learning_rate": "0.1"}, **DESIGN)


HOSTILE = (
    '<script>alert("x")</script>',
    '"><img src=x onerror=alert(1)>',
    "[a](javascript:alert(1)){: onclick=alert(1) }",
    "{{ 7 * 7 }}{% raw %}",
    "</table></div><h1>over</h1>",
    "| a | b |\n|---|---|\n\n# head",
    "a\u202eb\u0000c\ud800d",
    "x" * 5000,
    "=1+1",
    "`code` ${run.name} $$ &amp; &#x3c;",
    "",
    " ",
)


def hostile_study(payloads: tuple[str, ...]) -> Context:
    runs = []
    for index, text in enumerate(payloads):
        # histories hold metric names as readers clean them
        key = clean_text(text) or "empty"
        runs.append(
            {
                "name": text,
                "experiment": text,
                "user": text,
                "url": text,
                "params": {"optimizer": text, "learning_rate": "0.1", key: text, "seed": index % 3},
                "metrics": {"val_accuracy": [0.1, index / 10], "val_loss": 1.0, key: 2.0},
                "tags": {key: text, "mlflow.note.content": text},
                "lineage": [
                    ("code", key, text, text, True, text),
                    ("command", key, text, None, None, None),
                    ("data", key, text, text, None, text),
                ],
                "artifacts": [(key, "text", 1, text, None)],
            }
        )
    return study(runs, subject_run=0, **DESIGN)


def hostile() -> Context:
    return hostile_study(HOSTILE)


STUDIES: dict[str, Callable[[], Context]] = {
    made.__name__: made
    for made in (
        typical,
        no_runs,
        one_run,
        missing_metric,
        nothing_finite,
        one_group,
        no_baseline,
        bare,
        sixty_groups,
        hostile,
    )
}


@cache
def context_of(name: str) -> Context:
    return evaluated(STUDIES[name]())


def evaluated(context: Context) -> Context:
    """With the spec's own language for expressions."""
    names = Names.of(context.runs, context.design)
    scope = Scope(names, context.design, context.history, context.now)
    return replace(context, evaluate=lambda expression, run: expression.evaluate(run, scope))


# ---- examples ------------------------------------------------------------------------------------


def example(section: AnySection) -> str:
    """The YAML of a section's docstring: the indented lines that start with a dash."""
    module = inspect.getmodule(section.compute)
    found = re.search(r"\n\n(    - (?:.|\n)*?)(?:\n\n|\Z)", inspect.getdoc(module) or "")
    assert found, f"{section.name}: no example in the docstring"
    return textwrap.dedent(found[1])


@pytest.fixture(scope="module")
def options(tmp_path_factory):
    """Section name to the options of its example."""
    folder = tmp_path_factory.mktemp("specs")

    @cache
    def read(name: str) -> Any:
        lines = textwrap.indent(example(SECTIONS[name]), "      ")
        path = folder / f"{name}.yaml"
        path.write_text(
            "report: {title: An example}\n"
            "sources: [{mlflow: store.db}]\n"
            f"pages:\n  - title: A page\n    sections:\n{lines}\n"
        )
        spec = load_spec(path, sections=SECTIONS, sources=SOURCES, environ={})
        ((entry,),) = [page.sections for page in spec.pages]
        assert entry.kind == name
        return entry.options

    return read


def present(name: str, context: Context, options: Any) -> tuple[b.Block, ...]:
    section = SECTIONS[name]
    return section.present(section.compute(context, options), options)


sections = pytest.mark.parametrize("name", sorted(SECTIONS))
all_studies = pytest.mark.parametrize("made", sorted(STUDIES))


@sections
def test_the_docstring_says_what_it_shows_and_its_example_loads(name, options):
    module = inspect.getmodule(SECTIONS[name].compute)
    first = inspect.getdoc(module).splitlines()[0]
    assert first[0].isupper()
    assert isinstance(options(name), SECTIONS[name].options)


@sections
def test_every_option_says_what_it_does(name):
    """A string stands under each field."""
    section = SECTIONS[name]
    source = inspect.getsource(section.options)
    for field in fields(section.options):
        assert re.search(rf'\n    {field.name}: [^\n]*\n    """', source), field.name


@sections
def test_a_section_is_called_what_the_author_writes(name):
    assert SECTIONS[name].name == name
    assert inspect.getmodule(SECTIONS[name].compute).__name__.rpartition(".")[2] == name


@all_studies
@sections
def test_computing_changes_nothing_and_gives_the_same_twice(name, made, options):
    context = context_of(made)
    before = reading.plain((context.runs, context.groups, context.design))
    first = reading.plain(present(name, context, options(name)))
    assert reading.plain((context.runs, context.groups, context.design)) == before
    assert reading.plain(present(name, context, options(name))) == first


@all_studies
@sections
def test_there_is_always_something_to_read(name, made, options):
    assert any(
        text.strip() for text in reading.texts(present(name, context_of(made), options(name)))
    )


@sections
def test_charts_survive_the_way_to_another_process_and_have_their_numbers_beside(name, options):
    for made in sorted(STUDIES):
        blocks = present(name, context_of(made), options(name))
        for figure in reading.find(blocks, b.Figure):
            draw, data = pickle.loads(pickle.dumps((figure.draw, figure.data)))
            assert draw is figure.draw
            assert reading.plain(data) == reading.plain(figure.data)
            assert figure.description
            # its own table, or one that the section shows anyway
            tables = [figure.table] if figure.table else reading.find(blocks, b.Table)
            assert any(table.rows for table in tables)


# ---- pages ---------------------------------------------------------------------------------------


def rendered(slug: str, blocks: tuple[b.Block, ...], theme: str) -> RenderedPage:
    chosen = pages.theme(theme)

    def submit(figure: b.Figure, prefix: str) -> Future[str]:
        done: Future[str] = Future()
        # raises when marks and drawing differ, or when a mark is not finite
        done.set_result(draw_svg(figure, chosen.colors, chosen.font_size, prefix))
        return done

    return render_page(b.Document(slug, slug, blocks), chosen, Links(), submit)


def doubts(written: list[RenderedPage], folder: Path) -> list[str]:
    """What the verifier says about a site of these pages."""
    home = rendered("index", (b.Text(("Home",)),), "default")
    site, policies = pages.site([home, *written], folder)
    return [f"{p.place}: {p.message}" for p in verify_site(site, policies)]


@pytest.mark.parametrize("theme", ["default", "print"])
def test_every_block_renders_and_every_page_passes_the_verifier(theme, options, tmp_path):
    # the second theme has the same templates but for style: two studies tell
    chosen = sorted(STUDIES) if theme == "default" else ["typical", "hostile"]
    written = [
        rendered(f"{name}-{made.replace('_', '-')}", blocks, theme)
        for made in chosen
        for name in sorted(SECTIONS)
        if (blocks := present(name, context_of(made), options(name)))
    ]
    assert doubts(written, tmp_path) == []


@needs_shared("attacks", "text")
def test_no_payload_of_the_corpora_changes_a_page(options, tmp_path):
    payloads: list[str] = []
    for path in sorted((SHARED / "attacks" / "text").glob("*.json")):
        texts = [text for text in strings(json.loads(path.read_text())) if len(text) < 2000]
        payloads += texts[:: max(1, len(texts) // 8)][:8]
    context = evaluated(hostile_study(tuple(payloads)))
    written = [
        rendered(name, present(name, context, options(name)), "default")
        for name in sorted(SECTIONS)
        if name not in ("history", "bars", "distribution")
    ]
    assert doubts(written, tmp_path) == []


def strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [text for item in value for text in strings(item)] if isinstance(value, list) else []


def test_a_thousand_runs_stay_below_two_megabytes_a_page(options, tmp_path: Path):
    runs = runs_of(["sgd", "adam"], [0.1, 0.01], seeds=250)
    for index, run in enumerate(runs):
        run["params"] |= {f"param_{n}": f"value-{index % 7}-{n}" for n in range(30)}
    context = evaluated(study(runs, baseline=BASELINE, subject_run=0, **DESIGN))
    for name in ("runs", "diff", "metrics", "lineage", "run"):
        page = rendered(name, present(name, context, SECTIONS[name].options()), "default")
        assert len(pages.html_of(page).encode()) < 1_500_000, name
