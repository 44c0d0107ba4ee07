"""From an image to a network's input, in the steps of the networks contract (11.1)."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from embedding_explorer.images.decode import open_picture
from embedding_explorer.images.modes import to_rgb
from embedding_explorer.networks.preprocessing.constants import Floats
from embedding_explorer.networks.preprocessing.fields import ImageInput
from embedding_explorer.networks.preprocessing.regions import Region, cut
from embedding_explorer.networks.preprocessing.resizing import Pixels, resize
from embedding_explorer.networks.preprocessing.sizes import geometry

MAX_PIXELS = 100_000_000
_WHITE = 255
_TYPES = {"FLOAT32": np.float32, "FLOAT16": np.float16, "FLOAT64": np.float64, "UINT8": np.uint8}


def prepare(
    picture: bytes | Image.Image,
    spec: ImageInput,
    region: Region | None = None,
    mean: Floats | None = None,
    std: Floats | None = None,
    max_pixels: int = MAX_PIXELS,
) -> NDArray[np.generic]:
    """What a network is fed with for one image: (1, …) in the order of `spec.dimension_order`, of `spec.data_type`.

    Args:
        picture: the bytes of an image file, or a picture that `images.decode.open_picture` gave.
        spec: what the network takes.
        region: the part of the image that counts.
        mean: subtracted after scaling; broadcast against the result without its first axis, as `std`.
        std: divided by after that.
        max_pixels: most pixels that the file may declare.

    Raises:
        UnreadableImage: a BadInput: the bytes are no image of a supported format, or a damaged one.
        LimitExceeded: more than `max_pixels` pixels; nothing was decoded then.
    """
    if isinstance(picture, bytes):
        picture = open_picture(picture, max_pixels)
    picture = to_rgb(picture)
    if region is not None:
        picture = cut(picture, region)
    return _arithmetic(_pixels(picture, spec), spec, mean, std)


def _pixels(picture: Image.Image, spec: ImageInput) -> Pixels:
    """The picture resized, then cut or padded: (H, W, C) uint8, channels as wanted."""
    if spec.color_channels == "L":
        picture = picture.convert("L")  # in Pillow's weights, which are the contract's
    size = geometry(spec, *picture.size)
    if spec.resize_type == "FILL":
        pixels = _padded(resize(picture, size.resized, (0, 0), size.resized), size.offset, size.output)
    else:
        pixels = resize(picture, size.resized, size.offset, size.output)
    return pixels[:, :, ::-1] if spec.color_channels == "BGR" else pixels


def _padded(pixels: Pixels, offset: tuple[int, int], output: tuple[int, int]) -> Pixels:
    (height, width, channels), (left, top) = pixels.shape, offset
    canvas = np.full((output[1], output[0], channels), _WHITE, np.uint8)
    canvas[top : top + height, left : left + width] = pixels
    return canvas


def _arithmetic(pixels: Pixels, spec: ImageInput, mean: Floats | None, std: Floats | None) -> NDArray[np.generic]:
    """Scaling, order of axes, mean, std, type and batch axis of (H, W, C) uint8; in 32-bit floats until the cast."""
    ordered = pixels.transpose(["HWC".index(axis) for axis in spec.axes])
    values: Floats = np.empty(ordered.shape, np.float32)
    # A tiny std or a huge scaling is the user's: infinities go into the network, not a warning into the log.
    with np.errstate(all="ignore"):
        np.multiply(ordered, np.float32(spec.pixel_scaling / 255), out=values)
        if mean is not None:
            values -= mean
        if std is not None:
            values /= std
        return _cast(values, spec)[np.newaxis]


def _cast(values: Floats, spec: ImageInput) -> NDArray[np.generic]:
    if spec.data_type == "UINT8":
        values = np.clip(np.rint(values, out=values), 0, 255, out=values)  # rint: halves to even
    return values.astype(_TYPES[spec.data_type], copy=False)
