import pytest

from embedding_explorer.errors import BadInput, InvalidFields
from embedding_explorer.jobs.channel import pack_error, unpack_error
from embedding_explorer.networks.preprocessing import Faults
from embedding_explorer.networks.preprocessing.faults import MAX_PATH_LENGTH, MAX_PATHS


def raised(faults: Faults) -> InvalidFields:
    with pytest.raises(InvalidFields) as caught:
        faults.raise_any()
    return caught.value


def test_no_faults_raise_nothing() -> None:
    faults = Faults()
    faults.raise_any()
    assert not faults
    assert faults.noted == 0


def test_all_faults_are_raised_together_in_the_order_found() -> None:
    faults = Faults()
    faults.add("name", "is required")
    faults.add("preprocessing.inputs", "must be a list")
    faults.add("name", "must not be blank")
    error = raised(faults)
    assert error.fields == {"name": ["is required", "must not be blank"], "preprocessing.inputs": ["must be a list"]}
    assert error.message == "name: is required (2 more in `fields`)"
    assert error.code == "invalid"
    assert isinstance(error, BadInput)


def test_the_same_fault_twice_counts_once() -> None:
    faults = Faults()
    for _ in range(2):
        faults.add("name", "is required")
    assert faults == {"name": ["is required"]}
    assert faults.noted == 2
    assert raised(faults).message == "name: is required"


@pytest.mark.parametrize(
    ("codes", "code"),
    [
        (["missing"], "missing"),
        (["missing", "missing"], "missing"),
        (["missing", "immutable"], "invalid"),
        (["missing", "unknown_field"], "unknown_field"),
        (["unknown_field", "unsupported_framework"], "unsupported_framework"),
        (["missing", "unsupported_framework"], "unsupported_framework"),
        (["invalid", "extra_required", "missing"], "extra_required"),
    ],
)
def test_the_code_fits_all_faults_or_tells_what_to_do_first(codes: list[str], code: str) -> None:
    faults = Faults()
    for number, each in enumerate(codes):
        faults.add(f"field{number}", f"is {each}", each)
    error = raised(faults)
    assert error.code == code
    assert f"is {code if code != 'invalid' else codes[0]}" in error.message


def test_what_users_call_things_cannot_break_a_line_or_an_encoding() -> None:
    faults = Faults()
    faults.add("a\nb\ud800.ü", "no\r\n\x1b[31m text")
    assert faults == {"a\\nb\\ud800.ü": ["no\\r\\n\\x1b[31m text"]}
    raised(faults).message.encode()


def test_faults_are_bounded() -> None:
    faults = Faults()
    for number in range(10 * MAX_PATHS):
        faults.add(f"{number}", "is unknown")
    faults.add("0", "is also blank")
    assert len(faults) == MAX_PATHS
    assert len(faults["0"]) == 2
    long = Faults()
    long.add("x" * 10**6, "is unknown")
    assert [len(path) for path in long] == [MAX_PATH_LENGTH]


def test_the_error_survives_the_way_between_processes() -> None:
    faults = Faults()
    faults.add("name", "is required", "missing")
    error = unpack_error(pack_error(raised(faults)))
    assert isinstance(error, InvalidFields)
    assert (error.code, error.message) == ("missing", "name: is required")
