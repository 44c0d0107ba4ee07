"""Scalars, histograms and their distributions as the contract writes them (6.3, 6.6, 6.7)."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import orjson
from tensorboard.plugins.distribution.compressor import NORMAL_HISTOGRAM_BPS, compress_histogram

from embedding_explorer.runs.base import Column, Histogram, LogSet, Record
from embedding_explorer.runs.media import Written
from embedding_explorer.runs.thinning import thinned

PIECE = 20_000  # records turned into Python objects at a time: a million at once would take half a gigabyte
FIELDS = ("wall_time", "step", "value")


def scalar(logs: LogSet, *, dialect: str, run: str, tag: str, form: str = "") -> object:
    """All scalars of a tag, as objects or (`form=array`) as bare triples."""
    column = logs.run(run).column(tag)
    if form == "array":
        return Written(_list(column, objects=False))
    return Written(b"{" + orjson.dumps(tag) + b":" + _list(column, objects=True) + b"}")


def _list(column: Column, objects: bool) -> bytes:
    return b"[" + b",".join(_pieces(column, objects)) + b"]"


def _pieces(column: Column, objects: bool) -> Iterator[bytes]:
    for start in range(0, len(column.steps), PIECE):
        part = slice(start, start + PIECE)
        rows: Any = zip(
            column.wall_times[part].tolist(), column.steps[part].tolist(), column.values[part].tolist(), strict=True
        )
        listed = [dict(zip(FIELDS, row, strict=True)) for row in rows] if objects else list(rows)
        yield orjson.dumps(listed)[1:-1]


def histogram(logs: LogSet, *, dialect: str, run: str, tag: str, samples: int | None = None) -> object:
    """At most 50 histograms of a tag: time, step, range and all buckets."""
    rows = _histograms(logs, run, tag, samples)
    return {tag: [[time, step, value.least, value.most, value.buckets] for step, time, value, _ in rows]}


def distribution(logs: LogSet, *, dialect: str, run: str, tag: str, samples: int | None = None) -> object:
    """The same, each as nine quantiles of a normal distribution."""
    rows = _histograms(logs, run, tag, samples)
    return {tag: [[time, step, quantiles(value)] for step, time, value, _ in rows]}


def quantiles(value: Histogram) -> list[tuple[int, float]]:
    """(basis point, value) of a histogram at nine basis points (contract, 7.3), by TensorBoard's own function.

    But for the last: no weight lies beyond it, so that its value is the largest. That function sums up rounded weights,
    which may come out over the whole; it would then end at the last bucket that is not empty. At 5000 the same rounding
    decides where empty buckets follow on exactly half of the weight, and the contract's values (11.1) have it so.
    """
    if not np.nansum(value.buckets[:, 2]):
        return [(point, 0.0) for point in NORMAL_HISTOGRAM_BPS]
    with np.errstate(invalid="ignore", divide="ignore"):
        below = [(point, float(at)) for point, at in compress_histogram(value.buckets)[:-1]]
    return [*below, (NORMAL_HISTOGRAM_BPS[-1], value.most)]


def _histograms(logs: LogSet, run: str, tag: str, samples: int | None) -> list[Record]:
    found = logs.run(run)
    return found.records("histogram", tag, thinned(len(found.steps("histogram", tag)), samples))
