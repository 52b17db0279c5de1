"""Side by side: what differs, what is the same, what is missing."""

from __future__ import annotations

import math

import pytest

from runreport.blocks import Fold, Note, Preformatted, Table
from runreport.design import Metric
from runreport.sections import diff
from runreport.sections.diff import Options
from tests import pages, reading
from tests.studies import study


def blocks_of(context, **options):
    chosen = Options(**options)
    return diff.present(diff.compute(context, chosen), chosen)


def tables_of(context, **options):
    return reading.find(blocks_of(context, **options), Table)


def rows_of(table):
    """First column to the other texts."""
    return {
        reading.words(row.cells[0].words): [reading.words(c.words) for c in row.cells[1:]]
        for row in table.rows
    }


def differing(table):
    return [reading.words(r.cells[0].words) for r in table.rows if "differs" in r.marks]


TWO = [
    {"name": "a", "params": {"lr": "1e-3", "depth": 4, "only": "x"}},
    {"name": "b", "params": {"lr": "0.001", "depth": 5}},
]


def test_only_differences_are_marked_and_equal_numbers_are_no_difference():
    (table,) = tables_of(study(TWO), what=("params",))
    assert differing(table) == ["depth", "only"]
    assert rows_of(table)["depth"] == ["4", "5"]
    assert rows_of(table)["lr"][0] in ("1e-3", "0.001")
    assert table.differences


def test_the_page_starts_with_differences_only_and_holds_the_rest():
    page = pages.html_of(pages.page(blocks_of(study(TWO), what=("params",))))
    assert 'data-differences="on"' in page
    assert page.count("<tr data-differs") == 2
    assert page.count("<tr><td") == 1, "`lr`, which is the same"


def test_more_metrics_than_it_compares_are_counted():
    runs = [{"name": n, "metrics": {f"m{i:03}": i for i in range(130)}} for n in ("a", "b")]
    (table,) = tables_of(study(runs, metrics=[Metric("m129")]), what=("metrics",))
    assert len(table.rows) == 100
    assert reading.words(table.rows[0].cells[0].words) == "m129"
    assert "30 more metrics not listed" in reading.said([table])


def test_what_is_missing_is_shown_as_missing():
    (table,) = tables_of(study(TWO), what=("params",))
    cell = reading.cell(table, "only", "b")
    assert cell.value is None
    assert "missing" in cell.marks


def test_what_is_the_same_is_one_line():
    runs = [
        {"name": n, "params": {f"p{i}": i for i in range(23)} | {"x": n}} for n in ("a", "b", "c")
    ]
    said = reading.said(blocks_of(study(runs), what=("params",)))
    assert "23 params are the same everywhere: p0 = 0, p1 = 1" in said
    assert "and 11 more." in said


def test_no_difference_is_said():
    runs = [{"name": n, "params": {"x": 1}} for n in ("a", "b")]
    blocks = blocks_of(study(runs), what=("params",))
    assert reading.find(blocks, Table) == []
    assert "No difference between runs. 1 param is the same everywhere: x = 1." in reading.said(
        blocks
    )


def groups(**more):
    runs = [
        {
            "name": f"{o}-{s}",
            "params": {"opt": o, "seed": s, "batch": 32 if o == "sgd" else 16 * s},
            "metrics": {"accuracy": 0.5 + s / 100 + (o == "adam") / 10},
            "tags": {"team": "vision", "mlflow.runName": "x"},
        }
        for o in ("sgd", "adam")
        for s in (1, 2, 3, 4)
    ]
    return study(runs, by=["opt"], replicates="seed", baseline={"opt": "sgd"}, **more)


def test_more_than_a_handful_of_runs_are_compared_as_groups():
    (table,) = tables_of(groups(), what=("params",))
    assert reading.headings(table)[1:] == ["opt=sgd (baseline)", "opt=adam"]
    assert rows_of(table)["batch"] == ["32", "4 values 16 to 64"]
    assert "≠" in reading.said([table])
    assert "differs" in reading.cell(table, "batch", "opt=adam").marks
    assert "differs" not in reading.cell(table, "batch", "opt=sgd (baseline)").marks


def test_the_replicates_are_no_difference_between_groups():
    blocks = blocks_of(groups(), what=("params",))
    (table,) = reading.find(blocks, Table)
    assert "seed" not in rows_of(table)
    assert "seed tells the runs of a group apart." in reading.said(blocks)


def test_the_author_chooses_runs_or_groups():
    assert len(reading.headings(tables_of(groups(), of="runs", what=("params",))[0])) == 9
    few = study(TWO, by=["depth"])
    assert reading.headings(tables_of(few, of="groups", what=("params",))[0])[1:] == [
        "depth=4",
        "depth=5",
    ]


def test_a_value_that_some_runs_of_a_group_lack_says_in_how_many_it_is():
    runs = [
        {"name": f"{o}{s}", "params": {"opt": o, **({"x": 1} if s or o == "b" else {})}}
        for o in "ab"
        for s in range(4)
    ]
    (table,) = tables_of(study(runs, by=["opt"]), what=("params",))
    assert rows_of(table)["x"] == ["1 (in 3 of 4 runs)", "1"]
    assert "x" in differing(table)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"ignore": ("depth",)}, {"lr", "only"}),
        ({"ignore": ("params.d*",)}, {"lr", "only"}),
        ({"ignore": ("*",), "keep": ("depth", "params.lr")}, {"lr", "depth"}),
        ({"keep": ("d*",)}, {"depth"}),
        ({"ignore": ("tags.*",)}, {"lr", "only", "depth"}),
    ],
)
def test_patterns_leave_keys_out_and_keep_others(options, expected):
    data = diff.compute(study(TWO), Options(what=("params",), **options))
    assert {line.key for line in data.parts[0].lines} == expected
    left = 3 - len(expected)
    said = reading.said(diff.present(data, Options()))
    assert (f"{left} param" in said and "left out as asked" in said) == bool(left)


def test_the_trackers_own_tags_are_left_out_unless_they_are_kept():
    data = diff.compute(groups(), Options(what=("tags",)))
    assert [line.key for line in data.parts[0].lines] == ["team"]
    assert "1 tag of the tracker itself (mlflow.*) left out." in reading.said(
        diff.present(data, Options())
    )
    kept = diff.compute(groups(), Options(what=("tags",), keep=("tags.mlflow.*", "team")))
    assert [line.key for line in kept.parts[0].lines] == ["mlflow.runName", "team"]


def test_metrics_of_groups_are_means_of_usable_runs_and_the_best_is_marked():
    metric = Metric("accuracy", goal="maximize", unit="%", scale=100)
    (table,) = tables_of(groups(metrics=[metric]), what=("metrics",))
    # sgd 51..54, adam 61..64
    row = table.rows[0]
    assert [cell.value for cell in row.cells[1:]] == pytest.approx([52.5, 62.5])
    assert ["best" in cell.marks for cell in row.cells] == [False, False, True]
    assert reading.words(row.cells[0].words) == "accuracy (%) ↑"


def test_metrics_of_runs_show_nan_and_a_failed_run_is_never_best():
    runs = [
        {"name": "a", "metrics": {"m": math.nan}},
        {"name": "b", "metrics": {"m": 9.0}, "status": "failed"},
        {"name": "c", "metrics": {"m": 1.0}},
        {"name": "d", "metrics": {"m": 2.0}},
    ]
    (table,) = tables_of(study(runs, metrics=[Metric("m", goal="maximize")]), what=("metrics",))
    cells = table.rows[0].cells[1:]
    assert reading.words(cells[0].words) == "NaN"
    assert [cell.marks for cell in cells] == [
        {"warning"},
        {"warning"},
        frozenset(),
        {"best"},
    ]


def test_versions_compare_as_text():
    runs = [
        {"name": n, "lineage": [("environment", "torch", v, None, None, None)]}
        for n, v in (("a", "1.1"), ("b", "1.10"))
    ]
    (table,) = tables_of(study(runs), what=("lineage",))
    assert rows_of(table)["torch"] == ["1.1", "1.10"]
    assert differing(table) == ["torch"]


def test_many_groups_have_no_column_each_but_all_decide_what_differs():
    runs = [{"name": f"r{i}", "params": {"g": i, "x": int(i == 59)}} for i in range(60)]
    (table,) = tables_of(study(runs, by=["g"]), what=("params",))
    assert len(table.columns) == 13
    assert "The first 12 of 60 groups have a column" in reading.said([table])
    # only the sixtieth group differs in x, and it has no column
    assert "x" in differing(table)


def test_long_values_are_shortened_and_stand_in_full_below():
    long = "layer " * 100
    runs = [{"name": "a", "params": {"net": long}}, {"name": "b", "params": {"net": "mlp"}}]
    blocks = blocks_of(study(runs), what=("params",))
    (table,) = reading.find(blocks, Table)
    assert len(rows_of(table)["net"][0]) <= 60
    (fold,) = reading.find(blocks, Fold)
    assert [p.text for p in reading.find(fold.body, Preformatted)] == [long]


@pytest.mark.parametrize("runs", [[], [{"name": "alone", "params": {"x": 1}}]])
def test_fewer_than_two_are_nothing_to_compare(runs):
    (note,) = blocks_of(study(runs))
    assert isinstance(note, Note)
    assert "a comparison needs two" in reading.said([note])


def test_one_run_is_no_match_for_a_mean_of_several():
    loss = Metric("loss", goal="minimize")
    runs = [
        {"params": {"lr": lr, "seed": seed}, "metrics": {"loss": value}}
        for lr, seed, value in ((1, 1, 0.5), (1, 2, 0.6), (2, 1, 0.7), (2, 2, 0.7), (3, 1, 0.1))
    ]
    made = study(runs, by=["lr"], replicates="seed", metrics=[loss])
    (table,) = tables_of(made, of="groups", what=("metrics",))
    (row,) = table.rows
    assert ["best" in cell.marks for cell in row.cells[1:]] == [True, False, False]
