"""Whether two groups can be compared at all: what was logged of their data."""

from __future__ import annotations

from runreport.samples import Group
from runreport.sections import charting

TRAINING = ("train", "training")
"""Contexts of data that a model learns from: a comparison may well be about them."""


def data_differ(one: Group, other: Group) -> tuple[str, bool] | None:
    """How the data of two groups differ, and whether a verdict must be withheld.

    Data of one purpose differ when the groups share no digest of it. Other evaluation data make
    values incomparable; other training data may be the very question.
    """
    left, right = (_digests(group) for group in (one, other))
    told = None
    for purpose in sorted(left.keys() & right.keys()):
        if left[purpose] & right[purpose]:
            continue
        kind, _, name = purpose.partition(":")
        what = f"data set {charting.fit(name, 40)}" if name else f"{charting.fit(kind, 40)} data"
        digests = " and ".join(charting.fit(min(side[purpose]), 20) for side in (left, right))
        if kind not in TRAINING:
            return f"The {what} of the two differ (digests {digests}), so values say little.", True
        told = f"The {what} of the two differ (digests {digests}).", False
    return told


def _digests(group: Group) -> dict[str, set[str]]:
    """Purpose, or name where no purpose is known, to the digests seen in the group."""
    found: dict[str, set[str]] = {}
    for run in group.runs:
        for fact in run.lineage:
            if fact.kind == "data" and fact.digest:
                purpose = fact.version.lower() if fact.version else f":{fact.name}"
                found.setdefault(purpose, set()).add(fact.digest)
    return found
