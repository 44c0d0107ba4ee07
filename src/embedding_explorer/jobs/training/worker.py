"""The process that makes datasets and trains, one job at a time.

    python -m embedding_explorer.jobs.training.worker

It speaks as `jobs.worker` does. What it makes it writes into the folders of jobs, where the web process reads it.
"""

import os

from embedding_explorer.jobs.training.tasks import TASKS, Context
from embedding_explorer.jobs.worker import work

SPINS = "10000"


def main() -> None:
    """Work until the server ends."""
    # Threads of OpenMP that wait spin for some 30 us: sleeping at once costs small networks a third of their speed;
    # spinning for a millisecond, as is usual, halves that of whatever else runs here.
    os.environ.setdefault("GOMP_SPINCOUNT", SPINS)
    work(Context, TASKS)


if __name__ == "__main__":
    main()
