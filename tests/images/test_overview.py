import io

import numpy as np
from PIL import Image

from embedding_explorer.images.overview import make_overview, shrink
from embedding_explorer.images.tilemap import draw_tilemap, encode_tilemap
from tests.images.pictures import noise


def tiles(count: int) -> list[np.ndarray]:
    return [np.asarray(noise((48, 48), seed=n)) for n in range(count)]


def test_each_cell_is_the_mean_of_three_by_three_pixels_of_its_picture() -> None:
    pictures = tiles(23)
    small = np.asarray(shrink(Image.fromarray(draw_tilemap(pictures)))).astype(int)
    assert small.shape == (48, 160, 3)
    for n, picture in enumerate(pictures):
        expected = picture.reshape(16, 3, 16, 3, 3).mean(axis=(1, 3))
        top, left = n // 10 * 16, n % 10 * 16
        assert np.abs(small[top : top + 16, left : left + 16] - expected).max() <= 1
    assert (small[32:, 48:] == 255).all()


def test_the_border_of_a_cell_does_not_shine_through() -> None:
    black = [np.zeros((48, 48, 3), np.uint8)] * 1000
    with Image.open(io.BytesIO(encode_tilemap(black))) as sheet:
        overview = Image.open(io.BytesIO(make_overview(sheet)))
    assert (overview.format, overview.size) == ("JPEG", (160, 1600))
    # A white border of one pixel would make a rim of 28 to 51.
    assert np.asarray(overview).max() < 12


def test_a_grey_tilemap_has_an_overview_too() -> None:
    sheet = Image.fromarray(draw_tilemap(tiles(10))).convert("L")
    assert Image.open(io.BytesIO(make_overview(sheet))).mode == "RGB"
