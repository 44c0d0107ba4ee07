"""Two maps of the same pictures: one selection, images that glide from one to the other, figures of their agreement."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect

from benchmarks.synthetic_dataset import SIZES, label_name, write_dataset
from embedding_explorer.datasets.dataset import IMAGES
from embedding_explorer.datasets.images_table import write_images
from embedding_explorer.datasets.store import DatasetStore
from tests.browser.camera import decode, pixels
from tests.browser.journey import choose_archive
from tests.browser.pages import Pages, on_page, ready, settled, until
from tests.conftest import colour_files, zip_of
from tests.servers import QuickServer

FIRST, OTHER = 700, 660
SOFTWARE = "seed=1&quality=software"
SELECTED = 2
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
# The other map's view, of which the page tells nothing but itself.
SECOND = "window.explorer.second()"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QuickServer]:
    data = tmp_path_factory.mktemp("compare") / "data"
    write_dataset(data, FIRST, main=True, features=8)
    other = write_dataset(data, OTHER, features=8, seed=1).id
    # The same pictures in the opposite order: number n of the one is number OTHER - 1 - n of the other.
    rows = ((f"{n:06d}.jpg", *SIZES[n % 3], label_name(0)) for n in reversed(range(OTHER)))
    write_images(DatasetStore(data).get(other).folder / IMAGES, rows)
    unlike = write_dataset(data, 50, features=8, seed=2)
    rows = ((f"x{n}.jpg", 9, 9, None) for n in range(50))
    write_images(DatasetStore(data).get(unlike.id).folder / IMAGES, rows)
    running = QuickServer(data)
    yield running
    running.kill()


@pytest.fixture
def ids(server: QuickServer) -> tuple[str, str, str]:
    """Of the map, the one to compare it with, and one of other pictures."""
    by_total = {each["total"]: each["id"] for each in server.get("/maps").json()["maps"]}
    return by_total[FIRST], by_total[OTHER], by_total[50]


def match(row: int) -> int:
    """The row of the other dataset."""
    return OTHER - 1 - row


def compared(page: Page) -> Page:
    """When both maps are there and have come to rest."""
    ready(page)
    page.wait_for_function(f"() => {SECOND}?.stats().drawn > 0 && window.explorer.store.state.compare.figures")
    page.evaluate(f"() => {SECOND}.settled()")
    return settled(page)


@pytest.fixture
def page(server: QuickServer, open_page: Pages, ids: tuple[str, str, str]) -> Page:
    """Both side by side."""
    return compared(open_page(f"{server.url}/?compare={ids[1]}&{SOFTWARE}"))


def flags(page: Page) -> list[int]:
    """Of the other map's images, by row."""
    return page.evaluate(
        f"() => {{ const {{ flags, places }} = {SECOND}.set(0); return Array.from(places, (place) => flags[place]); }}"
    )


def spot(page: Page, row: int, view: str = "window.explorer.view") -> tuple[float, float]:
    found = page.evaluate(f"row => {view}.project(row)", row)
    return found["x"], found["y"]


def on_screen(page: Page, server: QuickServer, dataset: str) -> np.ndarray:
    """Where the images of a map are to be drawn with the present camera: (N, 2) CSS pixels."""
    area = page.get_by_test_id("map").bounding_box()
    assert area is not None
    points, box = decode(server.get(f"/maps/{dataset}/positions/umap?type=f32").content)
    return pixels(points, box, page.evaluate("window.explorer.view.camera"), area["width"], area["height"])[0]


def lonely_row(page: Page, view: str) -> int:
    """A row in the middle of a view that nothing lies over."""
    row = page.evaluate(f"""() => {{
      const view = {view}, {{ width, height }} = view.canvas.getBoundingClientRect();
      return [...view.visibleRows()].find((row) => {{
        const {{ x, y }} = view.project(row);
        return row < 600 && Math.abs(x / width - 0.5) < 0.3 && Math.abs(y / height - 0.5) < 0.3 && view.nearest(x, y, 4)?.row === row;
      }}) ?? -1;
    }}""")
    assert row >= 0
    return row


def test_a_dataset_is_compared_from_the_list_of_datasets(
    server: QuickServer, open_page: Pages, ids: tuple[str, str, str]
) -> None:
    page = ready(open_page(f"{server.url}/?{SOFTWARE}"))
    page.get_by_test_id("datasets-button").click()
    page.locator(f".dataset-item[data-id='{ids[1]}']").get_by_test_id("dataset-menu").click()
    page.locator(f".dataset-item[data-id='{ids[1]}']").get_by_test_id("dataset-compare").click()
    compared(page)
    page.wait_for_function("id => location.search.includes(`compare=${id}`)", arg=ids[1])
    page.get_by_test_id("compare-close").click()
    expect(page.get_by_test_id("compare-bar")).to_be_hidden()
    expect(page.get_by_test_id("map-b")).to_have_count(0)
    page.wait_for_function("() => !location.search.includes('compare')")
    page.get_by_test_id("about-button").click()
    page.get_by_test_id("about-compare").click()
    choices = page.get_by_test_id("compare-dialog").locator("[data-id]")
    assert choices.first.get_attribute("data-id") == ids[1] and choices.count() == 2
    choices.first.get_by_test_id("compare-choice").click()
    compared(page)


def test_what_is_selected_on_one_map_is_selected_on_the_other(page: Page) -> None:
    page.evaluate("window.explorer.store.set({ tool: 'box' }); window.explorer.view.setTool('box')")
    until(lambda: page.evaluate(f"{SECOND}.tool") == "box", "the tool of the other map")
    area = page.get_by_test_id("map").bounding_box()
    assert area is not None
    page.mouse.move(area["x"] + area["width"] * 0.3, area["y"] + area["height"] * 0.3)
    page.mouse.down()
    page.mouse.move(area["x"] + area["width"] * 0.6, area["y"] + area["height"] * 0.6, steps=4)
    page.mouse.up()
    rows = until(lambda: page.evaluate("() => Array.from(window.explorer.store.state.selection.rows())"), "a selection")
    there = [row for row, each in enumerate(flags(page)) if each & SELECTED]
    assert 3 < len(rows) < FIRST and sorted(there) == sorted(match(row) for row in rows if row < OTHER)

    # And the other way round.
    area = page.get_by_test_id("map-b").bounding_box()
    assert area is not None
    page.mouse.move(area["x"] + area["width"] * 0.4, area["y"] + area["height"] * 0.35)
    page.mouse.down()
    page.mouse.move(area["x"] + area["width"] * 0.7, area["y"] + area["height"] * 0.65, steps=4)
    page.mouse.up()
    until(
        lambda: page.evaluate("() => Array.from(window.explorer.store.state.selection.rows())") != rows, "a selection"
    )
    rows = page.evaluate("() => Array.from(window.explorer.store.state.selection.rows())")
    there = [row for row, each in enumerate(flags(page)) if each & SELECTED]
    assert 3 < len(rows) < FIRST and sorted(there) == sorted(match(row) for row in rows)


def test_pointing_at_an_image_shows_it_on_the_other_map(page: Page) -> None:
    row = lonely_row(page, "window.explorer.view")
    page.mouse.move(*on_page(page, *spot(page, row)))
    until(lambda: page.evaluate(f"{SECOND}.engine.scene.hovered !== null"), "the image on the other map")
    assert page.evaluate(f"{SECOND}.set(0).rows[{SECOND}.engine.scene.hovered.place]") == match(row)
    expect(page.get_by_test_id("ring-pointed-b")).to_have_js_property("hidden", False)
    other = lonely_row(page, SECOND)
    page.mouse.click(*on_page(page, *spot(page, other, SECOND), canvas="#map-b"))
    expect(page.get_by_test_id("detail-file")).to_have_text(f"{match(other):06d}.jpg")
    expect(page.get_by_test_id("ring-picked-b")).to_have_js_property("hidden", False)


def test_figures_are_those_of_the_server(page: Page, server: QuickServer, ids: tuple[str, str, str]) -> None:
    body: dict[str, Any] = server.get(f"/maps/{ids[0]}/agreement/{ids[1]}").json()
    figures = page.get_by_test_id("compare-figures")
    overlap = 100 * body["overlap"]
    expect(figures.locator("[data-key=overlap] dd")).to_have_text(f"{overlap:.{0 if overlap >= 10 else 1}f} %")
    for name in ("a", "b", "b_by_a"):
        expect(figures.locator(f"[data-key={name}] dd")).to_have_text(f"{body['trustworthiness'][name]:.3f}")
    expect(page.get_by_test_id("compare-bar")).to_contain_text(f"{OTHER} common images")


def test_images_are_coloured_by_their_agreement(page: Page, server: QuickServer, ids: tuple[str, str, str]) -> None:
    page.get_by_test_id("compare-colour").click()
    page.wait_for_function("() => window.explorer.store.state.column?.meta.name === 'agreement'")
    shown = np.array(page.evaluate("() => Array.from(window.explorer.store.state.column.values, (v) => v || 0)"))
    body = server.get(f"/maps/{ids[0]}/agreement/{ids[1]}/overlap").content
    np.testing.assert_allclose(shown, np.nan_to_num(np.frombuffer(body, "<f4")), rtol=1e-6)
    there = page.evaluate(
        f"() => {{ const set = {SECOND}.set(0); return Array.from(set.places, (p) => set.colours[p]); }}"
    )
    expected = [round(float(shown[match(row)]) / shown.max() * 254) for row in range(OTHER)]
    np.testing.assert_allclose(there, expected, atol=1)
    page.wait_for_function("() => location.search.includes('colour=agreement')")
    page.reload()
    compared(page)
    page.wait_for_function("() => window.explorer.store.state.colour === 'agreement'")
    page.get_by_test_id("compare-close").click()
    page.wait_for_function("() => window.explorer.store.state.colour === 'label'")


def test_who_ends_the_comparison_is_on_the_map_that_is_left(page: Page) -> None:
    page.get_by_test_id("map-b").focus()
    page.get_by_test_id("compare-close").press("Enter")
    expect(page.get_by_test_id("map-b")).to_have_count(0)
    until(lambda: page.evaluate("document.activeElement.id") == "map", "the focus on the map")


def test_with_one_camera_both_maps_turn(page: Page) -> None:
    before = page.evaluate(f"{SECOND}.camera")
    page.get_by_test_id("map").focus()
    page.keyboard.press("ArrowLeft")
    settled(page)
    assert page.evaluate(f"{SECOND}.camera") == before
    page.get_by_test_id("compare-link").click()
    expect(page.get_by_test_id("compare-link")).to_have_attribute("aria-pressed", "true")
    page.get_by_test_id("map").focus()
    page.keyboard.press("ArrowLeft")
    settled(page)
    until(lambda: page.evaluate(f"{SECOND}.camera === window.explorer.view.camera"), "one camera")
    page.get_by_test_id("map-b").focus()
    page.keyboard.press("ArrowUp")
    until(lambda: page.evaluate(f"{SECOND}.camera === window.explorer.view.camera"), "one camera")
    page.wait_for_function("() => location.search.includes('linked=1')")


def test_images_glide_from_one_map_to_the_other(
    server: QuickServer, open_page: Pages, ids: tuple[str, str, str]
) -> None:
    page = ready(open_page(f"{server.url}/?compare={ids[1]}&how=morph&{SOFTWARE}"))
    slider = page.get_by_test_id("compare-glide")
    expect(slider).to_be_visible()
    # When the figures of their agreement come, the maps become smaller.
    page.wait_for_function("() => window.explorer.view.set(0).held && window.explorer.store.state.compare.figures")
    settled(page)
    first, rows = on_screen(page, server, ids[0]), range(0, OTHER, 41)
    for row in rows:
        assert spot(page, row) == pytest.approx(tuple(first[row]), abs=0.8), row
    slider.fill("1")
    page.wait_for_function("() => window.explorer.view.morph === 1")
    settled(page)
    other = on_screen(page, server, ids[1])
    for row in rows:
        assert spot(page, row) == pytest.approx(tuple(other[match(row)]), abs=0.8), row
    state = "row => window.explorer.view.project(row).visible"
    assert page.evaluate(state, 3) and not page.evaluate(state, FIRST - 1)
    slider.fill("0.5")
    page.wait_for_function("() => window.explorer.view.morph === 0.5")
    settled(page)
    assert page.evaluate(state, FIRST - 1)
    page.wait_for_function("() => location.search.includes('glide=0.5')")
    page.get_by_test_id("compare-close").click()
    expect(page.get_by_test_id("compare-bar")).to_be_hidden()
    settled(page)
    first = on_screen(page, server, ids[0])
    for row in rows:
        assert spot(page, row) == pytest.approx(tuple(first[row]), abs=0.8), row


def test_another_reduction_is_taken_by_both(page: Page) -> None:
    page.locator("[data-value=pca]").click()
    settled(page)
    until(lambda: page.evaluate(f"{SECOND}.shown.reducer") == "pca", "PCA on the other map")
    page.get_by_test_id("compare-morph").click()
    page.wait_for_function("() => window.explorer.view.set(0).held")
    page.locator("[data-value=umap]").click()
    page.wait_for_function("() => window.explorer.view.shown.reducer === 'umap' && window.explorer.view.set(0).held")


@pytest.mark.parametrize("leave", ["compare-close", "compare-morph"])
def test_a_map_that_is_put_away_before_it_arrives_is_left_alone(
    server: QuickServer, open_page: Pages, ids: tuple[str, str, str], leave: str
) -> None:
    page, waiting = open_page("about:blank"), list[Route]()
    page.route(f"**/maps/{ids[1]}/positions/pca*", lambda route: waiting.append(route))
    page.goto(f"{server.url}/?reducer=pca&compare={ids[1]}&seed=1&quality=gpu")
    ready(page)
    until(lambda: page.evaluate(f"Boolean({SECOND})") and waiting, "the other map's positions to be asked for")
    page.evaluate(f"() => {{ window.gone = {SECOND}; }}")
    page.get_by_test_id(leave).click()
    expect(page.get_by_test_id("map-b")).to_have_count(0)
    with page.expect_response(f"**/maps/{ids[1]}/positions/pca*"):
        waiting[0].continue_()
    settled(page)
    page.wait_for_timeout(300)
    assert page.evaluate("window.gone.engine.scene.sets.length") == 0
    expect(page.get_by_test_id("notice")).to_have_count(0)


def test_datasets_of_other_pictures_say_so(server: QuickServer, open_page: Pages, ids: tuple[str, str, str]) -> None:
    open_page.expect("409")
    page = ready(open_page(f"{server.url}/?compare={ids[2]}&{SOFTWARE}"))
    expect(page.get_by_test_id("compare-bar").get_by_role("alert")).to_contain_text("0 pictures in common")
    expect(page.get_by_test_id("map-b")).to_have_count(0)


def test_on_a_narrow_screen_one_map_lies_above_the_other(
    server: QuickServer, open_page: Pages, ids: tuple[str, str, str]
) -> None:
    size = {"width": 390, "height": 780}
    page = compared(open_page(f"{server.url}/?compare={ids[1]}&{SOFTWARE}", viewport=size))
    first, other = (page.get_by_test_id(name).bounding_box() for name in ("map", "map-b"))
    assert first and other and first["width"] == other["width"] == 390
    assert other["y"] == pytest.approx(first["y"] + first["height"], abs=1) and first["height"] > 200
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_an_upload_may_choose_network_and_layer(server: QuickServer, open_page: Pages, tmp_path: Path) -> None:
    open_page.expect("400")
    (tmp_path / "some.zip").write_bytes(zip_of(colour_files(3)))
    page = ready(open_page(f"{server.url}/?{SOFTWARE}"))
    page.route("**/dataset?*", lambda route: route.fulfill(status=400, json={"error": "refused"}))
    choose_archive(page, tmp_path / "some.zip", "upload-button")
    expect(page.get_by_test_id("upload-layer")).to_be_hidden()
    page.get_by_test_id("upload-more").get_by_text("More options").click()
    listed = page.get_by_test_id("upload-network").locator("optgroup[label='Public networks'] option")
    expect(listed.filter(has_text="embedded")).to_have_count(1)
    page.get_by_test_id("upload-network").select_option("embedded")
    expect(page.locator(".more-options datalist option[value='stem']")).to_have_count(1)
    page.get_by_test_id("upload-layer").fill("stem")
    page.get_by_test_id("upload-pooling").select_option("max")
    with page.expect_request("**/dataset?*") as sent:
        page.get_by_test_id("upload-start").click()
    query = parse_qs(urlsplit(sent.value.url).query)
    assert query == {"name": ["some"], "network": ["embedded"], "layer": ["stem"], "pooling": ["max"]}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_has_a_name_and_can_be_read(
    server: QuickServer, open_page: Pages, ids: tuple[str, str, str], scheme: str
) -> None:
    page = compared(open_page(f"{server.url}/?compare={ids[1]}&{SOFTWARE}", color_scheme=scheme))
    expect(page.get_by_role("application", name="Map of images, B")).to_be_visible()
    found = Axe().run(page, options=RULES)
    assert found.violations_count == 0, found.generate_report()
    page.get_by_role("radio", name="Morph").click()
    slider = page.get_by_role("slider", name="From map A to map B")
    expect(slider).to_have_attribute("aria-valuetext", "map A")
    slider.press("End")
    expect(slider).to_have_attribute("aria-valuetext", "map B")
    found = Axe().run(page, options=RULES)
    assert found.violations_count == 0, found.generate_report()
