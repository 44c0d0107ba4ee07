"""The real tasks with a network of colours, warm at once. It stops at the stage that a file in the data folder names."""

import logging
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from embedding_explorer.jobs.context import Context
from embedding_explorer.jobs.tasks import TASKS
from embedding_explorer.jobs.worker import work
from tests.colour_network import INFO, ColourNetwork

log = logging.getLogger(__name__)
PAUSE, PAUSED = "pause-at", "paused"


class ColourContext(Context):
    """No weights, no compilation."""

    def warm_up(self) -> dict[str, Any]:
        log.info("warm")
        return {"network": INFO.to_json()}

    def network(self, *_: Any) -> ColourNetwork:
        return ColourNetwork()

    def network_for(self, *_: Any, **__: Any) -> ColourNetwork:
        return ColourNetwork()

    def reopened(self, *_: Any) -> ColourNetwork:
        return ColourNetwork()


def pausing(task: Callable[..., Any]) -> Callable[..., Any]:
    """`task`, stopping after it reported the stage in the file `pause-at`, until that file goes."""

    @wraps(task)
    def paused(context: Any, report: Any, **arguments: Any) -> Any:
        wanted, here = context.settings.data / PAUSE, context.settings.data / PAUSED

        def stop_there(stage: str, done: int, total: int) -> None:
            report(stage, done, total)
            if wanted.exists() and wanted.read_text() == stage:
                here.touch()
                while wanted.exists():
                    time.sleep(0.01)
                    report(stage, done, total)

        return task(context, stop_there, **arguments)

    return paused


if __name__ == "__main__":
    work(ColourContext, {name: pausing(task) for name, task in TASKS.items()})
