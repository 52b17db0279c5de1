"""Reports over stores that others wrote, read where they are."""

from __future__ import annotations

from pathlib import Path

from selectolax.lexbor import LexborHTMLParser

from tests.processes import runreport


def built(folder: Path, database: Path, replicates: str, metric: str, section: str) -> str:
    """The text of the page with the one section of such a report."""
    (folder / "runreport.yaml").write_text(
        "report: {title: A search}\n"
        f'sources: [{{mlflow: "sqlite:///{database}"}}]\n'
        f"groups: {{by: all_but({replicates.removeprefix('params.')}), replicates: {replicates}}}\n"
        f"metrics:\n  {metric}\n"
        f"pages:\n  - title: Page\n    sections: [{section}]\n"
    )
    done = runreport("build", "runreport.yaml", cwd=folder)
    assert done.returncode == 0, done.stderr
    page = LexborHTMLParser((folder / "site" / "index.html").read_text())
    return " ".join(page.css_first("article").text(separator=" ").split())
