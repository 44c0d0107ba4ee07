"""python -m benchmarks.run_logs [--gigabytes 1]: the run-logs API beside TensorBoard's own server, on the same log.

One run of 200 scalars of 1000 steps (as many as TensorBoard sends), 20 histograms of 50 steps (as many as we send), and
pictures of a megabyte for the rest. TensorBoard runs as it does by itself, with its reader in Rust where that is installed. Both are
started anew, in turn; the log is in the page cache. "First" and "all" are counted from the start of each server's process.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from http.client import HTTPConnection
from multiprocessing import get_context
from pathlib import Path
from urllib.parse import quote

import numpy as np

from benchmarks.servers import free_port, running
from benchmarks.table import Row, print_table, say
from tests.runs.event_logs import event_of, framed, histogram, image

SCALARS, STEPS, HISTOGRAMS, ROWS = 200, 1000, 20, 50
PICTURE = 1 << 20
LATER = "later"
LAST = f"loss/{SCALARS - 1}"
OURS, THEIRS = "/api/{kind}?run={run}&tag={tag}", "/data/plugin/{kind}s/{kind}s?run={run}&tag={tag}"
PATIENCE = 600.0
CLIENTS, SECONDS = 4, 6.0


def write_log(path: Path, size: int) -> None:
    """A log of about `size` bytes, its kinds in turns."""
    noise, chance = os.urandom(PICTURE), np.random.default_rng(0)
    pictures = np.diff(np.linspace(0, size // PICTURE, STEPS + 1).astype(int))  # of each step
    with path.open("wb") as file:
        for step in range(STEPS):
            values = {f"loss/{n}": float(value) for n, value in enumerate(chance.normal(size=SCALARS))}
            file.write(framed(event_of(step, values).SerializeToString()))
            if step % (STEPS // ROWS) == 0:
                for n in range(HISTOGRAMS):
                    limits = np.linspace(-3, 3, 500).tolist()
                    record = histogram(f"weights/{n}", step, limits, chance.integers(0, 9, 500).tolist(), -3.0, 3.0)
                    file.write(framed(record.SerializeToString()))
            for _ in range(pictures[step]):
                file.write(framed(image("noise", step, noise, 512, 512).SerializeToString()))


@contextmanager
def ours(logs: Path, folder: Path) -> Iterator[tuple[int, str]]:
    """Our server on a log; its port and addresses."""
    port = free_port()
    command = [sys.executable, "-m", "embedding_explorer", "serve", "--port", str(port), "--data", str(folder / "data")]
    with running(command, {"EXPLORER_LOGS_ROOT": str(logs), "EXPLORER_STARTER": "no"}):
        yield port, OURS


@contextmanager
def theirs(logs: Path, folder: Path) -> Iterator[tuple[int, str]]:
    """TensorBoard on a log."""
    port = free_port()
    command = [sys.executable, "-m", "tensorboard.main", "--host", "127.0.0.1", "--port", str(port)]
    with running([*command, "--logdir", str(logs)], {}):
        yield port, THEIRS


Server = Callable[[Path, Path], AbstractContextManager[tuple[int, str]]]


def measure_one(server: Server, logs: Path, folder: Path) -> dict[str, float]:
    """Seconds to the first and to all scalars, and requests a second."""
    began = time.perf_counter()
    with server(logs, folder) as (port, address):
        scalar = address.format(kind="scalar", run=".", tag=quote(LAST, safe=""))
        first = until(port, scalar, 1) - began
        whole = until(port, scalar, STEPS) - began
        time.sleep(3.0)
        histograms = address.format(kind="histogram", run=".", tag=quote("weights/7", safe=""))
        return {
            "first": first,
            "whole": whole,
            "scalars": requests_a_second(port, scalar),
            "histograms": requests_a_second(port, histograms),
            "appears": appearing(port, logs, scalar.replace("run=.", f"run={LATER}")),
        }


def appearing(port: int, logs: Path, path: str) -> float:
    """Seconds until the first scalars of the same log under another name, which comes while the server runs."""
    (log,) = logs.glob("events*")
    (logs / LATER).mkdir()
    began = time.perf_counter()
    os.link(log, logs / LATER / log.name)
    try:
        return until(port, path, 1) - began
    finally:
        shutil.rmtree(logs / LATER)


def requests_a_second(port: int, path: str) -> float:
    """Complete answers a second to some processes, each of which keeps its connection where the server lets it."""
    with get_context("spawn").Pool(CLIENTS) as pool:
        return sum(pool.starmap(ask, [(port, path)] * CLIENTS))


def ask(port: int, path: str) -> float:
    """Answers a second to one client."""
    connection, count, began = HTTPConnection("127.0.0.1", port), 0, time.perf_counter()
    while time.perf_counter() - began < SECONDS:
        connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
        answer = connection.getresponse()
        if answer.status != 200 or not answer.read():
            raise RuntimeError(f"{path}: {answer.status}")
        count += 1
    return count / (time.perf_counter() - began)


def until(port: int, path: str, count: int) -> float:
    """When the address first gave so many steps."""
    deadline = time.perf_counter() + PATIENCE
    while time.perf_counter() < deadline:
        if steps_at(port, path) >= count:
            return time.perf_counter()
        time.sleep(0.05)
    raise TimeoutError(path)


def steps_at(port: int, path: str) -> int:
    """How many steps an address gives now."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
            body = json.load(answer)
    except (urllib.error.URLError, ConnectionError, ValueError):
        return 0
    data = body["data"] if isinstance(body, dict) else body
    return len(data[LAST]) if isinstance(data, dict) else len(data)


def measure(size: int) -> list[Row]:
    """Both, in turn."""
    with tempfile.TemporaryDirectory() as name:
        folder, logs = Path(name), Path(name) / "logs"
        logs.mkdir()
        say(f"writing {size / 1e9:.1f} GB")
        write_log(logs / "events.out.tfevents.1600000000.host", size)
        found = {server.__name__: measure_one(server, logs, folder) for server in (theirs, ours)}
    for who, figures in found.items():
        say(f"{who}: {figures}")
    return rows(size, found["ours"], found["theirs"])


def rows(size: int, mine: dict[str, float], other: dict[str, float]) -> list[Row]:
    """The table: TensorBoard stands where the naive version does elsewhere."""
    made = []
    for key, what in (
        ("first", f"first scalars of {size / 1e9:.1f} GB, from the start of the server"),
        ("whole", "… all of them"),
        ("appears", "… first ones, when the log comes while the server runs"),
    ):
        made.append(
            Row(what, f"{mine[key]:.1f} s", f"{other[key]:.1f} s", f"{other[key] / mine[key]:.1f} x", ">= 1, aim 2 x")
        )
    for key, what in (("scalars", f"scalars of a tag, {STEPS} steps"), ("histograms", f"histograms, {ROWS} steps")):
        made.append(
            Row(what, f"{mine[key]:.0f} /s", f"{other[key]:.0f} /s", f"{mine[key] / other[key]:.1f} x", ">= 1, aim 2 x")
        )
    return made


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigabytes", type=float, default=1.0)
    print_table(measure(int(parser.parse_args().gigabytes * 1e9)))


if __name__ == "__main__":
    main()
