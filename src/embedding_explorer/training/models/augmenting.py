"""Random changes of batches of training pictures (contract, 5.5): float (B, C, H, W), pixels from 0 to 255.

Every function draws from the generator it is given, on the pictures' device, one value per picture.
"""

import math

import torch
from torch import Generator, Tensor
from torch.nn import functional

WHITE = 255.0
LEAST_ZOOM = 0.1


def _uniform(count: int, like: Tensor, g: Generator) -> Tensor:
    return torch.rand(count, generator=g, device=like.device)


def _normal(count: int, like: Tensor, g: Generator) -> Tensor:
    return torch.randn(count, generator=g, device=like.device)


def contrast(x: Tensor, most: float, g: Generator) -> Tensor:
    """(x - mean)·f + mean per channel, f uniform in 1 ± `most`."""
    mean = x.mean((2, 3), keepdim=True)
    factor = 1 + most * (2 * _uniform(len(x), x, g) - 1)
    return (x - mean) * factor.view(-1, 1, 1, 1) + mean


def shift_colours(x: Tensor, deviations: tuple[float, float, float], g: Generator) -> Tensor:
    """Normal shifts of hue, saturation and value of RGB pictures; hue goes round, the others stay within 0 to 1."""
    hue, saturation, value = _to_hsv((x / WHITE).clamp(0, 1))
    shifts = [d * _normal(len(x), x, g).view(-1, 1, 1) for d in deviations]
    hue = (hue + shifts[0]) % 1.0
    return _to_rgb(hue, (saturation + shifts[1]).clamp(0, 1), (value + shifts[2]).clamp(0, 1)) * WHITE


def _to_hsv(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """RGB (B, 3, H, W) to hue, saturation, value (B, H, W), all from 0 to 1 (Smith 1978, the hexcone model)."""
    red, green, blue = x.unbind(1)
    value, least = x.amax(1), x.amin(1)
    chroma = value - least
    safe = chroma.clamp_min(1e-12)
    hue = torch.where(
        value == red,
        (green - blue) / safe % 6,
        torch.where(value == green, (blue - red) / safe + 2, (red - green) / safe + 4),
    )
    return torch.where(chroma > 0, hue / 6, 0.0), chroma / value.clamp_min(1e-12), value


def _to_rgb(hue: Tensor, saturation: Tensor, value: Tensor) -> Tensor:
    """The way back: each channel is v - v·s·max(0, min(k, 4 - k, 1)), k = (n + 6h) mod 6, n = 5, 3, 1."""
    channels = []
    for n in (5, 3, 1):
        k = (n + 6 * hue) % 6
        channels.append(value - value * saturation * torch.minimum(k, 4 - k).clamp(0, 1))
    return torch.stack(channels, 1)


def noise(x: Tensor, deviation: float, g: Generator) -> Tensor:
    """Gaussian noise; its deviation is for pixels from 0 to 1."""
    return x + deviation * WHITE * torch.randn(x.shape, generator=g, device=x.device)


def whiten(x: Tensor) -> Tensor:
    """Every picture to mean 0 and deviation 1; an even one becomes zeros."""
    deviation = x.std((1, 2, 3), keepdim=True, correction=0)
    return (x - x.mean((1, 2, 3), keepdim=True)) / deviation.clamp_min(1e-6)


def flip(x: Tensor, kind: str, g: Generator) -> Tensor:
    """Every direction that `kind` names, `fliplr`, `flipud` or `fliplrud`, with probability ½."""
    for name, axis in (("lr", 3), ("ud", 2)):
        if name in kind.removeprefix("flip"):
            chosen = _uniform(len(x), x, g) < 0.5
            x = torch.where(chosen.view(-1, 1, 1, 1), x.flip(axis), x)
    return x


QUARTERS = {"rot90": (0, 1, 3), "rot180": (0, 2), "rotall": (0, 1, 2, 3)}


def turn(x: Tensor, kind: str, g: Generator) -> Tensor:
    """A random turn out of {0, 90, 270}, {0, 180} or all four; needs squares but for `rot180`."""
    quarters = QUARTERS[kind]
    chosen = (_uniform(len(x), x, g) * len(quarters)).long().clamp(max=len(quarters) - 1).view(-1, 1, 1, 1)
    turned = x
    for position, count in enumerate(quarters):
        if count:
            turned = torch.where(chosen == position, x.rot90(count, (2, 3)), turned)
    return turned


def rotate_and_zoom(x: Tensor, degrees: float, deviation: float, g: Generator) -> Tensor:
    """A uniform angle in ± `degrees` and a zoom of 1 with that `deviation`; size kept, zeros where nothing is."""
    count, _, height, width = x.shape
    angle = math.radians(degrees) * (2 * _uniform(count, x, g) - 1)
    zoom = (1 + deviation * _normal(count, x, g)).clamp_min(LEAST_ZOOM)
    cosine, sine, zero = angle.cos() / zoom, angle.sin() / zoom, torch.zeros_like(angle)
    # The grid runs from -1 to 1 along both sides, so turning pictures that are no squares takes their ratio.
    rows = [cosine, -sine * height / width, zero, sine * width / height, cosine, zero]
    grid = functional.affine_grid(torch.stack(rows, 1).view(-1, 2, 3), list(x.shape), align_corners=False)
    return functional.grid_sample(x, grid, align_corners=False)


def random_crop(x: Tensor, side: int, g: Generator) -> Tensor:
    """A random square of each picture, (B, C, side, side)."""
    count, _, height, width = x.shape
    if height == width == side:
        return x
    top = (_uniform(count, x, g) * (height - side + 1)).long().clamp(max=height - side)
    left = (_uniform(count, x, g) * (width - side + 1)).long().clamp(max=width - side)
    if x.device.type == "cpu":  # copying rows is several times faster there than picking pixels
        pieces = x.new_empty(count, side, side, x.shape[1])
        for piece, picture, at, over in zip(pieces, x.permute(0, 2, 3, 1), top.tolist(), left.tolist(), strict=True):
            piece.copy_(picture[at : at + side, over : over + side])
        return pieces.permute(0, 3, 1, 2)
    steps = torch.arange(side, device=x.device)
    rows, columns = (top[:, None] + steps)[:, :, None], (left[:, None] + steps)[:, None, :]
    pictures = torch.arange(count, device=x.device)[:, None, None]
    return x.permute(0, 2, 3, 1)[pictures, rows, columns].permute(0, 3, 1, 2)


def centre_crop(x: Tensor, side: int) -> Tensor:
    """The square in the middle."""
    top, left = (x.shape[2] - side) // 2, (x.shape[3] - side) // 2
    return x[:, :, top : top + side, left : left + side]
