"""Which operators a program may use: those of torch that compute, by name."""

import re

from embedding_explorer.errors import BadInput

# Two underscores in front are Python's, such as `__class__`, but for the operators on bits.
_ATEN = re.compile(
    r"torch\.ops\.aten\.(_?[A-Za-z][A-Za-z0-9_]*|__i?(and|or|xor|lshift|rshift)__)\.[A-Za-z][A-Za-z0-9_]*"
)
_PYTHON = (
    "add sub mul truediv floordiv mod pow neg pos abs invert eq ne lt le gt ge and_ or_ xor not_ is_ is_not getitem"
)
_ARITHMETIC = frozenset(_PYTHON.split())
# Operators that open files; one would take a path from the program.
_FILES = re.compile(r"torch\.ops\.aten\.(_?from_file|_?save|_?load)\b")


def screen_target(target: str) -> None:
    """Raise BadInput unless this is an operator of `aten`, or arithmetic, comparison or an item in Python."""
    if target.startswith("_operator.") and target.removeprefix("_operator.") in _ARITHMETIC:
        return
    if not _ATEN.fullmatch(target) or _FILES.match(target):
        raise BadInput(f"uses the operator {target[:80]!r}; only those of torch.ops.aten that compute run here")
