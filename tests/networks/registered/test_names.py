from pathlib import Path

import pytest

from embedding_explorer.networks.preprocessing import Faults
from embedding_explorer.networks.registered.names import stored_names

HERE = Path("x")


def stored(*names: str, prefix: str = "") -> tuple[list[str], list[str]]:
    faults = Faults()
    files = stored_names([(name, HERE) for name in names], lambda name: name.removeprefix(prefix), faults)
    return list(files), list(faults)


@pytest.mark.parametrize(
    "name", ["model.onnx", "saved_model.pb", "variables.data-00000-of-00001", "a", "-", "_", "1", "A" * 255]
)
def test_names_of_letters_digits_and_three_signs_are_stored(name: str) -> None:
    assert stored(name) == ([name], [])


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", ".hidden", "../x", "a/b", "/etc/passwd", "a\\b", "..\\x", "a..b", "a b", "ü", "a\0b", "a\nb", "a:b", "x" * 256,
     "variables/", "variables/../x", "variables//x", "٣", "a%2fb"],
)  # fmt: skip
def test_every_other_name_is_refused(name: str) -> None:
    files, faults = stored(name, prefix="variables/")
    assert files == [] and len(faults) == 1 and faults[0].startswith("files.")


def test_a_frameworks_prefix_is_cut_off_and_then_names_must_differ() -> None:
    assert stored("variables/variables.index", prefix="variables/") == (["variables.index"], [])
    assert stored("variables/a", "a", prefix="variables/") == (["a"], ["files.a"])
    assert stored("a", "a") == (["a"], ["files.a"])
