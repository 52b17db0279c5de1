"""Write results.csv: three agents on 12 games, 5 seeds each, in the style of Atari-100k.

The scores are made up, with what real ones have: games on scales of their own, a few on which an
agent is far beyond a human, seeds that scatter more where there is more to win, and some that
never learn. Random play and a human player are the two ends that scores are measured by.

    python examples/tasks/study.py
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

SEED = 100_000
SEEDS = range(1, 6)

# what random play and a human reach, and how far each agent comes between the two
GAMES = {
    #               random   human  planner  replayer  predictor
    "Avenue": (2.1, 36, 0.35, 0.60, 0.55),
    "Blocks": (1.7, 31, 0.60, 0.45, 0.70),
    "Caverns": (810, 7400, 0.02, 0.06, 0.15),
    "Duel": (-20, 15, 0.20, 0.05, 0.90),
    "Fishing": (-92, -39, 0.10, 0.15, 0.12),
    "Harvest": (258, 2700, 0.15, 0.25, 0.20),
    "Islands": (29, 303, 0.20, 1.10, 1.60),
    "Lander": (1600, 2670, 0.55, 1.90, 2.90),
    "Mirrors": (307, 6950, 0.11, 0.13, 0.14),
    "Orbit": (0.1, 12.1, 1.05, 0.10, 2.40),
    "Quarry": (164, 13450, 0.09, 0.06, 0.22),
    "Tunnels": (68, 20180, 0.01, 0.03, 0.02),
}
AGENTS = ("planner", "replayer", "predictor")


def main() -> None:
    """Write results.csv beside this file."""
    rng = np.random.default_rng(SEED)
    rows = []
    for agent, name in enumerate(AGENTS):
        for game, (random, human, *reached) in GAMES.items():
            for seed in SEEDS:
                share = reached[agent] * rng.lognormal(0, 0.25) + rng.normal(0, 0.01)
                # one seed in twenty never gets beyond random play
                if rng.random() < 0.05:
                    share = rng.normal(0, 0.01)
                score = random + share * (human - random)
                rows.append((name, game, seed, f"{score:.4g}", random, human))
    with Path(__file__).with_name("results.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("model", "task", "seed", "score", "random", "human"))
        writer.writerows(rows)


if __name__ == "__main__":
    main()
