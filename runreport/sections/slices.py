"""What a metric is cut into, class by class or data set by data set, and every group's values of
each part.

Segments are metrics of one form (`val/f1/*`), or runs that differ in one column (`by`). Metrics of
one form are logged by the same runs; with `by`, each run belongs to one segment, and groups that
differ in nothing but the segment are one row.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from runreport import formats
from runreport.blocks import Code, Words
from runreport.budget import bare
from runreport.design import Design, Goal, Margin, Metric
from runreport.kinds import Context
from runreport.samples import Group
from runreport.sections import charting
from runreport.sections.aligning import kind_of, overlap_of, replicate_word
from runreport.sections.fitness import Fit, fit_of
from runreport.spec.expressions import Expression, Scalar
from runreport.spec.families import members

MOST = 200
"""Segments, and rows, that are looked at; more are counted."""


@dataclass(frozen=True, eq=False)
class SegmentRow:
    """One group, or several that differ in nothing but the segment."""

    label: str
    group: Group
    """With all of its runs."""
    group_id: str | None
    """None where several groups of the report are one row."""
    is_baseline: bool
    fits: tuple[Fit, ...]
    """One per segment; some without a value."""


@dataclass(frozen=True, eq=False)
class Slices:
    """A metric, cut."""

    metric: Metric
    """Goal, unit and margin of all segments; its title is what they have in common."""
    noun: str
    """One word, singular, for a segment: class, dataset."""
    segments: tuple[str, ...]
    rows: tuple[SegmentRow, ...]
    design: Design
    """Of comparisons within one segment."""
    shared: bool
    """Whether the same runs measure all segments."""
    remarks: tuple[Words, ...]
    """What was guessed or left out, in sentences."""

    @property
    def baseline(self) -> SegmentRow | None:
        return next((row for row in self.rows if row.is_baseline), None)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the author says of the segments."""

    metrics: str = ""
    metric: str | None = None
    by: Expression | None = None
    goal: Goal | None = None
    margin: Margin | None = None


def cut(context: Context, asked: Asked) -> Slices | Words:
    """The segments and every group's values of them; or a sentence that says why there are none."""
    design = context.design
    if asked.metrics:
        return _by_name(context, asked, asked.metrics, ())
    column = asked.by or (None if design.across is None else Expression(design.across))
    if column is not None:
        return _by_column(context, asked, column)
    found = families_of({name for run in context.runs for name in run.metrics})
    if not found:
        return (
            "No metrics look like one metric of several classes or data sets. Name them with ",
            Code('metrics: "val/f1/*"'), ", or the column that tells segments apart with ",
            Code("by: params.dataset"), ".",
        )  # fmt: skip
    said: Words = (
        "That ", Code(charting.fit(found[0])),
        " is one metric of several segments is a guess from the names.",
    )  # fmt: skip
    if len(found) > 1:
        said = (*said, f" So are {charting.named(found[1:], 4)}, which are not shown.")
    return _by_name(context, asked, found[0], (said,))


# ---- metrics of one form -------------------------------------------------------------------------

_METRIC = re.compile(
    r"acc(uracy)?|f1|fbeta|f_score|auc|auroc|auprc|ap|map|iou|miou|dice|precision|recall|"
    r"sensitivity|specificity|score|r2|bleu|rouge|wer|cer|ndcg|mrr|loss|nll|error|err|mse|rmse|"
    r"mae|mape|perplexity|ppl|brier|ece|reward|return|exact_match|em|psnr|ssim|kappa|mcc",
    re.IGNORECASE,
)
_SPLITS = frozenset(
    {"train", "training", "val", "valid", "validation", "dev", "test", "testing", "eval",
     "evaluation", "holdout", "best", "last", "final", "min", "max", "std", "epoch", "step"}
)  # fmt: skip
"""Parts of names that tell no segments apart."""
_AVERAGES = frozenset(
    f"{word}{end}"
    for word in ("macro", "micro", "weighted", "mean", "avg", "average", "overall", "all", "total")
    for end in ("", "_avg", "-avg", " avg", "_average", "_mean")
)
"""Parts that stand for all segments together."""
_KEYED = re.compile(r"(\w+)=([^\s,;/|]+)")
_CLASSED = re.compile(
    r"(?:class|label|category|group|slice|subset|domain|task|dataset|language|lang)[_\- ]?"
    r"([A-Za-z0-9]+)"
)
_LABELLED = re.compile(r"\(([A-Za-z]+) (.+)\)$")
"""`f1 (class cat)`, as members of a declared family are called."""
FEWEST = 3
"""Metrics of one form that a guess needs."""
LONGEST = 200
"""Characters of names that are looked at."""


def families_of(names: set[str]) -> list[str]:
    """Forms that several metrics share but for one part, the one with the most metrics first.

    What is left of the name must name a metric, and the part must not: `train/loss` and
    `train/accuracy` are two metrics, `val/f1/cat` and `val/f1/dog` are one.
    """
    found: dict[str, set[str]] = {}
    for name in sorted(names):
        if len(name) <= LONGEST and "*" not in name:
            for form, part in _forms(name):
                found.setdefault(form, set()).add(part)
    single = {
        form: {part for part in parts if part.lower() not in _AVERAGES}
        for form, parts in found.items()
    }
    fit = {
        form: parts
        for form, parts in single.items()
        if len(parts) >= FEWEST and not {part.lower() for part in parts} & _SPLITS
    }
    return sorted(fit, key=lambda form: (-len(fit[form]), form))


def _forms(name: str) -> Iterator[tuple[str, str]]:
    """Each form of a name with the part that its `*` stands for."""
    for match in _KEYED.finditer(name):
        yield f"{name[: match.start(2)]}*{name[match.end(2) :]}", match[2]
    for match in _CLASSED.finditer(name):
        if "=" not in match[0]:
            yield f"{name[: match.start(1)]}*{name[match.end(1) :]}", match[1]
    parts = name.split("/")
    for place, part in enumerate(parts):
        rest = [other for index, other in enumerate(parts) if index != place]
        if part and "=" not in part and not _names_metric(part) and any(map(_names_metric, rest)):
            yield "/".join([*parts[:place], "*", *parts[place + 1 :]]), part


def _names_metric(text: str) -> bool:
    return any(_METRIC.fullmatch(word) for word in re.split(r"[^A-Za-z0-9]+", text))


def _by_name(
    context: Context, asked: Asked, family: str, remarks: tuple[Words, ...]
) -> Slices | Words:
    logged = {name for run in context.runs for name in run.metrics}
    known = {metric.name: metric for metric in context.design.metrics}
    form = family if "*" in family else f"{family.rstrip('/')}/*"
    found = sorted(members(form, logged | set(known)), key=lambda pair: charting.natural(pair[1]))
    if not found:
        return ("No run logged a metric of the form ", Code(charting.fit(form)), ".")
    if all(name in known for name, _ in found):
        # declared as a family, so nothing is guessed
        remarks = ()
    means = [part for _, part in found if part.lower() in _AVERAGES]
    if 0 < len(means) < len(found) - 1:
        found = [pair for pair in found if pair[1] not in means]
        remarks = (*remarks, (f"Left out as averages of segments: {charting.named(means)}.",))
    remarks = (*remarks, *_beyond(len(found), "segment"))
    found = found[:MOST]
    declared = next(((known[name], part) for name, part in found if name in known), None)
    title, noun = _words_of(form)
    if declared is not None and (context_of := re.search(_LABELLED, declared[0].label)):
        # the declared family says what its parts are
        noun = context_of[1] if context_of[2] == declared[1] else noun
    own = Metric(name=form, declared=False) if declared is None else declared[0]
    metric = _common(own, asked, title)
    design = replace(context.design, across=None)
    metrics = [
        replace(known.get(name, design.metric(name)), goal=metric.goal, margin=metric.margin)
        for name, _ in found
    ]
    rows = [
        SegmentRow(
            group.label,
            group,
            group.id,
            group.is_baseline,
            tuple(_fit(context, replace(group, across_of=()), each, design) for each in metrics),
        )
        for group in context.groups[:MOST]
    ]
    return Slices(
        metric=metric,
        noun=noun,
        segments=tuple(charting.fit(part, 40) for _, part in found),
        rows=tuple(rows),
        design=design,
        shared=True,
        remarks=(*remarks, *_beyond(len(context.groups), "group")),
    )


def _words_of(form: str) -> tuple[str, str]:
    """What metrics of a form are called together, and what tells them apart."""
    head, _, tail = form.partition("*")
    noun = "segment"
    if keyed := re.search(r"[\s_,/]*(\w+)=$", head):
        head, noun = head[: keyed.start()], keyed[1].rpartition("_")[2] or keyed[1]
    elif classed := re.search(r"[\s_,/-]*(class|label|category|group|slice|domain|task)[_\- ]?$",
                              head):  # fmt: skip
        head, noun = head[: classed.start()], classed[1]
    parts = [part.strip("/._- ,") for part in (head, tail.replace("*", " "))]
    return " ".join(part for part in parts if part) or form, noun


# ---- runs that differ in one column --------------------------------------------------------------


def _by_column(context: Context, asked: Asked, column: Expression) -> Slices | Words:
    design = context.design
    primary = design.primary
    if asked.metric is None and not primary:
        return ("The report declares no metric, and this section names none.",)
    metric = _common(design.metric(asked.metric) if asked.metric else primary[0], asked, "")
    name = bare(column.text)
    parts = {run.id: _text(context.evaluate(column, run)) for run in context.runs}
    every = sorted({part for part in parts.values() if part is not None}, key=charting.natural)
    if not every:
        return ("No run has a value of ", Code(charting.fit(name)), ".")
    inside = replace(
        design, across=None if design.across and bare(design.across) == name else design.across
    )
    remarks: list[Words] = list(_beyond(len(every), "segment"))
    if homeless := sum(part is None for part in parts.values()):
        has = "has" if homeless == 1 else "have"
        said = f"{homeless} of {formats.count(len(parts), 'run')} {has} no value of "
        remarks.append((said, Code(charting.fit(name)), "."))
    merged = _merged(context.groups, column)
    remarks += _beyond(len(merged), "group")
    if any(len(own) > 1 for _, own in merged):
        remarks.append(
            ("Groups that differ in nothing but ", Code(charting.fit(name)), " are one row.")
        )
    rows = [
        _row(context, label, own, metric, inside, parts, every[:MOST])
        for label, own in merged[:MOST]
    ]
    return Slices(
        metric=metric,
        noun=_noun(column, design),
        segments=tuple(charting.fit(part, 40) for part in every[:MOST]),
        rows=tuple(rows),
        design=inside,
        shared=False,
        remarks=tuple(remarks),
    )


def _merged(groups: Sequence[Group], column: Expression) -> list[tuple[str, tuple[Group, ...]]]:
    """Rows: groups that agree in every grouping column but this one."""
    names = {bare(column.text), column.heading}
    by_key: dict[tuple[tuple[str, str], ...], list[Group]] = {}
    for group in groups:
        key = tuple(pair for pair in group.key if pair[0] not in names)
        # a group that was not made by this column stays what it is
        own = key if len(key) < len(group.key) else (("", group.id), *group.key)
        by_key.setdefault(own, []).append(group)
    return [
        (
            own[0].label
            if len(own) == 1
            else ", ".join(f"{name}={text}" for name, text in key) or "all runs",
            tuple(own),
        )
        for key, own in by_key.items()
    ]


def _row(
    context: Context,
    label: str,
    groups: tuple[Group, ...],
    metric: Metric,
    design: Design,
    parts: dict[str, str | None],
    segments: Sequence[str],
) -> SegmentRow:
    whole = replace(
        groups[0],
        label=label,
        runs=tuple(run for group in groups for run in group.runs),
        replicate_of=tuple(key for group in groups for key in group.replicate_of),
        across_of=tuple(task for group in groups for task in group.across_of),
        cluster_of=tuple(name for group in groups for name in group.cluster_of),
        is_baseline=any(group.is_baseline for group in groups),
    )
    if design.across is None:
        whole = replace(whole, across_of=())
    fits = tuple(_fit(context, _part(whole, parts, name), metric, design) for name in segments)
    only = groups[0].id if len(groups) == 1 else None
    return SegmentRow(label, whole, only, whole.is_baseline, fits)


def _part(group: Group, parts: dict[str, str | None], segment: str) -> Group:
    """The runs of a group that belong to one segment."""
    kept = [place for place, run in enumerate(group.runs) if parts.get(run.id) == segment]
    return replace(
        group,
        runs=tuple(group.runs[place] for place in kept),
        replicate_of=tuple(group.replicate_of[place] for place in kept),
        across_of=tuple(group.across_of[place] for place in kept) if group.across_of else (),
        cluster_of=tuple(group.cluster_of[place] for place in kept) if group.cluster_of else (),
    )


def _text(value: Scalar) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value.strip() or None
    number = float(value)
    if not math.isfinite(number):
        return None
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else f"{number:.6g}"


def _noun(column: Expression, design: Design) -> str:
    if design.across is not None and bare(design.across) == bare(column.text):
        return replicate_word(design)
    name = (column.heading or bare(column.text)).rpartition(".")[2]
    is_word = re.fullmatch(r"[A-Za-z][A-Za-z_]{0,19}", name)
    return name.strip("_").replace("_", " ") if is_word else "segment"


# ---- both ----------------------------------------------------------------------------------------


def _fit(context: Context, group: Group, metric: Metric, design: Design) -> Fit:
    kind = kind_of(design, metric)
    overlap = overlap_of(context.groups, design) if kind == "folds" else 0.0
    return fit_of(group, metric, context.value_of, kind, overlap)


def _common(metric: Metric, asked: Asked, title: str) -> Metric:
    """What holds for all segments; what the section says itself comes first."""
    return replace(
        metric,
        label=title or metric.label,
        goal=asked.goal or metric.goal,
        goal_guessed=metric.goal_guessed and asked.goal is None,
        margin=asked.margin or metric.margin,
    )


def _beyond(count: int, noun: str) -> tuple[Words, ...]:
    if count <= MOST:
        return ()
    return ((f"The first {MOST} of {formats.number(count)} {noun}s are looked at.",),)


def unit_of(found: Slices) -> str:
    """The unit of replication within a segment, as one word, singular."""
    return replicate_word(found.design)
