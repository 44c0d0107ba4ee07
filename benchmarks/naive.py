"""The straightforward version of the work, to compare with: what one would write first."""

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def map_of(archive: Path, model: Any) -> dict[str, Any]:
    """A tilemap and both reductions of a ZIP: decode twice, plain float32 forward, scikit-learn and umap-learn."""
    with zipfile.ZipFile(archive) as source:
        data = [source.read(name) for name in sorted(source.namelist())]
    tilemap = draw([thumbnail(picture) for picture in data])
    features = np.concatenate([forward(model, data[i : i + 32]) for i in range(0, len(data), 32)])
    return {"tilemap": tilemap, "pca": pca(features).tolist(), "umap": umap(features).tolist()}


def thumbnail(data: bytes) -> Image.Image:
    """A full decode for the tile."""
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    picture.thumbnail((48, 48))
    return picture


def draw(tiles: list[Image.Image]) -> bytes:
    """The tilemap as JPEG."""
    sheet = Image.new("RGB", (500, -(-len(tiles) // 10) * 50), "white")
    for i, tile in enumerate(tiles):
        left, top = i % 10 * 50, i // 10 * 50
        sheet.paste(tile, (left + (50 - tile.width) // 2, top + (50 - tile.height) // 2))
    target = io.BytesIO()
    sheet.save(target, "JPEG")
    return target.getvalue()


def resnet50() -> Any:
    """torchvision's ResNet-50 without its classifier; random weights, for the arithmetic is the same."""
    import torch
    from torchvision.models import resnet50 as build

    model = build(weights=None).eval()
    model.fc = torch.nn.Identity()
    return model


def forward(model: Any, batch: list[bytes]) -> NDArray[np.float32]:
    """A full decode for the network, torchvision's transforms, a plain forward pass."""
    import torch
    from torchvision import transforms

    prepare = transforms.Compose(
        [
            transforms.Resize(256),
            transforms.CenterCrop(224),
            transforms.ToTensor(),
            transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
        ]
    )
    with torch.no_grad():
        pixels = torch.stack([prepare(Image.open(io.BytesIO(data)).convert("RGB")) for data in batch])
        features: NDArray[np.float32] = model(pixels).numpy()
    return features


def pca(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """scikit-learn's PCA."""
    from sklearn.decomposition import PCA

    points: NDArray[np.float32] = PCA(3).fit_transform(features)
    return points


def umap(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """umap-learn's UMAP."""
    from umap import UMAP

    points: NDArray[np.float32] = UMAP(n_components=3, random_state=42, n_jobs=1).fit_transform(features)
    return points


def application() -> Any:
    """A WSGI application that answers coordinates the naive way: slice, `tolist`, `jsonify`."""
    import os

    from flask import Flask, jsonify

    app = Flask("naive")
    points = np.load(os.environ["NAIVE_POINTS"])

    @app.get("/pca/<int:start>/<int:end>/standalone")
    def pca_slice(start: int, end: int) -> Any:
        chosen = points[start * 1000 : (end + 1) * 1000]
        ids = [f"{i:03d}" for i in range(start, end + 1)]
        return jsonify({"features": chosen.tolist(), "tilemap_ids": ids, "total": len(chosen)})

    return app
