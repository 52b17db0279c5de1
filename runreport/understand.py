"""From a spec and its sources to the Context that every section computes from."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import takewhile
from pathlib import Path

from runreport import budget as budgeting
from runreport import registry, repositories
from runreport.beside import beside
from runreport.design import Budget, Design, Metric
from runreport.errors import Problem, SourceError, SpecError
from runreport.history import History, Part
from runreport.joining import adapt
from runreport.kinds import Context, Needs, Reader, SourceContext
from runreport.redaction import redact, redact_text, spared
from runreport.render import emit
from runreport.samples import Group, Value, means, sample
from runreport.selection import Selected, group, report_time, select
from runreport.spec.check import check_names, expressions
from runreport.spec.expressions import Expression, Names, Scalar, Scope, parse
from runreport.spec.families import expand
from runreport.spec.gating import said
from runreport.spec.grammar import REDUCERS
from runreport.spec.meaning import read_by, read_from
from runreport.spec.model import SourceEntry, Spec
from runreport.spec.points import Reduction
from runreport.tables import Run, RunTables

DIVIDED = 100
"""With at least so many histories two processes read half of the runs each."""


@dataclass(frozen=True, eq=False)
class Facts:
    """What was read from all sources."""

    tables: RunTables
    readers: tuple[Reader, ...]
    titles: tuple[str, ...]
    redacted: int
    """Values replaced because they look like secrets."""
    spared: frozenset[str]
    """Values that look like secrets and that the author allows."""
    late: list[Problem] = field(default_factory=list)
    """What readers tell while they read histories."""


def read(spec: Spec, environ: Mapping[str, str], cache: Path | None = None) -> Facts:
    """All runs of all sources of a spec, secrets redacted.

    Args:
        spec: names the sources.
        environ: where credentials come from.
        cache: folder in which sources may keep what they read for the next build.

    Raises:
        SourceError: with the problems of every source that cannot be read.
    """
    return read_sources(spec.sources, spec.allow_secrets, environ, cache)


def local_places(spec: Spec) -> Iterator[Path]:
    """Files and folders that the sources of a spec lie in; of a pattern, the folder it looks in."""
    for entry in spec.sources:
        location = str(entry.options.location)
        if not location.startswith(("http://", "https://")):
            bare = location.removeprefix("sqlite:///").removeprefix("file://")
            plain = takewhile(lambda part: not set("*?[") & set(part), Path(bare).parts)
            yield entry.base.joinpath(*plain)


def read_sources(
    sources: Sequence[SourceEntry],
    allow_secrets: Collection[str],
    environ: Mapping[str, str],
    cache: Path | None = None,
) -> Facts:
    """All runs of these sources, secrets redacted but for those allowed by name."""
    readers: list[Reader] = []
    parts: list[RunTables] = []
    broken: list[Problem] = []
    late: list[Problem] = []

    def tell(problem: Problem) -> None:
        late.append(replace(problem, message=redact_text(problem.message)))

    kinds = [entry.kind for entry in sources]
    for index, entry in enumerate(sources):
        nth = kinds[:index].count(entry.kind)
        qualifier = entry.kind if nth == 0 else f"{entry.kind}-{nth + 1}"
        context = SourceContext(
            base=entry.base, environ=environ, qualifier=qualifier, cache=cache, tell=tell
        )
        try:
            reader = registry.SOURCES[entry.kind].open(entry.options, context)
            own = reader.tables()
            if broken:
                # nothing is joined to what could not be read
                continue
            before = RunTables.concat(parts)
            before, own, reader = adapt(before, own, reader, entry.adapt, qualifier, entry.span)
            parts = [before, own]
            readers.append(reader)
        except SourceError as error:
            broken += [replace(p, span=p.span or entry.span) for p in error.problems]
    if broken:
        raise SourceError(broken)
    merged = RunTables.concat(parts)
    tables, redacted = redact(merged, allow_secrets)
    titles = tuple(f"{e.kind}: {emit.shown_address(e.options.location)}" for e in sources)
    allowed = spared(merged, allow_secrets)
    return Facts(tables, tuple(readers), titles, redacted, allowed, late)


def understand(spec: Spec, facts: Facts, history: History, environ: Mapping[str, str]) -> Context:
    """Everything sections compute from.

    Raises:
        SpecError: RR2xx names that do not exist, a baseline that is not one group.
    """
    names = Names.of(facts.tables.rows, Design())
    # families without members are told here, so before they are expanded to nothing
    doubts = check_names(spec, names)
    spec = expand(spec, names.metrics)
    design = design_of(spec)
    names = Names.of(facts.tables.rows, design)
    if errors := [problem for problem in doubts if problem.severity == "error"]:
        raise SpecError(errors)
    now = report_time(facts.tables.rows, environ)
    tables = facts.tables
    # conditions on whole histories need the points of every run; the rest only of the selected
    first = _histories(selection_expressions(spec), names, design)
    if first:
        tables = _with_history(tables, facts, history, tables.rows, first, first)
    scope = Scope(names, design, history, now)
    chosen = select(tables.rows, spec.runs, lambda e, run: e.evaluate(run, scope), now)
    reduced, needs = _histories(all_expressions(spec), names, design), needs_of(spec, design)
    needed = reduced | needs.histories
    if later := needed - first:
        summed = later if needs.summaries else later & reduced
        tables = _with_history(tables, facts, history, chosen.runs, later, summed)
        chosen = _again(chosen, tables.rows)
    groups = group(chosen.runs, spec.groups, lambda e, run: e.evaluate(run, scope))
    budgets = budgeting.budgets_of(groups, design, _spoken_of(spec, design), names)
    if design.budget == "common" and budgets:
        movable = {budget.logged for budget in budgets if budget.of_last}
        unread = frozenset(movable) - needed - first
        _with_history(tables, facts, history, chosen.runs, unread, frozenset())
        budgets = tuple(budgeting.settled(b, groups, _value_at(scope)) for b in budgets)
    design = replace(
        budgeting.in_force(design, budgets), selected_on=_selected_on(spec, names, design)
    )
    scope = replace(scope, design=design)
    values = _Values(design, names, history, now)
    scope = replace(scope, baseline_values=values.mean_of(groups, design))
    found = Context(
        title=spec.report.title,
        design=replace(design, has_baseline=any(g.is_baseline for g in groups)),
        runs=chosen.runs,
        groups=groups,
        excluded=chosen.excluded,
        history=history,
        value_of=values,
        evaluate=lambda expression, run: expression.evaluate(run, scope),
        problems=(*tables.problems, *facts.late),
        warnings=tuple(doubts),
        now=now,
        source_titles=facts.titles,
        decision=said(spec.decision),
        redacted=facts.redacted,
    )
    code = repositories.read(spec.path.parent, needs.repositories, found)
    return replace(found, repositories=code)


def design_of(spec: Spec) -> Design:
    """The declared design, frozen."""
    groups = spec.groups
    return Design(
        metrics=tuple(metric for metric, _ in spec.metrics),
        by=groups.all_but if groups.all_but is not None else tuple(e.text for e in groups.by),
        all_but=groups.all_but is not None,
        replicates=_written(groups.replicates or groups.items),
        pair_by=_written(groups.items or groups.pair_by),
        across=_written(groups.across),
        items=_written(groups.items),
        cluster=_written(groups.cluster),
        repeat=_written(groups.repeat),
        alpha=spec.comparison.alpha,
        level=spec.comparison.level,
        correction=spec.comparison.correction,
        method=spec.comparison.method,
        test_fraction=spec.comparison.test_fraction,
        look=spec.comparison.look,
        budget=spec.comparison.budget,
    )


def _written(expression: Expression | None) -> str | None:
    return None if expression is None else expression.text


def _selected_on(spec: Spec, names: Names, design: Design) -> tuple[str, ...]:
    """The metrics, declared and logged, by whose values the runs were chosen."""
    chosen_by = [] if spec.runs.where is None else [spec.runs.where]
    if spec.runs.limit is not None:
        chosen_by += spec.runs.sort
    found: set[str] = set()
    for expression in chosen_by:
        for name in read_from(expression.tree, names):
            metric = design.metric(name)
            found |= {name, *(read_by(metric, names) if metric.declared else ())}
    # another name of the same values is no other metric
    found |= {m.name for m in _spoken_of(spec, design) if found & read_by(m, names)}
    return tuple(sorted(found))


def _spoken_of(spec: Spec, design: Design) -> tuple[Metric, ...]:
    """The declared metrics, then those that options name."""
    named = (mention.name for mention in spec.mentions if mention.kind == "metric")
    declared = {metric.name for metric in design.metrics}
    others = (name for name in dict.fromkeys(named) if name not in declared)
    return (*design.metrics, *map(design.metric, others))


def _value_at(scope: Scope) -> budgeting.ValueAt:
    def value_at(run: Run, budget: Budget) -> float | None:
        wanted = Reduction("at_step", budget.logged, "", budget.step)
        return scope.reductions.number(scope.history, wanted, run.id)

    return value_at


class _Values:
    """Reads one run's number for a metric by its declared reducer, in displayed units."""

    def __init__(self, design: Design, names: Names, history: History, now: datetime) -> None:
        # logged units inside a reducer: the metric's own scale is applied once, at the end
        self._scope = Scope(names, Design(), history, now)
        # displayed units at the step that every group reached
        self._common = replace(self._scope, design=design)
        self._reducers = {metric.name: reducer(metric) for metric in design.metrics}
        self._known: dict[tuple[str, str], Value] = {}

    def __call__(self, run: Run, metric: Metric) -> Value:
        key = (run.id, metric.name)
        if key not in self._known:
            raw, scale = self._raw(run, metric)
            if isinstance(raw, int | float):
                self._known[key] = Value.of(float(raw), scale)
            else:
                self._known[key] = _absent(run, metric)
        return self._known[key]

    def _raw(self, run: Run, metric: Metric) -> tuple[Scalar, float]:
        """What the reducer says, and what turns it into displayed units."""
        if metric.step is not None:
            return parse(f"metrics[{metric.name!r}]").evaluate(run, self._common), 1.0
        if metric.name not in self._reducers:
            self._reducers[metric.name] = reducer(metric)
        return self._reducers[metric.name].evaluate(run, self._scope), metric.scale

    def mean_of(self, groups: Sequence[Group], design: Design) -> Callable[[str], float | None]:
        """The baseline group's mean of a metric, for `baseline(m)`."""
        baseline = next((g for g in groups if g.is_baseline), None)
        known: dict[str, float | None] = {}

        def mean(name: str) -> float | None:
            if baseline is None:
                return None
            if name not in known:
                # asked for once per run, and the same for all of them
                (known[name],) = means([sample(baseline, design.metric(name), self)])
            return known[name]

        return mean


def _absent(run: Run, metric: Metric) -> Value:
    """Why a metric has no number: `max` of nothing but NaN is not a metric that nobody logged."""
    summary = run.metrics.get(metric.name)
    if summary is None or metric.value not in REDUCERS:
        return Value(None, "missing")
    if summary.last is None or math.isfinite(summary.last):
        return Value(None, "unread")
    return Value.of(summary.last)


def reducer(metric: Metric) -> Expression:
    """The expression that makes one number of a metric's history."""
    if metric.value in REDUCERS:
        return parse(f"{metric.value}(metrics[{metric.name!r}])")
    return parse(metric.value)


def selection_expressions(spec: Spec) -> list[Expression]:
    """What is evaluated before runs are selected."""
    where = () if spec.runs.where is None else (spec.runs.where,)
    return [*where, *spec.runs.sort]


def all_expressions(spec: Spec) -> list[Expression]:
    """Every expression of a spec, the reducers of metrics too."""
    reducers = (reducer(metric) for metric, _ in spec.metrics if metric.value != "last")
    return [*expressions(spec), *reducers]


def _histories(expressions: Sequence[Expression], names: Names, design: Design) -> frozenset[str]:
    return frozenset().union(*(e.histories(names, design) for e in expressions))


def needs_of(spec: Spec, design: Design) -> Needs:
    """What the sections of all pages read beyond the last values."""
    needs = Needs()
    for page in spec.pages:
        for entry in page.sections:
            needs |= registry.SECTIONS[entry.kind].needs(entry.options, design)
    return needs


def _with_history(
    tables: RunTables,
    facts: Facts,
    history: History,
    runs: Sequence[Run],
    metrics: frozenset[str],
    summed: frozenset[str],
) -> RunTables:
    """Fetch the raw points of these runs and metrics; the tables with full summaries of some."""
    logged = frozenset(name for run in runs for name in run.metrics) & metrics
    ids = [run.id for run in runs]
    if all(reader.divisible for reader in facts.readers) and len(ids) * len(logged) >= DIVIDED:
        _fetch_divided(facts, history, ids, logged)
    else:
        _fetch(facts, history, ids, logged)
    return tables.with_metrics(history.summaries(summed)) if logged & summed else tables


def _fetch(
    facts: Facts, history: History, ids: Sequence[str], metrics: Collection[str]
) -> Mapping[str, Sequence[Part]]:
    """Write the points of these runs; the files that now hold them."""
    for reader in facts.readers if metrics else ():
        for points in reader.histories(ids, sorted(metrics)):
            history.add(points)
    return history.parts


def _fetch_divided(
    facts: Facts, history: History, ids: Sequence[str], metrics: Collection[str]
) -> None:
    """The same by two processes, half of the runs each; files and problems come in one order."""
    half, told = len(ids) // 2, len(facts.late)

    def second_half() -> tuple[Mapping[str, Sequence[Part]], list[Problem]]:
        del facts.late[told:]
        return _fetch(facts, history.portion("second"), ids[half:], metrics), facts.late[told:]

    with beside(second_half) as second:
        first = _fetch(facts, history.portion("first"), ids[:half], metrics)
        first_told = facts.late[told:]
        parts, second_told = second()
    history.absorb(first)
    history.absorb(parts)
    facts.late[told:] = [*first_told, *second_told]


def _again(chosen: Selected, rows: Sequence[Run]) -> Selected:
    """The same selection over fuller rows."""
    by_id = {run.id: run for run in rows}
    return Selected(
        tuple(by_id[run.id] for run in chosen.runs),
        tuple(replace(item, run=by_id[item.run.id]) for item in chosen.excluded),
    )
