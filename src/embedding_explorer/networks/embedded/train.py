"""Train the embedded network on CIFAR-10 and write `embedded.safetensors` beside this file.

    python -m embedding_explorer.networks.embedded.train cifar10.zip [--epochs 28] [--out FILE]

The archive holds `train|test/<class>/NNNN.jpg`. About 80 s an epoch on two cores with bfloat16 (needs a C compiler
for torch.compile). Interrupted, it goes on from the last finished epoch when started again.
"""

import argparse
import io
import json
import time
import zipfile
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from embedding_explorer.networks.embedded.architecture import SmallResNet
from embedding_explorer.networks.embedded.preprocessing import MEAN, STD

BATCH, PEAK_RATE, WEIGHT_DECAY, SMOOTHING, EMA_DECAY = 256, 0.3, 5e-4, 0.1, 0.998
PAD, CUTOUT = 4, 10


def load(archive: Path, part: str) -> tuple[Tensor, Tensor]:
    """Pictures (N, 3, 32, 32) uint8 and labels (N,) int64 of `part`, "train" or "test"."""
    with zipfile.ZipFile(archive) as source:
        names = sorted(n for n in source.namelist() if n.startswith(part + "/") and n.endswith(".jpg"))
        pictures = np.stack([np.asarray(Image.open(io.BytesIO(source.read(n))).convert("RGB")) for n in names])
    classes = sorted({n.split("/")[1] for n in names})
    labels = torch.tensor([classes.index(n.split("/")[1]) for n in names])
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).contiguous(), labels


def normalise(pictures: Tensor) -> Tensor:
    """uint8 (B, 3, H, W) to float32 of zero mean and unit deviation."""
    mean, std = torch.tensor(MEAN).view(1, 3, 1, 1), torch.tensor(STD).view(1, 3, 1, 1)
    return ((pictures.float() / 255 - mean) / std).contiguous(memory_format=torch.channels_last)


def augment(pictures: Tensor) -> Tensor:
    """Random shift by up to 4 pixels (reflected border), random flip, a random 10-pixel square blanked."""
    count, _, height, width = pictures.shape
    padded = functional.pad(pictures, (PAD,) * 4, mode="reflect")
    top, left = torch.randint(0, 2 * PAD + 1, (2, count, 1))
    rows, columns = top + torch.arange(height), left + torch.arange(width)
    flip = torch.rand(count, 1) < 0.5
    columns = torch.where(flip, columns.flip(1), columns)
    shifted = padded[torch.arange(count)[:, None, None], :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
    return shifted * outside_cutout(count, height, width)


def outside_cutout(count: int, height: int, width: int) -> Tensor:
    """Mask (count, 1, H, W), false in one square of each picture (DeVries and Taylor 2017, arXiv:1708.04552)."""
    y, x = torch.randint(0, height, (count, 1)), torch.randint(0, width, (count, 1))
    rows = (torch.arange(height) - y).abs() * 2 < CUTOUT
    columns = (torch.arange(width) - x).abs() * 2 < CUTOUT
    return ~(rows[:, :, None] & columns[:, None, :])[:, None]


def batches(pictures: Tensor, labels: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """One epoch of shuffled full batches, augmented and normalised."""
    order = torch.randperm(len(labels))
    for start in range(0, len(order) - BATCH + 1, BATCH):
        chosen = order[start : start + BATCH]
        yield augment(normalise(pictures[chosen])).contiguous(memory_format=torch.channels_last), labels[chosen]


def make_optimizer(model: nn.Module) -> torch.optim.SGD:
    """SGD with Nesterov momentum; norms and biases are not decayed."""
    decayed = [p for p in model.parameters() if p.ndim > 1]
    free = [p for p in model.parameters() if p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": WEIGHT_DECAY}, {"params": free, "weight_decay": 0.0}]
    return torch.optim.SGD(groups, lr=PEAK_RATE, momentum=0.9, nesterov=True)


@torch.no_grad()
def update_average(average: nn.Module, model: nn.Module, step: int) -> None:
    """Exponential moving average of weights and statistics, with a short memory at the start."""
    decay = min(EMA_DECAY, (1 + step) / (10 + step))
    for kept, new in zip(average.state_dict().values(), model.state_dict().values(), strict=True):
        if kept.is_floating_point():
            kept.lerp_(new, 1 - decay)
        else:
            kept.copy_(new)


@torch.no_grad()
def accuracy(model: nn.Module, pictures: Tensor, labels: Tensor) -> float:
    """Share of `pictures` (uint8) that `model` labels rightly, without test-time augmentation."""
    model.eval()
    hits = 0
    for start in range(0, len(labels), BATCH):
        logits = model(normalise(pictures[start : start + BATCH]))
        hits += int((logits.argmax(1) == labels[start : start + BATCH]).sum())
    return hits / len(labels)


class Training:
    """The state of a training: what a checkpoint keeps, and one epoch as a step."""

    def __init__(self, epochs: int, steps: int) -> None:
        self.model = SmallResNet().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = deepcopy(self.model).eval()
        self.optimizer = make_optimizer(self.model)
        total = epochs * steps
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(self.optimizer, PEAK_RATE, total_steps=total, pct_start=0.2)
        self.compiled = torch.compile(self.model)
        self.epoch = self.step = 0
        self.parts = {n: getattr(self, n) for n in ("model", "average", "optimizer", "schedule")}

    def run_epoch(self, pictures: Tensor, labels: Tensor) -> float:
        """One pass over the training pictures; the mean loss."""
        self.model.train()
        losses = [self.run_step(x, y) for x, y in batches(pictures, labels)]
        self.epoch += 1
        return sum(losses) / len(losses)

    def run_step(self, x: Tensor, y: Tensor) -> float:
        """One step of SGD; the loss."""
        with torch.autocast("cpu", torch.bfloat16):
            logits = self.compiled(x)  # type: ignore[no-untyped-call]
        loss = functional.cross_entropy(logits.float(), y, label_smoothing=SMOOTHING)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        self.schedule.step()
        self.step += 1
        update_average(self.average, self.model, self.step)
        return loss.item()

    def save(self, path: Path) -> None:
        """Write a checkpoint in one step."""
        state = {"epoch": self.epoch, "step": self.step} | {n: p.state_dict() for n, p in self.parts.items()}
        torch.save(state, path.with_suffix(".part"))
        path.with_suffix(".part").replace(path)

    def load(self, path: Path) -> None:
        """Go on from the checkpoint at `path`."""
        state = torch.load(path, weights_only=True)
        self.epoch, self.step = state["epoch"], state["step"]
        for name, part in self.parts.items():
            part.load_state_dict(state[name])


def export(model: nn.Module, path: Path, figures: dict[str, object]) -> None:
    """Write the weights in float16, 5.6 MB; counters of batches are left out."""
    tensors = {n: t.half().contiguous() for n, t in model.state_dict().items() if t.is_floating_point()}
    save_file(tensors, path, metadata={"training": json.dumps(figures)})


def main() -> None:
    """Command line of the training."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path)
    parser.add_argument("--epochs", type=int, default=28)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "embedded.safetensors")
    arguments = parser.parse_args()
    torch.manual_seed(arguments.seed)
    train, test = load(arguments.archive, "train"), load(arguments.archive, "test")
    training = Training(arguments.epochs, len(train[1]) // BATCH)
    checkpoint = arguments.out.with_suffix(".checkpoint")
    if checkpoint.exists():
        training.load(checkpoint)
    while training.epoch < arguments.epochs:
        start = time.monotonic()
        loss = training.run_epoch(*train)
        training.save(checkpoint)
        score = accuracy(training.average, *test)
        print(f"epoch {training.epoch} loss {loss:.4f} test {score:.4f} {time.monotonic() - start:.0f} s", flush=True)
    score = accuracy(training.average.half().float(), *test)
    export(
        training.average,
        arguments.out,
        {"epochs": arguments.epochs, "cifar10_test_accuracy": score},
    )
    checkpoint.unlink()
    print(f"wrote {arguments.out}: {score:.4f} on the test pictures")


if __name__ == "__main__":
    main()
