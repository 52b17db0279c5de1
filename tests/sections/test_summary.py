"""The first page: what was compared, what is best and how surely, what to mind."""

from __future__ import annotations

from typing import Any

import numpy as np

from runreport import blocks as b
from runreport.design import Metric
from runreport.errors import Problem
from runreport.kinds import Context
from runreport.sections import summary
from runreport.sections.summary import Options
from tests import reading
from tests.sections.test_comparing import ACCURACY, BASELINE, context, noise, runs_of


def blocks_of(made: Context, **options: Any) -> tuple[b.Block, ...]:
    chosen = Options(**options)
    return summary.present(summary.compute(made, chosen), chosen)


def text_of(made: Context, **options: Any) -> str:
    blocks = blocks_of(made, **options)
    facts = " ".join(reading.texts(reading.find(blocks, b.Facts)))
    return f"{reading.said(blocks)}\n{facts}"


def lead_of(made: Context) -> str:
    first = blocks_of(made)[0]
    assert isinstance(first, b.Text)
    return "".join(reading.texts([first]))


def one_metric(groups: dict[str, list[Any]], **more: Any) -> Context:
    return context(runs_of(groups), metrics=(ACCURACY,), **more)


def test_the_best_group_stands_first_with_its_interval() -> None:
    values = [0.9, 0.91, 0.92, 0.93, 0.94]
    made = one_metric({"m0": [0.8, 0.81, 0.82, 0.83, 0.84], "m1": values}, baseline=BASELINE)
    # 92 +- 2.776 x 1.5811 / sqrt(5): Student's table, 4 degrees of freedom
    assert "model=m1 has the best accuracy: 92.0\u202f% (95 % interval 90.0 to 94.0, 5 seeds)" in (
        lead_of(made)
    )
    assert "It beats model=m0" in lead_of(made)


def test_a_summary_has_no_p_value() -> None:
    words = text_of(one_metric(noise(4, 6), baseline=BASELINE, pair_by="seed"))
    assert "p = " not in words
    assert "p < " not in words


def test_a_lead_over_every_group_is_certain() -> None:
    assert "The lead is certain" in lead_of(one_metric(noise(3, 8, 0.05)))


def test_a_lead_that_is_not_certain_names_who_is_close() -> None:
    rng = np.random.default_rng(5)
    groups = {
        "m0": rng.normal(0.5, 0.01, 6).tolist(),
        "m1": rng.normal(0.9, 0.01, 6).tolist(),
        "m2": (rng.normal(0.9, 0.01, 6) + 0.002).tolist(),
    }
    words = lead_of(one_metric(groups))
    assert "The lead is not certain: it is not told apart from model=m" in words
    assert "model=m0" not in words


def test_a_leader_that_its_pairs_put_behind_is_not_called_certain() -> None:
    # m1 is about a point below m0 on each of the eight seeds they share, and has eight more
    below = [0.011, 0.009, 0.012, 0.008, 0.010, 0.011, 0.009, 0.010]
    shared = [0.80, 0.82, 0.81, 0.83, 0.79, 0.84, 0.78, 0.85]
    lower = [value - less for value, less in zip(shared, below, strict=True)]
    higher = [0.95, 0.96, 0.97, 0.94, 0.93, 0.98, 0.955, 0.965]
    words = lead_of(one_metric({"m0": shared, "m1": lower + higher}, pair_by="seed"))
    assert words.startswith("model=m1 has the best accuracy")
    assert "The lead is not certain: compared pair by pair it is behind model=m0." in words


def test_a_baseline_that_leads_is_said_to_be_the_baseline() -> None:
    assert "It is the baseline." in lead_of(one_metric(noise(3, 5, -0.02), baseline=BASELINE))


def test_single_runs_lead_without_a_claim() -> None:
    words = text_of(one_metric({"m0": [0.8], "m1": [0.9]}))
    assert "more than luck these runs cannot say" in words
    assert "interval" not in words


def test_runs_that_failed_diverged_or_were_left_out_are_counted_in_the_open() -> None:
    runs = runs_of({"m0": [0.8, 0.81, 0.82, 0.8], "m1": [0.9, None, 0.92, 0.93]})
    runs[0]["status"] = "failed"
    runs[2]["status"] = "running"
    made = context(runs, metrics=(ACCURACY,), excluded=[(7, "started before 2026-01-01")])
    words = text_of(made)
    assert "of 8 read; 1 failed, 1 running, 1 diverged" in words
    assert "1 run was left out: 1 started before 2026-01-01" in words


def test_what_varies_is_named_and_the_rest_is_counted() -> None:
    runs = runs_of(noise(2, 3))
    for index, run in enumerate(runs):
        run["params"] |= {"lr": ["1e-3", "0.001", "0.1"][index % 3], "depth": 3, "width": 8}
    words = text_of(context(runs, metrics=(ACCURACY,)))
    # 1e-3 and 0.001 are one level
    assert "lr: 1e-3, 0.1" in words
    assert "model: m0, m1" in words
    assert "seed: 0, 1, 2 (the replicates: seeds)" in words
    assert "2 params are the same in every run" in words


def test_whole_numbers_too_long_for_a_float_are_levels_of_their_own() -> None:
    runs = runs_of(noise(2, 3))
    for index, run in enumerate(runs):
        # 2^53 + 1 is the first whole number that a float cannot hold
        run["params"]["data"] = ["9007199254740992", "9007199254740993"][index % 2]
    words = text_of(context(runs, metrics=(ACCURACY,)))
    assert "data: 9007199254740992, 9007199254740993" in words


def test_many_levels_are_a_range_and_many_params_are_cut() -> None:
    runs = runs_of({"m0": [0.8] * 9})
    for index, run in enumerate(runs):
        run["params"] |= {f"p{n}": index * 10 for n in range(12)}
    words = text_of(context(runs, metrics=(ACCURACY,)), params=4)
    assert "p0: 9 values from 0 to 80" in words
    assert "9 more params vary" in words


def test_the_decision_is_quoted_with_its_reason() -> None:
    decision = {"question": "Ship?", "decided": "Yes.", "because": "It is better.", "by": "Ada"}
    made = one_metric(noise(2, 3), decision=decision)
    (note,) = (x for x in blocks_of(made) if isinstance(x, b.Note) and x.title == "Ship?")
    assert note.kind == "success"
    words = " ".join(reading.texts([note]))
    assert all(part in words for part in ("Yes.", "It is better.", "Decided by Ada."))


def test_cautions_come_with_their_codes() -> None:
    guessed = Metric("accuracy", goal="maximize", goal_guessed=True, primary=True)
    runs = runs_of(noise(2, 3))
    for index, run in enumerate(runs):
        run["lineage"] = [("code", "git", "main", f"{index % 2:040x}", index == 0, None)]
    problems = (Problem("RR305", "run 7 has no meta.yaml"),)
    made = context(runs, metrics=(guessed,), problems=problems)
    words = text_of(made)
    for part in ("guessed from its name; declare it. RR416", "2 versions of the code",
                 "1 run was started from code", "run 7 has no meta.yaml"):  # fmt: skip
        assert part in words


def test_groups_without_declared_replicates_are_warned_of() -> None:
    made = context(runs_of(noise(2, 3)), metrics=(ACCURACY,), replicates=None)
    assert "No replicates are declared" in text_of(made)


def test_a_lucky_run_is_mentioned_and_does_not_lead() -> None:
    words = text_of(one_metric({**noise(2, 5), "lucky": [0.99]}))
    assert "model=lucky has a better mean of accuracy, from fewer than three seeds" in words


def test_nothing_selected_says_why() -> None:
    made = context(
        runs_of({"m0": [0.8]}), metrics=(ACCURACY,), excluded=[(0, 'does not satisfy x == "1"')]
    )
    words = text_of(made)
    assert "No run is selected" in words
    assert "does not satisfy" in words
