"""Gates on a metric: its verdicts, its values, and how far it may fall behind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from runreport.design import Margin, Metric
from runreport.gates.bounds import at_least, at_most, out_words
from runreport.gates.sides import Sides
from runreport.gates.titles import bound_words
from runreport.kinds import Context, Ruling
from runreport.samples import REASONS, Group
from runreport.sections import charting, verdicts
from runreport.sections.aligning import unit_of_difference
from runreport.sections.comparing import Answer, Comparison, compare
from runreport.sections.fitness import Fit
from runreport.spec.gates import MetricGate
from runreport.stats import words
from runreport.stats.result import Interval, Significance


def rulings(gate: MetricGate, sides: Sides) -> Iterator[Ruling]:
    """One ruling per candidate."""
    metric = sides.context.design.metric(gate.metric)
    if gate.margin is not None:
        metric = replace(metric, margin=gate.margin)
    context = _with(sides.context, metric)
    (answer,) = compare(context, (metric,))
    for group in sides.candidates:
        yield _ruling(gate, _Side(context, answer, group))


def _with(context: Context, metric: Metric) -> Context:
    """The report with a metric as the gate declares it; the same where it is the same."""
    known = context.design.metrics
    if metric in known or all(own.name != metric.name for own in known):
        return context
    metrics = tuple(metric if own.name == metric.name else own for own in known)
    return replace(context, design=replace(context.design, metrics=metrics))


@dataclass(frozen=True, eq=False)
class _Side:
    """One candidate on one metric."""

    context: Context
    answer: Answer
    group: Group

    @property
    def metric(self) -> Metric:
        return self.answer.metric

    @property
    def fit(self) -> Fit:
        return next(fit for fit in self.answer.fits if fit.group.id == self.group.id)

    @property
    def comparison(self) -> Comparison | None:
        return next((c for c in self.answer.comparisons if c.candidate.id == self.group.id), None)

    def undefined(self) -> int:
        """Finished runs whose value is NaN or infinite."""
        title = self.metric.title
        odd = {REASONS[state].format(metric=title) for state in ("nan", "inf")}
        return sum(gone.reason in odd for gone in self.fit.sample.dropped)

    def rules(self, passed: bool, said: str, **facts: object) -> Ruling:
        return Ruling(charting.fit(self.group.label), passed, said, facts)


def _ruling(gate: MetricGate, side: _Side) -> Ruling:
    name = charting.fit(side.metric.title)
    if side.fit.mean is None:
        gone = out_words(side.fit.sample.dropped)
        said = f"No run has a usable value of {name}{f': {gone}' if gone else ''}."
        return side.rules(False, said)
    if count := side.undefined():
        runs = words.plural("run", len(side.group.runs))
        said = f"{name} is NaN or infinite in {count} of {runs}, which nothing can be held against."
        return side.rules(False, said, undefined=count)
    if gate.require is not None:
        return _verdict(gate, side)
    parts = [*_bounds(gate, side), *_drop(gate, side)]
    facts: dict[str, object] = {}
    for part in parts:
        facts |= part.facts
    return side.rules(
        all(part.passed for part in parts), " ".join(part.words for part in parts), **facts
    )


# ---- verdicts ------------------------------------------------------------------------------------


def _verdict(gate: MetricGate, side: _Side) -> Ruling:
    comparison = side.comparison
    if comparison is None:
        return side.rules(False, "It is not compared with the baseline.")
    result = comparison.result
    said = verdicts.plain(verdicts.sentence(comparison))
    if more := verdicts.sensitivity_words(comparison):
        said = f"{said} {more}"
    facts = _facts(result)
    if side.metric.goal is None and gate.require != "equivalent":
        said = f"{said} No goal is declared, so nothing is better or worse."
        return side.rules(False, said, **facts)
    if gap := _no_margin(side.metric, result):
        return side.rules(False, f"{said} {gap}", **facts)
    if gate.require == "better":
        return side.rules(result.verdict == "better", said, **facts)
    if gate.require == "equivalent":
        passed = result.verdict in ("equivalent", "negligible")
        return side.rules(passed, said, **facts)
    passed, why = _not_worse(result, unit_of_difference(side.metric))
    return side.rules(passed, f"{said} {why}".strip(), **facts)


def _no_margin(metric: Metric, result: Significance) -> str:
    """That a relative margin comes to nothing."""
    if metric.margin is None or not metric.margin.relative or result.margin is not None:
        return ""
    if result.means[0] is None:
        return ""
    size = words.short(metric.margin.amount)
    return f"The margin of {size} % is relative to 0, so it is none: write it in the metric's unit."


def _not_worse(result: Significance, unit: str) -> tuple[bool, str]:
    """By the interval of two one-sided tests, corrected: METHODS of non-inferiority."""
    if result.verdict == "better":
        return True, ""
    if result.margin is None:
        return False, "No margin is declared, so only a better candidate is shown not to be worse."
    interval = result.equivalence
    if interval is None or result.adjusted is None or result.goal is None:
        return False, ""
    worse = interval.low if result.goal == "maximize" else -interval.high
    margin = words.amount(result.margin, unit)
    end = words.change(worse, unit, interval.width)
    level = words.percent(1 - 2 * result.alpha)
    passed = worse > -result.margin
    holds = "within" if passed else "beyond"
    return passed, (
        f"The worse end of its {level} interval is {end} by the goal, {holds} the margin of "
        f"{margin}."
    )


# ---- values --------------------------------------------------------------------------------------


def _bounds(gate: MetricGate, side: _Side) -> Iterator[Ruling]:
    fit, metric = side.fit, side.metric
    mean, ends = fit.mean, fit.interval(side.context.design.level)
    if mean is None or (gate.min is None and gate.max is None):
        return
    facts = {"value": mean, "interval": ends, "n": int(fit.sample.values.size)}
    low, high = (mean, mean) if gate.on == "value" else ends or (mean, mean)
    if gate.on == "interval" and ends is None:
        said = f"{_mean_words(side)}; so few values have no interval to hold against a bound."
        yield side.rules(False, said, **facts)
        return
    asked, passed = [], True
    if gate.min is not None:
        asked.append(f"{words.with_unit(words.short(gate.min), metric.unit)} or more")
        passed = passed and at_least(low, gate.min)
    if gate.max is not None:
        asked.append(f"{words.with_unit(words.short(gate.max), metric.unit)} or less")
        passed = passed and at_most(high, gate.max)
    by = " by its interval" if gate.on == "interval" else ""
    yield side.rules(passed, f"{_mean_words(side)}; asked{by}: {' and '.join(asked)}.", **facts)


def _mean_words(side: _Side) -> str:
    fit, level = side.fit, side.context.design.level
    size = words.plural(side.answer.unit_of_replication, fit.sample.values.size)
    ends = fit.interval(level)
    between = "no interval"
    if ends is not None:
        interval = Interval(*ends, level, "t")
        between = f"{words.percent(level)} interval {words.ends(interval)}"
    gone = out_words(fit.sample.dropped)
    out = f"; not counted: {gone}" if gone else ""
    name = charting.fit(side.metric.title)
    return f"{name} is {charting.value_text(fit.mean, side.metric)} ({between}, {size}{out})"


def _drop(gate: MetricGate, side: _Side) -> Iterator[Ruling]:
    bound, comparison = gate.max_drop, side.comparison
    if bound is None:
        return
    if comparison is None:
        yield side.rules(False, "It is not compared with the baseline.")
        return
    result, unit = comparison.result, unit_of_difference(side.metric)
    said = verdicts.plain(verdicts.sentence(comparison))
    facts = _facts(result)
    base = result.means[0]
    if result.verdict == "not_comparable" or result.improvement is None or base is None:
        why = " No goal is declared, so nothing is worse." if result.goal is None else ""
        yield side.rules(False, f"{said}{why}", **facts)
        return
    if bound.relative and base == 0 and bound.amount > 0:
        size = words.short(bound.amount)
        why = f"{size} % of the baseline's 0 is nothing: write the bound in the metric's unit."
        yield side.rules(False, f"{said} {why}", **facts)
        return
    worst = result.improvement
    if gate.on == "interval":
        interval = result.adjusted
        if interval is None:
            yield side.rules(False, f"{said} There is no interval to hold the bound against.")
            return
        worst = interval.low if result.goal == "maximize" else -interval.high
    allowed = _allowed(bound, base)
    passed = at_least(worst, -allowed)
    asked = bound_words(bound, unit)
    if bound.relative:
        asked = (
            f"{asked} of {charting.value_text(base, side.metric)}, {words.amount(allowed, unit)}"
        )
    what = "the worse end of its interval" if gate.on == "interval" else "the difference"
    change = words.change(worst, unit)
    why = f"By the goal, {what} is {change}; allowed: worse by {asked}."
    yield side.rules(passed, f"{said} {why}", allowed=allowed, **facts)


def _allowed(bound: Margin, base: float) -> float:
    """In the metric's unit; relative to the size of the baseline's mean, whatever its sign."""
    return abs(base) * bound.amount / 100 if bound.relative else bound.amount


def _facts(result: Significance) -> dict[str, object]:
    adjusted = result.adjusted
    return {
        "verdict": result.verdict,
        "difference": result.difference,
        "improvement": result.improvement,
        "interval": None if adjusted is None else (adjusted.low, adjusted.high),
        "p_adjusted": result.p_adjusted,
        "margin": result.margin,
        "n": result.n,
        "unit_of_replication": result.unit_of_replication,
        "family": result.family,
    }
