"""The steps of 11.1, against the slow computation of `reference.py`."""

import io
import itertools
import struct
import warnings

import numpy as np
import pytest
from PIL import Image

from embedding_explorer.errors import BadInput, LimitExceeded, UnreadableImage
from embedding_explorer.networks.preprocessing import Region, prepare
from tests.conftest import encoded
from tests.images.pictures import noise as noisy_image
from tests.images.pictures import png, saved
from tests.networks.preprocessing.reference import noise, prepared, spec

ORDERS = ("NCHW", "NCWH", "NHWC", "NWHC")
COLOURS = ("RGB", "BGR", "L")
RAMP = np.arange(27, dtype=np.uint8).reshape(3, 3, 3) * 9
WHITE = Image.new("RGB", (6, 3), "white")


def fed(pixels: np.ndarray, **changes: object) -> np.ndarray:
    """What a picture of these pixels, (H, W, 3), becomes; at its own size, unless that changes."""
    height, width, _ = pixels.shape
    return prepare(Image.fromarray(pixels), spec(**({"target_size": f"{width}x{height}"} | changes)))


@pytest.mark.parametrize("kind", ["SQUASH", "CROP", "FILL", "NETWORK"])
@pytest.mark.parametrize(("image", "target"), [((9, 6), "4x5"), ((3, 5), "6"), ((4, 3), "4x3"), ((5, 3), "7x4")])
def test_every_resize_order_and_colour(kind: str, image: tuple[int, int], target: str) -> None:
    pixels = noise(*image)
    for order, colour in itertools.product(ORDERS, COLOURS):
        wanted = spec(
            dimension_order=order, color_channels=colour, resize_type=kind, target_size=target, pixel_scaling=2.0
        )
        found, expected = prepare(Image.fromarray(pixels), wanted), prepared(pixels, wanted)
        assert found.dtype == np.float32
        assert found.shape == expected.shape
        # Rounding between the two directions of resizing may differ by one of 255.
        assert np.abs(found - expected).max() <= 2 / 255 * 1.001


# The whole image without resampling, or with a part cut off or white added, so that every value is exact.
EXACT = [
    ("SQUASH", "5x3", (3, 5)), ("NETWORK", "5x3", (3, 5)), ("NETWORK", "5", (3, 5)),
    ("CROP", "2x3", (3, 2)), ("CROP", "5x1", (1, 5)), ("CROP", "4x3", (3, 4)),
    ("FILL", "8x3", (3, 8)), ("FILL", "5x8", (8, 5)), ("FILL", "6x3", (3, 6)),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "target", "extent"), EXACT)
@pytest.mark.parametrize("constants", [(), ("mean",), ("mean", "std"), ("std",)])
def test_values_without_resampling(kind: str, target: str, extent: tuple[int, int], constants: tuple[str, ...]) -> None:
    pixels, chance = noise(5, 3, seed=7), np.random.default_rng(8)
    for order, colour, scaling in itertools.product(ORDERS, COLOURS, (255.0, 1.0, 2.0, 0.017)):
        wanted = spec(
            dimension_order=order, resize_type=kind, target_size=target, color_channels=colour, pixel_scaling=scaling
        )
        sides = {"H": extent[0], "W": extent[1], "C": 1 if colour == "L" else 3}
        shape = tuple(sides[axis] for axis in order[1:])
        given = {name: chance.uniform(0.5, 3, shape).astype(np.float32) for name in constants}
        found, expected = prepare(Image.fromarray(pixels), wanted, **given), prepared(pixels, wanted, **given)
        assert found.shape == (1, *shape)
        np.testing.assert_allclose(found, expected, rtol=2e-6, atol=2e-6 * scaling)


def test_the_default_scaling_gives_the_pixels_themselves() -> None:
    pixels = noise(7, 6)
    assert (fed(pixels)[0] == pixels).all()
    assert (fed(pixels, color_channels="BGR")[0] == pixels[..., ::-1]).all()


@pytest.mark.parametrize(("scaling", "white"), [(255.0, 255.0), (1.0, 1.0), (2.0, 2.0)])
def test_scaling_is_what_white_becomes_and_black_is_nought(scaling: float, white: float) -> None:
    pixels = np.array([[[0, 0, 0], [255, 255, 255]]], np.uint8)
    assert fed(pixels, pixel_scaling=scaling)[0, 0].tolist() == [[0.0] * 3, [white] * 3]


def test_padding_takes_part_in_scaling_mean_and_std() -> None:
    wanted = spec(resize_type="FILL", target_size="4x2", pixel_scaling=2.0, dimension_order="NCHW")
    mean, std = np.full((1, 1, 1), 0.5, np.float32), np.full((1, 1, 1), 3.0, np.float32)
    found = prepare(Image.new("RGB", (1, 2), "black"), wanted, None, mean, std)
    assert found[0, 0].tolist() == pytest.approx(np.array([[0.5, -1 / 6, 0.5, 0.5]] * 2))


def test_the_mean_is_in_the_order_of_the_channels_and_axes() -> None:
    pixels = np.array([[[10, 20, 30]]], np.uint8)
    mean = np.array([1.0, 2.0, 3.0], np.float32)
    for order, shape in (("NHWC", (1, 1, 3)), ("NCHW", (3, 1, 1))):
        wanted = spec(target_size="1", color_channels="BGR", dimension_order=order)
        found = prepare(Image.fromarray(pixels), wanted, None, mean.reshape(shape))
        assert found.ravel().tolist() == [29.0, 18.0, 7.0]


def test_the_std_divides_after_the_mean() -> None:
    found = prepare(WHITE, spec(target_size="6x3"), None, np.full((1, 1, 1), 55.0, np.float32), np.full((1, 1, 1), 4.0))
    assert (found == 50.0).all()


@pytest.mark.parametrize(("name", "dtype"), [("FLOAT32", "f4"), ("FLOAT16", "f2"), ("FLOAT64", "f8"), ("UINT8", "u1")])
def test_data_types(name: str, dtype: str) -> None:
    pixels = noise(3, 3)
    found = fed(pixels, data_type=name, pixel_scaling=100.0)
    assert found.dtype == np.dtype(dtype)
    assert found.flags.c_contiguous
    exact = pixels * np.float64(100 / 255)
    tolerance = {"u1": 0.5001, "f2": 0.04}.get(dtype, 1e-5)
    assert np.abs(found[0].astype(float) - exact).max() <= tolerance


def test_doubles_are_computed_in_32_bits() -> None:
    found = fed(RAMP, data_type="FLOAT64", pixel_scaling=0.1)
    assert (found == found.astype(np.float32)).all()


def test_whole_numbers_are_rounded_to_even_and_clipped() -> None:
    pixels = np.array([[[0, 1, 2], [3, 4, 5], [253, 254, 255]]], np.uint8)
    # With a mean the values are -0.5, 0.5, 1.5 …, and beyond 255 with another one.
    half = np.full((1, 1, 1), 0.5, np.float32)
    wanted = spec(target_size="3x1", data_type="UINT8")
    assert prepare(Image.fromarray(pixels), wanted, None, half).ravel().tolist() == [0, 0, 2, 2, 4, 4, 252, 254, 254]
    assert prepare(Image.fromarray(pixels), wanted, None, -3 * half).ravel().tolist() == [
        *(2, 2, 4, 4, 6, 6, 254, 255, 255)
    ]
    assert prepare(Image.fromarray(pixels), wanted, None, 10 * half).ravel()[0] == 0


def test_grey_is_by_the_formula_for_every_shade() -> None:
    levels = np.array([0, 1, 2, 17, 63, 64, 100, 127, 128, 190, 253, 254, 255])
    r, g, b = (each.ravel() for each in np.meshgrid(levels, levels, levels))
    pixels = np.stack([r, g, b], -1).astype(np.uint8)[None]
    found = fed(pixels, color_channels="L")
    assert found.shape == (1, 1, len(r), 1)
    assert (found.ravel() == (19595 * r + 38470 * g + 7471 * b + 32768 >> 16)).all()


def test_grey_comes_before_resizing() -> None:
    # The greys are 6 and 3, so 4.5 is rounded up; the mean colour, (3, 5, 4), would be a grey of 4.
    pixels = np.array([[[2, 9, 1], [4, 1, 7]]], np.uint8)
    assert fed(pixels, target_size="1", color_channels="L").item() == 5


def test_the_region_is_cut_before_resizing() -> None:
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[2:4, 4:8] = 200
    found = prepare(Image.fromarray(pixels), spec(target_size="3"), Region(bbox=(0.5, 0.25, 1.0, 0.5)))
    assert (found == 200).all()


# Bytes of files, and the RGB that they show: step 2 as the network gets it.
def one(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    return saved(image, kind, **options)


CLEAR = Image.new("P", (2, 1))
CLEAR.putpalette([10, 20, 30, 40, 50, 60])
CLEAR.putpixel((1, 0), 1)
DECODED = {
    "grey": (one(Image.new("L", (2, 1), 77)), [[77] * 3] * 2),
    "transparency over white": (
        one(Image.frombytes("RGBA", (2, 1), bytes([9, 8, 7, 0, 0, 0, 0, 51]))),
        [[255] * 3, [204] * 3],
    ),
    "grey and alpha": (one(Image.frombytes("LA", (2, 1), bytes([9, 0, 0, 255]))), [[255] * 3, [0] * 3]),
    "palette": (one(CLEAR), [[10, 20, 30], [40, 50, 60]]),
    "palette with a clear colour": (one(CLEAR, transparency=0), [[255] * 3, [40, 50, 60]]),
    "CMYK": (
        one(Image.frombytes("CMYK", (2, 1), bytes([255, 0, 0, 0, 0, 0, 0, 55])), "TIFF"),
        [[0, 255, 255], [200] * 3],
    ),
    "1 bit": (png(2, 1, 1, 0, b"\0\x40"), [[0] * 3, [255] * 3]),
    "16-bit grey": (png(2, 1, 16, 0, b"\0" + struct.pack(">2H", 257 * 200, 65535)), [[200] * 3, [255] * 3]),
    "first of two frames": (
        one(Image.new("RGB", (2, 1), "red"), "GIF", save_all=True, append_images=[Image.new("RGB", (2, 1), "blue")]),
        [[255, 0, 0]] * 2,
    ),
}


@pytest.mark.parametrize("case", DECODED)
def test_every_kind_of_image_is_made_rgb_over_white(case: str) -> None:
    data, expected = DECODED[case]
    assert prepare(data, spec(target_size="2x1"))[0, 0].tolist() == expected


def test_16_bit_grey_is_divided_by_257() -> None:
    values = np.arange(0, 65536, 37, np.uint16)
    data = png(len(values), 1, 16, 0, b"\0" + values.astype(">u2").tobytes())
    found = prepare(data, spec(target_size=f"{len(values)}x1", color_channels="L")).ravel()
    assert np.abs(found - values / 257).max() <= 0.5


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_exif_orientation_comes_before_the_region(kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise: the left half is shown on top
    stored = Image.new("RGB", (32, 16), "blue")
    stored.paste("red", (0, 0, 16, 16))
    options = {"quality": 100, "subsampling": 0} if kind == "JPEG" else {}
    data = saved(stored, kind, exif=exif, **options)
    found = prepare(data, spec(resize_type="NETWORK", target_size="32"), Region(bbox=(0.0, 0.0, 1.0, 0.5)))
    assert found.shape == (1, 32, 32, 3)
    assert np.abs(found - [255, 0, 0]).max() <= 3
    turned = prepare(data, spec(resize_type="NETWORK", target_size="32"))
    assert turned.shape == (1, 32, 16, 3)


def test_a_large_jpeg_is_resized_from_its_full_size() -> None:
    image = noisy_image((1600, 1200))
    data = saved(image, "JPEG", quality=95)
    full = np.asarray(Image.open(io.BytesIO(data)).resize((40, 30), Image.Resampling.BILINEAR))
    assert (prepare(data, spec(target_size="40x30"))[0] == full).all()


def test_bytes_and_the_opened_picture_give_the_same() -> None:
    image = noisy_image((30, 20))
    wanted = spec(resize_type="FILL", target_size="16")
    assert (prepare(encoded(image), wanted) == prepare(image, wanted)).all()
    assert (prepare(image.convert("L"), wanted) == prepare(encoded(image.convert("L")), wanted)).all()


@pytest.mark.parametrize("data", [b"", b"text", b"\x89PNG\r\n\x1a\n", encoded(WHITE)[:-30], b"<svg/>" * 50])
def test_what_is_no_image_is_bad_input(data: bytes) -> None:
    with pytest.raises(UnreadableImage) as caught:
        prepare(data, spec())
    assert isinstance(caught.value, BadInput)


def test_declared_pixels_over_the_limit_are_refused_before_decoding() -> None:
    for data, most in ((png(10_001, 10_000, 8, 2, b""), {}), (encoded(WHITE), {"max_pixels": 17})):
        with pytest.raises(LimitExceeded):
            prepare(data, spec(), **most)
    assert prepare(encoded(WHITE), spec(), max_pixels=18).shape == (1, 3, 4, 3)


def test_a_side_may_be_longer_than_any_jpeg_can_have() -> None:
    data = saved(Image.new("1", (100_000, 3), 1), "PNG")
    assert (prepare(data, spec()) == 255).all()


def test_the_largest_target_is_possible() -> None:
    found = prepare(WHITE, spec(target_size="8192", color_channels="L", data_type="UINT8"))
    assert found.shape == (1, 8192, 8192, 1)


def test_extreme_numbers_warn_nobody() -> None:
    tiny = np.full((1, 1, 1), 1e-38, np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for kind in ("FLOAT32", "FLOAT16", "FLOAT64", "UINT8"):
            found = prepare(WHITE, spec(data_type=kind, pixel_scaling=3.4e38), None, tiny, tiny)
            assert found.ravel()[0] == (255 if kind == "UINT8" else np.inf)


def test_constants_and_pictures_stay_as_they_were() -> None:
    image, mean = noisy_image((4, 3)), np.ones((3, 4, 3), np.float32)
    before = image.tobytes()
    for first, second in itertools.pairwise([prepare(image, spec(), None, mean, mean) for _ in range(3)]):
        assert (first == second).all()
    assert image.tobytes() == before
    assert (mean == 1).all()
