"""Runs to aligned numbers: nobody is lost on the way without a word."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runreport.design import Metric
from runreport.samples import Group, Value, means, pair, sample
from runreport.tables import STATUSES
from tests.studies import tables

LOSS = Metric("loss", label="validation loss")
INF, NAN = math.inf, math.nan
USED = ("finished", "unknown")


def group(*members, label="adam"):
    """A group of (replicate, loss or None, status) runs, named by their place."""
    facts = tables(
        [
            {
                "id": f"{label}:{index}",
                "name": f"{label}-{index}",
                "status": status,
                "metrics": {} if loss is None else {"loss": loss},
            }
            for index, (_, loss, status) in enumerate(members)
        ]
    )
    return Group(
        id="g0",
        label=label,
        key=(),
        runs=facts.rows,
        replicate_of=tuple(replicate for replicate, _, _ in members),
        is_baseline=False,
        color="series-1",
    )


def value_of(run, metric):
    return Value.of(run.metrics[metric.name].last if metric.name in run.metrics else None)


def sampled(*members, label="adam"):
    return sample(group(*members, label=label), LOSS, value_of)


def reasons(dropped):
    return {item.name: item.reason for item in dropped}


# ---- values --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "scale", "number", "state"),
    [
        (0.5, 100, 50.0, "ok"),
        (0.5, -1, -0.5, "ok"),
        (0.0, 100, 0.0, "ok"),
        (None, 100, None, "missing"),
        (NAN, 100, None, "nan"),
        (INF, 100, None, "inf"),
        (-INF, 0, None, "inf"),
        (1e308, 100, None, "inf"),
    ],
)
def test_a_value_is_a_finite_number_or_says_why_not(raw, scale, number, state):
    value = Value.of(raw, scale)
    assert (value.number, value.state) == (number, state)


# ---- one group -----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", STATUSES)
def test_only_runs_that_were_not_interrupted_enter_a_sample(status):
    found = sampled(("1", 0.5, "finished"), ("2", 0.7, status))
    if status in USED:
        assert found.values.tolist() == [0.5, 0.7]
    else:
        assert found.values.tolist() == [0.5]
        assert reasons(found.dropped) == {"adam-1": status}


def test_every_value_that_cannot_be_used_is_dropped_with_its_reason():
    found = sampled(
        ("1", 0.5, "finished"), ("2", NAN, "finished"), ("3", INF, "finished"),
        ("4", -INF, "finished"), ("5", None, "finished"), ("6", NAN, "failed"),
    )  # fmt: skip
    assert found.values.tolist() == [0.5]
    assert found.replicates == ("1",)
    assert reasons(found.dropped) == {
        "adam-1": "validation loss is NaN",
        "adam-2": "validation loss is infinite",
        "adam-3": "validation loss is infinite",
        "adam-4": "never logged validation loss",
        "adam-5": "failed",
    }


def test_an_empty_group_has_an_empty_sample_and_no_mean():
    found = sampled()
    assert found.values.shape == (0,)
    assert found.values.dtype == np.float64
    assert means([found, sampled(("1", 1.0, "finished"), ("2", 4.0, "finished"))]) == [None, 2.5]


# ---- two groups ----------------------------------------------------------------------------------


def test_pairs_are_made_by_key_never_by_order():
    paired = pair(
        sampled(("3", 0.3, "finished"), ("1", 0.1, "finished"), ("2", 0.2, "finished")),
        sampled(("1", 1.1, "finished"), ("2", 1.2, "finished"), ("3", 1.3, "finished"), label="b"),
    )
    assert paired.keys == ("1", "2", "3")
    assert paired.baseline_values.tolist() == [0.1, 0.2, 0.3]
    assert paired.candidate_values.tolist() == [1.1, 1.2, 1.3]
    assert paired.dropped == ()


def test_keys_come_in_the_order_of_numbers_then_of_words():
    keys = ["10", "9", "fold b", "1e-1", "fold a", "-2", "nan", "1_0", "inf"]
    members = [(key, 1.0, "finished") for key in keys]
    paired = pair(sampled(*members), sampled(*reversed(members), label="b"))
    assert paired.keys == ("-2", "1e-1", "9", "10", "1_0", "fold a", "fold b", "inf", "nan")


def test_a_run_without_a_partner_is_dropped_and_told_where_it_is_missing():
    paired = pair(
        sampled(("1", 0.1, "finished"), ("2", 0.2, "finished")),
        sampled(("2", 1.2, "finished"), ("7", 1.7, "finished"), (None, 9.0, "finished"), label="b"),
    )
    assert paired.keys == ("2",)
    assert reasons(paired.dropped) == {
        "adam-0": "no partner with key 1 in b",
        "b-1": "no partner with key 7 in adam",
        "b-2": "has no pairing key",
    }


def test_a_key_that_occurs_twice_pairs_nothing_and_every_run_of_it_is_named():
    paired = pair(
        sampled(("1", 0.1, "finished"), ("2", 0.2, "finished")),
        sampled(("1", 1.0, "finished"), ("1", 1.1, "finished"), ("2", 1.2, "finished"), label="b"),
    )
    assert paired.keys == ("2",)
    assert reasons(paired.dropped) == {
        "adam-0": "pairing key 1 occurs 2 times in b",
        "b-0": "pairing key 1 occurs 2 times",
        "b-1": "pairing key 1 occurs 2 times",
    }


def test_a_partner_that_failed_is_no_partner_and_both_are_named():
    paired = pair(sampled(("1", 0.1, "finished")), sampled(("1", 1.1, "failed"), label="b"))
    assert paired.keys == ()
    assert reasons(paired.dropped) == {"adam-0": "no partner with key 1 in b", "b-0": "failed"}


def test_two_replicates_of_one_key_of_which_one_failed_leave_one_pair():
    paired = pair(
        sampled(("1", 0.1, "finished")),
        sampled(("1", 1.1, "failed"), ("1", 1.2, "finished"), label="b"),
    )
    assert paired.candidate_values.tolist() == [1.2]
    assert reasons(paired.dropped) == {"b-0": "failed"}


# ---- whatever the data ---------------------------------------------------------------------------

members = st.lists(
    st.tuples(
        st.none() | st.sampled_from(["1", "2", "3", "4", "10", "1.0", "nan", "a", "\u0661"]),
        st.none() | st.floats(width=32),
        st.sampled_from(STATUSES),
    ),
    max_size=8,
)


@settings(max_examples=50)
@given(members, members)
def test_every_run_is_in_a_pair_or_dropped_once_with_a_reason(left, right):
    paired = pair(sampled(*left), sampled(*right, label="b"))
    dropped = Counter(item.run_id for item in paired.dropped)
    kept = Counter()
    for found, values in (
        (paired.baseline, paired.baseline_values),
        (paired.candidate, paired.candidate_values),
    ):
        assert values.shape == (len(paired.keys),)
        assert np.isfinite(values).all()
        for key, value in zip(paired.keys, values, strict=True):
            (place,) = [i for i, own in enumerate(found.replicates) if own == key]
            assert found.values[place] == value
            kept[found.runs[place].id] += 1
    runs = Counter(run.id for s in (paired.baseline, paired.candidate) for run in s.group.runs)
    assert kept + dropped == runs
    assert all(item.reason for item in paired.dropped)


@settings(max_examples=50)
@given(members, members)
def test_pairing_is_symmetric(left, right):
    one, other = sampled(*left), sampled(*right, label="b")
    there, back = pair(one, other), pair(other, one)
    assert there.keys == back.keys
    assert there.baseline_values.tolist() == back.candidate_values.tolist()
    assert there.candidate_values.tolist() == back.baseline_values.tolist()
    assert set(there.dropped) == set(back.dropped)


@settings(max_examples=50)
@given(members, members, st.randoms(use_true_random=False))
def test_pairs_do_not_depend_on_the_order_of_runs(left, right, chance):
    def pairs(left, right):
        found = pair(sampled(*left), sampled(*right, label="b"))
        return found.keys, found.baseline_values.tolist(), found.candidate_values.tolist()

    before = pairs(left, right)
    chance.shuffle(left)
    chance.shuffle(right)
    assert pairs(left, right) == before
