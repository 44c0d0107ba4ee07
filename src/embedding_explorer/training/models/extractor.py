"""A snapshot that turns pictures into features: see `networks.base.Extractor`. Imports torch."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from embedding_explorer.errors import BadInput, LimitExceeded, UnknownLayer
from embedding_explorer.images.decode import Decoded, InputSpec, decode
from embedding_explorer.images.tilemap import TILE
from embedding_explorer.networks.base import Attempt, NetworkInfo, Pooling
from embedding_explorer.networks.frameworks.names import near_names
from embedding_explorer.networks.frameworks.trial import one_line
from embedding_explorer.networks.layers import pool
from embedding_explorer.training.datasets.images import prepare_image
from embedding_explorer.training.datasets.spec import Pictures
from embedding_explorer.training.figures import whole
from embedding_explorer.training.models.build import last_linear
from embedding_explorer.training.models.folder import open_model
from embedding_explorer.training.models.layered import LayerNetwork
from embedding_explorer.training.models.predictor import Predictor

OUTPUT = "output"
INPUT_OF = "input:"
"""What comes before the name of a layer whose input is meant."""
MOST_BATCH = 64
# Inputs of one batch; what the layers make of them is some tens of times as much.
BATCH_BYTES = 16 << 20
# The explorer's own decoding gives the tile; of the pixels that it makes, the least that it can be asked for.
_TILE_ONLY = InputSpec(TILE, TILE)


@dataclass(frozen=True)
class Snapshot:
    """Weights of a training, and what images become before its network sees them.

    Attributes:
        model: id of the job.
        name: of the job, for people.
        folder: of the job.
        epoch: of the snapshot.
        file: of the snapshot.
        pictures: of the dataset that it was trained on.
    """

    model: str
    name: str
    folder: Path
    epoch: float
    file: Path
    pictures: Pictures

    @property
    def key(self) -> str:
        """How networks of this kind are named, such as `20160809-103210-ccbf@5`."""
        return f"{self.model}@{whole(self.epoch)}"


def open_extractor(
    snapshot: Snapshot, layer: str | None, pooling: Pooling, device: str, max_dimension: int
) -> "SnapshotExtractor":
    """A snapshot ready to run.

    Args:
        snapshot: of a model.
        layer: a leaf of the network by path or name, "input:" and a leaf for what it is fed with, or "output"; None for
            the features from which the outputs are read: the input of the last fully connected layer.
        pooling: what becomes of maps.
        device: "cpu" or "cuda".
        max_dimension: most features of a picture.

    Raises:
        NotFound, BadInput: as `open_model`.
        UnknownLayer: no such layer, or one that is not run or gives no features.
        LimitExceeded: too many features.
    """
    predictor = open_model(snapshot.folder, snapshot.epoch, device)
    tap = Tap(predictor, layer)
    blank = np.zeros((1, snapshot.pictures.height, snapshot.pictures.width, snapshot.pictures.channels), np.uint8)
    dimension = tap.rows(blank, pooling).shape[1]
    if dimension > max_dimension:
        raise LimitExceeded(
            f"The layer {tap.name[:80]!r} with pooling {pooling!r} gives {dimension} features a picture, more than the "
            f"limit of {max_dimension} (EXPLORER_MAX_DIMENSION). Pool with avg or max.",
            limit=max_dimension,
            setting="EXPLORER_MAX_DIMENSION",
        )
    return SnapshotExtractor(snapshot, tap, describe(snapshot, tap, pooling, dimension, device))


def describe(snapshot: Snapshot, tap: "Tap", pooling: Pooling, dimension: int, device: str) -> NetworkInfo:
    """What the manifest of a dataset says of a snapshot."""
    side = max(snapshot.pictures.width, snapshot.pictures.height)
    return NetworkInfo(
        name=f"{snapshot.name} @ {whole(snapshot.epoch)}",
        layer=tap.name,
        pooling=pooling,
        dimension=dimension,
        input=InputSpec(side, side),
        digest=digest_of(snapshot),
        precision="float32",
        device="cuda" if device.startswith("cuda") else "cpu",
        engine="torch",
        registered={
            "id": snapshot.key,
            "model": snapshot.model,
            "epoch": snapshot.epoch,
            "pictures": asdict(snapshot.pictures),
        },
    )


def digest_of(snapshot: Snapshot) -> str:
    """What the values depend on: weights, network, preparation. The job's id and name do not matter."""
    digest = hashlib.sha256(json.dumps(asdict(snapshot.pictures), sort_keys=True).encode())
    for name in ("network.json", "solver.json", "mean.npy"):
        path = snapshot.folder / name
        digest.update(f"\n{name}\n".encode() + (path.read_bytes() if path.exists() else b""))
    with snapshot.file.open("rb") as file:
        digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


class Tap:
    """Reads one layer of a network."""

    def __init__(self, predictor: Predictor, layer: str | None) -> None:
        self.predictor = predictor
        self.name, self._module, self._reads_input = find_layer(predictor, layer)

    def rows(self, pixels: NDArray[np.uint8], pooling: Pooling) -> NDArray[np.float32]:
        """Features (B, D) of pictures uint8 (B, H, W, C); raises UnknownLayer, or BadInput where the network fails."""
        try:
            with torch.inference_mode():
                found = self._read(pixels)
        except RuntimeError as error:
            raise BadInput(f"The network cannot take these pictures: {one_line(error)}") from error
        if not isinstance(found, Tensor) or found.ndim not in (2, 3, 4) or len(found) != len(pixels):
            raise UnknownLayer(f"The layer {self.name[:80]!r} gives no features. Name another one.", layer=self.name)
        rows: NDArray[np.float32] = pool(found.float(), pooling).cpu().numpy()
        return np.ascontiguousarray(rows)

    def _read(self, pixels: NDArray[np.uint8]) -> Any:
        inputs = self.predictor.inputs(pixels)
        if self._module is None:
            return self.predictor.network(inputs)
        seen: list[Any] = []

        # Copies: the next module may work in place. Of a layer that runs several times, the first run counts.
        def before(module: nn.Module, given: tuple[Any, ...]) -> None:
            if not seen:
                seen.append(given[0].clone())

        def after(module: nn.Module, given: Any, result: Any) -> None:
            if not seen:
                seen.append(result.clone() if isinstance(result, Tensor) else result)

        handle = (
            self._module.register_forward_pre_hook(before)
            if self._reads_input
            else self._module.register_forward_hook(after)
        )
        try:
            self.predictor.network(inputs)
        finally:
            handle.remove()
        return seen[0] if seen else None


def find_layer(predictor: Predictor, layer: str | None) -> tuple[str, nn.Module | None, bool]:
    """Name of a layer, its module (None for the whole network), and whether its input is meant; raises UnknownLayer."""
    if layer == OUTPUT:
        return OUTPUT, None, False
    if layer is None:
        path = last_linear(predictor.network)
        if path is None:
            return OUTPUT, None, False
        return f"{INPUT_OF}{names_of(predictor)[path]}", predictor.network.get_submodule(path), True
    wanted = layer.removeprefix(INPUT_OF)
    prefix = layer.removesuffix(wanted)
    for path, name in names_of(predictor).items():
        if wanted in (path, name):
            return f"{prefix}{name}", predictor.network.get_submodule(path), bool(prefix)
    known = [OUTPUT, *names_of(predictor).values()]
    near = near_names(wanted, known)
    hint = f" Near names: {', '.join(near)}." if near else f" Some of its layers: {', '.join(known[:20])}."
    raise UnknownLayer(f"This network has no layer {layer[:80]!r}.{hint}", layer=layer[:80], near=near)


def names_of(predictor: Predictor) -> dict[str, str]:
    """Path → name of every leaf, in the order of the network."""
    network = predictor.network
    names = network.layer_names() if isinstance(network, LayerNetwork) else {}
    return {path: names.get(path, path) for path, _ in predictor.leaves()}


def list_layers(predictor: Predictor, pictures: Pictures) -> list[dict[str, Any]]:
    """The layers of a snapshot as the networks API lists layers, in order of execution; `default` marks whose input is
    read where no layer is named."""
    names, default = names_of(predictor), last_linear(predictor.network)
    found: dict[str, dict[str, Any]] = {}

    def noting(path: str) -> Any:
        def note(module: nn.Module, given: Any, result: Any) -> None:
            shape = [None, *result.shape[1:]] if isinstance(result, Tensor) else None
            kind = type(module).__name__
            entry = {
                "name": names[path],
                "type": kind,
                "shape": shape,
                "dtype": "float32",
                "input": False,
                "output": False,
            }
            found.setdefault(path, {**entry, "default": path == default})

        return note

    handles = [module.register_forward_hook(noting(path)) for path, module in predictor.leaves()]
    try:
        blank = np.zeros((1, pictures.height, pictures.width, pictures.channels), np.uint8)
        with torch.inference_mode():
            output = predictor.network(predictor.inputs(blank))
    finally:
        for handle in handles:
            handle.remove()
    last = {"name": OUTPUT, "type": "Tensor", "shape": [None, *output.shape[1:]], "dtype": "float32"}
    return [*found.values(), {**last, "input": False, "output": True, "default": default is None}]


class SnapshotExtractor:
    """A snapshot at work. Its pictures are prepared as the dataset of its training was."""

    def __init__(self, snapshot: Snapshot, tap: Tap, info: NetworkInfo) -> None:
        self.snapshot, self.info, self._tap = snapshot, info, tap
        pictures = snapshot.pictures
        size = 4 * pictures.width * pictures.height * pictures.channels
        self.batch_size = max(1, min(MOST_BATCH, BATCH_BYTES // size))

    @property
    def weight_bytes(self) -> int:
        """Memory of the weights."""
        return sum(each.numel() * each.element_size() for each in self._tap.predictor.network.state_dict().values())

    def decode(self, data: bytes, max_pixels: int) -> Decoded:
        """A picture, its input (H, W, C) uint8 made as the contract says (4.5); errors as of `images.decode.decode`.

        The tile is the explorer's: turned by EXIF, which the training does not do.
        """
        pixels = prepare_image(data, self.snapshot.pictures, max_pixels)
        return replace(decode(data, _TILE_ONLY, max_pixels), pixels=pixels)

    def features(self, batches: Iterable[NDArray[np.uint8]]) -> Iterator[NDArray[np.float32]]:
        """Features (B, D) of every batch (B, H, W, C), in order; raises BadInput."""
        for batch in batches:
            yield self._tap.rows(batch, self.info.pooling)

    def attempts(self, batches: Iterable[NDArray[np.uint8]]) -> Iterator[Sequence[Attempt]]:
        """See `networks.base.OwnInput`: all pictures are alike to this network, so none fails alone."""
        for rows in self.features(batches):
            yield list(rows)

    def close(self) -> None:
        """Nothing is held but memory, which goes with this."""
