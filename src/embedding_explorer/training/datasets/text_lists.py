"""Image lists that a user gives as text (contract, 4.3)."""

import os
from pathlib import Path

from embedding_explorer.errors import BadInput
from embedding_explorer.training.datasets.bounds import MAX_LINE, Bounds
from embedding_explorer.training.datasets.folders import Report, Tell
from embedding_explorer.training.datasets.lists import Line, lines_of, parse_line
from embedding_explorer.training.datasets.places import is_url
from embedding_explorer.training.datasets.spec import TextList

_EVERY = 1000


def parse_text_list(given: TextList, target: Path, labels: int, bounds: Bounds, tell: Tell, report: Report) -> int:
    """Write a user's list to `target`, relative paths put behind the folder; how many images it has.

    Args:
        labels: how many labels there are.
        tell: takes a line for the log.
        report: takes how many lines are done, of how many so far; may raise to end the work.

    Raises:
        BadInput: no valid line, or a class index without a label.
        LimitExceeded: too many bytes or lines.
    """
    count = skipped = 0
    with target.open("wb") as file:
        for number, raw in enumerate(lines_of(given.file, bounds), 1):
            line = _joined(parse_line(raw), given.folder)
            if line is None:
                skipped += bool(raw.strip())
                continue
            if line.label >= labels:
                raise BadInput(
                    f"Line {number} of {target.name} has the class index {line.label}, but there are only {labels} "
                    "labels, counted from 0. Add labels to the file of labels, or correct the line."
                )
            file.write(line.to_bytes())
            count += 1
            if count % _EVERY == 0:
                report(count, count + 1)
    if skipped:
        tell(f"passed over {skipped} lines of {target.name} that are not <path> <class index>")
    if not count:
        raise BadInput(f"There is no valid line in {target.name}. Write <path> <class index>, one image per line.")
    return count


def _joined(line: Line | None, folder: Path | None) -> Line | None:
    if line is None or folder is None or is_url(line.name):
        return line
    joined = Line(os.path.join(folder, line.name), line.label)
    return joined if len(joined.to_bytes()) <= MAX_LINE else None
