"""What keeps a server from starting is one sentence on standard error and exit status 2."""

import errno
import os
import pickle
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from embedding_explorer.errors import StartError
from embedding_explorer.server import check_catalog, check_data_folder
from embedding_explorer.settings import Settings
from tests.conftest import colour_files, zip_of
from tests.datasets.conftest import write_seed
from tests.servers import STARTED, explorer, free_port
from tests.trouble.conftest import StartServer


def refusal(data: Path, *arguments: str, **settings: str) -> str:
    """The one sentence or two that `serve` ends with."""
    ended = explorer("serve", "--data", str(data), *arguments, **{"port": str(free_port())} | settings)
    said = ended.stderr.strip()
    assert ended.returncode == 2 and said.startswith("embedding-explorer: ") and "\n" not in said, ended
    return said


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A file system that nobody may write to."""
    folder = tmp_path / "read-only"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "none", folder], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("no right to mount a file system")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_read_only_data_folder(read_only: Path) -> None:
    assert "cannot be written to (Read-only file system)" in refusal(read_only)


def test_a_data_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert f"{tmp_path}/file/data cannot be written to (Not a directory)" in refusal(tmp_path / "file" / "data")


def test_a_file_in_place_of_the_data_folder(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    ended = explorer("serve", "--data", str(tmp_path / "data"))
    assert ended.returncode == 2 and "is a file" in ended.stderr and "Traceback" not in ended.stderr
    ended = explorer("serve", data=str(tmp_path / "data"))
    assert ended.returncode == 2 and "cannot be written to (File exists)" in ended.stderr


def test_a_catalog_that_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "catalog.sqlite").write_text("this was a database once" * 100)
    said = refusal(tmp_path)
    assert f"{tmp_path}/catalog.sqlite cannot be read (file is not a database)" in said and "move it away" in said


def test_a_catalog_that_cannot_be_opened_is_not_called_damaged(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    settings.catalog_file.mkdir()
    with pytest.raises(StartError, match=r"unable to open.*Give this user the right"):
        check_catalog(settings)


@pytest.mark.parametrize(("number", "remedy"), [(errno.ENOSPC, "Free some space"), (errno.EACCES, "Give this user")])
def test_what_keeps_a_data_folder_from_being_written_to_has_its_own_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, remedy: str
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with pytest.raises(StartError, match=rf"cannot be written to \({os.strerror(number)}\)\. {remedy}"):
        check_data_folder(tmp_path)


def test_a_port_in_use(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = refusal(tmp_path, "--port", str(port))
    assert f"port {port} (Address already in use)" in said and "--port" in said


def test_an_address_that_is_not_ours(tmp_path: Path) -> None:
    assert "Cannot listen on 192.0.2.1" in refusal(tmp_path, "--host", "192.0.2.1")


def test_what_starts_the_web_process_loads_nothing_that_only_that_needs() -> None:
    code = "import sys, embedding_explorer.cli.serve, embedding_explorer.server as s; print(*sys.modules)"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    assert "click" in loaded and not loaded & {"numpy", "sqlalchemy", "flask", "PIL", "pydantic", "torch"}


def test_an_unknown_setting_and_a_wrong_one(tmp_path: Path) -> None:
    assert "There is no setting EXPLORER_PROT. Did you mean EXPLORER_PORT?" in refusal(tmp_path, prot="81")
    assert "There is no setting EXPLORER_XYZ. Known: EXPLORER_ALLOW" in refusal(tmp_path, xyz="81")
    assert "EXPLORER_WEB_THREADS='many' is not a whole number." in refusal(tmp_path, web_threads="many")


def test_a_second_server_on_one_data_folder_is_refused_and_the_first_goes_on(start: StartServer) -> None:
    server = start(warm=False)
    said = refusal(server.data)
    assert "Another server already works on the data folder" in said and "--data" in said
    # The same command twice: that the port is taken, too, is not the reason.
    assert "Another server already works" in refusal(server.data, "--port", str(server.port))
    assert server.get("/status").status_code == 200


class Run:
    """What unpickles as a call of os.system."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch executed",)


def test_a_seed_that_would_execute_something_is_refused_by_name_and_the_server_serves(
    start: StartServer, tmp_path: Path
) -> None:
    seed = write_seed(tmp_path / "data")
    (seed / "pickles" / "celeba_features_pca_reduced.pickle").write_bytes(pickle.dumps(Run()))
    server = start()
    server.wait_for(lambda: "could not be made" in server.log.read_text(), STARTED)
    said = server.log.read_text()
    assert "celeba_features_pca_reduced.pickle" in said and "posix.system" in said and "Traceback" not in said
    assert not list(tmp_path.rglob("executed")) and not Path("executed").exists()
    assert not server.leftovers()
    assert server.upload(zip_of(colour_files(2))).status_code == 200
