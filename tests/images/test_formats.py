import pytest

from embedding_explorer.images.formats import HEAD, has_image_extension, sniff
from tests.images.pictures import BLUE, RED, halves, saved


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_a_format_is_recognised_by_its_first_bytes(kind: str) -> None:
    assert sniff(saved(halves("RGB", RED, BLUE), kind)[:HEAD]) == kind


def test_big_tiff_is_recognised() -> None:
    assert sniff(saved(halves("RGB", RED, BLUE), "TIFF", big_tiff=True)[:HEAD]) == "TIFF"


@pytest.mark.parametrize("head", [b"", b"BMW drivers are people too.", b"RIFF....WAVEfmt ", b"GIF90a", b"\x89PNG"])
def test_what_only_looks_like_an_image_is_none(head: bytes) -> None:
    assert sniff(head) is None


@pytest.mark.parametrize(
    ("name", "image"), [("a.JPEG", True), ("b/c.tif", True), ("jpg", False), (".jpg", False), ("a.jpg.txt", False)]
)
def test_extensions_of_images_are_known(name: str, image: bool) -> None:
    assert has_image_extension(name) is image
