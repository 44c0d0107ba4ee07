"""The tools of these tests: the browser draws, errors in a page are noticed, and a missing browser is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser.conftest import Publish
from tests.browser.pages import Pages, colour_at, picture_of, until
from tests.conftest import REPOSITORY

CLEAR = """
<canvas id="map" width="80" height="60"></canvas>
<script>
  const gl = document.getElementById("map").getContext("webgl2");
  gl.clearColor(1, 0.5, 0, 1);
  gl.clear(gl.COLOR_BUFFER_BIT);
</script>"""


def test_webgl2_is_drawn(open_page: Pages, publish: Publish, tmp_path: Path) -> None:
    open_page.expect("favicon.ico")
    (tmp_path / "a.html").write_text(CLEAR)
    page = open_page(f"{publish(tmp_path)}/a.html")
    assert colour_at(picture_of(page), 40, 30) == pytest.approx([255, 128, 0], abs=2)


def test_there_is_a_browser_without_webgl(open_page_without_webgl: Pages) -> None:
    page = open_page_without_webgl("about:blank")
    assert page.evaluate("document.createElement('canvas').getContext('webgl2')") is None


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ("console.error('trouble')", "console: trouble"),
        ("setTimeout(() => { throw new Error('thrown') })", "exception: thrown"),
        ("Promise.reject(new Error('rejected'))", "exception: rejected"),
        ("fetch('/nothing').catch(() => 0)", "404"),
        ("fetch('http://example.com/').catch(() => 0)", "request to another host: http://example.com/"),
    ],
)
def test_errors_in_a_page_are_noticed(
    open_page: Pages, publish: Publish, tmp_path: Path, script: str, problem: str
) -> None:
    (tmp_path / "a.html").write_text(f"<script>{script}</script>")
    page = open_page(f"{publish(tmp_path)}/a.html")
    until(lambda: page.evaluate("1") and any(problem in found for found in open_page.problems), problem)
    open_page.expect("")


@pytest.mark.parametrize(("ci", "outcome"), [("", "1 skipped"), ("true", "1 error")])
def test_without_a_browser_tests_are_skipped_but_fail_in_ci(tmp_path: Path, ci: str, outcome: str) -> None:
    this = f"{Path(__file__).relative_to(REPOSITORY)}::{test_there_is_a_browser_without_webgl.__name__}"
    nowhere = {"PATH": str(tmp_path), "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path), "CI": ci}
    command = [sys.executable, "-m", "pytest", "-rs", "--basetemp", str(tmp_path / "base"), this]
    ran = subprocess.run(command, cwd=REPOSITORY, env=os.environ | nowhere, capture_output=True, text=True, timeout=60)
    assert outcome in ran.stdout and "none of chromium" in ran.stdout + ran.stderr, ran.stdout + ran.stderr
    assert (ran.returncode == 0) == (ci == "")
