"""What a network wants its images to be, as the networks API describes it (networks contract, section 11)."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

DimensionOrder = Literal["NCHW", "NCWH", "NHWC", "NWHC"]
ResizeType = Literal["SQUASH", "CROP", "FILL", "NETWORK"]
ColorChannels = Literal["RGB", "BGR", "L"]
DataType = Literal["FLOAT32", "FLOAT16", "FLOAT64", "UINT8"]

DIMENSION_ORDERS: tuple[DimensionOrder, ...] = get_args(DimensionOrder)
RESIZE_TYPES: tuple[ResizeType, ...] = get_args(ResizeType)
COLOR_CHANNELS: tuple[ColorChannels, ...] = get_args(ColorChannels)
DATA_TYPES: tuple[DataType, ...] = get_args(DataType)

MAX_INPUTS = 16
MAX_SIDE = 8192


@dataclass(frozen=True)
class ImageInput:
    """One input of a network and how an image becomes it.

    Attributes:
        tensor_name: what the network calls it.
        target_size: "WxH" or "N", in pixels.
        pixel_scaling: what white becomes; black becomes 0.
        mean_file: stored name of the file whose values are subtracted after scaling.
        std_file: stored name of the file whose values divide after that.
    """

    tensor_name: str
    dimension_order: DimensionOrder
    resize_type: ResizeType
    target_size: str
    color_channels: ColorChannels
    pixel_scaling: float = 255.0
    mean_file: str | None = None
    data_type: DataType = "FLOAT32"
    std_file: str | None = None

    @property
    def target(self) -> tuple[int, int]:
        """Target width and height; `N` is the square N x N."""
        width, _, height = self.target_size.partition("x")
        return int(width), int(height or width)

    @property
    def channels(self) -> int:
        """Number of channels, 3 or 1."""
        return 1 if self.color_channels == "L" else 3

    @property
    def axes(self) -> str:
        """The order of the axes without the batch's, such as "CHW"."""
        return self.dimension_order[1:]

    @property
    def sides(self) -> dict[str, int | None]:
        """Length of each axis, by its letter; None for one that varies from image to image."""
        width, height = self.target if self.resize_type != "NETWORK" else (None, None)
        return {"C": self.channels, "W": width, "H": height}

    @property
    def fixed_shape(self) -> tuple[int | None, ...]:
        """Shape of the input without the batch axis; None for axes that vary."""
        return tuple(self.sides[axis] for axis in self.axes)

    def to_json(self) -> dict[str, Any]:
        """One entry of `inputs`."""
        image = {
            "dimension_order": self.dimension_order,
            "resize_type": self.resize_type,
            "target_size": self.target_size,
            "color_channels": self.color_channels,
            "pixel_scaling": self.pixel_scaling,
            "mean_file": self.mean_file,
            "data_type": self.data_type,
            "std_file": self.std_file,
        }
        return {"tensor_name": self.tensor_name, "image": image}


@dataclass(frozen=True)
class Preprocessing:
    """All inputs of a network, in the order in which images are given.

    `batched_output` means that the first axis of the outputs is not the batch, so that every image needs its own pass.
    """

    inputs: tuple[ImageInput, ...]
    batched_output: bool = True

    @property
    def may_batch(self) -> bool:
        """Whether several images may share a forward pass: all of one size, and the outputs' first axis the batch."""
        return not self.batched_output and all(each.resize_type != "NETWORK" for each in self.inputs)

    def to_json(self) -> dict[str, Any]:
        """The object as answers show it: JSON types, defaults filled in."""
        return {"inputs": [each.to_json() for each in self.inputs], "batched_output": self.batched_output}
