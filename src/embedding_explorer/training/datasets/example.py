"""A picture that shows what a resize mode and an encoding do (contract, 4.12)."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image

from embedding_explorer.networks.preprocessing import Faults
from embedding_explorer.training.datasets.bounds import Bounds
from embedding_explorer.training.datasets.classification_form import read_storage
from embedding_explorer.training.datasets.encoding import encode, png_of
from embedding_explorer.training.datasets.form import FormValues, Reader
from embedding_explorer.training.datasets.loading import with_channels
from embedding_explorer.training.datasets.places import Places
from embedding_explorer.training.datasets.resizing import RESIZE_MODES, resize_picture
from embedding_explorer.training.datasets.spec import Pictures, Storage
from embedding_explorer.training.forms.fields import Fields

# Wider than high, so that the modes differ for the usual square.
_WIDTH, _HEIGHT = 480, 320


@dataclass(frozen=True)
class Example:
    """What became of the sample picture. `size`: bytes that a dataset keeps for it."""

    png: bytes
    size: int


def parse_example_form(form: FormValues, bounds: Bounds | None = None) -> tuple[Pictures, Storage]:
    """The form that asks for an example; raises InvalidFields with all that is wrong with it."""
    reader = Reader(Fields(form, Faults()), {}, Places(()), bounds or Bounds())
    fields, most = reader.fields, reader.bounds.max_side
    mode = fields.select("resize_mode", "squash", RESIZE_MODES)
    pictures = Pictures(
        width=fields.integer("width", 256, 1, most),
        height=fields.integer("height", 256, 1, most),
        channels=int(fields.select("channels", "3", ("1", "3"))),
        mode=next(each for each in RESIZE_MODES if each == mode),
    )
    storage = read_storage(reader)
    reader.faults.raise_any()
    return pictures, storage


def make_example(pictures: Pictures, storage: Storage) -> Example:
    """The sample picture as a dataset with these options would hold it."""
    picture = with_channels(sample_picture(), pictures.channels)
    pixels = resize_picture(picture, (pictures.width, pictures.height), pictures.mode)
    return Example(png_of(pixels), len(encode(pixels, storage.encoding)))


@cache
def sample_picture() -> Image.Image:
    """A sunset over waves: smooth parts, edges and detail, in few lines and of no one's making but ours."""
    y, x = np.mgrid[0 : 1 : _HEIGHT * 1j, 0 : 1.5 : _WIDTH * 1j]
    sky = np.stack([0.95 - 0.3 * y, 0.45 + 0.35 * y, 0.75 - 0.5 * y], axis=2)
    sea = np.stack([0.05 + 0.1 * y, 0.2 + 0.2 * y, 0.45 + 0.1 * y], axis=2)
    sea += 0.12 * np.sin(90 * y * y + 6 * np.sin(14 * x))[..., np.newaxis]
    pixels = np.where((y > 0.62)[..., np.newaxis], sea, sky)
    pixels[((x - 1.0) ** 2 + (y - 0.45) ** 2 < 0.02) & (y <= 0.62)] = (1.0, 0.9, 0.55)
    return Image.fromarray((np.clip(pixels, 0, 1) * 255).astype(np.uint8))
