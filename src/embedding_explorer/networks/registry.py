"""Opening networks by name, and saying which can be opened."""

from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from embedding_explorer.errors import BadInput, NetworkUnavailable
from embedding_explorer.images.decode import InputSpec
from embedding_explorer.networks import engines
from embedding_explorer.networks.base import Extractor, NetworkInfo, Pixels, Pooling
from embedding_explorer.networks.conversion import MAX_DIMENSION, Plan
from embedding_explorer.networks.definitions import NETWORKS, define
from embedding_explorer.networks.weights import locate

PREFERRED, ALWAYS_THERE = "resnet50", "embedded"


@dataclass(frozen=True)
class NetworkStatus:
    """A network of the table: what it is by default, and whether it can be opened (else why not, in `reason`)."""

    name: str
    usable: bool
    reason: str | None
    weights: str | None
    input: InputSpec
    layer: str
    dimension: int
    note: str | None


def list_networks(data: Path) -> list[NetworkStatus]:
    """Every network of the table. Neither torch nor OpenVINO is imported."""
    return [describe(name, data) for name in NETWORKS]


def describe(name: str, data: Path) -> NetworkStatus:
    """One network of the table; raises UnknownNetwork."""
    definition = define(name)
    reason, weights, spec = None, None, definition.input
    try:
        located = locate(definition, data)
        weights = str(located.path) if located.path else None
        spec = (located.file and located.file.input) or spec
    except NetworkUnavailable as error:
        reason = error.message
    return NetworkStatus(
        name, reason is None, reason, weights, spec, definition.layer, definition.dimension, definition.note
    )


def default_network(data: Path) -> str:
    """`resnet50` where its weights are present, else `embedded`."""
    return PREFERRED if describe(PREFERRED, data).usable else ALWAYS_THERE


def plan_network(
    name: str | None,
    *,
    layer: str | None = None,
    pooling: str | None = None,
    data: Path,
    max_dimension: int = MAX_DIMENSION,
    digest: str | None = None,
) -> Plan:
    """Choose weights (those with `digest` if they are there), layer and pooling; nothing heavy is imported.

    Errors as `open_network`.
    """
    definition = define(default_network(data) if name in (None, "auto") else str(name))
    located = locate(definition, data, digest)
    return Plan(
        definition,
        (located.file and located.file.input) or definition.input,
        located.path,
        located.digest,
        layer or definition.layer,
        check_pooling(pooling or definition.pooling),
        max_dimension,
    )


def open_network(
    name: str | None,
    *,
    layer: str | None = None,
    pooling: str | None = None,
    device: str = "auto",
    precision: str = "auto",
    engine: str = "auto",
    calibration: Pixels | None = None,
    data: Path,
    max_dimension: int = MAX_DIMENSION,
) -> Extractor:
    """A network ready to run; `name` None or "auto" stands for `default_network`.

    Args:
        name: a name of the table.
        layer: where to cut it off: a module or operation of its graph, e.g. "layer4"; by default the last features.
        pooling: "avg", "max" or "flatten", what becomes of maps.
        device: "auto", "cpu" or "cuda".
        precision: "auto" (the best in hardware), "float32", "bfloat16", or "int8", which needs `calibration`.
        engine: "auto" (OpenVINO on a CPU, torch on a GPU), "openvino" or "torch".
        calibration: uint8 (N, S, S, 3), pictures such as will come; up to 300 of them are used.
        data: the data folder, for weights and for what is kept from one start to the next.
        max_dimension: the most features a picture may have.

    Raises:
        UnknownNetwork: no such network or layer; the message lists those that are.
        NetworkUnavailable: weights absent or damaged, or a device or precision that this machine lacks.
        LimitExceeded: more than `max_dimension` features.
        BadInput: another argument out of its range.
    """
    plan = plan_network(name, layer=layer, pooling=pooling, data=data, max_dimension=max_dimension)
    return engines.open_plan(plan, device, precision, engine, calibration, data)


def reopen(info: NetworkInfo, *, device: str = "auto", data: Path) -> Extractor:
    """The network that made features, for more of them in the same space.

    The precision is kept where this machine has it (and, for int8, the calibrated model is still cached); otherwise it
    is the best there is, since precisions differ by rounding only. Errors as `open_network`, and NetworkUnavailable
    when the weights have changed.
    """
    plan = plan_network(
        info.name,
        layer=info.layer,
        pooling=info.pooling,
        data=data,
        max_dimension=info.dimension,
        digest=info.digest,
    )
    if plan.digest != info.digest:
        raise NetworkUnavailable(
            f"The weights of {info.name} are not the ones that made these features: their sha256 is {plan.digest}, not "
            f"{info.digest}. Put the former weights back, or build the dataset again.",
            expected=info.digest,
            found=plan.digest,
        )
    return engines.reopen_plan(plan, info, device, data)


def check_pooling(pooling: str) -> Pooling:
    """`pooling` if it is one; raises BadInput naming them."""
    known: tuple[Pooling, ...] = get_args(Pooling)
    for each in known:
        if pooling == each:
            return each
    raise BadInput(f"There is no pooling {pooling[:80]!r}. Known: {', '.join(known)}.", known=list(known))
