"""A file of numbers whose header was read and whose values were not yet."""

from collections.abc import Callable
from typing import Any, NamedTuple

from numpy.typing import NDArray


class Stored(NamedTuple):
    """An array in a file.

    Attributes:
        shape: of the array.
        axes: the order of its last three axes where the format fixes one, such as "CHW"; else empty.
        read: gives the array of that shape, of any real type; raises BadInput where the file is damaged.
    """

    shape: tuple[int, ...]
    axes: str
    read: Callable[[], NDArray[Any]]
