import base64
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from embedding_explorer.errors import BadInput, LimitExceeded, UnreadableImage
from embedding_explorer.images.incoming import check_picture, cut_prefix, write_base64
from tests.conftest import encoded, picture
from tests.images.costly import COSTLY

DATA = encoded(picture((200, 30, 30)))
TEXT = base64.b64encode(DATA).decode()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "picture"


@pytest.mark.parametrize(
    "uri",
    [
        f"data:image/png;base64,{TEXT}",
        f"data:image/*;base64,{TEXT}",
        f"data:image/jpeg;base64,{TEXT}",
        f"DATA:image/PNG;BASE64,{TEXT}",
        "data:image/png;base64,\r\n" + "\r\n".join(TEXT[i : i + 76] for i in range(0, len(TEXT), 76)) + "\n",
    ],
)
def test_a_data_address_holds_a_picture_whatever_format_it_names(uri: str, target: Path) -> None:
    write_base64(uri, target)
    assert target.read_bytes() == DATA


@pytest.mark.parametrize(
    "uri",
    [f"data:image/png;binary,{TEXT}", f"data:text/plain;base64,{TEXT}", f"data:image/png,{TEXT}", f"data:;base64,{TEXT}",
     f"data:image/png;base64,{TEXT[:-3]}", f"data:image/png;base64,{TEXT} !", f"data:image/png;base64,{TEXT}ü",
     f"data:image/png;base64,{TEXT[:40]}-_{TEXT[42:]}", TEXT],
)  # fmt: skip
def test_broken_ones_are_refused(uri: str, target: Path) -> None:
    with pytest.raises(BadInput):
        write_base64(uri, target)


@pytest.mark.parametrize("prefix", [b"", b"data:image/*;binary,", b"data:image/jpeg;binary,"])
def test_the_prefix_of_old_clients_is_cut_off(prefix: bytes, target: Path) -> None:
    target.write_bytes(prefix + DATA)
    cut_prefix(target)
    assert target.read_bytes() == DATA and list(target.parent.iterdir()) == [target]


def check(path: Path, data: bytes, most: int = 10**8, pixels: int = 10**8) -> None:
    path.write_bytes(data)
    check_picture(path, most, pixels)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"])
def test_whole_pictures_pass_and_cut_ones_do_not(kind: str, target: Path) -> None:
    data = encoded(picture((10, 200, 30), (300, 200)), kind)
    check(target, data)
    with pytest.raises(UnreadableImage):
        check(target, data[: len(data) // 2])


@pytest.mark.parametrize(
    "data", [b"", b"no picture", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff" + b"x" * 100, TEXT.encode()]
)
def test_what_is_no_picture_is_refused(data: bytes, target: Path) -> None:
    with pytest.raises(UnreadableImage):
        check(target, data)


def test_a_flipped_bit_in_a_png_is_noticed(target: Path) -> None:
    spoiled = bytearray(DATA)
    spoiled[len(DATA) // 2] ^= 1
    with pytest.raises(UnreadableImage):
        check(target, bytes(spoiled))


def test_bounds_of_bytes_and_pixels(target: Path) -> None:
    with pytest.raises(LimitExceeded, match="EXPLORER_MAX_IMAGE_BYTES"):
        check(target, DATA, most=len(DATA) - 1)
    with pytest.raises(LimitExceeded, match="EXPLORER_MAX_IMAGE_PIXELS"):
        check(target, DATA, pixels=40 * 30 - 1)


def test_a_bomb_is_refused_by_its_declared_size(target: Path) -> None:
    buffer = BytesIO()
    Image.new("1", (20_000, 20_000)).save(buffer, "PNG")
    with pytest.raises(LimitExceeded):
        check(target, buffer.getvalue())


@pytest.mark.parametrize("case", COSTLY)
def test_what_would_take_too_much_is_refused_before_it_waits(case: str, target: Path) -> None:
    data, reason = COSTLY[case]
    with pytest.raises(UnreadableImage, match=reason):
        check(target, data)
