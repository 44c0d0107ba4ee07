"""The forms that create generic datasets (contract, 4.9), one per extension."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from embedding_explorer.errors import NotFound
from embedding_explorer.networks.preprocessing import Faults
from embedding_explorer.training.datasets.bounds import MAX_BATCH, MAX_THREADS, Bounds
from embedding_explorer.training.datasets.classification_form import read_encoding
from embedding_explorer.training.datasets.form import FormValues, Reader
from embedding_explorer.training.datasets.places import Places
from embedding_explorer.training.datasets.spec import GenericOptions, GenericSpec, Gradients, Pairs, Processing
from embedding_explorer.training.forms.fields import Fields

_CHANNELS = {"none": None, "RGB": 3, "L": 1}


class Extension(NamedTuple):
    """A kind of generic dataset: what it is called, and how its own fields are read."""

    id: str
    title: str
    category: str
    read: Callable[[Reader], Gradients | Processing]


def parse_generic_form(extension: str, form: FormValues, places: Places, bounds: Bounds | None = None) -> GenericSpec:
    """The form that creates a generic dataset.

    Raises:
        NotFound: an unknown extension; the message lists those that are known.
        InvalidFields: `fields` names every field that breaks a rule, with all that is wrong with it.
    """
    if (known := EXTENSIONS.get(extension)) is None:
        raise NotFound(f"There is no dataset extension {extension[:80]!r}; there are {', '.join(EXTENSIONS)}.")
    reader = Reader(Fields(form, Faults()), {}, places, bounds or Bounds())
    name, group = reader.names()
    options, source = _options(reader), known.read(reader)
    reader.faults.raise_any()
    return GenericSpec(name, group, extension, options, source)


def _options(reader: Reader) -> GenericOptions:
    fields = reader.fields
    fields.select("dsopts_backend", "lmdb", ("lmdb",))
    return GenericOptions(
        feature_encoding=read_encoding(fields, "dsopts_feature_encoding", "png"),
        label_encoding=read_encoding(fields, "dsopts_label_encoding", "none"),
        batch_size=fields.integer("dsopts_batch_size", 32, 1, MAX_BATCH),
        threads=fields.integer("dsopts_num_threads", 4, 1, MAX_THREADS),
        same_shape=fields.select("dsopts_force_same_shape", "1", ("1", "0")) == "1",
    )


def _gradients(reader: Reader) -> Gradients:
    fields, most, side = reader.fields, reader.bounds.max_images, reader.bounds.max_side
    return Gradients(
        train=fields.integer("train_image_count", 1000, 1, most),
        val=fields.optional_integer("val_image_count", 250, 0, most) or 0,
        test=fields.optional_integer("test_image_count", 0, 0, most) or 0,
        width=fields.integer("image_width", 32, 1, side),
        height=fields.integer("image_height", 32, 1, side),
    )


def _processing(reader: Reader) -> Processing:
    fields = reader.fields
    own = fields.flag("has_val_folder")
    return Processing(
        train=Pairs(reader.folder("feature_folder"), reader.folder("label_folder")),
        pct_val=fields.integer("folder_pct_val", 10, 0, 100),
        val=_validation(reader) if own else None,
        channels=_CHANNELS[fields.select("channel_conversion", "none", tuple(_CHANNELS))],
    )


def _validation(reader: Reader) -> Pairs:
    return Pairs(reader.folder("validation_feature_folder"), reader.folder("validation_label_folder"))


EXTENSIONS: Mapping[str, Extension] = {
    each.id: each
    for each in (
        Extension("image-gradients", "Gradients", "Images", _gradients),
        Extension("image-processing", "Processing", "Images", _processing),
    )
}


def extensions_json() -> list[dict[str, str]]:
    """The `data` list of `/datasets/extensions.json`."""
    return [{"id": each.id, "title": each.title, "category": each.category} for each in EXTENSIONS.values()]
