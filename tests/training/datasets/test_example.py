from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from embedding_explorer.errors import InvalidFields
from embedding_explorer.training.datasets.example import make_example, parse_example_form
from embedding_explorer.training.datasets.resizing import RESIZE_MODES


def test_every_mode_shows_something_else() -> None:
    shown = {}
    for mode in RESIZE_MODES:
        form = {
            "width": "50",
            "height": "60",
            "channels": "3",
            "resize_mode": mode,
            "encoding": "png",
            "backend": "lmdb",
        }
        picture = Image.open(BytesIO(make_example(*parse_example_form(form)).png))
        assert (picture.size, picture.mode) == ((50, 60), "RGB")
        shown[mode] = np.asarray(picture).tobytes()
    assert len(set(shown.values())) == 4


def test_bytes_are_those_of_the_encoding() -> None:
    sizes = {
        encoding: make_example(*parse_example_form({"encoding": encoding, "channels": "1"})).size
        for encoding in ("none", "png", "jpg")
    }
    assert sizes["none"] == 256 * 256
    assert sizes["none"] > sizes["png"] > sizes["jpg"]
    assert make_example(*parse_example_form({"encoding": "jpg", "backend": "hdf5"})).size == 3 * 256 * 256


def test_bad_values() -> None:
    bad = {"width": "0", "height": "x", "channels": "4", "resize_mode": "zoom", "encoding": "gif", "backend": "?"}
    with pytest.raises(InvalidFields) as caught:
        parse_example_form(bad)
    assert set(caught.value.fields) == set(bad)
