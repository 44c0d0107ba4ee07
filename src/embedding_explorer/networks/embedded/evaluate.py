"""Print how well the embedded network's features serve: the figures of MODEL_CARD.md.

    python -m embedding_explorer.networks.embedded.evaluate [--weights FILE] [--cifar cifar10.zip]

With the archive: accuracy on CIFAR-10's test pictures. Then the accuracy of 20 nearest neighbours by cosine, leave one
out, for the layer that serves by default and for the last one, with trained and with random weights (mean of five
seeds), and for the raw pixels: on the digits of scikit-learn, which the network never saw, and on every fifth of
CIFAR-10's test pictures.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from embedding_explorer.networks.base import Pooling
from embedding_explorer.networks.conversion import MAX_DIMENSION
from embedding_explorer.networks.definitions import define
from embedding_explorer.networks.embedded.architecture import SmallResNet
from embedding_explorer.networks.embedded.preprocessing import SIZE
from embedding_explorer.networks.embedded.train import BATCH, accuracy, load, normalise
from embedding_explorer.networks.layers import load_module, tap

NEIGHBOURS = 20
DEFAULT = (define("embedded").layer, define("embedded").pooling)
LAST: tuple[str, Pooling] = ("blocks.7", "avg")
SEEDS = range(5)


def digits() -> tuple[Tensor, NDArray[np.int64]]:
    """scikit-learn's 1797 handwritten digits: pictures (N, 3, 32, 32) uint8, scaled up from 8 pixels, and labels."""
    from sklearn.datasets import load_digits

    data = load_digits()
    pictures = [Image.fromarray((image * 255 / 16).round().astype(np.uint8)) for image in data.images]
    scaled = [np.asarray(p.resize((SIZE, SIZE), Image.Resampling.BICUBIC).convert("RGB")) for p in pictures]
    return torch.from_numpy(np.stack(scaled)).permute(0, 3, 1, 2).contiguous(), data.target


@torch.inference_mode()
def features(
    model: nn.Module, pictures: Tensor, layer: str = DEFAULT[0], pooling: Pooling = DEFAULT[1]
) -> NDArray[np.float32]:
    """(N, D) of pictures (N, 3, 32, 32) uint8."""
    tapped, _ = tap(model, layer, pooling, size=SIZE, max_dimension=MAX_DIMENSION)
    parts = [tapped(normalise(pictures[i : i + BATCH])) for i in range(0, len(pictures), BATCH)]
    return torch.cat(parts).numpy()


def neighbour_accuracy(rows: NDArray[np.float32], labels: NDArray[np.int64], count: int = NEIGHBOURS) -> float:
    """Share of rows (N, D) whose `count` nearest other rows, by cosine, have its label in plurality."""
    units = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    similarity = units @ units.T
    np.fill_diagonal(similarity, -np.inf)
    nearest = np.argpartition(-similarity, count, axis=1)[:, :count]
    votes = [np.bincount(row, minlength=labels.max() + 1).argmax() for row in labels[nearest]]
    return float((np.array(votes) == labels).mean())


def random_model(seed: int) -> SmallResNet:
    """The same architecture, untrained."""
    torch.manual_seed(seed)
    return SmallResNet().eval()


def report(model: nn.Module, name: str, pictures: Tensor, labels: NDArray[np.int64]) -> None:
    """Print the neighbour accuracies on one set of pictures."""
    print(f"{NEIGHBOURS} nearest neighbours on {name} ({len(labels)} pictures):")
    for layer, pooling in (DEFAULT, LAST):
        trained = neighbour_accuracy(features(model, pictures, layer, pooling), labels)
        scores = [neighbour_accuracy(features(random_model(seed), pictures, layer, pooling), labels) for seed in SEEDS]
        spread = f"{min(scores):.4f} to {max(scores):.4f}"
        print(f"  {layer} {pooling}: trained {trained:.4f}, random {np.mean(scores):.4f} ({spread})")
    print(f"  raw pixels: {neighbour_accuracy(pictures.flatten(1).numpy().astype(np.float32), labels):.4f}")


def main() -> None:
    """Command line of the evaluation."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, default=Path(__file__).parent / "embedded.safetensors")
    parser.add_argument("--cifar", type=Path)
    arguments = parser.parse_args()
    model = load_module(define("embedded"), arguments.weights)
    report(model, "the digits", *digits())
    if arguments.cifar:
        pictures, labels = load(arguments.cifar, "test")
        report(model, "every fifth of CIFAR-10's test pictures", pictures[::5], labels[::5].numpy())
        print(f"CIFAR-10 test accuracy: {accuracy(model, pictures, labels):.4f}")


if __name__ == "__main__":
    main()
