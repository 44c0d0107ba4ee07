"""What the server itself keeps in the folder of a training job, beside what the training and the dataset write there.

uploads/         what was sent with the form, until the dataset is done
request.json     how a model is to be trained, written when it is created
start-<n>.*      copies of the weights that a model starts from
figures.jsonl    what the training has reported, a point a line
train.log        the log of the training
"""

import json
import os
import shutil
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from embedding_explorer.datasets.disk import write_atomically
from embedding_explorer.errors import BadInput
from embedding_explorer.jobs.training.records import UPLOADS
from embedding_explorer.training.definitions.definition import Definition
from embedding_explorer.training.definitions.reading import read_definition
from embedding_explorer.training.figures import Figures, Point
from embedding_explorer.training.options import Options, options_from_json
from embedding_explorer.training.snapshot_files import RESUME

REQUEST, FIGURES, LOG, START, DRAFT = "request.json", "figures.jsonl", "train.log", "start-", ".draft"
# Half-deleted folders: the first thing that a deletion does is to rename.
DELETED = ".deleted-"
# What nobody is shown (contract, 1.6).
PRIVATE = frozenset({REQUEST, RESUME, DRAFT, UPLOADS, "plan.json", "parsed.json"})
LOG_LINES, LOG_BYTES = 30, 8192
MAX_CACHED = 64  # trainings whose figures stay in memory


@dataclass(frozen=True)
class Request:
    """How to train a model.

    Attributes:
        options: of the form, without a seed if none was given.
        definition: the network.
        start: files in the model's folder with weights to start from; later ones win.
        new_head: whether the last fully connected layer is left out of that.
        gpus: wanted indices; empty for any.
        classification: whether labels are classes.
    """

    options: Options
    definition: Definition
    start: tuple[str, ...] = ()
    new_head: bool = False
    gpus: tuple[int, ...] = ()
    classification: bool = True

    def save(self, folder: Path) -> None:
        """Write it into the model's folder."""
        values = {
            "options": self.options.to_json(),
            "definition": self.definition.to_json(),
            "start": self.start,
            "new_head": self.new_head,
            "gpus": self.gpus,
            "classification": self.classification,
        }
        write_atomically(folder / REQUEST, json.dumps(values).encode())


def read_request(folder: Path) -> Request:
    """The request in a model's folder; raises BadInput where it is missing or damaged."""
    try:
        values = json.loads((folder / REQUEST).read_bytes())
        definition = read_definition(json.dumps(values["definition"]), classification=values["classification"])
        return Request(
            options_from_json(values["options"]),
            definition,
            tuple(values["start"]),
            values["new_head"],
            tuple(values["gpus"]),
            values["classification"],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(f"The request of the model {folder.name} cannot be read; create the model anew.") from error


def keep_start(sources: Sequence[Path], folder: Path, *, link: bool) -> tuple[str, ...]:
    """Copy weights into a new model's folder, so that it needs nobody else's; names of the copies.

    `link`: as names of the same files, which never change; a copy where the disk is another one.
    """
    names = []
    for number, source in enumerate(sources):
        target = folder / f"{START}{number}{source.suffix}"
        try:
            if not link:
                raise OSError("a copy is wanted")
            os.link(source, target)
        except OSError:
            shutil.copyfile(source, target)
        names.append(target.name)
    return tuple(names)


def write_figures(path: Path, figures: Figures) -> None:
    """Replace a file of figures."""
    write_atomically(path, "".join(line_of(point) for point in figures.points).encode())


def line_of(point: Point) -> str:
    """A point as its file has it."""
    return json.dumps(point.to_json()) + "\n"


@dataclass
class _Read:
    """What was read of a file: its number on the disk, how many bytes, and the figures in them."""

    file: int
    size: int
    figures: Figures


class FiguresCache:
    """Figures of trainings; of a file that has grown only the rest is read. Methods may be called from any thread."""

    def __init__(self) -> None:
        self._read: OrderedDict[Path, _Read] = OrderedDict()
        self._mutex = Lock()

    def get(self, folder: Path) -> Figures:
        """The figures in a model's folder. Nobody may change them."""
        path = folder / FIGURES
        with self._mutex:
            known = self._read.get(path)
            try:
                with path.open("rb") as file:
                    about = os.fstat(file.fileno())
                    if known is None or (known.file, known.size) != (about.st_ino, about.st_size):
                        known = self._more(file.read() if _new(known, about) else _rest(file, known), known, about)
                        self._read[path] = known
            except FileNotFoundError:
                self._read.pop(path, None)
                return Figures()
            self._read.move_to_end(path)
            while len(self._read) > MAX_CACHED:
                self._read.popitem(last=False)
            return known.figures

    @staticmethod
    def _more(data: bytes, known: _Read | None, about: os.stat_result) -> _Read:
        whole = data[: data.rfind(b"\n") + 1]  # the last line may be half written
        points = [Point(*json.loads(line)) for line in whole.splitlines()]
        if known is None or _new(known, about):
            return _Read(about.st_ino, len(whole), Figures(points))
        # A new object: others may be iterating over the old one.
        return _Read(about.st_ino, known.size + len(whole), Figures([*known.figures.points, *points]))


def _new(known: _Read | None, about: os.stat_result) -> bool:
    return known is None or known.file != about.st_ino or known.size > about.st_size


def _rest(file: Any, known: _Read | None) -> bytes:
    file.seek(known.size if known else 0)
    data: bytes = file.read()
    return data


def log_end(folder: Path) -> str | None:
    """The last lines of the log that was written last; None where there is none."""
    logs = sorted(folder.glob("*.log"), key=lambda path: path.stat().st_mtime)
    if not logs:
        return None
    with logs[-1].open("rb") as file:
        file.seek(max(0, logs[-1].stat().st_size - LOG_BYTES))
        text = file.read().decode("utf-8", "replace")
    return "\n".join(text.splitlines()[-LOG_LINES:])


def last_sign(folder: Path, otherwise: float) -> float:
    """When work in a folder last began or wrote something, Unix seconds."""
    try:
        return max(each.stat().st_mtime for each in (folder, *folder.iterdir()))
    except OSError:
        return otherwise


def text_values(form: Mapping[str, str | Sequence[str]]) -> dict[str, str | list[str]]:
    """A form with plain lists."""
    return {name: value if isinstance(value, str) else list(value) for name, value in form.items()}
