"""What a run descends from and what came of it: data, code, parents, seeds, models and aliases."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from runreport.design import Design
from runreport.tables import Lineage, Run

_SEED = re.compile(
    r"(?:.*[._/-])?(?:(?:random|rng|global|manual)[._-]?)?(?:seed|random_state)", re.I
)
_MADE_BY = re.compile(r"(mlflow|wandb|dvc)(-\d+)?")
"""Sources whose model facts without a digest or version may be of models that a run used."""


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A model that came of a run."""

    name: str
    version: str | None
    """In the registry, or the id of a logged model."""
    digest: str | None
    aliases: tuple[str, ...]
    """What names it at the registry now: `champion`, or a stage."""

    @property
    def label(self) -> str:
        """`digits 3`."""
        return f"{self.name} {self.version}" if self.version else self.name


def seeds(run: Run, design: Design) -> tuple[tuple[str, str], ...]:
    """The params that start a run's random numbers: the declared one, else by their names."""
    declared = (design.replicates or "").removeprefix("params.")
    if declared in run.params and "seed" in declared.lower():
        return ((declared, run.params[declared].text),)
    return tuple(
        (name, run.params[name].text) for name in sorted(run.params) if _SEED.fullmatch(name)
    )


def parents(run: Run) -> tuple[str, ...]:
    """Ids or names of the runs that this one came from, as its tracker writes them."""
    named = [fact.name for fact in run.lineage if fact.kind == "parent"]
    own = [run.parent_id] if run.parent_id else []
    # the same one may be named with and without its source
    kept = [name for name in named if not any(other.endswith(f":{name}") for other in own)]
    return tuple(dict.fromkeys([*own, *kept]))


def made(run: Run) -> tuple[ModelVersion, ...]:
    """Models that came of a run, with the aliases that name them now."""
    facts = [fact for fact in run.lineage if fact.kind == "model" and _is_made(run, fact)]
    plain = [fact for fact in facts if not _alias(fact, facts)]
    named = [(fact, alias) for fact in facts if (alias := _alias(fact, facts))]
    return tuple(
        ModelVersion(
            fact.name,
            fact.version,
            fact.digest,
            tuple(
                alias
                for other, (name, alias) in named
                if name == fact.name and other.version == fact.version
            ),
        )
        for fact in dict.fromkeys(plain)
    )


def used(run: Run) -> tuple[Lineage, ...]:
    """Models that a run started from or evaluated."""
    return tuple(f for f in run.lineage if f.kind == "model" and not _is_made(run, f))


def data_of(run: Run) -> tuple[Lineage, ...]:
    """The data sets that a run used."""
    return tuple(fact for fact in run.lineage if fact.kind == "data")


def commits(runs: Iterable[Run]) -> tuple[str, ...]:
    """The commits that some runs name for their code, each once; of a run with several, none."""
    found: dict[str, None] = {}
    for run in runs:
        own = {f.digest for f in run.lineage if f.kind == "code" and f.digest and _is_commit(f)}
        if len(own) == 1:
            found[own.pop()] = None
    return tuple(found)


def _is_commit(fact: Lineage) -> bool:
    return re.fullmatch(r"[0-9a-f]{7,64}", fact.digest or "") is not None


def _is_made(run: Run, fact: Lineage) -> bool:
    if fact.version is None and fact.digest is None:
        return False
    return _MADE_BY.fullmatch(run.source) is not None


def _alias(fact: Lineage, facts: Sequence[Lineage]) -> tuple[str, str] | None:
    """The model and the alias or stage in a name like `digits@champion` or `digits/Staging`."""
    for sign in ("@", "/"):
        name, found, alias = fact.name.rpartition(sign)
        if found and alias and any(o.name == name and o.version == fact.version for o in facts):
            return name, alias
    return None
