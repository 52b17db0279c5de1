"""The spec from its file: read, merge, fill in, shape. All problems of all parts at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from runreport.errors import Problem, SpecError
from runreport.spec import keys, parts
from runreport.spec.combinations import check_design
from runreport.spec.families import is_family
from runreport.spec.gating import read_decision, read_gates
from runreport.spec.layers import Layered, read_layers
from runreport.spec.marked import Marked
from runreport.spec.model import Comparison, Spec
from runreport.spec.pages import Kinds, default_pages, read_pages
from runreport.spec.resolve import Resolver
from runreport.spec.shape import Shaper, cut, found
from runreport.spec.sources import SourceKinds, read_sources


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was read, with everything that is wrong with it."""

    spec: Spec
    """Of what could be read; what could not is left out or at its default."""
    problems: tuple[Problem, ...]
    """Errors and warnings, in the order of the text."""
    complete: bool
    """Every source could be read: a name that no store knows is really unknown."""
    names: tuple[str, ...]
    """What spans call the files that were read, the spec first."""

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.severity == "error")


def load_spec(
    path: Path,
    *,
    sections: Kinds,
    sources: SourceKinds,
    sets: Sequence[str] = (),
    profile: str | None = None,
    environ: Mapping[str, str],
) -> Spec:
    """The spec, its text checked.

    Args:
        path: the spec's file.
        sections: kinds of sections by name.
        sources: kinds of sources by name.
        sets: `path.to.key=value`, each replaces one value.
        profile: name of a profile to merge over the spec.
        environ: what `${env:NAME}` is taken from.

    Raises:
        SpecError: RR1xx with all problems found.
    """
    loaded = read_spec(
        path, sections=sections, sources=sources, sets=sets, profile=profile, environ=environ
    )
    if loaded.errors:
        raise SpecError(loaded.problems)
    return loaded.spec


def read_spec(
    path: Path,
    *,
    sections: Kinds,
    sources: SourceKinds,
    sets: Sequence[str] = (),
    profile: str | None = None,
    environ: Mapping[str, str],
) -> Loaded:
    """As `load_spec`, but problems are given back with as much of a spec as there is.

    Raises:
        SpecError: the file cannot be read or is no YAML.
    """
    layered = read_layers(path, environ, profile, sets)
    if layered.tree.mapping is None:
        message = f"expected a mapping of {', '.join(list(keys.TOP)[:6])}, ..."
        problem = Problem(
            "RR109",
            f"{message}; found {found(layered.tree)}",
            layered.tree.span,
            "`runreport init` writes a spec to start from",
        )
        raise SpecError([*layered.problems, problem])
    shaper = Shaper()
    shaper.problems += layered.problems
    shaper.known_keys(layered.tree, keys.TOP, "the spec", keys.HOMES)
    resolver = Resolver(_variables(layered.tree, shaper), environ)
    _check_profiles(layered.tree, shaper)
    tree = resolver.spec(layered.tree)
    shaper.problems += resolver.problems
    shaper.broken |= resolver.broken
    return _spec(path, layered, tree.mapping or {}, shaper, sections, sources)


def _variables(tree: Marked, shaper: Shaper) -> Mapping[str, Marked]:
    node = (tree.mapping or {}).get("vars")
    if node is None or node.value is None:
        return {}
    if node.mapping is None:
        shaper.wrong(node, "a mapping of names and values")
        return {}
    return node.mapping


def _check_profiles(tree: Marked, shaper: Shaper) -> None:
    node = (tree.mapping or {}).get("profiles")
    if node is None or node.value is None:
        return
    if node.mapping is None:
        shaper.wrong(node, "a mapping of profiles by name")
        return
    allowed = [key for key in keys.TOP if key not in ("extends", "profiles")]
    for name, profile in node.mapping.items():
        if profile.mapping is not None:
            shaper.known_keys(profile, allowed, f"profile '{cut(name)}'")
        elif profile.value is not None:
            shaper.wrong(profile, "a mapping of the keys to change")


def _spec(
    path: Path,
    layered: Layered,
    tree: Mapping[str, Marked],
    shaper: Shaper,
    sections: Kinds,
    sources: SourceKinds,
) -> Loaded:
    """Each part for itself, so that no part's mistakes silence another's."""
    entries, complete = read_sources(tree.get("sources"), sources, layered, shaper)
    groups = parts.read_groups(tree.get("groups"), shaper)
    metrics = parts.read_metrics(tree.get("metrics"), shaper)
    for metric, span in metrics.with_spans:
        if metric.statistic != "mean" and groups.items is None:
            message = f"`statistic: {metric.statistic}` is of test items, and no items are declared"
            shaper.say("RR138", message, span, "as in groups: {items: item_id}")
    comparison = parts.read_record(Comparison, tree.get("comparison"), "`comparison`", shaper)
    gates = read_gates(tree.get("gates"), groups, metrics.declared, shaper)
    check_design(tree.get("groups"), tree.get("comparison"), groups, comparison, shaper)
    if _absent(tree.get("pages")):
        names = [metric.name for metric in metrics.declared if not is_family(metric.name)]
        logged = [name for name in names if name not in metrics.values]
        pages = default_pages(sections, names, logged, groups, layered.tree.span, gated=bool(gates))
    else:
        pages = read_pages(tree["pages"], sections, shaper)
    spec = Spec(
        path=path,
        report=parts.read_report(tree.get("report"), shaper),
        sources=entries,
        runs=parts.read_runs(tree.get("runs"), shaper),
        groups=groups,
        metrics=metrics.with_spans,
        comparison=comparison,
        pages=pages,
        gates=gates,
        decision=read_decision(tree.get("decision"), shaper),
        decision_span=None if _absent(tree.get("decision")) else tree["decision"].span,
        theme=parts.read_theme(tree.get("theme"), path, layered, shaper),
        output=parts.read_output(tree.get("output"), path, layered, shaper),
        allow_secrets=parts.read_names(tree.get("allow_secrets"), shaper),
        files=layered.files,
        values=metrics.values,
        contexts=metrics.contexts,
    )
    problems = in_order(shaper.problems, list(layered.bases))
    warnings = tuple(problem for problem in problems if problem.severity != "error")
    spec = replace(spec, warnings=warnings, mentions=tuple(shaper.mentions))
    return Loaded(spec, problems, complete, tuple(layered.bases))


def _absent(node: Marked | None) -> bool:
    return node is None or node.value is None


def in_order(problems: Sequence[Problem], files: Sequence[str]) -> tuple[Problem, ...]:
    """Problems in the order of the text they are about, file by file, each once."""

    def place(problem: Problem) -> tuple[int, int, int]:
        span = problem.span
        if span is None:
            return (-1, 0, 0)
        index = files.index(span.file) if span.file in files else len(files)
        return (index, span.line, span.column)

    return tuple(sorted(dict.fromkeys(problems), key=place))
