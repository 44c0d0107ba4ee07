"""Reading single fields of a form by kind (contract, 1.2): every fault is noted, none raises."""

from collections.abc import Collection, Mapping, Sequence
from typing import TypeVar

from embedding_explorer.networks.preprocessing import Faults
from embedding_explorer.numbers import real, whole

MAX_TEXT = 10_000
MAX_ITEMS = 100
Number = TypeVar("Number", int, float)
_FALSE = ("", "false", "0", "no", "off")


class Fields:
    """The fields of one form. Values that break a rule are noted in `faults`, and the default is given instead."""

    def __init__(self, form: Mapping[str, str | Sequence[str]], faults: Faults) -> None:
        self._form, self.faults = form, faults

    def all(self, name: str) -> list[str]:
        """Every value of a repeated field."""
        value = self._form.get(name, ())
        return [value] if isinstance(value, str) else list(value)

    def sent(self, name: str) -> str:
        """The first value as it was sent, for texts whose blanks have a meaning; empty where the field is absent."""
        return next(iter(self.all(name)), "")

    def raw(self, name: str) -> str | None:
        """The first value without blanks around it; None where the field is absent."""
        values = self.all(name)
        return values[0].strip() if values else None

    def text(self, name: str, default: str = "", required: bool = False, most: int = MAX_TEXT) -> str:
        """A string of at most `most` characters."""
        value = self.raw(name)
        if value is None:
            value = default
        if required and not value:
            self.faults.add(name, "This field is required.")
        if len(value) > most:
            self.faults.add(name, f"At most {most} characters are allowed; these are {len(value)}.")
            return default
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        """A truth value; `default` only where the field is absent."""
        value = self.raw(name)
        return default if value is None else value.casefold() not in _FALSE

    def select(self, name: str, default: str, options: Collection[str]) -> str:
        """One of the listed values."""
        value = self.raw(name)
        if value is None:
            return default
        if value in options:
            return value
        self.faults.add(name, f"{value[:80]!r} is not a valid choice; choose one of {', '.join(options)}.")
        return default

    def integer(self, name: str, default: int, least: int, most: int) -> int:
        """A whole number within bounds."""
        found = self.optional_integer(name, default, least, most)
        if found is None:
            self.faults.add(name, "This field is required: give a whole number.")
            return default
        return found

    def optional_integer(self, name: str, default: int | None, least: int, most: int) -> int | None:
        """A whole number within bounds; None where the field is blank."""
        value = self.raw(name)
        if value is None:
            return default
        found = self._integer(name, value, least, most) if value else None
        return default if value and found is None else found

    def number(self, name: str, default: float, least: float, most: float) -> float:
        """A finite number within bounds."""
        value = self.raw(name)
        if value is None:
            return default
        found = self._number(name, value, least, most)
        return default if found is None else found

    def integers(self, name: str, least: int, most: int) -> tuple[int, ...]:
        """A comma-separated list; empty where the field is absent or blank."""
        items = self._items(name)
        found = (self._integer(name, item, least, most) for item in items)
        return tuple(dict.fromkeys(value for value in found if value is not None))

    def numbers(self, name: str, default: Sequence[float], least: float, most: float) -> tuple[float, ...]:
        """A comma-separated list; `default` where the field is absent or blank, or none of it can be used."""
        items = self._items(name)
        found = (self._number(name, item, least, most) for item in items)
        return tuple(dict.fromkeys(value for value in found if value is not None)) or tuple(default)

    def _items(self, name: str) -> list[str]:
        value = (self.raw(name) or "").removeprefix("[").removesuffix("]").strip()
        items = [item.strip() for item in value.split(",")] if value else []
        if len(items) > MAX_ITEMS:
            self.faults.add(name, f"At most {MAX_ITEMS} values are allowed; these are {len(items)}.")
        return items[:MAX_ITEMS]

    def _integer(self, name: str, value: str, least: int, most: int) -> int | None:
        found = whole(value)
        if found is None:
            self.faults.add(name, f"{value[:80]!r} is not a whole number.")
            return None
        return self._bounded(name, found, least, most)

    def _number(self, name: str, value: str, least: float, most: float) -> float | None:
        found = real(value)
        if found is None:
            self.faults.add(name, f"{value[:80]!r} is not a number.")
            return None
        return self._bounded(name, found, least, most)

    def _bounded(self, name: str, value: Number, least: float, most: float) -> Number | None:
        if least <= value <= most:
            return value
        self.faults.add(name, f"Must be from {plain(least)} to {plain(most)}, not {plain(value)}.")
        return None


def plain(value: float) -> str:
    """A number as people write it: 20000000, not 2e+07."""
    return str(int(value)) if value == int(value) else f"{value:g}"
