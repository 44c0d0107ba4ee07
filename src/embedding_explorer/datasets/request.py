"""What is to be built, and the state of its building."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from embedding_explorer.datasets.dataset import Dataset
from embedding_explorer.datasets.progress import Progress
from embedding_explorer.datasets.store import DatasetStore
from embedding_explorer.images.limits import Limits
from embedding_explorer.images.source import Labels
from embedding_explorer.networks.base import Extractor


@dataclass(frozen=True)
class BuildRequest:
    """What to make a dataset of, and how. `kind`: upload, ingest or starter. `recognise`: look for the same pictures first.
    `discard_source`: remove the source as soon as it is read, so that it costs no more space or writing. `aligned_to`: the
    maps begin at those of this dataset of the same pictures, and are turned onto them. `facts`: what else the manifest says
    of the source."""

    source: Path
    name: str
    kind: str
    limits: Limits
    labels: Labels = "none"
    nested: bool = False
    keep_images: bool = True
    features_dtype: str = "float16"
    reducer_options: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    recognise: bool = False
    discard_source: bool = False
    aligned_to: Dataset | None = None
    facts: Mapping[str, str] = field(default_factory=dict)

    def recipe(self, network: Extractor) -> dict[str, object]:
        """What, beside the pictures, decides on the numbers."""
        options = {name: dict(values) for name, values in self.reducer_options.items()}
        recipe: dict[str, object] = {
            "network": network.info.fingerprint,
            "dtype": self.features_dtype,
            "reducers": options,
        }
        return recipe if self.aligned_to is None else recipe | {"aligned_to": self.aligned_to.id}


@dataclass
class Build:
    """One dataset under construction."""

    request: BuildRequest
    store: DatasetStore
    network: Extractor
    staging: Path
    progress: Progress
    seconds: dict[str, float] = field(default_factory=dict)
    skipped: list[dict[str, str]] = field(default_factory=list)
    digests: dict[int, str] = field(default_factory=dict)
