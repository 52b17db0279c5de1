"""The notebook a careful person would write today: the same report, by hand.

It reads through `MlflowClient`, shapes with pandas, tests with scipy and statsmodels, and draws
with pyplot: 12 charts, 6 tables, 4 comparisons.
"""

from __future__ import annotations

from pathlib import Path

import nbformat

SETUP = """
import os
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from mlflow.tracking import MlflowClient
from scipy import stats
from statsmodels.stats.multitest import multipletests

client = MlflowClient({store!r})
experiment = client.get_experiment_by_name("bench")
runs, token = [], None
while True:
    page = client.search_runs([experiment.experiment_id], max_results=1000, page_token=token)
    runs.extend(page)
    token = page.token
    if not token:
        break
frame = pd.DataFrame(
    [
        {{
            "run_id": run.info.run_id,
            "name": run.info.run_name,
            "status": run.info.status,
            "started": pd.to_datetime(run.info.start_time, unit="ms"),
            **{{f"params.{{k}}": v for k, v in run.data.params.items()}},
            **run.data.metrics,
        }}
        for run in runs
    ]
)
frame["params.seed"] = frame["params.seed"].astype(int)
GROUP = "params.optimizer"
BASELINE = "sgd"
"""

TABLES = (
    """
leaderboard = frame.sort_values("val_accuracy", ascending=False)[
    ["name", GROUP, "params.learning_rate", "status", "val_accuracy", "val_loss", "train_loss"]
]
leaderboard.style.highlight_max(subset=["val_accuracy"])
""",
    """
changing = [c for c in frame if c.startswith("params.") and frame[c].nunique() > 1]
frame.groupby(GROUP)[changing].agg(lambda values: ", ".join(sorted(map(str, set(values)))))
""",
    """
rows = []
for group, part in frame.groupby(GROUP):
    for metric in ["val_accuracy", "val_loss", "train_loss"]:
        values = part[metric]
        half = stats.t.ppf(0.975, len(values) - 1) * values.sem()
        rows.append((group, metric, len(values), values.mean(), values.std(), half))
pd.DataFrame(rows, columns=["group", "metric", "n", "mean", "std", "half width"])
""",
    """
frame.groupby(GROUP)[["val_accuracy", "val_loss", "train_accuracy", "train_loss"]].describe().T
""",
    """
frame.groupby(GROUP)[["throughput", "gpu_memory", "epoch_time"]].agg(["mean", "std", "min", "max"])
""",
)

COMPARISON = """
pivot = frame.pivot(index="params.seed", columns=GROUP, values="val_accuracy")
results = []
for candidate in [c for c in pivot if c != BASELINE]:
    pair = pivot[[BASELINE, candidate]].dropna()
    difference = (pair[candidate] - pair[BASELINE]).to_numpy()
    interval = stats.bootstrap(
        (difference,), np.mean, n_resamples=10_000, rng=np.random.default_rng(0)
    ).confidence_interval
    results.append(
        {
            "candidate": candidate,
            "n": len(pair),
            "difference": difference.mean(),
            "low": interval.low,
            "high": interval.high,
            "p (t)": stats.ttest_rel(pair[candidate], pair[BASELINE]).pvalue,
            "p (Wilcoxon)": stats.wilcoxon(difference).pvalue,
        }
    )
comparison = pd.DataFrame(results)
comparison["p (Holm)"] = multipletests(comparison["p (t)"], method="holm")[1]
comparison
"""

CURVES = """
def curve(run_id, metric):
    points = client.get_metric_history(run_id, metric)
    return pd.Series([p.value for p in points], index=[p.step for p in points]).sort_index()

shown = {selection}
"""

GROUP_CURVE = """
fig, ax = plt.subplots(figsize=(8, 4.5))
for name, part in shown.groupby(GROUP):
    lines = pd.concat([curve(run_id, {metric!r}) for run_id in part["run_id"]], axis=1)
    mean, n = lines.mean(axis=1), lines.count(axis=1)
    half = stats.t.ppf(0.975, n - 1) * lines.std(axis=1) / np.sqrt(n)
    ax.plot(mean.index, mean, label=name)
    ax.fill_between(mean.index, mean - half, mean + half, alpha=0.2)
ax.set_xlabel("step"); ax.set_ylabel({metric!r}){extra}
ax.legend()
plt.show()
"""

CURVE = """
fig, ax = plt.subplots(figsize=(8, 4.5))
for _, run in shown.iterrows():
    series = curve(run["run_id"], {metric!r})
    ax.plot(series.index, series.values, lw=0.8, label=run["name"])
ax.set_xlabel("step"); ax.set_ylabel({metric!r}){extra}
ax.legend(fontsize=6, ncol=2)
plt.show()
"""

BARS = """
fig, ax = plt.subplots(figsize=(8, 4))
means = frame.groupby(GROUP)[{metric!r}].agg(["mean", "sem"])
ax.barh(means.index, means["mean"], xerr=1.96 * means["sem"])
ax.set_xlabel({metric!r})
plt.show()
"""

DISTRIBUTION = """
fig, ax = plt.subplots(figsize=(8, 4))
names = sorted(frame[GROUP].unique())
ax.boxplot([frame.loc[frame[GROUP] == name, {metric!r}] for name in names], tick_labels=names)
for place, name in enumerate(names, start=1):
    values = frame.loc[frame[GROUP] == name, {metric!r}]
    ax.plot(np.full(len(values), place), values, "k.", ms=3)
ax.set_ylabel({metric!r})
plt.show()
"""

SCATTER = """
fig, ax = plt.subplots(figsize=(6, 4.5))
for name, part in frame.groupby(GROUP):
    ax.scatter(part[{x!r}], part[{y!r}], s=12, label=name)
ax.set_xlabel({x!r}); ax.set_ylabel({y!r}); ax.legend()
plt.show()
"""

PARALLEL = """
fig, ax = plt.subplots(figsize=(9, 4.5))
lanes = ["train_loss", "val_loss", "throughput", "val_accuracy"]
scaled = (frame[lanes] - frame[lanes].min()) / (frame[lanes].max() - frame[lanes].min())
scaled[GROUP] = frame[GROUP]
pd.plotting.parallel_coordinates(scaled, GROUP, ax=ax, lw=0.5, colormap="tab10")
plt.show()
"""


def write_notebook(path: Path, store: Path, curve_runs: int | None) -> None:
    """Write the notebook about a store.

    Args:
        path: where.
        store: the SQLite file.
        curve_runs: how many runs' curves each of the three curve charts draws as lines; None for
            the mean and interval of each group over all runs.
    """
    template = GROUP_CURVE if curve_runs is None else CURVE
    shown = "frame" if curve_runs is None else f"frame.nlargest({curve_runs}, 'val_accuracy')"
    cells = [
        SETUP.format(store=f"sqlite:///{store}"),
        *TABLES,
        COMPARISON,
        CURVES.format(selection=shown),
        template.format(metric="val_loss", extra=""),
        template.format(metric="val_accuracy", extra=""),
        template.format(metric="train_loss", extra="; ax.set_yscale('log')"),
        BARS.format(metric="val_accuracy"),
        BARS.format(metric="val_loss"),
        BARS.format(metric="train_loss"),
        DISTRIBUTION.format(metric="val_accuracy"),
        DISTRIBUTION.format(metric="val_loss"),
        SCATTER.format(x="train_loss", y="val_accuracy"),
        SCATTER.format(x="val_loss", y="val_accuracy"),
        SCATTER.format(x="throughput", y="val_accuracy"),
        PARALLEL,
    ]
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell.strip()) for cell in cells],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number:02d}"
    path.write_text(nbformat.writes(notebook))
