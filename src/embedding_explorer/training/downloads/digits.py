"""Handwritten digits that come with scikit-learn: 1797 of them, without any download."""

from pathlib import Path

import numpy as np
from PIL import Image

from embedding_explorer.training.downloads.mnist import write_set
from embedding_explorer.training.downloads.originals import Say

SIDE = 28  # as MNIST, though the originals have 8
TEST = 360  # the last ones, of writers who are not among the first


def write_digits(output: Path, say: Say) -> None:
    """The tree of MNIST: 1437 digits to train with and 360 to test.

    Source: E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten Digits, UCI, 1998, as scikit-learn ships it.
    """
    from sklearn.datasets import load_digits

    say("Writing the digits of scikit-learn")
    found = load_digits()
    images = np.stack([_enlarged(picture) for picture in found.images])
    labels = found.target.astype(np.uint8)
    write_set(output, "train", images[:-TEST], labels[:-TEST])
    write_set(output, "test", images[-TEST:], labels[-TEST:])


def _enlarged(picture: np.ndarray) -> np.ndarray:
    small = Image.fromarray((picture * (255 / 16)).astype(np.uint8))
    return np.asarray(small.resize((SIDE, SIDE), Image.Resampling.BICUBIC))
