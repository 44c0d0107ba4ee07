"""The archives as their authors publish them: found in the output folder, or downloaded into it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from embedding_explorer.errors import NetworkUnavailable
from embedding_explorer.networks.fetch import download
from embedding_explorer.networks.weights import sha256

Say = Callable[[str], object]
PER_LINE = 10  # percent of a download


@dataclass(frozen=True)
class Original:
    """One archive: its name, digest, and the addresses that have it."""

    name: str
    sha256: str
    sources: tuple[str, ...]


def locate(original: Original, folder: Path, say: Say) -> Path:
    """The archive in a folder, downloaded if it is not there; an interrupted download goes on.

    Raises NetworkUnavailable when no source gives it, or all give something else.
    """
    path = folder / original.name
    if path.is_file():
        if sha256(path) != original.sha256:
            say(f"{original.name} is there, but is not the one that was published; it is used all the same.")
        return path
    for source in original.sources:
        try:
            say(f"Downloading {source}{original.name}")
            return download(source + original.name, path, original.sha256, _percent(original.name, say))
        except NetworkUnavailable as error:
            say(error.message)
    hosts = " or ".join(original.sources)
    raise NetworkUnavailable(
        f"{original.name} could not be downloaded. Connect to the internet and try again, or get the file from {hosts} "
        f"and put it into {folder}.",
        path=str(path),
    )


def _percent(name: str, say: Say) -> Callable[[int, int], None]:
    told = 0

    def show(done: int, total: int) -> None:
        nonlocal told
        if (percent := 100 * done // max(total, 1)) >= told + PER_LINE:
            told = percent
            say(f"{name}: {percent} %")

    return show
