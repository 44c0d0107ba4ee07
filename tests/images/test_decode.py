import random
import struct
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from zipfile import ZipFile

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from embedding_explorer.errors import ExplorerError, LimitExceeded, UnreadableImage
from embedding_explorer.images import decode as module
from embedding_explorer.images.decode import Decoded, InputSpec, decode, open_picture
from embedding_explorer.images.modes import to_rgb
from tests.conftest import shared_data
from tests.images.pictures import BLACK, BLUE, RED, WHITE, halves, landscape, noise, png, saved

PIXELS = 1_000_000
SPEC = InputSpec(size=224, resize=232)

RED_BLUE = halves("RGB", RED, BLUE)
PALETTE = RED_BLUE.convert("P", palette=Image.Palette.ADAPTIVE)
RED_INDEX = PALETTE.getpixel((0, 0))
BLUE_INDEX = PALETTE.getpixel((15, 0))
BLUE_CLEAR = bytes(0 if index == BLUE_INDEX else 255 for index in range(256))
GREYS_16 = Image.fromarray(np.repeat(np.array([[100 * 257, 65535]], np.uint16), 8, axis=1).repeat(16, axis=0))
FLOATS = Image.fromarray(np.repeat(np.array([[-3.5, 12.25]], np.float32), 8, axis=1).repeat(16, axis=0))
INTEGERS = Image.fromarray(np.repeat(np.array([[-70000, 90000]], np.int32), 8, axis=1).repeat(16, axis=0))
GREY = (100, 100, 100)
RED_ON_CLEAR = halves("RGBA", (*RED, 255), (0, 255, 0, 0))
HALF_BLACK = halves("LA", (100, 255), (0, 128))

EXACT = {
    "PNG of RGB": (saved(RED_BLUE, "PNG"), RED, BLUE),
    "PNG of grey": (saved(halves("L", 100, 255), "PNG"), GREY, WHITE),
    "PNG of 1 bit": (saved(halves("1", 0, 1), "PNG"), BLACK, WHITE),
    "PNG of a palette": (saved(PALETTE, "PNG"), RED, BLUE),
    "PNG of a palette with a clear colour": (saved(PALETTE, "PNG", transparency=BLUE_INDEX), RED, WHITE),
    "PNG of a palette with alphas": (saved(PALETTE, "PNG", transparency=BLUE_CLEAR), RED, WHITE),
    "PNG of grey with a clear grey": (saved(halves("L", 100, 0), "PNG", transparency=0), GREY, WHITE),
    "PNG of RGB with a clear colour": (saved(RED_BLUE, "PNG", transparency=BLUE), RED, WHITE),
    "PNG of RGBA": (saved(RED_ON_CLEAR, "PNG"), RED, WHITE),
    "PNG of grey and alpha": (saved(HALF_BLACK, "PNG"), GREY, (127, 127, 127)),
    "PNG of 16-bit grey": (saved(GREYS_16, "PNG"), GREY, WHITE),
    "PNG of 16-bit RGB": (
        png(16, 16, 16, 2, (b"\0" + struct.pack(">3H", 65535, 0, 0) * 8 + struct.pack(">3H", 0, 0, 65535) * 8) * 16),
        RED,
        BLUE,
    ),
    "WebP of RGB": (saved(RED_BLUE, "WEBP", lossless=True), RED, BLUE),
    "WebP of RGBA": (saved(RED_ON_CLEAR, "WEBP", lossless=True), RED, WHITE),
    "GIF": (saved(PALETTE, "GIF"), RED, BLUE),
    "GIF with a clear colour": (saved(PALETTE, "GIF", transparency=BLUE_INDEX), RED, WHITE),
    "GIF of several frames": (
        saved(RED_BLUE, "GIF", save_all=True, append_images=[halves("RGB", BLACK, WHITE)]),
        RED,
        BLUE,
    ),
    "BMP of RGB": (saved(RED_BLUE, "BMP"), RED, BLUE),
    "BMP of grey": (saved(halves("L", 100, 255), "BMP"), GREY, WHITE),
    "BMP of 1 bit": (saved(halves("1", 0, 1), "BMP"), BLACK, WHITE),
    "BMP of a palette": (saved(PALETTE, "BMP"), RED, BLUE),
    "TIFF of RGB": (saved(RED_BLUE, "TIFF"), RED, BLUE),
    "TIFF of RGB, LZW": (saved(RED_BLUE, "TIFF", compression="tiff_lzw"), RED, BLUE),
    "TIFF of RGBA": (saved(RED_ON_CLEAR, "TIFF"), RED, WHITE),
    "TIFF of grey and alpha": (saved(HALF_BLACK, "TIFF"), GREY, (127, 127, 127)),
    "TIFF of 1 bit": (saved(halves("1", 0, 1), "TIFF", compression="group4"), BLACK, WHITE),
    "TIFF of a palette": (saved(PALETTE, "TIFF"), RED, BLUE),
    "TIFF of CMYK": (saved(halves("CMYK", (0, 255, 255, 0), (0, 0, 0, 155)), "TIFF"), RED, GREY),
    "TIFF of 16-bit grey": (saved(GREYS_16, "TIFF"), GREY, WHITE),
    "TIFF of 16-bit grey, other byte order": (
        saved(Image.frombytes("I;16B", (16, 16), np.asarray(GREYS_16).astype(">u2").tobytes()), "TIFF"),
        GREY,
        WHITE,
    ),
    "TIFF of floats": (saved(FLOATS, "TIFF"), BLACK, WHITE),
    "TIFF of 32-bit integers": (saved(INTEGERS, "TIFF"), BLACK, WHITE),
}


def ycck(cyan: int, magenta: int, yellow: int, black: int) -> bytes:
    """A JPEG as Photoshop writes CMYK: inverted, and its first three channels as YCbCr."""
    y, cb, cr = Image.new("RGB", (1, 1), (cyan, magenta, yellow)).convert("YCbCr").getpixel((0, 0))
    image = Image.new("CMYK", (16, 16), (255 - y, 255 - cb, 255 - cr, black))
    data = bytearray(saved(image, "JPEG", quality=100))
    data[data.index(b"Adobe") + 11] = 2
    return bytes(data)


JPEG = {
    "RGB": (saved(Image.new("RGB", (16, 16), (200, 40, 90)), "JPEG", quality=100), (200, 40, 90)),
    "progressive": (saved(Image.new("RGB", (16, 16), (9, 40, 90)), "JPEG", quality=100, progressive=True), (9, 40, 90)),
    "grey": (saved(Image.new("L", (16, 16), 100), "JPEG", quality=100), GREY),
    "CMYK": (saved(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG", quality=100), RED),
    "YCCK": (ycck(0, 255, 255, 0), RED),
    "YCCK with black": (ycck(0, 0, 0, 155), GREY),
}


def opened(data: bytes) -> NDArray[np.uint8]:
    picture = open_picture(data, PIXELS)
    assert picture.mode == "RGB"
    return np.asarray(picture)


@pytest.mark.parametrize("case", EXACT)
def test_every_lossless_format_and_mode_gives_its_colours_over_white(case: str) -> None:
    data, left, right = EXACT[case]
    expected = np.array([[left] * 8 + [right] * 8] * 16)
    assert (opened(data) == expected).all()


@pytest.mark.parametrize("case", JPEG)
def test_every_kind_of_jpeg_gives_its_colour(case: str) -> None:
    data, colour = JPEG[case]
    assert np.abs(opened(data).astype(int) - colour).max() <= 3


def test_float_pixels_that_are_no_numbers_do_not_hide_the_others() -> None:
    values = np.array([[0.0, 1.0, np.nan, np.inf, -np.inf]], np.float32)
    assert opened(saved(Image.fromarray(values), "TIFF"))[0, :, 0].tolist() == [0, 255, 0, 255, 0]


# Orientation → the stored pixels of what is shown.
STORED = {
    1: lambda shown: shown,
    2: lambda shown: shown[:, ::-1],
    3: lambda shown: shown[::-1, ::-1],
    4: lambda shown: shown[::-1],
    5: lambda shown: shown.transpose(1, 0, 2),
    6: lambda shown: np.rot90(shown),
    7: lambda shown: shown[::-1, ::-1].transpose(1, 0, 2),
    8: lambda shown: np.rot90(shown, -1),
}


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP", "JPEG"])
@pytest.mark.parametrize("orientation", STORED)
def test_exif_orientation_is_applied_once(kind: str, orientation: int) -> None:
    corners = Image.new("RGB", (2, 2))
    corners.putdata([RED, BLUE, WHITE, BLACK])
    shown = np.asarray(corners.resize((64, 32), Image.Resampling.NEAREST))
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(np.ascontiguousarray(STORED[orientation](shown)))
    options = {"quality": 100, "subsampling": 0} if kind == "JPEG" else {"lossless": True} if kind == "WEBP" else {}
    data = saved(stored, kind, exif=exif, **options)
    assert np.abs(opened(data).astype(int) - shown).max() <= (8 if kind == "JPEG" else 0)
    decoded = decode(data, InputSpec(32, 32), PIXELS)
    assert (decoded.width, decoded.height) == (64, 32)
    assert decoded.tile.shape == (24, 48, 3)


@pytest.mark.parametrize("exif", [b"garbage", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff", b"Exif\0\0II*\0"])
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_broken_metadata_do_not_make_a_picture_unreadable(exif: bytes) -> None:
    for kind in ("PNG", "JPEG", "WEBP"):
        assert open_picture(saved(RED_BLUE, kind, exif=exif), PIXELS).size == (16, 16)


def as_torchvision(picture: Image.Image, spec: InputSpec) -> NDArray[np.int64]:
    """`Resize` and `CenterCrop` on a PIL picture, by torchvision's formulas."""
    width, height = picture.size
    short, long = min(width, height), max(width, height)
    long_side = int(spec.resize * long / short)
    size = (spec.resize, long_side) if width <= height else (long_side, spec.resize)
    left, top = (round((side - spec.size) / 2.0) for side in size)
    resized = picture.resize(size, Image.Resampling.BILINEAR)
    return np.asarray(resized.crop((left, top, left + spec.size, top + spec.size))).astype(np.int64)


@pytest.mark.parametrize(
    "size", [(500, 375), (375, 500), (301, 299), (232, 232), (224, 224), (40, 30), (33, 700), (7, 900), (1, 1)]
)
@pytest.mark.parametrize("spec", [SPEC, InputSpec(224, 224), InputSpec(32, 32), InputSpec(33, 40)])
def test_network_input_is_that_of_torchvision(size: tuple[int, int], spec: InputSpec) -> None:
    picture = noise(size)
    pixels = decode(saved(picture, "PNG"), spec, PIXELS).pixels
    assert pixels.shape == (spec.size, spec.size, 3)
    assert pixels.dtype == np.uint8
    assert np.abs(pixels - as_torchvision(picture, spec)).max() <= 2


def test_network_input_of_a_small_picture_is_its_own_pixels() -> None:
    picture = noise((32, 32))
    assert (decode(saved(picture, "PNG"), InputSpec(32, 32), PIXELS).pixels == np.asarray(picture)).all()


def test_network_input_of_real_photographs_is_that_of_torchvision() -> None:
    with ZipFile(shared_data("photos-1000.zip")) as archive:
        photographs = [archive.read(name) for name in archive.namelist()[:20]]
    for data in photographs:
        reference = as_torchvision(open_picture(data, 10**8), SPEC)
        assert np.abs(decode(data, SPEC, 10**8).pixels - reference).mean() < 1


@pytest.mark.parametrize("size", [(5000, 2), (2, 5000), (65535, 1)])
def test_extreme_aspects_keep_a_tile_of_one_pixel_at_least(size: tuple[int, int]) -> None:
    decoded = decode(saved(Image.new("RGB", size, RED), "PNG"), SPEC, PIXELS)
    assert sorted(decoded.tile.shape) == [1, 3, 48]
    assert (decoded.pixels == RED).all()


def test_a_side_longer_than_any_jpeg_is_refused() -> None:
    with pytest.raises(UnreadableImage, match="65535"):
        decode(saved(Image.new("1", (65536, 1)), "PNG"), SPEC, PIXELS)


def test_large_jpegs_are_decoded_smaller_and_look_the_same() -> None:
    data = saved(landscape((2000, 1504)), "JPEG", quality=90)
    assert open_picture(data, 10**7, at_least=232).size == (1000, 752)
    decoded = decode(data, SPEC, 10**7)
    assert (decoded.width, decoded.height) == (2000, 1504)
    reference = as_torchvision(open_picture(data, 10**7), SPEC)
    assert np.abs(decoded.pixels - reference).mean() < 1


def test_jpegs_below_four_times_the_wanted_size_are_decoded_in_full() -> None:
    data = saved(landscape((1200, 912)), "JPEG")
    assert open_picture(data, 10**7, at_least=232).size == (1200, 912)


def test_an_input_larger_than_the_resized_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="224 px"):
        InputSpec(size=224, resize=223)
    with pytest.raises(ValueError, match="0 px"):
        InputSpec(size=0, resize=10)


def test_declared_pixels_over_the_limit_are_refused_before_decoding() -> None:
    bomb = png(60_000, 60_000, 8, 2, b"")  # without pixels, so that decoding it would fail otherwise
    with pytest.raises(LimitExceeded, match="60000 x 60000") as caught:
        decode(bomb, SPEC, 100_000_000)
    assert caught.value.facts["limit"] == "max_pixels"
    assert caught.value.facts["setting"] == "EXPLORER_MAX_IMAGE_PIXELS"


def test_the_limit_is_ours_and_not_pillows() -> None:
    data = saved(Image.new("1", (101, 100)), "PNG")
    assert open_picture(data, 10_100).size == (101, 100)
    with pytest.raises(LimitExceeded):
        open_picture(data, 10_099)
    assert Image.MAX_IMAGE_PIXELS is None


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_truncated_files_are_unreadable(kind: str) -> None:
    data = saved(noise((100, 80)), kind)
    for kept in (len(data) // 2, len(data) * 9 // 10, 20):
        with pytest.raises(UnreadableImage):
            decode(data[:kept], SPEC, PIXELS)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"just text", "not an image"),
        (saved(RED_BLUE, "ICO"), "not an image"),
        (b"\xff\xd8\xff\xe0", "JPEG file: broken header"),
    ],
)
def test_the_reason_for_an_unreadable_file_is_given(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableImage, match=reason):
        decode(data, SPEC, PIXELS)


def test_text_that_unpacks_to_megabytes_is_refused() -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("comment", "a" * (2 << 20), zip=True)
    with pytest.raises(UnreadableImage):
        decode(saved(RED_BLUE, "PNG", pnginfo=text), SPEC, PIXELS)


def test_a_picture_that_does_not_fit_the_memory_is_unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_memory(_: Image.Image) -> Image.Image:
        raise MemoryError

    monkeypatch.setattr(module, "to_rgb", no_memory)
    with pytest.raises(UnreadableImage, match="MemoryError"):
        decode(saved(RED_BLUE, "PNG"), SPEC, PIXELS)


WIDE = {
    "floats": np.random.default_rng(1).normal(size=(700, 1000)).astype(np.float32) * 1e9,
    "integers": np.random.default_rng(2).integers(-(2**31), 2**31, (700, 1000)).astype(np.int32),
    "near each other": np.random.default_rng(3).integers(2**31 - 9, 2**31, (1000, 700)).astype(np.int32),
}


@pytest.mark.parametrize("case", WIDE)
def test_wide_values_are_scaled_over_the_whole_picture_in_little_memory(case: str) -> None:
    values = WIDE[case]
    picture, wide = Image.fromarray(values), values.astype(np.float64)
    tracemalloc.start()
    shown = to_rgb(picture)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    expected = np.rint((wide - wide.min()) * (255 / np.ptp(wide)))
    assert (np.asarray(shown) == expected[..., None]).all()
    assert peak < 16 * values.size  # without the picture's own bytes; all at once it was twice that


def test_values_that_are_no_numbers_count_as_the_ends() -> None:
    values = np.tile(np.array([[2.0, 4.0, np.nan, np.inf, -np.inf]], np.float32), (3, 1))
    assert np.asarray(to_rgb(Image.fromarray(values)))[2, :, 0].tolist() == [0, 255, 0, 255, 0]
    assert not np.asarray(to_rgb(Image.fromarray(np.full((2, 2), np.nan, np.float32)))).any()


def test_sixteen_bits_are_the_same_in_every_row() -> None:
    values = np.random.default_rng(0).integers(0, 65536, (700, 1000)).astype(np.uint16)
    picture = Image.fromarray(values)
    picture.info["transparency"] = int(values[699, 999])
    shown = np.asarray(to_rgb(picture))[..., 0]
    clear = values == values[699, 999]
    assert (shown[clear] == 255).all() and (shown == (values + np.int64(128)) // 257)[~clear].all()


def test_threads_decode_the_same() -> None:
    files = [saved(noise((90, 70), seed=seed), kind) for seed in range(8) for kind in ("JPEG", "TIFF", "WEBP")]

    def both(data: bytes) -> Decoded:
        return decode(data, InputSpec(32, 36), PIXELS)

    with ThreadPoolExecutor(4) as pool:
        for one, other in zip(map(both, files), pool.map(both, files), strict=True):
            assert (one.pixels == other.pixels).all()
            assert (one.tile == other.tile).all()


def mutated(data: bytes, chance: random.Random) -> bytes:
    damaged = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        reach = min(len(damaged), chance.choice((64, 256, 1 << 20)))
        position = chance.randrange(reach) * chance.choice((1, -1))
        damaged[position] = chance.choice((0, 1, 128, 255, chance.randrange(256)))
    if chance.random() < 0.15:
        del damaged[chance.randrange(1, len(damaged)) :]
    return bytes(damaged)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_damaged_files_raise_nothing_but_our_errors() -> None:
    chance = random.Random(1)
    files = [data for data, *_ in (*EXACT.values(), *JPEG.values())]
    outcomes = {"decoded": 0, "refused": 0}
    for _ in range(1500):
        try:
            decode(mutated(chance.choice(files), chance), InputSpec(16, 18), PIXELS)
            outcomes["decoded"] += 1
        except ExplorerError as error:
            assert isinstance(error, UnreadableImage | LimitExceeded)
            outcomes["refused"] += 1
    assert min(outcomes.values()) > 200
