import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embedding_explorer.errors import BadInput, LimitExceeded
from embedding_explorer.jobs import tensors
from embedding_explorer.jobs.tensors import write_tensors


def written(tmp_path: Path, values: Any, most: int = 10**9) -> Any:
    write_tensors(tmp_path / "r.json", [("layer:0", values)], most)
    return json.loads((tmp_path / "r.json").read_text())["tensors"][0]


@pytest.mark.parametrize("dtype", ["float32", "float16", "float64", "int64", "uint8", "bool", "int8", "uint64", ">f4"])
def test_values_read_back_to_the_same(tmp_path: Path, dtype: str) -> None:
    rng = np.random.default_rng(1)
    values = (rng.normal(size=(2, 3, 5)) * 10.0 ** rng.integers(-4, 4, (2, 3, 5))).astype(dtype)
    entry = written(tmp_path, values)
    assert entry["shape"] == entry["dims"] == [2, 3, 5] and entry["name"] == "layer:0"
    assert entry["dtype"] == str(values.dtype) and len(entry["data"]) == 30
    np.testing.assert_array_equal(np.array(entry["data"], values.dtype).reshape(2, 3, 5), values)


def test_every_float32_reads_back_to_itself(tmp_path: Path) -> None:
    bits = np.random.default_rng(2).integers(0, 2**32, 100_000, dtype=np.uint64).astype(np.uint32)
    values = bits.view(np.float32)
    back = np.array(written(tmp_path, values)["data"], np.float64).astype(np.float32)
    assert np.array_equal(back, values, equal_nan=True)


def test_whole_numbers_and_truths_are_integers(tmp_path: Path) -> None:
    assert written(tmp_path, np.array([[True, False]]))["data"] == [1, 0]
    (tmp_path / "r.json").unlink()
    assert json.dumps(written(tmp_path, np.array([2**63 - 1, -1]))["data"]) == f"[{2**63 - 1}, -1]"


def test_numbers_that_are_not_finite_have_the_names_that_python_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tensors, "PIECE", 3)
    write_tensors(tmp_path / "r.json", [("a", np.array([1, np.nan, np.inf, -np.inf, 2, np.nan], np.float32))], 1000)
    assert '"data":[1.0,NaN,Infinity,-Infinity,2.0,NaN]' in (tmp_path / "r.json").read_text()


@pytest.mark.parametrize(
    ("values", "shape", "data"), [(np.float32(1.5), [], [1.5]), (np.zeros((1, 0, 3)), [1, 0, 3], [])]
)
def test_scalars_and_empty_tensors(tmp_path: Path, values: Any, shape: list[int], data: list[float]) -> None:
    entry = written(tmp_path, np.asarray(values))
    assert (entry["shape"], entry["data"]) == (shape, data)


def test_rows_go_first_whatever_the_order_in_memory(tmp_path: Path) -> None:
    assert written(tmp_path, np.arange(6).reshape(2, 3).T)["data"] == [0, 3, 1, 4, 2, 5]


def test_several_tensors_and_pieces_make_one_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tensors, "PIECE", 7)
    write_tensors(tmp_path / "r.json", [("a", np.arange(50)), ('"\n', np.arange(7))], 10**6)
    first, second = json.loads((tmp_path / "r.json").read_text())["tensors"]
    assert first["data"] == list(range(50)) and (second["name"], second["data"]) == ('"\n', list(range(7)))


def test_too_large_a_result_and_texts_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LimitExceeded, match="EXPLORER_MAX_RESULT_BYTES"):
        written(tmp_path, np.zeros(10_000, np.float32), most=10_000)
    for values in (np.array(["a"]), np.array([1j])):
        with pytest.raises(BadInput, match="no number"):
            list(tensors.pieces([("a", values)]))
