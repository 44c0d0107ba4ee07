"""When something is missing or taken: no WebGL, a lost context, a busy server, a dataset that is gone. Never a blank page."""

from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from benchmarks.synthetic_dataset import write_dataset
from tests.browser import journey
from tests.browser.pages import Pages, drawn, picture_of, project, ready, settled, stats, until
from tests.conftest import colour_files, zip_of
from tests.servers import QuickServer, Upload

IMAGES = 2_500


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QuickServer]:
    data = tmp_path_factory.mktemp("fallbacks") / "data"
    write_dataset(data, IMAGES, main=True)
    running = QuickServer(data)
    yield running
    running.kill()


def assert_not_blank(page: Page) -> None:
    """There is a map on the canvas."""
    picture = picture_of(page)
    ground = np.median(picture.reshape(-1, 3), axis=0)
    assert (np.abs(picture - ground).max(axis=2) > 40).mean() > 0.002


def assert_says(page: Page, *words: str) -> None:
    """Somewhere on the page a person reads this."""
    until(lambda: all(word.lower() in page.locator("body").inner_text().lower() for word in words), " ".join(words))


def test_without_webgl_the_map_is_drawn_all_the_same_and_said_so(
    server: QuickServer, open_page_without_webgl: Pages
) -> None:
    page = open_page_without_webgl(server.url)
    assert_says(page, "WebGL")
    ready(page)
    assert stats(page)["quality"] == "2d"
    assert_not_blank(page)
    row = journey.visible_row(page)
    journey.click_opens(page, row, f"{row:06d}.jpg")


def test_the_simple_quality_can_be_asked_for(server: QuickServer, open_page: Pages) -> None:
    page = ready(open_page(f"{server.url}/?quality=2d"))
    assert stats(page)["quality"] == "2d"
    assert_not_blank(page)


def test_a_lost_context_is_said_and_comes_back_with_the_same_picture(server: QuickServer, open_page: Pages) -> None:
    open_page.expect("CONTEXT_LOST")
    page = ready(open_page(f"{server.url}/?quality=gpu&seed=1"))
    before, spot = drawn(page), project(page, 7)
    page.evaluate("""() => {
      window.lost = document.getElementById("map").getContext("webgl2").getExtension("WEBGL_lose_context");
      window.lost.loseContext();
    }""")
    assert_says(page, "lost")
    page.evaluate("() => window.lost.restoreContext()")
    until(lambda: settled(page) and stats(page)["drawn"] == IMAGES and page.evaluate(NOT_LOST), "the map again")
    until(lambda: (drawn(page) == before).mean() > 0.999, "the same picture")
    assert project(page, 7) == spot


NOT_LOST = "!document.getElementById('map').getContext('webgl2').isContextLost()"


def test_somebody_elses_job_is_said_and_an_upload_waits_for_it(server: QuickServer, open_page: Pages) -> None:
    open_page.expect("503")
    page = ready(open_page(server.url))
    server.pause_at("features")
    other = Upload(server, zip_of(colour_files(9)))
    server.wait_paused()
    expect(page.get_by_test_id("busy").first).to_contain_text("works on")
    row = journey.visible_row(page)
    journey.click_opens(page, row, f"{row:06d}.jpg")  # reads go on
    page.get_by_test_id("detail-close").click()
    journey.drop(page, "mine.zip", "application/zip", zip_of(colour_files(10)))
    page.get_by_test_id("upload-start").click()
    assert_says(page, "Waiting for the server")
    server.go_on()
    journey.wait_for_map(page, 10)
    assert (answer := other.done()) is not None and answer.status_code == 200


def test_a_page_that_is_opened_during_a_job_shows_the_map(server: QuickServer, open_page: Pages) -> None:
    open_page.expect("503")
    server.pause_at("features")
    other = Upload(server, zip_of(colour_files(8)))
    server.wait_paused()
    page = ready(open_page(server.url))
    assert stats(page)["drawn"] == IMAGES
    expect(page.get_by_test_id("busy").first).to_be_visible()
    server.go_on()
    other.done()
    expect(page.get_by_test_id("busy").first).to_be_hidden()


def test_a_dataset_that_is_gone_is_said(server: QuickServer, open_page: Pages) -> None:
    open_page.expect("404")
    page = open_page(f"{server.url}/?dataset={'0' * 32}")
    expect(page.get_by_test_id("stage-message")).to_contain_text("no such dataset")
    page.get_by_role("button", name="Go to the main dataset").click()
    until(lambda: stats(page)["drawn"] == IMAGES, "the main dataset")


def test_a_dataset_that_cannot_be_opened_leaves_the_map_and_another_try_opens_it(
    server: QuickServer, open_page: Pages
) -> None:
    open_page.expect("ERR_FAILED|503|failed")
    assert server.upload(zip_of(colour_files(12))).status_code == 200
    page = ready(open_page(server.url))
    page.evaluate("() => window.explorer.view.dispatchEvent(new CustomEvent('select', { detail: { rows: [1, 2], mode: 'replace', kind: 'box' } }))")  # fmt: skip
    other = next(each["id"] for each in server.get("/maps").json()["maps"] if not each["main"])
    page.route(f"**/maps/{other}/**", lambda route: route.abort())
    page.evaluate(
        "id => { history.pushState(null, '', `?dataset=${id}`); dispatchEvent(new PopStateEvent('popstate')); }", other
    )
    toast = page.get_by_test_id("open-failed")
    expect(toast).to_be_visible()
    assert page.evaluate("window.explorer.store.state.selection.size") == 2 and stats(page)["drawn"] == IMAGES
    page.unroute(f"**/maps/{other}/**")
    toast.get_by_role("button", name="Try again").click()
    until(lambda: stats(page)["total"] == 12, "the dataset that was asked for")
    until(lambda: other in page.evaluate("location.search"), "its address")


def test_a_job_that_is_aborted_leaves_the_map_as_it_was(server: QuickServer, open_page: Pages) -> None:
    open_page.expect("503")
    page = ready(open_page(server.url))
    server.pause_at("features")
    journey.drop(page, "mine.zip", "application/zip", zip_of(colour_files(11)))
    page.get_by_test_id("upload-start").click()
    server.wait_paused()
    page.get_by_test_id("job-abort").click()
    server.go_on()
    assert_says(page, "abort")
    server.wait_idle()
    assert stats(page)["total"] == IMAGES
