"""A network of six numbers a picture, for tests in which the network does not matter."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from embedding_explorer.images.decode import InputSpec
from embedding_explorer.networks.base import NetworkInfo

INFO = NetworkInfo("colours", "mean", "avg", 6, InputSpec(16, 16), "0" * 64, "float32", "cpu", "torch")


class ColourNetwork:
    """Mean and deviation of each channel: pictures of one colour really land together."""

    def __init__(self, info: NetworkInfo = INFO) -> None:
        self.info, self.batch_size, self.seen = info, 4, 0

    def features(self, batches: Iterable[NDArray[np.uint8]]) -> Iterator[NDArray[np.float32]]:
        for batch in batches:
            self.seen += len(batch)
            pixels = batch.reshape(len(batch), -1, 3).astype(np.float32)
            yield np.concatenate([pixels.mean(axis=1), pixels.std(axis=1)], axis=1)

    def close(self) -> None:
        """Nothing to free."""
