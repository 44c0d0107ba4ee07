"""A headless Chromium for the tests of the page. They are skipped where there is none, and fail where CI is set."""

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, expect, sync_playwright

from benchmarks.browser import NO_WEBGL, NoChromium, launch, served
from tests.browser.pages import PATIENCE, Pages

Publish = Callable[[Path], str]
FAILED = pytest.StashKey[bool]()


# Package scope, not session: Playwright keeps an event loop in this thread, which other tests need not expect.
@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    expect.set_options(timeout=PATIENCE * 1000)
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="package")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Chromium with WebGL2 by software."""
    yield from launched(playwright)


@pytest.fixture(scope="package")
def browser_without_webgl(playwright: Playwright) -> Iterator[Browser]:
    """Chromium that refuses WebGL."""
    yield from launched(playwright, NO_WEBGL)


def launched(playwright: Playwright, *flags: str) -> Iterator[Browser]:
    try:
        browser = launch(playwright, *flags)
    except NoChromium as error:
        # A run that is to prove something must not pass because the proof was left out.
        if os.environ.get("CI", "").lower() not in ("", "0", "false"):
            pytest.fail(f"CI is set and the tests of the page cannot run: {error}", pytrace=False)
        pytest.skip(str(error))
    yield browser
    browser.close()


@pytest.fixture
def open_page(
    request: pytest.FixtureRequest, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pages]:
    """Opens pages that must not have errors; `open_page.expect(pattern)` says which ones belong to the test."""
    yield from watched(request, browser, tmp_path_factory)


@pytest.fixture
def open_page_without_webgl(
    request: pytest.FixtureRequest, browser_without_webgl: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pages]:
    """The same in a browser that refuses WebGL."""
    yield from watched(request, browser_without_webgl, tmp_path_factory)


def watched(
    request: pytest.FixtureRequest, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pages]:
    pages = Pages(browser)
    yield pages
    if request.node.stash.get(FAILED, False):
        for path in pages.photograph(tmp_path_factory.getbasetemp() / "screenshots", request.node.name):
            print(f"what the page looked like: {path}")
        print("problems in the page:", *pages.problems, sep="\n  ")
    pages.close()
    if pages.problems and not request.node.stash.get(FAILED, False):
        pytest.fail("problems in the page:\n" + "\n".join(pages.problems), pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let fixtures know at the end of a test that it failed."""
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


@pytest.fixture
def publish() -> Iterator[Publish]:
    """Serves a folder from an origin of its own; gives its address."""
    with ExitStack() as running:
        yield lambda folder: running.enter_context(served(folder))
