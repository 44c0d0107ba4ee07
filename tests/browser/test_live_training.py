"""A training of this server is watched through its run logs while it goes on: by the API, and in the page."""

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from sklearn.datasets import load_digits

from tests.browser.pages import Pages, until
from tests.browser.test_logs import painted
from tests.conftest import encoded
from tests.contracts.digits_api import CLASS_MODEL, Digits
from tests.servers import QuickServer

pytestmark = pytest.mark.slow
EPOCHS = 24
PICTURES = 400
LOSS = "loss/train"
PATIENT = 240.0  # seconds for a training on busy cores


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some of scikit-learn's digits as pictures, in a folder for each digit."""
    root, found = tmp_path_factory.mktemp("live") / "digits", load_digits()
    for number, (digit, pixels) in enumerate(zip(found.target[:PICTURES], found.images, strict=False)):
        (root / str(digit)).mkdir(parents=True, exist_ok=True)
        picture = Image.fromarray((pixels * (255 / 16)).astype(np.uint8))
        (root / str(digit) / f"{number}.png").write_bytes(encoded(picture))
    return root


@pytest.fixture(scope="module")
def user(folder: Path) -> Iterator[Digits]:
    """Somebody who trains on a server that keeps its run logs where it does by default."""
    server = QuickServer(folder.parent / "data", data_roots=str(folder))
    yield Digits(server)
    server.kill()


def started(user: Digits, folder: Path) -> str:
    """A training that has begun, made through the API; its id."""
    dataset = user.done(user.classes(folder, resize_channels="1"))
    options = {"standard_networks": "lenet", "train_epochs": str(EPOCHS), "batch_size": "16", "learning_rate": "0.002"}
    id: str = user.created(CLASS_MODEL, model_name="Watched", dataset=dataset, random_seed="1", **options)["id"]
    user.wait(id, "Running")
    return id


def logged(user: Digits, endpoint: str, **query: Any) -> Any:
    """The payload of the run-logs API; a run that is not there yet has none."""
    body = user.json(f"/api/{endpoint}", params=query)
    return body["data"] if body["code"] == 200 else None


def losses(user: Digits, id: str) -> list[dict[str, float]]:
    """The training's losses that the API knows."""
    found = logged(user, "scalar", run=id, tag=LOSS)
    return found[LOSS] if found else []


def shown(page: Page) -> int:
    """How many losses the page has drawn, as it says for those who see no curve."""
    words = page.get_by_test_id("scalar-chart").locator(".sr-only").all_inner_texts()
    return sum(int(found.replace(",", "")) for found in re.findall(r"([\d,]+) values?", " ".join(words)))


def test_a_training_is_watched_while_it_goes_on(user: Digits, folder: Path, open_page: Pages) -> None:
    id = started(user, folder)
    page = open_page(f"{user.server.url}/models/{id}")
    page.get_by_test_id("run-logs").click()
    page.get_by_test_id("tag-filter").fill(LOSS)
    assert page.url.startswith(f"{user.server.url}/logs?") and f"run={id}" in page.url
    expect(page.get_by_test_id("scalar-card")).to_have_count(1)
    until(lambda: shown(page), "the first losses in the page")
    page.evaluate("window.untouched = true")  # is gone after a reload
    first, drawn = losses(user, id), shown(page)
    until(lambda: len(losses(user, id)) > len(first) and shown(page) > drawn, "further losses")
    more = losses(user, id)
    assert more[: len(first)] == first
    assert user.status(id) == "Running"
    assert painted(page, "scalar-chart")
    user.done(id, PATIENT)
    steps = check_snapshots(user, id)
    until(lambda: shown(page) == len(losses(user, id)), "all losses")
    look_around(page, steps)
    assert page.evaluate("window.untouched")


def check_snapshots(user: Digits, id: str) -> list[int]:
    """Each snapshot left histograms and embeddings in the API; the steps of the embeddings."""
    until(lambda: len(logged(user, "projector", run=id, tag="features")["features"]) == EPOCHS, "all snapshots")
    about = logged(user, "projector", run=id, tag="features")
    assert about["sample_type"] == "image"
    tags = logged(user, "getCategory")[id]
    assert tags["embedding"] == ["features"]
    for kind in ("weights/", "gradients/"):
        tag = next(tag for tag in tags["statistic"]["histogram"] if tag.startswith(kind))
        until(partial(has_histograms, user, id, tag, about["features"]), f"all histograms of {tag}")
    last = about["features"][-1]
    points, labels = logged(user, "projector_data", run=id, tag="features", step=last, method="pca")[str(last)]
    assert np.shape(points) == (about["shape"][0], 3) and len(set(labels)) == 10
    sample = user.get("/api/projector_sample", params={"run": id, "tag": "features", "index": 0})
    assert sample.content.startswith(b"\x89PNG")
    steps: list[int] = about["features"]
    return steps


def has_histograms(user: Digits, id: str, tag: str, steps: list[int]) -> bool:
    """Whether a tag has histograms of exactly these steps; fewer than fifty are not thinned."""
    return [step for _, step, *_ in logged(user, "histogram", run=id, tag=tag)[tag]] == steps


def look_around(page: Page, steps: list[int]) -> None:
    """The tabs of what came with the snapshots are there by themselves."""
    page.get_by_test_id("tag-filter").fill("")
    page.get_by_test_id("tab-histograms").click()
    until(lambda: painted(page, "ridges"), "ridges")
    page.get_by_test_id("tab-embeddings").click()
    expect(page.get_by_test_id("embedding-step").locator("option")).to_have_count(len(steps))
    expect(page.get_by_test_id("cloud-facts")).to_contain_text(re.compile(r"\d+ points of \d+ numbers"))
