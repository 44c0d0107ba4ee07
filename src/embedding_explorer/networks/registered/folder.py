"""The folder of one registered network: its files, and what never changes about it, readable without the catalog."""

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embedding_explorer.networks.registered.records import Draft
from embedding_explorer.networks.weights import sha256

FILES, RECORD, LAYERS = "files", "network.json", "layers.json"
# In a folder whose row in the catalog is about to come or to go. Without it, and without a row, a folder may belong to
# another catalog: the setting of the database may have been changed, and nothing of that one must be lost.
UNFINISHED = "unfinished"
DIGEST_VERSION = 1


@dataclass(frozen=True)
class NetworkFolder:
    """`network.json`, `files/<stored name>` and, after a successful deployment, `layers.json`."""

    path: Path

    def record(self) -> dict[str, Any]:
        """`framework`, `preprocessing` and `digest`. Raises OSError when the folder is gone."""
        value: dict[str, Any] = json.loads((self.path / RECORD).read_text())
        return value

    def files(self) -> dict[str, Path]:
        """Stored name → path. Raises OSError when the folder is gone."""
        return {path.name: path for path in sorted((self.path / FILES).iterdir())}

    def layers(self) -> list[dict[str, Any]]:
        """The layers that the deployment found; raises FileNotFoundError before it has."""
        value: list[dict[str, Any]] = json.loads((self.path / LAYERS).read_text())
        return value

    def remove(self) -> None:
        """Delete it; what is left over by a crash on the way is deleted at the next start."""
        shutil.rmtree(self.path, ignore_errors=True)


def stage(path: Path, draft: Draft, files: Mapping[str, Path]) -> str:
    """Put a network's folder together from uploaded files, which are moved; its digest."""
    (path / FILES).mkdir(parents=True)
    for name, file in files.items():
        file.rename(path / FILES / name)
    digest = digest_of(draft, {name: sha256(path / FILES / name) for name in files})
    record = {"framework": draft.framework, "preprocessing": draft.preprocessing, "digest": digest}
    (path / RECORD).write_text(json.dumps(record))
    (path / UNFINISHED).touch()
    return digest


def digest_of(draft: Draft, files: Mapping[str, str]) -> str:
    """What the values of a network depend on, as one digest; `files` are stored names and their sha256."""
    parts = [DIGEST_VERSION, draft.framework, draft.preprocessing, sorted(files.items())]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
