"""`python -m tests.jobs.training.server_process DATA`: makes a dataset and trains on it until somebody kills it."""

import sys
import time
from pathlib import Path

from tests.jobs.training.helpers import Jobs

FORM = {"train_epochs": "300", "snapshot_interval": "10", "random_seed": "7", "lr_policy": "fixed"}


def main() -> None:
    """Print the ids of the dataset and of the model, and that of the worker's process."""
    data = Path(sys.argv[1])
    jobs = Jobs(data)
    dataset = jobs.make_dataset(data / "pictures")
    model = jobs.make_model(dataset, **FORM)
    waiting = jobs.make_model(dataset, **FORM)
    jobs.wait_snapshots(model, 3)
    print(dataset.id, model.id, waiting.id, jobs.worker_pid(), flush=True)
    time.sleep(600)


if __name__ == "__main__":
    main()
