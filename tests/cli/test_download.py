"""`download-data` and its older name as a user runs them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.training.downloads import archives

# Nothing listens there, so that no test depends on the internet.
OFFLINE = {"https_proxy": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"}
COMMANDS = (("embedding_explorer", "download-data"), ("digits.download_data",))


def run(command: tuple[str, ...], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *command, *arguments],
        capture_output=True, text=True, timeout=120, check=False, env=os.environ | OFFLINE,
    )  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_archives_in_the_folder_are_enough(tmp_path: Path, command: tuple[str, ...]) -> None:
    archives.write_mnist(tmp_path)
    result = run(command, "mnist", str(tmp_path))
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "test" / "1" / "00003.png").is_file()


def test_the_option_c_empties_the_folder_first(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old.txt").touch()
    assert run(COMMANDS[0], "digits", str(tmp_path / "out"), "-c").returncode == 0
    assert {each.name for each in (tmp_path / "out").iterdir()} == {"train", "test"}


@pytest.mark.parametrize("command", COMMANDS)
def test_failures_are_one_sentence_and_exit_code_1(tmp_path: Path, command: tuple[str, ...]) -> None:
    unknown = run(command, "imagenet", str(tmp_path))
    assert unknown.returncode == 1 and "choose one of" in unknown.stderr
    offline = run(command, "cifar10", str(tmp_path))
    assert offline.returncode == 1 and "cifar-10-python.tar.gz could not be downloaded" in offline.stderr
    assert "Traceback" not in unknown.stderr + offline.stderr
