"""Which engine, device and precision run a network on this machine."""

from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from embedding_explorer.errors import BadInput, NetworkUnavailable
from embedding_explorer.networks import conversion, devices, int8
from embedding_explorer.networks.base import Device, Engine, Extractor, NetworkInfo, Pixels, Precision
from embedding_explorer.networks.conversion import Converted, Plan

Choice = TypeVar("Choice", bound=str)
ENGINES: tuple[Engine, ...] = ("openvino", "torch")
DEVICES: tuple[Device, ...] = ("cpu", "cuda")
PRECISIONS: tuple[Precision, ...] = ("float32", "bfloat16", "float16", "int8")


def open_plan(
    plan: Plan, device: str, precision: str, engine: str, calibration: Pixels | None, data: Path
) -> Extractor:
    """Open a plan on the engine, device and precision asked for; see `registry.open_network`."""
    int8_anywhere = precision == "int8" and device == "auto"  # only processors do it here
    chosen_device, chosen_engine = choose_device("cpu" if int8_anywhere else device, engine)
    if chosen_engine == "torch":
        return _open_torch(plan, chosen_device, precision)
    return _open_openvino(plan, precision, calibration, data)


def reopen_plan(plan: Plan, info: NetworkInfo, device: str, data: Path) -> Extractor:
    """Open a plan at the precision of `info` where that is to be had, else at the best; see `registry.reopen`."""
    chosen_device, engine = choose_device(device, "auto")
    if engine == "openvino" and info.calibration and (model := int8.recalled(plan, data, info.calibration.digest)):
        return _run_openvino(plan, model, "int8")
    offered = [p for p in _precisions(engine, chosen_device) if p != "int8"]
    precision = info.precision if info.precision in offered else "auto"
    return open_plan(plan, chosen_device, precision, engine, None, data)


def choose_device(device: str, engine: str) -> tuple[Device, Engine]:
    """The device and engine for what was asked, "auto" included; raises NetworkUnavailable and BadInput."""
    wanted_engine = None if engine == "auto" else check(engine, ENGINES, "engine")
    wanted_device = None if device == "auto" else check(device, DEVICES, "device")
    if wanted_device == "cuda" and not devices.cuda_available():
        raise NetworkUnavailable("There is no GPU that torch can use. Use the device cpu or auto, or install a driver.")
    if wanted_engine == "openvino" or wanted_device == "cpu" or not (wanted_device or devices.cuda_available()):
        return "cpu", wanted_engine or ("openvino" if devices.openvino_installed() else "torch")
    return "cuda", "torch"


def check(value: str, known: tuple[Choice, ...], kind: str) -> Choice:
    """`value` if it is a known one of its kind; raises BadInput naming them."""
    for each in known:
        if value == each:
            return each
    raise BadInput(f"There is no {kind} {value[:80]!r}. Known: auto, {', '.join(known)}.", known=list(known))


def choose_precision(precision: str, engine: Engine, device: Device) -> Precision:
    """The precision for what was asked; raises NetworkUnavailable for one that would only be emulated."""
    offered = _precisions(engine, device)
    chosen = offered[0] if precision == "auto" else check(precision, PRECISIONS, "precision")
    if chosen in offered:
        return chosen
    place = "GPU" if device == "cuda" else "processor"
    raise NetworkUnavailable(
        f"This {place} does not compute in {chosen} with {engine}. Use auto or one of: {', '.join(offered)}.",
        offered=list(offered),
    )


def _precisions(engine: Engine, device: Device) -> tuple[Precision, ...]:
    if engine == "torch":
        from embedding_explorer.networks import torch_engine

        return torch_engine.precisions(device)
    from embedding_explorer.networks import openvino_engine

    return openvino_engine.precisions()


def _open_openvino(plan: Plan, precision: str, calibration: Pixels | None, data: Path) -> Extractor:
    chosen = choose_precision(precision, "openvino", "cpu")
    if chosen != "int8":
        return _run_openvino(plan, conversion.converted(plan, data), chosen)
    if calibration is None:
        raise BadInput("An int8 network is calibrated on pictures, and none were given. Use another precision.")
    return _run_openvino(plan, int8.calibrated(plan, data, calibration), chosen)


def _run_openvino(plan: Plan, model: Converted, precision: Precision) -> Extractor:
    from embedding_explorer.networks.openvino_engine import OpenVinoExtractor

    info = _info(plan, model.facts["dimension"], precision, "cpu", "openvino")
    if precision == "int8":
        info = replace(info, calibration=int8.calibration(model))
    return OpenVinoExtractor(info, model.path)


def _open_torch(plan: Plan, device: Device, precision: str) -> Extractor:
    from embedding_explorer.networks.layers import load_module, tap
    from embedding_explorer.networks.torch_engine import TorchExtractor

    chosen = choose_precision(precision, "torch", device)
    module = load_module(plan.definition, plan.weights)
    tapped, dimension = tap(module, plan.layer, plan.pooling, size=plan.input.size, max_dimension=plan.max_dimension)
    return TorchExtractor(_info(plan, dimension, chosen, device, "torch"), tapped, plan.definition)


def _info(plan: Plan, dimension: int, precision: Precision, device: Device, engine: Engine) -> NetworkInfo:
    return NetworkInfo(
        name=plan.definition.name,
        layer=plan.layer,
        pooling=plan.pooling,
        dimension=dimension,
        input=plan.input,
        digest=plan.digest,
        precision=precision,
        device=device,
        engine=engine,
        note=plan.definition.note,
    )
