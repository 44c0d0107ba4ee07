"""Layer lists as modules of torch. Weights have the names of their layers: `conv1.weight`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from embedding_explorer.training.definitions.definition import INPUT
from embedding_explorer.training.definitions.shapes import Sized

At = Mapping[str, Any]


class Scale(nn.Module):
    """x · factor + shift."""

    def __init__(self, factor: float = 1.0, shift: float = 0.0) -> None:
        super().__init__()
        self.factor, self.shift = factor, shift

    def forward(self, x: Tensor) -> Tensor:
        """Any shape."""
        return x * self.factor + self.shift if self.shift else x * self.factor


class Add(nn.Module):
    """The sum of tensors of one shape."""

    def forward(self, *inputs: Tensor) -> Tensor:
        """(B, …) each."""
        total = inputs[0]
        for each in inputs[1:]:
            total = total + each
        return total


class Concat(nn.Module):
    """Tensors side by side along their channels."""

    def forward(self, *inputs: Tensor) -> Tensor:
        """(B, C, …) each, of any C."""
        return torch.cat(inputs, dim=1)


class Linear(nn.Linear):
    """A linear layer that takes maps as well, as Caffe's InnerProduct does: (B, …) to (B, out)."""

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        return super().forward(x.flatten(1))


class LayerNetwork(nn.Module):
    """A layer list: runs its layers in order. The result of the last one is that of the network."""

    def __init__(self, layers: Sequence[Sized]) -> None:
        super().__init__()
        self._steps: list[tuple[str, str, tuple[str, ...]]] = []
        for layer in layers:
            attribute = self._free_name(layer.spec.name)
            module = make_module(layer)
            initialise(module, layer.spec.init)
            self.add_module(attribute, module)
            self._steps.append((layer.spec.name, attribute, layer.spec.inputs))
        last_use = {name: position for position, step in enumerate(self._steps) for name in step[2]}
        self._done = [[name for name, at in last_use.items() if at == position] for position in range(len(self._steps))]

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to whatever the last layer gives; logits for a classification."""
        known = {INPUT: x}
        for (name, attribute, inputs), done in zip(self._steps, self._done, strict=True):
            known[name] = x = self.get_submodule(attribute)(*(known[each] for each in inputs))
            for each in done:  # what no later layer needs goes at once, so inference holds little
                del known[each]
        return x

    def layer_names(self) -> dict[str, str]:
        """Module path → name of the layer, which may have characters that paths cannot have."""
        return {attribute: name for name, attribute, _ in self._steps}

    def _free_name(self, name: str) -> str:
        name = name.replace(".", "_")
        while not name or hasattr(self, name):
            name += "_"
        return name


def _conv(layer: Sized, at: At) -> nn.Module:
    return nn.Conv2d(layer.fed[0][0], **at)


def _transposed(layer: Sized, at: At) -> nn.Module:
    return nn.ConvTranspose2d(layer.fed[0][0], **at)


def _linear(layer: Sized, at: At) -> nn.Module:
    features = 1
    for side in layer.fed[0]:
        features *= side
    return Linear(features, **at)


def _norm(layer: Sized, at: At) -> nn.Module:
    width = layer.fed[0][0]
    return nn.BatchNorm2d(width) if len(layer.fed[0]) == 3 else nn.BatchNorm1d(width)


def _plain(kind: Callable[..., nn.Module]) -> Callable[[Sized, At], nn.Module]:
    return lambda layer, at: kind(**at)


_MAKERS: dict[str, Callable[[Sized, At], nn.Module]] = {
    "scale": _plain(Scale),
    "conv2d": _conv,
    "conv_transpose2d": _transposed,
    "linear": _linear,
    "max_pool2d": _plain(nn.MaxPool2d),
    "avg_pool2d": _plain(nn.AvgPool2d),
    "adaptive_avg_pool2d": _plain(nn.AdaptiveAvgPool2d),
    "batch_norm": _norm,
    "local_response_norm": _plain(nn.LocalResponseNorm),
    "dropout": _plain(nn.Dropout),
    "relu": _plain(nn.ReLU),
    "prelu": lambda layer, at: nn.PReLU(layer.fed[0][0]),
    "leaky_relu": _plain(nn.LeakyReLU),
    "sigmoid": _plain(nn.Sigmoid),
    "tanh": _plain(nn.Tanh),
    "gelu": _plain(nn.GELU),
    "identity": _plain(nn.Identity),
    "flatten": _plain(nn.Flatten),
    "upsample": _plain(nn.Upsample),
    "add": _plain(Add),
    "concat": _plain(Concat),
}


def make_module(layer: Sized) -> nn.Module:
    """The module of one layer, with torch's own initial weights."""
    return _MAKERS[layer.spec.type](layer, layer.spec.parameters)


def initialise(module: nn.Module, init: str) -> None:
    """Fresh weights: `xavier` is uniform after Glorot and Bengio 2010, `kaiming` normal after He et al. 2015
    (arXiv:1502.01852), `normal` has a deviation of 0.01; with all of them biases are 0.
    """
    weight, bias = getattr(module, "weight", None), getattr(module, "bias", None)
    if init == "default" or not isinstance(weight, Tensor):
        return
    if isinstance(bias, Tensor):
        nn.init.zeros_(bias)
    if init == "zeros":
        nn.init.zeros_(weight)
    elif init == "normal" or weight.ndim < 2:
        nn.init.normal_(weight, 1.0 if weight.ndim < 2 else 0.0, 0.01)
    elif init == "xavier":
        nn.init.xavier_uniform_(weight)
    else:
        nn.init.kaiming_normal_(weight, nonlinearity="relu")
