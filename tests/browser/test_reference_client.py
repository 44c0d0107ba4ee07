"""docs/map-client.html: a third party's page on another origin, with nothing but the maps API."""

from collections.abc import Iterator

import numpy as np
import pytest
import requests
from playwright.sync_api import Page

from benchmarks.synthetic_dataset import colour, write_dataset
from embedding_explorer.datasets.store import DatasetStore
from tests.browser.conftest import Publish
from tests.browser.pages import Pages, colour_at, on_page, picture_of, until
from tests.conftest import REPOSITORY
from tests.servers import QuickServer

DOCS = REPOSITORY / "docs"
IMAGES = 2_500
BACKGROUND = (17, 17, 17)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QuickServer]:
    data = tmp_path_factory.mktemp("client") / "data"
    write_dataset(data, IMAGES, main=True)
    running = QuickServer(data, warm=False)
    yield running
    running.kill()


@pytest.fixture
def client(server: QuickServer, publish: Publish, open_page: Pages) -> Page:
    open_page.expect("favicon.ico")
    page = open_page(f"{publish(DOCS)}/map-client.html?server={server.url}")
    until(lambda: "images" in page.locator("#text").inner_text(), "the map")
    return page


def test_it_is_small() -> None:
    assert (DOCS / "map-client.html").stat().st_size <= 3072


def test_all_images_are_drawn_and_dragging_turns_them(client: Page) -> None:
    assert client.locator("#text").inner_text() == f"{IMAGES} images"
    before = picture_of(client)
    dots = np.abs(before.astype(int) - BACKGROUND).max(axis=2) > 8
    assert 0.5 * IMAGES < dots.sum() <= 4 * IMAGES  # 2 x 2 px each, some before others
    client.mouse.move(*on_page(client, 400, 300))
    client.mouse.down()
    client.mouse.move(*on_page(client, 500, 320), steps=4)
    client.mouse.up()
    assert (picture_of(client) != before).any(axis=2).sum() > IMAGES / 2


def test_the_picture_under_the_pointer_is_shown(server: QuickServer, client: Page) -> None:
    points = spots(server)
    row = int(np.argmax(points[:, 0]))  # the rightmost has nothing near it
    client.mouse.move(*on_page(client, *(points[row] + 0.5)))
    until(lambda: client.locator("#text").inner_text() == f"image {row}", "the nearest image")
    label = DatasetStore(server.data).get("main").images.label(row) or ""
    wanted = colour(row, int(label.removeprefix("class ")))
    until(lambda: np.abs(colour_at(picture_of(client, "#tile"), 24, 24, 10) - wanted).max() < 8, "its picture")


def test_every_answer_it_uses_may_be_read_from_elsewhere(server: QuickServer) -> None:
    manifest = requests.get(f"{server.url}/maps/main", headers={"Origin": "http://elsewhere"}, timeout=9).json()
    addresses = ["/maps/main", manifest["reductions"]["umap"]["url"], manifest["tilemaps"]["url"].format(range="000")]
    for address in addresses:
        answer = requests.get(server.url + address, headers={"Origin": "http://elsewhere"}, timeout=9)
        assert answer.headers["Access-Control-Allow-Origin"] == "*", address
        assert "ETag" in answer.headers["Access-Control-Expose-Headers"] and answer.headers["ETag"], address


def test_a_dataset_that_is_not_there_is_said(server: QuickServer, publish: Publish, open_page: Pages) -> None:
    open_page.expect("favicon.ico|404|Dataset not found")
    page = open_page(f"{publish(DOCS)}/map-client.html?server={server.url}&dataset={'0' * 32}")
    until(lambda: "Dataset not found" in page.locator("#text").inner_text(), "the error")


def spots(server: QuickServer) -> np.ndarray:
    """Where the client draws the images at first: its arithmetic again, (N, 2)."""
    answer = requests.get(f"{server.url}/maps/main/positions/umap?type=f32", timeout=9).content
    box = np.frombuffer(answer, "<f4", 6, 16).reshape(2, 3)
    x, y, z = np.frombuffer(answer, "<f4", offset=40).reshape(3, -1) - box.mean(axis=0)[:, None]
    scale = 450 / (box[1] - box[0]).max()
    across, depth = x * np.cos(0.5) + z * np.sin(0.5), z * np.cos(0.5) - x * np.sin(0.5)
    return np.stack([400 + scale * across, 300 - scale * (y * np.cos(0.3) - depth * np.sin(0.3))], axis=1)
