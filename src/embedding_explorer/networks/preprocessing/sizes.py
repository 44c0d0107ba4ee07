"""How large an image becomes (networks contract, 11.3), in whole numbers: no division is rounded but the last."""

from typing import NamedTuple

from embedding_explorer.networks.preprocessing.fields import ImageInput

Size = tuple[int, int]


class Geometry(NamedTuple):
    """Sizes and places in pixels, width or left first.

    Attributes:
        resized: the size that the whole image is scaled to.
        offset: left and top of what is kept of that (CROP), or of where it is laid on white (FILL); else zeros.
        output: the size of the result.
    """

    resized: Size
    offset: Size
    output: Size


def geometry(spec: ImageInput, width: int, height: int) -> Geometry:
    """How an image of `width` x `height` pixels becomes the input `spec`."""
    if spec.resize_type == "SQUASH":
        return Geometry(spec.target, (0, 0), spec.target)
    if spec.resize_type == "CROP":
        return _crop((width, height), spec.target)
    fitted = _fit((width, height), spec.target)
    if spec.resize_type == "NETWORK":
        return Geometry(fitted, (0, 0), fitted)
    return Geometry(fitted, _halves(spec.target, fitted), spec.target)


def _crop(image: Size, target: Size) -> Geometry:
    width, height = _scaled(image, target, larger=True)
    resized = max(target[0], width), max(target[1], height)
    return Geometry(resized, _halves(resized, target), target)


def _fit(image: Size, target: Size) -> Size:
    # For the square N x N, min(N/w, N/h) is N / max(w, h): NETWORK's rule for `N` is the same.
    width, height = _scaled(image, target, larger=False)
    return max(1, min(target[0], width)), max(1, min(target[1], height))


def _scaled(image: Size, target: Size, *, larger: bool) -> Size:
    """The image scaled by the larger or smaller of the two ratios target / image."""
    (w, h), (to_w, to_h) = image, target
    above, below = (to_w, w) if (to_w * h > to_h * w) == larger else (to_h, h)
    return _divided(w * above, below), _divided(h * above, below)


def _divided(a: int, b: int) -> int:
    """a / b to the nearest whole number, halves up."""
    return (2 * a + b) // (2 * b)


def _halves(larger: Size, smaller: Size) -> Size:
    return (larger[0] - smaller[0]) // 2, (larger[1] - smaller[1]) // 2
