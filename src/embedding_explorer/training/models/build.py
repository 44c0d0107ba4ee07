"""From a definition to a network of torch with fresh weights."""

import warnings
from typing import Any, cast

import torch
from torch import nn

from embedding_explorer.errors import BadInput
from embedding_explorer.training.definitions.definition import Definition
from embedding_explorer.training.definitions.shapes import MAX_PARAMETERS, check_parameters, sized_layers
from embedding_explorer.training.definitions.standard import STANDARD
from embedding_explorer.training.models.layered import LayerNetwork


def build_network(definition: Definition, seed: int = 0, max_parameters: int | None = MAX_PARAMETERS) -> nn.Module:
    """The network, on the CPU, float32, with fresh weights that depend on nothing but `seed`.

    Args:
        definition: with `input_shape` (and `classes` for classifications); see `Definition.for_data`.
        seed: of the weights.
        max_parameters: most weights and biases; None for a network that was checked when it came.

    Raises:
        BadInput: it does not fit the pictures; the message names the layer.
        LimitExceeded: too many parameters.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if definition.standard is None:
            return LayerNetwork(sized_layers(definition, max_parameters))
        return _standard(definition, max_parameters)


def _standard(definition: Definition, max_parameters: int | None) -> nn.Module:
    name, shape, classes = definition.standard, definition.input_shape, definition.classes
    if name is None or shape is None or classes is None:
        raise BadInput("A standard network needs a finished classification dataset.")
    if shape[0] not in (1, 3):
        raise BadInput(f"{STANDARD[name].name} takes pictures of 1 or 3 channels, not of {shape[0]}.")
    if min(shape[1:]) < STANDARD[name].least:
        least = STANDARD[name].least
        raise BadInput(
            f"{STANDARD[name].name} needs pictures of at least {least}x{least} pixels; these have {shape[2]}x{shape[1]} "
            "after the crop. Make a dataset of larger pictures, or choose a smaller network such as lenet."
        )
    small = STANDARD[name].architecture
    module = _for_small(small, classes) if small else _of_torchvision(name, classes)
    if shape[0] == 1:
        _take_gray(module)
    check_parameters(sum(parameter.numel() for parameter in module.parameters()), max_parameters)
    return module


def _of_torchvision(name: str, classes: int, **options: bool) -> nn.Module:
    import torchvision

    if name == "googlenet":
        options["init_weights"] = True
    with warnings.catch_warnings(action="ignore"):
        module: nn.Module = torchvision.models.get_model(name, weights=None, num_classes=classes, **options)
    return module


def _for_small(architecture: str, classes: int) -> nn.Module:
    """A residual network that does not shrink pictures before its first block.

    Each block begins as the identity, which a short training gains by (Goyal et al. 2017, arXiv 1706.02677, 5.1).
    """
    module = _of_torchvision(architecture, classes, zero_init_residual=True)
    stem = nn.Conv2d(3, 64, 3, padding=1, bias=False)
    nn.init.kaiming_normal_(stem.weight, mode="fan_out", nonlinearity="relu")
    module.conv1, module.maxpool = stem, nn.Identity()
    return module


def _take_gray(module: nn.Module) -> None:
    """Let the first convolution take one channel: its weights are what three equal channels would have met."""
    path, old = next((path, each) for path, each in module.named_modules() if isinstance(each, nn.Conv2d))
    new = nn.Conv2d(
        1, old.out_channels, cast(Any, old.kernel_size), cast(Any, old.stride), cast(Any, old.padding),
        bias=old.bias is not None,
    )  # fmt: skip
    with torch.no_grad():
        new.weight.copy_(old.weight.sum(1, keepdim=True))
        if new.bias is not None and old.bias is not None:
            new.bias.copy_(old.bias)
    parent, _, name = path.rpartition(".")
    setattr(module.get_submodule(parent), name, new)


def last_linear(module: nn.Module) -> str | None:
    """Path of the last fully connected layer, which names the classes (or its convolution in SqueezeNet)."""
    main = [(p, m) for p, m in module.named_modules() if not p.startswith("aux")]
    heads = [path for path, each in main if isinstance(each, nn.Linear)]
    if not heads:
        heads = [path for path, each in main if isinstance(each, nn.Conv2d)]
    return heads[-1] if heads else None
