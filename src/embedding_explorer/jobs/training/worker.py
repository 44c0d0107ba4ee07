"""The process that makes datasets and trains, one job at a time.

    python -m embedding_explorer.jobs.training.worker

It speaks as `jobs.worker` does. What it makes it writes into the folders of jobs, where the web process reads it.
"""

from embedding_explorer.jobs.training.tasks import TASKS, Context
from embedding_explorer.jobs.worker import work


def main() -> None:
    """Work until the server ends."""
    work(Context, TASKS)


if __name__ == "__main__":
    main()
