"""`runreport explain`: what a code means, at length."""

from __future__ import annotations

import difflib
import textwrap
from itertools import takewhile

import click

from runreport.codes import CODES

WIDTH = 80


@click.command(name="explain")
@click.argument("code", required=False)
def command(code: str | None) -> int:
    """Explain an error CODE such as RR102; without one, list them all."""
    if code is None:
        for known, explanation in CODES.items():
            click.echo(f"{known}  {explanation.title}")
        return 0
    wanted = code.strip().upper()
    wanted = f"RR{wanted}" if wanted.isdigit() else wanted
    if wanted not in CODES:
        near = nearest(wanted)
        hint = f"did you mean {near}?" if near else "`runreport explain` lists them"
        raise click.UsageError(f"there is no code {ascii(code)[:40]}; {hint}")
    click.echo(f"{wanted}: {CODES[wanted].title}\n")
    for paragraph in CODES[wanted].text.split("\n\n"):
        click.echo(textwrap.fill(" ".join(paragraph.split()), WIDTH) + "\n")
    return 0


def nearest(wanted: str) -> str | None:
    """The code that was probably meant: alike, and alike from the left."""
    digits = "".join(char for char in wanted if char.isdigit())
    tried = wanted if wanted.startswith("RR") and len(wanted) == 5 else f"RR{digits}"

    def likeness(code: str) -> tuple[float, int]:
        ratio = difflib.SequenceMatcher(None, tried, code).ratio()
        alike = takewhile(lambda pair: pair[0] == pair[1], zip(tried, code, strict=False))
        return ratio, len(list(alike))

    best = max(CODES, key=likeness)
    return best if digits and likeness(best)[0] >= 0.6 else None
