"""Networks of torchvision with the weights of a user (networks contract, 13.3)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from embedding_explorer.errors import NetworkUnusable
from embedding_explorer.networks.frameworks.pytorch.architecture import WITH_AUXILIARY, Architecture
from embedding_explorer.networks.frameworks.pytorch.kinds import Kind
from embedding_explorer.networks.frameworks.pytorch.rewritten import rewritten
from embedding_explorer.networks.frameworks.pytorch.state_dict_check import kept
from embedding_explorer.networks.frameworks.trial import one_line

State = dict[str, torch.Tensor]
SHOWN = 3
# Counts the batches of a training. Files of old releases lack it, and nothing that is computed here depends on it.
_COUNTER = "num_batches_tracked"


def build(architecture: Architecture, state: State) -> nn.Module:
    """The network, with these weights; raises NetworkUnusable where they do not fit."""
    module = empty_network(architecture)
    wanted = {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}
    if misfit := misfits(wanted, {name: tuple(tensor.shape) for name, tensor in state.items()}):
        raise NetworkUnusable(f"The weights do not fit {architecture.name}: {misfit}.")
    zero = torch.zeros((), dtype=torch.long)
    floats = {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in state.items()}
    module.load_state_dict({name: floats.get(name, zero) for name in wanted}, assign=True)
    return module.eval().requires_grad_(False)


class _Unfilled(TorchFunctionMode):
    """Lets new weights have no memory: they are replaced before they are used."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        return func(*args, **kwargs | {"device": "meta"}) if func is torch.empty else func(*args, **kwargs)


def empty_network(architecture: Architecture) -> nn.Module:
    """The network without weights."""
    import torchvision

    options: dict[str, Any] = dict(architecture.options)
    if architecture.name in WITH_AUXILIARY:
        options |= {"init_weights": False}
    with _Unfilled():
        module: nn.Module = torchvision.models.get_model(architecture.name, weights=None, **options)
    return module


def misfits(wanted: Mapping[str, tuple[int, ...]], given: Mapping[str, tuple[int, ...]]) -> str:
    """How two sets of weights differ, as part of a sentence; empty where they fit."""
    missing = [name for name in wanted if name not in given and not name.endswith(_COUNTER)]
    extra = [name for name in given if name not in wanted]
    other = [
        f"{name} is {_sides(given[name])} where {_sides(shape)} is needed"
        for name, shape in wanted.items()
        if name in given and given[name] != shape
    ]
    parts = [_counted("missing", missing), _counted("not of it", extra), _counted("of another shape", other)]
    return "; ".join(part for part in parts if part)


def _counted(what: str, names: list[str]) -> str:
    shown = ", ".join(name[:100] for name in names[:SHOWN]) + (", …" if len(names) > SHOWN else "")
    return f"{len(names)} {what} ({shown})" if names else ""


def _sides(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "one value"


def read_state(kind: Kind, path: Path) -> State:
    """The tensors in a file that passed its screening; raises NetworkUnusable."""
    try:
        loaded = _load_safetensors(path) if kind is Kind.SAFETENSORS else _load_pickled(path)
    except Exception as error:  # neither library says which classes it raises
        raise NetworkUnusable(f"The weights cannot be read: {one_line(error)}") from error
    return tensors_in(loaded)


def _load_safetensors(path: Path) -> object:
    from safetensors.torch import load_file

    return load_file(path)


def _load_pickled(path: Path) -> object:
    with rewritten(path, lambda archive: (kept(archive), {})) as safe:
        return torch.load(safe, map_location="cpu", weights_only=True)


def tensors_in(loaded: object) -> State:
    """A state dict out of what a file held: in its `state_dict` if it has one, without `module.` in front of all names."""
    if isinstance(loaded, Mapping) and isinstance(loaded.get("state_dict"), Mapping):
        loaded = loaded["state_dict"]
    if not isinstance(loaded, Mapping) or not loaded:
        raise NetworkUnusable("The file of weights holds no state dict.")
    for name, tensor in loaded.items():
        if not isinstance(name, str) or not isinstance(tensor, torch.Tensor):
            raise NetworkUnusable(f"The state dict holds {str(name)[:80]!r}, which is no tensor.")
    wrapped = all(name.startswith("module.") for name in loaded)
    return {name.removeprefix("module.") if wrapped else name: tensor for name, tensor in loaded.items()}
