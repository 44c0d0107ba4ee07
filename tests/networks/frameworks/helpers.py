"""Small networks, and the preprocessing that they want."""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from embedding_explorer.networks.frameworks import FRAMEWORKS, LoadedNetwork
from embedding_explorer.networks.preprocessing import Faults, ImageInput, Preprocessing

SIZE = 12


def preprocessing(*names: str, order: str = "NCHW", size: int = SIZE, resize: str = "SQUASH") -> Preprocessing:
    """Inputs of these names, "x" if there is none."""
    inputs = (ImageInput(name, order, resize, str(size), "RGB", 1.0) for name in names or ("x",))  # type: ignore[arg-type]
    return Preprocessing(tuple(inputs), False)


def faults_of(framework: str, files: Mapping[str, Path]) -> dict[str, list[str]]:
    """What the check finds."""
    faults = Faults()
    FRAMEWORKS[framework].check(files, faults)
    return dict(faults)


def written(folder: Path, files: Mapping[str, bytes]) -> dict[str, Path]:
    """Files of these contents."""
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return {name: folder / name for name in files}


def loaded(framework: str, files: Mapping[str, Path], wanted: Preprocessing | None = None) -> LoadedNetwork:
    """A network that must pass its check."""
    assert faults_of(framework, files) == {}
    return FRAMEWORKS[framework].load(files, wanted or preprocessing(), "cpu")


def images(count: int = 1, size: int = SIZE, seed: int = 0) -> Any:
    """Noise (count, 3, size, size)."""
    return np.random.default_rng(seed).random((count, 3, size, size), dtype=np.float32)


class Small(nn.Module):
    """Submodules that run twice, work in place, sit in a list, give tuples; and one that never runs."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.relu = nn.ReLU(inplace=True)
        self.body = nn.Sequential(nn.Conv2d(4, 4, 3), nn.ReLU(inplace=True))
        self.lstm = nn.LSTM(4, 3, batch_first=True)
        self.unused = nn.Linear(1, 1)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """Features, and a dictionary of more."""
        x = self.relu(self.conv(x))
        x = self.body(self.body(x))
        pooled = x.mean((2, 3))
        sequence, _ = self.lstm(pooled[:, None])
        return pooled, {"last": sequence[:, 0]}


def small() -> Small:
    """One of fixed random weights."""
    torch.manual_seed(3)
    network = Small().eval()
    with torch.no_grad():
        network.conv.bias.fill_(-0.01)  # type: ignore[union-attr]
    return network


def watched(network: nn.Module, given: Any) -> dict[str, Any]:
    """What hooks of torch see, under the contract's names, written by hand for plain tensors."""
    seen: dict[str, Any] = {}

    def hook(path: str) -> Any:
        def note(_module: nn.Module, _inputs: Any, value: Any) -> None:
            if isinstance(value, torch.Tensor):
                runs = sum(name == path or name.startswith(f"{path}#") for name in seen)
                seen[f"{path}#{runs}" if runs else path] = value.clone().numpy()

        return note

    handles = [module.register_forward_hook(hook(path)) for path, module in network.named_modules() if path]
    with torch.no_grad():
        network(torch.from_numpy(given))
    for handle in handles:
        handle.remove()
    return seen


def quietly(function: Any, *args: Any, **kwargs: Any) -> Any:
    """Exporters warn of their own age."""
    with warnings.catch_warnings(action="ignore"):
        return function(*args, **kwargs)
