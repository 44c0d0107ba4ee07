"""The first pictures of a source, for calibrating a network in int8."""

from itertools import islice

import numpy as np
from numpy.typing import NDArray

from embedding_explorer.datasets.stream import THREADS, Item, decode_entries, decoding_to
from embedding_explorer.errors import NoReadableImage
from embedding_explorer.images.decode import InputSpec
from embedding_explorer.images.source import Source

SAMPLE = 300


def calibration_sample(source: Source, spec: InputSpec, max_pixels: int) -> NDArray[np.uint8]:
    """Network input (N, S, S, 3) of the first 300 images that can be decoded; raises NoReadableImage."""
    decoded = decode_entries(source, decoding_to(spec), max_pixels, first=0, ahead=4 * THREADS)
    pixels = [item.decoded.pixels for item in islice((i for i in decoded if isinstance(i, Item)), SAMPLE)]
    if not pixels:
        raise NoReadableImage("There is no readable image to calibrate the network on.")
    return np.stack(pixels)
