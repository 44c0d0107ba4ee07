"""The endpoints of tensors that are watched for exceptional values (contract, 6.16 to 6.19)."""

from typing import Any

from embedding_explorer.runs.base import LogSet
from embedding_explorer.runs.embeddings import exception_at, exception_steps, exceptions_at
from embedding_explorer.runs.tensors import box, buckets, outliers, summary
from embedding_explorer.runs.thinning import thinned


def exception(logs: LogSet, *, dialect: str, run: str, tag: str) -> object:
    """The steps of a tag; for the published front end at most 50, with a box for each."""
    found = logs.run(run)
    steps = exception_steps(found, tag)
    if dialect != "web":
        return {tag: steps}
    boxes = [(step, box(values)) for step, values in exceptions_at(found, tag, thinned(len(steps)))]
    return {tag: {"step": [step for step, _ in boxes], "box": [each for _, each in boxes]}}


def exception_data(logs: LogSet, *, dialect: str, run: str, tag: str, step: int) -> object:
    """Shape, figures and matrix of one tensor."""
    return {str(step): summary(exception_at(logs.run(run), tag, step))}


def exception_hist(logs: LogSet, *, dialect: str, run: str, tag: str, step: int) -> object:
    """100 buckets of one tensor."""
    found: list[Any] = buckets(exception_at(logs.run(run), tag, step))
    return {str(step): [found] if dialect == "web" else found}


def exception_box(logs: LogSet, *, dialect: str, run: str, tag: str, step: int, up: float, down: float) -> object:
    """What of one tensor lies beyond the limits."""
    return {str(step): outliers(exception_at(logs.run(run), tag, step), up, down)}
