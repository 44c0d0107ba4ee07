"""The standard networks (contract, 11.2). LeNet is a layer list; the others are torchvision's."""

from dataclasses import dataclass

from embedding_explorer.training.definitions.definition import Definition
from embedding_explorer.training.definitions.entries import read_layers

BYTE = 1 / 255
_LENET = {
    "name": "LeNet",
    "batch_size": 64,
    "val_batch_size": 32,
    "layers": [
        {"type": "scale", "name": "scaled", "factor": 0.0125},
        {"type": "conv2d", "name": "conv1", "out_channels": 20, "kernel_size": 5, "init": "xavier"},
        {"type": "max_pool2d", "name": "pool1", "kernel_size": 2},
        {"type": "conv2d", "name": "conv2", "out_channels": 50, "kernel_size": 5, "init": "xavier"},
        {"type": "max_pool2d", "name": "pool2", "kernel_size": 2},
        {"type": "linear", "name": "ip1", "out_features": 500, "init": "xavier"},
        {"type": "relu", "name": "relu1"},
        {"type": "linear", "name": "ip2", "init": "xavier"},
    ],
}
# Less than these sides, pooling leaves nothing (found by trying).
_LEAST = {"alexnet": 63, "googlenet": 15, "vgg16": 32, "vgg19": 32, "squeezenet1_0": 21, "squeezenet1_1": 17}


@dataclass(frozen=True)
class Standard:
    """A network that forms may name.

    Attributes:
        id: what forms call it; torchvision's name of it but for LeNet and where `architecture` is set.
        intended: pictures that it was made for, for people.
        batch_size, val_batch_size, crop_size: what it takes where forms say nothing.
        mirror: whether training pictures are turned left to right by chance, which digits would not survive.
        least: the smallest side of a picture, in pixels, that leaves something to classify.
        architecture: torchvision's name of a residual network that begins as those for 32-pixel pictures do, with a
            convolution of 3x3 and no pooling (He et al. 2016, arXiv 1512.03385, section 4.2).
    """

    id: str
    name: str
    intended: str = "256x256"
    batch_size: int = 32
    val_batch_size: int = 16
    crop_size: int | None = 224
    mirror: bool = True
    least: int = 1
    architecture: str | None = None

    def definition(self) -> Definition:
        """The network, for any pictures."""
        if self.id == "lenet":
            return read_layers(_LENET, classification=True)
        return Definition(
            self.name, self.id, crop_size=self.crop_size, mirror=self.mirror, input_scale=BYTE,
            batch_size=self.batch_size, val_batch_size=self.val_batch_size,
        )  # fmt: skip


_TABLE = (
    Standard("lenet", "LeNet", "28x28 (gray)", 64, 32, None, False, 16),
    Standard("alexnet", "AlexNet", batch_size=128, val_batch_size=32, crop_size=227, least=_LEAST["alexnet"]),
    Standard("googlenet", "GoogLeNet", least=_LEAST["googlenet"]),
    Standard("resnet18", "ResNet-18"),
    Standard("resnet18_small", "ResNet-18 for small images", "32x32", 64, 64, None, architecture="resnet18"),
    Standard("resnet34", "ResNet-34"),
    Standard("resnet50", "ResNet-50"),
    Standard("vgg16", "VGG-16", least=_LEAST["vgg16"]),
    Standard("vgg19", "VGG-19", least=_LEAST["vgg19"]),
    Standard("squeezenet1_1", "SqueezeNet 1.1", least=_LEAST["squeezenet1_1"]),
    Standard("mobilenet_v3_small", "MobileNet V3 small"),
)
STANDARD: dict[str, Standard] = {each.id: each for each in _TABLE}
