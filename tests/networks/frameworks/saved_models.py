"""SavedModels written field by field, without TensorFlow (numbers from its protobuf files)."""

from collections.abc import Iterable

from embedding_explorer.networks.protobuf import encode

INDEX = b"\0" * 40 + bytes.fromhex("57fb808b247547db")


def node(name: str, operator: str, inputs: Iterable[str] = (), attributes: bytes = b"") -> bytes:
    """A NodeDef."""
    given = b"".join(encode(3, each.encode()) for each in inputs)
    return encode(1, name.encode()) + encode(2, operator.encode()) + given + attributes


def attribute(key: str, value: bytes) -> bytes:
    """An entry of a NodeDef's attributes; `value` is an AttrValue."""
    return encode(5, encode(1, key.encode()) + encode(2, value))


def constant(*sides: int) -> bytes:
    """A Const of a shape, filled from one value."""
    shape = b"".join(encode(2, b"\x08" + _varint(side)) for side in sides)
    return node("c", "Const", attributes=attribute("value", encode(8, encode(2, shape) + encode(5, b"\0\0\0\0"))))


def saved_model(*nodes: bytes, functions: Iterable[Iterable[bytes]] = ()) -> bytes:
    """A SavedModel of one graph."""
    graph = b"".join(encode(1, each) for each in nodes)
    library = b"".join(encode(1, b"".join(encode(3, each) for each in function)) for function in functions)
    graph += encode(2, library) if library else b""
    return b"\x08\x01" + encode(2, encode(1, encode(4, b"serve")) + encode(2, graph))


def _varint(value: int) -> bytes:
    groups = b""
    while value > 0x7F:
        groups, value = groups + bytes([value & 0x7F | 0x80]), value >> 7
    return groups + bytes([value])
