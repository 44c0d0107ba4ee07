"""Pretrained models: made of a training, or sent by a client (contract, chapter 7 and 11.5). No torch is imported here.

A pretrained model's folder is that of a model with one snapshot: inference and trainings read both alike.
"""

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from embedding_explorer.datasets.disk import full_disk_named
from embedding_explorer.errors import BadInput, LimitExceeded
from embedding_explorer.networks.preprocessing import Faults
from embedding_explorer.training.archives import INFO, top_level
from embedding_explorer.training.datasets.bounds import MAX_NAME, Bounds
from embedding_explorer.training.datasets.lists import read_labels, write_labels
from embedding_explorer.training.datasets.resizing import RESIZE_MODES, ResizeMode
from embedding_explorer.training.datasets.spec import Pictures
from embedding_explorer.training.figures import whole
from embedding_explorer.training.forms.fields import Fields
from embedding_explorer.training.options import MEANS
from embedding_explorer.training.pictures import write_pictures
from embedding_explorer.training.snapshot_files import list_snapshots

NETWORK, SOLVER, MEAN, LABELS, LOG = "network.json", "solver.json", "mean.npy", "labels.txt", "import.log"
MAX_INFO = 1 << 20
MAX_LABELS_BYTES = 16 << 20  # of a file of labels
ACCEPTED = (
    "Accepted are framework=pytorch with weights in .safetensors, .pt or .pth (a state dict) and a network in .json or "
    ".yaml, and framework=caffe with weights in .caffemodel and a network in .prototxt"
)
# Framework → endings of weights, and of networks.
SUFFIXES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "pytorch": ((".safetensors", ".pt", ".pth"), (".json", ".yaml", ".yml")),
    "caffe": ((".caffemodel",), (".prototxt",)),
}
_UNSUPPORTED = ("torch", "tensorflow")
_OLD_SIDE = 256  # what DIGITS assumed
# Of weights that do not say how long they were trained; 0 means none wherever epochs are chosen.
UNKNOWN_EPOCH = 1.0


@dataclass(frozen=True)
class Sent:
    """A model that a client sent, its files under names that say what they are.

    Attributes:
        labels: the file of labels, which may be empty; None where there is none.
        mean, solver, subtraction, epoch: see `models.importing.Incoming`.
    """

    name: str
    framework: str
    weights: Path
    network: Path
    pictures: Pictures
    labels: Path | None = None
    mean: Path | None = None
    solver: Path | None = None
    subtraction: str = ""
    epoch: float = UNKNOWN_EPOCH

    def label_list(self) -> list[str]:
        """The labels; none where the file is empty. Raises BadInput, LimitExceeded."""
        if self.labels is None:
            return []
        if (size := self.labels.stat().st_size) > MAX_LABELS_BYTES:
            raise LimitExceeded(f"The file of labels has {size} bytes; at most {MAX_LABELS_BYTES} are allowed.")
        if not self.labels.read_bytes().strip():
            return []
        return read_labels(self.labels, Bounds())

    def to_import(self, folder: Path, labels: int) -> dict[str, Any]:
        """What `models.importing.Incoming.from_json` takes."""
        return {
            **{"folder": str(folder), "framework": self.framework, "labels": labels, "epoch": self.epoch},
            **{"weights": str(self.weights), "network": str(self.network), "pictures": vars(self.pictures)},
            **{"mean": self.mean and str(self.mean), "solver": self.solver and str(self.solver)},
            "subtraction": self.subtraction,
        }


def parse_upload(form: Mapping[str, str | Sequence[str]], files: Mapping[str, tuple[Path, str]]) -> Sent:
    """The form of 7.2.

    Args:
        form: its fields.
        files: field → where the uploaded file lies, and what its sender calls it. Files are renamed.

    Raises InvalidFields naming every field that breaks a rule.
    """
    faults = Faults()
    fields = Fields(form, faults)
    framework = fields.select("framework", "pytorch", (*SUFFIXES, *_UNSUPPORTED))
    if framework in _UNSUPPORTED:
        faults.add("framework", f"Models of {framework} cannot be read here. {ACCEPTED}.")
    name = fields.text("job_name", required=True, most=MAX_NAME)
    pictures = _picture_fields(fields)
    weights, network = SUFFIXES.get(framework, SUFFIXES["pytorch"])
    paths = {
        "weights_file": _sent_file("weights_file", files, weights, faults),
        "model_def_file": _sent_file("model_def_file", files, network, faults),
    }
    faults.raise_any()
    labels = files["labels_file"][0] if "labels_file" in files else None
    return Sent(
        name, framework, cast(Path, paths["weights_file"]), cast(Path, paths["model_def_file"]), pictures, labels
    )


def _picture_fields(fields: Fields) -> Pictures:
    channels = fields.select("image_type", "3", ("1", "3"))
    given = fields.raw("resize_mode")
    mode = "squash" if given is None else given.casefold()
    if mode not in RESIZE_MODES:
        fields.faults.add("resize_mode", f"{mode[:80]!r} is no resize mode; choose one of {', '.join(RESIZE_MODES)}.")
    sides = [fields.integer(side, _OLD_SIDE, 1, Bounds.max_side) for side in ("width", "height")]
    return Pictures(sides[0], sides[1], int(channels), cast(ResizeMode, mode))


def _sent_file(
    field: str, files: Mapping[str, tuple[Path, str]], suffixes: tuple[str, ...], faults: Faults
) -> Path | None:
    if field not in files:
        faults.add(field, f"This field is required: send a file ({', '.join(suffixes)}).")
        return None
    path, name = files[field]
    suffix = Path(name).suffix.lower()
    if suffix not in suffixes:
        faults.add(field, f"{name[:80]!r} must end with {' or '.join(suffixes)}. {ACCEPTED}.")
        return None
    return path.rename(path.with_name(f"{field}{suffix}"))


def read_sent(folder: Path) -> Sent:
    """The model that `info.json` in a folder of plain files describes (contract, 7.3); raises BadInput."""
    info = _info(folder)
    name = "".join(c for c in str(info.get("name") or "") if c.isprintable()).strip()
    given = info | {"name": name}
    missing = [key for key in ("snapshot file", "framework", "name") if not given.get(key)]
    network = info.get("model file") or info.get("network file")
    if missing or not network:
        raise BadInput(f"{INFO} lacks {', '.join(missing or ['model file or network file'])}.")
    weights = _named(folder, info["snapshot file"], "snapshot file")
    epoch = next((epoch for epoch, path in list_snapshots(folder).items() if path.name == weights.name), 0.0)
    framework = _framework(str(info["framework"]), weights)
    return Sent(
        name=name[:MAX_NAME],
        framework=framework,
        weights=weights,
        network=_named(folder, network, "model file"),
        pictures=_pictures_of_info(info),
        labels=_optional(folder, info, "labels file"),
        mean=_optional(folder, info, "mean file"),
        solver=_optional(folder, info, "solver file") if framework == "pytorch" else None,
        subtraction=str(info.get("mean subtraction")) if info.get("mean subtraction") in MEANS else "",
        epoch=epoch or UNKNOWN_EPOCH,
    )


def _framework(name: str, weights: Path) -> str:
    if name in SUFFIXES and weights.suffix in SUFFIXES[name][0]:
        return name
    raise BadInput(f"A model of {name[:40]!r} with weights in {weights.name[-40:]!r} cannot be read here. {ACCEPTED}.")


def _info(folder: Path) -> dict[str, Any]:
    path = folder / INFO
    if not path.is_file():
        raise BadInput(f"There is no {INFO} at the top level. Send an archive that a model was downloaded as.")
    if path.stat().st_size > MAX_INFO:
        raise BadInput(f"{INFO} has {path.stat().st_size} bytes; at most {MAX_INFO} are allowed.")
    return object_of(path.read_bytes(), INFO)


def object_of(data: bytes, name: str) -> dict[str, Any]:
    """The object in a file of JSON called `name`; raises BadInput."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{name} is no JSON.") from error
    if not isinstance(value, dict):
        raise BadInput(f"{name} is no JSON object.")
    return value


def named_files(info: Mapping[str, Any]) -> list[str]:
    """The plain file names that an `info.json` gives; those that a model must have come first."""
    keys = ("snapshot file", "model file", "network file", "labels file", "mean file", "solver file")
    return list(dict.fromkeys(name for key in keys if (name := _plain(info.get(key)))))


def _plain(name: object) -> str | None:
    """A name without any folder; None for blanks. Raises BadInput for what leads elsewhere."""
    if not isinstance(name, str) or not name.strip():
        return None
    if top_level(name) != name:
        raise BadInput(f"{INFO} names the file {name[:80]!r}, which is no plain file name.")
    return name


def _named(folder: Path, name: object, key: str) -> Path:
    plain = _plain(name)
    if plain is None or not (folder / plain).is_file():
        raise BadInput(f"The file {str(name)[:80]!r}, named as `{key}` in {INFO}, is missing.")
    return folder / plain


def _optional(folder: Path, info: Mapping[str, Any], key: str) -> Path | None:
    return _named(folder, info[key], key) if info.get(key) else None


def _pictures_of_info(info: Mapping[str, Any]) -> Pictures:
    """Image settings; what an old archive does not say is as DIGITS assumed."""
    mode = str(info.get("image resize mode") or "squash").casefold()
    sides = info.get("image dimensions") or [_OLD_SIDE, _OLD_SIDE, 3]
    usable = isinstance(sides, list) and len(sides) == 3 and all(type(side) is int for side in sides)
    if not usable or sides[2] not in (1, 3) or not all(1 <= side <= Bounds.max_side for side in sides[:2]):
        raise BadInput(f"`image dimensions` in {INFO} must be [height, width, channels], with 1 or 3 channels.")
    if mode not in RESIZE_MODES:
        raise BadInput(f"`image resize mode` in {INFO} must be one of {', '.join(RESIZE_MODES)}.")
    return Pictures(sides[1], sides[0], sides[2], mode)


def finish(folder: Path, sent: Sent, labels: Sequence[str], left: Sequence[str]) -> dict[str, Any]:
    """What remains to be written once `sent` was imported into `folder`; the details of its job."""
    write_pictures(folder, sent.pictures)
    if sent.labels is not None:
        write_labels(folder / LABELS, labels)
    if left:
        (folder / LOG).write_text("".join(f"does not fit the network: {name}\n" for name in left))
    return details_of(folder, sent.framework, sent.pictures)


def copy_model(source: Path, epoch: float, pictures: Pictures, target: Path) -> dict[str, Any]:
    """Make a pretrained model of a snapshot (contract, 7.1); the details of its job.

    Raises BadInput where there is no such snapshot, StorageFull.
    """
    snapshot = list_snapshots(source).get(epoch)
    if snapshot is None:
        raise BadInput(f"There is no snapshot of epoch {whole(epoch)}.")
    with full_disk_named(target):
        for path in (snapshot, *(source / name for name in (NETWORK, SOLVER, MEAN, LABELS))):
            with suppress(FileNotFoundError):
                _copy(path, target / path.name)
        write_pictures(target, pictures)
    return details_of(target, "pytorch", pictures)


def _copy(path: Path, target: Path) -> None:
    """Files of a model are replaced and never changed, so two names for one of them are as good as a copy."""
    try:
        os.link(path, target)
    except FileNotFoundError:
        raise
    except OSError:  # another file system, or one without links
        shutil.copyfile(path, target)


def details_of(folder: Path, framework: str, pictures: Pictures) -> dict[str, Any]:
    """What is kept with the job of a pretrained model."""
    snapshot = max(list_snapshots(folder).items())[1].name
    files = {"model file": NETWORK, "snapshot file": snapshot, "solver file": SOLVER}
    if (folder / LABELS).is_file():
        files["labels file"] = LABELS
    if (folder / MEAN).is_file():
        files["mean file"] = MEAN
    return {
        **{"framework": framework, "image_type": pictures.channels, "resize_mode": pictures.mode},
        **{"width": pictures.width, "height": pictures.height},
        **{"labels": LABELS in files.values(), "files": files},
    }
