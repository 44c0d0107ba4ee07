"""The architecture of the embedded network: a ResNet-18 of width 32 for 32-pixel pictures."""

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

WIDTHS = (32, 64, 128, 256)
FEATURES = WIDTHS[-1]


class Block(nn.Module):
    """Two 3x3 convolutions around a shortcut, the "basic block" of He et al. 2016 (arXiv:1512.03385)."""

    def __init__(self, width_in: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width_in, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.shortcut = nn.Sequential()
        if stride != 1 or width_in != width:
            self.shortcut = nn.Sequential(nn.Conv2d(width_in, width, 1, stride, bias=False), nn.BatchNorm2d(width))

    def forward(self, x: Tensor) -> Tensor:
        """(B, width_in, H, W) to (B, width, H / stride, W / stride)."""
        y = relu(self.bn1(self.conv1(x)))
        return relu(self.bn2(self.conv2(y)) + self.shortcut(x))


class SmallResNet(nn.Module):
    """ResNet-18 with a 3x3 stem and no pooling before the blocks, so that 32 pixels are enough.

    `forward` gives the logits (B, classes); `features` gives what lies before them, (B, 256).
    """

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, WIDTHS[0], 3, 1, 1, bias=False), nn.BatchNorm2d(WIDTHS[0]), nn.ReLU())
        blocks: list[nn.Module] = []
        width_in = WIDTHS[0]
        for width in WIDTHS:
            blocks += [Block(width_in, width, 1 if width == WIDTHS[0] else 2), Block(width, width, 1)]
            width_in = width
        self.blocks = nn.Sequential(*blocks)
        self.fc = nn.Linear(FEATURES, classes)

    def features(self, x: Tensor) -> Tensor:
        """(B, 3, H, W) float to the mean over the last feature map, (B, 256)."""
        pooled: Tensor = torch.mean(self.blocks(self.stem(x)), dim=(2, 3))
        return pooled

    def forward(self, x: Tensor) -> Tensor:
        """(B, 3, H, W) float to logits (B, classes)."""
        logits: Tensor = self.fc(self.features(x))
        return logits
