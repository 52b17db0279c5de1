"""Whether an arm of an experiment beats the baseline: planned shares first, then lift and interval.

Groups are the arms. A row of the source is one user, or, with `users: COLUMN`, the sums of many: an
arm on one day. Rows of an arm are added up. An outcome is a count of users who did it; with the
column of its `squares` a mean; with `per` a ratio; with `before` a mean from which the time before
the experiment is taken out. Where the arms do not hold the users that were planned, no verdict is
given. Built again on more data, the page says which look it is, and verdicts go by intervals that
hold at every look.

    - ab_test:
        unit: run
        outcomes:
          - {metric: val_accuracy}
          - {metric: train_time}
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

from runreport import formats
from runreport.blocks import Block, Bullets, Figure, Fold, Headline, Note, Text
from runreport.design import MetricName
from runreport.kinds import Context, Section
from runreport.looks import Look
from runreport.samples import Group
from runreport.sections import charting, lifts, panels, shares, statements
from runreport.sections.aligning import unit_of_difference
from runreport.sections.comparing import findings_of
from runreport.sections.forest import forest
from runreport.sections.panels import Panel, Setting, Share
from runreport.sections.tallies import Outcome, tally, users_of
from runreport.sections.workings import caution_note
from runreport.spec.limits import AtLeast
from runreport.stats import proportions, sequential, words
from runreport.stats.findings import Finding
from runreport.stats.plan import Rules
from runreport.stats.proportions import SampleRatio

SAID = 6
"""Verdicts of one metric written openly; the rest are folded."""

CAUTIONS = 6
"""Cautions listed openly; the rest are folded."""

SMALL = ("LOW_POWER", "INCONCLUSIVE", "NEGLIGIBLE", "N1_NO_INFERENCE", "N_TOO_SMALL")
"""Said in one line below the verdict."""

ONCE = ("SRM", "PEEKING")
"""Said once for the whole section."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the author may write."""

    outcomes: tuple[Outcome, ...] = ()
    """The metrics compared, the declared ones when empty; goal, unit, scale and margin are those of
    the declared metric."""
    users: MetricName | None = None
    """The column that says how many users a row is; without it a row is one user."""
    planned: tuple[Share, ...] = ()
    """Planned share of each arm; equal ones when empty."""
    unit: str = "user"
    """What is counted, one word: user, session, account."""
    look: Annotated[int, AtLeast(1)] | None = None
    """Which look at growing data this is; counted from build to build when left out."""
    tuning: Annotated[float, AtLeast(1)] = sequential.USERS
    """So many users, all arms of a comparison together, at which intervals that hold at every look
    are tightest. Choose it before the first look and keep it."""
    limit: int = 30
    """With more arms than this the first ones are drawn; the table has all."""


@dataclass(frozen=True, eq=False)
class AbTestData:
    """Arms, whether they are as planned, and every metric."""

    groups: tuple[Group, ...]
    users: tuple[int, ...]
    """Assigned to each arm."""
    ratio: SampleRatio | None
    """None where planned shares cannot be checked."""
    planned: tuple[float, ...]
    """Adding up to 1, one per arm."""
    is_planned: bool
    """Whether shares were declared."""
    unchecked: str
    """Why shares cannot be checked, or nothing can be compared, as a sentence."""
    panels: tuple[Panel, ...]
    has_baseline: bool
    user: str
    look: int
    looks: tuple[Look, ...]
    tuning: float


# ---- numbers -------------------------------------------------------------------------------------


def compute(context: Context, options: Options) -> AbTestData:
    """Users against the plan, then every arm against the baseline on every metric."""
    look = options.look or context.look
    base = AbTestData(
        context.groups, (), None, (), bool(options.planned), "", (),
        context.baseline is not None, _user(options), look, context.looks, options.tuning,
    )  # fmt: skip
    if len(context.groups) < 2:
        return replace(base, unchecked="There is one arm at most, so there is nothing to compare.")
    try:
        users = users_of(context, options.users)
    except ValueError as error:
        each = words.several(base.user).capitalize()
        return replace(base, unchecked=f"{each} cannot be counted: {error}.")
    planned, unchecked = panels.planned_shares(context.groups, options.planned)
    ratio = None
    if not unchecked and any(users):
        ratio = proportions.sample_ratio(users, planned)
    elif not unchecked:
        unchecked = f"No arm has {words.several(base.user)}."
    withheld = ""
    if ratio is not None and ratio.is_mismatch:
        withheld = (
            f"the arms do not hold the {words.several(base.user)} that were planned (sample-ratio "
            "mismatch)."
        )
    tallies = [
        tally(context, outcome, options.users, base.user) for outcome in _outcomes(context, options)
    ]
    rules = Rules(context.design.alpha, context.design.level, context.design.correction, look=look)
    setting = Setting(base.user, options.tuning, withheld)
    return replace(
        base,
        users=users,
        ratio=ratio,
        planned=planned,
        unchecked=unchecked,
        panels=panels.panels_of(context, tallies, rules, setting) if tallies else (),
    )


def _user(options: Options) -> str:
    return charting.fit(options.unit, 20) or "user"


def _outcomes(context: Context, options: Options) -> tuple[Outcome, ...]:
    if options.outcomes:
        return options.outcomes
    named = (metric.name for metric in context.design.metrics if metric.name != options.users)
    return tuple(Outcome(name) for name in named)


# ---- blocks --------------------------------------------------------------------------------------


def present(data: AbTestData, options: Options) -> tuple[Block, ...]:
    """The plan, then for each metric the verdict, chart, table, and how."""
    if not data.panels:
        why = data.unchecked or "The report declares no metric and this section names none."
        return (Note("info", "Nothing to compare", (Text((why,)),)),)
    blocks: list[Block] = list(_plan(data))
    if data.look > 1:
        said = (
            f"This is look {data.look} at these growing data; fixed-n p-values do not hold. "
            "Verdicts go by anytime-valid intervals, which hold at every look."
        )
        blocks.append(Text((said,)))
    if not data.has_baseline:
        name = charting.fit(data.groups[0].label)
        said = f"No baseline is declared: arms are compared with {name}, the first one."
        blocks.append(Text((said,), "small"))
    for number, panel in enumerate(data.panels):
        if len(data.panels) > 1:
            blocks.append(Headline(_heading(panel), 3))
        blocks += _one(data, panel, options, number)
    return tuple(blocks)


def _plan(data: AbTestData) -> list[Block]:
    """Whether the arms hold the planned users: said before anything else."""
    if data.ratio is None:
        return [Note("warning", "Planned shares are not checked", (Text((data.unchecked,)),))]
    said = shares.shares_words(data.ratio, data.planned, data.user, known=data.is_planned)
    table = shares.users_table(data.groups, data.ratio, data.planned, data.user)
    if data.ratio.is_mismatch:
        return [Note("danger", "Sample-ratio mismatch: verdict withheld", (Text((said,)), table))]
    return [
        Text((said,), "small"),
        Fold(f"{words.several(data.user).capitalize()} of each arm", (table,)),
    ]


def _heading(panel: Panel) -> str:
    name = charting.fit(panel.tally.metric.title)
    return name if panel.answer.is_primary else f"{name} (secondary)"


def _one(data: AbTestData, panel: Panel, options: Options, number: int) -> list[Block]:
    name = charting.fit(panel.tally.metric.title)
    if not panel.answer.comparisons:
        why = panel.tally.refused or f"Fewer than two arms have values of {name}."
        return [Note("info", f"Nothing to compare on {name}", (Text((why,)),))]
    withheld = any(item.result.verdict == "not_comparable" for item in panel.answer.comparisons)
    table = lifts.values_table(panel, data.groups, number)
    if withheld:
        return [Text((f"The verdict on {name} is withheld; the arms' values are:",)), table]
    found = findings_of(panel.answer, panel.answer.comparisons)
    blocks: list[Block] = list(_verdicts(panel))
    # of several arms the table says what each needs
    several = ("INCONCLUSIVE", "LOW_POWER") if len(panel.answer.comparisons) > 1 else ()
    small = [f.words for f in found if f.name in SMALL and f.name not in several]
    if several and any(f.name == "LOW_POWER" for f in found):
        small.append(_power_words(data, panel))
    if small:
        blocks.append(Text((" ".join(dict.fromkeys(small)),), "small"))
    blocks += _cautions(found)
    if (chart := _chart(panel, options)) is not None:
        blocks.append(chart)
    blocks += [table, lifts.workings(panel, data.tuning, data.looks)]
    return blocks


def _verdicts(panel: Panel) -> list[Block]:
    said = [
        lifts.told(item, reading)
        for item, reading in zip(panel.answer.comparisons, panel.readings, strict=True)
    ]
    seen = {item.result.verdict for item in panel.answer.comparisons}
    blocks: list[Block] = [Text(said[0], "lead")]
    if len(said) > 1:
        blocks = [Bullets(tuple(said[:SAID]))]
    if rest := said[SAID:]:
        title = f"{formats.count(len(rest), 'more comparison')} in words"
        blocks.append(Fold(title, (Bullets(tuple(rest)),)))
    if "inconclusive" in seen:
        why = "Open does not mean equal: there may be a difference these data cannot show."
        blocks.append(Text((why,), "small"))
    return blocks


def _power_words(data: AbTestData, panel: Panel) -> str:
    """What so few users can show, of several arms in one sentence."""
    results = [item.result for item in panel.answer.comparisons if item.result.detectable]
    found = sorted(result.detectable or 0.0 for result in results)
    ends = [words.short(size, 2) for size in (found[0], found[-1])]
    size = ends[0] if ends[0] == ends[1] else " to ".join(ends)
    unit = unit_of_difference(panel.tally.metric)
    return (
        f"With so few {words.several(data.user)} these comparisons can only detect differences of "
        f"at least about {words.with_unit(size, unit)} (80 % power at alpha "
        f"{words.short(results[0].alpha)}{words.over(results[0].family)})."
    )


def _cautions(found: Sequence[Finding]) -> list[Block]:
    told = [(f.words, f.code) for f in found if f.name not in (*SMALL, *ONCE)]
    return [caution_note(told, CAUTIONS)] if told else []


def _chart(panel: Panel, options: Options) -> Figure | None:
    """Differences with the intervals that decide."""
    answer = panel.answer
    # tips end with the interval that decides, and with its p
    plain_results = [
        replace(item, result=replace(item.result, look=1, anytime=None))
        for item in answer.comparisons
    ]
    chart = forest(answer, plain_results, options.limit)
    if chart is None or all(item.result.look <= 1 for item in answer.comparisons):
        return chart
    return replace(chart, note=(*chart.note, " They are anytime-valid."))


def record(data: AbTestData) -> dict[str, Any]:
    """Arms, plan and every comparison, as data."""
    return {
        "unit": data.user,
        "look": data.look,
        "tuning": data.tuning,
        "arms": [
            {"arm": group.label, "users": n}
            for group, n in zip(data.groups, data.users, strict=False)
        ],
        "planned": list(data.planned),
        "sample_ratio": data.ratio,
        "mismatch": None if data.ratio is None else data.ratio.is_mismatch,
        "metrics": [_stated(panel) for panel in data.panels],
    }


def _stated(panel: Panel) -> dict[str, Any]:
    return {
        **statements.heading(panel.answer),
        "measure": panel.tally.measure,
        "comparisons": [
            {
                **statements.verdict(item, lifts.told(item, reading)),
                # a withheld verdict is withheld from programs as well
                "reading": None if item.result.verdict == "not_comparable" else reading,
            }
            for item, reading in zip(panel.answer.comparisons, panel.readings, strict=True)
        ],
    }


SECTION = Section(
    name="ab_test",
    options=Options,
    compute=compute,
    present=present,
    title="Experiment",
    record=record,
)
