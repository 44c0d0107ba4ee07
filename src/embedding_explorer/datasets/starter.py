"""The first main dataset of an empty data folder: 1797 handwritten digits that come with scikit-learn."""

import io
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

NAME = "Handwritten digits"
SIDE = 32  # pixels; the originals have 8


def write_starter_pictures(path: Path) -> None:
    """A ZIP of the digits as PNG, `<label>/<number>.png`, dark on white.

    Source: E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten Digits, UCI, 1998, as scikit-learn ships it.
    """
    from sklearn.datasets import load_digits

    digits = load_digits()
    with zipfile.ZipFile(path, "w") as target:
        for number, (picture, label) in enumerate(zip(digits.images, digits.target, strict=True)):
            grey = Image.fromarray((255 - picture * (255 / 16)).astype(np.uint8))
            buffer = io.BytesIO()
            grey.resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(buffer, "PNG")
            target.writestr(f"{label}/{number:04d}.png", buffer.getvalue())
