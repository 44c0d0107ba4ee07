from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from embedding_explorer.errors import LimitExceeded, UnreadableImage
from embedding_explorer.training.datasets.loading import load_picture
from tests.images.costly import COSTLY
from tests.images.pictures import noise, saved

MOST = 10_000_000


def load(data: bytes, channels: int | None = None) -> Image.Image:
    return load_picture(data, channels, MOST)


@pytest.mark.parametrize(("mode", "kind"), [("L", "PNG"), ("RGB", "PNG"), ("RGB", "BMP"), ("RGB", "PPM"), ("L", "PPM")])
def test_gray_and_colour_stay_as_they_are(mode: str, kind: str) -> None:
    picture = noise((9, 7), mode)
    loaded = load(saved(picture, kind))
    assert loaded.mode == mode
    assert np.array_equal(np.asarray(loaded), np.asarray(picture))


def test_one_bit_becomes_gray() -> None:
    picture = noise((9, 7), "L").convert("1")
    assert np.array_equal(np.asarray(load(saved(picture, "PNG"))), np.asarray(picture).astype(np.uint8) * 255)


def test_cmyk_becomes_colour() -> None:
    assert load(saved(noise((16, 16)).convert("CMYK"), "JPEG")).mode == "RGB"


def test_transparency_is_laid_on_white() -> None:
    rgba = np.zeros((2, 2, 4), np.uint8)
    rgba[0, 0] = 10, 20, 30, 255
    rgba[0, 1] = 10, 20, 30, 0
    rgba[1, 0] = 100, 100, 100, 51
    colours = np.asarray(load(saved(Image.fromarray(rgba), "PNG"))).tolist()
    assert colours[0] == [[10, 20, 30], [255, 255, 255]]
    assert colours[1][0] == [224, 224, 224]  # 255 - (255 - 100) / 5
    gray = load(saved(Image.fromarray(rgba[..., [0, 3]]), "PNG"))
    assert gray.mode == "L"
    assert np.asarray(gray).tolist() == [[10, 255], [224, 255]]


def test_palettes_become_colour() -> None:
    picture = noise((9, 7)).quantize(16)
    assert np.array_equal(np.asarray(load(saved(picture, "PNG"))), np.asarray(picture.convert("RGB")))
    assert load(saved(picture, "GIF", transparency=0)).mode == "RGB"


def test_other_modes_are_unreadable() -> None:
    sixteen = Image.fromarray(np.arange(12, dtype=np.uint16).reshape(3, 4) * 5000)
    with pytest.raises(UnreadableImage, match="mode 'I;16'"):
        load(saved(sixteen, "PNG"))


def test_channels_are_made_as_wanted() -> None:
    picture = noise((9, 7))
    gray = np.asarray(load(saved(picture, "PNG"), 1))
    assert np.abs(gray - np.asarray(picture) @ [0.299, 0.587, 0.114]).max() <= 0.51
    colour = np.asarray(load(saved(Image.fromarray(gray), "PNG"), 3))
    assert np.array_equal(colour, np.repeat(gray[..., None], 3, 2))


def test_exif_turns_nothing() -> None:
    picture, exif = noise((16, 8)), Image.Exif()
    exif[0x0112] = 6
    assert load(saved(picture, "PNG", exif=exif)).size == (16, 8)


@pytest.mark.parametrize(
    "data", [b"", b"no picture", saved(noise((16, 16)), "PNG")[:200], b"P6 4 4 255 x", b"\xff\xd8\xff"]
)
def test_what_cannot_be_read_says_so(data: bytes) -> None:
    with pytest.raises(UnreadableImage):
        load(data)


def test_too_many_pixels_are_refused_before_they_are_decoded() -> None:
    buffer = BytesIO()
    Image.new("L", (2000, 2000)).save(buffer, "PNG")
    with pytest.raises(LimitExceeded, match="EXPLORER_MAX_IMAGE_PIXELS"):
        load_picture(buffer.getvalue(), 1, 1_000_000)


@pytest.mark.parametrize("case", COSTLY)
def test_what_would_take_too_much_is_refused(case: str) -> None:
    data, reason = COSTLY[case]
    with pytest.raises(UnreadableImage, match=reason):
        load(data)
