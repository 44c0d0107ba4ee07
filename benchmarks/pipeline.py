"""A thousand photographs through POST /dataset, against the naive version and the bare network."""

import http.client
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from benchmarks import naive
from benchmarks.servers import explorer
from benchmarks.table import Row, Work, say, timed

NETWORK = "resnet50-random"  # the same arithmetic as with ImageNet weights, which need not be here


def measure(photos: Path, runs: int) -> list[Row]:
    """Upload, the same again, int8, embedded network; naive and bare forward in turn with them."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        rivals = {"naive": naive_map(photos), "bare forward": bare_forward(data, photos)}
        ours, again, others = upload_seconds(data, photos, runs, NETWORK, "auto", rivals)
        int8, _, _ = upload_seconds(data, photos, runs, NETWORK, "int8", {})
        small, _, _ = upload_seconds(data, photos, runs, "embedded", "auto", {})
    slow, bare = others["naive"], others["bare forward"]
    return [
        Row("1000 photos, ResNet-50, POST to id", f"{ours:.1f} s", f"{slow:.1f} s", f"{slow / ours:.1f} x", ">= 3 x"),
        Row("… against the bare forward pass", f"{ours:.1f} s", f"bare {bare:.1f} s", f"{ours / bare:.2f}", "<= 1.2"),
        Row("… in int8", f"{int8:.1f} s", f"{slow:.1f} s", f"{slow / int8:.1f} x", ">= 5 x"),
        Row("… with the embedded network", f"{small:.1f} s", f"{slow:.1f} s", f"{slow / small:.1f} x", "<= 6 s"),
        Row("the same pictures again", f"{again:.2f} s", f"{slow:.1f} s", f"{slow / again:.0f} x", "<= 0.3 s"),
    ]


def naive_map(photos: Path) -> Work:
    """The naive version, its model loaded and umap compiled before."""
    model = naive.resnet50()
    naive.umap(np.random.default_rng(0).normal(size=(200, 64)).astype(np.float32))
    return lambda: naive.map_of(photos, model)


def upload_seconds(
    data: Path, photos: Path, runs: int, network: str, precision: str, rivals: dict[str, Work]
) -> tuple[float, float, dict[str, float]]:
    """Medians through a warm server: pictures that are new to it, known ones, and each rival, run in turn."""
    label = f"{network} {precision}"
    seconds: dict[str, list[float]] = {name: [] for name in (label, *rivals)}
    with explorer(data, network=network, precision=precision, starter="no") as port:
        delete(port, post(port, photos))  # whatever is made at a first use is made
        for _ in range(runs):
            seconds[label].append(timed(label, lambda: post(port, photos)))
            delete(port, post(port, photos))
            for name, work in rivals.items():
                seconds[name].append(timed(name, work))
        post(port, photos)
        again = median([timed(f"{label}, again", lambda: post(port, photos)) for _ in range(5)])
    medians = {name: median(values) for name, values in seconds.items()}
    return medians[label], again, medians


def post(port: int, photos: Path) -> str:
    """The id."""
    command = ["curl", "-sf", "-F", f"file=@{photos}", f"http://127.0.0.1:{port}/dataset"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def delete(port: int, dataset: str) -> None:
    """Remove a dataset, so that the next upload is new."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("DELETE", f"/dataset/{dataset}")
    connection.getresponse().read()


def bare_forward(data: Path, photos: Path) -> Work:
    """The forward pass alone, over pictures that are decoded already."""
    from embedding_explorer.images.decode import decode
    from embedding_explorer.networks.registry import open_network

    network = open_network(NETWORK, data=data)
    with zipfile.ZipFile(photos) as source:
        say("decoding for the bare forward pass")
        pixels = [decode(source.read(name), network.info.input, 10**8).pixels for name in source.namelist()]
    batches = list(stacks(pixels, network.batch_size))
    list(network.features(batches[:4]))
    return lambda: list(network.features(batches))


def stacks(pixels: list[NDArray[np.uint8]], size: int) -> Iterator[NDArray[np.uint8]]:
    """Batches (B, S, S, 3)."""
    for start in range(0, len(pixels), size):
        yield np.stack(pixels[start : start + size])
