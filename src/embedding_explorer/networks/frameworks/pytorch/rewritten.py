"""Giving torch's readers exactly what was screened: see `archives`."""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from embedding_explorer.networks.frameworks.archives import Archive, is_archive

Choice = Callable[[Archive], tuple[Sequence[str], Mapping[str, bytes]]]


@contextmanager
def rewritten(path: Path, choose: Choice) -> Iterator[Path]:
    """A new archive of the entries that `choose` keeps and replaces; the file itself if it is no archive.

    It lies in a folder for passing files, and is gone at the end of the `with`.
    """
    if not is_archive(path):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="network-") as folder, Archive(path) as archive:
        target = Path(folder) / path.name
        keep, replace = choose(archive)
        archive.rewrite(target, keep, replace)
        yield target
