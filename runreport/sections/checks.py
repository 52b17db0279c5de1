"""What decides whether groups can be compared, and what runs logged of it.

Facts come from lineage, and from params, tags and metrics whose names say what they are, since
plain files have no lineage.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Literal

from runreport.budget import bare, is_budget
from runreport.design import Design
from runreport.samples import Group
from runreport.tables import Lineage, Run, level

CheckName = Literal[
    "evaluation_data",
    "split",
    "metric_definition",
    "items",
    "training_data",
    "budget",
    "code",
    "uncommitted",
    "environment",
    "hardware",
]
Effect = Literal["withholds", "qualifies", "said"]
"""What a difference does to a verdict."""

EFFECTS: tuple[Effect, ...] = ("withholds", "qualifies", "said")
"""The gravest first."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that groups must have in common."""

    title: str
    effect: Effect
    remedy: str
    """How to make it known."""


CHECKS: Mapping[CheckName, Check] = MappingProxyType(
    {
        "evaluation_data": Check(
            "evaluation data",
            "withholds",
            "the digest of the data that metrics are computed on "
            '(`mlflow.log_input(data, context="evaluation")`, or a column `eval_data_hash`)',
        ),
        "split": Check("split", "withholds", "which part is evaluated on (`eval_split`)"),
        "metric_definition": Check(
            "metric definition", "withholds", "the version of the metric's code (`metric_version`)"
        ),
        "items": Check("evaluated items", "qualifies", "how many items were evaluated (`n_eval`)"),
        "training_data": Check(
            "training data",
            "said",
            'the digest of the training data (`mlflow.log_input(data, context="training")`, or '
            "`train_data_hash`)",
        ),
        "budget": Check("budget", "qualifies", "how long runs train (`epochs`, `max_steps`)"),
        "code": Check("code", "qualifies", "the commit (`git_commit`)"),
        "uncommitted": Check(
            "uncommitted changes", "qualifies", "whether the code was committed (`git_dirty`)"
        ),
        "environment": Check("environment", "said", "package versions (`requirements.txt`)"),
        "hardware": Check("hardware", "said", "the machine or accelerator (`gpu`)"),
    }
)
"""In reading order."""

Key = tuple[CheckName, str, str]
"""Check, what of it (`validation data`, `epochs`), and the data set or task; empty without any."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the runs of a group logged of one thing."""

    texts: tuple[str, ...]
    """Distinct ones, as logged."""
    levels: frozenset[float | str]
    """The same; 20 and 20.0 are one."""
    lacking: int
    """Runs without it."""


Known = Mapping[CheckName, Mapping[Key, Seen]]
"""By check, what a group logged of it; without the checks of which it logged nothing."""


def seen(group: Group, design: Design) -> Known:
    """Everything that a group's runs logged of the checks."""
    return _seen(group, frozenset(bare(column) for column in _identities(design) if column))


def is_asked(label: str, design: Design) -> bool:
    """Whether the author groups by it, so that its difference is the question."""
    return not design.all_but and label in {bare(column) for column in design.by}


def _identities(design: Design) -> tuple[str | None, ...]:
    return (
        design.replicates, design.pair_by, design.across, design.items, design.cluster,
        design.repeat,
    )  # fmt: skip


# sections ask for the same groups pair by pair
@lru_cache(maxsize=2048)
def _seen(group: Group, apart: frozenset[str]) -> Known:
    tasks: Sequence[str | None] = group.across_of or (None,) * len(group.runs)
    texts: dict[Key, dict[float | str, str]] = {}
    having: dict[Key, int] = {}
    of_task: dict[str, int] = {}
    for run, task in zip(group.runs, tasks, strict=True):
        place = task or ""
        of_task[place] = of_task.get(place, 0) + 1
        facts: dict[tuple[CheckName, str], set[str]] = {}
        for name, label, text in _facts(run, apart):
            facts.setdefault((name, label), set()).add(text)
        for (name, label), values in facts.items():
            text, key = ", ".join(sorted(values)), (name, label, place)
            having[key] = having.get(key, 0) + 1
            # versions and digests are no numbers: 1.1 and 1.10 are two
            same = level(text) if name in ("budget", "items") else text
            texts.setdefault(key, {}).setdefault(same, text)
    found: dict[CheckName, dict[Key, Seen]] = {}
    for key, known in texts.items():
        held = Seen(tuple(known.values()), frozenset(known), of_task[key[2]] - having[key])
        found.setdefault(key[0], {})[key] = held
    return found


def _facts(run: Run, apart: frozenset[str]) -> Iterator[tuple[CheckName, str, str]]:
    """Check, what of it, and its text."""
    found = [fact for entry in run.lineage for fact in _of_lineage(entry)]
    yield from found
    known = {name for name, _, _ in found}
    texts = {name: param.text for name, param in run.params.items()}
    for name, text in {**run.tags, **texts}.items():
        check = None if name in apart or name.startswith("mlflow.") else check_of(name)
        # lineage says it better
        if check is not None and text and (check not in known or check in ("split", "budget")):
            yield check, name, text
    for name, summary in run.metrics.items():
        if summary.last is not None and check_of(name) == "items":
            yield "items", name, f"{summary.last:.15g}"


def _of_lineage(fact: Lineage) -> Iterator[tuple[CheckName, str, str]]:
    match fact.kind:
        case "data" if fact.digest:
            purpose = (fact.version or "").strip().lower()
            check: CheckName = "training_data" if purpose in TRAINING else "evaluation_data"
            yield check, f"{purpose} data" if purpose else f"data set {fact.name}", fact.digest
        case "code":
            if fact.digest:
                yield "code", "commit", fact.digest
            if fact.dirty is not None:
                yield "uncommitted", "uncommitted changes", "yes" if fact.dirty else "no"
        case "environment":
            version = fact.version or fact.digest
            yield "environment", fact.name, version or "present"
        case "hardware":
            version = fact.version or fact.digest
            yield "hardware", fact.name if version else "hardware", version or fact.name


# ---- names ---------------------------------------------------------------------------------------

TRAINING = ("train", "training", "fit")
"""Purposes of data that a model learns from: a comparison may well be about them."""

_EVALUATION = "val|valid|validation|dev|test|testing|eval|evaluation|holdout"
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+")
_IDENTITY = frozenset(
    {"hash", "digest", "version", "checksum", "md5", "sha", "sha1", "sha256", "revision",
     "snapshot", "fingerprint", "etag"}
)  # fmt: skip
_DATA = frozenset({"data", "dataset", "datasets", "corpus", "benchmark"})

_WRITTEN: tuple[tuple[CheckName, str], ...] = (
    (
        "split",
        rf"((data|dataset|{_EVALUATION})_)*(split|split_(name|id|seed|hash|version)|subset)"
        rf"|({_EVALUATION})_(size|fraction|frac|ratio|share)",
    ),
    ("training_data", r"(train|training)_(split|subset|size|fraction|frac|ratio|share)"),
    (
        "metric_definition",
        r"(metrics?|eval|evaluation|evaluator|scorer|judge|harness)_(definition|def|version|"
        r"config|config_hash|hash|digest|protocol|impl|implementation|average|averaging|spec)"
        r"|judge_(model|prompt)|num_fewshot|n_shots?|few_shot",
    ),
    (
        "items",
        rf"(n|num)_({_EVALUATION})(_(samples|examples|items|instances|questions|rows|episodes))?"
        rf"|({_EVALUATION})_(n|num|samples|num_samples|examples|num_examples|items|instances|"
        "questions|rows|episodes|support)",
    ),
    (
        "code",
        r"(git|code|source|repo)_(commit|sha|sha1|hash|rev|revision|version|digest)"
        r"|(git_)?commit(_(hash|sha|id))?",
    ),
    ("uncommitted", r"(git_)?(is_)?dirty|uncommitted(_changes)?"),
    (
        "environment",
        r"(python|torch|pytorch|tensorflow|jax|cuda|cudnn|numpy|sklearn|scikit_learn|xgboost|"
        r"lightgbm|transformers|lightning|docker|container|conda|env|environment)"
        r"_(version|image|hash|digest)|docker_image|container_image",
    ),
    (
        "hardware",
        r"(gpu|accelerator|device|cpu)(_(name|type|model))?|hardware|instance_type"
        r"|(num|n)_gpus?|world_size",
    ),
)
_FORMS = tuple((check, re.compile(form)) for check, form in _WRITTEN)


@lru_cache(maxsize=4096)
def check_of(name: str) -> CheckName | None:
    """The check that a param, tag or metric of this name belongs to."""
    if len(name) > 100:
        return None
    words = [word.lower() for word in _CAMEL.split(name) if word]
    if is_budget(name):
        return "budget"
    if data := _data_check(words):
        return data
    last = [word.lower() for word in _CAMEL.split(re.split(r"[./]", name)[-1]) if word]
    for written in ("_".join(words), "_".join(last)):
        for check, form in _FORMS:
            if form.fullmatch(written):
                return check
    return None


def _data_check(words: Sequence[str]) -> CheckName | None:
    """`data_hash`, `eval_dataset.version`, `test_set_digest`, `dataset`, `test_set_name`."""
    purposes = {word for word in words if word in TRAINING or re.fullmatch(_EVALUATION, word)}
    about_data = bool(_DATA & set(words)) or ("set" in words and bool(purposes))
    rest = set(words) - _DATA - purposes - {"set"}
    named = bool({"dataset", "set", "benchmark"} & set(words)) and rest <= {"name", "id"}
    if not about_data or not (named or (rest and rest <= _IDENTITY)):
        return None
    return "training_data" if purposes and purposes <= set(TRAINING) else "evaluation_data"
