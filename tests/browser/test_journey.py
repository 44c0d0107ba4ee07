"""A new user's way through the page, from a ZIP to exported selections."""

import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import journey
from tests.browser.pages import Pages, until
from tests.conftest import colour_files, shared_data, zip_of
from tests.servers import QuickServer, Server

COLOURS = ("red", "green", "blue")  # of tests.conftest.colour_files, in turn
PICTURES = 60
STAGES = {"unpack", "decode", "features", "pca", "umap", "tilemaps"}


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[QuickServer]:
    """A server without any dataset."""
    running = QuickServer(tmp_path / "data")
    yield running
    running.kill()


@pytest.fixture
def real(tmp_path: Path, prepared: Callable[[Path], Path]) -> Iterator[Server]:
    """A server without any dataset that works with the embedded network."""
    running = Server(prepared(tmp_path / "data"), network="embedded", starter="no")
    yield running
    running.kill()


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Sixty pictures in three folders, one for each colour, and a file that is no picture."""
    files = {f"{COLOURS[n % 3]}/{name}": data for n, (name, data) in enumerate(colour_files(PICTURES).items())}
    path = tmp_path / "three colours.zip"
    path.write_bytes(zip_of(files | {"red/broken.png": b"\x89PNG broken"}))
    return path


def test_from_a_zip_to_exported_selections(fresh: QuickServer, open_page: Pages, archive: Path) -> None:
    open_page.expect("404|503")
    page = open_page(fresh.url)
    expect(page.get_by_test_id("stage-message")).to_contain_text("There is no map yet")
    fresh.pause_at("features")
    journey.choose_archive(page, archive, "empty-choose")
    expect(page.get_by_test_id("upload-labels")).to_be_checked()  # once the page has read the archive's list
    page.get_by_test_id("upload-start").click()
    fresh.wait_paused()
    expect(page.locator('[data-testid="job-stage"] [data-stage="features"]')).to_have_attribute("aria-current", "step")
    fresh.go_on()
    seen: set[str] = set()
    journey.watch_stages(page, seen, PICTURES)
    assert "features" in seen
    expect(page.get_by_test_id("skipped")).to_contain_text("broken.png")
    journey.wait_for_map(page, PICTURES)
    page.get_by_test_id("work-close").click()
    dataset = re.findall("[0-9a-f]{32}", page.url) or ["main"]
    files = journey.files_of(fresh, dataset[0])
    look_around(page, fresh, files)
    assert [text.split("\n")[0] for text in journey.colour_by(page, "label")] == sorted(COLOURS)
    assert journey.find_clusters(page) >= 3
    searches(page, files, files.index("blue/p0002.png"), colour_files(3)["p0002.png"])


def look_around(page: Page, server: Server, files: list[str]) -> None:
    """Hover, click, neighbours, lasso, export."""
    row = journey.visible_row(page)
    journey.hover_names(page, row, files[row])
    journey.click_opens(page, row, files[row])
    near = journey.neighbours(page)
    assert near == [
        n["index"] for n in server.get(f"{dataset_path(page)}/neighbors/{row}?k={len(near)}").json()["neighbors"]
    ]
    page.get_by_test_id("detail-close").click()
    polygon = journey.lasso(page, journey.visible_row(page))
    sure, border = journey.rows_in(page, server, polygon)
    until(lambda: journey.selected(page), "a selection")
    exported = journey.exported_files(page)
    chosen = {files.index(file) for file in exported["csv"]}
    assert sure and sure <= chosen <= sure | border
    assert journey.selected(page) == len(chosen) == len(exported["parquet"])
    assert exported["parquet"] == exported["csv"] == sorted(exported["csv"], key=files.index)
    assert len(exported["zip"]) == len(chosen)


def searches(page: Page, files: list[str], row: int, picture: bytes) -> None:
    """By name, and by the picture of a row, which is dropped."""
    assert journey.search_name(page, Path(files[7]).name.upper()) == [7]
    page.get_by_test_id("search-clear").click()
    assert journey.search_picture(page, "dropped.png", picture)[0] == row


def dataset_path(page: Page) -> str:
    """The address of the dataset that is shown, in the maps API."""
    found = re.findall("[0-9a-f]{32}", page.url)
    return f"/maps/{found[0] if found else 'main'}"


def test_a_zip_that_is_dropped_is_taken(fresh: QuickServer, open_page: Pages) -> None:
    open_page.expect("404|503")
    page = open_page(fresh.url)
    expect(page.get_by_test_id("stage-message")).to_contain_text("There is no map yet")
    journey.drop(page, "dropped.zip", "application/zip", zip_of(colour_files(12)))
    expect(page.get_by_test_id("upload-form")).to_contain_text("12 pictures")
    page.get_by_test_id("upload-name").fill("A dozen")
    page.get_by_test_id("upload-start").click()
    journey.wait_for_map(page, 12)
    assert fresh.get("/maps").json()["maps"][0]["name"] == "A dozen"


def test_what_is_no_archive_is_refused_in_words(fresh: QuickServer, open_page: Pages) -> None:
    open_page.expect("404|400")
    page = open_page(fresh.url)
    journey.drop(page, "broken.zip", "application/zip", b"PK no zip at all")
    page.get_by_test_id("upload-start").click()
    expect(page.get_by_test_id("work-error")).to_contain_text("ZIP")
    expect(page.get_by_test_id("upload-retry")).to_be_visible()


@pytest.mark.slow
def test_a_thousand_photographs(real: Server, open_page: Pages) -> None:
    archive = shared_data("photos-1000.zip")
    open_page.expect("404|503")
    page = open_page(real.url)
    journey.choose_archive(page, archive, "empty-choose")
    page.get_by_test_id("upload-start").click()
    expect(page.get_by_test_id("upload-progress")).to_be_visible()
    seen: set[str] = set()
    journey.watch_stages(page, seen, 1000)
    assert len(seen & STAGES) >= 3, seen
    journey.wait_for_map(page, 1000)
    page.get_by_test_id("work-close").click()
    files = journey.files_of(real, dataset_path(page).split("/")[2])
    look_around(page, real, files)
    assert journey.find_clusters(page) >= 1
    with zipfile.ZipFile(archive) as source:
        third = next(name for name in source.namelist() if name.endswith(files[2]))
        searches(page, files, 2, source.read(third))
