from unicodedata import normalize

import pytest

from embedding_explorer.datasets.images_table import TextColumn
from embedding_explorer.datasets.search import MAX_TEXT, MOST_FOUND, matches, search
from embedding_explorer.errors import BadInput

from .conftest import MakeDataset

ASCII = ["xa", "aa", "Cat/1.JPG", "concat.png", "a", "", "aa.aa", "dog"]
OTHERS = ["Äpfel.jpg", "äPFEL 2.JPG", "Straße.png", "日本.png", "cat.png"]


@pytest.mark.parametrize("text", ["aa", "A", "cat", ".jpg", "t/1", "dogdog", "xaa", "a.a", "g", "zzz", "\n", "ä"])
@pytest.mark.parametrize("names", [ASCII, OTHERS, ASCII * 3 + OTHERS, [], [""]])
def test_a_name_is_found_whatever_the_case_and_only_within_itself(names: list[str], text: str) -> None:
    expected = [n for n, name in enumerate(names) if text.casefold() in name.casefold()]
    assert list(matches(TextColumn(names), text)) == expected


def test_letters_that_fold_to_several_are_found() -> None:
    assert list(matches(TextColumn(OTHERS), "STRASSE")) == [2]
    assert list(matches(TextColumn(OTHERS), "日")) == [3]


def test_names_that_macos_wrote_are_found() -> None:
    names = TextColumn([normalize("NFD", name) for name in OTHERS])
    assert list(matches(names, "äpfel")) == [0, 1]
    assert list(matches(TextColumn(OTHERS), normalize("NFD", "äpfel"))) == [0, 1]


def test_all_are_counted_and_the_first_are_listed(make_dataset: MakeDataset) -> None:
    dataset = make_dataset(total=1203)
    assert search(dataset, "P0", 3) == (1000, [0, 1, 2])
    assert search(dataset, "p12", 200) == (3, [1200, 1201, 1202])
    assert search(dataset, "x", 5) == (0, [])


@pytest.mark.parametrize(("text", "limit"), [("", 5), ("x" * (MAX_TEXT + 1), 5), ("x", 0), ("x", MOST_FOUND + 1)])
def test_bounds(make_dataset: MakeDataset, text: str, limit: int) -> None:
    with pytest.raises(BadInput):
        search(make_dataset(), text, limit)
