"""What must be said about a metric whatever its values: how runs were chosen, how long they
trained, how much each group was tuned, and what counts as a replicate.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from runreport import formats
from runreport.budget import bare, budgets_of
from runreport.design import Budget, Design, Metric
from runreport.samples import Sample
from runreport.sections import charting, tuning
from runreport.sections.audit import overall
from runreport.spec.meaning import reducer
from runreport.spec.names import Names
from runreport.spec.nodes import Call, Name
from runreport.stats import words
from runreport.stats.findings import Finding

NAMED = 4
"""Groups whose numbers are written out."""

_PARTS = re.compile(
    r"(checkpoint|document|episode|epoch|example|image|instance|item|iteration|observation|prompt|"
    r"quer(y|ie)|question|rollout|row|sample|sentence|step|task_instance|token|utterance|batch|"
    r"batche|minibatch)s?"
)
"""What one trained model gives many of."""


def caveats(metric: Metric, design: Design, samples: Sequence[Sample]) -> tuple[Finding, ...]:
    """Findings about the metric and the design, in reading order.

    Args:
        metric: as declared.
        design: the report's.
        samples: usable values of every group.
    """
    return (
        *_selected(metric, design),
        *_pseudo(design),
        *_budget(metric, design, samples),
        *overall([drawn.group for drawn in samples], metric, design),
        *_tuning(metric, design, samples),
    )


# ---- selection -----------------------------------------------------------------------------------

FRESH = "Show a metric of other data, or run the chosen configurations with fresh seeds."


def _selected(metric: Metric, design: Design) -> Iterator[Finding]:
    name = charting.fit(metric.title)
    if metric.name in design.selected_on:
        said = (
            f"The runs were selected on the metric shown, {name} (`runs.where`, or `runs.sort` "
            f"with a `limit`): optimistic. {FRESH}"
        )
        yield Finding("SELECTED_ON_TEST", said)
    elif _picks_itself(metric):
        said = (
            f"{name} is read at the step where it is best itself, so the step was selected on the "
            f"metric shown: optimistic. {FRESH}"
        )
        yield Finding("SELECTED_ON_TEST", said)


def _picks_itself(metric: Metric) -> bool:
    """Whether `value` is `at(max(m)).m`."""
    tree = reducer(metric)
    if not isinstance(tree, Call) or tree.function != "at" or tree.other is None:
        return False
    inner = tree.arguments[0]
    picked = inner.arguments[0] if isinstance(inner, Call) else None
    best = isinstance(inner, Call) and inner.function in ("min", "max")
    return best and isinstance(picked, Name) and picked.name == tree.other.name


# ---- replicates ----------------------------------------------------------------------------------


def is_part(column: str | None) -> bool:
    """Whether a column names what one trained model gives many of: items, episodes, steps."""
    name = re.sub(r"[_-]?(id|idx|index|number|no)$", "", bare(column or "").lower())
    return _PARTS.fullmatch(name.rpartition(".")[2].replace("-", "_")) is not None


def _pseudo(design: Design) -> Iterator[Finding]:
    column = design.replicates
    if design.items or design.across or column is None or not is_part(column):
        return
    word = charting.fit(bare(column), 40)
    said = (
        f"The replicates are declared as {word}, of which one trained model gives many: they say "
        "how these models differ, not how the methods do, and they depend on each other. Declare "
        f"`items: {word}` to compare these models, or replicates that are trained anew, such as "
        "seeds."
    )
    yield Finding("PSEUDO_REPLICATION", said)


# ---- budgets -------------------------------------------------------------------------------------


def _budget(metric: Metric, design: Design, samples: Sequence[Sample]) -> Iterator[Finding]:
    own = design.budget_of(metric.name) or _found(metric, design, samples)
    if own is not None:
        yield Finding("UNEQUAL_BUDGET", _budget_words(metric, own, design, samples))
        return
    others = [b for b in design.budgets if design.metric(b.metric).role == "objective"]
    if others and metric.role == "objective" and _once(metric, samples):
        known = _steps_words(others[0], samples)
        said = (
            f"{charting.fit(metric.title)} was logged once per run, without its step. By "
            f"{charting.fit(others[0].logged, 40)} {known}, so the models had different budgets."
        )
        yield Finding("UNEQUAL_BUDGET", said)


def _budget_words(metric: Metric, budget: Budget, design: Design, samples: Sequence[Sample]) -> str:
    known, name = _steps_words(budget, samples), charting.fit(metric.title)
    start = charting.capital(known)
    if budget.common:
        both = _both_words(metric, budget, samples)
        return (
            f"{start}. All values of {name} are read at step {formats.number(budget.step)}, the "
            f"largest that every group reached, or at the last one before it{both}."
        )
    if not budget.of_last:
        return (
            f"{start}, and {name} is made of all steps of a run (`value: {metric.value}`), so it "
            "answers another question in each."
        )
    if design.budget == "as_logged":
        return (
            f"{start}. The spec compares last values as logged (`comparison: {{budget: as_logged}}`"
            "), so a difference may come from longer training alone."
        )
    return (
        f"{start}, and values at a common step are not known for every run, so the last values of "
        f"{name} are compared: a difference may come from longer training alone."
    )


def _found(metric: Metric, design: Design, samples: Sequence[Sample]) -> Budget | None:
    """Of a metric that the spec does not speak of."""
    groups, names = [drawn.group for drawn in samples], Names(metrics=frozenset({metric.name}))
    return next(iter(budgets_of(groups, design, (metric,), names)), None)


def _steps_words(budget: Budget, samples: Sequence[Sample]) -> str:
    """`runs of A stop at step 100 000 and those of B at step 200 000`."""
    labels = {drawn.group.id: charting.fit(drawn.group.label, 40) for drawn in samples}
    at: dict[float, list[str]] = {}
    for group, step in budget.reached:
        at.setdefault(step, []).append(labels.get(group, group))
    if len(at) > NAMED:
        low, high = formats.number(min(at)), formats.number(max(at))
        beyond = sum(step > budget.step for _, step in budget.reached)
        return (
            f"runs stop at different steps, from {low} to {high} ({beyond} of "
            f"{formats.count(len(budget.reached), 'group')} go beyond {low})"
        )
    parts = [
        f"{'runs' if place == 0 else 'those'} of {charting.named(names, 3)} stop at step "
        f"{formats.number(step)}"
        for place, (step, names) in enumerate(sorted(at.items()))
    ]
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def _both_words(metric: Metric, budget: Budget, samples: Sequence[Sample]) -> str:
    """Of the groups that went further: their mean there, and the last one logged."""
    reached = dict(budget.reached)
    parts = []
    for drawn in samples:
        last = last_mean(drawn, budget)
        if (
            reached.get(drawn.group.id, 0.0) > budget.step
            and drawn.values.size
            and last is not None
        ):
            mean = charting.value_text(float(drawn.values.mean()), metric)
            logged = charting.value_text(last, metric)
            parts.append(
                f"{charting.fit(drawn.group.label, 40)} has {mean} there and {logged} last"
            )
    if not parts:
        return ""
    more = f"; and {len(parts) - NAMED} more groups" if len(parts) > NAMED else ""
    return f" (on average {'; '.join(parts[:NAMED])}{more})"


def last_mean(drawn: Sample, budget: Budget) -> float | None:
    """The mean of the last logged values of the runs that entered, displayed units."""
    last = [
        summary.last
        for run in drawn.runs
        if (summary := run.metrics.get(budget.logged)) is not None
    ]
    known = [value for value in last if value is not None]
    return sum(known) / len(known) * drawn.metric.scale if known else None


def _once(metric: Metric, samples: Sequence[Sample]) -> bool:
    """Whether every run logged the metric at no step but 0."""
    found = [run.metrics.get(metric.name) for drawn in samples for run in drawn.runs]
    return bool(found) and all(s is not None and s.last_step in (0.0, None) for s in found)


# ---- tuning --------------------------------------------------------------------------------------


def _tuning(metric: Metric, design: Design, samples: Sequence[Sample]) -> Iterator[Finding]:
    if design.items or design.across:
        return
    groups = [drawn.group for drawn in samples]
    found = [own for own in tuning.tuned(groups, design) if own.group.runs]
    counts = [own.count for own in found]
    if len(set(counts)) < 2:
        return
    by_group = {drawn.group.id: drawn for drawn in samples}
    fewest = min(n for own in found if (n := tuning.valued(own, by_group[own.group.id])) or 1)
    names = sorted({name for own in found for name in own.params})
    said = [f"{_counts_words(found)}; they differ in {charting.named(names, 4)}."]
    bests = [
        (own.group.label, best)
        for own in found
        if (best := tuning.expected_best(own, by_group[own.group.id], fewest)) is not None
    ]
    if len(bests) > 1:
        values = ", ".join(
            f"{charting.fit(label, 40)} {charting.value_text(best, metric)}"
            for label, best in bests[:NAMED]
        )
        more = f" and {len(bests) - NAMED} more" if len(bests) > NAMED else ""
        said.append(
            "The best of many is better than the best of few by luck alone. Expected best of "
            f"{words.plural('configuration', fewest)}: {values}{more}."
        )
    yield Finding("UNEQUAL_TUNING", " ".join(said))


def _counts_words(found: Sequence[tuning.Tuned]) -> str:
    if len(found) <= NAMED:
        parts = [f"{own.count} of {charting.fit(own.group.label, 40)}" for own in found]
        return f"Unequally many configurations were tried: {', '.join(parts)}"
    counts = [own.count for own in found]
    return f"Unequally many configurations were tried: {min(counts)} to {max(counts)} per group"
