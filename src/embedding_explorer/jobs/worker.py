"""The worker process: holds the network and the compiled UMAP warm, and does one task at a time.

    python -m embedding_explorer.jobs.worker

Started by `WorkerClient`. Requests come as JSON lines on standard input, `{"id", "task", "arguments"}`; answers go to
standard output as `{"id", "progress" | "result" | "error"}`. `{"abort": id}` ends a task at its next count.
"""

import logging
import os
import queue
import signal
import threading
from collections.abc import Callable
from typing import Any

from embedding_explorer.errors import NO_SPACE, ExplorerError, JobAborted, JobFailed, StorageFull
from embedding_explorer.jobs.channel import Channel, Message, pack_error
from embedding_explorer.logs import configure_logging
from embedding_explorer.processes import die_with_parent
from embedding_explorer.settings import Settings

log = logging.getLogger(__name__)


class Worker:
    """Answers the requests of one channel. From its making on, the process ends when the other side closes that."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.requests: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self.aborted: set[int] = set()
        threading.Thread(target=self._listen, name="listen", daemon=True).start()

    def run(self, context: Any, tasks: dict[str, Callable[..., Any]]) -> None:
        """Do tasks for ever."""
        while True:
            request = self.requests.get()
            self.channel.send({"id": request["id"], **self._answer(context, tasks[request["task"]], request)})

    def _listen(self) -> None:
        for message in self.channel:
            if "abort" in message:
                self.aborted.add(message["abort"])
            else:
                self.requests.put(message)
        os._exit(0)  # the web process is gone; native code in the other thread would not notice

    def _answer(self, context: Any, task: Callable[..., Any], request: Message) -> Message:
        try:
            return {"result": task(context, self._reporter(request["id"]), **request["arguments"])}
        except ExplorerError as error:
            return {"error": pack_error(error)}
        except OSError as error:
            return {"error": pack_error(_os_error(error))}
        except Exception as error:
            # Anything else is a bug of ours: the log has the traceback, the user the sentence.
            log.exception("task failed")
            return {"error": pack_error(JobFailed(f"{type(error).__name__}: {error}"))}

    def _reporter(self, request_id: int) -> Callable[[str, int, int], None]:
        def report(stage: str, done: int, total: int) -> None:
            if request_id in self.aborted:
                self.aborted.discard(request_id)
                raise JobAborted("The job was aborted.")
            self.channel.send({"id": request_id, "progress": [stage, done, total]})

        return report


def _os_error(error: OSError) -> ExplorerError:
    if error.errno in NO_SPACE:
        return StorageFull("No space is left in the data folder. Free some, or give another folder (EXPLORER_DATA).")
    return JobFailed(f"{type(error).__name__}: {error}")


def take_standard_streams() -> Channel:
    """The channel on standard input and output; whatever else prints goes to standard error."""
    writer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return Channel(os.fdopen(os.dup(0), "rb"), writer)


def work(make_context: Callable[[Settings], Any], tasks: dict[str, Callable[..., Any]]) -> None:
    """Warm up, say so, and do tasks for ever."""
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which then ends this process
    channel = take_standard_streams()
    worker = Worker(channel)
    settings = Settings.from_environment()
    configure_logging(settings.log_level, settings.log_file, "worker")
    context = make_context(settings)
    try:
        channel.send({"ready": context.warm_up()})
    except ExplorerError as error:
        channel.send({"unusable": pack_error(error)})
        raise SystemExit(1) from error
    worker.run(context, tasks)


def main() -> None:
    """Work with the real networks and reducers."""
    from embedding_explorer.jobs.context import Context
    from embedding_explorer.jobs.tasks import TASKS

    work(Context, TASKS)


if __name__ == "__main__":
    main()
