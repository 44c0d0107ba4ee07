import json
import time
from typing import Any

import pytest

from embedding_explorer.json_bounds import text_of, values_in


def count(value: Any) -> int:
    """The values in a value, itself included."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(count, inner))


@pytest.mark.parametrize(
    "value",
    [1, [], {}, [[], [], []], {"a": [1, {"b": 2}], "c": "d"}, [1, 2.5, None, "x"], "a, b [c] {d}", ["a,", '\\",[', "\\"],
     {',"[': '{\\"'}, ["x" * 70_000 + ",", ["[" * 70_000], "\\" * 70_001]],
)  # fmt: skip
def test_no_value_goes_uncounted_and_strings_do_not_count(value: Any) -> None:
    for text in (json.dumps(value), json.dumps(value, separators=(",", ":"))):
        assert count(value) <= values_in(text) <= 2 * count(value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_texts_are_read_as_python_reads_json(encoding: str) -> None:
    text = '["\u2200, [", [], []]'  # a byte of the sign is that of a quotation mark
    read = text_of(text.encode(encoding))
    assert read.removeprefix("\ufeff") == text and values_in(read) == 6


@pytest.mark.parametrize("text", ["[]," * 5_000_000, '"",' * 5_000_000, "\\" * 15_000_000, '"' + "," * 15_000_000])
def test_counting_takes_no_time(text: str) -> None:
    before = time.process_time()
    values_in(text)
    assert time.process_time() - before < 5
