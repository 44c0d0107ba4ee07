"""`python -m tests.quick_server`: the command line, serving with the pausing worker. All but the worker is real."""

import sys

from flask import Flask

from embedding_explorer import server, web_process
from embedding_explorer.cli import main

WORKER = (sys.executable, "-m", "tests.jobs.pausing_worker")


def application() -> Flask:
    return web_process.application(WORKER)


if __name__ == "__main__":
    server.APPLICATION = "tests.quick_server:application"
    main()
