"""Which packages two environments do not share, those that decide what is trained first.

Versions are read as Python's packaging standard says (PEP 440); what is no such version is compared
as text. Names are one where the standard calls them one (PEP 503), and where trackers write the
name that is imported for the name that is installed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from runreport.tables import Lineage, Run

if TYPE_CHECKING:
    from packaging.version import Version

Kind = Literal["added", "removed", "upgraded", "downgraded", "changed"]
Size = Literal["major", "minor", "patch", "build", "unknown"]

TRAINING = frozenset(
    {
        "accelerate", "bitsandbytes", "catboost", "datasets", "deepspeed", "diffusers",
        "flash-attn", "flax", "jax", "jaxlib", "keras", "lightgbm", "lightning", "numpy", "optax",
        "peft", "pytorch-lightning", "scikit-learn", "scipy", "sentence-transformers",
        "statsmodels", "tensorflow", "tokenizers", "torch", "torchaudio", "torchvision",
        "transformers", "triton", "trl", "vllm", "xgboost",
    }
)  # fmt: skip
"""Libraries that compute what a model learns, or read what it learns from."""

CIRCUMSTANCES = frozenset(
    {"python", "system", "os", "platform", "cuda", "cudnn", "driver", "container", "docker"}
)
"""Facts of an environment that are no packages."""

_IMPORTED = {
    "sklearn": "scikit-learn",
    "pytorch": "torch",
    "tf": "tensorflow",
    "pytorch_lightning": "pytorch-lightning",
    "cv2": "opencv-python",
    "pil": "pillow",
    "yaml": "pyyaml",
}
"""Names that are imported, and what they are installed as."""

_SIZES: tuple[Size, ...] = ("major", "minor", "patch", "build", "unknown")


@dataclass(frozen=True, slots=True)
class PackageChange:
    """One package that two environments do not share."""

    name: str
    kind: Kind
    before: tuple[str, ...]
    """Versions as logged; empty where it is added."""
    after: tuple[str, ...]
    size: Size
    """The first part of the version that differs; `unknown` where there is nothing to compare."""
    trains: bool
    """Whether it is one of the libraries that train."""


def packages_of(run: Run) -> dict[str, str]:
    """The packages that a run's environment names: installed name to version.

    Where one package stands twice, the longest text says the most: `2.1.0+cu118` before `2.1.0`.
    """
    found: dict[str, str] = {}
    for fact in run.lineage:
        if (name := package_name(fact)) is not None and fact.version:
            known = found.get(name, "")
            found[name] = max(known, fact.version, key=lambda text: (len(text), text))
    return found


def package_name(fact: Lineage) -> str | None:
    """The installed name of the package that a fact is about; None where it is about none."""
    if fact.kind != "environment" or fact.version is None or not _NAME.fullmatch(fact.name):
        return None
    name = canonical(fact.name)
    return None if name in CIRCUMSTANCES else name


_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,126}[A-Za-z0-9])?")


@lru_cache(maxsize=8192)
def canonical(name: str) -> str:
    """The name that is one for `Scikit_Learn`, `scikit-learn` and `sklearn`."""
    lower = name.lower()
    return _IMPORTED.get(lower, re.sub(r"[-_.]+", "-", lower))


def held(runs: Iterable[Run]) -> dict[str, frozenset[str]]:
    """The versions of each package among some runs."""
    found: dict[str, set[str]] = {}
    for run in runs:
        for name, version in packages_of(run).items():
            found.setdefault(name, set()).add(version)
    return {name: frozenset(versions) for name, versions in found.items()}


def changes(
    before: Mapping[str, Collection[str]], after: Mapping[str, Collection[str]]
) -> tuple[PackageChange, ...]:
    """What was added, removed, upgraded or downgraded, what matters most first.

    Libraries that train come before all others, major versions before minor ones, then names.

    Args:
        before: package to its versions on one side.
        after: the same on the other side.
    """
    found = [
        _change(name, before.get(name, ()), after.get(name, ()))
        for name in before.keys() | after.keys()
    ]
    apart = [change for change in found if change is not None]
    return tuple(sorted(apart, key=_weight))


def _weight(change: PackageChange) -> tuple[bool, bool, int, str]:
    # what is there on one side alone matters like a major version
    alone = change.kind in ("added", "removed")
    size = 0 if alone else _SIZES.index(change.size)
    return (not change.trains, alone and not change.trains, size, change.name)


def _change(name: str, before: Collection[str], after: Collection[str]) -> PackageChange | None:
    one, other = _distinct(before), _distinct(after)
    if one.keys() == other.keys():
        return None
    texts = tuple(one.values()), tuple(other.values())
    trains = name in TRAINING
    if not one:
        return PackageChange(name, "added", *texts, "unknown", trains)
    if not other:
        return PackageChange(name, "removed", *texts, "unknown", trains)
    left, right = _highest(texts[0]), _highest(texts[1])
    if left is None or right is None:
        return PackageChange(name, "changed", *texts, "unknown", trains)
    if len(one) > 1 or len(other) > 1:
        # several versions on a side are no step from one to another
        read = [found for text in (*texts[0], *texts[1]) if (found := version(text)) is not None]
        return PackageChange(name, "changed", *texts, step(min(read), max(read)), trains)
    kind: Kind = "upgraded" if right > left else "downgraded"
    return PackageChange(name, kind, *texts, step(left, right), trains)


def _distinct(versions: Collection[str]) -> dict[Version | str, str]:
    """Versions that are not the same as each other, in order: `1.0` and `1.0.0` are."""
    read = sorted(versions, key=lambda text: (version(text) is None, version(text) or text))
    found: dict[Version | str, str] = {}
    for text in read:
        found.setdefault(version(text) or text, text)
    return found


def _highest(versions: Collection[str]) -> Version | None:
    read = [found for text in versions if (found := version(text)) is not None]
    return max(read) if read else None


@lru_cache(maxsize=8192)
def version(text: str) -> Version | None:
    """The version that a text is; None where it is none."""
    from packaging.version import InvalidVersion, Version

    try:
        return Version(text) if len(text) <= 100 else None
    except InvalidVersion:
        return None


def step(one: Version, other: Version) -> Size:
    """The first part in which two versions differ.

    Of versions that start with 0 the second number is the one that breaks what was, as semantic
    versioning says.
    """
    width = max(len(one.release), len(other.release), 3)
    left, right = (v.release + (0,) * (width - len(v.release)) for v in (one, other))
    if one.epoch != other.epoch or left[0] != right[0]:
        return "major"
    if left[1] != right[1]:
        return "major" if left[0] == 0 else "minor"
    if left != right or (one.pre, one.post, one.dev) != (other.pre, other.post, other.dev):
        return "patch"
    return "build"
