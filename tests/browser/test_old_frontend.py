"""A frontend that knows the explorer contract and nothing else still works, on another origin and beside the page."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page

from benchmarks.synthetic_dataset import colour, write_dataset
from embedding_explorer.datasets.store import DatasetStore
from tests.browser.conftest import Publish
from tests.browser.pages import Pages, colour_at, picture_of, until
from tests.conftest import colour_files, zip_of
from tests.servers import QuickServer, Upload

FRONTEND = Path(__file__).parent / "old_frontend"
IMAGES = 2_500
COLOURS = ((220, 30, 30), (30, 220, 30), (30, 30, 220))  # of tests.conftest.colour_files, in turn


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QuickServer]:
    data = tmp_path_factory.mktemp("old") / "data"
    write_dataset(data, IMAGES, main=True)
    running = QuickServer(data)
    yield running
    running.kill()


def opened(open_page: Pages, publish: Publish, server: QuickServer, reducer: str = "umap") -> Page:
    open_page.expect("favicon.ico")
    return open_page(f"{publish(FRONTEND)}/index.html?server={server.url}&reducer={reducer}")


def wait_for_text(page: Page, text: str) -> None:
    until(lambda: text in page.locator("#state").inner_text(), text)


@pytest.mark.parametrize("reducer", ["umap", "pca"])
def test_it_draws_the_main_dataset(server: QuickServer, open_page: Pages, publish: Publish, reducer: str) -> None:
    page = opened(open_page, publish, server, reducer)
    wait_for_text(page, f"{IMAGES} images")
    row = IMAGES - 1  # drawn last, so nothing covers it
    label = DatasetStore(server.data).get("main").images.label(row) or ""
    assert_colour(page, row, colour(row, int(label.removeprefix("class "))))


def test_it_waits_while_the_server_is_busy_then_uploads_and_shows_the_new_dataset(
    server: QuickServer, open_page: Pages, publish: Publish, tmp_path: Path
) -> None:
    open_page.expect("503")
    page = opened(open_page, publish, server)
    wait_for_text(page, f"{IMAGES} images")
    (tmp_path / "pictures.zip").write_bytes(zip_of(colour_files(30)))
    server.pause_at("features")
    other = Upload(server, zip_of(colour_files(9)))
    server.wait_paused()
    page.locator("#file").set_input_files(tmp_path / "pictures.zip")
    wait_for_text(page, "busy")
    server.go_on()
    wait_for_text(page, "30 images")
    assert (answer := other.done()) is not None and answer.status_code == 200
    assert page.evaluate("frontend.busyAnswers") > 0
    dataset = DatasetStore(server.data).get(page.evaluate("frontend.dataset"))
    assert dataset.total == 30 and dataset.images[3].file == "p0003.png"
    assert_colour(page, 29, np.array(COLOURS[29 % 3]))


def test_what_it_uploads_in_vain_is_explained(server: QuickServer, open_page: Pages, publish: Publish) -> None:
    open_page.expect("400")
    page = opened(open_page, publish, server)
    wait_for_text(page, f"{IMAGES} images")
    page.locator("#file").set_input_files({"name": "a.zip", "mimeType": "application/zip", "buffer": b"no zip"})
    until(lambda: page.locator("#state").inner_text() not in ("uploading", f"{IMAGES} images"), "an answer")
    assert "zip" in page.locator("#state").inner_text().lower()


def assert_colour(page: Page, row: int, wanted: np.ndarray) -> None:
    """The picture of that row is where the frontend says it is."""
    x, y = page.evaluate("row => frontend.images[row]", row)
    assert np.abs(colour_at(picture_of(page), x + 8, y + 8, 3) - wanted).max() < 12
