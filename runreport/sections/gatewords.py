"""What became of gates, in words."""

from __future__ import annotations

from collections.abc import Sequence

from runreport import formats
from runreport.kinds import Judged
from runreport.sections import charting

NAMED = 4
"""Gates that a sentence names."""

OUTCOMES = {"passed": "passed", "waived": "waived", "warning": "warned", "failed": "failed"}


def tally(gates: Sequence[Judged]) -> str:
    """`4 gates: 2 passed, 1 waived, 1 failed`."""
    if not gates:
        return "no gates are declared"
    counts = {said: sum(gate.word == word for gate in gates) for word, said in OUTCOMES.items()}
    parts = [f"{count} {said}" for said, count in counts.items() if count]
    return f"{formats.count(len(gates), 'gate')}: {', '.join(parts)}"


def promotion(gates: Sequence[Judged]) -> str:
    """Whether a promotion may happen, as a sentence with the gates that say so."""
    stopping = [gate.title for gate in gates if gate.stops]
    if stopping:
        names = "; ".join(charting.fit(title, 90) for title in stopping[:NAMED])
        more = f"; and {len(stopping) - NAMED} more" if len(stopping) > NAMED else ""
        return f"Not to be promoted ({tally(gates)}). Failed: {names}{more}."
    return f"No gate stops a promotion ({tally(gates)})."


def waiver_words(gate: Judged) -> str:
    """What a waiver does: covers a failure, has expired, or is not needed; empty without one."""
    waiver = gate.waiver
    if waiver is None:
        return ""
    until = waiver.until.isoformat()
    who = f"{charting.fit(waiver.owner)}: {waiver.reason.strip().rstrip('.')}"
    if gate.expired and not gate.dated:
        when = "neither a run nor SOURCE_DATE_EPOCH says when this is"
        return f"The waiver until {until} does not count, as {when} ({who})."
    if gate.expired:
        needed = "is no longer needed" if gate.passed else "no longer holds"
        return f"The waiver expired after {until} and {needed} ({who})."
    if gate.waived:
        return f"Waived until {until} by {who}."
    return f"The waiver until {until} is not needed ({who})."
