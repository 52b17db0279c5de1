"""What the author may write at the top of a spec and under `groups`, `metrics` and `pages`.

Where a key's form differs from what the model keeps of it: the loader turns one into the other,
and the JSON Schema is made from these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Literal

from runreport.design import Goal, Margin, Method, Statistic
from runreport.spec.expressions import Expression
from runreport.spec.limits import MARGIN, NotZero


@dataclass(frozen=True, slots=True)
class MetricKeys:
    """A metric that the report compares."""

    goal: Goal | None = None
    """Which direction is better; without it nothing is called better."""
    unit: str = ""
    """Shown behind numbers."""
    scale: Annotated[float, NotZero()] = 1.0
    """Displayed = logged x scale: 100 shows a fraction as a percentage."""
    value: Expression | None = None
    """How a history becomes one number: last (default), first, min, max, mean, or an expression
    such as `at(min(val_loss)).val_accuracy`."""
    margin: Annotated[Margin, MARGIN] | None = None
    """The smallest difference that matters: in displayed units, or `5%` of the baseline's value."""
    primary: bool = False
    """Primary metrics form the family that decides; the others are exploratory."""
    role: Literal["objective", "operational"] = "objective"
    """Operational metrics (time, memory, cost) are compared but never called the goal."""
    label: str = ""
    """Shown name; the key when empty."""
    method: Method | None = None
    """A test instead of the one that follows from the design; said on the page."""
    statistic: Statistic = "mean"
    """What is made of the values of all `items`: their mean, the area under the ROC curve, F1."""
    truth: Expression | None = None
    """What each item is: 1 for the positive kind, 0 for the other; `auc` and `f1` need it."""
    context: str = ""
    """Of a family such as `val/f1/*`: what the part under the `*` is, e.g. `class`."""


@dataclass(frozen=True, slots=True)
class GroupKeys:
    """What makes a group, and what pairs runs across groups."""

    replicates: Expression | None = None
    """What makes runs of one group differ: seed, fold, repeat; the unit of replication."""
    pair_by: Expression | None = None
    """Identity of pairs across groups; never row order."""
    baseline: Annotated[Expression, "condition"] | None = None
    """True for every run of exactly one group: the one that others are compared with."""
    across: Expression | None = None
    """The data set or task of a run, where groups are compared across several."""
    items: Expression | None = None
    """Identity of a test item, where a run is one item's result: groups are then compared on the
    same items."""
    cluster: Expression | None = None
    """What several items share: a document, a patient, a passage."""
    repeat: Expression | None = None
    """Which repetition of a cross-validation a fold belongs to."""


TOP: Mapping[str, str] = MappingProxyType(
    {
        "report": "Title, authors and description of the report.",
        "vars": "Values that `${name}` stands for everywhere else.",
        "extends": "Another spec file that this one builds on; lists replace, mappings merge.",
        "profiles": "Named sets of changes; `--profile NAME` merges one over the spec.",
        "sources": "Where runs are read from: a source's name with its location, then its options.",
        "runs": "Which runs are compared, in what order.",
        "groups": "What makes a group, and what pairs runs across groups.",
        "metrics": "The metrics that are compared: name, then how they are read and shown.",
        "comparison": "The rules of inference.",
        "pages": "The pages of the site; a sensible set when left out.",
        "gates": "Pass or fail rules for a promotion.",
        "decision": "What was decided from the report.",
        "theme": "A theme's name, or the folder of one beside the spec.",
        "output": "Folder of the site, beside the spec.",
        "allow_secrets": "Params and tags that look like secrets and are published all the same.",
    }
)
"""The keys of a spec and what each holds."""

HOMES: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("title", "authors", "description"), "`report`"),
        **dict.fromkeys(("where", "since", "sort", "limit"), "`runs`"),
        **dict.fromkeys(("by", "replicates", "pair_by", "baseline"), "`groups`"),
        **dict.fromkeys(("across", "items", "cluster", "repeat"), "`groups`"),
        **dict.fromkeys(("alpha", "level", "correction", "method"), "`comparison`"),
        **dict.fromkeys(("test_fraction", "look", "budget"), "`comparison`"),
        **dict.fromkeys(("sections", "foreach"), "an entry of `pages`"),
    }
)
"""Keys that are easily written at the top, and where they belong."""
