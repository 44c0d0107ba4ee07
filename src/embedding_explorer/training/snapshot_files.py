"""Names of the files that a training keeps in its folder. No torch."""

import re
from pathlib import Path

from embedding_explorer.training.figures import whole

RESUME = "resume.pt"
# Files of weights to start from.
WEIGHTS = (".safetensors", ".pt", ".pth")
_NAME = re.compile(r"snapshot_epoch_(\d{1,12}(?:\.\d{1,6})?)\.safetensors")


def snapshot_name(epoch: float) -> str:
    """File name of the snapshot of an epoch, such as `snapshot_epoch_1.5.safetensors`."""
    return f"snapshot_epoch_{whole(epoch)}.safetensors"


def list_snapshots(folder: Path) -> dict[float, Path]:
    """Epoch → file of every snapshot in a folder, ascending."""
    found = {float(m.group(1)): path for path in folder.iterdir() if (m := _NAME.fullmatch(path.name))}
    return dict(sorted(found.items()))
