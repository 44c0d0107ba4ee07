"""Rows of the printed table."""

import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Row:
    """One figure: what, measured, its unit, against what, and the ratio that counts (bigger is better for us)."""

    what: str
    figure: str
    naive: str = ""
    ratio: str = ""
    target: str = ""


def print_table(rows: list[Row]) -> None:
    """As Markdown."""
    print("| what | measured | naive | ratio | target |\n|---|---|---|---|---|")
    for row in rows:
        print(f"| {row.what} | {row.figure} | {row.naive} | {row.ratio} | {row.target} |")


def median_seconds(
    work: Callable[[], T], runs: int, label: str, after: Callable[[T], object] = lambda result: None
) -> float:
    """Median of `runs` runs, each said on standard error; `after` is not timed."""
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - start)
        say(f"{label}: {seconds[-1]:.2f} s")
        after(result)
    return statistics.median(seconds)


def say(text: str) -> None:
    """Progress for the person who waits."""
    print(text, file=sys.stderr, flush=True)
