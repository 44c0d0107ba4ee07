"""The process that reads run logs and answers from them, apart from the web process and from the worker of jobs.

    python -m embedding_explorer.jobs.log_reader FD …

Started with the server where there are logs, else by the first question (`jobs.run_logs`). It alone holds TensorBoard
and protobuf: they would add 30 MB and half a second to the web process, and reading a gigabyte would slow every other
answer there. Each argument is the number of an inherited socket; a thread answers on each.
"""

import logging
import os
import signal
import socket
import sys
import threading

from embedding_explorer.errors import ExplorerError
from embedding_explorer.jobs.log_frames import Closed, Head, receive, send
from embedding_explorer.jobs.run_logs import FAILED, told
from embedding_explorer.logs import configure_logging
from embedding_explorer.processes import die_with_parent
from embedding_explorer.runs import absent  # noqa: F401 (before the next ones)
from embedding_explorer.runs.answers import Answer, Question, answer
from embedding_explorer.runs.library import Library
from embedding_explorer.settings import Settings

log = logging.getLogger(__name__)
SWITCH = 0.001  # seconds after which a thread that answers gets its turn while another one reads


def serve(connection: socket.socket, library: Library) -> None:
    """Answer questions until the other side is gone."""
    try:
        while True:
            head, _ = receive(connection)
            send(connection, *reply(library, head))
    except Closed:
        os._exit(0)


def reply(library: Library, head: Head) -> tuple[Head, bytes]:
    """The frame that answers another."""
    try:
        found = answer(library, Question(**head))
    except ExplorerError as error:
        log.debug("%s: %s", head, error)
        return {"failure": told(error)}, b""
    except Exception:  # a bug of ours, or a log of a kind that nobody thought of: the others are answered all the same
        log.exception("%s cannot be answered", head)
        return {"failure": FAILED}, b""
    return described(found), found.body or b""


def described(found: Answer) -> Head:
    """An answer without its body."""
    return {
        "same": found.body is None,
        "version": found.version,
        "mimetype": found.mimetype,
        "packed": found.packed,
    }


def main() -> None:
    """Read and answer until the web process is gone."""
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which then ends this process
    sys.setswitchinterval(SWITCH)
    settings = Settings.from_environment()
    configure_logging(settings.log_level, settings.log_file, "run logs")
    library = Library(settings.log_roots, settings.run_memory)
    library.start()
    connections = [socket.socket(fileno=int(number)) for number in sys.argv[1:]]
    threads = [threading.Thread(target=serve, args=(connection, library)) for connection in connections]
    for thread in threads:
        thread.start()


if __name__ == "__main__":
    main()
