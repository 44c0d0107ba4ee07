"""Published releases of the Python client work with this server, only their host changed."""

import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

from tests.contracts.networks_api import MODEL, Api

pytestmark = pytest.mark.slow
SESSION = Path(__file__).parent / "published_client.py"
INSTALLED = "1.0.0"
# The last one that reads `dims`, and the oldest line: each differs from the others on the wire (contract, section 17).
OLDER = ("0.9.4", "0.8.3")
WITH_THEM = ("promise==2.3",)  # what older releases import and the installed one does not


def converse(api: Api, tmp_path: Path, *more: str) -> str:
    """Run the session; what it says at its end."""
    model = tmp_path / "net.onnx"
    model.write_bytes(MODEL)
    command = [sys.executable, "-W", "ignore", str(SESSION), api.server.url, str(model), *more]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def test_the_released_client_works(api: Api, tmp_path: Path) -> None:
    try:
        found = version("deepomatic-api")
    except PackageNotFoundError:
        pytest.skip("deepomatic-api is not installed (install the dev-packages of the Pipfile)")
    assert found == INSTALLED and converse(api, tmp_path) == f"deepomatic-api {INSTALLED} is content"


@pytest.mark.parametrize("release", OLDER)
def test_older_releases_work(api: Api, tmp_path: Path, release: str) -> None:
    folder = tmp_path / "client"
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-compile", "--disable-pip-version-check"]
    got = subprocess.run(
        [*command, "--target", str(folder), f"deepomatic-api=={release}", *WITH_THEM], capture_output=True, text=True
    )
    if got.returncode:
        pytest.skip(f"deepomatic-api {release} cannot be had from the package index: {got.stderr.strip()[-200:]}")
    assert converse(api, tmp_path, str(folder)) == f"deepomatic-api {release} is content"
