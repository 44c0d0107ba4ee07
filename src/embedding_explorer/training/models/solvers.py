"""The solvers of DIGITS as optimizers of torch (contract, 5.3 and 11.3)."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch.optim import SGD, Adadelta, Adagrad, Adam, Optimizer, RMSprop

from embedding_explorer.training.options import Options

DECAY_PER_RATE = 0.01
# One pass over weights and moments instead of one for each term of the formula; where torch has it for CPU and GPU.
FUSED = {"fused": True}
Parameters = Iterable[torch.nn.Parameter]


def _sgd(parameters: Parameters, at: dict[str, Any], options: Options) -> Optimizer:
    return SGD(parameters, momentum=0.9, **FUSED, **at)


def _nesterov(parameters: Parameters, at: dict[str, Any], options: Options) -> Optimizer:
    return SGD(parameters, momentum=0.9, nesterov=True, **FUSED, **at)


def _adagrad(parameters: Parameters, at: dict[str, Any], options: Options) -> Optimizer:
    return Adagrad(parameters, **at)


def _rmsprop(parameters: Parameters, at: dict[str, Any], options: Options) -> Optimizer:
    return RMSprop(parameters, alpha=options.rms_decay, **at)


def _adadelta(parameters: Parameters, at: dict[str, Any], options: Options) -> Optimizer:
    return Adadelta(parameters, rho=0.9, **at)


def _adam(parameters: Parameters, at: dict[str, Any], options: Options) -> Optimizer:
    return Adam(parameters, betas=(0.9, 0.999), **FUSED, **at)


_SOLVERS: dict[str, Callable[[Parameters, dict[str, Any], Options], Optimizer]] = {
    "SGD": _sgd,
    "NESTEROV": _nesterov,
    "ADAGRAD": _adagrad,
    "RMSPROP": _rmsprop,
    "ADADELTA": _adadelta,
    "ADAM": _adam,
}


def make_solver(options: Options, parameters: Parameters) -> Optimizer:
    """The optimizer of `options.solver` with its momentum, and a weight decay of a hundredth of the base rate."""
    at = {"lr": options.learning_rate, "weight_decay": options.learning_rate * DECAY_PER_RATE}
    return _SOLVERS[options.solver](parameters, at, options)


def set_rate(solver: Optimizer, rate: float) -> None:
    """The learning rate of the next step: what a LambdaLR would set, without a state that snapshots had to keep."""
    for group in solver.param_groups:
        group["lr"] = rate
