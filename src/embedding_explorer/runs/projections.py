"""The endpoints of embeddings: what there is, its points, and what the points were (contract, 6.11 to 6.14)."""

from pathlib import Path

import numpy as np

from embedding_explorer.runs.arrays import keep
from embedding_explorer.runs.base import LogSet
from embedding_explorer.runs.embeddings import points_of, sample_at, sample_type
from embedding_explorer.runs.files import PROJECTOR
from embedding_explorer.runs.media import Media
from embedding_explorer.runs.projector_config import blocks, tags_of
from embedding_explorer.runs.reduction import MOST_ROWS
from embedding_explorer.runs.tensors import widened


def configured_tags(folder: Path) -> list[str]:
    """Tags of the embeddings that the run folder's projector_config.pbtxt names, in its order."""
    return tags_of(blocks(folder / PROJECTOR))


def projector(logs: LogSet, *, dialect: str, run: str, tag: str) -> object:
    """The steps of a tag, the shape of its points, and whether their data can be seen."""
    found = logs.run(run)
    points, kind = points_of(found, tag), sample_type(found, tag)
    # The steps come last: should the tag be the name of another key, nothing could be asked for without them.
    return {"shape": list(points.shape()), "sample": bool(kind), "sample_type": kind, tag: points.steps}


def projector_raw(logs: LogSet, *, dialect: str, run: str, tag: str, step: int) -> object:
    """The whole array and all labels."""
    values, labels = points_of(logs.run(run), tag).at(step)
    return {str(step): [widened(values), labels]}


def projector_sample(logs: LogSet, *, dialect: str, run: str, tag: str, index: int) -> Media:
    """What one of the points was."""
    return sample_at(logs.run(run), tag, index)


def projector_rows(logs: LogSet, *, dialect: str, run: str, tag: str, step: int, into: str, attempt: int = 1) -> object:
    """Put the rows that are to be reduced (N, M) into the folder `into`, under the digest of their content.

    No endpoint of the contract: the web process asks for it, and has another process reduce them. A further `attempt`
    is another question, which no kept answer fits: the array had to make room meanwhile.
    """
    values, labels = points_of(logs.run(run), tag).at(step, MOST_ROWS)
    rows = np.ascontiguousarray(values.reshape(len(values), -1) if len(values) else values.reshape(0, 0))
    rows = rows.astype(np.uint8) if rows.dtype.kind == "b" else rows
    return {"rows": keep(rows, Path(into)), "columns": rows.shape[1], "labels": labels}
