"""Finding the files of weights and checking their digests. Neither torch nor OpenVINO is imported."""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from embedding_explorer.errors import NetworkUnavailable
from embedding_explorer.networks import embedded
from embedding_explorer.networks.definitions import Definition, WeightsFile


@dataclass(frozen=True)
class Located:
    """Weights that are there and whole. `path` is None for a network that makes its weights up."""

    path: Path | None
    digest: str
    file: WeightsFile | None


def locate(definition: Definition, data: Path, digest: str | None = None) -> Located:
    """The best weights of a network that are present; those whose sha256 is `digest` before all others.

    Raises:
        NetworkUnavailable: none is there, or the one that is there is damaged.
    """
    if not definition.weights:
        return Located(None, hashlib.sha256(f"{definition.name} seed 0".encode()).hexdigest(), None)
    for file in sorted(definition.weights, key=lambda f: not (f.prefix and (digest or "").startswith(f.prefix))):
        for folder in folders(data):
            if (folder / file.name).is_file():
                return Located(folder / file.name, check(folder / file.name, file, data), file)
    raise NetworkUnavailable(_absent(definition, data), network=definition.name)


def folders(data: Path) -> Iterator[Path]:
    """Where weights are looked for: the data folder, torch's cache (by torch's own rules), the package."""
    yield models_folder(data)
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    home = os.environ.get("TORCH_HOME", os.path.join(cache, "torch"))
    yield Path(os.path.expanduser(home)) / "hub" / "checkpoints"
    yield Path(embedded.__file__).parent


def models_folder(data: Path) -> Path:
    """The folder for weights in the data folder."""
    return data / "models"


def check(path: Path, file: WeightsFile, data: Path) -> str:
    """The sha256 of a file of weights; raises NetworkUnavailable when it is not the one that its name promises."""
    digest = cached_digest(path, data / "cache" / "digests.json")
    if digest.startswith(file.prefix):
        return digest
    raise NetworkUnavailable(
        f"{path} is damaged: its sha256 should start with {file.prefix} but is {digest}. Delete it and fetch it again "
        "with `embedding-explorer networks fetch`, or put an intact copy in its place.",
        path=str(path),
        expected=file.prefix,
        found=digest,
    )


def cached_digest(path: Path, cache: Path) -> str:
    """The sha256 of a file, computed once as long as its size and time of change stay the same."""
    stat = path.stat()
    key, state = str(path.resolve()), [stat.st_size, stat.st_mtime_ns]
    known = _read(cache)
    entry = known.get(key)
    if isinstance(entry, list) and entry[:2] == state and isinstance(entry[-1], str):
        return entry[-1]
    digest = sha256(path)
    with suppress(OSError):  # without a cache the next start takes a moment longer, that is all
        _write(cache, known | {key: [*state, digest]})
    return digest


def sha256(path: Path) -> str:
    """The sha256 of a file, as hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read(cache: Path) -> dict[str, object]:
    try:
        known = json.loads(cache.read_text())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _write(cache: Path, known: dict[str, object]) -> None:
    cache.parent.mkdir(parents=True, exist_ok=True)
    part = cache.with_suffix(f".{os.getpid()}.part")
    part.write_text(json.dumps(known))
    part.replace(cache)


def _absent(definition: Definition, data: Path) -> str:
    names = " or ".join(file.name for file in definition.weights)
    if definition.weights[0].member:
        remedy = f"Fetch them with `embedding-explorer networks fetch {definition.name}`, or put {names}"
    else:
        remedy = f"Put {names}"
    return f"The weights of {definition.name} are not there. {remedy} into {models_folder(data)}."
