"""Whether the arms of an experiment hold the users that were planned, in words and as a table."""

from __future__ import annotations

from collections.abc import Sequence

from runreport import formats
from runreport.blocks import Cell, Column, Row, Table
from runreport.samples import Group
from runreport.sections import charting
from runreport.stats import words
from runreport.stats.proportions import MISMATCH_ALPHA, SampleRatio


def shares_words(ratio: SampleRatio, planned: Sequence[float], user: str, *, known: bool) -> str:
    """Whether the arms hold the users that were planned, in a sentence.

    Args:
        ratio: the test.
        planned: share of each arm, adding up to 1.
        user: what is counted, singular.
        known: whether the shares were declared; equal ones are assumed otherwise.
    """
    each = words.several(user)
    *first, last = (formats.number(n) for n in ratio.observed)
    start = f"Arms hold {', '.join(first)} and {last} {each}"
    if len(ratio.observed) > 4:
        start = f"{len(ratio.observed)} arms hold {formats.number(sum(ratio.observed))} {each}"
    plan = " / ".join(f"{words.short(100 * share, 4)} %" for share in planned)
    if len(planned) > 2 and len(set(planned)) == 1:
        plan = "equal shares"
    if known:
        plan = f"{plan} were planned"
    else:
        plan = "equal shares are assumed, as none are planned"
    test = f"chi-square {words.short(ratio.statistic)}, df {ratio.df}, {_exact(ratio.p_value)}"
    start = f"{start}, where {plan}"
    if ratio.is_mismatch:
        return (
            f"{start}: sample-ratio mismatch ({test}, below {words.short(MISMATCH_ALPHA)}), "
            "verdict withheld. Assignment or logging is broken; find the cause before reading any "
            "difference."
        )
    return f"{start}: no sign of a sample-ratio mismatch ({test})."


def _exact(p: float) -> str:
    """A p that may be very small: how small tells how broken the assignment is."""
    return f"p = {formats.number(p, 2)}" if p >= 1e-300 else f"p < {formats.number(1e-300, 1)}"


def users_table(
    groups: Sequence[Group], ratio: SampleRatio, planned: Sequence[float], user: str
) -> Table:
    """Users of every arm beside the plan."""
    total = sum(ratio.observed)
    columns = (
        Column("Arm"),
        Column(words.several(user).capitalize(), "number"),
        Column("Expected", "number", hint="By the planned shares"),
        Column("Share", "number", unit="%"),
        Column("Planned", "number", unit="%"),
    )
    rows = tuple(
        Row(
            (
                Cell((charting.group_name(group),), group.label),
                charting.cell(float(n)),
                charting.cell(expected, formats.number(round(expected))),
                charting.cell(100 * n / total, formats.fixed(100 * n / total, 2)),
                charting.cell(100 * share, words.short(100 * share, 4)),
            ),
            group_id=group.id,
        )
        for group, n, expected, share in zip(
            groups, ratio.observed, ratio.expected, planned, strict=True
        )
    )
    return Table(columns, rows, f"{words.several(user).capitalize()} of each arm", export="arms")
