"""Keys of a design that mean something each for itself, and nothing together."""

from __future__ import annotations

import re
from collections.abc import Iterator

from runreport.errors import Problem, Span
from runreport.spec.expressions import Expression
from runreport.spec.marked import Marked
from runreport.spec.meaning import Target, resolve
from runreport.spec.model import Comparison, Grouping, Spec
from runreport.spec.names import Names
from runreport.spec.nodes import Name
from runreport.spec.shape import Shaper, cut

CODE = "RR139"

_SPLITS = re.compile(r"fold|split|resampl|partition|shuffle", re.IGNORECASE)
"""In the name of a column: its values are parts of one data set."""


def check_design(
    groups: Marked | None,
    comparison: Marked | None,
    grouping: Grouping,
    rules: Comparison,
    shaper: Shaper,
) -> None:
    """Keep a problem for every key of `groups` and `comparison` that another leaves no meaning.

    What was written and could not be read counts as declared: that was said already.
    """
    if groups is not None and groups.value is not None and groups.mapping is None:
        return
    entries = {} if groups is None else groups.mapping or {}
    keys = {} if groups is None else groups.keys
    declared = {key: keys[key] for key, node in entries.items() if node.value is not None}
    for key, message, hint in (*_of_items(declared), *_of_repeats(declared, grouping)):
        shaper.say(CODE, message, declared[key], hint)
    for key in ("replicates", "pair_by") if "items" in declared else ():
        if key in declared:
            _beside_items(key, declared[key], grouping, shaper)
    if comparison is None or rules.test_fraction is None:
        return
    if (said := _of_fraction(declared, grouping)) is not None:
        shaper.say(CODE, said[0], comparison.keys["test_fraction"], said[1])


def _of_items(declared: dict[str, Span]) -> Iterator[tuple[str, str, str]]:
    """Key, message and hint."""
    if "items" not in declared:
        if "cluster" in declared:
            message = "`cluster` says which test items belong together, and no items are declared"
            yield "cluster", message, "as in groups: {items: item_id, cluster: document}"
        return
    if "across" in declared:
        message = "`across` counts data sets and `items` counts test items; a design has one unit"
        hint = "leave out `across` to compare models on items, `items` to compare on data sets"
        yield "across", message, hint


def _beside_items(key: str, span: Span, grouping: Grouping, shaper: Shaper) -> None:
    """`replicates` or `pair_by` where items are both: another column is ignored."""
    own = grouping.columns.get(key)
    if own is None or grouping.items is None:
        return
    if _same(own, grouping.items):
        message = f"`{key}` only repeats `items`, which are what is replicated and paired"
        shaper.say(CODE, message, span, "leave it out", "warning")
        return
    message = f"`{key}` has no meaning beside `items`, which are what is replicated and paired"
    hint = "leave it out; of items that occur once per seed: {repeat: seed, cluster: item_id}"
    shaper.say(CODE, message, span, hint)


def _of_repeats(declared: dict[str, Span], grouping: Grouping) -> Iterator[tuple[str, str, str]]:
    """Key, message and hint."""
    if "repeat" not in declared:
        return
    if "items" in declared:
        if "cluster" not in declared:
            message = (
                "`repeat` beside `items` counts an item once per repeat, as if it were several"
            )
            yield "repeat", message, "add `cluster`, with the column of `items`"
        return
    fold = "pair_by" if "pair_by" in declared else "replicates"
    if fold not in declared:
        message = "`repeat` says which repeat a fold belongs to, and no folds are declared"
        yield "repeat", message, "as in groups: {replicates: fold, pair_by: fold, repeat: repeat}"
        return
    column = grouping.columns.get(fold)
    if column is not None and grouping.repeat is not None and _same(column, grouping.repeat):
        message = f"`repeat` and `{fold}` are one column, so nothing tells the folds of a repeat"
        yield "repeat", f"{message} apart", f"name the fold in `{fold}`"


def _of_fraction(declared: dict[str, Span], grouping: Grouping) -> tuple[str, str] | None:
    """Message and hint of a share of test data where a run is no part of a resampling."""
    start = "`test_fraction` is of resampling splits"
    if "items" in declared:
        return f"{start}, and a run is one item's result", "leave it out"
    if "across" in declared:
        return f"{start}, and groups are compared across data sets", "leave it out"
    if "pair_by" in declared or "repeat" in declared:
        return None
    hint = "pair the groups by the split that they share, as in groups: {pair_by: split}"
    if "replicates" not in declared:
        return f"{start}, and no splits are declared", hint
    column = grouping.replicates
    if column is None or _SPLITS.search(column.text):
        return None
    return f"{start}, and `replicates` names no splits", hint


def _same(one: Expression, other: Expression) -> bool:
    """Whether two columns are the same as far as their text tells."""
    first, second = one.tree, other.tree
    if not (isinstance(first, Name) and isinstance(second, Name)):
        return one.text == other.text
    # what runs are told apart by is a param; where a bare name may be more, RR201 asks which
    return (first.name, first.family or "params") == (second.name, second.family or "params")


# ---- groups that are separated by what should vary inside them -----------------------------------


def separated(spec: Spec, names: Names) -> Iterator[Problem]:
    """Columns that separate groups and are declared as what differs inside of one."""
    grouping = spec.groups
    own: dict[Target | str, list[str]] = {}
    written: dict[Target | str, Expression] = {}
    for key, expression in grouping.columns.items():
        column = _column(expression, names)
        own.setdefault(column, []).append(f"`{key}`")
        written.setdefault(column, expression)
    by: list[tuple[Target | str, Expression, str]] = []
    if grouping.all_but is None:
        hint = "take it out of `by`"
        by = [(_column(expression, names), expression, hint) for expression in grouping.by]
    else:
        for column, expression in written.items():
            if not isinstance(column, Target) or column.name in grouping.all_but:
                continue
            if column.family == "params" and column.name in names.params:
                by.append((column, expression, "name it in `all_but(...)`"))
    for column, expression, hint in by:
        if column in own:
            message = (
                f"`by` separates groups by `{cut(expression.text)}`, the column of "
                f"{' and '.join(own[column])}: each group has one value of it"
            )
            yield Problem(CODE, message, expression.span, hint, "warning")


def _column(expression: Expression, names: Names) -> Target | str:
    """What a column is, however it is written."""
    tree = expression.tree
    target = resolve(tree, names) if isinstance(tree, Name) else None
    return expression.text if target is None else target
