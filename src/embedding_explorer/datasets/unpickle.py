"""Pickles read by a machine that knows numpy arrays, numbers, texts, lists, tuples and dicts, and nothing else.

Nothing that a pickle names is ever looked up: a global is either one of the few words in `GLOBALS`, which this module
understands itself, or a refusal. The opcodes are split up by the standard library's `pickletools`; their meaning is
documented there.
"""

import pickletools
from collections.abc import Callable
from enum import Enum, auto
from pathlib import Path
from typing import Any

from embedding_explorer.datasets.pickled import REMEDY, Array, Dtype, Pairs, shaped
from embedding_explorer.errors import BadInput, LimitExceeded, RefusedPickle

# Coordinates of 20 million images as float64.
MAX_BYTES = 512 * 1024**2
# An opcode may cost a hundred bytes of memory while it takes one in the file; an array needs thirty opcodes.
MAX_OPCODES = 10_000_000
MAX_STATE = 10
MAX_SHOWN = 200


class Word(Enum):
    """The globals that pickled arrays name."""

    NDARRAY = auto()
    DTYPE = auto()
    RECONSTRUCT = auto()
    SCALAR = auto()
    FROM_BUFFER = auto()
    ENCODE = auto()


GLOBALS = {
    ("numpy", "ndarray"): Word.NDARRAY,
    ("numpy", "dtype"): Word.DTYPE,
    ("numpy.core.multiarray", "_reconstruct"): Word.RECONSTRUCT,
    ("numpy._core.multiarray", "_reconstruct"): Word.RECONSTRUCT,
    ("numpy.core.multiarray", "scalar"): Word.SCALAR,
    ("numpy._core.multiarray", "scalar"): Word.SCALAR,
    ("numpy.core.numeric", "_frombuffer"): Word.FROM_BUFFER,
    ("numpy._core.numeric", "_frombuffer"): Word.FROM_BUFFER,
    ("_codecs", "encode"): Word.ENCODE,
}


class Machine:
    """The state of one reading. `budget`: bytes that decoding may still produce, so that repetition cannot explode."""

    def __init__(self, budget: int) -> None:
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}
        self.budget = budget

    def run(self, data: bytes) -> Any:
        """The value that the pickle describes, arrays as `Array`."""
        for count, (opcode, argument, _) in enumerate(pickletools.genops(data)):
            if count > MAX_OPCODES:
                raise LimitExceeded(f"It has more than {MAX_OPCODES} steps. {REMEDY}", limit=MAX_OPCODES)
            if opcode.name == "STOP":
                break
            action = ACTIONS.get(opcode.name)
            if action is None:
                raise RefusedPickle(f"It uses the pickle opcode {opcode.name}, which arrays do not. {REMEDY}")
            action(self, argument)
        return self.stack.pop()

    def push(self, value: Any) -> None:
        """Put a value on the stack."""
        self.stack.append(value)

    def remember(self, key: int) -> None:
        """Note the top of the stack under a number of the memo, which writers count up from 0."""
        if not 0 <= key <= MAX_OPCODES:
            raise ValueError("a memo of absurd size")
        self.memo[key] = self.stack[-1]

    def since_mark(self) -> list[Any]:
        """Take all values above the last mark."""
        start = self.marks.pop()
        values = self.stack[start:]
        del self.stack[start:]
        return values

    def take(self, count: int) -> tuple[Any, ...]:
        """Take the last `count` values."""
        values = tuple(self.stack[-count:])
        del self.stack[-count:]
        if len(values) < count:
            raise IndexError(count)
        return values

    def extend(self, values: list[Any]) -> None:
        """Append to the list, or add keys and values to the dict, on top of the stack."""
        top = self.stack[-1]
        target = top.items if isinstance(top, Pairs) else top
        if not isinstance(target, list):
            raise ValueError("items for what holds none")
        target.extend(values)

    def resolve(self, module: object, name: object) -> None:
        """Put the word for a global on the stack; raises RefusedPickle naming it when there is none."""
        if not isinstance(module, str) or not isinstance(name, str):
            raise ValueError("a global without a name")
        if (module, name) not in GLOBALS:
            wanted = f"{module}.{name}"[:MAX_SHOWN]
            raise RefusedPickle(f"It asks for {wanted!r}. {REMEDY}", wanted=wanted)
        self.push(GLOBALS[module, name])

    def inst(self, argument: str) -> None:
        """An instance in the manner of Python 2: its class is a global, and none of ours is made this way."""
        self.resolve(*argument.split(" ", 1))
        raise RefusedPickle(f"It uses the pickle opcode INST, which arrays do not. {REMEDY}")

    def reduce(self) -> None:
        """Call a global with its arguments."""
        word, arguments = self.take(2)
        if not isinstance(word, Word) or not isinstance(arguments, tuple):
            raise ValueError("a call of what is no function")
        self.push(CALLS[word](self, *arguments))

    def build(self) -> None:
        """Give an array or a dtype its state."""
        (state,) = self.take(1)
        if not isinstance(self.stack[-1], (Array, Dtype)) or not isinstance(state, tuple) or len(state) > MAX_STATE:
            raise ValueError("a state for what has none")
        if isinstance(state[-1], str):
            state = (*state[:-1], self.encode(state[-1]))
        self.stack[-1].build(state)

    def encode(self, text: str, encoding: str = "latin1") -> bytes:
        """Bytes that old protocols write as text of the characters 0 to 255."""
        if encoding not in ("latin1", "latin-1"):
            raise ValueError("text in another encoding than latin1")
        self.budget -= len(text)
        if self.budget < 0:
            raise ValueError("one text decoded over and over")
        return text.encode("latin-1")

    def ndarray(self, *_: object) -> None:
        """Refuse a direct call of ndarray, whose arguments may ask for any amount of memory."""
        raise RefusedPickle(f"It calls numpy.ndarray, which pickled arrays do not. {REMEDY}")

    def dtype(self, code: str, _align: object = False, _copy: object = True) -> Dtype:
        """The start of a dtype."""
        if not isinstance(code, str):
            raise ValueError("a dtype without a name")
        return Dtype(code)

    def reconstruct(self, kind: object, _shape: object, _code: object) -> Array:
        """The start of an array."""
        if kind is not Word.NDARRAY:
            raise ValueError("an array of no array class")
        return Array()

    def scalar(self, dtype: Dtype, data: bytes) -> float:
        """One number."""
        return float(shaped(data, dtype, (1,), "C")[0])

    def from_buffer(self, data: bytes, dtype: Dtype, shape: tuple[int, ...], order: str) -> Array:
        """A whole array at once, as protocol 5 writes it."""
        return Array(shaped(data, dtype, shape, order))


Action = Callable[[Machine, Any], object]

CALLS: dict[Word, Callable[..., Any]] = {
    Word.NDARRAY: Machine.ndarray,
    Word.DTYPE: Machine.dtype,
    Word.RECONSTRUCT: Machine.reconstruct,
    Word.SCALAR: Machine.scalar,
    Word.FROM_BUFFER: Machine.from_buffer,
    Word.ENCODE: Machine.encode,
}

NUMBERS = ("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT")
TEXTS = (
    *("STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"),
    *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
)

ACTIONS: dict[str, Action] = {
    **dict.fromkeys((*NUMBERS, *TEXTS), Machine.push),
    **dict.fromkeys(("PROTO", "FRAME"), lambda m, _: None),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), lambda m, key: m.push(m.memo[key])),
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT"), Machine.remember),
    "MEMOIZE": lambda m, _: m.remember(len(m.memo)),
    "NONE": lambda m, _: m.push(None),
    "NEWTRUE": lambda m, _: m.push(True),
    "NEWFALSE": lambda m, _: m.push(False),
    "MARK": lambda m, _: m.marks.append(len(m.stack)),
    "POP": lambda m, _: m.stack.pop(),
    "POP_MARK": lambda m, _: m.since_mark(),
    "DUP": lambda m, _: m.push(m.stack[-1]),
    "EMPTY_LIST": lambda m, _: m.push([]),
    "LIST": lambda m, _: m.push(m.since_mark()),
    "APPEND": lambda m, _: m.extend(list(m.take(1))),
    "APPENDS": lambda m, _: m.extend(m.since_mark()),
    "EMPTY_TUPLE": lambda m, _: m.push(()),
    "TUPLE": lambda m, _: m.push(tuple(m.since_mark())),
    "TUPLE1": lambda m, _: m.push(m.take(1)),
    "TUPLE2": lambda m, _: m.push(m.take(2)),
    "TUPLE3": lambda m, _: m.push(m.take(3)),
    "EMPTY_DICT": lambda m, _: m.push(Pairs()),
    "DICT": lambda m, _: m.push(Pairs(m.since_mark())),
    "SETITEM": lambda m, _: m.extend(list(m.take(2))),
    "SETITEMS": lambda m, _: m.extend(m.since_mark()),
    "GLOBAL": lambda m, argument: m.resolve(*argument.split(" ", 1)),
    "STACK_GLOBAL": lambda m, _: m.resolve(*m.take(2)),
    "INST": Machine.inst,
    "REDUCE": lambda m, _: m.reduce(),
    "BUILD": lambda m, _: m.build(),
}


def unpickle(data: bytes, name: str) -> Any:
    """The value in a pickle, protocols 0 to 5: an `Array`, a number, a text, or lists, tuples and `Pairs` of them.

    `name` is the file's, for messages. Raises RefusedPickle naming what it asked for, LimitExceeded, or BadInput for
    what is damaged or no pickle at all.
    """
    try:
        return Machine(budget=len(data)).run(data)
    except (RefusedPickle, LimitExceeded) as error:
        raise type(error)(f"{name} is refused. {error.message}", file=name, **error.facts) from None
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError) as error:
        # Whatever wrong operands do to an opcode: the pickle is damaged, or is something else.
        raise BadInput(f"{name} is damaged or no pickle ({error}). Copy it again.", file=name) from None


def load(path: Path, name: str, max_bytes: int = MAX_BYTES) -> Any:
    """`unpickle` a file of at most `max_bytes`."""
    size = path.stat().st_size
    if size > max_bytes:
        raise LimitExceeded(f"{name} has {size} bytes, more than the limit of {max_bytes}.", file=name, limit=max_bytes)
    return unpickle(path.read_bytes(), name)
