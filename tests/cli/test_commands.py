"""The command line as a user runs it: real processes, the embedded network."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from embedding_explorer.cli.common import settings_for
from embedding_explorer.datasets.store import DatasetStore

COMMAND = (sys.executable, "-m", "embedding_explorer")


def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, timeout=250, check=False, env=variables(**settings)
    )


def variables(**settings: str) -> dict[str, str]:
    return os.environ | {"EXPLORER_NETWORK": "embedded"} | settings


def folder_of_pictures(folder: Path, count: int) -> Path:
    """Tiny pictures in two folders, light and dark."""
    random = np.random.default_rng(0)
    for number in range(count):
        kind = ("dark", "light")[number % 2]
        (folder / kind).mkdir(parents=True, exist_ok=True)
        pixels = random.integers(0, 90, (8, 8, 3), np.uint8) + (150 if kind == "light" else 0)
        Image.fromarray(pixels.astype(np.uint8)).save(folder / kind / f"{number:04d}.png")
    return folder


def test_help_is_quick_because_it_loads_nothing_heavy() -> None:
    load = "import sys, embedding_explorer.cli as c; [c.cli.get_command(None, name) for name in c.COMMANDS]"
    code = f"{load}; print([m for m in ('torch', 'openvino', 'umap', 'sklearn', 'scipy') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert found.stdout.strip() == "[]"
    assert "ingest" in run("--help").stdout
    assert "EXPLORER_MAX_UPLOAD_BYTES" in run("serve", "--help").stdout


def test_folders_are_absolute_as_paths_in_them_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EXPLORER_JOBS_DIR", "jobs")
    settings = settings_for()
    assert (settings.data, settings.jobs_folder) == (tmp_path / "data", tmp_path / "jobs")
    monkeypatch.setenv("EXPLORER_JOBS_DIR", "")
    assert settings_for(data=Path("x")).jobs_folder == tmp_path / "x" / "jobs"


def test_a_wrong_setting_is_one_sentence_and_no_traceback(tmp_path: Path) -> None:
    result = run("datasets", "list", "--data", str(tmp_path), EXPLORER_PRECISION="float8")
    assert result.returncode == 2 and "EXPLORER_PRECISION" in result.stderr and "Traceback" not in result.stderr


@pytest.mark.slow
def test_a_folder_becomes_the_main_dataset_with_parents_as_labels(tmp_path: Path) -> None:
    pictures, data = folder_of_pictures(tmp_path / "pictures", 30), tmp_path / "data"
    result = run("ingest", str(pictures), "--main", "--name", "two kinds", "--data", str(data))
    assert result.returncode == 0, result.stderr
    dataset = DatasetStore(data).get("main")
    assert result.stdout.strip() == dataset.id and dataset.manifest.name == "two kinds"
    assert [row.label for row in dataset.images] == ["dark"] * 15 + ["light"] * 15
    assert dataset.images[0].file == "dark/0000.png"

    listed = run("datasets", "list", "--data", str(data)).stdout
    assert listed.startswith(f"* {dataset.id}") and "two kinds" in listed
    assert run("datasets", "rename", dataset.id, "renamed", "--data", str(data)).returncode == 0
    assert DatasetStore(data).get("main").manifest.name == "renamed"

    seed, other = tmp_path / "seed", tmp_path / "other"
    assert run("export", "main", str(seed), "--seed-layout", "--data", str(data)).returncode == 0
    assert run("import", str(seed), "--data", str(other)).returncode == 0
    copy = DatasetStore(other).get("main")
    np.testing.assert_array_equal(copy.reduction("umap"), dataset.reduction("umap"))
    assert copy.tilemap_path("000").read_bytes() == dataset.tilemap_path("000").read_bytes()

    assert run("export", "main", str(tmp_path / "all.csv"), "--data", str(data)).returncode == 0
    assert (tmp_path / "all.csv").read_text().count("\n") == 31
    assert run("export", "main", str(tmp_path / "all.cvs"), "--data", str(data)).returncode == 2
    assert sorted(path.name for path in tmp_path.glob("*all*")) == ["all.csv"]
    nowhere = run("export", "main", str(tmp_path / "missing" / "all.csv"), "--data", str(data))
    assert nowhere.returncode == 2 and "missing/all.csv cannot be written" in nowhere.stderr
    assert "Traceback" not in nowhere.stderr
    assert run("datasets", "delete", dataset.id, "--yes", "--data", str(data)).returncode == 0
    assert run("export", "main", str(tmp_path / "x.csv"), "--data", str(data)).returncode == 2


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_an_interrupted_ingest_goes_on_after_its_last_whole_range(tmp_path: Path, how: signal.Signals) -> None:
    pictures, data = folder_of_pictures(tmp_path / "pictures", 6000), tmp_path / "data"
    command = ["ingest", str(pictures), "--data", str(data), "--no-keep-images"]
    first = subprocess.Popen([*COMMAND, *command], stderr=subprocess.DEVNULL, env=variables())
    deadline = time.monotonic() + 200
    while not list((data / "staging").glob("ingest-*/parts/*/range.json")):
        assert first.poll() is None and time.monotonic() < deadline, "no range was finished"
        time.sleep(0.005)
    first.send_signal(how)
    assert first.wait(60) != 0
    assert not DatasetStore(data).list()
    second = run(*command)
    assert second.returncode == 0, second.stderr
    assert "Going on with an interrupted ingest" in second.stderr
    assert DatasetStore(data).get(second.stdout.strip()).total == 6000
    assert not list((data / "staging").iterdir())


def test_networks_are_listed_with_what_is_missing(tmp_path: Path) -> None:
    lines = run("networks", "list", "--data", str(tmp_path), TORCH_HOME=str(tmp_path)).stdout.splitlines()
    assert any(line.startswith("* embedded") for line in lines)
    assert any("resnet50 " in line and "not usable" in line for line in lines)
    unknown = run("networks", "fetch", "vgg99", "--data", str(tmp_path))
    assert unknown.returncode == 2 and "resnet50" in unknown.stderr
