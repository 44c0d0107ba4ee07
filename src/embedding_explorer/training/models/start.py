"""Weights to start from: those that fit by name and shape are taken (contract, 5.4 and 11.5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from embedding_explorer.errors import BadInput, NetworkUnusable
from embedding_explorer.networks.frameworks.pytorch.build import State, read_state
from embedding_explorer.networks.frameworks.pytorch.kinds import Kind, kind_of
from embedding_explorer.networks.frameworks.pytorch.state_dict_check import screen_pickled, screen_safetensors
from embedding_explorer.training.models.build import last_linear
from embedding_explorer.training.snapshot_files import WEIGHTS

SUFFIXES = WEIGHTS


@dataclass(frozen=True)
class Loaded:
    """What became of a file's weights, for the job's log: names that were taken, and that were not."""

    taken: tuple[str, ...]
    left: tuple[str, ...]


def read_weights(paths: Sequence[Path]) -> State:
    """The tensors of state dicts (`.safetensors`, or `.pt`/`.pth` of tensors alone), later files winning.

    Raises:
        BadInput: a file is no state dict, or holds anything but tensors; code is never run.
    """
    state: State = {}
    for path in paths:
        try:
            kind = kind_of(path.name, path) if path.suffix in SUFFIXES else None
            if kind is None:
                raise BadInput(f"must be called *{', *'.join(SUFFIXES)}")
            if not kind.is_state_dict:
                raise BadInput("is a program; save model.state_dict(), best as safetensors")
            (screen_safetensors if kind is Kind.SAFETENSORS else screen_pickled)(path)
            state |= read_state(kind, path)
        except BadInput as error:
            raise BadInput(f"The weights {path.name} cannot be used: the file {error.message}.") from error
        except NetworkUnusable as error:
            raise BadInput(f"The weights {path.name} cannot be used. {error.message}") from error
    return state


def load_start(network: nn.Module, state: State, new_head: bool = False) -> Loaded:
    """Copy the weights that fit into a network.

    Args:
        network: changed in place.
        state: names to tensors.
        new_head: leave the last fully connected layer as it is, because its classes are others.

    Raises:
        BadInput: not a single tensor fits.
    """
    head = last_linear(network) if new_head else None
    own = network.state_dict()
    fitting = [name for name, tensor in state.items() if name in own and own[name].shape == tensor.shape]
    taken = [name for name in fitting if not (head and name.startswith(head + "."))]
    if not fitting:
        raise BadInput(
            "None of the weights fits the network by name and shape. Choose the network that they were trained with: "
            f"it needs names such as {', '.join(list(own)[:3])}; the file has {', '.join(list(state)[:3]) or 'none'}."
        )
    with torch.no_grad():
        for name in taken:
            own[name].copy_(state[name])
    return Loaded(tuple(taken), tuple(name for name in state if name not in taken))
