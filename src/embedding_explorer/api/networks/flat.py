"""Flattened names of form parts, such as `inputs[0]image.bbox.xmin`, and the objects and lists they describe.

    name := key step*      step := "." key | "[" digits "]" [key]

`key` has no `.`, `[` or `]`. Directly after an index the dot is left out; one that is there is taken all the same.
"""

import re
from collections.abc import Iterable
from typing import Any

from embedding_explorer.networks.preprocessing import Faults

MAX_INDEX = 999
MAX_STEPS = 64
KEY = r"[^.\[\]]+"
# One way to read each name: a dot after an index is that of the next key. Two ways each would be 2^n for n of them.
NAME = re.compile(rf"{KEY}(\.{KEY}|\[[0-9]+\]({KEY})?)*")
STEP = re.compile(rf"({KEY})|\[([0-9]+)\]")
UNDOTTED = re.compile(r"(\[[0-9]+\])(?=[^.\[\]])")
Steps = tuple[str | int, ...]


class BadName(ValueError):
    """A name that the grammar does not know; the text says why."""


def head_of(name: str) -> str:
    """The field that a part belongs to."""
    return re.split(r"[.\[]", name, maxsplit=1)[0]


def path_of(name: str) -> str:
    """The path by which faults name what a part holds: with a dot after an index too."""
    return UNDOTTED.sub(r"\1.", name)


def steps_of(name: str) -> Steps:
    """Keys and indices in a name; raises BadName."""
    if not NAME.fullmatch(name):
        raise BadName("is no name of the form key.key[index]key")
    steps = tuple(key or index_of(digits) for key, digits in STEP.findall(name))
    if len(steps) > MAX_STEPS:
        raise BadName(f"has more than {MAX_STEPS} steps")
    return steps


def index_of(digits: str) -> int:
    """An index; raises BadName for one that is too large."""
    digits = digits.lstrip("0") or "0"
    if len(digits) > len(str(MAX_INDEX)):
        raise BadName(f"has an index above {MAX_INDEX}")
    return int(digits)


def nested(leaves: Iterable[tuple[str, Any]], faults: Faults) -> dict[str, Any]:
    """Fields made of (name, leaf) pairs in any order; what does not fit together is a fault of its name."""
    tree: dict[str | int, Any] = {}
    for name, leaf in leaves:
        try:
            insert(tree, steps_of(name), Leaf(leaf))
        except BadName as error:
            faults.add(path_of(name), str(error))
    return {str(field): built(branch, str(field), faults) for field, branch in tree.items()}


class Leaf:
    """The end of a branch."""

    def __init__(self, value: Any) -> None:
        self.value = value


def insert(tree: dict[str | int, Any], steps: Steps, leaf: Leaf) -> None:
    """Hang a leaf into a tree of dictionaries; raises BadName when the place is taken or of another kind."""
    for step in steps[:-1]:
        check_kind(tree, step)
        tree = tree.setdefault(step, {})
        if isinstance(tree, Leaf):
            raise BadName("goes on below a value that came as well")
    check_kind(tree, steps[-1])
    if steps[-1] in tree:
        raise BadName(
            "came twice" if isinstance(tree[steps[-1]], Leaf) else "has a value of its own and parts below it"
        )
    tree[steps[-1]] = leaf


def check_kind(tree: dict[str | int, Any], step: str | int) -> None:
    """Raise BadName when a step is an index in an object, or a key in a list."""
    for other in tree:
        if isinstance(other, int) != isinstance(step, int):
            raise BadName("is a list and an object at once")
        return


def built(branch: Any, path: str, faults: Faults) -> Any:
    """A branch as object, list or leaf; a list with gaps is a fault."""
    if isinstance(branch, Leaf):
        return branch.value
    if not isinstance(next(iter(branch)), int):
        return {key: built(inner, f"{path}.{key}", faults) for key, inner in branch.items()}
    if sorted(branch) != list(range(len(branch))):
        faults.add(path, "is a list with gaps: its indices run from 0 without one left out")
    return [built(branch[index], f"{path}[{index}]", faults) for index in sorted(branch)]
