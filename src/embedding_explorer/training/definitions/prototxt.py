"""A bounded parser of protocol buffers' text format, as far as Caffe's network texts use it.

See https://protobuf.dev/reference/protobuf/textformat-spec/. The result is a tree of strings; nothing is executed.
"""

import re
from dataclasses import dataclass, field

from embedding_explorer.errors import BadInput

MAX_DEPTH = 20
MAX_TOKENS = 200_000
_TOKEN = re.compile(
    r"""(?P<skip>\s+|\#[^\n]*|[,;])|(?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')"""
    r"""|(?P<word>[-+]?[A-Za-z0-9_.][-+A-Za-z0-9_./]*)|(?P<mark>[{}:<>\[\]])"""
)


@dataclass
class Message:
    """Fields of a message by name, each with all of its values in order."""

    values: dict[str, list[str]] = field(default_factory=dict)
    messages: dict[str, list["Message"]] = field(default_factory=dict)

    def get(self, name: str, default: str = "") -> str:
        """The last value of a field."""
        return self.values.get(name, [default])[-1]

    def get_first(self, name: str) -> str:
        """The first value of a field; empty where there is none."""
        return self.values.get(name, [""])[0]

    def inner(self, name: str) -> "Message":
        """A message within; an empty one where there is none."""
        return self.messages.get(name, [Message()])[-1]


def parse_prototxt(text: str) -> Message:
    """The tree of a text; raises BadInput with the line of what cannot be read."""
    return _Parser(text).message(0)


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens, self._lines = _tokens(text)
        self._position = 0

    def message(self, depth: int, end: str | None = None) -> Message:
        if depth > MAX_DEPTH:
            raise self._fault(f"is nested more than {MAX_DEPTH} deep")
        found = Message()
        while (token := self._next()) != end:
            if token is None or token in "{}:<>[]" or token[0] in "\"'":
                raise self._fault(f"has {token or 'its end'!r} where the name of a field belongs")
            self._field(token, found, depth)
        return found

    def _field(self, name: str, into: Message, depth: int) -> None:
        token = self._next()
        colon = token == ":"
        if colon:
            token = self._next()
        if token in ("{", "<"):
            into.messages.setdefault(name, []).append(self.message(depth + 1, "}" if token == "{" else ">"))
        elif colon and token == "[":
            while (value := self._next()) != "]":
                into.values.setdefault(name, []).append(self._value(value))
        elif colon:
            into.values.setdefault(name, []).append(self._value(token))
        else:
            raise self._fault(f"has no value after {name[:80]!r}")

    def _value(self, token: str | None) -> str:
        if token is None or token in "{}:<>[]":
            raise self._fault(f"has {token or 'its end'!r} where a value belongs")
        return token[1:-1] if token[0] in "\"'" else token

    def _next(self) -> str | None:
        self._position += 1
        return self._tokens[self._position - 1] if self._position <= len(self._tokens) else None

    def _fault(self, what: str) -> BadInput:
        line = self._lines[min(self._position, len(self._lines)) - 1] if self._lines else 1
        return BadInput(f"The Caffe network text {what}, in line {line}.")


def _tokens(text: str) -> tuple[list[str], list[int]]:
    tokens: list[str] = []
    lines: list[int] = []
    position, line = 0, 1
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            shown = text[position : position + 20]
            raise BadInput(f"The Caffe network text has {shown!r} in line {line}, which cannot be read.")
        if not match.group("skip"):
            tokens.append(match.group())
            lines.append(line)
        if len(tokens) > MAX_TOKENS:
            raise BadInput(f"The Caffe network text has more than {MAX_TOKENS} words; networks are not that long.")
        line += match.group().count("\n")
        position = match.end()
    return tokens, lines
