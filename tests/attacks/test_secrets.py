"""Secrets in whole builds: those of runs are replaced everywhere, the author's stop the build."""

from __future__ import annotations

import json
import re

import pytest

from tests.attacks.stores import built, digests, run_build, write_spec
from tests.shared import SHARED, needs_shared

# joined here so that no scanner takes this file for a leak
TOKEN = "glpat-" + "x9Kq" * 5
ADDRESS = "https://ada:" + "tr0ub4dor" + "@git.example.com/a.git"

pytestmark = pytest.mark.slow


def published(site) -> str:
    files = [path for path in site.rglob("*") if path.suffix in (".html", ".json", ".csv", ".tex")]
    text = "\n".join(path.read_text("utf-8") for path in files)
    return re.sub(r"&#(\d+);", lambda match: chr(int(match[1])), text)


def test_secrets_in_every_field_of_a_run_reach_no_file(tmp_path):
    planted = [TOKEN, ADDRESS, "password=" + "Zx81!" * 3, "harmless words"]
    if (folder := SHARED / "attacks" / "secrets").exists():
        items = json.loads((folder / "positives.json").read_text())[::20]
        # as the address of a repository, the last part of a hook is the repository's name
        planted += ["".join(item["parts"]) for item in items if item["kind"] != "slack_hook"]
    text = published(built(tmp_path / "report", planted, "A report"))
    assert "harmless words" in text
    assert "[redacted]" in text
    for secret in planted[:3]:
        assert max(re.findall(r"[A-Za-z0-9!]+", secret), key=len) not in text
    open_words = ("DefaultEndpointsProtocol", "EndpointSuffix")
    for secret in planted[4:]:
        words = [w for w in re.findall(r"[A-Za-z0-9]+", secret) if w not in open_words]
        assert max(words, key=len) not in text, secret[:12]


@pytest.mark.parametrize("secret", [TOKEN, ADDRESS])
def test_a_secret_in_the_authors_text_stops_the_build_and_the_old_site_stays(tmp_path, secret):
    site = built(tmp_path / "report", ["one", "two"], "A report")
    before = digests(site)
    write_spec(site.parent, f"A report by {secret}")
    done = run_build(site.parent)
    assert done.returncode == 6
    assert "error[RR651]" in done.stderr
    assert secret not in done.stderr
    assert digests(site) == before


@needs_shared("attacks", "secrets")
def test_benign_lines_that_look_random_are_published_as_they_are(tmp_path):
    lines = json.loads((SHARED / "attacks" / "secrets" / "negatives.json").read_text())[::150]
    text = published(built(tmp_path / "report", lines, "A report"))
    assert "[redacted]" not in text
    assert [line for line in lines if line not in text and "<" not in line] == []
