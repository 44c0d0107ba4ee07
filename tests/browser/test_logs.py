"""The pages of run logs in a browser: logs as torch writes them, each kind of record looked at, one that grows meanwhile."""

import csv
import io
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from playwright.sync_api import Page, Route, expect
from torch.utils.tensorboard import SummaryWriter

from tests.browser.pages import Pages, until
from tests.browser.test_access import assert_axe
from tests.servers import QuickServer

pytestmark = pytest.mark.slow
STEPS = 60
LONG = "/".join(("ключ", "ünï☃", "x" * 280))
POINTS = 40
TABS = (
    "scalars",
    "histograms",
    "distributions",
    "images",
    "audio",
    "text",
    "embeddings",
    "graphs",
    "hparams",
    "tensors",
)
MARKUP = "<b>bold?</b> <img src=x onerror=alert(1)>"


def write_run(folder: Path, rate: float) -> None:
    """Scalars, histograms, images, a sound and texts."""
    random = np.random.default_rng(1)
    with SummaryWriter(folder) as writer:
        for step in range(STEPS):
            writer.add_scalar("loss/train", math.exp(-rate * step), step)
            writer.add_scalar("loss/check", 1.5 * math.exp(-rate * step), step)
        writer.add_scalar(LONG, rate, 0)
        for step in (0, 1, 2):
            writer.add_histogram("weights", random.normal(step, 1, 500), step)
            writer.add_image("digit", random.random((3, 8, 8)), step)
            writer.add_text("notes", f"{MARKUP} at {step}", step)
        writer.add_audio("tone", torch.sin(torch.arange(800) / 5)[None], 4, sample_rate=8000)


def write_structures(folder: Path) -> None:
    """An embedding, a graph and tensors."""
    torch.manual_seed(1)
    network = torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(144, 3)
    )
    with SummaryWriter(folder) as writer:
        labels = [("cat", "dog")[row % 2] for row in range(POINTS)]
        writer.add_embedding(torch.randn(POINTS, 6), labels, torch.rand(POINTS, 3, 8, 8), global_step=7, tag="words")
        writer.add_graph(network, torch.zeros(1, 1, 8, 8))
        for step in (0, 1):
            writer.add_tensor("gradient", torch.linspace(-1, 1, 24).reshape(4, 6) * (step + 1), step)


def write_sessions(folder: Path) -> None:
    """Hyper-parameters of four sessions."""
    for number, (rate, solver) in enumerate([(0.1, "sgd"), (0.1, "adam"), (0.001, "sgd"), (0.001, "adam")]):
        with SummaryWriter(folder) as writer:
            writer.add_hparams({"rate": rate, "solver": solver}, {"score": number / 4}, run_name=f"s{number}")


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("logs") / "runs"
    write_run(root / "ada" / "digits" / "fast", 0.1)
    write_run(root / "ada" / "digits" / "slow", 0.02)
    write_structures(root / "ada" / "digits" / "fast")
    write_sessions(root / "ada" / "digits" / "search")
    with SummaryWriter(root / "bob" / "many" / "run") as writer:
        for tag in range(300):
            writer.add_scalar(f"group{tag // 100}/tag{tag:03d}", tag, 0)
    return root


@pytest.fixture(scope="module")
def server(logs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[QuickServer]:
    running = QuickServer(tmp_path_factory.mktemp("log-pages") / "data", logs_root=str(logs))
    yield running
    running.kill()


@pytest.fixture
def visit(server: QuickServer, open_page: Pages) -> Any:
    """Opens a page of the logs of ada / digits, by its tab."""

    def opened(tab: str = "", query: str = "", **options: Any) -> Page:
        page = open_page(f"{server.url}/logs/ada/digits?tab={tab}{query}", **options)
        expect(page.get_by_role("tab", selected=True)).to_be_visible()
        return page

    return opened


def painted(page: Page, testid: str) -> bool:
    """Whether the first canvas of a kind shows anything."""
    canvas = page.get_by_test_id(testid).first.locator("canvas")
    script = "c => c.width > 0 && c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(v => v > 0)"
    return bool(canvas.evaluate(script))


def test_the_way_from_all_logs_to_one(server: QuickServer, open_page: Pages) -> None:
    page = open_page(f"{server.url}/logs")
    assert page.get_by_test_id("datasets").get_by_role("link").all_inner_texts() == ["ada / digits", "bob / many"]
    page.get_by_role("link", name="ada / digits").click()
    expect(page.get_by_test_id("scalar-card")).to_have_count(4)
    expect(page.get_by_role("navigation", name="Pages").get_by_role("link", name="Map")).to_have_attribute("href", "/")
    assert open_page(server.url).get_by_role("link", name="Logs").get_attribute("href") == "/logs"


def test_a_folder_that_does_not_exist_is_named_so(server: QuickServer, open_page: Pages) -> None:
    page = open_page(f"{server.url}/logs/nobody/nothing")
    expect(page.get_by_role("alert")).to_contain_text("log path not found")


def test_scalars_of_all_runs_are_read_by_keys_smoothed_enlarged_and_saved(visit: Any) -> None:
    page = visit("scalars", "&smooth=0")
    chart = page.get_by_test_id("scalar-chart").nth(1)
    until(lambda: painted(page, "scalar-chart"), "a line")
    expect(chart.locator(".sr-only").first).to_contain_text("values")  # this one has its values, too
    page.wait_for_load_state("networkidle")  # what comes later draws the charts anew
    chart.focus()
    page.keyboard.press("End")
    tip = chart.locator(".chart-tip")
    expect(tip).to_contain_text("step 59")
    expect(tip).to_contain_text("fast")
    expect(tip).to_contain_text(f"{math.exp(-0.02 * 59):.3g}")
    page.get_by_test_id("smoothing").fill("0.9")
    chart.focus()
    page.keyboard.press("End")
    expect(tip).to_contain_text(f"({math.exp(-0.02 * 59):.3g})")
    with page.expect_download() as saved:
        page.get_by_test_id("csv").nth(1).click()
    rows = list(csv.DictReader(io.StringIO(Path(saved.value.path()).read_text())))
    assert len(rows) == 2 * STEPS
    assert float(rows[-1]["value"]) == float(np.float32(math.exp(-0.02 * 59)))
    page.get_by_test_id("full-size").nth(1).press("Enter")
    expect(page.get_by_test_id("values").get_by_role("row")).to_have_count(3)
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("full-size").nth(1)).to_be_focused()


def test_choices_are_in_the_address(visit: Any) -> None:
    page = visit("scalars")
    page.get_by_test_id("axis-relative").click()
    page.get_by_role("checkbox", name="slow").uncheck()
    page.get_by_test_id("tag-filter").fill("train$")
    expect(page.get_by_test_id("scalar-card")).to_have_count(1)
    until(lambda: "axis=relative" in page.url and "tags=train" in page.url, "the address")
    page.reload()
    expect(page.get_by_test_id("scalar-card")).to_have_count(1)
    expect(page.get_by_test_id("axis-relative")).to_have_attribute("aria-checked", "true")
    expect(page.get_by_role("checkbox", name="slow")).not_to_be_checked()


def test_a_run_that_grows_is_followed(server: QuickServer, logs: Path, open_page: Pages) -> None:
    folder = logs / "eve" / "live"
    with SummaryWriter(folder / "first") as writer:
        writer.add_scalar("loss", 3.0, 1)
        writer.flush()
        page = open_page(f"{server.url}/logs/eve/live?smooth=0")
        words = page.get_by_test_id("scalar-chart").locator(".sr-only").first
        expect(words).to_contain_text("1 values, 3 at first")
        for step in range(2, 9):
            writer.add_scalar("loss", step, step)
        writer.add_scalar("other", 1, 1)
        writer.flush()
        expect(words).to_contain_text("8 values, 3 at first, 8 last")
        expect(page.get_by_test_id("scalar-card")).to_have_count(2)
    with SummaryWriter(folder / "second") as writer:
        writer.add_scalar("loss", 1.0, 1)
    expect(page.get_by_test_id("runs").get_by_role("checkbox", name="second")).to_be_checked()
    expect(words).to_contain_text("second: 1 values")
    page.get_by_test_id("live").click()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(6000)
    assert not any("/api/" in url for url in asked)


def test_how_far_a_large_log_is_read_is_told(server: QuickServer, open_page: Pages) -> None:
    page = open_page("about:blank")
    told = iter([0.43, 0.9])

    def answer(route: Route) -> None:
        response = route.fetch()
        data = response.json()
        if (progress := next(told, None)) is not None:
            data["data"]["progress"] = progress
            data["data"]["trouble"] = {"fast": ["A record is damaged."]}
        route.fulfill(response=response, json=data)

    page.route("**/api/init?*", answer)
    page.goto(f"{server.url}/logs/ada/digits")
    expect(page.get_by_text("Reading the logs: 43 %")).to_be_visible()
    expect(page.get_by_test_id("messages")).to_contain_text("fast: A record is damaged.")
    expect(page.get_by_test_id("scalar-card").first).to_be_visible()
    expect(page.get_by_test_id("reading")).to_be_hidden()


def test_of_hundreds_of_tags_only_those_in_sight_are_fetched(server: QuickServer, open_page: Pages) -> None:
    page = open_page("about:blank")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{server.url}/logs/bob/many?live=0")
    until(lambda: painted(page, "scalar-chart"), "a chart")
    page.wait_for_timeout(1000)
    assert 0 < sum("/api/scalar" in url for url in asked) < 30
    expect(page.locator(".tag-group")).to_have_count(3)
    with page.expect_request(lambda request: "tag200" in request.url):
        page.get_by_text("group2", exact=True).click()


def test_histograms_and_distributions(visit: Any) -> None:
    page = visit("histograms")
    until(lambda: painted(page, "ridges"), "ridges")
    expect(page.get_by_test_id("ridges").first).to_contain_text("histograms from step")
    page.get_by_test_id("ridges").first.focus()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_test_id("ridges").first.locator(".chart-tip")).to_contain_text("step 1")
    page.get_by_test_id("tab-distributions").click()
    until(lambda: painted(page, "bands"), "bands")
    expect(page.get_by_test_id("bands").first).to_contain_text("steps up to")
    page.get_by_test_id("bands").first.focus()
    page.keyboard.press("Home")
    expect(page.get_by_test_id("bands").first.locator(".chart-tip")).to_contain_text("median")


def test_images_have_steps(visit: Any) -> None:
    page = visit("images")
    card = page.get_by_test_id("image-card").first
    expect(card.get_by_role("img")).to_have_attribute("alt", "digit at step 2 of fast, 8 by 8 pixels")
    until(lambda: card.get_by_role("img").evaluate("i => i.complete && i.naturalWidth") == 8, "the picture")
    card.get_by_test_id("step-slider").fill("0")
    expect(card.get_by_test_id("step-text")).to_have_text("step 0")
    expect(card.get_by_role("img")).to_have_attribute("alt", "digit at step 0 of fast, 8 by 8 pixels")


def test_sounds_are_played_and_texts_stay_texts(visit: Any) -> None:
    page = visit("audio")
    player = page.get_by_test_id("player").first
    until(lambda: player.evaluate("p => p.duration") == pytest.approx(0.1), "the sound")
    expect(page.get_by_text("8,000 Hz, 1 channel, 800 frames").first).to_be_visible()
    page.get_by_test_id("tab-text").click()
    expect(page.get_by_test_id("text").first).to_have_text(f"{MARKUP} at 2")


def test_embeddings_are_drawn_and_walked_through(visit: Any) -> None:
    page = visit("embeddings", "&quality=software")
    expect(page.get_by_test_id("cloud-facts")).to_have_text(f"{POINTS} points of 6 numbers")
    assert page.get_by_test_id("cloud-legend").get_by_role("button").all_inner_texts() == ["cat\n20", "dog\n20"]
    page.get_by_test_id("point-after").click()
    page.get_by_test_id("point-after").press("Enter")
    expect(page.get_by_test_id("sample")).to_contain_text("Point 1 · dog")
    until(lambda: page.get_by_test_id("sample").get_by_role("img").evaluate("i => i.naturalWidth") == 8, "a sample")
    with page.expect_response(lambda answer: "method=tsne" in answer.url and "dims=2" in answer.url):
        page.get_by_test_id("dims-2").click()
        page.get_by_test_id("method-tsne").click()


def test_graphs_open_scope_by_scope_and_are_searched(visit: Any) -> None:
    page = visit("graphs")
    page.get_by_test_id("graph-view").get_by_role("button", name="Sequential").press("Enter")
    expect(page.get_by_test_id("crumbs")).to_contain_text("Sequential")
    page.get_by_test_id("node-search").fill("conv2d")
    page.get_by_test_id("nodes-found").get_by_role("button").first.click()
    expect(page.get_by_test_id("node")).to_contain_text("Conv2d")
    expect(page.get_by_test_id("graph-view").locator(".chosen")).to_have_count(1)


def test_sessions_are_sorted_and_filtered(visit: Any) -> None:
    page = visit("hparams")
    table = page.get_by_test_id("sessions")
    expect(table.locator("tbody tr")).to_have_count(4)
    table.get_by_role("button", name="score").click()
    table.get_by_role("button", name="score").click()
    assert table.locator("tbody th").all_inner_texts()[0] == "s3"
    page.get_by_label("Only sessions with solver").select_option(label="sgd")
    expect(page.get_by_test_id("hparams-total")).to_have_text("2 of 4 sessions")
    handle = page.locator(".parallel-handle").first.bounding_box()
    assert handle
    page.mouse.move(handle["x"] + 12, handle["y"] + 2)
    page.mouse.down()
    page.mouse.move(handle["x"] + 12, handle["y"] + 60, steps=4)
    page.mouse.up()
    expect(page.get_by_test_id("hparams-total")).to_have_text("1 of 4 sessions")
    page.get_by_test_id("hparams-clear").click()
    expect(page.get_by_test_id("hparams-total")).to_have_text("4 of 4 sessions")


def test_tensors_show_their_values_and_those_out_of_bounds(visit: Any) -> None:
    page = visit("tensors")
    expect(page.get_by_test_id("tensor-facts")).to_contain_text("Shape 4 \N{MULTIPLICATION SIGN} 6")
    page.get_by_test_id("tensor-map").focus()
    page.keyboard.press("ArrowRight")
    values = np.linspace(-1, 1, 24) * 2
    expect(page.get_by_text(f"row 0, column 1: {values[1]:.4g}")).to_be_visible()
    page.get_by_test_id("bound-up").fill("1.8")
    page.get_by_test_id("bound-down").fill("-1.9")
    page.get_by_test_id("find-outside").click()
    outside = int(((values > 1.8) | (values < -1.9)).sum())
    expect(page.get_by_test_id("outside")).to_contain_text(f"{outside} values out of bounds")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_out_of_reach(visit: Any, scheme: str) -> None:
    page = visit("scalars", "&quality=software&live=0", color_scheme=scheme, reduced_motion="reduce")
    for tab in TABS:
        page.get_by_test_id(f"tab-{tab}").click()
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(400)
        assert_axe(page, tab)


def test_a_narrow_screen_shows_everything_within_its_width(visit: Any) -> None:
    page = visit("scalars", "&quality=software", viewport={"width": 360, "height": 740})
    page.get_by_text("Runs", exact=True).click()
    expect(page.get_by_role("checkbox", name="fast")).to_be_visible()
    for tab in TABS:
        page.get_by_test_id(f"tab-{tab}").click()
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") == 360, tab


def test_tabs_are_walked_by_arrow_keys(visit: Any) -> None:
    page = visit("scalars")
    page.get_by_test_id("tab-scalars").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_test_id("tab-histograms")).to_be_focused()
    expect(page.get_by_test_id("histogram-card").first).to_be_visible()
    page.keyboard.press("End")
    expect(page.get_by_test_id("tab-tensors")).to_be_focused()


def test_a_page_that_is_empty_shows_the_first_log_by_itself(tmp_path: Path, open_page: Pages) -> None:
    server = QuickServer(tmp_path / "data", warm=False)
    try:
        page = open_page(f"{server.url}/logs")
        expect(page.get_by_role("link", name="Train a network")).to_be_visible()
        with SummaryWriter(tmp_path / "data" / "runs" / "ada" / "first" / "run") as writer:
            writer.add_scalar("loss", 1.0, 0)
        expect(page.get_by_role("link", name="ada / first")).to_be_visible()
    finally:
        server.kill()
