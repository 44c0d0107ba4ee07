"""From stored pictures to what a network is fed with, alike in training, validation and inference (contract, 5.5)."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from embedding_explorer.errors import BadInput
from embedding_explorer.training.models import augmenting
from embedding_explorer.training.options import Augmentation
from embedding_explorer.training.source import Source

_SUM_BATCH = 256
_MIRRORED = {"none": "fliplr", "fliplr": "fliplr", "flipud": "fliplrud", "fliplrud": "fliplrud"}


def mean_of(source: Source) -> NDArray[np.uint8]:
    """The mean of all pictures per pixel, rounded to 8 bit: uint8 (H, W, C). The sums are exact integers."""
    channels, height, width = source.shape
    total = np.zeros((height, width, channels), np.int64)
    for start in range(0, len(source), _SUM_BATCH):
        pixels, _ = source.batch(np.arange(start, min(start + _SUM_BATCH, len(source))))
        total += pixels.sum(0, dtype=np.int64)
    count = max(1, len(source))
    return ((2 * total + count) // (2 * count)).astype(np.uint8)


@dataclass
class Feed:
    """How pictures become inputs.

    Attributes:
        mean: float32 (1, C, H, W), or (1, C, 1, 1) for the mean of each channel; None subtracts nothing.
        crop: side of the square that is fed; None feeds all.
        scale: what the result is multiplied with.
        augmentation: random changes; its whitening is done at inference as well.
        mirror: whether the network itself has its training pictures turned left to right by chance.
    """

    mean: Tensor | None = None
    crop: int | None = None
    scale: float = 1.0
    augmentation: Augmentation = Augmentation()  # noqa: RUF009 - it is frozen
    mirror: bool = False

    @property
    def flip(self) -> str:
        """Of `FLIPS`: what the form wants, and the network; never the same twice."""
        return _MIRRORED[self.augmentation.flip] if self.mirror else self.augmentation.flip

    def training(self, pixels: Tensor, g: Generator) -> Tensor:
        """uint8 (B, H, W, C) to changed float32 (B, C, h, w); `g` is on the device of the pixels."""
        change = self.augmentation
        x = _own(pixels)
        if change.hsv and any(change.hsv):
            x = augmenting.shift_colours(x, change.hsv, g)
        if change.contrast:
            x = augmenting.contrast(x, change.contrast, g)
        if change.noise:
            x = augmenting.noise(x, change.noise, g)
        x = self._centred(x)
        if self.flip != "none":
            x = augmenting.flip(x, self.flip, g)
        if change.turn != "none":
            x = augmenting.turn(x, change.turn, g)
        if change.rotation or change.scale:
            x = augmenting.rotate_and_zoom(x, change.rotation, change.scale, g)
        return self._scaled(augmenting.random_crop(x, self.crop, g) if self.crop else x)

    def plain(self, pixels: Tensor) -> Tensor:
        """uint8 (B, H, W, C) to float32 (B, C, h, w), without chance."""
        x = self._centred(_own(pixels))
        return self._scaled(augmenting.centre_crop(x, self.crop) if self.crop else x)

    def to(self, device: torch.device) -> "Feed":
        """The same on another device."""
        return replace(self, mean=self.mean.to(device) if self.mean is not None else None)

    def check(self, shape: tuple[int, int, int]) -> None:
        """Raise BadInput for changes that pictures (C, H, W) cannot have."""
        channels, height, width = shape
        if self.augmentation.hsv and channels != 3:
            raise BadInput("Hue, saturation and value need pictures of three channels; turn aug_hsv_use off.")
        if self.augmentation.turn in ("rot90", "rotall") and height != width:
            raise BadInput(f"Pictures of {width}x{height} cannot be turned by 90 degrees; use aug_quad_rot=rot180.")

    def _centred(self, x: Tensor) -> Tensor:
        if self.mean is not None:
            mean = self.mean
            if mean.shape[2:] not in ((1, 1), x.shape[2:]):  # pictures of another size, fed with `dont_resize`
                mean = mean.mean((2, 3), keepdim=True)
            x.sub_(mean)
        return augmenting.whiten(x) if self.augmentation.whitening else x

    def _scaled(self, x: Tensor) -> Tensor:
        return x if self.scale == 1 else x.mul_(self.scale)


def _own(pixels: Tensor) -> Tensor:
    """(B, H, W, C) as float32 (B, C, H, W), always a copy, so that what follows may work in place."""
    return pixels.to(torch.float32, copy=True).permute(0, 3, 1, 2)


def mean_tensor(kind: str, mean: NDArray[np.uint8] | None) -> Tensor | None:
    """What is subtracted for `kind` of `MEANS`, given the mean image uint8 (H, W, C)."""
    if kind == "none" or mean is None:
        return None
    image = torch.from_numpy(np.array(mean, np.float32)).permute(2, 0, 1)[None]
    return image if kind == "image" else image.mean((2, 3), keepdim=True)
