"""A thousand run pages beside the same pages in MkDocs' default navigation.

`runreport build` (the whole process: read, draw, render, verify, publish) makes one page per run.
The peer gets the very articles of those pages, ready-made, one Markdown file each, and lets MkDocs
with the Material theme list them in its navigation, as it does when nobody says otherwise. So the
peer neither reads a store nor draws a chart.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from pathlib import Path

from measure import Measured, compile_package, measure, size_of
from stores import Size, ensure

SPEC = """
report: {title: Run pages}
vars: {store: mlflow.db}
sources:
  - mlflow: "sqlite:///${store}"
groups: {by: [params.optimizer], replicates: seed, pair_by: seed, baseline: optimizer == "sgd"}
metrics:
  val_accuracy: {goal: maximize, unit: "%", scale: 100, primary: true}
  val_loss: {goal: minimize}
pages:
  - title: Summary
    sections: [summary]
  - title: Run ${run.name}
    foreach: run
    sections: [run]
"""
MKDOCS = """
site_name: Run pages
use_directory_urls: false
theme: {name: material, font: false}
plugins: [search]
"""
ARTICLE = re.compile(r"<article\b[^>]*>(.*)</article>", re.S)
TITLE = re.compile(r"<h1\b[^>]*>(.*?)</h1>", re.S)
TAG = re.compile(r"<[^>]+>")
TIME_RATIO, BYTES_RATIO = 8.0, 3.0


def build_ours(store: Path, folder: Path) -> Measured:
    (folder / "runreport.yaml").write_text(SPEC)
    return measure(
        [sys.executable, "-m", "runreport", "build", "--set", f"vars.store={store}"], folder
    )


def build_peer(site: Path, folder: Path) -> tuple[Measured, int]:
    """Build the run pages of a site again by plain MkDocs; also how many there were."""
    docs = folder / "docs"
    docs.mkdir()
    (folder / "mkdocs.yml").write_text(MKDOCS)
    (docs / "index.md").write_text("# Run pages\n")
    pages = sorted((site / "run").glob("*.html"))
    for page in pages:
        (docs / f"{page.stem}.md").write_text(markdown_of(page.read_text()))
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", "site"]
    return measure(command, folder), len(pages)


def markdown_of(html: str) -> str:
    """The page's heading as Markdown, and the rest of its article as one block of HTML."""
    article = ARTICLE.search(html)
    if article is None:
        raise SystemExit("a run page without an article")
    heading = TITLE.search(article[1])
    title = TAG.sub("", heading[1]).replace("¶", "").strip() if heading else "Run"
    body = TITLE.sub("", article[1])
    # a blank line would end the block and hand the rest to Markdown
    body = re.sub(r"\n\s*\n", "\n", body)
    return f"# {title}\n\n<div>\n{body.strip()}\n</div>\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stores", type=Path, default=Path(tempfile.gettempdir()) / "rr-stores")
    parser.add_argument("--runs", type=int, default=1000)
    args = parser.parse_args()
    store = ensure(Size(runs=args.runs, metrics=6, steps=20, params=20), args.stores)
    compile_package()
    with tempfile.TemporaryDirectory(prefix="runreport-bench-") as name:
        ours, theirs = Path(name, "ours"), Path(name, "peer")
        ours.mkdir()
        theirs.mkdir()
        own = build_ours(store, ours)
        own_bytes = size_of(ours / "site")
        peer, pages = build_peer(ours / "site", theirs)
        peer_bytes = size_of(theirs / "site")
    print(f"runreport build  {pages} pages  wall {own.wall_s:.2f} s  {own_bytes / 1e6:.0f} MB")
    print(f"mkdocs build     {pages} pages  wall {peer.wall_s:.2f} s  {peer_bytes / 1e6:.0f} MB")
    time_ratio, bytes_ratio = peer.wall_s / own.wall_s, peer_bytes / own_bytes
    print(f"time ratio {time_ratio:.1f} (goal {TIME_RATIO:.0f})")
    print(f"bytes ratio {bytes_ratio:.1f} (goal {BYTES_RATIO:.0f})")
    good = pages == args.runs and time_ratio >= TIME_RATIO and bytes_ratio >= BYTES_RATIO
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
