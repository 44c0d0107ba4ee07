"""Collecting all that is wrong with a request, so that a user mends everything at once."""

from embedding_explorer.errors import InvalidFields

# A request with more faults than this is noise; listing them all would send a few megabytes of keys back.
MAX_PATHS = 200
MAX_PATH_LENGTH = 300
# These say what to do first, whatever else is wrong: a mistyped path, say, is also why the model's file is missing.
_PREVAILING = ("extra_required", "unsupported_framework", "unknown_field")


class Faults(dict[str, list[str]]):
    """Field path → what is wrong with that field, in the order found. True where there is any fault.

    Attributes:
        noted: how often `add` was called, repetitions included: unchanged after a check that found nothing.
    """

    def __init__(self) -> None:
        super().__init__()
        self.noted = 0
        self._first: dict[str, tuple[str, str]] = {}

    def add(self, path: str, text: str, code: str = "invalid") -> None:
        """Note one fault; the same one twice counts once. `code` is the slug that it has if it is the only kind."""
        self.noted += 1
        path, text = one_line(path)[:MAX_PATH_LENGTH], one_line(text)
        if path not in self and len(self) >= MAX_PATHS:
            return
        texts = self.setdefault(path, [])
        if text not in texts:
            texts.append(text)
            self._first.setdefault(code, (path, text))

    def raise_any(self) -> None:
        """Raise InvalidFields with all of them, if there are any."""
        if not self:
            return
        code = self._code()
        path, text = self._first.get(code) or next(iter(self._first.values()))
        count = sum(map(len, self.values()))
        more = f" ({count - 1} more in `fields`)" if count > 1 else ""
        raise InvalidFields(f"{path}: {text}{more}", fields=self, code=code)

    def _code(self) -> str:
        for code in _PREVAILING:
            if code in self._first:
                return code
        return next(iter(self._first)) if len(self._first) == 1 else "invalid"


def one_line(text: str) -> str:
    """The text with what is no visible character written out: names come from users and go into answers and logs."""
    return text if text.isprintable() else "".join(c if c.isprintable() else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode()
