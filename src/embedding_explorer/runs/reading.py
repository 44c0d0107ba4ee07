"""Log folders read whole at once, for tests and tools; the server's own way is `library`."""

from embedding_explorer.runs.dataset import open_logs

__all__ = ["open_logs"]
