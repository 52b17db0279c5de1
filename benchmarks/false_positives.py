"""How often each default test finds a difference where there is none, at a nominal 5 %.

Both groups are drawn from one distribution, so every rejection is false. The test is the one that
the design alone leads to; what is refused counts as not rejected. Prints a table and fails when a
default exceeds 7 %.

    python benchmarks/false_positives.py [draws]
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from runreport.stats.decide import measure
from runreport.stats.plan import Case, Rules, plan
from runreport.stats.refusals import refusal

Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator, int], Floats]

ALPHA, MOST = 0.05, 0.07
SIZES = (3, 5, 10, 20)
DRAWS = 10_000
COLLAPSED = 0.2
"""Share of seeds that fail to learn, in both groups alike."""


def normal(rng: np.random.Generator, n: int) -> Floats:
    return rng.normal(0.8, 0.02, n)


def lognormal(rng: np.random.Generator, n: int) -> Floats:
    return rng.lognormal(0.0, 1.0, n)


def collapsed(rng: np.random.Generator, n: int) -> Floats:
    return np.where(rng.random(n) < COLLAPSED, rng.normal(0.1, 0.02, n), rng.normal(0.8, 0.02, n))


SHAPES: dict[str, Draw] = {"normal": normal, "log-normal": lognormal, "collapsed": collapsed}


def independent(draw: Draw, rng: np.random.Generator, n: int) -> Case:
    return Case(draw(rng, n), draw(rng, n), False, "maximize")


def paired(draw: Draw, rng: np.random.Generator, n: int) -> Case:
    """Seeds share half of their luck."""
    common = rng.normal(0, 0.02, n)
    return Case(draw(rng, n) + common, draw(rng, n) + common, True, "maximize")


def datasets(draw: Draw, rng: np.random.Generator, n: int) -> Case:
    """Data sets of very different difficulty."""
    level = rng.normal(0, 1, n)
    return Case(draw(rng, n) + level, draw(rng, n) + level, True, "maximize", kind="datasets")


def folds(draw: Draw, rng: np.random.Generator, n: int) -> Case:
    """Ten-fold differences that are correlated by 1 / 10, since folds share training data."""
    shared = draw(rng, 1) - draw(rng, 1)
    own = draw(rng, n) - draw(rng, n)
    differences = np.sqrt(0.1) * shared + np.sqrt(0.9) * own
    base = rng.normal(0.8, 0.02, n)
    return Case(base, base + differences, True, "maximize", kind="folds", overlap=1 / 9)


def items(_draw: Draw, rng: np.random.Generator, n: int) -> Case:
    """Ten items per unit of n, right with a chance of 80 % under both models."""
    both = (rng.random((2, 10 * n)) < 0.8).astype(np.float64)
    return Case(both[0], both[1], True, "maximize", kind="items")


def times(_draw: Draw, rng: np.random.Generator, n: int) -> Case:
    """Exponential times to a value; about a fifth of the runs never get there."""
    both = rng.exponential(100, (2, n)) + 1
    reached = rng.random((2, n)) < 0.8
    events = (reached[0], reached[1])
    return Case(both[0], both[1], False, "minimize", kind="times", events=events)


DESIGNS: dict[str, tuple[Callable[[Draw, np.random.Generator, int], Case], tuple[str, ...]]] = {
    "independent seeds": (independent, tuple(SHAPES)),
    "paired seeds": (paired, tuple(SHAPES)),
    "data sets": (datasets, tuple(SHAPES)),
    "folds, corrected": (folds, ("normal",)),
    "10 n items, right or wrong": (items, ("normal",)),
    "times, some never arrive": (times, ("normal",)),
}


SHAPED = (independent, paired, datasets, folds)
"""Designs whose values have a shape."""


def rejects(case: Case, rules: Rules) -> tuple[bool, str]:
    """Whether the default test rejects, and which one it is."""
    if refusal(case) is not None:
        return False, ""
    chosen = plan(case, rules, 1)
    tested = measure(case, chosen)
    return (tested is not None and tested.p_value < rules.alpha), chosen.title


def rows(draws: int) -> Iterator[tuple[str, str, list[float], str]]:
    rules = Rules(alpha=ALPHA)
    for design, (make, shapes) in DESIGNS.items():
        for shape in shapes:
            rates, titles = [], []
            for n in SIZES:
                rng = np.random.default_rng([n, len(shape), len(design)])
                found = [rejects(make(SHAPES[shape], rng, n), rules) for _ in range(draws)]
                rates.append(sum(hit for hit, _ in found) / draws)
                titles += [title for _, title in found if title]
            shown = shape if make in SHAPED else "-"
            yield design, shown, rates, ", ".join(dict.fromkeys(titles))


def main() -> int:
    draws = int(sys.argv[1]) if len(sys.argv) > 1 else DRAWS
    print(f"False positives at a nominal {ALPHA:.0%}, {draws} draws each")
    print(f"{'design':28}{'values':12}" + "".join(f"{f'n={n}':>8}" for n in SIZES) + "  test")
    worst = 0.0
    for design, shape, rates, titles in rows(draws):
        print(f"{design:28}{shape:12}" + "".join(f"{rate:8.3f}" for rate in rates) + f"  {titles}")
        worst = max(worst, *rates)
    print(f"highest: {worst:.3f} (at most {MOST:.2f})")
    return 1 if worst > MOST else 0


if __name__ == "__main__":
    sys.exit(main())
