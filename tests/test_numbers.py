import pytest

from embedding_explorer.numbers import real, whole


@pytest.mark.parametrize(("text", "value"), [("5", 5), (" -5 ", -5), ("+5", 5), ("007", 7), ("9" * 19, int("9" * 19))])
def test_whole_numbers(text: str, value: int) -> None:
    assert whole(text) == value


@pytest.mark.parametrize("text", ["", "-", "-+5", "+-5", "--5", "5.0", "1_0", "٣", "²", "9" * 20, "5\n6", "0x5"])
def test_no_whole_numbers(text: str) -> None:
    assert whole(text) is None


def test_whole_numbers_of_few_digits() -> None:
    assert (whole("-123", 3), whole("1234", 3)) == (-123, None)


@pytest.mark.parametrize(("text", "value"), [("1.5", 1.5), (" -1e3", -1000.0), ("+.5", 0.5), ("5", 5.0)])
def test_numbers(text: str, value: float) -> None:
    assert real(text) == value


@pytest.mark.parametrize("text", ["", "x", "nan", "-inf", "1e999", "1_0", "1" * 101])
def test_no_numbers(text: str) -> None:
    assert real(text) is None
