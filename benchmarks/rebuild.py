"""A `runreport build` after the first one, beside a cold build of the same report, in one run.

All are whole processes over 200 runs x 10 metrics x 1,000 steps in an MLflow SQLite store. A cold
build starts without anything kept; one without change follows a build; one after a new run follows
a build and 10,000 new points. What is built with what was kept has to be what a cold build makes of
the same data, to the byte.

There are two reports. One has 20 pages with 22 charts, each of which is about all runs, so that a
new run leaves nothing as it was. The other has a page with two curves per run, as a team's report
has: a new run is a new page, and a line on those of its neighbours.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from cold_build import median_wall, read_once, show
from measure import Measured, compile_package, measure
from stores import Size, ensure, insert_run

REPORTS = {
    "every page about all runs": Path(__file__).with_suffix(".yaml"),
    "a page per run": Path(__file__).with_name("rebuild_runs.yaml"),
}
COMMAND = [sys.executable, "-m", "runreport", "build"]
STILL_S, STILL_RATIO, GROWN_RATIO = 0.15, 20.0, 3.0
NOTHING_CHANGED = 5


def cold(folder: Path) -> Measured:
    """One build with nothing kept and nothing published."""
    for name in (".runreport", "site"):
        shutil.rmtree(folder / name, ignore_errors=True)
    return measure(COMMAND, folder)


def grown(folder: Path, number: int, size: Size) -> Measured:
    """One build after one new run."""
    with sqlite3.connect(folder / "mlflow.db") as store:
        insert_run(store, number, size)
    store.close()
    read_once(folder / "mlflow.db")
    return measure(COMMAND, folder)


def cold_again(folder: Path, before: Path) -> dict[str, str]:
    """What a cold build makes of the same data and the same site before: file to digest."""
    with tempfile.TemporaryDirectory(prefix="runreport-bench-") as name:
        other = Path(name)
        shutil.copy(folder / "runreport.yaml", other)
        shutil.copytree(before, other / "site")
        (other / "mlflow.db").symlink_to(folder / "mlflow.db")
        measure([*COMMAND, "--no-cache"], other)
        return digests(other / "site")


def digests(site: Path) -> dict[str, str]:
    return {
        path.relative_to(site).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(site.rglob("*"))
        if path.is_file()
    }


def compared(name: str, spec: Path, store: Path, size: Size, repeat: int) -> bool:
    """Build a report in every way, print how long it took; whether all goals are met."""
    with tempfile.TemporaryDirectory(prefix="runreport-bench-") as place:
        folder = Path(place)
        shutil.copy(spec, folder / "runreport.yaml")
        shutil.copy(store, folder / "mlflow.db")
        first = [cold(folder) for _ in range(repeat)]
        published = digests(folder / "site")
        still = [measure(COMMAND, folder) for _ in range(5 * repeat)]
        asked = subprocess.run([*COMMAND, "--if-changed"], cwd=folder, check=False)
        good = asked.returncode == NOTHING_CHANGED and digests(folder / "site") == published
        if not good:
            print(f"--if-changed ended with {asked.returncode}, expected {NOTHING_CHANGED}")
        after = []
        for turn in range(repeat):
            before = folder / "before"
            shutil.rmtree(before, ignore_errors=True)
            shutil.copytree(folder / "site", before)
            after.append(grown(folder, size.runs + turn, size))
        if digests(folder / "site") != cold_again(folder, before):
            print("a build after a new run is not what a cold build makes")
            good = False
    print(f"{name}, {sum(path.endswith('.html') for path in published)} pages")
    show("cold", first)
    show("nothing changed", still)
    show("one new run", after)
    seconds = median_wall(still)
    ratio = median_wall(first) / seconds
    print(f"nothing changed: {seconds:.3f} s (goal {STILL_S})")
    print(f"nothing changed: ratio {ratio:.1f} (goal {STILL_RATIO:.0f})")
    good = good and seconds < STILL_S and ratio >= STILL_RATIO
    ratio = median_wall(first) / median_wall(after)
    cpu = [statistics.median(one.cpu_s for one in many) for many in (first, after)]
    print(f"one new run: ratio {ratio:.1f} (goal {GROWN_RATIO:.0f})")
    print(f"one new run: ratio of processor time {cpu[0] / cpu[1]:.1f}", flush=True)
    return good and ratio >= GROWN_RATIO


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stores", type=Path, default=Path(tempfile.gettempdir()) / "rr-stores")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--report", choices=REPORTS, help="only this one")
    args = parser.parse_args()

    size = Size()
    store = ensure(size, args.stores)
    compile_package()
    reports = {args.report: REPORTS[args.report]} if args.report else REPORTS
    found = [compared(name, spec, store, size, args.repeat) for name, spec in reports.items()]
    sys.exit(0 if all(found) else 1)


if __name__ == "__main__":
    main()
