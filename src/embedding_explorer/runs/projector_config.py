"""Embeddings that are files: `projector_config.pbtxt` of a run folder and what it names (contract, 5.2).

`torch.utils.tensorboard` writes them so. Paths come out of the log, so each must lead to a file inside the run folder.
"""

import io
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embedding_explorer.errors import LimitExceeded, NoLogData, UnreadableLog

MAX_CONFIG = 16 << 20  # bytes
MAX_TABLE = 1 << 30  # bytes of one table of points or labels
MAX_LINE = 1 << 24  # bytes of one row
STEP = re.compile(r":([0-9]{1,18})$")
WHOLE = re.compile(r"[-+]?[0-9]{1,18}")
LABEL = "label"


@dataclass(frozen=True)
class Block:
    """One embedding at one step: its tables, and the grid of its pictures with their size in pixels."""

    tag: str
    step: int
    points: Path
    labels: Path | None
    sprite: Path | None
    tile: tuple[int, int]

    def shape(self) -> tuple[int, int]:
        """Rows and columns of the points; raises UnreadableLog."""
        columns = 0
        rows = 0
        for line in lines(self.points):
            columns = columns or len(line.split(b"\t"))
            rows += bool(line)
        return rows, columns

    def values(self, most: int) -> NDArray[np.float64]:
        """The first `most` points (N, M); raises UnreadableLog, LimitExceeded."""
        kept: list[bytes] = []
        for line in lines(self.points):
            if len(kept) == most:
                break
            if line:
                kept.append(line)
        try:
            return np.loadtxt(io.BytesIO(b"\n".join(kept)), np.float64, delimiter="\t", ndmin=2, comments=None)
        except ValueError as error:
            raise UnreadableLog("The points of the embedding are not a table of numbers.") from error

    def label_list(self, count: int, most: int) -> list[Any]:
        """Labels of the first `most` of `count` points, integers if all of them are; raises UnreadableLog."""
        if self.labels is None:
            return []
        rows = [line.decode("utf-8", "replace").split("\t") for line in first(lines(self.labels), count + 1)]
        column = 0
        if len(rows) > count:
            header = rows.pop(0)
            column = header.index(LABEL) if LABEL in header else 0
        texts = [row[column] if column < len(row) else "" for row in rows]
        whole = bool(texts) and all(WHOLE.fullmatch(text) for text in texts)
        return [int(text) for text in texts[:most]] if whole else texts[:most]


def blocks(config: Path | None) -> list[Block]:
    """The embeddings that a run's configuration names, in its order; none where it cannot be read.

    Which of its tables are there is looked up anew each time: copying them may take longer than copying what names them.
    """
    if config is None:
        return []
    try:
        status = config.stat()
        message = read_config(config, status.st_mtime_ns, status.st_size)
        folder = config.parent.resolve()
    except (OSError, RuntimeError, UnreadableLog):
        return []  # one unreadable file must not hide the rest of the log
    made = (block_of(embedding, folder) for embedding in message.embeddings)
    return [block for block in made if block is not None]


@lru_cache(64)
def read_config(config: Path, _modified: int, size: int) -> Any:
    """The ProjectorConfig in a file as it was at that moment; raises OSError, UnreadableLog."""
    from google.protobuf import text_format
    from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig

    if size > MAX_CONFIG:
        raise UnreadableLog("The configuration of the projector is too large.")
    try:
        return text_format.Parse(config.read_text("utf-8", "replace"), ProjectorConfig(), allow_unknown_field=True)
    except text_format.ParseError as error:
        raise UnreadableLog("The configuration of the projector cannot be read.") from error


def stamps(config: Path) -> dict[str, tuple[int, int]]:
    """(time of change, size) of every file that a configuration names and that is there, by its path."""
    named = {path for block in blocks(config) for path in (block.points, block.labels, block.sprite) if path}
    found = {}
    for path in named:
        with suppress(OSError):  # deleted meanwhile
            status = path.stat()
            found[str(path)] = (status.st_mtime_ns, status.st_size)
    return found


def block_of(embedding: Any, folder: Path) -> Block | None:
    """One block; None for variables of checkpoints and for points outside the folder, whose links are followed."""
    points = inside(folder, embedding.tensor_path)
    if points is None or not embedding.tensor_name:
        return None
    found = STEP.search(embedding.tensor_name)
    size = list(embedding.sprite.single_image_dim)[:2]
    drawn = len(size) == 2 and min(size) > 0
    return Block(
        tag=STEP.sub("", embedding.tensor_name),
        step=int(found.group(1)) if found else 0,
        points=points,
        labels=inside(folder, embedding.metadata_path),
        sprite=inside(folder, embedding.sprite.image_path) if drawn else None,
        tile=(size[0], size[1]) if drawn else (0, 0),
    )


def inside(folder: Path, path: str) -> Path | None:
    """The file of that relative path, if it stays in the folder (given without links) when links are followed."""
    if not path or path.startswith(("/", "\\")) or "\0" in path:
        return None
    try:
        real = (folder / path).resolve()
        return real if real.is_relative_to(folder) and real.is_file() else None
    except (OSError, RuntimeError):  # a link in a circle
        return None


def tags_of(found: list[Block]) -> list[str]:
    """The tags in order of first appearance."""
    return list(dict.fromkeys(block.tag for block in found))


def at_step(found: list[Block], step: int) -> Block | None:
    """The first block of that step."""
    return next((block for block in found if block.step == step), None)


def lines(path: Path) -> Iterator[bytes]:
    """The lines of a table without their ends; raises UnreadableLog, LimitExceeded."""
    try:
        if path.stat().st_size > MAX_TABLE:
            raise LimitExceeded(f"A table of the embedding is larger than {MAX_TABLE} bytes.", limit=MAX_TABLE)
        with path.open("rb") as file:
            while line := file.readline(MAX_LINE + 1):
                if len(line) > MAX_LINE:
                    raise LimitExceeded(f"A row of the embedding has over {MAX_LINE} bytes.", limit=MAX_LINE)
                yield line.rstrip(b"\r\n")
    except FileNotFoundError as error:
        raise NoLogData() from error
    except OSError as error:
        raise UnreadableLog("A table of the embedding cannot be read.") from error


def first(found: Iterator[bytes], count: int) -> list[bytes]:
    """The first `count` lines."""
    return [line for line, _ in zip(found, range(count), strict=False)]
