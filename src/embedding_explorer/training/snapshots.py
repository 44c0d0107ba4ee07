"""Snapshots of a training on disk: weights as safetensors, and what is needed to go on after a crash.

    snapshot_epoch_<E>.safetensors    weights and statistics; one for every snapshot, each usable for ever
    resume.pt                         state of the solver and the figures; belongs to the newest snapshot alone

Both are written beside their place and renamed, and the weights before the state that names them: whenever the process
dies, `resume.pt` names a snapshot that is there and whole.
"""

import errno
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from io import BufferedWriter
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from embedding_explorer.datasets.disk import PART
from embedding_explorer.errors import NO_SPACE, BadInput, StorageFull
from embedding_explorer.networks.frameworks.trial import one_line
from embedding_explorer.training.figures import whole
from embedding_explorer.training.snapshot_files import RESUME, list_snapshots, snapshot_name
from embedding_explorer.training.tensor_file import write_tensors

__all__ = [
    "RESUME",
    "Resume",
    "list_snapshots",
    "read_resume",
    "read_snapshot",
    "snapshot_name",
    "write_resume",
    "write_snapshot",
]

State = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Resume:
    """Where a training goes on.

    Attributes:
        iteration: steps that are done.
        epoch: of the snapshot with the weights.
        solver: state dict of the optimizer.
        progress: figures and sums, as JSON types.
        key: what must be the same for the training to go on: options, network, size of the set.
    """

    iteration: int
    epoch: float
    solver: dict[str, Any]
    progress: dict[str, Any]
    key: str


def write_snapshot(folder: Path, epoch: float, state: State, facts: dict[str, Any]) -> Path:
    """Write the weights of an epoch.

    Args:
        folder: must exist.
        epoch: rounded to three decimals.
        state: a state dict, on any device.
        facts: for the file's metadata, JSON types.

    Raises:
        BadInput: a tensor is of a type that no snapshot can hold.
        StorageFull: no space is left.
        OSError: the disk fails in another way.
    """
    path = folder / snapshot_name(epoch)
    _write(path, lambda file: write_tensors(file, state, {"training": json.dumps(facts)}))
    return path


def read_snapshot(path: Path) -> State:
    """The weights of a snapshot; raises BadInput where the file is damaged."""
    try:
        return load_file(path)
    except Exception as error:  # the library has several classes for damage, and documents none
        raise BadInput(f"The snapshot {path.name} is damaged; choose another epoch, or train anew.") from error


def write_resume(folder: Path, resume: Resume) -> None:
    """Write the state of a training in one step; raises as `write_snapshot`."""
    content = {
        "iteration": resume.iteration,
        "epoch": resume.epoch,
        "solver": resume.solver,
        "progress": json.dumps(resume.progress),
        "key": resume.key,
    }
    _write(folder / RESUME, lambda file: torch.save(content, file))


def read_resume(folder: Path, key: str) -> Resume | None:
    """Where a training goes on; None where nothing was kept yet, so that it begins anew.

    The first snapshot may be there all the same: without its state, which a crash prevented, it does not count.

    Raises:
        BadInput: what was kept is damaged, incomplete, or of a training with other options; it stays as it is.
        OSError: the disk fails.
    """
    try:
        found = _load(folder / RESUME)
    except FileNotFoundError as error:
        if len(list_snapshots(folder)) > 1:
            raise _unusable(f"{RESUME} is gone") from error
        return None
    if found.key != key:
        raise _unusable(f"{RESUME} is of other options, or of another version of this program")
    if not (folder / snapshot_name(found.epoch)).is_file():
        raise _unusable(f"the snapshot of epoch {whole(found.epoch)} is gone")
    return found


def _load(path: Path) -> Resume:
    try:
        with path.open("rb") as file:
            content = torch.load(file, map_location="cpu", weights_only=True)
        progress = json.loads(content["progress"])
        return Resume(content["iteration"], content["epoch"], content["solver"], progress, content["key"])
    except Exception as error:  # damage shows as almost any class; as EINVAL where it leads to before the file's begin
        if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno != errno.EINVAL):
            raise  # the file may be fine: the next attempt reads it
        raise _unusable(f"{path.name} cannot be read ({one_line(error, 100)})") from error


def _unusable(reason: str) -> BadInput:
    return BadInput(
        f"The training cannot go on from its last snapshot: {reason}. What is there stays usable; clone the model to "
        "train it anew, or create one that starts from one of these snapshots."
    )


class _File(BufferedWriter):
    """A file that remembers its error: torch makes one of its own of it, which says nothing of the disk."""

    error: OSError | None = None

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            self.error = error
            raise


def _write(path: Path, write: Callable[[_File], object]) -> None:
    part = path.with_name(path.name + PART)
    try:
        with _File(part.open("wb", buffering=0)) as file:
            _write_through(file, write)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException as error:
        part.unlink(missing_ok=True)  # hundreds of megabytes, on a disk that may be full
        if isinstance(error, OSError) and error.errno in NO_SPACE:
            raise _full(path, error) from error
        raise


def _write_through(file: _File, write: Callable[[_File], object]) -> None:
    try:
        write(file)
    except RuntimeError as error:
        if file.error is None:
            raise
        raise file.error from error


def _full(path: Path, error: OSError) -> StorageFull:
    return StorageFull(
        f"The snapshot {path.name} cannot be written ({error.strerror}). Free some space in the data folder, or use a "
        "larger snapshot_interval."
    )
