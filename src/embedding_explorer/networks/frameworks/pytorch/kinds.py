"""Which of PyTorch's formats a model file has (networks contract, 13.3)."""

from enum import Enum, auto
from pathlib import Path

from embedding_explorer.errors import BadInput
from embedding_explorer.networks.frameworks.base import Files
from embedding_explorer.networks.frameworks.pytorch.torchscript_check import is_torchscript


class Kind(Enum):
    """A format. The last two are state dicts, which say nothing of the architecture that they belong to."""

    TORCHSCRIPT = auto()
    PROGRAM = auto()
    SAFETENSORS = auto()
    PICKLED = auto()

    @property
    def is_state_dict(self) -> bool:
        """Whether `architecture.json` must say what to build."""
        return self in (Kind.SAFETENSORS, Kind.PICKLED)


_BY_SUFFIX = {
    ".pt": Kind.TORCHSCRIPT,
    ".ts": Kind.TORCHSCRIPT,
    ".torchscript": Kind.TORCHSCRIPT,
    ".pt2": Kind.PROGRAM,
    ".safetensors": Kind.SAFETENSORS,
    ".pth": Kind.PICKLED,
}
SUFFIXES = tuple(_BY_SUFFIX)


def models_of(files: Files) -> list[str]:
    """Names of the files that may be the model."""
    return [name for name in files if name.endswith(SUFFIXES)]


def kind_of(name: str, path: Path) -> Kind:
    """By the name, and for `*.pt`, which means two things, by the content."""
    suffix = Path(name).suffix or name  # a file may be called ".pt" and nothing more
    kind = _BY_SUFFIX[suffix]
    if suffix != ".pt":
        return kind
    try:
        return kind if is_torchscript(path) else Kind.PICKLED
    except BadInput:  # the screening says what is wrong with it
        return kind
