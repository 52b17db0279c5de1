"""Keys of a design that do not go together are told at the key; designs that work are not."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runreport.spec.check import check_names
from runreport.spec.names import Names
from tests.spec.specs import codes, marked, read, the

NAMES = Names(
    params=frozenset({"model", "seed", "fold", "data set"}),
    metrics=frozenset({"acc", "episode"}),
    tags=frozenset({"seed"}),
    runs=6,
)


@pytest.mark.parametrize(
    ("text", "words", "place"),
    [
        ("groups: {replicates: seed, cluster: document}", "no items are declared", "cluster"),
        ("groups: {items: , cluster: document}", "no items are declared", "cluster"),
        ("groups: {items: item, replicates: seed}", "beside `items`", "replicates"),
        ("groups: {items: item, pair_by: seed}", "beside `items`", "pair_by"),
        ("groups: {across: task, items: item}", "one unit", "across"),
        ("groups: {repeat: repeat}", "no folds are declared", "repeat"),
        ("groups: {repeat: repeat, across: task}", "no folds are declared", "repeat"),
        ("groups: {repeat: fold, replicates: params.fold}", "one column", "repeat"),
        ("groups: {repeat: r, pair_by: r, replicates: fold}", "one column", "repeat"),
        ("groups: {items: item, repeat: seed}", "once per repeat", "repeat"),
        ("comparison: {test_fraction: 0.2}", "no splits are declared", "test_fraction"),
        (
            "groups: {replicates: seed}\ncomparison: {test_fraction: 0.2}",
            "`replicates` names no splits",
            "test_fraction",
        ),
        (
            "groups: {items: item}\ncomparison: {test_fraction: 0.2}",
            "one item's result",
            "test_fraction",
        ),
        (
            "groups: {across: task, pair_by: fold}\ncomparison: {test_fraction: 0.2}",
            "across data sets",
            "test_fraction",
        ),
    ],
)
def test_a_key_that_means_nothing_beside_the_others_is_refused_where_it_stands(
    tmp_path, text, words, place
):
    loaded = read(tmp_path, text)
    message, hint = the(loaded, "RR139")
    assert words in message
    assert hint
    assert marked(loaded) == [place]
    assert loaded.errors


@pytest.mark.parametrize(
    "text",
    [
        "groups: {items: item, cluster: document}",
        # the same items answered by several seeds: what is clustered is the item
        "groups: {items: item, repeat: seed, cluster: item}",
        "groups: {replicates: seed, across: task}",
        "groups: {replicates: fold, repeat: repeat, across: task}",
        "groups: {replicates: fold, repeat: repeat, pair_by: fold}",
        "groups: {replicates: seed, repeat: repeat}",
        "groups: {pair_by: seed}\ncomparison: {test_fraction: 0.2}",
        "groups: {replicates: fold}\ncomparison: {test_fraction: 0.2}",
        "groups: {replicates: tags.split_id}\ncomparison: {test_fraction: 0.2}",
        "groups: {replicates: seed, repeat: repeat}\ncomparison: {test_fraction: 0.2}",
        "comparison: {test_fraction: }",
    ],
)
def test_a_design_that_is_computed_as_written_is_left_alone(tmp_path, text):
    assert read(tmp_path, text).problems == ()


@pytest.mark.parametrize("column", ["item", "params.item", 'params["item"]'])
@pytest.mark.parametrize("key", ["replicates", "pair_by"])
def test_naming_the_items_once_more_is_only_odd(tmp_path, key, column):
    loaded = read(tmp_path, f"groups: {{items: item, {key}: '{column}'}}")
    assert "only repeats" in the(loaded, "RR139")[0]
    assert marked(loaded) == [key]
    assert loaded.errors == ()


def test_what_cannot_be_read_is_not_called_missing(tmp_path):
    assert codes(read(tmp_path, "groups: {items: '1 +', cluster: document}")) == ["RR120"]
    assert codes(read(tmp_path, "groups: {replicates: '1 +', repeat: r}")) == ["RR120"]
    assert codes(read(tmp_path, "groups: {items: item, replicates: '1 +'}")) == ["RR120"]
    fraction = "\ncomparison: {test_fraction: 0.2}"
    assert codes(read(tmp_path, f"groups: {{replicates: '1 +'}}{fraction}")) == ["RR120"]
    assert codes(read(tmp_path, f"groups: seed{fraction}")) == ["RR109"]
    assert codes(read(tmp_path, "comparison: {test_fraction: 1.5}")) == ["RR109"]


def test_what_is_set_from_outside_is_combined_with_what_is_written(tmp_path):
    text = "groups: {replicates: seed}\nprofiles: {x: {comparison: {test_fraction: 0.2}}}"
    assert read(tmp_path, text).problems == ()
    assert marked(read(tmp_path, text, profile="x")) == ["test_fraction"]
    added = read(tmp_path, text, sets=["groups.items=item"])
    assert codes(added) == ["RR139"]
    assert marked(added) == ["replicates"]
    assert codes(read(tmp_path, text, sets=["groups.cluster=document"])) == ["RR139"]
    assert read(tmp_path, text, profile="x", sets=["groups.pair_by=seed"]).problems == ()


# ---- columns of `by` -----------------------------------------------------------------------------


def odd(tmp_path, text):
    loaded = read(tmp_path, text)
    assert loaded.errors == ()
    problems = [p for p in check_names(loaded.spec, NAMES) if p.code == "RR139"]
    assert {p.severity for p in problems} <= {"warning"}
    places = marked(type(loaded)(loaded.spec, tuple(problems), True, loaded.names))
    return list(zip([p.message for p in problems], places, strict=True))


@pytest.mark.parametrize("column", ["seed", "params.seed", 'params["seed"]', "seed as s"])
def test_groups_that_are_separated_by_their_replicates_are_odd(tmp_path, column):
    text = f"groups: {{by: [model, '{column}'], replicates: seed, pair_by: params.seed}}"
    ((message, place),) = odd(tmp_path, text)
    assert "`replicates` and `pair_by`" in message
    assert place == f"'{column}'"


def test_a_column_of_the_same_name_elsewhere_is_another_one(tmp_path):
    assert odd(tmp_path, "groups: {by: [model, tags.seed], replicates: seed}") == []


@pytest.mark.parametrize("key", ["replicates", "pair_by", "across", "items"])
def test_all_but_must_name_what_differs_inside_of_a_group(tmp_path, key):
    ((message, place),) = odd(tmp_path, f"groups: {{by: all_but(fold), {key}: seed}}")
    assert f"`{key}`" in message
    assert place == "seed"
    assert odd(tmp_path, f"groups: {{by: all_but(seed), {key}: params.seed}}") == []
    # only params separate groups then
    assert odd(tmp_path, f"groups: {{by: all_but(fold), {key}: tags.seed}}") == []
    assert odd(tmp_path, f"groups: {{by: all_but(fold), {key}: episode}}") == []


def test_without_by_what_is_declared_separates_nothing(tmp_path):
    assert odd(tmp_path, "groups: {replicates: seed, pair_by: fold}") == []


# ---- any combination -----------------------------------------------------------------------------

KEYS = ("replicates", "pair_by", "across", "items", "cluster", "repeat")


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    chosen=st.dictionaries(st.sampled_from(KEYS), st.sampled_from(["a", "params.a", "b", "a + 1"])),
    order=st.randoms(use_true_random=False),
    fraction=st.booleans(),
)
def test_whatever_is_combined_is_told_at_its_keys_in_any_order(tmp_path, chosen, order, fraction):
    keys = sorted(chosen)
    rest = "\ncomparison: {test_fraction: 0.2}" if fraction else ""

    def said(keys):
        loaded = read(tmp_path, f"groups: {{{', '.join(f'{k}: {chosen[k]}' for k in keys)}}}{rest}")
        assert set(codes(loaded)) <= {"RR139"}
        return sorted(zip(marked(loaded), [p.message for p in loaded.problems], strict=True))

    first = said(keys)
    assert {place for place, _ in first} <= {*keys, "test_fraction"}
    order.shuffle(keys)
    assert said(keys) == first
