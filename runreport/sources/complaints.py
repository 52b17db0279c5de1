"""Problems met while reading files: named by file and line, and bounded in number."""

from __future__ import annotations

from runreport.errors import Problem, Severity

SHOWN = 3
"""Of one kind in one file; the rest is counted."""


class Complaints:
    """Collects problems in the order they were met."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, str], list[Problem]] = {}
        self._counts: dict[tuple[str, str, str], int] = {}

    def add(
        self,
        code: str,
        file: str,
        message: str,
        *,
        line: int | str | None = None,
        hint: str | None = None,
        severity: Severity = "warning",
        kind: str = "",
    ) -> None:
        """Add one problem.

        Args:
            code: RRnnn.
            file: name of the file, relative to the location; empty: the whole source.
            message: lower case, what was found.
            line: where in the file: a line, or words such as `item 3`.
            hint: the remedy.
            severity: notes say what was decided; warnings what is missing.
            kind: tells problems of one code apart when they are counted.
        """
        key = (code, file, kind)
        self._counts[key] = self._counts.get(key, 0) + 1
        shown = self._found.setdefault(key, [])
        if len(shown) < SHOWN:
            place = file
            if line is not None:
                place = f"{file}:{line}" if isinstance(line, int) else f"{file}, {line}"
            shown.append(Problem(code, message, None, hint, severity, place or None))

    def problems(self) -> tuple[Problem, ...]:
        """Everything met; where there was too much of one kind, the last one says how much."""
        found: list[Problem] = []
        for key, shown in self._found.items():
            found += shown
            if rest := self._counts[key] - len(shown):
                last = shown[-1]
                message = f"{rest:,} more like this one in {key[1] or 'these files'}"
                found.append(Problem(last.code, message, None, last.hint, last.severity, key[1]))
        return tuple(found)
