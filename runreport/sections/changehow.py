"""How changes were found and judged: what was left out, what counts as equal, the tests and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from runreport import formats
from runreport.blocks import Bullets, Code, Fold, Words
from runreport.sections import charting, identities
from runreport.sections.configurations import Settings
from runreport.sections.judging import Judged
from runreport.sections.levers import Seen
from runreport.stats import words


def workings(settings: Settings, seen: Seen, judged: Sequence[Judged]) -> Fold:
    """Everything a reader needs to do it again."""
    items = (
        *left_out(settings),
        *_equal(settings, seen),
        *_tests(judged),
    )
    return Fold("How this was computed", (Bullets(items),))


def left_out(settings: Settings) -> Iterator[Words]:
    """Params that tell no configurations apart, by reason, and how to say otherwise."""
    for said in identities.words(settings.left_out):
        yield (f"{said} ", Code("ignore"), " and ", Code("keep"), " choose.")


def _equal(settings: Settings, seen: Seen) -> Iterator[Words]:
    if settings.constant:
        same = formats.count(settings.constant, "param")
        has, takes = ("has", "takes") if settings.constant == 1 else ("have", "take")
        yield (f"{same} {has} one value in all runs and {takes} no part.",)
    yield (
        "Values are compared as values: 1e-3 is 0.001, and numbers with a fraction are equal when "
        "they agree to seven digits. What is not set counts as a value of its own.",
    )
    if seen.unseen:
        more = formats.count(seen.unseen, "further pair")
        yield (f"{more} of the same params are not looked at; neighbouring values are.",)


def _tests(judged: Sequence[Judged]) -> Iterator[Words]:
    results = [item.result for item in judged if item.result.p_value is not None]
    if not results:
        return
    first = results[0]
    covered = formats.count(first.family, "comparison")
    by = "nothing is corrected, as the spec asks"
    if first.correction != "none":
        by = f"corrected after {words.corrected(first.correction)}"
    yield (
        f"Alpha is {words.short(first.alpha)} for the whole family: the {covered} that can be "
        f"tested, of changes over contexts and of single pairs, {by}. A pair that stands in two "
        "tables counts once.",
    )
    why: dict[str, list[str]] = {}
    for result in results:
        why.setdefault(result.test, []).append(result.why)
    for test, reasons in why.items():
        rest = len(set(reasons)) - 1
        more = f" And so for {formats.count(rest, 'other number')} of them." if rest else ""
        yield (f"{charting.capital(test)}: {reasons[0]}{more}",)
    for text in dict.fromkeys(told for result in results for told in result.assumptions):
        yield (f"Assumed: {text}.",)
    for text in dict.fromkeys(result.source for result in results if result.source):
        yield (f"Source: {text}.",)
