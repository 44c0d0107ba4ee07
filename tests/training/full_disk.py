"""A disk that takes no more, for this process alone."""

import resource


def limit_files(most: int | None) -> None:
    """Let no file grow beyond so many bytes; None: let them all."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard if most is None else most, hard))
