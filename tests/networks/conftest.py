"""A data folder with an embedded network of random weights, converted once for all tests."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from embedding_explorer.networks.base import Extractor, Features, Pixels
from embedding_explorer.networks.registry import open_network
from tests.conftest import shared_data


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose embedded network has seeded random weights and statistics, and is converted."""
    import torch

    from embedding_explorer.networks.embedded.architecture import SmallResNet
    from embedding_explorer.networks.embedded.train import export

    folder = tmp_path_factory.mktemp("data")
    (folder / "models").mkdir()
    torch.manual_seed(1)
    model = SmallResNet().train()
    with torch.no_grad():
        for _ in range(8):
            model(torch.randn(32, 3, 32, 32))
    export(model, folder / "models" / "embedded.safetensors", {})
    (folder / "home").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(folder / "home"))
        open_network("embedded", device="cpu", data=folder).close()
    return folder


@pytest.fixture(scope="session")
def network(data: Path) -> Iterator[Extractor]:
    """The embedded network in float32."""
    opened = open_network("embedded", precision="float32", device="cpu", data=data)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def small_pictures() -> Pixels:
    """Twelve pictures (12, 32, 32, 3), smooth and noisy ones."""
    return pictures(12, 32)


@pytest.fixture(scope="session")
def photos() -> Pixels:
    """Sixteen real photos (16, 224, 224, 3)."""
    with zipfile.ZipFile(shared_data("photos-1000.zip")) as source:
        names = sorted(n for n in source.namelist() if n.lower().endswith((".jpg", ".jpeg", ".png")))[:800:50]
        opened = [Image.open(io.BytesIO(source.read(n))).convert("RGB") for n in names]
    return np.stack([np.asarray(p.resize((224, 224), Image.Resampling.BILINEAR)) for p in opened])


def pictures(count: int, size: int, seed: int = 0) -> Pixels:
    """Random pictures (count, size, size, 3), each of its own colour and roughness."""
    rng = np.random.default_rng(seed)
    colour, rough = rng.uniform(40, 215, (count, 1, 1, 3)), rng.uniform(2, 60, (count, 1, 1, 1))
    return np.clip(colour + rough * rng.standard_normal((count, size, size, 3)), 0, 255).astype(np.uint8)


def compute(extractor: Extractor, pixels: Pixels, batch: int = 8) -> Features:
    """Features (N, D) of pictures (N, S, S, 3)."""
    return np.concatenate(list(extractor.features(pixels[i : i + batch] for i in range(0, len(pixels), batch))))


def cosines(a: Features, b: Features) -> Features:
    """Row by row cosine of two arrays (N, D)."""
    result: Features = (a * b).sum(1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))
    return result
