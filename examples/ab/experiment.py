"""Write experiment.csv: two weeks of a made-up shop, three arms, one row per arm and day."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path

import numpy as np

DAYS, VISITORS = 14, 2400
ARMS = {
    # share who order, what an order brings, searches per session
    "control": (0.100, 54.0, 1.90),
    "one_page": (0.111, 54.5, 1.88),
    "express": (0.103, 52.0, 1.70),
}
SUMS = (
    "orders",
    "revenue",
    "revenue_squares",
    "before",
    "before_squares",
    "revenue_before",
    "searches",
    "searches_squares",
    "sessions",
    "sessions_squares",
    "searches_sessions",
)


def day_of(rng: np.random.Generator, arm: str) -> list[str]:
    """The sums over one day's visitors, each of whom came for the first time that day."""
    share, basket, searches = ARMS[arm]
    n = int(rng.poisson(VISITORS))
    # some visitors always spend more than others, before and during the experiment
    keen = rng.gamma(2.0, 0.5, n)
    before = np.round(keen * rng.gamma(1.5, 12.0, n), 2)
    orders = rng.random(n) < np.minimum(0.9, share * keen)
    revenue = np.round(np.where(orders, basket * (0.5 + 0.5 * keen) * rng.gamma(4, 0.25, n), 0), 2)
    sessions = 1.0 + rng.poisson(0.8, n)
    looked = rng.poisson(searches * sessions * rng.gamma(3.0, 1 / 3, n)).astype(np.float64)
    sums = (orders, revenue, revenue**2, before, before**2, revenue * before,
            looked, looked**2, sessions, sessions**2, looked * sessions)  # fmt: skip
    return [str(n), *(f"{float(values.sum()):.4f}".rstrip("0").rstrip(".") for values in sums)]


def main() -> None:
    """Draw every arm of every day."""
    rng = np.random.default_rng(2026)
    with Path(__file__).with_name("experiment.csv").open("w", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["name", "arm", "day", "visitors", *SUMS])
        for index in range(DAYS):
            day = (date(2026, 3, 2) + timedelta(days=index)).isoformat()
            for arm in ARMS:
                rows.writerow([f"{arm} {day}", arm, day, *day_of(rng, arm)])


if __name__ == "__main__":
    main()
