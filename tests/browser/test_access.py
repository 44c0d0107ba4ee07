"""For everybody: by keyboard alone, with names and landmarks, in the dark, on a narrow screen, with little motion."""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from benchmarks.synthetic_dataset import write_dataset
from tests.browser import journey
from tests.browser.pages import Pages, ready, settled, stats, until
from tests.servers import QuickServer

LANDMARKS = ("banner", "main", "complementary", "search", "toolbar")
# Lines of an aria snapshot of something to operate that has no name: "- button" and no text in quotes after it.
NAMELESS = re.compile(
    r"^\s*- (button|link|checkbox|textbox|searchbox|combobox|radio|slider|dialog|img)(?! \")\b.*$", re.M
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QuickServer]:
    data = tmp_path_factory.mktemp("access") / "data"
    write_dataset(data, 2_500, main=True, features=8)
    running = QuickServer(data)
    yield running
    running.kill()


@pytest.fixture
def page(server: QuickServer, open_page: Pages) -> Page:
    return ready(open_page(server.url))


def test_keyboard_alone_is_enough(page: Page) -> None:
    focus_map(page)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    focus_map(page)
    before = page.evaluate("window.explorer.view.camera")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("+")
    until(lambda: settled(page).evaluate("window.explorer.view.camera") != before, "a turn")
    page.keyboard.press("r")
    expect(page.get_by_test_id("reduction-pca")).to_have_attribute("aria-checked", "true")
    settled(page)
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("detail-file")).to_have_text(re.compile(r"\d{6}\.jpg"))
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("detail")).to_be_hidden()
    page.keyboard.press("0")
    until(lambda: page.evaluate("window.explorer.view.mode") == "3d", "three dimensions")
    page.keyboard.press("2")
    until(lambda: page.evaluate("window.explorer.view.mode") == "2d", "two dimensions")


def focus_map(page: Page) -> None:
    """Walk to the map with the tabulator key."""
    for _ in range(60):
        if page.evaluate("document.activeElement?.id") == "map":
            return
        page.keyboard.press("Tab")
    raise AssertionError("the map cannot be reached with the tabulator key")


def test_the_first_stop_leads_past_the_bar(page: Page) -> None:
    page.keyboard.press("Tab")
    assert "Skip to the map" in page.evaluate("document.activeElement.textContent")
    page.evaluate("() => { window.before = window.explorer.store.state.data; }")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "map"
    page.wait_for_timeout(300)  # the map would be loaded again by now
    assert page.evaluate("window.explorer.store.state.data === window.before && location.hash === ''")


def focused(page: Page) -> str:
    """The id or test id of what has the focus; "body" where nothing has it."""
    return page.evaluate(
        "() => { const { id, dataset, localName } = document.activeElement; return id || dataset.testid || localName; }"
    )


def until_focused(page: Page, wanted: str) -> None:
    until(lambda: focused(page) == wanted, f"the focus on {wanted}, not {focused(page)},")


@pytest.mark.parametrize("how", ["button", "Enter", "Escape"])
def test_who_closes_an_image_is_on_the_map_again(page: Page, how: str) -> None:
    row = journey.visible_row(page)
    journey.click_opens(page, row, f"{row:06d}.jpg")
    close = page.get_by_test_id("detail-close")
    if how == "button":
        close.click()
    else:
        close.press(how)
    expect(page.get_by_test_id("detail")).to_be_hidden()
    until_focused(page, "map")


def test_who_closes_an_image_is_in_the_list_again(page: Page) -> None:
    rows = journey.search_name(page, "00001")
    page.get_by_test_id("search").press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    until_focused(page, "detail")  # the list has folded
    page.get_by_test_id("detail-previous").press("Enter")
    expect(page.get_by_test_id("detail-previous")).to_be_disabled()  # the first one
    until_focused(page, "detail")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_test_id("detail-previous")).to_be_enabled()
    page.get_by_test_id("detail-select").press("[")
    expect(page.get_by_test_id("detail-previous")).to_be_disabled()
    until_focused(page, "detail")  # its buttons are those of another image
    assert journey.neighbours(page)
    page.get_by_test_id("neighbors").locator("button.picture").nth(2).press("Enter")
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("detail")).to_be_hidden()
    until(lambda: page.evaluate("document.activeElement.dataset.row") == str(rows[1]), "the focus on the second result")
    page.get_by_role("button", name="Close the search").press("Enter")
    expect(page.get_by_test_id("search-results")).to_be_hidden()
    until_focused(page, "search")


def test_who_closes_an_image_whose_list_is_gone_is_on_the_map(page: Page) -> None:
    page.keyboard.press("i")
    page.get_by_test_id("selection-list").locator("button.picture").first.press("Enter")
    page.get_by_test_id("detail-close").focus()
    page.evaluate("() => window.explorer.store.set({ selection: window.explorer.store.state.selection.subtract(window.explorer.store.state.selection) })")  # fmt: skip
    expect(page.get_by_test_id("selection-list")).to_be_hidden()
    page.get_by_test_id("detail-close").press("Escape")
    until_focused(page, "map")


def test_a_form_that_is_put_away_gives_the_focus_back(page: Page) -> None:
    page.get_by_test_id("colour-by").focus()
    page.get_by_test_id("colour-by").select_option("find-clusters")
    until_focused(page, "clusters-least")
    page.get_by_role("button", name="Cancel").press("Enter")
    until_focused(page, "colour-by")


def test_the_focus_stays_with_an_upload_until_that_is_put_away(page: Page, open_page: Pages) -> None:
    open_page.expect("400")
    page.route("**/dataset?*", lambda route: route.fulfill(status=400, json={"error": "refused"}))
    page.get_by_test_id("map").focus()
    journey.drop(page, "some.zip", "application/zip", b"PK")
    until_focused(page, "upload-start")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("work-error")).to_contain_text("refused")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "New map"
    page.get_by_test_id("work-close").press("Enter")
    until_focused(page, "map")


def test_a_message_that_is_put_away_gives_the_focus_back(page: Page) -> None:
    page.get_by_test_id("tool-lasso").focus()
    page.evaluate("window.explorer.view.emit('notice', { level: 'error', text: 'Something' })")
    notice = page.get_by_test_id("notice").filter(has_text="Something")
    notice.get_by_role("button", name="Dismiss").press("Enter")
    expect(notice).to_have_count(0)
    until_focused(page, "tool-lasso")


def test_a_dialog_whose_button_is_gone_gives_the_focus_to_what_is_left(page: Page) -> None:
    before = page.evaluate_handle("window.explorer.store.state.maps")
    page.get_by_test_id("datasets-button").press("Enter")
    page.wait_for_function("before => window.explorer.store.state.maps !== before", arg=before)  # it closes open menus
    page.get_by_test_id("dataset-menu").press("Enter")
    until(lambda: page.evaluate("document.activeElement.closest('[role=menu]') !== null"), "the focus in the menu")
    page.get_by_test_id("dataset-rename").press("Enter")
    page.get_by_test_id("prompt").fill("Another name")
    page.get_by_test_id("prompt").press("Enter")  # the list is made anew
    expect(page.get_by_test_id("datasets")).to_contain_text("Another name")
    until(lambda: page.evaluate("document.activeElement.closest('dialog') !== null"), "the focus in the dialog")
    page.keyboard.press("Escape")
    until_focused(page, "datasets-button")


def test_the_focus_can_be_seen(page: Page) -> None:
    for _ in range(5):
        page.keyboard.press("Tab")
    style = page.evaluate("""() => {
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(document.activeElement);
      return [outlineStyle !== "none" && outlineWidth !== "0px", boxShadow !== "none"];
    }""")
    assert any(style)


def test_everything_has_a_name_and_a_place(page: Page) -> None:
    snapshot = page.locator("body").aria_snapshot()
    for landmark in LANDMARKS:
        assert re.search(rf"^\s*- {landmark}\b", snapshot, re.M), f"{landmark}\n{snapshot}"
    assert not NAMELESS.findall(snapshot), snapshot
    row = journey.visible_row(page)
    journey.click_opens(page, row, f"{row:06d}.jpg")
    assert not NAMELESS.findall(page.locator("body").aria_snapshot())


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(server: QuickServer, open_page: Pages, scheme: str) -> None:
    page = ready(open_page(server.url, color_scheme=scheme, reduced_motion="reduce"))
    assert_axe(page, "map")
    row = journey.visible_row(page)
    journey.click_opens(page, row, f"{row:06d}.jpg")
    journey.neighbours(page)
    assert_axe(page, "detail")
    page.get_by_test_id("help-button").click()
    assert_axe(page, "help")


def assert_axe(page: Page, where: str) -> None:
    """No violation of WCAG 2.1 AA."""
    rules = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}
    found = Axe().run(page, options=rules)
    assert found.violations_count == 0, f"{where}: {found.generate_report()}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark_follow_the_system(server: QuickServer, open_page: Pages, scheme: str) -> None:
    page = ready(open_page(server.url, color_scheme=scheme))
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    red, green, blue = (int(n) for n in re.findall(r"\d+", ground)[:3])
    assert (red + green + blue > 384) == (scheme == "light"), ground


@pytest.mark.parametrize("size", [(360, 740), (740, 360)])
def test_a_narrow_screen_shows_everything_without_scrolling_sideways(
    server: QuickServer, open_page: Pages, size: tuple[int, int]
) -> None:
    width, height = size
    page = ready(open_page(server.url, viewport={"width": width, "height": height}, has_touch=True))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for control in ("upload-button", "datasets-button", "search", "tool-lasso", "reduction-pca", "home"):
        reachable(page, control, width, height)
    page.locator("[data-testid=help-button]:visible, [data-testid=more]:visible").first.click()
    leads_to(page, "Train", "Logs")
    page.locator("[role=menuitem]:has-text('Help'):visible, [role=dialog]:visible, dialog[open]").first.wait_for()
    page.keyboard.press("Escape")
    box = page.locator("#map").bounding_box()
    assert box is not None and box["width"] >= width * 0.5 and box["height"] >= height * 0.4


def leads_to(page: Page, *names: str) -> None:
    """The other pages are links in the bar, or lines of its menu."""
    for name in names:
        page.locator(f":is(nav a, a[role=menuitem]):visible:has-text('{name}')").wait_for()


def reachable(page: Page, control: str, width: int, height: int) -> None:
    """It is in the window, perhaps after scrolling a bar, and nothing lies over it."""
    node = page.get_by_test_id(control)
    node.scroll_into_view_if_needed()
    box = node.bounding_box()
    assert box is not None and box["x"] >= -1 and box["x"] + box["width"] <= width + 1, (control, box)
    assert box["y"] >= -1 and box["y"] + box["height"] <= height + 1, (control, box)
    node.click(trial=True)


def test_little_motion_means_no_flight(server: QuickServer, open_page: Pages) -> None:
    page = ready(open_page(server.url, reduced_motion="reduce"))
    before = stats(page)["frames"]
    page.get_by_test_id("reduction-pca").click()
    expect(page.get_by_test_id("reduction-pca")).to_have_attribute("aria-checked", "true")
    settled(page)
    # A flight of half a second has dozens of frames; without one there are those that draw the map once, in slices.
    assert stats(page)["frames"] - before < 25
