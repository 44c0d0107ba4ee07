"""The training pages in a browser: somebody new makes a dataset of a ZIP, trains on it, and looks at what came of it."""

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect
from sklearn.datasets import load_digits

from tests.browser.pages import Pages, until
from tests.browser.test_access import NAMELESS, assert_axe
from tests.servers import QuickServer

pytestmark = pytest.mark.slow
EPOCHS = 6
PER_CLASS = 40
PATIENT = 180.0  # seconds for a training on busy cores
DONE = re.compile("Done")


def pictures() -> list[tuple[int, np.ndarray]]:
    """scikit-learn's digits as pictures of 16 by 16 pixels with their class, `PER_CLASS` of each."""
    found = load_digits()
    chosen = [np.flatnonzero(found.target == digit)[:PER_CLASS] for digit in range(10)]
    images = np.kron(found.images * (255 / 16), np.ones((2, 2))).astype(np.uint8)
    return [(int(found.target[index]), images[index]) for index in np.concatenate(chosen)]


def png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("training") / "handwritten digits.zip"
    with zipfile.ZipFile(path, "w") as file:
        for number, (digit, pixels) in enumerate(pictures()):
            file.writestr(f"digit_{digit}/{number}.png", png(pixels))
    return path


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QuickServer]:
    running = QuickServer(tmp_path_factory.mktemp("training-pages") / "data")
    yield running
    running.kill()


@pytest.fixture(scope="module")
def trained(server: QuickServer, archive: Path) -> str:
    """A model for the tests that only look; made through the API. Its id."""
    user = {"username": "grace"}
    size = {"resize_width": "16", "resize_height": "16", "resize_channels": "1"}
    form = user | size | {"dataset_name": "digits by API", "method": "archive"}
    with archive.open("rb") as file:
        made = server.post("/datasets/images/classification.json", data=form, files={"archive": file})
    assert made.status_code == 200, made.text
    form = user | {"model_name": "lenet by API", "dataset": made.json()["id"], "standard_networks": "lenet"}
    model = server.post(
        "/models/images/classification.json", data=form | {"train_epochs": "2", "learning_rate": "0.003"}
    )
    assert model.status_code == 200, model.text
    id = str(model.json()["id"])
    server.wait_for(lambda: server.get(f"/models/{id}/status").json()["status"] in ("Done", "Error"), PATIENT)
    return id


def test_a_newcomer_trains_on_pictures_of_a_zip(server: QuickServer, open_page: Pages, archive: Path) -> None:
    page = open_page(f"{server.url}/training")
    make_dataset(page, archive)
    model = train(page)
    watch_the_curve(page)
    classify_a_picture(page, archive)
    judge_the_validation_set(page)
    assert model in page.url
    page.goto(f"{server.url}/training")
    row = page.locator(f'[data-testid="job"][data-id="{model}"]')
    expect(row).to_contain_text("lenet on digits")
    expect(row).to_contain_text("accuracy")
    expect(row.locator(".sparkline")).to_be_visible()


def make_dataset(page: Page, archive: Path) -> None:
    page.get_by_test_id("new-dataset").click()
    page.get_by_test_id("archive").set_input_files(archive)
    expect(page.get_by_test_id("dataset_name")).to_have_value("handwritten digits")
    page.get_by_role("button", name=re.compile("28 . 28 gray")).click()
    page.get_by_test_id("resize_width").fill("16")
    page.get_by_test_id("resize_height").fill("16")
    expect(page.get_by_test_id("resize-preview").locator("img")).to_have_attribute("alt", re.compile("16 . 16"))
    page.get_by_test_id("create").click()
    # Whoever has no name is asked for one here, and not before.
    expect(page.locator('[data-field="username"] .field-error')).to_contain_text("Say who you are")
    page.get_by_test_id("username").fill("ada")
    page.get_by_test_id("create").click()
    page.wait_for_url(re.compile(r"/datasets/\d{8}-\d{6}-[0-9a-f]{4}$"))
    state(page, "Done")
    expect(page.get_by_test_id("tasks")).to_contain_text("10 classes: 300 train, 100 val")
    expect(page.get_by_test_id("classes-train").locator("li")).to_have_count(10)
    expect(page.get_by_test_id("pictures").locator("img")).to_have_count(25)
    page.get_by_test_id("classes-val").get_by_role("button", name="digit 7").click()
    expect(page.get_by_test_id("pictures").locator("img")).to_have_count(10)
    expect(page.get_by_test_id("pictures").locator("img").first).to_have_attribute("alt", "digit 7")


def train(page: Page) -> str:
    """Fill in the form of a model; the id of what is made."""
    page.get_by_test_id("train-on").click()
    page.get_by_test_id("network-lenet").check()
    expect(page.get_by_test_id("layers").locator("summary")).to_contain_text("parameters")
    page.get_by_test_id("train_epochs").fill(str(EPOCHS))
    page.get_by_test_id("random_seed").fill("1")
    page.get_by_test_id("batch_size").fill("16, 32")
    expect(page.get_by_test_id("sweep")).to_contain_text("2 models")
    page.get_by_test_id("batch_size").fill("16")
    page.get_by_test_id("learning_rate").fill("0.004")
    page.get_by_test_id("lr_policy").select_option("fixed")
    expect(page.get_by_test_id("rate-curve").locator("path")).to_have_count(1)
    page.get_by_test_id("model_name").fill("lenet on digits")
    page.get_by_test_id("create").click()
    page.wait_for_url(re.compile(r"/models/\d{8}-\d{6}-[0-9a-f]{4}$"))
    return page.url.rpartition("/")[2]


def state(page: Page, wanted: str) -> None:
    badge = page.get_by_test_id("status")
    until(lambda: badge.get_attribute("data-status") in (wanted, "Error"), wanted, PATIENT)
    assert badge.get_attribute("data-status") == wanted, page.get_by_test_id("reason").inner_text()


def watch_the_curve(page: Page) -> None:
    chart = page.get_by_test_id("training-chart")
    expect(chart.locator("path").first).to_be_visible(timeout=PATIENT * 1000)
    state(page, "Done")
    expect(page.get_by_test_id("snapshots")).to_contain_text(f"{EPOCHS} of them")
    expect(chart.locator(".chart-key")).to_have_count(3)
    # By the keyboard, for those who see no curve.
    chart.locator(".chart-plot").focus()
    page.keyboard.press("End")
    expect(chart.locator("[aria-live]")).to_contain_text(re.compile(rf"epoch {EPOCHS}.*accuracy \(val\), [\d.]+ %"))
    with page.expect_download() as download:
        page.get_by_test_id("download").click()
    assert re.fullmatch(r".*_epoch_6(\.0)?\.tar\.gz", download.value.suggested_filename)


def classify_a_picture(page: Page, archive: Path) -> None:
    with zipfile.ZipFile(archive) as file:
        name = next(name for name in file.namelist() if name.startswith("digit_0"))
        picture = file.read(name)
    page.get_by_test_id("show_visualizations").check()
    page.get_by_test_id("image_file").set_input_files({"name": "0.png", "mimeType": "image/png", "buffer": picture})
    expect(page.get_by_test_id("verdict")).to_have_text("digit 0")
    expect(page.get_by_test_id("top5").locator("li")).to_have_count(5)
    layers = page.get_by_test_id("layer-list").locator("li")
    expect(layers.first).to_contain_text("data")
    assert layers.count() > 5
    expect(layers.locator(".histogram").first).to_be_visible()


def judge_the_validation_set(page: Page) -> None:
    page.get_by_test_id("classify-many").click()
    accuracy = page.get_by_test_id("top1")
    expect(accuracy).to_have_text(re.compile(r"\d+\.\d\d %"))
    assert float(accuracy.inner_text().rstrip(" %")) > 60
    expect(page.get_by_test_id("per-class").locator("li")).to_have_count(10)
    matrix = page.get_by_test_id("confusion")
    click_cell(matrix, 0, 0)
    cell = page.get_by_test_id("cell")
    expect(cell.locator("h3")).to_contain_text("digit 0, recognised")
    pictures = cell.get_by_test_id("cell-pictures").locator("img")
    expect(pictures.first).to_be_visible()
    assert pictures.count() <= 10
    assert pictures.first.evaluate("async image => (await image.decode(), image.naturalWidth)") == 16


def click_cell(matrix: Locator, row: int, column: int) -> None:
    """Go to a cell by the keyboard, and open it."""
    matrix.focus()
    for _ in range(row):
        matrix.press("ArrowDown")
    for _ in range(column):
        matrix.press("ArrowRight")
    matrix.press("Enter")


def test_a_refused_form_says_why_beside_its_fields(server: QuickServer, open_page: Pages, tmp_path: Path) -> None:
    page = open_page(f"{server.url}/training?new=dataset")
    open_page.expect("status of 400")
    page.get_by_test_id("username").fill("ada")
    page.get_by_test_id("resize_width").fill("0")
    page.get_by_test_id("create").click()
    for field in ("dataset_name", "archive", "resize_width"):
        expect(page.locator(f'[data-field="{field}"] .field-error')).to_be_visible()
    assert page.evaluate("document.activeElement.getAttribute('aria-invalid')") == "true"


def test_the_job_of_another_cannot_be_deleted(server: QuickServer, open_page: Pages, trained: str) -> None:
    page = open_page(f"{server.url}/models/{trained}")
    open_page.expect("status of 403")
    page.get_by_test_id("delete-job").click()
    page.get_by_test_id("delete-yes").click()
    page.get_by_test_id("who").get_by_test_id("username").fill("mallory")
    page.get_by_test_id("name-yes").click()
    expect(page.get_by_test_id("notice")).to_contain_text("grace")
    assert server.get(f"/models/{trained}/status").json()["status"] == "Done"


def test_many_are_grouped_and_found(server: QuickServer, open_page: Pages, trained: str) -> None:
    page = open_page(f"{server.url}/training?tab=models")
    page.context.add_cookies([{"name": "username", "value": "grace", "url": server.url}])
    page.get_by_test_id("search").fill("lenet by API")
    expect(page.get_by_test_id("job")).to_have_count(1)
    page.get_by_label("Choose lenet by API").check()
    page.get_by_test_id("group-chosen").click()
    page.get_by_test_id("prompt").fill("first trials")
    page.get_by_test_id("prompt-yes").click()
    expect(page.locator("tr.group")).to_contain_text("first trials")


PAGES = (
    "/training",
    "/training?new=dataset",
    "/training?new=model",
    "/training?new=generic-dataset&extension=image-gradients",
    "/login",
    "/store/list",
    "/models/{model}",
    "/datasets/{dataset}",
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(server: QuickServer, open_page: Pages, trained: str, scheme: str) -> None:
    dataset = server.get(f"/models/{trained}.json").json()["dataset_id"]
    page = open_page(f"{server.url}/training", color_scheme=scheme, reduced_motion="reduce")
    for path in PAGES:
        page.goto(server.url + path.format(model=trained, dataset=dataset))
        page.evaluate("() => window.training.ready")
        page.wait_for_load_state("networkidle")
        assert_axe(page, path)
        assert not NAMELESS.findall(page.locator("body").aria_snapshot()), path


def test_narrow_screens_do_not_scroll_sideways(server: QuickServer, open_page: Pages, trained: str) -> None:
    dataset = server.get(f"/models/{trained}.json").json()["dataset_id"]
    page = open_page(f"{server.url}/training", viewport={"width": 360, "height": 740})
    for path in PAGES:
        page.goto(server.url + path.format(model=trained, dataset=dataset))
        page.evaluate("() => window.training.ready")
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path


def test_keyboard_alone_makes_a_dataset(server: QuickServer, open_page: Pages) -> None:
    page = open_page(f"{server.url}/training?new=generic-dataset&extension=image-gradients")
    page.evaluate("() => window.training.ready")
    page.keyboard.press("Tab")
    assert "Skip" in page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Enter")
    for name, text in (
        ("train_image_count", "40"),
        ("val_image_count", "10"),
        ("dataset_name", "slopes"),
        ("username", "ada"),
    ):
        tab_to(page, name)
        page.keyboard.press("Control+a")
        page.keyboard.type(text)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/datasets/\d{8}-"))
    state(page, "Done")
    expect(page.get_by_test_id("tasks")).to_contain_text("40 entries")


def tab_to(page: Page, name: str) -> None:
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement?.name") == name:
            return
    raise AssertionError(f"{name} cannot be reached with the tabulator key")
