"""Training as one would write it with torchvision: ImageFolder, transforms, a DataLoader with workers, SGD."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import transforms
from torchvision.datasets import ImageFolder

Precision = Callable[[], AbstractContextManager[Any]]


def loader(folder: Path, side: int, channels: int, batch: int, workers: int) -> DataLoader[Any]:
    """Batches of pictures in folders by class, cropped by chance and scaled."""
    steps = [
        *([transforms.Grayscale()] if channels == 1 else []),
        transforms.RandomCrop(side),
        transforms.RandomHorizontalFlip(),
        transforms.ToTensor(),
        transforms.Normalize([0.5] * channels, [0.5] * channels),
    ]
    return DataLoader(
        ImageFolder(str(folder), transforms.Compose(steps)), batch, shuffle=True, num_workers=workers,
        persistent_workers=True, prefetch_factor=4,
    )  # fmt: skip


def train(network: nn.Module, batches: DataLoader[Any], precision: Precision) -> None:
    """One epoch on the CPU."""
    network = network.to(memory_format=torch.channels_last).train()  # type: ignore[call-overload]
    solver = torch.optim.SGD(network.parameters(), 0.01, momentum=0.9, weight_decay=1e-4)
    for pixels, labels in batches:
        solver.zero_grad()
        with precision():
            outputs = network(pixels.to(memory_format=torch.channels_last))
        loss = nn.functional.cross_entropy(outputs.float(), labels)
        loss.backward()
        solver.step()
