"""What each endpoint takes, and how it is read from the query (contract, 2.3 and 2.4)."""

from collections.abc import Mapping
from dataclasses import dataclass

from embedding_explorer import numbers
from embedding_explorer.errors import BadLogParameter

MAX_LENGTH = 1 << 16  # characters of one value; any may be in a tag, percent-encoded twice
MOST_DIGITS = 4000  # of a number that no step or sample can have, which the answer is to say


@dataclass(frozen=True)
class Endpoint:
    """An endpoint: its function's name in `runs`, and its parameters.

    Attributes:
        name: as in the path, `/api/<name>`.
        required: in the order in which missing ones are reported.
        optional: left out of the arguments when absent or empty.
        integers, numbers: those of both that are no texts.
        dialects: whether the answer depends on the dialect.
    """

    name: str
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    integers: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    dialects: bool = False


def read(endpoint: Endpoint, query: Mapping[str, str]) -> dict[str, str | int | float]:
    """The arguments of an endpoint from a query; raises BadLogParameter for the first that is missing or ill-typed."""
    for name in endpoint.required:
        if not query.get(name):
            raise missing(endpoint.name, name)
    names = [name for name in (*endpoint.required, *endpoint.optional) if query.get(name)]
    return {name: typed(endpoint, name, query[name]) for name in names}


def typed(endpoint: Endpoint, name: str, text: str) -> str | int | float:
    """The value of one parameter; raises BadLogParameter."""
    if len(text) > MAX_LENGTH:
        raise BadLogParameter(f"Parameter error, '{name}' is longer than {MAX_LENGTH} characters")
    if name in endpoint.integers:
        return integer(name, text)
    return number(name, text) if name in endpoint.numbers else text


def missing(endpoint: str, name: str) -> BadLogParameter:
    """The error for a required parameter that is absent or empty."""
    return BadLogParameter(f"/api/{endpoint} :Parameter request error, parameter '{name}' not found")


def integer(name: str, text: str) -> int:
    """A whole number; raises BadLogParameter naming the parameter."""
    value = numbers.whole(text, MOST_DIGITS)
    if value is None:
        raise BadLogParameter(f"Parameter error, '{name}' must be an integer")
    return value


def number(name: str, text: str) -> float:
    """A finite number; raises BadLogParameter naming the parameter."""
    value = numbers.real(text)
    if value is None:
        raise BadLogParameter(f"Parameter error, '{name}' must be a number")
    return value
