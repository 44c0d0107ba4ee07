"""The endpoints of hidden states: a stretch of them, and where a pattern occurs (contract, 9.4 and 9.5)."""

import re
from typing import Any

import numpy as np

from embedding_explorer.errors import BadLogParameter, UnreadableLog
from embedding_explorer.runs.base import LogSet, Run
from embedding_explorer.runs.featuremaps import values_of
from embedding_explorer.runs.first import first_readable
from embedding_explorer.runs.packed import Array, tensor_of
from embedding_explorer.runs.tensors import check_count, check_size, widened

WORDS = "hidden_state_word"
FILLER, CHINESE = "￥", re.compile("[\u4e00-\u9fff]")
MOST_FILLERS = 100_000
PATTERN = re.compile("[01]+")


def state(logs: LogSet, *, dialect: str, run: str, tag: str, pos: int, range: int) -> object:
    """Some states in a row, with the characters that they belong to."""
    for name, value in (("pos", pos), ("range", range)):
        if value < 0:
            raise BadLogParameter(f"Parameter error, '{name}' must not be negative")
    found = logs.run(run)
    states = states_of(found, tag)
    end, rest = pos + range, len(states) - pos - range
    shown = states[pos:end] if end < len(states) - 1 else states[pos:]
    check_size(shown)
    largest, least = (states.max(), states.min()) if states.size else (None, None)
    return {
        "data": widened(shown),
        "word": characters(words_of(found), pos, end),
        "right": rest if rest > 1 else 0,
        "max": None if largest is None else float(largest),
        "min": None if least is None else float(least),
    }


def states_of(run: Run, tag: str) -> Array:
    """The states (T, H) of a tag; raises NoLogData, UnreadableLog."""
    return first_readable(run, "hiddenstate", tag, lambda record: table_of(record.value.data))


def table_of(data: bytes) -> Array:
    """States (T, H) of one record; raises UnreadableLog."""
    values = values_of(data)
    if values.ndim != 2:
        raise UnreadableLog("The hidden states of the log are no table.")
    return values


def words_of(run: Run) -> str:
    """The characters that the states belong to; empty where the run has none."""
    if not run.has("hiddenstate", WORDS):
        return ""
    words = first_readable(run, "hiddenstate", WORDS, lambda record: tensor_of(record.value.data))
    return "".join(map(str, words.reshape(-1)))


def characters(words: str, start: int, end: int) -> str:
    """The characters from `start` on, before `end`, each missing one replaced by a filler."""
    taken = words[start:end]
    missing = min(max(end - max(start, len(words)), 0), MOST_FILLERS)
    return taken + (FILLER if CHINESE.search(taken) else f" {FILLER}") * missing


def state_select(
    logs: LogSet, *, dialect: str, run: str, tag: str, pattern: str, threshold: float, length: int
) -> object:
    """Where any unit is over and under the threshold in the order of a pattern."""
    if not PATTERN.fullmatch(pattern):
        raise BadLogParameter("Parameter error, 'pattern' must consist of 0 and 1")
    if length < 0:
        raise BadLogParameter("Parameter error, 'length' must not be negative")
    found = logs.run(run)
    states, words = states_of(found, tag), words_of(found)
    starts = matches(states, pattern, threshold)
    check_count(len(starts) * min(length, len(words)))
    return [entry(index, start, words[start : min(start + length, len(states))]) for index, start in enumerate(starts)]


def entry(index: int, start: int, words: str) -> dict[str, Any]:
    """One place as the answer has it."""
    return {"id": index, "start_pos": start, "data": words}


def matches(states: Array, pattern: str, threshold: float) -> list[int]:
    """Starts, ascending, from which the values of some unit are as the pattern has it: 1 over the threshold, 0 under it.

    A value that equals the threshold counts as what it is.
    """
    count = len(states) - len(pattern)
    if count <= 0:
        return []
    wide = states.astype(np.float64)
    marks = np.where(wide > threshold, 1.0, np.where(wide < threshold, 0.0, wide))
    fits = np.ones((count, states.shape[1]), bool)
    for offset, wanted in enumerate(pattern):
        fits &= marks[offset : offset + count] == float(wanted)
    starts: list[int] = np.flatnonzero(fits.any(axis=1)).tolist()
    return starts
