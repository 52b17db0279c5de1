"""Forests over configurations: the one room that scikit-learn is used in.

The extra `importance` brings it; it is imported when a forest is grown.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runreport.stats.marginals import Boxes

Floats = NDArray[np.float64]

TREES = 300
"""Of a forest: enough for the errors of averages over trees."""

LEAF = 2
"""Configurations a leaf holds at least; of many configurations the 100th part."""

INSTALL = "pip install 'runreport[importance]'"
"""What brings scikit-learn."""


@dataclass(frozen=True, eq=False)
class Forest:
    """Trees grown on bags of configurations."""

    trees: tuple[Any, ...]
    """Of scikit-learn."""
    times: Floats
    """How often each configuration is in the bag of each tree, shape (trees, n)."""

    def predict(self, rows: Floats) -> Floats:
        """What every tree predicts, shape (trees, rows)."""
        single = np.ascontiguousarray(rows, dtype=np.float32)
        return np.stack([tree.predict(single)[:, 0] for tree in self.trees])

    def left_out(self, rows: Floats) -> Floats:
        """What the trees that never saw a configuration predict for it, on average.

        Args:
            rows: one or more versions of every configuration, shape (..., n, columns).

        Returns:
            Shape (..., n); NaN for a configuration that is in every bag.
        """
        single = np.ascontiguousarray(rows.reshape(-1, rows.shape[-1]), dtype=np.float32)
        total, unseen = np.zeros(rows.shape[:-1]), self.times == 0
        for tree, out in zip(self.trees, unseen, strict=True):
            total += tree.predict(single)[:, 0].reshape(rows.shape[:-1]) * out
        counts = unseen.sum(axis=0)
        with np.errstate(invalid="ignore"):
            return np.asarray(total / np.where(counts > 0, counts, np.nan))

    @property
    def boxes(self) -> Boxes:
        """The leaves of all trees."""
        parts = [_leaves(tree) for tree in self.trees]
        sizes = [value.size for _, _, value in parts]
        return Boxes(
            low=np.concatenate([low for low, _, _ in parts]),
            high=np.concatenate([high for _, high, _ in parts]),
            value=np.concatenate([value for _, _, value in parts]),
            starts=np.concatenate(([0], np.cumsum(sizes[:-1]))).astype(np.intp),
        )


def grow(rows: Floats, values: Floats, *, rng: np.random.Generator, trees: int = TREES) -> Forest:
    """A forest of regression trees, each on a bootstrap sample of the configurations.

    Args:
        rows: encoded configurations, shape (n, columns).
        values: of the metric, shape (n,).
        rng: generator; the same seed gives the same forest.
        trees: how many.

    Raises:
        ModuleNotFoundError: scikit-learn is not installed; the message says how to get it.

    Source: Breiman (2001), Random Forests, Machine Learning 45.
    """
    try:
        from sklearn.ensemble import RandomForestRegressor
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(f"scikit-learn is not installed: {INSTALL}") from error
    n = values.size
    fitted = RandomForestRegressor(
        trees,
        min_samples_leaf=max(LEAF, n // 100),
        max_features=1.0,
        random_state=int(rng.integers(2**31)),
        n_jobs=1,
    ).fit(rows.astype(np.float32), values)
    times = np.stack([np.bincount(bag, minlength=n) for bag in fitted.estimators_samples_])
    return Forest(tuple(tree.tree_ for tree in fitted.estimators_), times.astype(np.float64))


def one_thread() -> AbstractContextManager[object]:
    """Products of tall, narrow arrays on one core: threads cost more than they bring."""
    # comes with scikit-learn
    from threadpoolctl import threadpool_limits

    limited: AbstractContextManager[object] = threadpool_limits(1, user_api="blas")
    return limited


def _leaves(tree: Any) -> tuple[Floats, Floats, Floats]:
    """Lower and upper ends of the leaves, and their values."""
    columns = int(tree.n_features)
    low = np.full((tree.node_count, columns), -np.inf)
    high = np.full((tree.node_count, columns), np.inf)
    left, right = tree.children_left.tolist(), tree.children_right.tolist()
    feature, threshold = tree.feature.tolist(), tree.threshold.tolist()
    # children come after their parents
    for node, (one, other) in enumerate(zip(left, right, strict=True)):
        if one < 0:
            continue
        column, cut = feature[node], threshold[node]
        low[one] = low[other] = low[node]
        high[one] = high[other] = high[node]
        high[one, column] = cut
        low[other, column] = cut
    is_leaf = tree.children_left < 0
    return low[is_leaf], high[is_leaf], tree.value[is_leaf, 0, 0]
