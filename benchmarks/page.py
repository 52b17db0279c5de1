"""What a page costs in the browser, beside a Plotly page of the same data.

Measured in Chromium, on pages opened from their file: how many frames a second a brush moves over
500 runs across 12 lanes while a scatter chart and a table follow, and how long a page of 200 curves
of 1,000 steps takes until its script is ready, with the bytes it loads. The frames of the same page
untouched are printed beside: without a graphics card the processor draws, and all who use it share
them. Plotly's pages hold its library, as its own offline export does (`include_plotlyjs=True`); it
brushes by setting the same range on the same lane. The medians of several visits are printed, ours
and the peer's in turn; brushing is bounded by time, so that all of it takes a minute or two.

    python benchmarks/page.py [--plotly PYTHON]

`--plotly` names a Python that has plotly; without it only our own figures are measured.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FRAMES_PER_SECOND, READY_MS, BYTES = 30.0, 1000.0, 2_000_000
RUNS, CURVES, STEPS = 500, 200, 1000
PARAMS = ("lr", "width", "depth", "dropout", "decay", "batch", "warmup", "optimizer", "clip", "ema")

SEARCH = """
report: {title: Search}
sources: [{files: runs.csv, shape: runs, params: [PARAMS], metrics: [accuracy, loss]}]
groups: {by: [params.optimizer]}
metrics: {accuracy: {goal: maximize, primary: true}, loss: {goal: minimize}}
pages:
  - title: Search
    sections:
      - parallel: {columns: [PARAMS, loss, accuracy], color: accuracy}
      - scatter: {x: lr, y: accuracy, log_x: true}
      - runs: {columns: [name, lr, optimizer, accuracy, loss]}
"""
CURVED = """
report: {title: Curves}
sources: [{files: "curves/*.csv", shape: history, step: step}]
metrics: {loss: {goal: minimize, primary: true}}
pages:
  - title: Curves
    sections: [history: {metric: loss, by: run, limit: 200}]
"""

PEER = """
import csv, glob, sys
import plotly.graph_objects as go
kind, folder = sys.argv[1:]
if kind == "search":
    with open(folder + "/runs.csv") as file:
        rows = list(csv.DictReader(file))
    lanes = []
    for name in rows[0]:
        if name == "name":
            continue
        texts = [row[name] for row in rows]
        try:
            lanes.append(dict(label=name, values=[float(text) for text in texts]))
        except ValueError:
            words = sorted(set(texts))
            places = list(range(len(words)))
            values = [words.index(text) for text in texts]
            lanes.append(dict(label=name, values=values, tickvals=places, ticktext=words))
    color = [float(row["accuracy"]) for row in rows]
    line = dict(color=color, showscale=True)
    figure = go.Figure(go.Parcoords(dimensions=lanes, line=line))
else:
    figure = go.Figure()
    for path in sorted(glob.glob(folder + "/curves/*.csv")):
        with open(path) as file:
            rows = list(csv.DictReader(file))
        x, y = ([float(row[name]) for row in rows] for name in ("step", "loss"))
        figure.add_trace(go.Scatter(x=x, y=y, mode="lines"))
figure.write_html(folder + f"/plotly-{kind}.html", include_plotlyjs=True)
"""

IDLE = """async (seconds) => {
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    await frame();
    const start = performance.now();
    let frames = 0;
    for (; performance.now() - start < 1000 * seconds; frames++) await frame();
    return frames / ((performance.now() - start) / 1000);
}"""
"""Frames a second of a page that nobody touches: what the browser draws at most here."""

BRUSH = """async (seconds) => {
    const hit = document.querySelectorAll(".rr-hit")[0];
    const box = hit.getBoundingClientRect();
    const send = (kind, share) => hit.dispatchEvent(new PointerEvent(kind, {
        bubbles: true, pointerId: 1, clientX: box.x + box.width / 2, isPrimary: true,
        clientY: box.bottom - share * box.height, button: 0, buttons: 1, pointerType: "mouse" }));
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    send("pointerdown", 0.1);
    await frame();
    const start = performance.now();
    let moves = 0;
    for (; performance.now() - start < 1000 * seconds; moves++) {
        send("pointermove", 0.1 + WAVE);
        await frame();
    }
    const rate = moves / ((performance.now() - start) / 1000);
    const left = document.querySelectorAll("svg[data-lanes] .rr-out").length;
    send("pointerup", 0.5);
    if (!left) throw new Error("the brush selected everything");
    return rate;
}""".replace("WAVE", "0.8 * Math.abs(Math.sin((moves + 1) / 15))")
"""The free end of the brush goes up and down a lane."""

PEER_BRUSH = """async (seconds) => {
    const chart = document.querySelector(".plotly-graph-div");
    const [low, high] = [-5, -1].map((power) => Math.pow(10, power));
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    const start = performance.now();
    let moves = 0;
    for (; performance.now() - start < 1000 * seconds; moves++) {
        const range = [low, low + (high - low) * Math.abs(Math.sin((moves + 1) / 15))];
        await Plotly.restyle(chart, { "dimensions[0].constraintrange": [range] });
        await frame();
    }
    return moves / ((performance.now() - start) / 1000);
}"""
READY = """() => new Promise((done, fail) => {
    const look = () => {
        const drawn = "svg.rr-chart, .plotly-graph-div :is(.trace, .parcoords)";
        const svg = document.querySelector(drawn);
        const ours = document.documentElement.classList.contains("rr-ready");
        if (svg && (ours || window.Plotly)) requestAnimationFrame(() => done(performance.now()));
        else if (performance.now() < 30000) setTimeout(look, 5);
        else fail(new Error("the page was not ready in 30 seconds"));
    };
    look();
})"""


def write_search(folder: Path) -> None:
    rng = random.Random(1)
    with (folder / "runs.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["name", *PARAMS, "accuracy", "loss"])
        for n in range(RUNS):
            lr, dropout = 10 ** rng.uniform(-5, -1), rng.uniform(0, 0.6)
            accuracy = 0.9 - 0.03 * (math.log10(lr) + 3) ** 2 - 0.1 * dropout + rng.gauss(0, 0.02)
            params = [lr, 2 ** rng.randint(4, 10), rng.randint(1, 8), dropout]
            params += [10 ** rng.uniform(-6, -2), rng.choice([16, 32, 64]), rng.randint(0, 1000)]
            more = [rng.choice(["adam", "sgd", "lion"]), rng.uniform(0.1, 5), rng.random()]
            writer.writerow([f"run-{n}", *params, *more, accuracy, 1.2 - accuracy])


def write_curves(folder: Path) -> None:
    rng = random.Random(2)
    (folder / "curves").mkdir()
    for n in range(CURVES):
        rate, floor = rng.uniform(0.002, 0.02), rng.uniform(0.1, 0.4)
        with (folder / "curves" / f"run-{n:03}.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["step", "loss"])
            for step in range(STEPS):
                loss = floor + 2 * math.exp(-rate * step) + rng.gauss(0, 0.02)
                writer.writerow([step, loss])


def build(spec: str, folder: Path, name: str) -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(spec.replace("PARAMS", ", ".join(PARAMS)))
    command = [sys.executable, "-m", "runreport", "build", str(path), "--output", f"site-{name}"]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return folder / f"site-{name}" / "index.html"


@dataclass(frozen=True)
class Visit:
    """What one visit of a page cost."""

    ready_ms: float
    bytes: int
    """Of everything that was loaded."""
    idle: float | None = None
    frames: float | None = None
    """Frames a second untouched, and while a brush moves."""


def visit(browser: Browser, page: Path, brush: str | None, seconds: float) -> Visit:
    browsing = browser.new_context(viewport={"width": 1250, "height": 1000})
    tab = browsing.new_page()
    loaded: list[Path] = []
    tab.on("request", lambda request: loaded.append(Path(request.url.removeprefix("file://"))))
    tab.goto(page.as_uri(), wait_until="commit")
    ready = float(tab.evaluate(READY))
    size = sum(path.stat().st_size for path in loaded if path.is_file())
    rates = [float(tab.evaluate(script, seconds)) for script in (IDLE, brush) if brush and script]
    browsing.close()
    return Visit(ready, size, *rates)


def main() -> int:
    parser = argparse.ArgumentParser(description="Pages in the browser, beside Plotly's.")
    parser.add_argument("--plotly", help="a Python that has plotly")
    parser.add_argument("--visits", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2.0, help="of brushing, each visit")
    parser.add_argument("--chromium", default="chromium")
    options = parser.parse_args()
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        write_search(folder)
        write_curves(folder)
        pages = {
            "search": [build(SEARCH, folder, "search")],
            "curves": [build(CURVED, folder, "curves")],
        }
        for kind, listed in pages.items():
            if options.plotly:
                subprocess.run([options.plotly, "-c", PEER, kind, name], check=True)
                listed.append(folder / f"plotly-{kind}.html")
        browser = playwright.chromium.launch(
            executable_path=shutil.which(options.chromium), args=["--no-sandbox"]
        )
        results: dict[str, list[Visit]] = {}
        for _ in range(options.visits):
            for kind, listed in pages.items():
                sides = (("ours", BRUSH), ("plotly", PEER_BRUSH))
                for page, (who, brush) in zip(listed, sides, strict=False):
                    script = brush if kind == "search" else None
                    found = visit(browser, page, script, options.seconds)
                    results.setdefault(f"{kind} {who}", []).append(found)
        browser.close()
        return report(results, {kind: listed[0] for kind, listed in pages.items()})


def report(results: dict[str, list[Visit]], own: dict[str, Path]) -> int:
    """Prints the medians; 1 when a page of ours is slower or larger than it may be."""
    medians: dict[str, dict[str, float]] = {}
    for name, visits in results.items():
        found: dict[str, float] = {
            "ready_ms": statistics.median(visit.ready_ms for visit in visits),
            "bytes": visits[0].bytes,
        }
        rates = [(visit.frames, visit.idle) for visit in visits if visit.frames and visit.idle]
        if rates:
            found["frames_per_second"] = statistics.median(rate for rate, _ in rates)
            found["idle_frames_per_second"] = statistics.median(rate for _, rate in rates)
        medians[name] = found
        print(name, json.dumps({key: round(value, 1) for key, value in found.items()}))
    for kind in ("search", "curves"):
        if f"{kind} plotly" in medians:
            ours, peer = medians[f"{kind} ours"], medians[f"{kind} plotly"]
            ratios = {key: round(peer[key] / ours[key], 2) for key in ours}
            print(kind, "plotly / ours", json.dumps(ratios))
    page = own["curves"].stat().st_size
    print("page of curves alone, bytes:", page)
    search, curves = medians["search ours"], medians["curves ours"]
    fine = (
        search["frames_per_second"] >= FRAMES_PER_SECOND
        and curves["ready_ms"] < READY_MS
        and page < BYTES
    )
    print("within the limits" if fine else "NOT within the limits")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
