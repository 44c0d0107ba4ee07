"""What datasets are to be made of, as checked values."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from embedding_explorer.training.datasets.encoding import Encoding
from embedding_explorer.training.datasets.resizing import ResizeMode
from embedding_explorer.training.datasets.splits import Shares

Backend = Literal["lmdb", "hdf5", "tfrecords"]


@dataclass(frozen=True)
class Pictures:
    """What images become: sides in pixels, 1 or 3 channels."""

    width: int
    height: int
    channels: int
    mode: ResizeMode


@dataclass(frozen=True)
class Storage:
    """How they are kept. `backend` and `compression` are only echoed: there is one store for all of them."""

    encoding: Encoding
    backend: Backend = "lmdb"
    compression: str = "none"


@dataclass(frozen=True)
class PerClass:
    """How many images a category must have and may give; None for no such bound."""

    least: int | None = 2
    most: int | None = None


@dataclass(frozen=True)
class Folder:
    """A folder of category folders: its real place on this machine, or the address of its auto-index page."""

    path: Path | str
    per_class: PerClass = PerClass()


@dataclass(frozen=True)
class Folders:
    """Method `folder`. `shares` are those of the training folder: 0 for a set with a folder of its own."""

    train: Folder
    shares: Shares
    val: Folder | None = None
    test: Folder | None = None


@dataclass(frozen=True)
class TextList:
    """A file of lines `<path or URL> <class index>`, and the folder that relative paths begin in."""

    file: Path
    folder: Path | None = None


@dataclass(frozen=True)
class Texts:
    """Method `textfile`."""

    train: TextList
    labels: Path
    val: TextList | None = None
    test: TextList | None = None
    shuffle: bool = True


@dataclass(frozen=True)
class Bucket:
    """Method `s3`. `prefix` ends in "/" or is empty; the keys are shown by no `repr`."""

    endpoint: str
    bucket: str
    prefix: str
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    keep: bool = False
    shares: Shares = field(default_factory=Shares)
    per_class: PerClass = PerClass()


@dataclass(frozen=True)
class Archive:
    """Method `archive`: a ZIP, tar or 7z file with one folder per category, which is unpacked into the job's own."""

    file: Path
    shares: Shares
    per_class: PerClass = PerClass()


@dataclass(frozen=True)
class ClassificationSpec:
    """A dataset of images with classes."""

    name: str
    group: str
    source: Folders | Texts | Bucket | Archive
    pictures: Pictures
    storage: Storage

    @property
    def shuffled(self) -> bool:
        """Whether the images of a set are stored in random order."""
        return not isinstance(self.source, Texts) or self.source.shuffle


@dataclass(frozen=True)
class GenericOptions:
    """What all generic datasets have (contract, 4.9). Batch size and threads are taken and not needed."""

    feature_encoding: Encoding = "png"
    label_encoding: Encoding = "none"
    batch_size: int = 32
    threads: int = 4
    same_shape: bool = True


@dataclass(frozen=True)
class Gradients:
    """Extension `image-gradients`: how many pictures of slopes, of which size."""

    train: int
    val: int
    test: int
    width: int
    height: int


@dataclass(frozen=True)
class Pairs:
    """Folders of input images and of wanted outputs with the same base names."""

    features: Path
    labels: Path


@dataclass(frozen=True)
class Processing:
    """Extension `image-processing`. `pct_val` counts only where `val` is None; `channels` None keeps each image's."""

    train: Pairs
    pct_val: int
    val: Pairs | None
    channels: int | None


@dataclass(frozen=True)
class GenericSpec:
    """A dataset of arrays with arrays."""

    name: str
    group: str
    extension: str
    options: GenericOptions
    source: Gradients | Processing
