"""What every framework offers, and what a network of any of them is once it is loaded (networks contract, 13 and 14)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from numpy.typing import NDArray

from embedding_explorer.networks.preprocessing import Faults, Preprocessing

Files: TypeAlias = Mapping[str, Path]
"""Stored name → path of every file of a network."""

Array: TypeAlias = NDArray[Any]


@dataclass(frozen=True)
class Layer:
    """A tensor that a network computes, or is fed with.

    Attributes:
        name: as it is asked for.
        type: the kind of the operation or module that it comes from.
        shape: None for the batch axis and for axes that vary; None as a whole where it is not known.
        dtype: numpy's name of the values' type, such as "float32".
        input: whether it is fed.
        output: whether it is one of the final outputs.
    """

    name: str
    type: str
    shape: tuple[int | None, ...] | None
    dtype: str
    input: bool = False
    output: bool = False


class LoadedNetwork(Protocol):
    """A network that is ready to run; it was run once already, on a blank image."""

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Everything that can be asked for, in the order in which it is computed; first what is there before."""

    def resolve(self, names: Sequence[str]) -> None:
        """Raise UnknownLayer, naming up to five near ones, unless every name is one of a layer."""

    def run(self, feeds: Sequence[Array], names: Sequence[str] | None) -> list[tuple[str, Array]]:
        """The tensors of these names, in their order, under the names as given; None asks for the final outputs.

        Args:
            feeds: one array (B, …) for each input of the preprocessing, in its order.
            names: names of layers.

        Raises:
            UnknownLayer: as `resolve`.
            NetworkUnusable: the network fails on these inputs, in one line.
        """

    def memory(self) -> int:
        """Roughly how many bytes it holds."""

    def close(self) -> None:
        """Free them; the network is of no use afterwards."""


@dataclass(frozen=True)
class Framework:
    """A kind of network that users may register.

    Attributes:
        name: as requests call it.
        extra: the optional extra that brings its packages; None where they are always there.
        packages: what must be importable.
        check: notes what is wrong or dangerous about a network's files, as far as that shows without the framework:
            in the web process, so nothing heavy is imported, nothing is executed, and its work is bounded.
        load: opens a network on "cpu" or "cuda" and tries it out. Raises NetworkUnusable with one line for a user.
        prefix: what may stand in front of the name of an uploaded file and is left away when it is stored.
    """

    name: str
    extra: str | None
    packages: tuple[str, ...]
    check: Callable[[Files, Faults], None]
    load: Callable[[Files, Preprocessing, str], LoadedNetwork]
    prefix: str = ""

    def installed(self) -> bool:
        """Whether the packages are there; none of them is imported."""
        return all(find_spec(package) is not None for package in self.packages)

    def store_name(self, part: str) -> str:
        """The name under which the file of a request's part is stored."""
        return part.removeprefix(self.prefix)
