"""Snapshots of a training on disk: weights as safetensors, and what is needed to go on after a crash.

    snapshot_epoch_<E>.safetensors    weights and statistics; one for every snapshot, each usable for ever
    resume.pt                         state of the solver and the figures; belongs to the newest snapshot alone

Both are written beside their place and renamed, and the weights before the state that names them: whenever the process
dies, `resume.pt` names a snapshot that is there and whole.
"""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from embedding_explorer.errors import BadInput, StorageFull
from embedding_explorer.training.snapshot_files import RESUME, list_snapshots, snapshot_name

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
        StorageFull: no space is left.
    """
    path = folder / snapshot_name(epoch)
    plain = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in state.items()}
    _written(path, lambda part: save_file(plain, part, metadata={"training": json.dumps(facts)}))
    return path


def read_snapshot(path: Path) -> State:
    """The weights of a snapshot; raises BadInput where the file is damaged."""
    try:
        return load_file(path)
    except Exception as error:  # the library has several classes for damage, and documents none
        raise BadInput(f"The snapshot {path.name} is damaged; choose another epoch, or train anew.") from error


def write_resume(folder: Path, resume: Resume) -> None:
    """Write the state of a training in one step."""
    content = {
        "iteration": resume.iteration,
        "epoch": resume.epoch,
        "solver": resume.solver,
        "progress": json.dumps(resume.progress),
        "key": resume.key,
    }
    _written(folder / RESUME, lambda part: torch.save(content, part))


def read_resume(folder: Path, key: str) -> Resume | None:
    """Where a training goes on; None where it has to begin anew: no state, a damaged one, or one of other options."""
    try:
        content = torch.load(folder / RESUME, map_location="cpu", weights_only=True)
        progress = json.loads(content["progress"])
        found = Resume(content["iteration"], content["epoch"], content["solver"], progress, content["key"])
    except FileNotFoundError:
        return None
    except Exception:  # damage shows as almost any class
        return None
    usable = found.key == key and (folder / snapshot_name(found.epoch)).is_file()
    return found if usable else None


def _written(path: Path, write: Callable[[Path], object]) -> None:
    part = path.with_name(path.name + ".part")
    try:
        write(part)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise StorageFull(
            f"The snapshot {path.name} cannot be written ({error.strerror}). Free some space in the data folder, or "
            "use a larger snapshot_interval."
        ) from error
