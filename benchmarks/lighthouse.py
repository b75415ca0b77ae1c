"""Lighthouse of the pages of a running server, on a phone and on a desktop.

    python -m benchmarks.lighthouse http://localhost:8080

Needs Node 18 with npx, which fetches Lighthouse, and Chromium. Ends with 1 where a score is under 95. Performance is measured: it means
something on a machine that does nothing else. What does not depend on speed is held by ``tests/contract/test_pages.py`` and
``tests/browser/test_docs.py``.
"""

import json
import os
import subprocess
import sys
from typing import Any

from tests.browser.conftest import find_chromium

LIGHTHOUSE = "lighthouse@12"
PAGES = ("/", "/docs", "/docs/live")
FORMS = {"mobile": [], "desktop": ["--preset=desktop"]}
LEAST = 0.95
ASKED = (
    "--quiet",
    "--output=json",
    "--only-categories=performance,accessibility,best-practices,seo",
    "--chrome-flags=--headless --no-sandbox",
)


def report_of(url: str, options: list[str], chromium: str) -> dict[str, Any]:
    """What Lighthouse says of a page."""
    command = ["npx", "--yes", LIGHTHOUSE, url, *ASKED, *options]
    done = subprocess.run(
        command, env={**os.environ, "CHROME_PATH": chromium}, capture_output=True, text=True, check=True
    )
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def weighed(report: dict[str, Any]) -> list[str]:
    """The audits that make the scores, as far as they apply to the page."""
    refs = [ref for category in report["categories"].values() for ref in category["auditRefs"]]
    return [
        ref["id"]
        for ref in refs
        if ref["weight"] and report["audits"][ref["id"]]["scoreDisplayMode"] not in ("notApplicable", "manual")
    ]


def main(url: str) -> int:
    chromium = find_chromium()
    if chromium is None:
        print("There is no Chromium on this machine: apt-get install chromium-headless-shell")
        return 1
    least = 1.0
    for page in PAGES:
        for form, options in FORMS.items():
            report = report_of(url + page, options, chromium)
            scores = {name: category["score"] or 0 for name, category in report["categories"].items()}
            least = min(least, *scores.values())
            print(f"{page:12}{form:9}" + "".join(f"{name} {score * 100:.0f}   " for name, score in scores.items()))
            for name in weighed(report):
                audit = report["audits"][name]
                if (audit["score"] or 0) < LEAST:
                    print(f"{'':21}{audit['title']}: {audit.get('displayValue', 'no')}")
    return int(least < LEAST)


if __name__ == "__main__":
    sys.exit(main((sys.argv[1:] or ["http://localhost:8080"])[0].rstrip("/")))
