"""Answers of any model: what the network gives, as nested lists (contract, 6.5 to 6.8)."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from embedding_explorer.errors import BadInput
from embedding_explorer.training.datasets.gradients import draw_slopes, gradient_image
from embedding_explorer.training.datasets.reading import TrainingDataset
from embedding_explorer.training.predictions.answer import Answer, shown
from embedding_explorer.training.predictions.classifying import Skipped, write_look
from embedding_explorer.training.predictions.model import Model
from embedding_explorer.training.predictions.reading import Listed, Reader, batches
from embedding_explorer.training.predictions.visuals import Look
from embedding_explorer.training.source import Pixels


def infer_one(model: Model, pixels: Pixels, answer: Answer, look: bool) -> None:
    """What the network gives for one picture uint8 (H, W, C), with a batch axis; with `look` all on the way."""
    if not look:
        return answer.member("outputs", {model.output: model.predictor.run(pixels[None])})
    seen = Look(model, pixels)
    answer.member("outputs", {model.output: seen.output[None]})
    write_look(seen, answer)


def infer_many(model: Model, lines: Iterator[Listed], reader: Reader, answer: Answer) -> None:
    """What the network gives for every image of a list; raises BadInput when not a single one can be read."""
    skipped, read = Skipped(), 0
    answer.open("outputs")
    for items, pixels in batches(lines, lambda line: reader(line.name), skipped):
        read += len(items)
        _write(model, [shown(line.name) for line in items], pixels, answer)
    answer.shut()
    skipped.refuse_all(read)
    answer.member("skipped", skipped.entries)


def infer_stored(model: Model, folder: Path, name: str, reader: Reader, answer: Answer) -> None:
    """What the network gives for every entry of the set `name` of the dataset in `folder`.

    Raises BadInput for a set that is not there or not finished, NotFound for no dataset.
    """
    records, skipped = TrainingDataset(folder).records(name), Skipped()
    try:
        lines = (Listed(entry_key(number), number) for number in range(len(records)))
        answer.open("outputs")
        for items, pixels in batches(lines, lambda line: reader.of_array(records[line.label or 0]), skipped):
            _write(model, [line.name for line in items], pixels, answer)
        answer.shut()
        answer.member("skipped", skipped.entries)
    finally:
        records.close()


def infer_gradients(
    model: Model, slopes: Sequence[float] | None, count: int, reader: Reader, answer: Answer, look: bool
) -> None:
    """What the network gives for the gradients of two slopes, or of `count` pairs drawn by chance."""
    generator, sides = np.random.default_rng(), (model.pictures.width, model.pictures.height)
    wanted: Iterator[Any] = iter([slopes]) if slopes is not None else (draw_slopes(generator) for _ in range(count))
    seen: Look | None = None
    answer.open("outputs")
    for items, pixels in batches(
        enumerate(wanted), lambda item: reader.of_array(gradient_image(*sides, item[1])), _refuse
    ):
        if look and seen is None:
            seen = Look(model, pixels[0])
        _write(model, [entry_key(number) for number, _ in items], pixels, answer)
    answer.shut()
    if seen is not None:
        write_look(seen, answer)


def entry_key(number: int) -> str:
    """What an entry of a set is called."""
    return f"{number:09d}"


def _refuse(_item: object, reason: str) -> None:
    """What is made here is a picture to every network or to none, so nothing is left out."""
    raise BadInput(reason)


def _write(model: Model, names: Sequence[str], pixels: Pixels, answer: Answer) -> None:
    for name, output in zip(names, model.predictor.run(pixels), strict=True):
        answer.member(name, {model.output: output})
