"""Which argument of a network's forward call is fed with which input of the preprocessing (networks contract, 11.10)."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from embedding_explorer.errors import NetworkUnusable


class Argument(NamedTuple):
    """An argument of a forward call."""

    name: str
    optional: bool = False
    default: Any = None


def assign(inputs: Sequence[str], arguments: Sequence[Argument]) -> list[str]:
    """Names of the arguments for these inputs: by name if all are names of arguments, else in order.

    Raises NetworkUnusable where neither goes.
    """
    names = [argument.name for argument in arguments]
    needed = [argument.name for argument in arguments if not argument.optional]
    if set(inputs) <= set(names):
        assigned = list(inputs)
    elif len(needed) <= len(inputs) <= len(names):
        assigned = names[: len(inputs)]
    else:
        raise NetworkUnusable(
            f"The network takes {len(needed)} inputs ({', '.join(needed[:20])}), and the preprocessing describes {len(inputs)}."
        )
    if missing := [name for name in needed if name not in assigned]:
        raise NetworkUnusable(f"The network also has the inputs {', '.join(missing[:20])}, which nothing feeds.")
    return assigned
