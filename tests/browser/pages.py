"""Pages that report what went wrong in them, and what tests ask of a page with a map."""

import io
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

# SwiftShader on two busy cores takes its time; a test that waits longer has failed.
PATIENCE = 60.0
LOCAL = {"127.0.0.1", "localhost"}


class Pages:
    """Opens pages of one test. Call it with an address; `problems` are the errors that nobody expected."""

    def __init__(self, browser: Browser) -> None:
        self._browser, self._contexts = browser, list[BrowserContext]()
        self._expected: list[str] = []
        self._found: list[str] = []

    def __call__(self, url: str, **options: Any) -> Page:
        """A page in a context of its own (`options`: those of Playwright's `new_context`), at that address."""
        context = self._browser.new_context(**({"viewport": {"width": 1280, "height": 800}} | options))
        self._contexts.append(context)
        context.set_default_timeout(PATIENCE * 1000)
        context.on("page", self._watch)
        context.on("request", self._request)
        context.on("requestfailed", self._request_failed)
        page = context.new_page()
        page.goto(url)
        return page

    def expect(self, pattern: str) -> None:
        """Problems that this regular expression finds are what the test is about."""
        self._expected.append(pattern)

    @property
    def problems(self) -> list[str]:
        """Errors on the console, exceptions, failed requests and requests to other hosts, but for the expected."""
        return [problem for problem in self._found if not any(re.search(p, problem) for p in self._expected)]

    @property
    def all_problems(self) -> list[str]:
        """The expected ones as well."""
        return list(self._found)

    def photograph(self, folder: Path, name: str) -> list[Path]:
        """A picture of each open page."""
        folder.mkdir(exist_ok=True)
        pages = [page for context in self._contexts for page in context.pages]
        paths = [folder / f"{name}-{number}.png" for number in range(len(pages))]
        for page, path in zip(pages, paths, strict=True):
            page.screenshot(path=path)
        return paths

    def close(self) -> None:
        """Close all pages."""
        for context in self._contexts:
            context.close()

    def _watch(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self._found.append(f"exception: {error}\n{error.stack or ''}"))
        page.on("crash", lambda _: self._found.append("the page crashed"))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._found.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in ("blob", "data") and address.hostname not in LOCAL:
            self._found.append(f"request to another host: {request.url[:200]}")

    def _request_failed(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # the page no longer wanted it
            self._found.append(f"request failed: {request.url} {request.failure}")


def ready(page: Page) -> Page:
    """When the page has shown its map and come to rest."""
    page.evaluate("() => window.explorer.ready")
    return settled(page)


def settled(page: Page) -> Page:
    """When the camera rests and all is drawn that will be drawn."""
    page.evaluate("() => window.explorer.view.settled()")
    return page


def stats(page: Page) -> dict[str, Any]:
    """What the page says of itself."""
    return page.evaluate("() => window.explorer.stats()")


def frames_during(page: Page, seconds: float) -> int:
    """Frames drawn meanwhile."""
    before = stats(page)["frames"]
    page.wait_for_timeout(seconds * 1000)
    return stats(page)["frames"] - before


def project(page: Page, row: int) -> dict[str, Any]:
    """Where a row is drawn, in CSS pixels of the canvas: x, y, depth, size, visible."""
    return page.evaluate("row => window.explorer.view.project(row)", row)


def on_page(page: Page, x: float, y: float, canvas: str = "#map") -> tuple[float, float]:
    """A point of the canvas as a point of the viewport, for the mouse."""
    box = page.locator(canvas).bounding_box()
    assert box is not None, f"{canvas} is not shown"
    return box["x"] + x, box["y"] + y


def picture_of(page: Page, canvas: str = "#map") -> np.ndarray:
    """What a person sees where the canvas is: (height, width, 3) uint8."""
    box = page.locator(canvas).bounding_box()
    assert box is not None, f"{canvas} is not shown"
    # Not locator.screenshot, which scrolls and waits for two equal frames of an element that may be turning.
    with Image.open(io.BytesIO(page.screenshot(clip=box, scale="css"))) as image:
        return np.asarray(image.convert("RGB"))


# The view's PNG as numbers, one for each pixel: that keeps it small.
SNAPSHOT = """async () => {
  const bitmap = await createImageBitmap(await window.explorer.view.snapshot());
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height), context = canvas.getContext("2d");
  context.drawImage(bitmap, 0, 0);
  const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
  return Array.from(new Uint32Array(data.buffer));
}"""


def drawn(page: Page) -> np.ndarray:
    """What the view itself gives as its picture, without the panels that lie over the canvas: its pixels (n,)."""
    return np.asarray(page.evaluate(SNAPSHOT))


def colour_at(picture: np.ndarray, x: float, y: float, radius: int = 2) -> np.ndarray:
    """Mean colour (3,) of a square around a point."""
    left, top = max(0, round(x) - radius), max(0, round(y) - radius)
    square = picture[top : round(y) + radius + 1, left : round(x) + radius + 1]
    return square.reshape(-1, 3).mean(axis=0)


def until(done: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """Poll until `done` gives something true, which is returned; `what` is what one waits for.

    Playwright hears of the page only while one of its functions is called: `done` should call one.
    """
    deadline = time.monotonic() + seconds
    while not (found := done()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds:.0f} s"
        time.sleep(0.05)
    return found
