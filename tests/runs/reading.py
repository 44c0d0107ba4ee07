"""Log folders read whole at once."""

from pathlib import Path

from embedding_explorer.runs.dataset import LogFolder


def open_logs(*folders: Path) -> LogFolder:
    """The dataset of some folders, read whole now."""
    logs = LogFolder(folders)
    logs.scan()
    while not logs.load(60.0):
        pass
    return logs
