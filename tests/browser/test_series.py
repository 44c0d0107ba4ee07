"""A training as a film: the same pictures at every epoch, gliding from map to map beside the curves of the training."""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.camera import decode
from tests.browser.pages import Pages, ready, settled, until
from tests.servers import QuickServer
from tests.training.trained import MODEL, make_series, make_trained

EPOCHS = 3
SOFTWARE = "seed=1&quality=software"
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
MOMENT = "() => window.explorer.store.state.moment"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[QuickServer, list[str]]]:
    """A server with three maps, and their ids."""
    data = tmp_path_factory.mktemp("series") / "data"
    result = make_series(make_trained(data, epochs=EPOCHS))
    running = QuickServer(data)
    yield running, [each["dataset"] for each in result["maps"]]
    running.kill()


def address(server: QuickServer, more: str = "") -> str:
    return f"{server.url}/?series={MODEL}{more}&{SOFTWARE}"


def filmed(page: Page) -> Page:
    """When the film has begun and rests."""
    ready(page)
    page.wait_for_function("() => window.explorer.view.set(0).held")
    return settled(page)


def at(page: Page, moment: float) -> Page:
    """When the film has come to that moment and rests."""
    page.wait_for_function(f"() => window.explorer.store.state.moment === {moment}")
    return settled(page)


@pytest.fixture
def page(made: tuple[QuickServer, list[str]], open_page: Pages) -> Page:
    """At the first epoch."""
    return filmed(open_page(address(made[0], "&epoch=1")))


def places(page: Page) -> np.ndarray:
    """Where the view has the images, in its world: (N, 3)."""
    script = "() => Array.from({ length: window.explorer.view.set(0).n }, (_, row) => window.explorer.view.set(0).point(row))"
    return np.asarray(page.evaluate(script))


def world(server: QuickServer, ids: list[str], number: int, reducer: str = "umap") -> np.ndarray:
    """Where the images of a map belong: all maps share the box around them, if they are of like size. (N, 3)."""
    maps = [decode(server.get(f"/maps/{each}/positions/{reducer}?type=f32").content)[0] for each in ids]
    sides = [float(np.ptp(each, axis=0).max()) for each in maps]
    shared = maps if max(sides) <= 2.5 * min(sides) else [maps[number]]
    low, high = np.concatenate(shared).min(0), np.concatenate(shared).max(0)
    placed: np.ndarray = (maps[number] - (low + high) / 2) * (2 / (high - low).max())
    return placed


def test_the_film_begins_at_the_epoch_of_the_address(made: tuple[QuickServer, list[str]], page: Page) -> None:
    server, ids = made
    expect(page.get_by_test_id("series-epoch")).to_have_text("Epoch 1")
    np.testing.assert_allclose(places(page), world(server, ids, 0), atol=1e-3)
    assert page.evaluate("window.explorer.store.state.manifest.id") == ids[0]
    assert page.evaluate("window.explorer.store.state.colour") == "label"
    expect(page.get_by_test_id("series-bar")).to_contain_text("shape net")


def test_images_glide_from_epoch_to_epoch(made: tuple[QuickServer, list[str]], page: Page) -> None:
    server, ids = made
    first, second, last = (world(server, ids, number) for number in range(EPOCHS))
    assert np.abs(second - first).max() > 0.05  # else there were nothing to see
    page.get_by_test_id("series-slider").evaluate(
        "node => { node.value = 0.5; node.dispatchEvent(new Event('input')); }"
    )
    at(page, 0.5)
    np.testing.assert_allclose(places(page), (first + second) / 2, atol=1e-3)
    page.get_by_test_id("series-next").click()
    at(page, 1)
    np.testing.assert_allclose(places(page), second, atol=1e-3)
    page.get_by_test_id("series-slider").press("End")
    at(page, 2)
    np.testing.assert_allclose(places(page), last, atol=1e-3)
    expect(page.get_by_test_id("series-epoch")).to_have_text("Epoch 3")


def test_keys_go_from_epoch_to_epoch(page: Page) -> None:
    slider = page.get_by_test_id("series-slider")
    slider.press("ArrowRight")
    at(page, 1)
    expect(slider).to_have_attribute("aria-valuetext", "epoch 2")
    slider.press("ArrowRight")
    at(page, 2)
    slider.press("ArrowRight")
    at(page, 2)
    slider.press("Home")
    at(page, 0)


def test_it_plays_to_the_end(page: Page) -> None:
    page.get_by_test_id("series-play").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    seen = {round(until(lambda: page.evaluate(MOMENT), "the film has begun"), 3)}

    def at_the_end() -> bool:
        seen.add(round(page.evaluate(MOMENT), 3))
        return bool(max(seen) == EPOCHS - 1)

    until(at_the_end, "the end of the film")
    assert len([moment for moment in seen if moment % 1]) > 3, "it jumped"
    expect(page.get_by_role("button", name="Play")).to_be_visible()


def test_what_is_selected_and_looked_at_stays(made: tuple[QuickServer, list[str]], page: Page) -> None:
    page.keyboard.press("i")  # all that are not selected
    before = page.evaluate("() => Array.from(window.explorer.store.state.selection.rows())")
    assert len(before) > 80
    page.evaluate("window.explorer.view.emit('pick', { row: 7, layer: 0 })")
    expect(page.get_by_test_id("detail-file")).to_have_text(re.compile("/"))  # its name, once that is loaded
    file = page.get_by_test_id("detail-file").text_content()
    with page.expect_request(f"**/maps/{made[1][1]}/neighbors/7*"):
        page.get_by_test_id("series-next").click()
        at(page, 1)
    page.wait_for_function("id => window.explorer.store.state.manifest.id === id", arg=made[1][1])
    assert page.evaluate("() => Array.from(window.explorer.store.state.selection.rows())") == before
    expect(page.get_by_test_id("detail-file")).to_have_text(file or "")


def test_the_curve_marks_the_epoch_and_leads_to_it(page: Page) -> None:
    chart = page.get_by_test_id("series-chart")
    expect(chart).to_be_visible()
    mark = page.get_by_test_id("series-mark")

    def left() -> float:
        box = mark.bounding_box()
        assert box is not None
        return box["x"]

    first = left()
    page.get_by_test_id("series-slider").press("End")
    at(page, 2)
    last = left()
    plot = page.locator(".series-curves .chart-plot").bounding_box()
    assert plot is not None and last - first > plot["width"] / 3
    page.mouse.click((first + last) / 2 + 1, plot["y"] + 40)
    at(page, 1)
    assert left() == pytest.approx((first + last) / 2, abs=3)


def test_another_reduction_is_taken_by_all_epochs(made: tuple[QuickServer, list[str]], page: Page) -> None:
    server, ids = made
    page.locator("[data-value=pca]").click()
    wanted = world(server, ids, 0, "pca")
    until(lambda: settled(page) and np.abs(places(page) - wanted).max() < 1e-3, "the places by PCA")
    page.get_by_test_id("series-next").click()
    at(page, 1)
    np.testing.assert_allclose(places(page), world(server, ids, 1, "pca"), atol=1e-3)
    page.locator("[data-value=umap]").click()
    wanted = world(server, ids, 1)
    until(lambda: settled(page) and np.abs(places(page) - wanted).max() < 1e-3, "the places by UMAP")


def test_the_address_holds_the_epoch(made: tuple[QuickServer, list[str]], page: Page) -> None:
    page.get_by_test_id("series-next").click()
    at(page, 1)
    page.wait_for_function("() => new URLSearchParams(location.search).get('epoch') === '2'")
    page.reload()
    filmed(page)
    expect(page.get_by_test_id("series-epoch")).to_have_text("Epoch 2")
    page.get_by_test_id("series-close").click()
    expect(page.get_by_test_id("series-bar")).to_be_hidden()
    page.wait_for_function("id => location.search.includes(`dataset=${id}`) && !location.search.includes('series')", arg=made[1][1])  # fmt: skip
    assert page.evaluate("window.explorer.view.set(0).held") is False


def test_nothing_glides_for_those_who_want_no_motion(made: tuple[QuickServer, list[str]], open_page: Pages) -> None:
    page = filmed(open_page(address(made[0], "&epoch=1"), reduced_motion="reduce"))
    page.evaluate(
        "() => { window.seen = []; window.explorer.store.on(['moment'], ({ moment }) => window.seen.push(moment)); }"
    )
    page.get_by_test_id("series-play").click()
    at(page, EPOCHS - 1)
    assert page.evaluate("window.seen") == [1, 2]


def test_a_model_without_maps_says_so(made: tuple[QuickServer, list[str]], open_page: Pages) -> None:
    open_page.expect("404")
    page = open_page(f"{made[0].url}/?series=20200101-000000-0000&{SOFTWARE}")
    expect(page.get_by_test_id("stage-message")).to_contain_text("no such model")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_has_a_name_and_can_be_read(
    made: tuple[QuickServer, list[str]], open_page: Pages, scheme: Any
) -> None:
    page = filmed(open_page(address(made[0]), color_scheme=scheme))
    expect(page.get_by_role("slider", name="Epoch")).to_be_visible()
    found = Axe().run(page, options=RULES)
    assert found.violations_count == 0, found.generate_report()


def test_it_fits_a_narrow_screen(made: tuple[QuickServer, list[str]], open_page: Pages) -> None:
    page = filmed(open_page(address(made[0]), viewport={"width": 390, "height": 780}))
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    expect(page.get_by_test_id("series-slider")).to_be_visible()
