"""A worker with tasks for tests: echo, count, sleep, fail, die. Started as the real one is."""

import os
import signal
import time
from typing import Any

from embedding_explorer.errors import LimitExceeded
from embedding_explorer.jobs.worker import work


class FakeContext:
    """Nothing to warm up."""

    def __init__(self, settings: Any) -> None:
        self.settings = settings

    def warm_up(self) -> dict[str, Any]:
        return {"network": {"name": "fake", "device": "cpu"}}


def echo(context: Any, report: Any, **arguments: Any) -> dict[str, Any]:
    return arguments


def count(context: Any, report: Any, *, total: int, pause: float = 0.0) -> int:
    for number in range(total):
        report("features", number, total)
        time.sleep(pause)
    report("features", total, total)
    return total


def deaf(context: Any, report: Any) -> None:
    report("umap", 0, 1)
    time.sleep(600)


def late(context: Any, report: Any, *, pause: float) -> str:
    time.sleep(pause)
    return "done"


def refuse(context: Any, report: Any) -> None:
    raise LimitExceeded("Too much of it (EXPLORER_X).", limit=3, setting="EXPLORER_X")


def bug(context: Any, report: Any) -> None:
    raise KeyError("oops")


def full_disk(context: Any, report: Any) -> None:
    raise OSError(28, "No space left on device")


def die(context: Any, report: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def chatter(context: Any, report: Any) -> str:
    print("this must not reach the channel", flush=True)
    return "said"


if __name__ == "__main__":
    tasks = (echo, count, deaf, late, refuse, bug, full_disk, die, chatter)
    work(FakeContext, {task.__name__: task for task in tasks})
