"""Colours are the page's: each table is made by both."""

import numpy as np
import pytest

from embedding_explorer.datasets.column import NONE, Column
from embedding_explorer.drawing.palette import THEMES, categorical, colours_of, continuous, rgb, steps
from tests.drawing.page import in_page


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_classes_and_scales_have_the_same_colours(theme: str) -> None:
    script = "return [palette.categorical(60, theme), palette.continuous(theme)].map((all) => Array.from(all))"
    classes, scale = (np.array(table).reshape(256, 4)[:, :3] for table in in_page(script, "palette", theme=theme))
    own = categorical(60, THEMES[theme]).astype(int)
    assert np.abs(own[:60] - classes[:60]).max() <= 1
    assert (own[60] == classes[255]).all()
    assert np.abs(continuous(THEMES[theme]).astype(int) - scale).max() <= 1


def test_numbers_take_the_same_steps() -> None:
    values = [3.0, -1.0, 7.0, 2.9, 6.99]
    script = "return Array.from(palette.numberIndex(values, [-1, 7]))"
    assert steps(np.array(values)).tolist() == in_page(script, "palette", values=values)


def test_what_has_no_value_is_grey_and_what_has_no_column_is_plain() -> None:
    dark = THEMES["dark"]
    labels = Column("label", "label", np.array([1, NONE, 0], np.uint16), ["a", "b"])
    assert colours_of(labels, 3, dark).tolist() == [[255, 162, 74], [*dark.grey], [94, 168, 255]]
    numbers = Column("width", "width", np.array([5, np.nan], np.float32))
    assert colours_of(numbers, 2, dark)[1].tolist() == [*dark.grey]
    nothing = Column("width", "width", np.array([np.nan, np.nan], np.float32))
    assert colours_of(nothing, 2, dark).tolist() == [[*dark.grey]] * 2
    assert colours_of(None, 2, dark).tolist() == [list(rgb(dark.plain))] * 2


def test_many_classes_share_colours_rather_than_fail() -> None:
    values = np.array([0, 255, 256, 60_000, NONE], np.uint16)
    found = colours_of(Column("x", "x", values, [str(n) for n in range(65_000)]), 5, THEMES["light"])
    assert (found[0] == found[1]).all() and not (found[0] == found[2]).all()
    assert found[4].tolist() == [*THEMES["light"].grey]
