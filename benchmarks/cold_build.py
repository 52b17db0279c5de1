"""A cold `runreport build` beside a notebook of the same report, in one run.

Both are whole processes that start from nothing: 200 runs x 10 metrics x 1,000 steps in an MLflow
SQLite store; 12 charts (three of learning curves), 6 tables, 4 paired comparisons.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

from measure import Measured, measure
from notebook import write_notebook
from stores import Size, ensure

SPEC = Path(__file__).with_name("cold_build.yaml")
TARGET_RATIO = 5.0
TARGET_MB = 500.0


def build_site(store: Path, curve_runs: int | None, workers: str | None) -> Measured:
    """One cold build, in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="runreport-bench-") as name:
        folder = Path(name)
        spec = SPEC.read_text()
        if curve_runs is None:
            spec = spec.replace(", limit: 20", ", limit: 200")
        (folder / "runreport.yaml").write_text(spec)
        command = [sys.executable, "-m", "runreport", "build", "--set", f"store={store}"]
        return measure(command, folder)


def run_notebook(store: Path, curve_runs: int | None) -> Measured:
    """One execution of the notebook to HTML, in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="runreport-bench-") as name:
        folder = Path(name)
        write_notebook(folder / "report.ipynb", store, curve_runs)
        command = [sys.executable, "-m", "nbconvert", "--to", "html", "--execute"]
        return measure([*command, "report.ipynb"], folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stores", type=Path, default=Path(tempfile.gettempdir()) / "rr-stores")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--all-curves", action="store_true", help="draw all 200 runs' curves")
    args = parser.parse_args()
    curve_runs = None if args.all_curves else 20

    store = ensure(Size(), args.stores)
    read_once(store)
    sites, notebooks = [], []
    for _ in range(args.repeat):  # in turn, so that a busy moment hits both
        sites.append(build_site(store, curve_runs, None))
        notebooks.append(run_notebook(store, curve_runs))
    show("runreport build", sites)
    show("notebook", notebooks)
    ratio = median_wall(notebooks) / median_wall(sites)
    peak = max(site.peak_mb for site in sites)
    goal = 10.0 if args.all_curves else TARGET_RATIO
    print(f"ratio {ratio:.1f} (goal {goal:.0f}), peak {peak:.0f} MB (goal {TARGET_MB:.0f})")
    sys.exit(0 if ratio >= goal and peak < TARGET_MB else 1)


def read_once(path: Path) -> None:
    """Bring the file into the page cache, so that neither side pays for the disk."""
    with path.open("rb") as file:
        while file.read(1 << 24):
            pass


def median_wall(measured: list[Measured]) -> float:
    return statistics.median(one.wall_s for one in measured)


def show(name: str, measured: list[Measured]) -> None:
    walls = ", ".join(f"{one.wall_s:.2f}" for one in measured)
    cpu = statistics.median(one.cpu_s for one in measured)
    peak = max(one.peak_mb for one in measured)
    print(f"{name:16} wall {walls} s | cpu {cpu:.2f} s | peak {peak:.0f} MB", flush=True)


if __name__ == "__main__":
    main()
