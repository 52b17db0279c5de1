"""Pages from a spec: subjects, placeholders, slugs."""

import re
from pathlib import Path

import pytest

from runreport.blocks import Headline
from runreport.compose import entries, fill_placeholders, run_pages
from runreport.design import Metric
from runreport.errors import Span, SpecError
from runreport.render import emit
from runreport.sections.bars import Options as BarsOptions
from runreport.spec.model import (
    Comparison,
    Grouping,
    PageEntry,
    ReportInfo,
    SectionEntry,
    Selection,
    Spec,
)
from tests.studies import grid, study

HERE = Span("runreport.yaml", 1, 1)


def write(spec, context):
    return [entry.document(about) for entry in entries(spec, context) for about in entry.subjects]


def spec_of(*pages: PageEntry) -> Spec:
    return Spec(
        path=Path("runreport.yaml"),
        report=ReportInfo("A study"),
        sources=(),
        runs=Selection(),
        groups=Grouping(),
        metrics=(),
        comparison=Comparison(),
        pages=pages,
    )


def page(title: str, foreach=None) -> PageEntry:
    return PageEntry(title, (SectionEntry("bars", BarsOptions(), HERE),), HERE, foreach)


def six_runs(**more):
    runs = grid({"lr": [0.1, 0.2, 0.3]}, [1, 2], lambda p, s: p["lr"])
    return study(runs, by=["lr"], **more)


def test_the_first_page_is_the_index_and_titles_that_collide_stay_apart():
    pages = [page("Summary"), page("Curves"), page("Curves"), page("Index"), page("404")]
    slugs = [d.slug for d in write(spec_of(*pages), six_runs())]
    assert slugs[:2] == ["index", "curves"]
    assert len({slug.casefold() for slug in slugs}) == 5
    assert not {"404", "search", "data", "assets"} & set(slugs)


def test_there_is_one_page_per_run_outside_of_the_navigation():
    context = six_runs()
    spec = spec_of(page("Summary"), page("Run ${run.name}", "run"))
    documents = list(write(spec, context))
    assert [d.title for d in documents[1:]] == [f"Run {run.name}" for run in context.runs]
    assert [d.in_navigation for d in documents] == [True] + [False] * 6
    assert {d.slug for d in documents[1:]} == set(run_pages(spec, context).values())


def test_there_is_one_page_per_group_inside_the_navigation():
    documents = list(write(spec_of(page("Group ${group.label}", "group")), six_runs()))
    assert [d.title for d in documents] == ["Group lr=0.1", "Group lr=0.2", "Group lr=0.3"]
    assert all(d.in_navigation for d in documents)


def test_no_name_of_a_run_reaches_a_path():
    hostile = [{"name": name} for name in ("../../etc", "CON", "a/b?c#d", "\u202egpj", "")]
    spec = spec_of(page("Run ${run.name}", "run"))
    for document in write(spec, study(hostile)):
        assert re.fullmatch(r"[a-z0-9-]+/[a-z0-9]+", document.slug)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${run.name}", "0.1-s1"),
        ("${run.params.lr} and ${run.params.nothing}", "0.1 and "),
        ("${run.status}", "finished"),
        ("costs $$5", "costs $5"),
        ("$${run.name}", "${run.name}"),
    ],
)
def test_placeholders_name_the_subject_of_the_page(text, expected):
    assert fill_placeholders(text, six_runs(subject_run=0), str) == expected


def test_data_in_the_authors_markdown_are_coded():
    context = study([{"name": "[x](javascript:alert(1))"}], subject_run=0)
    filled = fill_placeholders("**${run.name}**", context, emit.md)
    assert filled == f"**{emit.md('[x](javascript:alert(1))')}**"
    assert "[" not in filled


def test_a_verdict_is_written_out_where_it_is_cited():
    context = three_groups()
    said = fill_placeholders("${verdict.accuracy}", context, str)
    assert "lr=0.3" in said
    assert "accuracy" in said
    other = fill_placeholders("${verdict.accuracy.0.2}", context, str)
    assert "lr=0.2" in other


@pytest.mark.parametrize("path", ["verdict.nothing", "verdict.accuracy.0.9"])
def test_a_verdict_that_the_report_does_not_reach_stops_the_build(path):
    with pytest.raises(SpecError, match="RR430"):
        fill_placeholders(f"${{{path}}}", three_groups(), str, HERE)


def three_groups():
    runs = grid(
        {"lr": [0.1, 0.2, 0.3]}, [1, 2, 3, 4], lambda p, s: p["lr"] * 10 + s / 50 + p["lr"] * s / 9
    )
    accuracy = Metric("accuracy", goal="maximize", primary=True)
    return study(
        runs,
        by=["lr"],
        replicates="seed",
        pair_by="seed",
        baseline={"lr": "0.1"},
        metrics=[accuracy],
    )


def test_the_first_page_of_the_navigation_is_the_index_wherever_it_stands():
    documents = write(spec_of(page("Run ${run.name}", "run"), page("Summary")), six_runs())
    assert [d.slug for d in documents if d.in_navigation] == ["index"]


def test_slugs_never_collide():
    titles = ["First", "Base", "Base", "Base 2", "Base", "Base 2", "Base-2"]
    slugs = [d.slug for d in write(spec_of(*map(page, titles)), six_runs())]
    assert len(set(slugs)) == len(titles)


def test_charts_that_share_a_page_head_their_sections_and_say_their_title_once():
    metrics = [Metric("score", goal="maximize", primary=True), Metric("time", goal="minimize")]
    runs = grid({"lr": [0.1, 0.2]}, [1, 2], lambda p, s: p["lr"])
    for run in runs:
        run["metrics"] = {"score": 1.0, "time": 2.0}
    context = study(runs, by=["lr"], metrics=metrics)
    sections = tuple(
        SectionEntry("bars", BarsOptions(name), HERE, title=title)
        for name, title in (("score", None), ("time", None), ("time", "Costs"), ("time", ""))
    )
    (document,) = write(spec_of(PageEntry("A page", sections, HERE, None)), context)
    said = [
        b.text if isinstance(b, Headline) else (b.title, b.is_captioned) for b in document.blocks
    ]
    assert said == [
        "score by group",
        ("score by group", False),
        "time by group",
        ("time by group", False),
        "Costs",
        ("time by group", True),
        ("time by group", True),
    ]
    (alone,) = write(spec_of(PageEntry("A page", sections[:1], HERE, None)), context)
    assert [(b.title, b.is_captioned) for b in alone.blocks] == [("score by group", True)]
