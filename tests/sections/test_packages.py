"""Packages that two environments do not share."""

from __future__ import annotations

import pytest
from packaging.version import Version

from runreport.sections import packages
from runreport.tables import Lineage


def changed(before, after):
    found = packages.changes({"p": before}, {"p": after})
    return [(one.kind, one.size) for one in found]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("1.0", "1.0.0", []),
        ("1.9", "1.10", [("upgraded", "minor")]),
        ("2.0", "1.9", [("downgraded", "major")]),
        ("0.9.1", "0.10.0", [("upgraded", "major")]),
        ("1.2.3", "1.2.4", [("upgraded", "patch")]),
        ("1.2.0rc1", "1.2.0", [("upgraded", "patch")]),
        ("2.1.0+cu118", "2.1.0+cu121", [("upgraded", "build")]),
        ("1!1.0", "2.0", [("downgraded", "major")]),
        ("nightly", "1.0", [("changed", "unknown")]),
    ],
)
def test_a_change_is_what_the_packaging_standard_says(before, after, expected):
    assert changed({before}, {after}) == expected


def test_several_versions_on_a_side_are_no_step():
    assert changed({"1.0", "2.0"}, {"2.0"}) == [("changed", "major")]
    assert changed({"1.0", "1.1"}, {"1.2"}) == [("changed", "minor")]
    assert changed({"1.0", "2.0"}, {"2.0.0", "1"}) == []


def test_a_swap_of_sides_turns_the_change_around():
    turned = {"added": "removed", "removed": "added", "upgraded": "downgraded",
              "downgraded": "upgraded", "changed": "changed"}  # fmt: skip
    one = {"torch": {"2.1"}, "six": {"1.0"}, "rich": {"13"}}
    other = {"torch": {"2.4"}, "six": {"0.9"}, "tqdm": {"4"}}
    forth = {c.name: (c.kind, c.before, c.after) for c in packages.changes(one, other)}
    back = {c.name: (turned[c.kind], c.after, c.before) for c in packages.changes(other, one)}
    assert forth == back
    assert len(forth) == 4


def test_libraries_that_train_come_first():
    before = {"zlib-ng": {"1.0"}, "torch": {"2.1.0"}, "numpy": {"1.26"}}
    after = {"zlib-ng": {"2.0"}, "torch": {"2.1.1"}, "numpy": {"2.0"}, "aaa": {"1.0"}}
    order = [change.name for change in packages.changes(before, after)]
    assert order == ["numpy", "torch", "zlib-ng", "aaa"]


def test_a_step_is_none_between_equal_versions():
    assert packages.step(Version("1.2"), Version("1.2.0+local")) == "build"


def test_names_that_are_imported_are_those_that_are_installed():
    assert packages.canonical("sklearn") == packages.canonical("Scikit_Learn") == "scikit-learn"


@pytest.mark.parametrize(
    ("name", "version", "expected"),
    [
        ("torch", "2.1", "torch"),
        ("python", "3.12", None),
        ("cuda", "12.1", None),
        ("model/requirements.txt", "1", None),
        ("torch", None, None),
    ],
)
def test_what_is_no_package_is_none(name, version, expected):
    assert packages.package_name(Lineage("environment", name, version)) == expected
