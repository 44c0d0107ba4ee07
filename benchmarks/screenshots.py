"""python -m benchmarks.screenshots [--photos ZIP] [--into docs]: the README's pictures of the page, made anew.

Starts servers of its own with real datasets: the handwritten digits that a first start makes, coloured by label, and a
thousand photographs. Small JPEGs, so that the repository stays small.
"""

import argparse
import io
import json
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urljoin

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.__main__ import PHOTOS
from benchmarks.browser import launch
from benchmarks.servers import explorer
from benchmarks.table import say

SIZE = {"width": 1440, "height": 900}
MOST_BYTES = 400_000
LOOK_AT = "toy_poodle"  # part of the name of the photograph that is opened
Prepare = Callable[[Page], None]


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, default=PHOTOS, help="a ZIP of photographs")
    parser.add_argument("--into", type=Path, default=Path("docs"))
    given = parser.parse_args()
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = launch(playwright)
        with explorer(Path(folder) / "digits", network="embedded") as port:
            take(browser, f"http://127.0.0.1:{port}/", digits, given.into / "map-digits.jpg", "dark")
        if given.photos.exists():
            with explorer(Path(folder) / "photos", network="embedded", starter="no") as port:
                upload(port, given.photos)
                take(browser, f"http://127.0.0.1:{port}/", photographs, given.into / "map-photos.jpg", "light")
        browser.close()


def take(browser: Browser, address: str, prepare: Prepare, target: Path, scheme: str) -> None:
    """One picture of the page as `prepare` leaves it."""
    context = browser.new_context(viewport=SIZE, color_scheme=scheme, reduced_motion="reduce")
    context.set_default_timeout(120_000)
    page = context.new_page()
    page.goto(address)
    page.evaluate("() => window.explorer.ready")
    dismiss = page.get_by_role("button", name="Not now")
    if dismiss.is_visible():
        dismiss.click()
    prepare(page)
    calm(page)
    save(page.screenshot(), target)
    context.close()


def digits(page: Page) -> None:
    """Coloured by label, seen a little from the side."""
    page.get_by_test_id("colour-by").select_option("label")
    turn(page, 0.9)


def photographs(page: Page) -> None:
    """All of them, with one opened."""
    found = page.request.get(urljoin(page.url, f"/maps/main/search?q={LOOK_AT}")).json()["rows"]
    page.goto(urljoin(page.url, f"/?row={found[0]['index'] if found else 0}"))
    page.evaluate("() => window.explorer.ready")
    page.get_by_test_id("neighbors").locator("button").first.wait_for()
    page.get_by_test_id("home").click()


def turn(page: Page, nearer: float) -> None:
    """The home view from the side and `nearer` times its distance."""
    mode, x, y, z, distance, _, _ = page.evaluate("window.explorer.view.camera").split(",")
    camera = ",".join([mode, x, y, z, f"{float(distance) * nearer:.3f}", "-32", "22"])
    page.evaluate("camera => { window.explorer.view.camera = camera; }", camera)
    calm(page)


def calm(page: Page) -> None:
    """When all is drawn and nothing is said that goes away again."""
    page.evaluate("() => window.explorer.view.settled()")
    page.wait_for_timeout(1500)
    for button in page.get_by_test_id("notice").get_by_role("button", name="Dismiss").all():
        button.click()
    page.mouse.move(5, 5)
    page.evaluate("() => window.explorer.view.settled()")


def upload(port: int, archive: Path) -> None:
    """Make it the main dataset under a plain name."""
    server = f"http://127.0.0.1:{port}"
    send = ["curl", "-sf", "-F", f"file=@{archive}", f"{server}/dataset?name=A+thousand+photographs"]
    dataset = subprocess.run(send, check=True, capture_output=True, text=True).stdout
    patch = ["-X", "PATCH", "-H", "Content-Type: application/json", "-d", json.dumps({"main": True})]
    subprocess.run(["curl", "-sf", *patch, f"{server}/dataset/{dataset}"], check=True, stdout=subprocess.DEVNULL)


def save(png: bytes, target: Path) -> None:
    """As a JPEG of at most MOST_BYTES."""
    for quality in (90, 85, 80, 70, 60):
        buffer = io.BytesIO()
        with Image.open(io.BytesIO(png)) as picture:
            picture.convert("RGB").save(buffer, "JPEG", quality=quality, optimize=True, progressive=True)
        if buffer.tell() <= MOST_BYTES:
            target.write_bytes(buffer.getvalue())
            say(f"{target}: {buffer.tell()} bytes, quality {quality}")
            return
    raise ValueError(f"{target} would be larger than {MOST_BYTES} bytes")


if __name__ == "__main__":
    main()
