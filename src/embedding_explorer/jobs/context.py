"""What stays in the worker from task to task: the store and the networks that are warm."""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from embedding_explorer.datasets.sample import calibration_sample
from embedding_explorer.datasets.store import DatasetStore
from embedding_explorer.images.source import Source
from embedding_explorer.jobs.registered_extractor import check_still_there, open_registered, reopen_registered
from embedding_explorer.jobs.snapshot_networks import (
    check_snapshot_there,
    find_snapshot,
    made_by_snapshot,
    open_snapshot,
    reopen_snapshot,
    wanted_snapshot,
)
from embedding_explorer.networks.base import Extractor, NetworkInfo
from embedding_explorer.networks.registered.extraction import key_of
from embedding_explorer.networks.registry import open_network, plan_network, reopen
from embedding_explorer.settings import Settings

log = logging.getLogger(__name__)
WARM_NETWORKS = 2  # loaded networks that are kept; a third one replaces the least recently used


class Context:
    """Settings, datasets and warm networks of one worker."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.store = DatasetStore(settings.data)
        self._warm: OrderedDict[tuple[Any, ...], Extractor] = OrderedDict()

    def warm_up(self) -> dict[str, Any]:
        """Load the default network and compile UMAP; what `/status` says of it."""
        from embedding_explorer.reducers.umap import warm_up

        start = time.monotonic()
        info = self.network().info
        loaded = time.monotonic()
        warm_up(self.settings.data / "cache" / "numba")
        log.info(
            "network %s (%s, %s) ready in %.1f s, UMAP in %.1f s",
            info.name, info.precision, info.device, loaded - start, time.monotonic() - loaded,
        )  # fmt: skip
        return {"network": info.to_json()}

    def network(self, name: str | None = None, layer: str | None = None, pooling: str | None = None) -> Extractor:
        """A network in the precision of the settings; in the best of the hardware where that is int8.

        Registered and public networks, by id or slug, and snapshots of trainings compute in float32.
        """
        if (wanted := wanted_snapshot(name)) is not None:
            snapshot = find_snapshot(wanted, self.settings)
            what = (snapshot.key, snapshot.folder, layer, pooling)
            return self._kept(what, lambda: open_snapshot(snapshot, layer, pooling, self.settings))
        if (key := key_of(name)) is not None:
            return self._kept((key, layer, pooling), lambda: open_registered(key, layer, pooling, self.settings))
        precision = "auto" if self.settings.precision == "int8" else self.settings.precision
        chosen = self._chosen(name, layer, pooling)
        return self._kept(
            (name, layer, pooling),
            lambda: open_network(**chosen, device=self.settings.device, precision=precision),
        )

    def network_for(
        self,
        pictures: Source,
        max_pixels: int,
        network: str | None = None,
        layer: str | None = None,
        pooling: str | None = None,
    ) -> Extractor:
        """A network to make a dataset of `pictures` with, calibrated on them where the settings ask for int8."""
        if self.settings.precision != "int8" or wanted_snapshot(network) or key_of(network) is not None:
            return self.network(network, layer, pooling)
        chosen = self._chosen(network, layer, pooling)
        sample = calibration_sample(pictures, plan_network(**chosen).input, max_pixels)
        return open_network(**chosen, precision="int8", calibration=sample)

    def reopened(self, info: NetworkInfo) -> Extractor:
        """The network that made a dataset."""
        if made_by_snapshot(info):
            snapshot = check_snapshot_there(info, self.settings)
            return self._kept((info.space,), lambda: reopen_snapshot(snapshot, info, self.settings))
        if info.registered is not None:
            check_still_there(info, self.settings)
            return self._kept((info.space,), lambda: reopen_registered(info, self.settings))
        return self._kept(
            (info.fingerprint, info.calibration and info.calibration.digest),
            lambda: reopen(info, device=self.settings.device, data=self.settings.data),
        )

    def _chosen(self, name: str | None, layer: str | None, pooling: str | None) -> dict[str, Any]:
        settings = self.settings
        return {
            "name": name or settings.network,
            "layer": layer,
            "pooling": pooling,
            "data": settings.data,
            "max_dimension": settings.max_dimension,
        }

    def _kept(self, key: tuple[Any, ...], opened: Callable[[], Extractor]) -> Extractor:
        if key not in self._warm:
            self._warm[key] = opened()
        self._warm.move_to_end(key)
        while len(self._warm) > WARM_NETWORKS:
            self._warm.popitem(last=False)[1].close()
        return self._warm[key]
