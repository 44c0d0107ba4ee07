from pathlib import Path

import numpy as np
import pytest

from embedding_explorer.errors import UnknownReducer
from embedding_explorer.reducers import REDUCERS, find_reducer
from embedding_explorer.reducers.base import first_three


def test_an_unknown_reducer_is_refused_with_the_list_of_known_ones() -> None:
    with pytest.raises(UnknownReducer, match=r"Invalid reducing method\. Available: pca, umap"):
        find_reducer("tsne")


@pytest.mark.parametrize("columns", [0, 1, 3, 5])
def test_the_first_three_columns_are_filled_up_with_zeros(columns: int) -> None:
    points = first_three(np.ones((4, columns)))
    assert points.dtype == np.float32
    assert points.tolist() == [[1.0] * min(3, columns) + [0.0] * max(0, 3 - columns)] * 4


@pytest.mark.parametrize("name", REDUCERS)
def test_every_reducer_loads_the_transform_it_saved(name: str, tmp_path: Path) -> None:
    rows, counts = np.random.default_rng(0).normal(size=(40, 8)).astype(np.float32), []
    fitted = REDUCERS[name].fit(rows, progress=lambda done, total: counts.append((done, total)))
    fitted.save(tmp_path)
    transform = REDUCERS[name].load(tmp_path)
    assert fitted.points.shape == (40, 3) and fitted.points.dtype == np.float32
    assert counts[-1][0] == counts[-1][1] > 0
    np.testing.assert_array_equal(transform(rows[:5] + 1), fitted.transform(rows[:5] + 1))
