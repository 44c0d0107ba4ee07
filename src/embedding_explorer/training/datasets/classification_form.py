"""The form that creates a classification dataset (contract, 4.1 to 4.4, and `archive`), checked as a whole."""

import importlib.util
from collections.abc import Callable, Mapping
from pathlib import Path

from embedding_explorer.errors import BadInput
from embedding_explorer.images.remote import check_url
from embedding_explorer.images.source import archive_kind
from embedding_explorer.networks.preprocessing import Faults
from embedding_explorer.training.datasets.bounds import Bounds
from embedding_explorer.training.datasets.encoding import ENCODINGS, Encoding
from embedding_explorer.training.datasets.form import FormValues, Reader
from embedding_explorer.training.datasets.places import Places
from embedding_explorer.training.datasets.resizing import RESIZE_MODES
from embedding_explorer.training.datasets.spec import (
    Archive,
    Backend,
    Bucket,
    ClassificationSpec,
    Folder,
    Folders,
    PerClass,
    Pictures,
    Storage,
    TextList,
    Texts,
)
from embedding_explorer.training.datasets.splits import Shares
from embedding_explorer.training.forms.fields import Fields

BACKENDS: tuple[Backend, ...] = ("lmdb", "hdf5", "tfrecords")
COMPRESSIONS = ("none", "gzip")
S3_CLIENT = "s3fs"


def parse_classification_form(
    form: FormValues, uploads: Mapping[str, Path], places: Places, bounds: Bounds | None = None
) -> ClassificationSpec:
    """The form that creates a classification dataset.

    Args:
        form: field name → value, or values.
        uploads: field name → file on this machine that holds what was uploaded.
        places: what paths may be named.
        bounds: of sides and counts.

    Raises:
        InvalidFields: `fields` names every field that breaks a rule, with all that is wrong with it.
    """
    reader = Reader(Fields(form, Faults()), uploads, places, bounds or Bounds())
    name, group = reader.names()
    # In the order in which a page shows them, so that the message names the first one.
    method = reader.fields.select("method", "folder", tuple(_METHODS))
    pictures, storage = read_pictures(reader), read_storage(reader)
    source = _METHODS[method](reader)
    reader.faults.raise_any()
    return ClassificationSpec(name, group, source, pictures, storage)


def read_pictures(reader: Reader) -> Pictures:
    """The `resize_…` fields."""
    fields, most = reader.fields, reader.bounds.max_side
    mode = fields.select("resize_mode", "squash", RESIZE_MODES)
    return Pictures(
        width=fields.integer("resize_width", 256, 1, most),
        height=fields.integer("resize_height", 256, 1, most),
        channels=int(fields.select("resize_channels", "3", ("1", "3"))),
        mode=next((each for each in RESIZE_MODES if each == mode), "squash"),
    )


def read_storage(reader: Reader) -> Storage:
    """`encoding`, `backend` and `compression`; of HDF5 always raw pixels, of the others never compressed (4.6)."""
    fields = reader.fields
    backend = next(each for each in BACKENDS if each == fields.select("backend", "lmdb", BACKENDS))
    encoding = read_encoding(fields, "encoding", "png")
    compression = fields.select("compression", "none", COMPRESSIONS)
    return Storage("none", backend, compression) if backend == "hdf5" else Storage(encoding, backend)


def read_encoding(fields: Fields, name: str, default: Encoding) -> Encoding:
    """A field that names an encoding."""
    value = fields.select(name, default, ENCODINGS)
    return next(each for each in ENCODINGS if each == value)


def _folders(reader: Reader) -> Folders:
    val, test = (_own_folder(reader, name) for name in ("val", "test"))
    shares = _shares(reader, "folder", val is None, test is None)
    return Folders(
        Folder(reader.folder_or_address("folder_train"), _per_class(reader, "folder_train")), shares, val, test
    )


def _own_folder(reader: Reader, name: str) -> Folder | None:
    if not reader.fields.flag(f"has_{name}_folder"):
        return None
    return Folder(reader.folder_or_address(f"folder_{name}"), _per_class(reader, f"folder_{name}"))


def _shares(reader: Reader, prefix: str, val: bool = True, test: bool = True) -> Shares:
    """The percentages; 0 for a set that does not take its images from training's folder."""
    val_name, test_name = f"{prefix}_pct_val", f"{prefix}_pct_test"
    percent_val = reader.fields.integer(val_name, 25, 0, 100)
    percent_test = reader.fields.integer(test_name, 0, 0, 100)
    shares = Shares(percent_val if val else 0, percent_test if test else 0)
    if shares.val + shares.test > 100:
        reader.faults.add(test_name, f"Validation and test get {shares.val + shares.test} %; at most 100 are there.")
    return shares


def _per_class(reader: Reader, prefix: str) -> PerClass:
    least_name, most_name, bound = f"{prefix}_min_per_class", f"{prefix}_max_per_class", reader.bounds.max_images
    least = reader.fields.optional_integer(least_name, 2, 1, bound)
    most = reader.fields.optional_integer(most_name, None, 1, bound)
    if least is not None and most is not None and most < least:
        reader.faults.add(most_name, f"{most} is less than {least}, the least per class.")
    return PerClass(least, most)


def _texts(reader: Reader) -> Texts:
    local = reader.fields.flag("textfile_use_local_files")
    return Texts(
        train=_text_list(reader, "train", local),
        val=_text_list(reader, "val", local) if reader.fields.flag("textfile_use_val") else None,
        test=_text_list(reader, "test", local) if reader.fields.flag("textfile_use_test") else None,
        labels=_text_file(reader, "labels_file", local),
        shuffle=reader.fields.select("textfile_shuffle", "1", ("1", "0")) == "1",
    )


def _text_list(reader: Reader, name: str, local: bool) -> TextList:
    return TextList(_text_file(reader, f"{name}_images", local), reader.folder_or_none(f"textfile_{name}_folder"))


def _text_file(reader: Reader, name: str, local: bool) -> Path:
    return reader.file(f"textfile_local_{name}") if local else reader.upload(f"textfile_{name}")


def _bucket(reader: Reader) -> Bucket:
    if importlib.util.find_spec(S3_CLIENT) is None:
        reader.faults.add("method", f"s3 needs the library {S3_CLIENT}, which is not installed; use another method.")
    endpoint, bucket, path, access, secret = (
        reader.fields.text(f"s3_{name}", required=True)
        for name in ("endpoint_url", "bucket", "path", "accesskey", "secretkey")
    )
    _check_endpoint(reader, endpoint)
    if "/" in bucket:
        reader.faults.add("s3_bucket", "The name of a bucket has no slash; what follows it belongs into s3_path.")
    return Bucket(
        endpoint=endpoint,
        bucket=bucket,
        prefix=f"{path.strip('/')}/".removeprefix("/"),
        access_key=access,
        secret_key=secret,
        keep=reader.fields.flag("s3_keepcopiesondisk"),
        shares=_shares(reader, "s3"),
        per_class=_per_class(reader, "s3_train"),
    )


def _archive(reader: Reader) -> Archive:
    file = reader.upload("archive")
    if "archive" not in reader.faults and archive_kind(file) is None:
        reader.faults.add("archive", "This is no archive; send a ZIP, tar or 7z file with one folder per class.")
    return Archive(file, _shares(reader, "folder"), _per_class(reader, "folder_train"))


def _check_endpoint(reader: Reader, endpoint: str) -> None:
    if not endpoint:
        return
    try:
        check_url(endpoint)
    except BadInput:
        reader.faults.add("s3_endpoint_url", "Give the address of the service: http:// or https:// and a host.")


_METHODS: Mapping[str, Callable[[Reader], Folders | Texts | Bucket | Archive]] = {
    "folder": _folders,
    "textfile": _texts,
    "s3": _bucket,
    "archive": _archive,
}
