"""The endpoint of feature maps (contract, 9.1)."""

from typing import Any

import numpy as np
from PIL import Image

from embedding_explorer.errors import BadLogParameter, NoLogData, UnreadableLog
from embedding_explorer.runs.base import LogSet, Run
from embedding_explorer.runs.media import data_url
from embedding_explorer.runs.packed import Array, numeric, tensor_of
from embedding_explorer.runs.samples import png
from embedding_explorer.runs.tensors import check_size, widened

PAGE = 16  # pictures in one answer
SCORES, LABELS = "-sorce", "-label"  # ends of tags, as the writer spells them


def featuremap(logs: LogSet, *, dialect: str, run: str, tag: str, range: int, task: str) -> object:
    """A page of the pictures of each record of a tag, with the scores of the task."""
    if range < 0:
        raise BadLogParameter("Parameter error, 'range' must not be negative")
    found = logs.run(run)
    if not found.has("featuremap", tag):
        return {tag: []}
    return {tag: pages(found, tag, range, task)}


def pages(run: Run, tag: str, first: int, task: str) -> list[dict[str, Any]]:
    """All records that can be read; raises UnreadableLog where there is none, or NoLogData."""
    shown, trouble = [], None
    for index in range(len(run.steps("featuremap", tag))):
        try:
            shown.append(page(run, tag, index, first, task))
        except UnreadableLog as error:
            trouble = error
    if trouble and not shown:
        raise trouble
    return shown


def page(run: Run, tag: str, index: int, first: int, task: str) -> dict[str, Any]:
    """One record: the pictures from number `first` on, all scores, and labels where there are any."""
    record = run.records("featuremap", tag, [index])
    if not record:
        raise NoLogData()
    pictures = values_of(record[0].value.data)
    if pictures.ndim not in (3, 4):
        raise UnreadableLog("The feature maps of the log are no pictures.")
    shown = {
        "wall_time": record[0].wall_time,
        "step": record[0].step,
        "Remaining_pictures": max(0, len(pictures) - (first + PAGE)),
        "value": [data_url(png(eight_bit(picture))) for picture in pictures[first : first + PAGE]],
        "sorce_data": beside(run, task + SCORES, index),
    }
    return shown | ({"label": beside(run, task + LABELS, index)} if run.has("featuremap", task + LABELS) else {})


def beside(run: Run, tag: str, index: int) -> Array:
    """The numbers of the same record of another tag, or of its last one where it has fewer; raises NoLogData."""
    count = len(run.steps("featuremap", tag))
    found = run.records("featuremap", tag, [min(index, count - 1)])
    if not found:
        raise NoLogData()
    values = values_of(found[0].value.data)
    check_size(values)
    return widened(values)


def values_of(data: bytes) -> Array:
    """The numbers of a tensor."""
    return numeric(tensor_of(data))


def eight_bit(picture: Array) -> Image.Image:
    """A picture of values from 0 to 255; raises UnreadableLog."""
    whole = np.nan_to_num(picture.astype(np.float64), nan=0.0, posinf=255.0, neginf=0.0)
    try:
        return Image.fromarray(np.clip(whole, 0, 255).astype(np.uint8))
    except (TypeError, ValueError) as error:
        raise UnreadableLog("The feature maps of the log are no pictures.") from error
