"""What names an expression may use, and what it is evaluated against."""

from __future__ import annotations

import difflib
import json
import keyword
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from runreport.design import Design
from runreport.history import History
from runreport.spec.points import Reductions
from runreport.tables import Run

ATTRIBUTES = (
    "id",
    "name",
    "status",
    "experiment",
    "user",
    "started",
    "ended",
    "duration",
    "source",
    "parent",
)
"""Facts that every run has, whatever it logged."""

_RELATIVE = re.compile(r"\s*(\d{1,9}(?:\.\d{1,9})?)\s*([smhdw])\s*")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_LONGEST = timedelta(days=36500)
ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)
"""Asks whether a text is a moment at all."""


@dataclass(frozen=True, slots=True)
class Names:
    """What exists in the stores and in the design."""

    attributes: frozenset[str] = frozenset(ATTRIBUTES)
    params: frozenset[str] = frozenset()
    metrics: frozenset[str] = frozenset()
    """As logged."""
    tags: frozenset[str] = frozenset()
    declared: frozenset[str] = frozenset()
    """Keys of `metrics:` in the spec."""
    runs: int = 0
    """How many runs these names come from."""

    @staticmethod
    def of(runs: Sequence[Run], design: Design) -> Names:
        """The names of these runs and this design."""
        return Names(
            params=frozenset(name for run in runs for name in run.params),
            metrics=frozenset(name for run in runs for name in run.metrics),
            tags=frozenset(name for run in runs for name in run.tags),
            declared=frozenset(metric.name for metric in design.metrics),
            runs=len(runs),
        )

    @property
    def logged(self) -> Names:
        """Without what only the spec declares: the names a metric's own reducer may use."""
        return replace(self, declared=frozenset())

    @property
    def known_metrics(self) -> frozenset[str]:
        """Logged or declared."""
        return self.metrics | self.declared


def _no_baseline(_metric: str) -> float | None:
    return None


@dataclass(frozen=True)
class Scope:
    """Everything an expression is evaluated against, but the run."""

    names: Names
    design: Design = field(default_factory=Design)
    history: History | None = None
    now: datetime = datetime(1980, 1, 1, tzinfo=UTC)
    """What `since` counts back from."""
    baseline_values: Callable[[str], float | None] = _no_baseline
    """The baseline's mean of a metric in displayed units, for `baseline(m)`."""
    reductions: Reductions = field(default_factory=Reductions, compare=False, repr=False)
    """What was read from the history already; a changed copy of the scope keeps it."""


def qualified(family: str, name: str, *, quoted: bool = False) -> str:
    """How an expression names exactly this: `params.lr`, `metrics["val/f1"]`."""
    plain = all(
        part.isascii() and part.isidentifier() and not keyword.iskeyword(part)
        for part in name.split(".")
    )
    if plain and not quoted:
        return f"{family}.{name}"
    return f"{family}[{json.dumps(name, ensure_ascii=False)}]"


def nearest(name: str, known: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """The known name that was probably meant."""
    by_lower = {item.lower(): item for item in sorted(known, reverse=True)}
    found = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=cutoff)
    return by_lower[found[0]] if found else None


def suggestion(name: str, known: Iterable[str], *, many: int = 12) -> str:
    """The hint for an unknown name: the nearest one, else what there is."""
    names = sorted(known)
    if (near := nearest(name, names)) is not None:
        return f"did you mean '{near}'?"
    if not names:
        return "there are none"
    shown = ", ".join(names[:many])
    rest = f", and {len(names) - many} more" if len(names) > many else ""
    return f"there {'is' if len(names) == 1 else 'are'} {shown}{rest}"


def since_time(text: str, now: datetime) -> datetime | None:
    """The moment that `30d`, `12h` or a date stands for; None when the text is neither."""
    try:
        if match := _RELATIVE.fullmatch(text):
            back = timedelta(seconds=float(match[1])) * _SECONDS[match[2]]
            return now - back if back <= _LONGEST else None
        day = datetime.fromisoformat(text.strip())
        return day.astimezone(UTC) if day.tzinfo else day.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
