"""A build that has nothing to do: seen before anything but this is imported."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

NOTHING_CHANGED = 5
"""Exit code, with `--if-changed` only."""

_VALUES = {"-o": "output", "--output": "output", "--set": "set", "--profile": "profile"}
_FLAGS = {
    "--strict": "strict",
    "--force": "force",
    "-q": "quiet",
    "--quiet": "quiet",
    "--if-changed": "if_changed",
}


def unchanged(words: Sequence[str]) -> int | None:
    """The exit code, where the site is what a build would make; None where only building tells.

    Args:
        words: of the command line, after `build`; what is not understood is left to the command.
    """
    given = _given(words)
    if given is None:
        return None
    values, flags = given
    from runreport.cache import receipts

    try:
        order = receipts.Order(
            (values["spec"] or ["runreport.yaml"])[0],
            values["output"][-1] if values["output"] else None,
            values["set"],
            values["profile"][-1] if values["profile"] else None,
            "strict" in flags,
        )
        receipt = receipts.find(order, os.environ)
        if receipt is None or not receipt.holds():
            return None
    except (OSError, ValueError, LookupError, TypeError):
        return None
    if "quiet" not in flags:
        sys.stdout.write(words_of(receipt.shown, receipt.told))
    return NOTHING_CHANGED if "if_changed" in flags else 0


def words_of(output: str, told: str) -> str:
    """The line that says so."""
    return f"{os.path.join(output, 'index.html')}: nothing changed: {told}\n"


def _given(words: Sequence[str]) -> tuple[dict[str, list[str]], set[str]] | None:
    values: dict[str, list[str]] = {"spec": [], "output": [], "set": [], "profile": []}
    flags: set[str] = set()
    rest = iter(words)
    for word in rest:
        name, equals, value = word.partition("=")
        if word in _FLAGS:
            flags.add(_FLAGS[word])
        elif word in _VALUES:
            following = next(rest, None)
            if following is None:
                return None
            values[_VALUES[word]].append(following)
        elif equals and name in _VALUES and name.startswith("--"):
            values[_VALUES[name]].append(value)
        elif word.startswith("-") or values["spec"]:
            return None
        else:
            values["spec"].append(word)
    return values, flags
