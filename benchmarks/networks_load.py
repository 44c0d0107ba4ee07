"""python -m benchmarks.networks_load [--clients 50] [--seconds 60]: many users of the networks API at once.

Each of them registers networks, reads lists, asks for features and waits for them, and deletes what it made, as fast as
it is answered. Every answer is checked; the figures are seconds from request to answer, as a Markdown table. The load
comes from one Python process on the same machine, which takes its share of it.
"""

import argparse
import io
import json
import os
import random
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from typing import Any

import requests
from PIL import Image

from benchmarks.servers import explorer
from tests.contracts.onnx_models import mean_model

IMAGE = {"dimension_order": "NCHW", "resize_type": "SQUASH", "target_size": "8", "color_channels": "RGB"}
FIELDS = {
    "name": "load",
    "framework": "onnx",
    "preprocessing": json.dumps({"inputs": [{"tensor_name": "data", "image": IMAGE}], "batched_output": False}),
}
MODEL = mean_model()
TIMEOUT = 60  # seconds


class Tally:
    """What all clients saw."""

    def __init__(self) -> None:
        self.mutex = threading.Lock()
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.trouble: Counter[str] = Counter()

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """Count one step, whether it works or not."""
        begin = time.perf_counter()
        try:
            yield
        except Exception as error:
            with self.mutex:
                self.trouble[f"{what}: {type(error).__name__}: {str(error)[:120]}"] += 1
        else:
            with self.mutex:
                self.seconds[what].append(time.perf_counter() - begin)


class Client(threading.Thread):
    """One user."""

    def __init__(self, number: int, url: str, until: float, tally: Tally) -> None:
        super().__init__(daemon=True)
        self.random, self.url, self.until, self.tally = random.Random(number), url, until, tally
        self.session = requests.Session()
        self.own: list[int] = []

    def run(self) -> None:
        """Work until the time is over, then clean up."""
        while time.perf_counter() < self.until:
            with self.tally.timed("whole step"):
                self.step()
        for network in self.own:
            self.ask("DELETE", f"/networks/{network}", 204)

    def step(self) -> None:
        """Something that users do, the frequent things more often."""
        what = self.random.choices((self.create, self.read, self.infer), (1, 4, 5))[0]
        what() if self.own else self.create()

    def create(self) -> None:
        """Register a network; with three of them, the oldest goes."""
        if len(self.own) >= 3:
            self.ask("DELETE", f"/networks/{self.own.pop(0)}", 204)
        self.own.append(self.ask("POST", "/networks", 201, data=FIELDS, files={"model.onnx": ("m", MODEL)})["id"])

    def read(self) -> None:
        """A page of the list, and one network."""
        page = self.ask("GET", f"/networks?offset={self.random.randrange(50)}&limit=20", 200)
        if len(page["results"]) > 20 or page["count"] < 1:
            raise ValueError("a page is not as asked for")
        network = self.random.choice(self.own)
        if self.ask("GET", f"/networks/{network}", 200)["id"] != network:
            raise ValueError("another network came")

    def infer(self) -> None:
        """Features of a picture of one colour, waited for."""
        colour = tuple(self.random.randrange(256) for _ in range(3))
        buffer = io.BytesIO()
        Image.new("RGB", (8, 8), colour).save(buffer, "PNG")
        files = {"inputs[0]image.source": ("x", buffer.getvalue()), "output_tensors[0]": (None, "mean")}
        begin = time.perf_counter()
        task = self.ask("POST", f"/networks/{self.random.choice(self.own)}/inference", 200, files=files)["task_id"]
        while (found := self.ask("GET", f"/tasks/{task}", 200))["status"] == "pending":
            time.sleep(0.1)
        if found["status"] != "success" or found["data"]["tensors"][0]["data"] != list(colour):
            raise ValueError(f"the result is wrong: {found}")
        with self.tally.mutex:
            self.tally.seconds["inference until its result"].append(time.perf_counter() - begin)

    def ask(self, method: str, path: str, status: int, **more: Any) -> Any:
        """One request; its JSON. Raises ValueError for another status."""
        what = (
            f"{method} {path.partition('?')[0].translate(str.maketrans('', '', '0123456789')).replace('//', '/<id>/')}"
        )
        with self.tally.timed(what):
            answer = self.session.request(method, f"{self.url}/v0.7{path}", timeout=TIMEOUT, **more)
        if answer.status_code != status:
            raise ValueError(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
        return answer.json() if answer.content else None


def show(tally: Tally, seconds: float) -> None:
    """The table, and what went wrong."""
    print("| what | count | a second | median s | 95 % s | worst s |\n|---|---|---|---|---|---|")
    for what, took in sorted(tally.seconds.items()):
        cuts = quantiles(took, n=20) if len(took) > 1 else took * 19
        print(
            f"| {what} | {len(took)} | {len(took) / seconds:.1f} | {cuts[9]:.3f} | {cuts[18]:.3f} | {max(took):.3f} |"
        )
    print(f"\nwrong: {sum(tally.trouble.values())}")
    for what, count in tally.trouble.most_common(10):
        print(f"  {count} x {what}")


def main() -> None:
    """Measure once."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, explorer(Path(folder), starter="no") as port:
        tally, until = Tally(), time.perf_counter() + arguments.seconds
        clients = [Client(i, f"http://127.0.0.1:{port}", until, tally) for i in range(arguments.clients)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        left = requests.get(f"http://127.0.0.1:{port}/v0.7/networks", timeout=TIMEOUT).json()["count"]
        waiting = len(list(Path(folder).glob("tasks/inputs/*"))) + len(list(Path(folder).glob("staging/network-*")))
    print(f"\n{arguments.clients} clients, {arguments.seconds:.0f} s, {os.cpu_count()} cores\n")
    show(tally, arguments.seconds)
    print(f"left over: {left} networks, {waiting} folders")


if __name__ == "__main__":
    main()
