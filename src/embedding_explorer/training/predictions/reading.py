"""Pictures of a request, decoded in threads and put into batches."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
from PIL import Image

from embedding_explorer.errors import LimitExceeded, UnreadableImage
from embedding_explorer.images.limits import Limits
from embedding_explorer.networks.devices import usable_cpus
from embedding_explorer.training.datasets.bounds import Bounds
from embedding_explorer.training.datasets.images import prepare_image
from embedding_explorer.training.datasets.lists import lines_of, split_line
from embedding_explorer.training.datasets.loading import load_picture, with_channels
from embedding_explorer.training.datasets.places import Places, is_url
from embedding_explorer.training.datasets.resizing import resize_picture
from embedding_explorer.training.datasets.spec import Pictures
from embedding_explorer.training.source import Pixels

MAX_BATCH = 32
MAX_BATCH_BYTES = 256 << 20
MAX_THREADS = 8
Item = TypeVar("Item")


class Listed(NamedTuple):
    """A line of a list: the path or address of an image, and its class where one is named."""

    name: str
    label: int | None


def listed(path: Path, folder: str, most: int | None, bounds: Bounds) -> Iterator[Listed]:
    """The lines of a list, those that repeat an earlier name left out.

    Args:
        folder: put in front of relative paths; empty for none.
        most: how many lines count; None for all.

    Raises LimitExceeded for a list of too many bytes or lines.
    """
    seen: set[int] = set()
    for raw in lines_of(path, bounds):
        line = _line(raw, folder)
        if line is None:
            continue
        if most is not None and most <= 0:
            return
        most = None if most is None else most - 1
        # Of a million paths the hashes take a tenth of the memory; that two of 64 bits agree is as good as impossible.
        if hash(line.name) not in seen:
            seen.add(hash(line.name))
            yield line


def _line(raw: bytes, folder: str) -> Listed | None:
    text, label = split_line(raw)
    if not text:
        return None
    name = os.fsdecode(text)
    return Listed(name if not folder or is_url(name) else os.path.join(folder, name), label)


@dataclass(frozen=True)
class Reader:
    """Makes what a network is fed with of names of images.

    Attributes:
        resize: whether pictures get the model's size; else only their channels are converted.
    """

    places: Places
    pictures: Pictures
    max_pixels: int
    resize: bool = True

    def __call__(self, name: str) -> Pixels:
        """The pixels (H, W, C) of a path or address; raises UnreadableImage, LimitExceeded."""
        data = self.places.read(name, Limits(max_pixels=self.max_pixels))
        if self.resize:
            return prepare_image(data, self.pictures, self.max_pixels)
        picture = np.asarray(load_picture(data, self.pictures.channels, self.max_pixels))
        return picture.reshape(*picture.shape[:2], -1)

    def of_array(self, values: Pixels) -> Pixels:
        """The same for stored pixels uint8 (H, W, C)."""
        if values.dtype != np.uint8 or values.shape[2] not in (1, 3):
            raise UnreadableImage(f"an array of {values.shape[2]} channels of {values.dtype} is no picture")
        picture = with_channels(
            Image.fromarray(values[:, :, 0] if values.shape[2] == 1 else values), self.pictures.channels
        )
        if self.resize:
            return resize_picture(picture, (self.pictures.width, self.pictures.height), self.pictures.mode)
        pixels = np.asarray(picture)
        return pixels.reshape(*pixels.shape[:2], -1)


class Batch(NamedTuple, Generic[Item]):
    """Pictures of one size: what was asked for, and pixels uint8 (B, H, W, C)."""

    items: list[Item]
    pixels: Pixels


Skip = Callable[[Any, str], None]


def batches(items: Iterable[Item], read: Callable[[Item], Pixels], skip: Skip) -> Iterator[Batch[Item]]:
    """Batches of pictures in the order of `items`, read ahead in threads.

    Args:
        read: from any thread; may raise UnreadableImage and LimitExceeded.
        skip: is told of every item that could not be read, and why.
    """
    waiting: list[tuple[Item, Pixels]] = []
    for item, pixels in _read_ahead(items, read, skip):
        if waiting and (pixels.shape != waiting[0][1].shape or len(waiting) >= _fitting(pixels)):
            yield _batch(waiting)
            waiting = []
        waiting.append((item, pixels))
    if waiting:
        yield _batch(waiting)


def _fitting(pixels: Pixels) -> int:
    return max(1, min(MAX_BATCH, MAX_BATCH_BYTES // max(1, pixels.nbytes)))


def _batch(waiting: list[tuple[Item, Pixels]]) -> Batch[Item]:
    return Batch([item for item, _ in waiting], np.stack([pixels for _, pixels in waiting]))


def _read_ahead(items: Iterable[Item], read: Callable[[Item], Pixels], skip: Skip) -> Iterator[tuple[Item, Pixels]]:
    threads = max(1, min(MAX_THREADS, usable_cpus()))
    ahead: deque[tuple[Item, Future[Pixels]]] = deque()
    with ThreadPoolExecutor(threads, "reading") as pool:
        try:
            for item in items:
                ahead.append((item, pool.submit(partial(read, item))))
                if len(ahead) > MAX_BATCH:
                    yield from _taken(*ahead.popleft(), skip)
            while ahead:
                yield from _taken(*ahead.popleft(), skip)
        finally:
            for _, future in ahead:
                future.cancel()


def _taken(item: Item, future: "Future[Pixels]", skip: Skip) -> list[tuple[Item, Pixels]]:
    try:
        return [(item, future.result())]
    except (UnreadableImage, LimitExceeded) as error:
        skip(item, error.message)
        return []
