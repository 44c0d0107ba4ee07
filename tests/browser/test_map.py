"""The map itself: right pictures at right places, nothing drawn in vain, addresses that bring the same view back."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from benchmarks.synthetic_dataset import colour, write_dataset
from embedding_explorer.datasets.dataset import Dataset
from embedding_explorer.datasets.store import DatasetStore
from tests.browser.camera import decode, pixels
from tests.browser.journey import click_opens
from tests.browser.pages import (
    Pages,
    colour_at,
    drawn,
    frames_during,
    on_page,
    picture_of,
    project,
    ready,
    settled,
    stats,
    until,
)
from tests.servers import QuickServer

IMAGES = 2_500
SOFTWARE = "?seed=1&quality=software"
POLICY = ("default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QuickServer]:
    data = tmp_path_factory.mktemp("map") / "data"
    write_dataset(data, IMAGES, main=True, features=8)
    running = QuickServer(data)
    yield running
    running.kill()


@pytest.fixture
def dataset(server: QuickServer) -> Dataset:
    return DatasetStore(server.data).get("main")


@pytest.fixture
def page(server: QuickServer, open_page: Pages) -> Page:
    return ready(open_page(f"{server.url}/{SOFTWARE}"))


def fly_to(page: Page, row: int) -> None:
    """Look at one image from near."""
    page.evaluate("row => window.explorer.view.flyTo({ row }, { animate: false })", row)
    settled(page)


def colour_of(dataset: Dataset, row: int) -> np.ndarray:
    """Of its picture."""
    return colour(row, int((dataset.images.label(row) or "").removeprefix("class ")))


def test_all_images_are_drawn_where_the_server_says(page: Page, server: QuickServer) -> None:
    assert stats(page)["drawn"] == stats(page)["total"] == IMAGES
    points, box = decode(server.get("/maps/main/positions/umap?type=f32").content)
    area = page.locator("#map").bounding_box()
    assert area is not None
    camera = page.evaluate("window.explorer.view.camera")
    wanted, _ = pixels(points, box, camera, area["width"], area["height"])
    for row in range(0, IMAGES, 97):
        spot = project(page, row)
        assert [spot["x"], spot["y"]] == pytest.approx(wanted[row], abs=0.7), row


def test_the_canvas_shows_dots_on_a_ground(page: Page) -> None:
    picture = picture_of(page)
    ground = np.median(picture.reshape(-1, 3), axis=0)
    different = (np.abs(picture - ground).max(axis=2) > 40).mean()
    assert 0.002 < different < 0.6


@pytest.mark.parametrize("row", [3, 1_234, 2_499])
def test_a_picture_has_its_colour_and_a_click_opens_it(page: Page, dataset: Dataset, row: int) -> None:
    page.get_by_test_id("colour-by").select_option("none")
    fly_to(page, row)
    spot = project(page, row)
    assert spot["visible"] and spot["size"] > 20, spot
    assert page.evaluate("([x, y]) => window.explorer.view.nearest(x, y, 2)?.row", [spot["x"], spot["y"]]) == row
    wanted, half = colour_of(dataset, row), spot["size"] * 0.3

    def right() -> bool:
        return bool(np.abs(colour_at(picture_of(page), spot["x"], spot["y"], int(half)) - wanted).max() < 16)

    until(right, f"the picture of row {row} in {wanted}", 20)
    click_opens(page, row, f"{row:06d}.jpg")


def test_an_opened_image_lies_over_all_others(server: QuickServer, open_page: Pages, dataset: Dataset) -> None:
    page = ready(open_page(f"{server.url}/{SOFTWARE}&colour=none&row=42"))
    spot = project(page, 42)
    assert page.evaluate("([x, y]) => window.explorer.view.nearest(x, y, 2)?.row", [spot["x"], spot["y"]]) != 42
    wanted = colour_of(dataset, 42)
    until(lambda: np.abs(colour_at(picture_of(page), spot["x"], spot["y"], 8) - wanted).max() < 16, f"{wanted}", 20)


def test_an_idle_page_draws_nothing(page: Page) -> None:
    page.mouse.move(5, 5)
    settled(page)
    page.wait_for_timeout(500)
    assert frames_during(page, 2) == 0


def test_turning_draws_frames_and_ends_with_all_images(page: Page) -> None:
    before, camera = picture_of(page), page.evaluate("window.explorer.view.camera")
    start = stats(page)["frames"]
    page.mouse.move(*on_page(page, 300, 300))
    page.mouse.down()
    page.mouse.move(*on_page(page, 420, 330), steps=12)
    page.mouse.up()
    settled(page)
    assert stats(page)["frames"] > start + 3 and stats(page)["drawn"] == IMAGES
    assert page.evaluate("window.explorer.view.camera") != camera
    assert (picture_of(page) != before).any(axis=2).mean() > 0.005


def test_the_page_may_load_nothing_from_elsewhere(server: QuickServer, open_page: Pages) -> None:
    policy = server.get("/").headers["Content-Security-Policy"]
    assert all(part in policy for part in POLICY) and "unsafe" not in policy
    page = ready(open_page(f"{server.url}/{SOFTWARE}"))  # a violation is an error on the console and fails the test
    hosts = page.evaluate("performance.getEntriesByType('resource').map((e) => new URL(e.name).host)")
    assert set(hosts) <= {urlsplit(server.url).netloc}
    open_page.expect("refused|violates|Content Security Policy")
    page.evaluate("fetch('http://example.com/').catch(() => 0)")
    until(lambda: page.evaluate("1") and open_page.all_problems, "the refusal")


def test_reductions_are_exchanged(page: Page, server: QuickServer) -> None:
    before = project(page, 7)
    page.get_by_test_id("reduction-pca").click()
    expect(page.get_by_test_id("reduction-pca")).to_have_attribute("aria-checked", "true")
    until(lambda: page.evaluate("window.explorer.view.shown.reducer") == "pca", "the places by PCA")
    settled(page)
    points, box = decode(server.get("/maps/main/positions/pca?type=f32").content)
    area = page.locator("#map").bounding_box()
    assert area is not None
    wanted, _ = pixels(points, box, page.evaluate("window.explorer.view.camera"), area["width"], area["height"])
    after = project(page, 7)
    assert [after["x"], after["y"]] == pytest.approx(wanted[7], abs=0.7)
    assert (before["x"], before["y"]) != (after["x"], after["y"])


def test_the_address_brings_back_the_same_view(page: Page, open_page: Pages) -> None:
    page.get_by_test_id("colour-by").select_option("width")
    fly_to(page, 1234)
    spot = project(page, 1234)
    click_opens(page, 1234, "001234.jpg")
    until(lambda: {"camera", "colour", "row"} <= parse_qs(page.evaluate("location.search")[1:]).keys(), "the address")
    assert spot["visible"]
    page.mouse.move(5, 5)
    settled(page)
    page.wait_for_timeout(600)
    query = parse_qs(urlsplit(page.url).query)
    assert query["colour"] == ["width"] and query["row"] == ["1234"] and query["quality"] == ["software"]
    again = ready(open_page(page.url))
    expect(again.get_by_test_id("detail-file")).to_have_text("001234.jpg")
    expect(again.get_by_test_id("colour-by")).to_have_value("width")
    again.mouse.move(5, 5)
    settled(again)
    assert again.evaluate("window.explorer.view.camera") == page.evaluate("window.explorer.view.camera")
    assert (drawn(page) != drawn(again)).mean() < 0.001


def test_the_same_address_gives_the_same_pixels(server: QuickServer, open_page: Pages) -> None:
    address = f"{server.url}/{SOFTWARE}&camera=3d,0.1,0,0,1.8,30,20"
    one, two = ready(open_page(address)), ready(open_page(address))
    assert (drawn(one) == drawn(two)).all()
    other = ready(open_page(address.replace("1.8", "2.2")))
    assert (drawn(one) != drawn(other)).mean() > 0.01


def test_the_link_preview_is_named_in_the_manifest(server: QuickServer) -> None:
    preview = server.get("/maps/main").json()["preview"]
    assert re.fullmatch(r"/maps/[0-9a-f]{32}\.png", preview)
    assert server.get(preview).content[:4] == b"\x89PNG"
