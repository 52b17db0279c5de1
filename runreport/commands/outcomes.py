"""What became of gates: a table for people, JSON and JUnit XML for programs."""

from __future__ import annotations

import json
import re
import shutil
import textwrap
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from runreport.commands.messages import columns, printable
from runreport.errors import Problem, PublishError
from runreport.sections import gatewords

if TYPE_CHECKING:
    from runreport.kinds import Judged
    from runreport.pipeline import GateResult

SCHEMA = "runreport-gates/1"

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


# ---- for people ----------------------------------------------------------------------------------


def table(gates: Sequence[Judged], width: int | None = None) -> str:
    """Gate by gate: what became of it, what was found, and its waiver.

    Args:
        gates: in order.
        width: columns of the terminal; its own when not given.
    """
    width = width or min(100, shutil.get_terminal_size((100, 20)).columns)
    lines: list[str] = []
    for gate in gates:
        lines += _wrapped(f"{gate.word.upper():8} {printable(gate.title)}", width, 9)
        for ruling in gate.rulings:
            mark = "+" if ruling.passed else "-"
            subject = f"{ruling.subject}: " if ruling.subject else ""
            lines += _wrapped(f"         {mark} {printable(subject + ruling.words)}", width, 11)
        if said := gatewords.waiver_words(gate):
            lines += _wrapped(f"         {printable(said)}", width, 9)
    return "\n".join(lines)


def _wrapped(text: str, width: int, indent: int) -> list[str]:
    if columns(text) <= width:
        return [text]
    return textwrap.wrap(
        text, max(40, width), subsequent_indent=" " * indent, break_on_hyphens=False
    )


# ---- for programs --------------------------------------------------------------------------------


def as_json(result: GateResult) -> bytes:
    """The gates as `runreport.json` has them, with the verdict on all of them."""
    from runreport import gates
    from runreport.render.stated import gate_facts

    content = {
        "schema": SCHEMA,
        "title": result.title,
        "time": result.time.isoformat(),
        "passed": not gates.stops(result.gates),
        "summary": gatewords.tally(result.gates),
        "gates": [gate_facts(gate) for gate in result.gates],
    }
    return (json.dumps(content, indent=1, ensure_ascii=True, allow_nan=False) + "\n").encode()


def as_junit(result: GateResult) -> bytes:
    """JUnit XML: a test case per gate.

    A critical gate that fails is a `failure`; a waived one, or one that only warns, is `skipped`
    with the reason, since nothing of it stops a promotion.
    """
    gates = result.gates
    failures = sum(gate.stops for gate in gates)
    skipped = sum(not gate.passed and not gate.stops for gate in gates)
    counts = {
        "name": _xml(result.title),
        "tests": str(len(gates)),
        "failures": str(failures),
        "errors": "0",
        "skipped": str(skipped),
        "time": "0",
    }
    root = ET.Element("testsuites", counts)
    suite = ET.SubElement(root, "testsuite", {**counts, "timestamp": _second(result)})
    for number, title in enumerate(_unique([gate.title for gate in gates])):
        gate = gates[number]
        facts = {"classname": f"gates.{gate.about}", "name": _xml(title), "time": "0"}
        case = ET.SubElement(suite, "testcase", facts)
        found = "\n".join(_found(gate))
        if gate.stops:
            first = next((r.words for r in gate.rulings if not r.passed), gate.title)
            failure = ET.SubElement(case, "failure", {"message": _xml(first), "type": "gate"})
            failure.text = _xml(found)
            continue
        if not gate.passed:
            message = (
                gatewords.waiver_words(gate) if gate.waived else "a warning: it stops no promotion"
            )
            ET.SubElement(case, "skipped", {"message": _xml(message)})
        out = ET.SubElement(case, "system-out")
        out.text = _xml(found)
    ET.indent(root, " ")
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _found(gate: Judged) -> Iterator[str]:
    for ruling in gate.rulings:
        subject = f"{ruling.subject}: " if ruling.subject else ""
        yield f"{'passed' if ruling.passed else 'failed'}: {subject}{ruling.words}"
    if said := gatewords.waiver_words(gate):
        yield said


def _second(result: GateResult) -> str:
    """As the format wants it: to the second, without an offset; it is UTC."""
    return result.time.strftime("%Y-%m-%dT%H:%M:%S")


def _unique(titles: Sequence[str]) -> list[str]:
    """Programs tell cases apart by their names."""
    return [
        title if titles.count(title) == 1 else f"{title} #{titles[: place + 1].count(title)}"
        for place, title in enumerate(titles)
    ]


def _xml(text: str) -> str:
    """Without the characters that no XML may hold."""
    return _NOT_XML.sub("\ufffd", text)


def write(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all.

    Raises:
        PublishError: RR604 when it cannot be written.
    """
    beside = path.with_name(f".{path.name}.part")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no path"
        raise PublishError(Problem("RR604", f"{path} cannot be written: {why}")) from None
