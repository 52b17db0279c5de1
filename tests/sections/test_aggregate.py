"""Aggregates over tasks on the page: published ones, few runs, missing tasks, no goal."""

from __future__ import annotations

import csv
import json
import sys

import numpy as np
import pytest
from scipy import stats

from runreport.blocks import Figure, Note, Table
from runreport.design import Metric
from runreport.sections import aggregate
from runreport.sections.aggregate import Options
from runreport.stats import mixed
from tests import reading
from tests.processes import runreport
from tests.shared import SHARED, needs_shared
from tests.studies import study

SCORE = Metric("score", goal="maximize", primary=True)
RNG = np.random.default_rng(4)


def runs_of(board):
    """Runs of {group: {task: values}}."""
    return [
        {
            "name": f"{group}-{task}-{seed}",
            "params": {"model": group, "task": task, "seed": seed},
            "metrics": {"score": value},
        }
        for group, tasks in board.items()
        for task, values in tasks.items()
        for seed, value in enumerate(values)
    ]


def context(board, baseline=None, metrics=(SCORE,), **more):
    design = {"by": ["model"], "replicates": "seed", "across": "task", "metrics": metrics, **more}
    return study(runs_of(board), baseline=baseline and {"model": baseline}, **design)


def shown(made, **options):
    chosen = Options(**options)
    data = aggregate.compute(made, chosen)
    return data, aggregate.present(data, chosen)


def said(blocks) -> str:
    return "\n".join(reading.texts(blocks))


def lead(blocks) -> str:
    return reading.said(blocks).splitlines()[0]


def random_board(groups="ab", tasks=6, seeds=5, step=1.0):
    return {
        group: {
            f"t{task}": RNG.normal(place * step + task, 0.5, seeds).tolist()
            for task in range(tasks)
        }
        for place, group in enumerate(groups)
    }


SMALL = {
    "old": {"a": [0.1, 0.2], "b": [0.5, 0.4], "c": [0.9, 1.1], "d": [1.3, 2.0]},
    "new": {"a": [0.3, 0.4], "b": [0.5, 0.6], "c": [1.9, 1.1], "d": [1.5, 1.4]},
}


def test_numbers_are_those_of_the_definition() -> None:
    data, blocks = shown(context(SMALL, "old"))
    stated = aggregate.record(data)
    new, old = stated["groups"]
    flat = np.array([value for values in SMALL["new"].values() for value in values])
    assert new["iqm"].value == pytest.approx(stats.trim_mean(flat, 0.25))
    # worked out in Agarwal's definition on this very matrix: 0.725, 0.3625, 0.725, 0.8125
    for name, expected in (
        ("iqm", 0.725), ("optimality_gap", 0.3625), ("median", 0.725), ("mean", 0.8125),
    ):  # fmt: skip
        assert old[name].value == pytest.approx(expected)
    chances = [
        stats.mannwhitneyu(SMALL["new"][task], SMALL["old"][task]).statistic / 4 for task in "abcd"
    ]
    assert new["probability_of_improvement"].value == pytest.approx(np.mean(chances))
    assert old["probability_of_improvement"] is None
    assert "model=new has the highest interquartile mean (IQM) of score over 4 tasks" in lead(
        blocks
    )


def test_two_runs_of_a_task_get_no_interval_and_are_told_why() -> None:
    _, blocks = shown(context(SMALL, "old"))
    assert "fewer than 3 seeds on one of the tasks there is no interval" in reading.said(blocks)
    assert "95 % interval" not in lead(blocks)
    assert "(no interval)" in reading.said(blocks)


def test_the_median_has_no_interval_below_twenty_runs_per_task() -> None:
    data, blocks = shown(context(random_board(seeds=19), "a"))
    groups = aggregate.record(data)["groups"]
    assert all(group["median"].interval is None for group in groups)
    assert all(group["iqm"].interval is not None for group in groups)
    chart = reading.find(blocks, Figure)[0]
    assert [panel.title for panel in chart.data.panels] == [
        "Interquartile mean (IQM) ↑",
        "Mean of task means ↑",
        "Optimality gap ↓",
    ]
    assert "Medians are not drawn" in said(blocks)
    data, blocks = shown(context(random_board(seeds=20), "a"))
    assert all(g["median"].interval is not None for g in aggregate.record(data)["groups"])
    assert "Median of task means ↑" in [
        panel.title for panel in reading.find(blocks, Figure)[0].data.panels
    ]


def test_lower_is_better_where_the_goal_says_so() -> None:
    loss = Metric("score", goal="minimize", primary=True)
    data, blocks = shown(context(random_board(), "a", metrics=(loss,)))
    stated = aggregate.record(data)
    assert [group["group"] for group in stated["groups"]] == ["model=a", "model=b"]
    assert "has the lowest interquartile mean" in lead(blocks)
    assert stated["groups"][1]["probability_of_improvement"].value < 0.2
    assert "optimality_gap" not in stated["groups"][0]
    profile = reading.find(blocks, Figure)[1]
    assert profile.data.y_label == "share of seeds below"
    # the better group's curve lies above: more of its runs are below each value
    (best, _), (worst, _) = ((s.y, s) for s in profile.data.strokes)
    assert (best >= worst).all()


def test_without_a_goal_nothing_is_called_best() -> None:
    plain = Metric("score", primary=True)
    _, blocks = shown(context(random_board(), metrics=(plain,)))
    assert "best" not in lead(blocks)
    assert "highest" not in lead(blocks)
    assert "No goal is declared, so nothing is called best." in reading.said(blocks)


def test_tasks_that_a_group_lacks_count_for_none_and_are_named() -> None:
    board = random_board(tasks=4)
    del board["b"]["t2"]
    data, blocks = shown(context(board, "a"))
    stated = aggregate.record(data)
    assert stated["tasks"] == ["t0", "t1", "t3"]
    assert stated["left_out"] == ["t2"]
    assert "3 of 4 tasks have a value of every group and count. Left out: t2." in said(blocks)


def test_a_group_without_any_value_does_not_empty_the_rest() -> None:
    board = random_board() | {"c": {"t0": [float("nan")], "t1": [float("nan")]}}
    data, blocks = shown(context(board, "a"))
    assert [g["group"] for g in aggregate.record(data)["groups"]] == ["model=b", "model=a"]
    assert "model=c: 0 of 2 finished with a value of score" in said(blocks)


def test_no_task_in_common_is_said() -> None:
    board = {"a": {"x": [1.0, 2.0]}, "b": {"y": [1.0, 2.0]}}
    _, (note,) = shown(context(board))
    assert isinstance(note, Note)
    assert "No task has a value of every group" in said([note])


def test_without_tasks_the_section_says_what_to_declare() -> None:
    made = study(runs_of(SMALL), by=["model"], replicates="seed", metrics=(SCORE,))
    _, (note,) = shown(made)
    assert "groups: {across: ...}" in said([note])


def test_ragged_runs_are_counted_and_tasks_weigh_the_same() -> None:
    board = {
        "a": {"x": [0.0] * 3 + [1.0] * 6, "y": [4.0, 5.0, 6.0]},
        "b": {"x": [2.0, 2.5, 3.0], "y": [1.0, 1.5, 2.0]},
    }
    # copies are recognised by their values; these are counted values
    data, blocks = shown(context(board, "b"))
    found = {group["group"]: group for group in aggregate.record(data)["groups"]}
    assert found["model=a"]["mean"].value == pytest.approx((6 / 9 + 5) / 2)
    assert found["model=a"]["runs_per_task"] == [3, 9]
    assert "3 to 9 seeds per task" in lead(blocks)


def test_failed_runs_stay_out_and_are_counted() -> None:
    runs = runs_of(random_board())
    runs[0]["status"] = "failed"
    made = study(
        runs, by=["model"], replicates="seed", across="task", metrics=(SCORE,),
        baseline={"model": "a"},
    )  # fmt: skip
    data, blocks = shown(made)
    found = {group["group"]: group for group in aggregate.record(data)["groups"]}
    assert found["model=a"]["runs_per_task"] == [4, 5]
    assert "model=a: 29 of 30 finished with a value of score" in said(blocks)


def test_gamma_is_in_displayed_units() -> None:
    percent = Metric("score", goal="maximize", unit="%", scale=100, primary=True)
    board = {"a": {"x": [0.2, 0.4, 0.6], "y": [0.5, 0.7, 1.2]}}
    data, _ = shown(context(board, metrics=(percent,)))
    gap = aggregate.record(data)["groups"][0]["optimality_gap"].value
    assert gap == pytest.approx((80 + 60 + 40 + 50 + 30 + 0) / 6)
    data, _ = shown(context(board, metrics=(percent,)), gamma=50)
    gap = aggregate.record(data)["groups"][0]["optimality_gap"].value
    assert gap == pytest.approx((30 + 10) / 6)


def test_the_mixed_model_is_fitted_to_task_means() -> None:
    board = random_board("abc", tasks=8)
    data, blocks = shown(context(board, "b"), mixed=True)
    stated = aggregate.record(data)["mixed"]
    means = {g: np.array([np.mean(v) for v in tasks.values()]) for g, tasks in board.items()}
    for effect in stated["effects"]:
        group = effect["group"].removeprefix("model=")
        assert effect["difference"] == pytest.approx((means[group] - means["b"]).mean(), abs=1e-6)
        assert effect["df"] == 24 - 8 - 2
    # over all rows together: 1 - 0.05 / 2
    assert stated["effects"][0]["interval"].level == pytest.approx(0.975)
    table = next(t for t in reading.find(blocks, Table) if t.export == "mixed")
    assert len(table.rows) == 2


def test_without_statsmodels_the_page_says_how_to_get_it(monkeypatch) -> None:
    # what an installation without the extra is like
    monkeypatch.setitem(sys.modules, "statsmodels.regression.mixed_linear_model", None)
    _, blocks = shown(context(random_board(), "a"), mixed=True)
    assert mixed.INSTALL in said(blocks)


def test_the_order_of_runs_changes_nothing() -> None:
    runs = runs_of(random_board("abc"))
    mixed_up = [runs[place] for place in np.random.default_rng(0).permutation(len(runs))]
    one, other = (
        aggregate.record(
            aggregate.compute(
                study(
                    part, by=["model"], replicates="seed", across="task", metrics=(SCORE,),
                    baseline={"model": "b"},
                ),
                Options(),
            )
        )
        for part in (runs, mixed_up)
    )  # fmt: skip
    assert reading.plain(one["groups"]) == reading.plain(other["groups"])


def test_groups_of_other_evaluation_data_are_cautioned_first_and_not_ranked() -> None:
    runs = runs_of(random_board("abc"))
    for run in runs:
        run["params"]["eval_data_hash"] = "h1" if run["params"]["model"] == "c" else "h0"
    made = study(
        runs, by=["model"], replicates="seed", across="task", metrics=(SCORE,),
        baseline={"model": "a"},
    )  # fmt: skip
    data, blocks = shown(made)
    assert isinstance(blocks[0], Note)
    text = said(blocks)
    assert text.index("model=a and model=c: The eval_data_hash of the two differs") < text.index(
        " has an interquartile mean (IQM) of score over 6 tasks"
    )
    assert "highest" not in text
    chances = {
        group["group"]: group["probability_of_improvement"]
        for group in aggregate.record(data)["groups"]
    }
    assert chances["model=b"] is not None
    assert chances["model=c"] is None
    assert aggregate.record(data)["findings"][0]["name"] == "NOT_COMPARABLE"


def test_at_a_later_look_intervals_are_said_to_be_for_one() -> None:
    assert "for one planned look" in said(shown(context(random_board(), "a", look=3))[1])
    assert "planned look" not in said(shown(context(random_board(), "a"))[1])


def test_ties_for_the_best_are_all_named_and_missing_intervals_explained() -> None:
    board = {group: {task: [1.0] * 3 for task in "xyz"} for group in "abc"}
    _, blocks = shown(context(board))
    assert lead(blocks).startswith(
        "model=a, model=b and model=c share the highest interquartile mean (IQM) of score over 3 "
        "tasks: 1.00."
    )
    text = said(blocks)
    assert "No interval for model=a, model=b, model=c: all seeds of each of the tasks" in text
    for absent in ("Whiskers are", "In brackets", "resamples", "bootstrap interval"):
        assert absent not in text


def test_the_only_task_is_named_where_no_group_has_a_value() -> None:
    board = {group: {"x": [float("nan")]} for group in "ab"}
    text = said(shown(context(board))[1])
    assert "No task has a value of every group. The task is: x." in text


# ---- published scores ----------------------------------------------------------------------------

PUBLISHED = {
    "SPR": ("0.337", "0.577"),
    "SimPLe": ("0.130", "0.729"),
    "IRIS": ("0.501", "0.512"),
}
"""IQM and optimality gap as printed."""

SPEC = """\
report: {title: Atari 100k}
sources:
  - files: scores.csv
    shape: runs
    params: [model, task, seed]
    metrics: [score, random, human]
groups: {by: [params.model], replicates: seed, across: task, baseline: model == "SPR"}
metrics:
  normalised: {goal: maximize, value: (score - random) / (human - random), primary: true}
pages:
  - title: Summary
    sections: [aggregate]
"""


@needs_shared("statistics", "data", "atari100k")
def test_published_aggregates_stand_on_the_page_to_all_printed_digits(tmp_path) -> None:
    folder = SHARED / "statistics" / "data" / "atari100k"
    random, human = (
        json.loads((folder / f"{name}.json").read_text()) for name in ("RANDOM", "HUMAN")
    )
    with (tmp_path / "scores.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["model", "task", "seed", "score", "random", "human"])
        for name in PUBLISHED:
            for game, values in json.loads((folder / f"{name}.json").read_text()).items():
                ends = (np.mean(random[game]), np.mean(human[game]))
                rows.writerows(
                    [name, game, seed, repr(value), *map(repr, map(float, ends))]
                    for seed, value in enumerate(values)
                )
    (tmp_path / "runreport.yaml").write_text(SPEC)
    done = runreport("build", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (page,) = json.loads((tmp_path / "site" / "runreport.json").read_text())["pages"]
    (section,) = page["sections"]
    groups = {item["group"]: item for item in section["facts"]["groups"]}
    html = (tmp_path / "site" / "index.html").read_text()
    assert len(section["facts"]["tasks"]) == 26
    for name, (iqm, gap) in PUBLISHED.items():
        (found,) = (item for label, item in groups.items() if label.endswith(name))
        assert f"{found['iqm']['value']:.3f}" == iqm
        assert f"{found['optimality_gap']['value']:.3f}" == gap
        assert f">{iqm} (" in html, name
        assert f">{gap} (" in html, name


def test_seeds_with_the_same_points_in_a_game_are_no_copies() -> None:
    normalised = Metric("normalised", goal="maximize", value="normalised", primary=True)
    runs = [
        {
            "params": {
                "model": group, "task": task, "seed": seed, "normalised": (points - 227.8) / 6899.9
            },
            "metrics": {"points": points},
        }
        for group in "ab"
        for task in "xy"
        for seed, points in enumerate((331.7, 510.0, 331.7, 437.2))
    ]  # fmt: skip
    made = study(
        runs, by=["model"], replicates="seed", across="task", metrics=(normalised,),
        baseline={"model": "a"},
    )  # fmt: skip
    data = aggregate.compute(made, Options())
    assert [group["runs_per_task"] for group in aggregate.record(data)["groups"]] == [[4, 4]] * 2
