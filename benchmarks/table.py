"""Rows of the printed table."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

Work = Callable[[], object]


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


def timed(label: str, work: Work) -> float:
    """Seconds of one run, said on standard error."""
    start = time.perf_counter()
    work()
    seconds = time.perf_counter() - start
    say(f"{label}: {seconds:.2f} s")
    return seconds


def say(text: str) -> None:
    """Progress for the person who waits."""
    print(text, file=sys.stderr, flush=True)
