"""What a network is, before it is built: a list of layers, or the name of a standard network."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from embedding_explorer.errors import BadInput

INPUT = "data"
LOSSES = ("cross_entropy", "mse", "l1", "smooth_l1")
INITS = ("default", "zeros", "xavier", "kaiming", "normal")
DEFAULT_BATCH = 16
CLASSES = "classes"  # stands for the number of labels

Shape = tuple[int, ...]
"""Channels, height, width; or features alone after a layer that flattens. Without the batch axis."""


@dataclass(frozen=True)
class LayerSpec:
    """One entry of a layer list; `inputs` are names of earlier layers, or `INPUT`."""

    type: str
    name: str
    inputs: tuple[str, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    init: str = "default"

    def to_json(self) -> dict[str, Any]:
        """The entry as it is written in a layer list."""
        inputs, init = list(self.inputs), {} if self.init == "default" else {"init": self.init}
        return {"type": self.type, "name": self.name, "inputs": inputs} | dict(self.parameters) | init


@dataclass(frozen=True)
class Definition:
    """A network.

    Attributes:
        name: free text.
        standard: id of a standard network; then there are no layers.
        layers: what is computed, in order; the last one gives the output.
        loss: of `LOSSES`; None for cross entropy of classifications and the mean square of generic ones.
        output: what inference calls the result.
        crop_size, batch_size, val_batch_size: used where a form leaves them blank.
        mirror: whether training pictures are turned left to right with probability ½ whatever a form says.
        input_scale: what pixels, 0 to 255 less the mean, are multiplied with before they are fed.
        classes: size of the last layer, once it is known.
        input_shape: channels, height and width of what is fed, after the crop, once they are known.
    """

    name: str = ""
    standard: str | None = None
    layers: tuple[LayerSpec, ...] = ()
    loss: str | None = None
    output: str = "output"
    crop_size: int | None = None
    batch_size: int = DEFAULT_BATCH
    val_batch_size: int = DEFAULT_BATCH
    mirror: bool = False
    input_scale: float = 1.0
    classes: int | None = None
    input_shape: tuple[int, int, int] | None = None

    def to_json(self) -> dict[str, Any]:
        """The text of `network.json`, as an object; `read_definition` reads it back."""
        what = {"standard": self.standard} if self.standard else {"layers": [layer.to_json() for layer in self.layers]}
        shape = list(self.input_shape) if self.input_shape else None
        known = {
            "name": self.name,
            "loss": self.loss,
            "output": self.output,
            "crop_size": self.crop_size,
            "batch_size": self.batch_size,
            "val_batch_size": self.val_batch_size,
            # Of layer lists only where it is set; of standard networks always, as most of them have one of their own.
            "mirror": self.mirror if self.mirror or self.standard else None,
            "input_scale": self.input_scale,
            "classes": self.classes,
            "input_shape": shape,
        }
        return {key: value for key, value in known.items() if value not in (None, "")} | what

    def for_data(self, input_shape: tuple[int, int, int], classes: int | None, crop: int | None) -> "Definition":
        """The same network for pictures (C, H, W), of which a square of `crop` pixels is fed.

        Raises:
            BadInput: the crop is larger than the pictures.
        """
        channels, height, width = input_shape
        if crop is None:  # a network's own crop gives way to small pictures
            crop = min(self.crop_size, height, width) if self.crop_size else None
        if crop is not None and crop > min(height, width):
            raise BadInput(f"The crop of {crop} pixels is larger than the {width}x{height} pictures; make it smaller.")
        fed = (channels, crop or height, crop or width)
        return replace(self, input_shape=fed, classes=classes, crop_size=crop)
