"""`${name}` and `${env:NAME:-default}` become values when the spec is loaded.

`${run.*}`, `${group.*}` and `${verdict.*}` stay where a page is written from the text: page titles,
section titles and text sections. There `$$` stays too, since the page's writer turns it into `$`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from runreport.cleaning import clean_text
from runreport.errors import Problem, Span
from runreport.spec.marked import MAX_DEPTH, MAX_NODES, Marked
from runreport.spec.names import nearest, suggestion
from runreport.spec.trees import rebuilt

RUN_FIELDS = ("id", "name", "experiment", "status", "user", "source")
"""What `${run.*}` can be besides `params.*` and `tags.*`."""

SUBJECTS = ("run", "group", "verdict")
MAX_TEXT = 1_000_000
"""Characters all texts may have once their variables are filled in."""
LONGEST_CHAIN = 20
"""Variables that stand in each other's values."""

_PLACE = re.compile(r"\$\$|\$\{([^{}]*)\}|\$\{")
_NAME = re.compile(r"[^\W\d][\w-]*")
_ENVIRONMENT = re.compile(r"env:\s*([A-Za-z_][A-Za-z0-9_]*)\s*(?::-(.*))?", re.S)


class Resolver:
    """Fills texts in, and gathers what cannot be."""

    def __init__(self, variables: Mapping[str, Marked], environ: Mapping[str, str]) -> None:
        self._variables = variables
        self._environ = environ
        self._filled: dict[str, Marked | None] = {}
        """None when the variable cannot be filled in."""
        self._open: list[str] = []
        self._nodes = 0
        self._characters = 0
        self.problems: list[Problem] = []
        self.broken: set[Span] = set()
        """Places of values that could not be filled in: nothing more is to be said of them."""

    def spec(self, tree: Marked) -> Marked:
        """The whole spec, without its variables."""
        for name in self._variables:
            self._variable(name, self._variables[name].span)
        entries = dict(tree.mapping or {})
        for key in ("vars", "profiles", "extends"):
            entries.pop(key, None)
        for key, node in entries.items():
            if key == "pages" and node.sequence is not None:
                pages = tuple(self._page(page) for page in node.sequence)
                entries[key] = rebuilt(node, pages)
            elif key == "decision" and node.mapping is not None:
                entries[key] = rebuilt(node, {k: self._cited(v) for k, v in node.mapping.items()})
            else:
                entries[key] = self.plain(node)
        return rebuilt(tree, entries)

    # ---- where which texts stand ------------------------------------------------------------

    def _page(self, page: Marked) -> Marked:
        if page.mapping is None:
            return self.plain(page)
        entries = dict(page.mapping)
        foreach = self.plain(entries["foreach"]).value if "foreach" in entries else None
        subjects: frozenset[str] = {
            "run": frozenset(SUBJECTS),
            "group": frozenset(("group", "verdict")),
        }.get(foreach if isinstance(foreach, str) else "", frozenset(("verdict",)))
        for key, node in entries.items():
            if key == "title":
                entries[key] = self.written(node, subjects)
            elif key == "sections" and node.sequence is not None:
                sections = tuple(self._section(section, subjects) for section in node.sequence)
                entries[key] = rebuilt(node, sections)
            else:
                entries[key] = self.plain(node)
        return rebuilt(page, entries)

    def _section(self, section: Marked, subjects: frozenset[str]) -> Marked:
        if section.mapping is None:
            return self.plain(section)
        entries = dict(section.mapping)
        for key, node in entries.items():
            if key in ("title", "text") and node.mapping is None:
                entries[key] = self.written(node, subjects)
            elif node.mapping is not None:
                words = ("title", "text") if key == "text" else ("title",)
                options = {
                    name: self.written(option, subjects) if name in words else self.plain(option)
                    for name, option in node.mapping.items()
                }
                entries[key] = rebuilt(node, options)
            else:
                entries[key] = self.plain(node)
        return rebuilt(section, entries)

    def _cited(self, node: Marked) -> Marked:
        """Texts of a decision, which may cite verdicts."""
        if node.sequence is not None:
            return rebuilt(node, tuple(self._cited(item) for item in node.sequence))
        return self.written(node, frozenset(("verdict",)))

    # ---- texts --------------------------------------------------------------------------------

    def plain(self, node: Marked) -> Marked:
        """The node with every text in it filled in."""
        if node.mapping is not None:
            return rebuilt(node, {key: self.plain(item) for key, item in node.mapping.items()})
        if node.sequence is not None:
            return rebuilt(node, tuple(self.plain(item) for item in node.sequence))
        return self._text(node, None)

    def written(self, node: Marked, subjects: frozenset[str]) -> Marked:
        """A text of a page: what the page is about stays to be filled in when it is written."""
        if not isinstance(node.value, str):
            return self.plain(node)
        return self._text(node, subjects)

    def _text(self, node: Marked, subjects: frozenset[str] | None) -> Marked:
        text = node.value
        if not isinstance(text, str) or "$" not in text:
            return node
        whole = _PLACE.fullmatch(text)
        if whole is not None and whole[1] is not None and subjects is None:
            return self._whole(node, whole[1])
        parts: list[str] = []
        before, done, loose = len(self.problems), 0, node.loose
        for match in _PLACE.finditer(text):
            parts.append(text[done : match.start()])
            done = match.end()
            span = node.within(match.start(), len(match[0]))
            if match[0] == "$$":
                parts.append("$" if subjects is None else "$$")
            elif match[1] is None:
                self._say("RR114", "`${` is never closed", span, "write `$${` for the characters")
            else:
                parts.append(self._part(match[1], match[0], span, subjects))
                loose = loose or self._is_loose(match[1].strip())
        parts.append(text[done:])
        joined = "".join(parts)
        if any(problem.severity == "error" for problem in self.problems[before:]):
            self.broken.add(node.span)
        self._characters += len(joined)
        if self._characters > MAX_TEXT:
            self._too_much(node.span)
            return node
        return node if joined == text else replace(node, value=joined, raw=None, loose=loose)

    def _is_loose(self, inner: str) -> bool:
        """Whether what stands for `${...}` comes from the environment."""
        variable = self._filled.get(inner)
        return inner.startswith("env:") or (variable is not None and variable.loose)

    def _whole(self, node: Marked, inside: str) -> Marked:
        """A text that is nothing but one `${...}` takes the variable's value as it is."""
        before = len(self.problems)
        filled = self._value(node, inside)
        if filled is None or len(self.problems) > before:
            self.broken.add(node.span)
        return node if filled is None else filled

    def _value(self, node: Marked, inside: str) -> Marked | None:
        if _ENVIRONMENT.fullmatch(inside.strip()):
            text = self._environment(inside.strip(), node.within(0, len(inside) + 3))
            return replace(node, value=text, raw=None, loose=True)
        if self._subject(inside) is None:
            variable = self._variable(inside.strip(), node.within(0, len(inside) + 3))
            if variable is None:
                return None
            self._nodes += variable.size
            if self._nodes > MAX_NODES or variable.height > MAX_DEPTH:
                self._too_much(node.span)
                return None
            if variable.mapping is None and variable.sequence is None:
                return replace(variable, span=node.span, raw=_written(variable))
            return variable
        self._part(inside, f"${{{inside}}}", node.within(0, len(inside) + 3), None)
        return None

    def _part(self, inside: str, shown: str, span: Span, subjects: frozenset[str] | None) -> str:
        """What stands for one `${...}` inside a text."""
        inner = inside.strip()
        subject = self._subject(inner)
        if subject is not None:
            self._check_subject(subject, inner, span, subjects)
            return shown
        if _ENVIRONMENT.fullmatch(inner):
            text = self._environment(inner, span)
        else:
            variable = self._variable(inner, span)
            if variable is None:
                return ""
            if variable.mapping is not None or variable.sequence is not None:
                message = f"`{shown}` is a list or mapping and cannot stand inside a text"
                self._say("RR114", message, span, "let the value be nothing but the variable")
                return ""
            text = _written(variable)
        # a page's writer would read a `$` of the value as the beginning of a placeholder
        return text if subjects is None else text.replace("$", "$$")

    @staticmethod
    def _subject(inner: str) -> str | None:
        head, dot, _ = inner.strip().partition(".")
        return head if dot and head in SUBJECTS else None

    def _check_subject(
        self, subject: str, inner: str, span: Span, subjects: frozenset[str] | None
    ) -> None:
        if subjects is None:
            message = f"`${{{inner}}}` is filled in only in titles and text sections"
            hint = "in filters and columns write the plain name, as in params.optimizer"
            self._say("RR115", message, span, hint)
            return
        if subject not in subjects:
            message = f"`${{{inner}}}` on a page that is not written once per {subject}"
            self._say("RR115", message, span, f"add `foreach: {subject}` to the page")
            return
        rest = inner.partition(".")[2]
        family, dot, name = rest.partition(".")
        if subject == "run" and not (family in ("params", "tags") and dot and name):
            if rest not in RUN_FIELDS:
                known = [*RUN_FIELDS, "params.NAME", "tags.NAME"]
                message = f"a run has no '{rest}' that could be filled in"
                self._say("RR114", message, span, suggestion(rest, known))
        elif not rest:
            self._say("RR114", f"`${{{inner}}}` names nothing", span, "as in ${group.label}")

    # ---- values -------------------------------------------------------------------------------

    def _environment(self, inner: str, span: Span) -> str:
        match = _ENVIRONMENT.fullmatch(inner)
        name, default = (match[1], match[2]) if match else ("", None)
        value = self._environ.get(name)
        if default is not None:
            return clean_text(value) if value else default
        if value is None:
            hint = f"set it, or write ${{env:{name}:-default}}"
            near = nearest(name, [key for key in self._environ if key[:3] == name[:3]])
            hint = f"did you mean '{near}'? " + hint if near else hint
            self._say("RR119", f"the environment has no variable '{name}'", span, hint)
            return ""
        return clean_text(value)

    def _variable(self, name: str, span: Span) -> Marked | None:
        if name in self._filled:
            return self._filled[name]
        if name in self._open:
            circle = " -> ".join([*self._open[self._open.index(name) :], name])
            self._say("RR117", f"variables stand in each other's values: {circle}", span)
            return None
        if name not in self._variables:
            self._unknown(name, span)
            return None
        if len(self._open) >= LONGEST_CHAIN:
            message = f"more than {LONGEST_CHAIN} variables stand in each other's values"
            self._say("RR117", message, span, "write some of them out")
            return None
        self._open.append(name)
        before = len(self.problems)
        filled: Marked | None = self.plain(self._variables[name])
        self._open.pop()
        if any(problem.code == "RR117" for problem in self.problems[before:]):
            filled = None
        self._filled[name] = filled
        return filled

    def _unknown(self, name: str, span: Span) -> None:
        if not _NAME.fullmatch(name):
            message = f"`${{{name[:60]}}}` is no variable"
            hint = "there are ${name} of `vars`, ${env:NAME:-default}, and $$ for a dollar"
            self._say("RR114", message, span, hint)
            return
        known = [*self._variables, *(f"{subject}." for subject in SUBJECTS)]
        near = nearest(name, known)
        hint = f"did you mean '{near}'?" if near else suggestion(name, self._variables)
        if not self._variables:
            hint = "the spec has no `vars`"
        self._say("RR114", f"unknown variable '{name[:60]}'", span, hint)

    def _too_much(self, span: Span) -> None:
        if not any("filled in they" in problem.message for problem in self.problems):
            message = f"variables grow too large: filled in they pass {MAX_NODES:,} values"
            self._say("RR117", f"{message} or {MAX_TEXT:,} characters", span)

    def _say(self, code: str, message: str, span: Span, hint: str | None = None) -> None:
        self.problems.append(Problem(code, message, span, hint))


def _written(node: Marked) -> str:
    """A single value as text."""
    if isinstance(node.value, str):
        return node.value
    if node.value is None:
        return ""
    if node.raw is not None:
        return node.raw
    return str(node.value).lower() if isinstance(node.value, bool) else str(node.value)
