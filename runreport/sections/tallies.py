"""What the arms of an experiment add up to, from the rows of each group."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from runreport import formats
from runreport.design import Metric, MetricName
from runreport.kinds import Context
from runreport.samples import REASONS, Dropped, Group
from runreport.sections import charting
from runreport.stats import experiments, words
from runreport.stats.arms import Measure
from runreport.stats.experiments import Arm, Joint, Sums
from runreport.stats.proportions import Count
from runreport.tables import FINISHED, Run

MOST_USERS = 2**53
"""More are no exact numbers."""

WHOLE = 1e-6
"""How far from a whole number a count may be, for the rounding of sums."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One metric of an experiment, and the columns beside it."""

    metric: MetricName
    """How many users of the row did it; with `squares` the sum over its users; where a row is a
    user, that user's value. Goal, unit, scale and margin are those of the declared metric."""
    squares: MetricName | None = None
    """Sum of the squares over the users of the row: the metric is then a mean."""
    per: MetricName | None = None
    """What the metric is a ratio to, such as views of clicks: its sum over the users."""
    per_squares: MetricName | None = None
    """Sum of the squares of `per`."""
    per_products: MetricName | None = None
    """Sum of the products of metric and `per`."""
    before: MetricName | None = None
    """The same metric of the same users before the experiment, taken out of the mean (CUPED)."""
    before_squares: MetricName | None = None
    """Sum of the squares of `before`."""
    before_products: MetricName | None = None
    """Sum of the products of metric and `before`."""

    @property
    def beside(self) -> tuple[str, str | None, str | None] | None:
        """The second column, the sums of its squares and of the products."""
        if self.per is not None:
            return self.per, self.per_squares, self.per_products
        if self.before is not None:
            return self.before, self.before_squares, self.before_products
        return None


@dataclass(frozen=True, eq=False)
class Tally:
    """One metric of all arms."""

    metric: Metric
    measure: Measure
    arms: tuple[Arm | None, ...]
    """One per group, in displayed units; None where a group has no users."""
    counts: tuple[Count | None, ...] = ()
    """Of proportions, one per group."""
    dropped: tuple[Dropped, ...] = ()
    """Rows that did not enter."""
    kept: float | None = None
    """Share of the variance left when the time before is taken out."""
    theta: float | None = None
    refused: str = ""
    """Why nothing can be said, as a sentence; empty when something can."""


@dataclass(frozen=True, slots=True)
class _Row:
    """One row: its users, and the sums over them."""

    users: int
    total: float
    squares: float
    other: float = 0.0
    other_squares: float = 0.0
    products: float = 0.0


class _WrongError(Exception):
    """A number that cannot be what it is said to be."""


def users_of(context: Context, users: str | None) -> tuple[int, ...]:
    """Users assigned to each group, whatever became of them: what planned shares are held against.

    Raises:
        ValueError: when a count is none.
    """
    counted = []
    for group in context.groups:
        if users is None:
            counted.append(len(group.runs))
            continue
        numbers = (_logged(context, run, users) for run in group.runs)
        try:
            found = [_whole(number, users) for number in numbers if number is not None]
        except _WrongError as error:
            raise ValueError(str(error)) from None
        counted.append(sum(found))
    return tuple(counted)


def tally(context: Context, outcome: Outcome, users: str | None, user: str = "user") -> Tally:
    """One metric of all arms, summed over their rows.

    Args:
        context: of the report; its groups are the arms.
        outcome: the metric and its columns.
        users: the column of users; None where a row is a user.
        user: what is counted, singular.
    """
    metric = context.design.metric(outcome.metric)
    measure = _measure(context, outcome, users)
    dropped: list[Dropped] = []
    nothing = tuple(None for _ in context.groups)
    if lacking := _lacking(outcome, users, words.several(user)):
        return Tally(metric, measure, nothing, refused=lacking)
    try:
        rows = [list(_rows(context, group, outcome, users, dropped)) for group in context.groups]
        return _summed(metric, measure, rows, tuple(dropped), user)
    except (_WrongError, ValueError, OverflowError) as error:
        said = f"{charting.fit(metric.title)} cannot be read: {charting.fit(str(error), 200)}."
        return Tally(metric, measure, nothing, dropped=tuple(dropped), refused=said)


def _measure(context: Context, outcome: Outcome, users: str | None) -> Measure:
    if outcome.per is not None:
        return "ratio"
    if outcome.before is not None:
        return "adjusted mean"
    if users is not None:
        return "mean" if outcome.squares else "proportion"
    values = {
        _logged(context, run, outcome.metric) for group in context.groups for run in group.runs
    }
    # a scale turns shares into displayed units; below 0 it would turn them around as well
    is_counted = values - {None} <= {0.0, 1.0} and context.design.metric(outcome.metric).scale > 0
    return "proportion" if is_counted else "mean"


def _lacking(outcome: Outcome, users: str | None, each: str) -> str:
    """Which column is missing for what is asked."""
    name = charting.fit(outcome.metric, 40)
    if outcome.per is not None and outcome.before is not None:
        return f"{name} has both `per` and `before`: a ratio cannot have the time before taken out."
    if users is None or outcome.beside is None:
        return ""
    kind = "per" if outcome.per is not None else "before"
    _, squares, products = outcome.beside
    for given, key in (
        (outcome.squares, "squares"),
        (squares, f"{kind}_squares"),
        (products, f"{kind}_products"),
    ):
        if given is None:
            return (
                f"{name} needs `{key}`: a row is many {each}, and the error follows from sums "
                "of squares and products."
            )
    return ""


# ---- rows ----------------------------------------------------------------------------------------


def _rows(
    context: Context,
    group: Group,
    outcome: Outcome,
    users: str | None,
    dropped: list[Dropped],
) -> Iterator[_Row]:
    """The rows of one arm that have every column that is needed."""
    beside = outcome.beside or (None, None, None)
    if users is None:
        names: tuple[str | None, ...] = (outcome.metric, beside[0])
    else:
        names = (users, outcome.metric, outcome.squares, *beside)
    for run in group.runs:
        if run.status not in FINISHED:
            dropped.append(Dropped(run.id, run.name, run.status))
            continue
        reason = next((why for name in names if (why := _absent(context, run, name))), "")
        if reason:
            dropped.append(Dropped(run.id, run.name, reason))
            continue
        values = [0.0 if name is None else _number(context, run, name) for name in names]
        if users is None:
            value, other = values
            yield _Row(1, value, value * value, other, other * other, value * other)
            continue
        yield _Row(_whole(values[0], users), *values[1:])


def _logged(context: Context, run: Run, name: str) -> float | None:
    """A number as logged, without the scale it is displayed with."""
    metric = context.design.metric(name)
    number = context.value(run, metric).number
    return None if number is None else number / (metric.scale or 1.0)


def _number(context: Context, run: Run, name: str) -> float:
    number = _logged(context, run, name)
    return math.nan if number is None else number


def _absent(context: Context, run: Run, name: str | None) -> str:
    if name is None:
        return ""
    value = context.value(run, context.design.metric(name))
    shown = charting.fit(name, 40)
    if value.number is None:
        return REASONS[value.state].format(metric=shown)
    return "" if abs(value.number) <= charting.LARGEST else f"{shown} is out of range"


def _whole(number: float, name: str) -> int:
    """A count.

    Raises:
        _WrongError: when it is none.
    """
    if not 0 <= number <= MOST_USERS or abs(number - round(number)) > WHOLE * max(1.0, number):
        raise _WrongError(f"{charting.fit(name, 40)} has {charting.short(number, 6)}, no count")
    return round(number)


# ---- sums ----------------------------------------------------------------------------------------


def _summed(
    metric: Metric,
    measure: Measure,
    rows: Sequence[Sequence[_Row]],
    dropped: tuple[Dropped, ...],
    user: str,
) -> Tally:
    scale = metric.scale
    if measure == "proportion":
        counts = tuple(_count(metric, part, user) for part in rows)
        shares = tuple(None if count is None else _scaled(count, scale) for count in counts)
        return Tally(metric, measure, shares, counts, dropped)
    if measure == "mean":
        sums = [_sums(part, scale, user) for part in rows]
        means = tuple(None if part is None else experiments.mean_arm(part) for part in sums)
        return Tally(metric, measure, means, dropped=dropped)
    joints = [_joint(part, scale, user) for part in rows]
    if measure == "ratio":
        ratios = tuple(None if part is None else experiments.ratio_arm(part) for part in joints)
        return Tally(metric, measure, ratios, dropped=dropped)
    present = [part for part in joints if part is not None]
    if not present:
        return Tally(metric, measure, tuple(None for _ in rows), dropped=dropped)
    try:
        adjusted = experiments.adjusted_arms(present)
    except ValueError:
        each = words.several(user)
        raise _WrongError(f"the value before the experiment is the same for all {each}") from None
    arms = iter(adjusted.arms)
    found = tuple(None if part is None else next(arms) for part in joints)
    return Tally(metric, measure, found, dropped=dropped, kept=adjusted.kept, theta=adjusted.theta)


def _count(metric: Metric, rows: Sequence[_Row], user: str) -> Count | None:
    users = sum(row.users for row in rows)
    hits = _whole(math.fsum(row.total for row in rows), metric.name)
    if hits > users:
        raise _WrongError(
            f"{formats.count(hits, 'success', 'successes')} of {words.plural(user, users)}; give "
            "`squares` where the metric is a sum"
        )
    return Count(hits, users) if users else None


def _scaled(count: Count, scale: float) -> Arm:
    arm = experiments.share_arm(count)
    return Arm(arm.value * scale, arm.variance * scale * scale, arm.n)


def _sums(rows: Sequence[_Row], scale: float, user: str) -> Sums | None:
    users = sum(row.users for row in rows)
    if not users:
        return None
    total, squares = math.fsum(row.total for row in rows), math.fsum(row.squares for row in rows)
    return _sums_of(users, total, squares, user, scale)


def _sums_of(users: int, total: float, squares: float, user: str, scale: float = 1.0) -> Sums:
    """In displayed units.

    Raises:
        _WrongError: in logged units, when the sums cannot be sums of the same values.
    """
    try:
        return Sums(users, total * scale, squares * scale * scale)
    except ValueError:
        if not math.isfinite(total * scale) or not math.isfinite(squares * scale * scale):
            raise _WrongError("its sums are too large") from None
        raise _WrongError(
            f"a sum of squares of {formats.number(squares)} is too small for "
            f"{words.plural(user, users)} with a sum of {formats.number(total)}"
        ) from None


def _joint(rows: Sequence[_Row], scale: float, user: str) -> Joint | None:
    outcome = _sums(rows, scale, user)
    if outcome is None:
        return None
    total = math.fsum(row.other for row in rows)
    other = _sums_of(outcome.n, total, math.fsum(row.other_squares for row in rows), user)
    products = math.fsum(row.products for row in rows)
    try:
        return Joint(outcome, other, products * scale)
    except ValueError:
        raise _WrongError(
            f"a sum of products of {formats.number(products)} does not fit the sums of squares "
            "beside it"
        ) from None
