"""The training API as its users' shell scripts use it (contract, 14), and the accuracy that LeNet reaches."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from tests.contracts.digits_api import CLASS_MODEL, CLASSES, Digits
from tests.servers import REPOSITORY, QuickServer

pytestmark = pytest.mark.slow
SCRIPTS = REPOSITORY / "tests" / "walkthroughs"
FEW_CLASSES, FEW_EACH = 4, 100
TRAINED_WITH = 1400
PATIENT = 280.0  # seconds for a training on busy cores


def write_digits(folder: Path) -> list[tuple[Path, int]]:
    """scikit-learn's handwritten digits, of 8 pixels, in a folder for each class; path and class, in a fixed order."""
    found = load_digits()
    pixels = (found.images * (255 / 16)).astype(np.uint8)
    written = []
    for number in np.random.default_rng(0).permutation(len(pixels)):
        path = folder / str(found.target[number]) / f"{number:04d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels[number]).save(path)
        written.append((path, int(found.target[number])))
    return written


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QuickServer]:
    """A real server that may read what lies beside its data."""
    folder = tmp_path_factory.mktemp("walkthroughs")
    running = QuickServer(folder / "data", data_roots=str(folder))
    yield running
    running.kill()


@pytest.fixture(scope="module")
def handwritten(server: QuickServer) -> list[tuple[Path, int]]:
    """All the digits with their classes."""
    return write_digits(server.data.parent / "digits")


@pytest.fixture
def few(handwritten: list[tuple[Path, int]], server: QuickServer) -> Path:
    """A folder with some of them."""
    folder = server.data.parent / "few digits"
    for label in range(FEW_CLASSES):
        (folder / str(label)).mkdir(parents=True)
        for path in [path for path, target in handwritten if target == label][:FEW_EACH]:
            (folder / str(label) / path.name).symlink_to(path)
    return folder


def run(script: str, server: QuickServer, folder: Path) -> str:
    """What a script prints; it must end well."""
    command = ["sh", str(SCRIPTS / script), server.url, str(folder)]
    # A proxy of the machine is none of this server's.
    environment = os.environ | {"no_proxy": "127.0.0.1"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENT, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def number_after(word: str, text: str) -> float:
    """The number that follows a word at the beginning of a line."""
    found = re.search(rf"^{word} (\S+)$", text, re.MULTILINE)
    assert found, text
    return float(found[1])


def test_folders_become_a_dataset_a_model_and_predictions(server: QuickServer, few: Path) -> None:
    printed = run("classification.sh", server, few)
    assert "\nJob deleted.\n" in printed
    # Four of the digits are easily told apart.
    assert number_after("accuracy", printed) >= 90
    seen = [int(each) for each in re.findall(r"^/models/\S+: \w+, (\d+) snapshots$", printed, re.MULTILINE)]
    assert seen == sorted(seen) and seen[-1] == 30
    assert any(0 < count < 30 for count in seen), "the snapshots were not seen to grow"


def test_a_linear_network_learns_slopes(server: QuickServer) -> None:
    printed = run("gradients.sh", server, server.data.parent)
    assert number_after("mean absolute error", printed) < 0.02


def test_lenet_reads_handwriting(server: QuickServer, handwritten: list[tuple[Path, int]]) -> None:
    """Lists that keep their order and a seed leave nothing to chance."""
    user = Digits(server)
    lines = [f"{path} {target}\n" for path, target in handwritten]
    files = {
        "textfile_train_images": ("train.txt", "".join(lines[:TRAINED_WITH])),
        "textfile_val_images": ("val.txt", "".join(lines[TRAINED_WITH:])),
        "textfile_labels_file": ("labels.txt", "".join(f"{digit}\n" for digit in range(10))),
    }
    form = {"dataset_name": "Handwriting", "method": "textfile", "textfile_use_val": "on", "textfile_shuffle": "0",
            "resize_width": "28", "resize_height": "28", "resize_channels": "1"}  # fmt: skip
    made = user.post(f"{CLASSES}.json", form, files=files)
    assert made.status_code == 200, made.text
    dataset = user.done(made.json()["id"])
    model = user.created(CLASS_MODEL, model_name="Reader", dataset=dataset, standard_networks="lenet",
                         lr_policy="poly", lr_poly_power="1", batch_size="16", train_epochs="5", random_seed="1")["id"]  # fmt: skip
    user.done(model, PATIENT)
    assert user.json(f"/jobs/{model}/table_data.json")["job"]["accuracy (val) last"] >= 0.97
    # The same by asking the model itself.
    listed = {"image_list": ("val.txt", "".join(lines[TRAINED_WITH:]))}
    answer = user.post("/models/images/classification/classify_many.json", {"job_id": model}, files=listed)
    assert answer.json()["top1_accuracy"] >= 97
