"""Numbers out of texts that somebody sent, by one rule for all APIs; what to say of other texts is the caller's."""

import re
from math import isfinite

MOST_DIGITS = 19  # of a 64-bit integer
MAX_LENGTH = 100  # characters of a number with a fraction
_WHOLE = re.compile(r"[-+]?([0-9]+)")


def whole(text: str, most_digits: int = MOST_DIGITS) -> int | None:
    """A whole number of at most so many decimal digits; None for any other text. Blanks around it do not count.

    `most_digits` is at most 4300, the most that Python reads.
    """
    found = _WHOLE.fullmatch(text.strip())
    return int(found[0]) if found and len(found[1]) <= most_digits else None


def real(text: str) -> float | None:
    """A finite number; None for any other text."""
    try:
        value = float(text) if len(text) <= MAX_LENGTH and "_" not in text else float("nan")
    except ValueError:
        return None
    return value if isfinite(value) else None
