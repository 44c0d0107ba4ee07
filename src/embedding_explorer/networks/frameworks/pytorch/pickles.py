"""What a pickle asks for, found by reading its opcodes: nothing is executed and nothing is looked up."""

import pickletools
from typing import IO, Any

from embedding_explorer.errors import BadInput

# A tensor takes some thirty opcodes; this many take three seconds.
MAX_OPCODES = 2_000_000
# The longest argument of one opcode: torch keeps numbers elsewhere, so these are names.
MAX_ARGUMENT = 1 << 20
# torch writes names by this opcode alone.
_GLOBAL = "GLOBAL"
_REFUSED = {"INST", "OBJ", "NEWOBJ_EX", "STACK_GLOBAL", "EXT1", "EXT2", "EXT4", "PERSID"}


class _Bounded:
    """A stream that never gives, nor reads, more than the longest argument at once."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def read(self, size: int) -> bytes:
        if size > MAX_ARGUMENT:
            raise BadInput(f"has a pickle with an argument of {size} bytes")
        return self._stream.read(size)

    def readline(self) -> bytes:
        return self._stream.readline(MAX_ARGUMENT)


def globals_of(stream: IO[bytes], pickles: int = 1) -> set[str]:
    """Dotted names of the globals that the first so many pickles of a stream ask for.

    Raises:
        BadInput: no pickle, or one of more steps or of other opcodes than torch writes.
    """
    bounded, found, left = _Bounded(stream), set[str](), MAX_OPCODES
    try:
        for _ in range(pickles):
            for opcode, argument, _ in pickletools.genops(bounded):  # type: ignore[arg-type]
                left -= 1
                if left < 0:
                    raise BadInput(f"has a pickle of more than {MAX_OPCODES} steps")
                found |= _global(opcode.name, argument)
    except BadInput:
        raise
    except Exception as error:  # the parser of the standard library raises whatever it stumbles over
        raise BadInput("has a damaged pickle") from error
    return found


def _global(opcode: str, argument: Any) -> set[str]:
    if opcode in _REFUSED:
        raise BadInput(
            f"has a pickle with the opcode {opcode}, which tensors do not need, and nothing else is unpickled"
        )
    return {str(argument).replace(" ", ".", 1)} if opcode == _GLOBAL else set()
