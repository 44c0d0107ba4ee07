"""Requests a second for coordinates of 202 599 images, tilemaps and status, through the production server."""

import tempfile
from pathlib import Path

import numpy as np

from benchmarks.load import requests_a_second
from benchmarks.servers import explorer, naive
from benchmarks.synthetic_dataset import CELEBA, write_dataset
from benchmarks.table import Row, say
from embedding_explorer.datasets.store import DatasetStore

ALL = "/pca/0/202/standalone"
BINARY = "application/octet-stream"


def measure(photos: Path, runs: int) -> list[Row]:
    """JSON and binary against naive; small answers in absolute numbers."""
    with tempfile.TemporaryDirectory() as folder:
        data, points = Path(folder) / "data", Path(folder) / "points.npy"
        write_dataset(data, main=True)
        np.save(points, np.asarray(DatasetStore(data).get("main").reduction("pca")))
        with naive(points) as port:
            slow = rate(port, ALL, seconds=15)
        with explorer(data, network="embedded") as port:
            json, binary = rate(port, ALL), rate(port, ALL, BINARY)
            tilemaps, status = rate(port, "/tilemaps/000"), rate(port, "/status")
    naive_text = f"{slow:.2f} /s"
    return [
        Row(f"{CELEBA} x 3 coordinates, JSON", f"{json:.0f} /s", naive_text, f"{json / slow:.0f} x", ">= 15 x"),
        Row("… binary", f"{binary:.0f} /s", naive_text, f"{binary / slow:.0f} x", ">= 100 x"),
        Row("tilemaps (500 x 5000 px)", f"{tilemaps:.0f} /s", "", "", ">= 1500 /s"),
        Row("/status", f"{status:.0f} /s", "", "", ">= 1500 /s"),
    ]


def rate(port: int, path: str, accept: str = "*/*", seconds: float = 4.0) -> float:
    """Requests a second, said on standard error."""
    found = requests_a_second(port, path, seconds, accept)
    say(f"{path} {accept}: {found:.1f} /s")
    return found
