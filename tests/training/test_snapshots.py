"""What a training keeps: whole or not at all, and never passed over in silence."""

import errno
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from embedding_explorer.errors import BadInput, StorageFull
from embedding_explorer.training.snapshots import (
    RESUME,
    Resume,
    read_resume,
    read_snapshot,
    write_resume,
    write_snapshot,
)
from tests.training.full_disk import limit_files

STATE = {"w": torch.arange(50_000.0)}
KEPT = Resume(10, 1.0, {"state": {0: {"momentum_buffer": STATE["w"]}}}, {"figures": [1, 2.5]}, "key")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With two snapshots, the state that of the second."""
    write_snapshot(tmp_path, 0.5, STATE, {})
    write_snapshot(tmp_path, 1.0, STATE, {"iteration": 10})
    write_resume(tmp_path, KEPT)
    return tmp_path


def test_what_was_written_is_read(folder: Path) -> None:
    assert torch.equal(read_snapshot(folder / "snapshot_epoch_1.safetensors")["w"], STATE["w"])
    found = read_resume(folder, "key")
    assert found is not None and torch.equal(found.solver["state"][0]["momentum_buffer"], STATE["w"])
    assert (found.iteration, found.epoch, found.progress, found.key) == (10, 1.0, {"figures": [1, 2.5]}, "key")
    assert not list(folder.glob("*.part"))


def test_nothing_was_kept_before_the_first_state(tmp_path: Path) -> None:
    assert read_resume(tmp_path, "key") is None
    write_snapshot(tmp_path, 0.5, STATE, {})
    assert read_resume(tmp_path, "key") is None


def cut(path: Path, length: int) -> None:
    path.write_bytes(path.read_bytes()[:length])


SPOILT: dict[str, tuple[Callable[[Path], object], str]] = {
    "cut": (lambda folder: cut(folder / RESUME, 1000), "cannot be read"),
    "seek": (lambda folder: cut(folder / RESUME, 10_000), "cannot be read"),  # torch seeks to before its begin: EINVAL
    "empty": (lambda folder: cut(folder / RESUME, 0), "cannot be read"),
    "list": (lambda folder: torch.save([1], folder / RESUME), "cannot be read"),
    "state": (lambda folder: (folder / RESUME).unlink(), "resume.pt is gone"),
    "snapshot": (lambda folder: (folder / "snapshot_epoch_1.safetensors").unlink(), "epoch 1 is gone"),
}


@pytest.mark.parametrize("kind", SPOILT)
def test_what_is_damaged_or_gone_is_told(folder: Path, kind: str) -> None:
    spoil, reason = SPOILT[kind]
    spoil(folder)
    with pytest.raises(BadInput, match=f"{reason}.*clone the model"):
        read_resume(folder, "key")


def test_the_state_of_another_training_is_told(folder: Path) -> None:
    with pytest.raises(BadInput, match="other options"):
        read_resume(folder, "other")


class Failing(io.BytesIO):
    """A file on a disk that fails after so many readings."""

    def __init__(self, content: bytes, good: int, error: BaseException) -> None:
        super().__init__(content)
        self.good, self.error = good, error

    def readinto(self, buffer: Any) -> int:
        self.good -= 1
        if self.good < 0:
            raise self.error
        return super().readinto(buffer)

    def read(self, size: int | None = -1) -> bytes:
        self.good -= 1
        if self.good < 0:
            raise self.error
        return super().read(size)


@pytest.mark.parametrize("good", [0, 3, 8])
@pytest.mark.parametrize("error", [OSError(errno.EIO, "Input/output error"), MemoryError()])
def test_a_disk_that_fails_is_no_damage(
    folder: Path, monkeypatch: pytest.MonkeyPatch, good: int, error: BaseException
) -> None:
    content = (folder / RESUME).read_bytes()
    monkeypatch.setattr(Path, "open", lambda path, mode: Failing(content, good, error))
    with pytest.raises(type(error)) as caught:
        read_resume(folder, "key")
    assert caught.value is error


def test_too_many_open_files_are_no_damage(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(path: Path, mode: str) -> Any:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(Path, "open", opened)
    with pytest.raises(OSError, match="Too many open files"):
        read_resume(folder, "key")


WRITERS: dict[str, Callable[[Path], object]] = {
    "weights": lambda folder: write_snapshot(folder, 2.0, STATE, {}),
    "state": lambda folder: write_resume(folder, KEPT),
}


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("room", [0, 100, 5000, 200_000])
def test_a_full_disk_keeps_no_half_file(folder: Path, writer: str, room: int) -> None:
    before = {path: path.read_bytes() for path in folder.iterdir()}
    limit_files(room)
    try:
        with pytest.raises(StorageFull, match=r"\(File too large\)\. Free some space"):
            WRITERS[writer](folder)
    finally:
        limit_files(None)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), StorageFull),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), StorageFull),
        (OSError(errno.EIO, "Input/output error"), OSError),
        (KeyboardInterrupt(), KeyboardInterrupt),
    ],
)
def test_whatever_ends_the_writing_leaves_no_half_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch, writer: str, error: BaseException, told: type[BaseException]
) -> None:
    def failing(handle: int) -> None:
        raise error

    before = set(folder.iterdir())
    monkeypatch.setattr("os.fsync", failing)
    with pytest.raises(told):
        WRITERS[writer](folder)
    assert set(folder.iterdir()) == before
