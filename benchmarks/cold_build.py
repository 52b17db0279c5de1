"""A cold `runreport build` beside a notebook of the same report, in one run.

All are whole processes that start from nothing: 200 runs x 10 metrics x 1,000 steps in an MLflow
SQLite store; 12 charts, 6 tables, 4 paired comparisons. Three of the charts are learning curves,
for which the report draws every group's mean and interval over all 200 runs. The notebook is run in
two forms: one fetches and draws the curves of 20 runs, as people do; one does what the report does.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from measure import Measured, compile_package, measure
from notebook import write_notebook
from stores import Size, ensure

SPEC = Path(__file__).with_name("cold_build.yaml")
LIGHT_RATIO, HEAVY_RATIO = 5.0, 10.0
TARGET_MB = 500.0


def build_site(store: Path) -> Measured:
    """One cold build, in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="runreport-bench-") as name:
        folder = Path(name)
        shutil.copy(SPEC, folder / "runreport.yaml")
        command = [sys.executable, "-m", "runreport", "build", "--set", f"vars.store={store}"]
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
    parser.add_argument(
        "--heavy", type=int, default=1, help="repeats of the notebook of all curves"
    )
    args = parser.parse_args()

    store = ensure(Size(), args.stores)
    read_once(store)
    compile_package()
    sites, light, heavy = [], [], []
    for turn in range(args.repeat):  # in turn, so that a busy moment hits all
        sites.append(build_site(store))
        light.append(run_notebook(store, 20))
        if turn < args.heavy:
            heavy.append(run_notebook(store, None))
    show("runreport build, curves of 200 runs", sites)
    show("notebook, curves of 20 runs", light)
    ratio = median_wall(light) / median_wall(sites)
    print(f"ratio {ratio:.1f} (goal {LIGHT_RATIO:.0f})")
    good = ratio >= LIGHT_RATIO
    if heavy:
        show("notebook, curves of 200 runs", heavy)
        ratio = median_wall(heavy) / median_wall(sites)
        print(f"ratio {ratio:.1f} (goal {HEAVY_RATIO:.0f})")
        good = good and ratio >= HEAVY_RATIO
    peak = max(site.peak_mb for site in sites)
    print(f"peak of runreport build {peak:.0f} MB (goal {TARGET_MB:.0f})")
    sys.exit(0 if good and peak < TARGET_MB else 1)


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
    print(f"{name:36} wall {walls} s | cpu {cpu:.2f} s | peak {peak:.0f} MB", flush=True)


if __name__ == "__main__":
    main()
