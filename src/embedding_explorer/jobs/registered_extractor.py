"""A registered or public network that makes a dataset, in a bounded process of its own: see `networks.base.Extractor`."""

import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embedding_explorer.database import Database
from embedding_explorer.errors import (
    Conflict,
    ExplorerError,
    JobFailed,
    LimitExceeded,
    NetworkUnavailable,
    NetworkUnusable,
    StorageFull,
    UnknownNetwork,
    WorkerDied,
)
from embedding_explorer.images.decode import Decoded, InputSpec, open_picture
from embedding_explorer.images.tilemap import make_tile
from embedding_explorer.jobs.bounded import BoundedWorker
from embedding_explorer.jobs.client import WorkerClient
from embedding_explorer.jobs.inference import own_folders, reason, without_paths
from embedding_explorer.networks.base import Attempt, NetworkInfo
from embedding_explorer.networks.preprocessing import prepare, read_constants
from embedding_explorer.networks.preprocessing.faults import Faults
from embedding_explorer.networks.public import find_public
from embedding_explorer.networks.registered.extraction import (
    Chosen,
    check_pooling_of,
    choose,
    digest_of_chosen,
    find_registered,
)
from embedding_explorer.networks.registered.folder import NetworkFolder
from embedding_explorer.networks.registered.records import Key, text_of
from embedding_explorer.networks.registered.store import NetworkStore
from embedding_explorer.networks.registry import check_pooling
from embedding_explorer.settings import Settings

COMMAND = (sys.executable, "-m", "embedding_explorer.jobs.inference_worker")
BATCH = 16
BATCH_BYTES = 64 << 20
FAILURES = (NetworkUnusable, JobFailed, LimitExceeded)


def open_registered(key: Key, layer: str | None, pooling: str | None, settings: Settings) -> "RegisteredExtractor":
    """The network of an id or slug, ready to run; it is deployed here where that has not happened yet.

    Raises UnknownNetwork (UnknownLayer), BadInput, NetworkUnusable, NetworkUnavailable, LimitExceeded.
    """
    chosen, digest = look_up(key, settings)
    chosen_pooling = check_pooling(pooling or "avg")
    check_pooling_of(chosen, chosen_pooling)
    extractor = RegisteredExtractor(chosen, layer, settings)
    try:
        extractor.begin(NetworkInfo(
            name=chosen.name, layer=layer or "", pooling=chosen_pooling, dimension=0, input=spec_of(chosen), digest=digest,
            precision="float32", device="cpu", engine="registered", registered=described(chosen),
        ))  # fmt: skip
    except BaseException:
        extractor.close()
        raise
    return extractor


def check_still_there(info: NetworkInfo, settings: Settings) -> None:
    """Raise Conflict when the network that made features was deleted."""
    try:
        look_up(key_in(info), settings)
    except UnknownNetwork as error:
        raise Conflict(
            f"The network {info.name!r} that made these features was deleted. Build the dataset again with another one."
        ) from error


def reopen_registered(info: NetworkInfo, settings: Settings) -> "RegisteredExtractor":
    """The network that made features; raises NetworkUnavailable when it has changed."""
    extractor = open_registered(key_in(info), info.layer, info.pooling, settings)
    if extractor.info.space != info.space:
        extractor.close()
        raise NetworkUnavailable(f"The network {info.name!r} is not the one that made these features.")
    return extractor


def key_in(info: NetworkInfo) -> Key:
    """The id or slug of the network that made features."""
    assert info.registered is not None
    key: Key = info.registered["id"]
    return key


def look_up(key: Key, settings: Settings) -> tuple[Chosen, str]:
    """A network and its digest, which a public one has only when its weights are there."""
    if isinstance(key, str):
        public = find_public(key)
        if public is None:
            raise UnknownNetwork(f"There is no network {key!r}.")
        return choose(public.network(0), text_of(public.slug)), ""
    database = Database.of(settings)
    try:
        store = NetworkStore(settings.data, database)
        network = find_registered(store, key)
        return choose(network, str(store.folder(key).path)), network.digest
    finally:
        database.close()


def described(chosen: Chosen) -> dict[str, Any]:
    """What the manifest of a dataset says of the network, beside its name, layer and pooling."""
    return {"id": chosen.key, "preprocessing": chosen.preprocessing.to_json()}


def spec_of(chosen: Chosen) -> InputSpec:
    """The size that the network takes, for those who know squares only."""
    side = max(chosen.preprocessing.inputs[0].target)
    return InputSpec(side, side)


class RegisteredExtractor:
    """The network itself is in another process, which is given batches in files, and ends when it takes too much."""

    def __init__(self, chosen: Chosen, layer: str | None, settings: Settings) -> None:
        self._chosen, self._layer, self._settings = chosen, layer, settings
        self._input = chosen.preprocessing.inputs[0]
        self._mean, self._std = constants_of(chosen)
        self._staging = settings.data / "staging"
        client = WorkerClient(settings.environment(secrets=False), COMMAND, name="features worker")
        self._worker = BoundedWorker(client, settings.inference_memory, settings.inference_seconds)
        sides = {axis: side or max(self._input.target) for axis, side in self._input.sides.items()}
        shape = (1, *(sides[axis] for axis in self._input.axes))
        self._blank: NDArray[Any] = np.zeros(shape, self._input.data_type.lower())
        self.batch_size = batch_size(self._blank.nbytes) if chosen.preprocessing.may_batch else 1
        self._too_many_at_once = False
        self.info: NetworkInfo

    def begin(self, info: NetworkInfo) -> None:
        """Load the network and try it on a blank image, which tells the name of its layer and how many features."""
        self.info = info
        name, rows = self._compute(self._blank)
        most = self._settings.max_dimension
        if rows.shape[1] > most:
            raise LimitExceeded(
                f"The layer {name[:80]!r} with pooling {info.pooling!r} gives {rows.shape[1]} features a picture, more than "
                f"the limit of {most} (EXPLORER_MAX_DIMENSION). Pool with avg or max.",
                limit=most,
                setting="EXPLORER_MAX_DIMENSION",
            )
        digest = digest_of_chosen(self._chosen, info.digest, self._settings.data)
        self.info = replace(info, layer=name, dimension=rows.shape[1], digest=digest)

    def decode(self, data: bytes, max_pixels: int) -> Decoded:
        """A picture, its input (…) prepared as the network was registered with; errors as of `images.decode.decode`."""
        picture = open_picture(data, max_pixels)
        values: Any = prepare(picture, self._input, None, self._mean, self._std)[0]
        return Decoded(make_tile(picture), values, *picture.size)

    def features(self, batches: Iterable[NDArray[Any]]) -> Iterator[NDArray[np.float32]]:
        """Features (B, D) float32 of every batch (B, …), in order; where images vary in size, D may too.

        Raises NetworkUnusable, JobFailed, or LimitExceeded where the network takes too long or too much.
        """
        for batch in batches:
            yield self._compute(batch)[1]

    def attempts(self, batches: Iterable[NDArray[Any]]) -> Iterator[Sequence[Attempt]]:
        """Features of each picture, or why the network failed on it; see `networks.base.OwnInput`.

        Raises what the network fails with on a blank image too.
        """
        for batch in batches:
            yield self._together(batch) or [self._alone(picture[np.newaxis]) for picture in batch]

    def close(self) -> None:
        """End the process."""
        self._worker.stop()

    def _together(self, batch: NDArray[Any]) -> list[Attempt]:
        """All pictures of a batch at once; none where they have to be tried one by one."""
        if len(batch) == 1 or self._too_many_at_once:
            return []
        try:
            return list(self._compute(batch)[1])
        except FAILURES as error:
            check_failure(error)
            self._too_many_at_once = isinstance(error, (WorkerDied, LimitExceeded))
            return []

    def _alone(self, picture: NDArray[Any]) -> Attempt:
        try:
            row: NDArray[np.float32] = self._compute(picture)[1][0]
            return row
        except FAILURES as error:
            check_failure(error)
            self._compute(self._blank)  # it is the picture's fault only if the network still works
            return error

    def _compute(self, batch: NDArray[Any]) -> tuple[str, NDArray[np.float32]]:
        """Name of the layer and features of a batch, which goes to the other process, and comes back, in a file."""
        self._staging.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._staging, prefix="features-") as folder:
            given, result = Path(folder, "batch.npy"), Path(folder, "features.npy")
            np.save(given, batch)
            arguments = {
                "network": self._chosen.where, "layer": self._layer, "pooling": self.info.pooling, "batch": str(given),
                "result": str(result),
            }  # fmt: skip
            try:
                name: str = self._worker.call("features", arguments)
            except ExplorerError as error:
                raise without_paths_in(error, self._settings) from error
            rows: NDArray[np.float32] = np.load(result)
        return name, rows


def batch_size(size: int) -> int:
    """How many images of so many bytes share a forward pass; some batches are in memory at once."""
    return max(1, min(BATCH, BATCH_BYTES // size))


def check_failure(error: ExplorerError) -> None:
    """Raise what a network's failure cannot be: a lack of space in the data folder."""
    if isinstance(error, StorageFull):
        raise error


def without_paths_in(error: ExplorerError, settings: Settings) -> ExplorerError:
    """The same error, as those may read it who only sent pictures."""
    return type(error)(without_paths(reason(error), own_folders(settings.data)), **error.facts)


def constants_of(chosen: Chosen) -> Any:
    """Mean and std of the network's input; raises InvalidFields for damaged files."""
    files = NetworkFolder(Path(chosen.where)).files() if isinstance(chosen.key, int) else {}
    faults = Faults()
    constants = read_constants(chosen.preprocessing, files, faults)
    faults.raise_any()
    return constants[0]
