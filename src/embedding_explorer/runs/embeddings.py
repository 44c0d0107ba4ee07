"""Embeddings of a run, wherever they come from: records, files, or else the exceptions of that tag (contract, 5.2)."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import suppress
from math import prod
from typing import Any

from embedding_explorer.errors import BadLogParameter, LimitExceeded, NoLogData, NoLogStep, UnreadableLog
from embedding_explorer.runs.base import Kind, Run
from embedding_explorer.runs.first import first_readable
from embedding_explorer.runs.media import Media
from embedding_explorer.runs.packed import IMAGE, Array, Embedding, Samples, embedding_of, exception_of, samples_of
from embedding_explorer.runs.projector_config import Block, at_step, blocks
from embedding_explorer.runs.samples import sample, tile
from embedding_explorer.runs.tensors import MAX_VALUES, check_count, check_size

EXCEPTIONS: tuple[Kind, ...] = ("exception", "embedding")  # where a tensor of a tag is looked for, in this order
MAX_TABLE_VALUES = 16_000_000  # numbers read from a text: about six seconds


class Points(ABC):
    """The embeddings of one tag."""

    steps: list[int]

    @abstractmethod
    def shape(self) -> tuple[int, int]:
        """(N, M) of the first one; raises UnreadableLog."""

    @abstractmethod
    def at(self, step: int, most: int | None = None) -> Embedding:
        """The first `most` points at a step, all of them without it; raises NoLogStep, UnreadableLog, LimitExceeded."""


class RecordedPoints(Points):
    """Records of event files, of the kind embedding or exception."""

    def __init__(self, run: Run, tag: str, kind: Kind) -> None:
        self.run, self.tag, self.kind = run, tag, kind
        self.steps = run.steps(kind, tag)

    def shape(self) -> tuple[int, int]:
        """See `Points`."""
        values = first_opened(self.run, self.kind, self.tag).values
        return len(values), prod(values.shape[1:])

    def at(self, step: int, most: int | None = None) -> Embedding:
        """See `Points`."""
        found = opened(self.kind, self.run.at_step(self.kind, self.tag, step).value)
        if most is None:
            check_size(found.values)
        return Embedding(found.values[:most], found.labels[: len(found.values)][:most])


class TablePoints(Points):
    """Tables that the run's projector_config.pbtxt names."""

    def __init__(self, found: Sequence[Block]) -> None:
        self.found = list(found)
        self.steps = [block.step for block in found]

    def shape(self) -> tuple[int, int]:
        """See `Points`."""
        return self.found[0].shape()

    def at(self, step: int, most: int | None = None) -> Embedding:
        """See `Points`."""
        block = at_step(self.found, step)
        if block is None:
            raise NoLogStep.at(step)
        rows, columns = block.shape()
        wanted = rows if most is None else min(most, rows)
        check_count(wanted * columns, MAX_VALUES if most is None else MAX_TABLE_VALUES)
        return Embedding(block.values(wanted), block.label_list(rows, wanted))


def points_of(run: Run, tag: str) -> Points:
    """The embeddings of a tag; raises NoLogData."""
    if run.has("embedding", tag):
        return RecordedPoints(run, tag, "embedding")
    if found := configured(run, tag):
        return TablePoints(found)
    if run.has("exception", tag) and first_opened(run, "exception", tag).values.ndim >= 2:
        return RecordedPoints(run, tag, "exception")
    raise NoLogData()


def configured(run: Run, tag: str) -> list[Block]:
    """The blocks of a tag in the run's projector_config.pbtxt."""
    return [block for block in blocks(run.configured()) if block.tag == tag]


def exception_at(run: Run, tag: str, step: int) -> Array:
    """The tensor of an exception, or of an embedding of that tag; raises NoLogData, NoLogStep, UnreadableLog."""
    if run.has("exception", tag):
        return exception_of(run.at_step("exception", tag, step).value)
    if run.has("embedding", tag):
        return embedding_of(run.at_step("embedding", tag, step).value).values
    if found := configured(run, tag):
        return TablePoints(found).at(step).values
    raise NoLogData()


def exception_steps(run: Run, tag: str) -> list[int]:
    """The step of every exception of a tag, or of every embedding; raises NoLogData."""
    for kind in EXCEPTIONS:
        if run.has(kind, tag):
            return run.steps(kind, tag)
    if found := configured(run, tag):
        return [block.step for block in found]
    raise NoLogData()


def exceptions_at(run: Run, tag: str, indices: Sequence[int]) -> Iterator[tuple[int, Array]]:
    """(step, tensor) of the records at these places, one after the other; those that cannot be read are left out."""
    kind = next((kind for kind in EXCEPTIONS if run.has(kind, tag)), None)
    for index in indices:
        with suppress(UnreadableLog, NoLogData, LimitExceeded):
            yield record_at(run, kind, tag, index) if kind else table_at(configured(run, tag)[index])


def record_at(run: Run, kind: Kind, tag: str, index: int) -> tuple[int, Array]:
    """One record; raises UnreadableLog, or NoLogData where it is gone."""
    for record in run.records(kind, tag, [index]):
        return record.step, opened(kind, record.value).values
    raise NoLogData()


def table_at(block: Block) -> tuple[int, Array]:
    """One table; raises as `TablePoints.at`."""
    return block.step, TablePoints([block]).at(block.step).values


def opened(kind: Kind, packed: Any) -> Embedding:
    """The array of a record, with labels where it is an embedding; raises UnreadableLog."""
    return embedding_of(packed) if kind == "embedding" else Embedding(exception_of(packed), [])


def first_opened(run: Run, kind: Kind, tag: str) -> Embedding:
    """The first record of a tag that can be read; raises NoLogData, UnreadableLog."""
    return first_readable(run, kind, tag, lambda record: opened(kind, record.value))


def sample_type(run: Run, tag: str) -> str:
    """image, audio or text; empty where the tag has no samples."""
    if run.has("sample", tag):
        try:
            return first_samples(run, tag).kind
        except (NoLogData, UnreadableLog):
            return ""
    return IMAGE if any(block.sprite for block in configured(run, tag)) else ""


def sample_at(run: Run, tag: str, index: int) -> Media:
    """One sample; raises NoLogData, BadLogParameter where there is none of that number, UnreadableLog."""
    if run.has("sample", tag):
        samples = first_samples(run, tag)
        check_index(index, len(samples.values))
        return sample(samples, index)
    block = next((block for block in configured(run, tag) if block.sprite), None)
    if block is None:
        raise NoLogData()
    check_index(index, block.shape()[0])
    return tile(block, index)


def first_samples(run: Run, tag: str) -> Samples:
    """The samples of a tag; raises NoLogData, UnreadableLog."""
    return first_readable(run, "sample", tag, lambda record: samples_of(record.value))


def check_index(index: int, count: int) -> None:
    """Raise BadLogParameter unless there is a sample of that number."""
    if not 0 <= index < count:
        raise BadLogParameter(f"Parameter error, 'index' = {index} is out of bounds: there are {count} samples")
