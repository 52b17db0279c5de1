"""A first spec for the runs of a store: commented, and building as it stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runreport import formats
from runreport.commands.guesses import (
    GuessedGroups,
    GuessedMetric,
    guess_groups,
    guess_metrics,
)
from runreport.commands.yaml_text import comment, expression, flow, quoted, value
from runreport.sections.slices import families_of
from runreport.sources.files import words
from runreport.spec.names import qualified
from runreport.tables import Run

MOST_PAGES = 300
"""With more runs, a page for each is left to the author."""
CURVES = 2
"""Metrics whose curves are drawn."""
NAMED = 8
"""Names listed in a comment."""

HEAD = """\
# yaml-language-server: $schema=runreport.schema.json
# `runreport schema -o runreport.schema.json` writes that file; editors then complete and check.
# Build the report with `runreport build`, see what there is with `runreport list`.
"""


@dataclass(frozen=True, eq=False)
class Study:
    """What a spec is drafted for."""

    title: str
    entries: Sequence[tuple[Mapping[str, Any], str]]
    """The sources' entries, each with what was recognised in one line."""
    others: Sequence[tuple[Mapping[str, Any], str]]
    """Further stores nearby, each with why it is not read."""
    runs: tuple[Run, ...]
    redacted: int
    """Values that look like secrets."""


def draft(study: Study) -> str:
    """The text of the spec."""
    metrics, rest = guess_metrics(study.runs)
    groups = guess_groups(study.runs)
    parts = [
        HEAD,
        f"report: {{title: {value(study.title)}}}\n",
        _sources(study),
        _runs(study.runs, metrics),
        _groups(study.runs, groups),
        _metrics(study.runs, metrics, rest),
        _pages(study.runs, groups, metrics),
    ]
    return "\n".join(parts)


def _sources(study: Study) -> str:
    lines = ["sources:"]
    for entry, summary in study.entries:
        lines.append(f"  # {comment(summary)}")
        if any(str(item).lower().startswith(("http://", "https://")) for item in entry.values()):
            lines.append("  # credentials come from the environment: MLFLOW_TRACKING_TOKEN, or")
            lines.append("  # MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD")
        lines.append(f"  - {flow(entry)}")
    if len(study.entries) > 1:
        lines.append(
            "  # a run logged to two of them is one run where the later one says what names it:"
        )
        lines.append("  # join: {on: tags.mlflow_run_id}")
    if study.others:
        lines.append("  # also found:")
    for entry, why in study.others:
        lines.append(f"  # - {flow(entry)}")
        if why:
            lines.append(f"  #   {comment(why)}")
    if study.redacted:
        count = formats.count(study.redacted, "value")
        lines += [
            "",
            f"# {count} that look like secrets are replaced in the report. If one is no secret:",
            "# allow_secrets: [name_of_its_param_or_tag]",
        ]
    return "\n".join(lines) + "\n"


def _runs(runs: Sequence[Run], metrics: Sequence[GuessedMetric]) -> str:
    states = Counter(run.status for run in runs)
    if not runs:
        return "# The store holds no runs yet; the report says so until there are some.\n"
    said = ", ".join(f"{count} {status}" for status, count in sorted(states.items()))
    lines = [f"# {formats.count(len(runs), 'run')}: {said}."]
    if set(states) & {"failed", "killed", "running"}:
        lines.append("# Runs that did not finish stay in the tables and enter no mean.")
    if set(states) == {"unknown"}:
        lines = [f"# {formats.count(len(runs), 'run')}; how they ended is not recorded."]
    first = next((metric for metric in metrics if metric.goal is not None), None)
    sign = "-" if first is not None and first.goal == "maximize" else ""
    sort = "-started" if first is None else sign + qualified("metrics", first.name)
    where = "" if set(states) == {"unknown"} else 'where: status == "finished", '
    lines.append(f"# runs: {{{where}sort: {expression(sort)}}}")
    return "\n".join(lines) + "\n"


def _groups(runs: Sequence[Run], groups: GuessedGroups) -> str:
    if not runs:
        return "# groups: {by: all_but(seed), replicates: seed, pair_by: seed}\n"
    apart = ", ".join(_argument(name) for name in groups.apart)
    if groups.replicate is None:
        lines = [
            "# No param looks like a seed, fold or repeat, so runs with equal params form a group.",
            "# Where runs repeat a configuration, log what tells them apart and name it here:",
        ]
        if groups.apart:
            names = ", ".join(comment(name) for name in groups.apart)
            lines[-1] += "\n# replicates: seed"
            lines.append(f"# Not compared, since it differs in every run: {names}.")
            lines.append(f"groups:\n  by: {expression(f'all_but({apart})')}")
        else:
            lines.append("# groups: {by: all_but(seed), replicates: seed, pair_by: seed}")
        return "\n".join([*lines, *_baseline(groups, indent="  " if groups.apart else "")]) + "\n"
    name = qualified("params", groups.replicate)
    count = formats.count(groups.count, "group")
    lines = [
        f"# {count}: runs of one group differ by {comment(groups.replicate)} only.",
        "groups:",
        f"  by: {expression(f'all_but({apart})')}",
        f"  replicates: {expression(name)}",
        f"  pair_by: {expression(name)}  # equal ones are compared with each other",
        *_baseline(groups, indent="  "),
    ]
    return "\n".join(lines) + "\n"


def _argument(name: str) -> str:
    """A param's name inside `all_but(...)`."""
    written = qualified("params", name)
    return name if written == f"params.{name}" else written


def _baseline(groups: GuessedGroups, indent: str) -> Iterator[str]:
    if groups.baseline is not None and (groups.apart or groups.replicate):
        yield f"{indent}# guess: the fullest group that started first; name the one you start from"
        yield f"{indent}baseline: {expression(groups.baseline)}"
    elif groups.count > 1 and groups.varying:
        example = value(f"{qualified('params', groups.varying[0])} == ...")
        yield f"{indent}# baseline: {example}  # a condition that one group meets"


def _metrics(runs: Sequence[Run], metrics: Sequence[GuessedMetric], rest: Sequence[str]) -> str:
    if not metrics:
        why = "No run logged a metric" if runs else "Which metrics count, for instance"
        return f"# {why}{'; once one is logged' if runs else ''}:\n# metrics: {_EXAMPLE}\n"
    lines = [
        "# Goals are guesses from the names. A margin is the smallest difference that matters;",
        "# with one, verdicts can say `equivalent`: {goal: maximize, margin: 0.5}",
        "metrics:",
    ]
    primary = next((m for m in metrics if m.goal is not None and not m.operational), None)
    for metric in metrics:
        options = {} if metric.goal is None else {"goal": metric.goal}
        text = flow({**options, **({"primary": True} if metric is primary else {})})
        if metric.operational:
            text = flow({**options, "role": "operational"})
        said = "" if metric.goal is not None else "  # no goal: nothing is called best"
        if metric.runs < len(runs):
            more = f"logged by {metric.runs} of {len(runs)} runs"
            said = f"{said}; {more}" if said else f"  # {more}"
        lines.append(f"  {quoted(metric.name)}: {text}{said}")
    if rest:
        names = ", ".join(comment(name) for name in rest[:NAMED])
        more = f", and {len(rest) - NAMED} more" if len(rest) > NAMED else ""
        lines.append(f"  # also logged: {names}{more}")
    return "\n".join(lines) + "\n"


_EXAMPLE = "{val_accuracy: {goal: maximize, primary: true}}"


def _pages(runs: Sequence[Run], groups: GuessedGroups, metrics: Sequence[GuessedMetric]) -> str:
    several = len(runs) > 1
    summary = ["summary", "runs"]
    if metrics and groups.baseline is not None and (groups.apart or groups.replicate):
        summary.append("significance")
    if runs and not metrics:
        # it says that there are none
        summary.insert(1, "metrics")
    pages = [("Summary", summary)]
    if charts := _charts(runs, groups, metrics):
        pages.append(("Charts", charts))
    pages += [(title, names) for title, names in _params(groups, metrics) if names]
    if cost := _cost(runs, groups, metrics):
        pages.append(("Cost", cost))
    if several:
        differences = ["metrics"] if metrics else []
        pages.append(("Differences", [*differences, "diff", "lineage"]))
    lines = ["pages:"]
    for title, sections in pages:
        lines += [f"  - title: {title}", "    sections:"]
        lines += [f"      - {section}" for section in sections]
    # one run's curves are worth their time
    section = "{run: {curves: true}}" if len(runs) == 1 and metrics else "run"
    page = ['  - title: "Run ${run.name}"', "    foreach: run", f"    sections: [{section}]"]
    if len(runs) > MOST_PAGES:
        lines.append(f"  # a page for each of {len(runs):,} runs:")
        page = [f"  # {line[2:]}" for line in page]
    return "\n".join([*lines, *page]) + "\n"


def _charts(
    runs: Sequence[Run], groups: GuessedGroups, metrics: Sequence[GuessedMetric]
) -> list[str]:
    """Sections that these runs can fill."""
    charts = [
        f"history: {{metric: {value(metric.name)}}}"
        for metric in [m for m in metrics if m.series][:CURVES]
    ]
    if not metrics or len(runs) < 2:
        return charts
    first = metrics[0]
    if groups.largest > 1 and groups.count > 1:
        charts.append(f"distribution: {{metric: {value(first.name)}}}")
    if (name := _numeric(runs, groups)) is not None:
        x, y = qualified("params", name), qualified("metrics", first.name)
        log = ", log_x: true" if _wide(runs, name) else ""
        charts.append(f"scatter: {{x: {expression(x)}, y: {expression(y)}{log}}}")
    if groups.varying and len(runs) > 2:
        charts.append("parallel")
    if form := next(iter(families_of({name for run in runs for name in run.metrics})), None):
        goal = words.goal_by_name(form)
        direction = "" if goal is None else f", goal: {goal}"
        charts.append(f"segments: {{metrics: {value(form)}{direction}}}")
    return charts


def _params(groups: GuessedGroups, metrics: Sequence[GuessedMetric]) -> list[tuple[str, list[str]]]:
    """Pages on what params do, each section where there are configurations enough for it."""
    count, differ = groups.count, len(groups.varying)
    if not metrics or metrics[0].goal is None or not differ:
        return []
    wanted = {
        "importance": count >= 8 and differ > 1,
        "ablation": count >= 4 and differ > 1,
        "slice": count > 2,
        "contour": count >= 6 and differ > 1,
        "matrix": count >= 10 and differ + len(metrics) > 2,
    }
    search = ["search"] if count >= 10 else []
    return [("Search", search), ("Params", [name for name, fits in wanted.items() if fits])]


def _cost(
    runs: Sequence[Run], groups: GuessedGroups, metrics: Sequence[GuessedMetric]
) -> list[str]:
    """What running took, beside what it gave."""
    timed = sum(run.started is not None and run.ended is not None for run in runs)
    operational = any(metric.operational for metric in metrics)
    if len(runs) < 2 or not (operational or timed > 1):
        return []
    weighed = bool(metrics) and metrics[0].goal is not None and not metrics[0].operational
    return [*(["pareto"] if weighed and groups.count > 2 else []), "operations"]


def _numeric(runs: Sequence[Run], groups: GuessedGroups) -> str | None:
    """The first param that differs between groups and is a number in every run."""
    for name in groups.varying:
        if all(name in run.params and run.params[name].is_number for run in runs):
            return name
    return None


def _wide(runs: Sequence[Run], name: str) -> bool:
    """Whether a param spans two powers of ten or more."""
    numbers = [run.params[name].number for run in runs]
    return min(numbers) > 0 and max(numbers) / min(numbers) >= 100
