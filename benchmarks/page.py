"""The map page in a headless Chromium with 202 599 images, beside the straightforward page (`plain.html`).

WebGL runs by software here, as it does in a virtual machine; look at the renderer's name in the table.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.browser import launch, served
from benchmarks.servers import explorer
from benchmarks.synthetic_dataset import CELEBA, write_dataset
from benchmarks.table import Row, say

VIEWPORT = {"width": 1280, "height": 800}
ORBIT = 5.0  # seconds
STEP = 6  # CSS pixels that the pointer moves between two of its events
MB = 1_000_000
# Times of frames, noted by the page's own animation frames: a frame counts when the map was drawn anew. Nothing that
# the page says of its own speed is believed.
RECORDER = """
  window.recorder = { first: 0, drawn: [] };
  let seen = 0;
  (function look(now) {
    const frames = window.explorer?.stats?.().frames ?? 0;
    if (frames > seen) window.recorder.drawn.push(now);
    if (frames > 0 && !window.recorder.first) window.recorder.first = now;
    seen = frames;
    requestAnimationFrame(look);
  })(0);
"""
# A pointer that moves once in each animation frame, as browsers deliver a real one. Playwright's would come less often.
DRAG = """async ([left, top, time, step]) => {
  const canvas = document.getElementById("map"), there = (way, width) => Math.abs((way + width) % (4 * width) - 2 * width) - width;
  const say = (type, way) => canvas.dispatchEvent(new PointerEvent(type, {
    bubbles: true, cancelable: true, pointerId: 1, pointerType: "mouse", isPrimary: true, buttons: type === "pointerup" ? 0 : 1,
    button: type === "pointermove" ? -1 : 0, clientX: left + there(way, 250), clientY: top + there(way / 5, 60),
  }));
  const start = performance.now();
  say("pointerdown", 0);
  for (let n = 1; performance.now() - start < time; n += 1) {
    say("pointermove", n * step);
    await new Promise(requestAnimationFrame);
  }
  say("pointerup", 0);
}"""
MANIFEST_END = """() => performance.getEntriesByType("resource")
  .filter((entry) => /\\/maps\\/[^/]+(\\/manifest\\.json)?$/.test(entry.name)).map((entry) => entry.responseEnd)[0]"""


@dataclass(frozen=True)
class Found:
    """One page, measured: milliseconds, bytes, frames."""

    first: float
    rest: float
    frames: list[float]
    again: float
    heap: float
    bytes: float
    idle: int
    stats: dict[str, Any]

    @property
    def p95(self) -> float:
        """The 95th percentile of moving frames."""
        return quantiles(self.frames, n=20)[-1]


def measure(photos: Path, runs: int) -> list[Row]:
    """Start, movement, memory, bytes and rest of both pages, in turn."""
    ours: list[Found] = []
    plain: list[Found] = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        data = Path(folder) / "data"
        say(f"writing {CELEBA} synthetic pictures")
        write_dataset(data, main=True)
        browser = launch(playwright)
        with explorer(data, network="embedded") as port, served(Path(__file__).parent) as rival:
            server = f"http://127.0.0.1:{port}"
            for _ in range(runs):
                ours.append(said("page", our_page(browser, server)))
                plain.append(said("plain page", plain_page(browser, f"{rival}/plain.html?server={server}")))
        browser.close()
    return rows(ours, plain)


def rows(ours: list[Found], plain: list[Found]) -> list[Row]:
    """Medians over the runs."""

    def pair(what: str, name: str, unit: str, target: str, divisor: float = 1) -> Row:
        mine, theirs = (median(getattr(found, name) for found in side) / divisor for side in (ours, plain))
        return Row(what, f"{mine:.3g} {unit}", f"{theirs:.3g} {unit}", f"{theirs / mine:.1f} x", target)

    mine, theirs = (median(median(found.frames) for found in side) for side in (ours, plain))
    stats = ours[-1].stats
    again = median(found.again for found in ours)
    return [
        Row(f"map page, {CELEBA} images: renderer", stats["renderer"], "the same"),
        pair("… first dots after the manifest", "first", "ms", "<= 1000 ms"),
        pair("… all images drawn, pictures loaded", "rest", "ms", ""),
        Row(
            "… median frame while orbiting", f"{mine:.1f} ms", f"{theirs:.1f} ms", f"{theirs / mine:.1f} x", "<= 33 ms"
        ),
        pair("… its 95th percentile", "p95", "ms", ""),
        Row("… all images drawn again after moving", f"{again:.0f} ms", "", "", "<= 1000 ms"),
        pair("… JavaScript heap", "heap", "MB", "", MB),
        Row("… textures", f"{stats['textures'] / MB:.0f} MB"),
        pair("… bytes to the first view", "bytes", "MB", "", MB),
        Row("… frames in 3 s of rest", f"{max(f.idle for f in ours)}", f"{plain[-1].idle}", "", "0"),
    ]


def our_page(browser: Browser, server: str) -> Found:
    """The page as a user opens it."""
    with opened(browser, f"{server}/") as (page, counter):
        page.evaluate("() => window.explorer.ready.then(() => window.explorer.view.settled())")
        start = page.evaluate(MANIFEST_END)
        rest = page.evaluate("() => performance.now()") - start
        transferred = counter["bytes"]
        heap = heap_of(page)
        frames, again = orbit(page)
        page.evaluate("() => window.explorer.view.settled()")
        stats = page.evaluate("() => window.explorer.stats()")
        if stats["drawn"] != CELEBA:
            raise AssertionError(f"at rest {stats['drawn']} of {CELEBA} images are drawn")
        first = page.evaluate("() => window.recorder.first") - start
        return Found(first, rest, frames, again, heap, transferred, idle_frames(page), stats)


def plain_page(browser: Browser, address: str) -> Found:
    """The straightforward page, which turns by itself."""
    with opened(browser, address) as (page, counter):
        page.wait_for_function("() => window.recorder.first > 0")
        start = page.evaluate("() => window.explorer.manifestMs")
        first = page.evaluate("() => window.recorder.first") - start
        transferred = counter["bytes"]
        page.evaluate("() => { window.recorder.drawn.length = 0; }")
        page.wait_for_timeout(ORBIT * 1000)
        frames = intervals(page)
        return Found(first, first, frames, 0, heap_of(page), transferred, idle_frames(page), {})


@contextmanager
def opened(browser: Browser, address: str) -> Iterator[tuple[Page, dict[str, float]]]:
    """A fresh page with an empty cache at that address, and the bytes that it has received."""
    context = browser.new_context(viewport=VIEWPORT)
    context.set_default_timeout(180_000)
    page = context.new_page()
    page.add_init_script(RECORDER)
    counter = {"bytes": 0.0}
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.on(
        "Network.loadingFinished", lambda event: counter.update(bytes=counter["bytes"] + event["encodedDataLength"])
    )
    page.goto(address)
    yield page, counter
    context.close()


def orbit(page: Page) -> tuple[list[float], float]:
    """Turn the map with the pointer: milliseconds from frame to frame, and from the end until all is drawn again."""
    page.evaluate("() => { window.recorder.drawn.length = 0; }")
    page.evaluate(DRAG, [VIEWPORT["width"] / 2, VIEWPORT["height"] / 2, ORBIT * 1000, STEP])
    frames = intervals(page)
    again = page.evaluate("""async () => {
      const start = performance.now();
      for (;;) {
        const { drawn, total, moving } = window.explorer.stats();
        if (drawn === total && !moving) return performance.now() - start;
        await new Promise(requestAnimationFrame);
      }
    }""")
    return frames, again


def intervals(page: Page) -> list[float]:
    """Milliseconds from one drawn frame to the next."""
    times: list[float] = page.evaluate("() => window.recorder.drawn")
    return [later - earlier for earlier, later in pairwise(times)]


def idle_frames(page: Page) -> int:
    """Frames drawn in three seconds in which nobody does anything."""
    before: int = page.evaluate("() => window.explorer.stats().frames")
    page.wait_for_timeout(3000)
    after: int = page.evaluate("() => window.explorer.stats().frames")
    return after - before


def heap_of(page: Page) -> float:
    """Bytes of JavaScript objects and of their arrays, after a garbage collection."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    usage: dict[str, float] = session.send("Runtime.getHeapUsage")
    return usage["usedSize"] + usage.get("backingStorageSize", 0)


def said(name: str, found: Found) -> Found:
    """Progress for the person who waits."""
    say(
        f"{name}: first dots {found.first:.0f} ms, rest {found.rest:.0f} ms, frame {median(found.frames):.1f} ms "
        f"(p95 {found.p95:.1f}, {len(found.frames)} frames), heap {found.heap / MB:.0f} MB, {found.bytes / MB:.2f} MB, "
        f"idle frames {found.idle}, {found.stats}"
    )
    return found
