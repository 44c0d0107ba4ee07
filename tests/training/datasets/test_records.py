from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from embedding_explorer.errors import NotFound
from embedding_explorer.training.datasets.encoding import ENCODINGS, Encoding, encode, png_of
from embedding_explorer.training.datasets.records import DATA, INDEX, Records, RecordWriter


def arrays(shapes: list[tuple[int, int, int]]) -> list[np.ndarray]:
    generator = np.random.default_rng(3)
    return [generator.integers(0, 256, shape, dtype=np.uint8) for shape in shapes]


def write(folder: Path, values: list[np.ndarray], encoding: Encoding, count: int = 0, size: int = 0) -> RecordWriter:
    writer = RecordWriter(folder, count, size)
    for number, each in enumerate(values, count):
        writer.append(encode(each, encoding), each.shape, number % 3, 10 * number)
    writer.close()
    return writer


def through_jpeg(value: np.ndarray) -> np.ndarray:
    """What quality 90 leaves of it."""
    file = BytesIO()
    Image.fromarray(value.squeeze()).save(file, "JPEG", quality=90)
    return np.asarray(Image.open(file)).reshape(value.shape)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("channels", [1, 3])
def test_records_come_back(tmp_path: Path, encoding: Encoding, channels: int) -> None:
    values = arrays([(8, 6, channels)] * 5)
    write(tmp_path, values, encoding)
    records = Records(tmp_path, 5, encoding)
    assert len(records) == 5
    assert records.labels.tolist() == [0, 1, 2, 0, 1]
    assert records.rows["line"].tolist() == [0, 10, 20, 30, 40]
    for number, value in enumerate(values):
        assert records.shape(number) == value.shape
        assert np.array_equal(records[number], through_jpeg(value) if encoding == "jpg" else value)
    mapped = records.array()
    assert (mapped is None) == (encoding != "none")
    if mapped is not None:
        assert np.array_equal(mapped, np.stack(values))
    for number in (-1, 5):
        with pytest.raises(NotFound):
            records[number]
    records.close()


def test_records_of_many_shapes_and_of_two_channels(tmp_path: Path) -> None:
    values = arrays([(8, 6, 3), (1, 1, 1), (5, 7, 2), (9, 9, 3)])
    for encoding in ("none", "png"):
        write(tmp_path / encoding, values, encoding)
        records = Records(tmp_path / encoding, 4, encoding)
        assert records.array() is None
        assert all(np.array_equal(records[n], value) for n, value in enumerate(values))


def test_floats_are_raw_in_any_encoding(tmp_path: Path) -> None:
    values = np.random.default_rng(1).random((700, 1, 1, 2), dtype=np.float32)
    write(tmp_path, list(values), "png")
    records = Records(tmp_path, 700, "png", "float32")
    assert np.array_equal(records.array(), values)
    assert np.array_equal(records[699], values[699])


def test_what_was_not_committed_is_cut_off(tmp_path: Path) -> None:
    values = arrays([(4, 4, 3)] * 6)
    committed = write(tmp_path, values[:3], "png")
    write(tmp_path, values[3:5], "png", committed.count, committed.size)
    write(tmp_path, values[5:], "png", committed.count, committed.size)
    records = Records(tmp_path, 4, "png")
    assert np.array_equal(records[3], values[5])
    assert (tmp_path / INDEX).stat().st_size == 4 * 40
    assert (tmp_path / DATA).stat().st_size == int(records.rows["offset"][3] + records.rows["length"][3])


def test_a_folder_without_records(tmp_path: Path) -> None:
    write(tmp_path, [], "none")
    records = Records(tmp_path, 0, "none")
    assert (len(records), records.array(), records.labels.tolist()) == (0, None, [])


def test_pictures_of_anything() -> None:
    for value in (
        np.zeros((1, 1, 2), np.float32),
        np.arange(12, dtype=np.float32).reshape(2, 2, 3),
        *arrays([(2, 2, 4)]),
    ):
        assert png_of(value).startswith(b"\x89PNG")


def test_many_threads_read_while_it_grows(tmp_path: Path) -> None:
    values = arrays([(16, 16, 3)] * 300)
    writer = RecordWriter(tmp_path)
    for number, value in enumerate(values[:200]):
        writer.append(encode(value, "png"), value.shape, 0, number)
    writer.commit()
    records = Records(tmp_path, 200, "png")

    def same(number: int) -> bool:
        return np.array_equal(records[number], values[number])

    with ThreadPoolExecutor(8) as pool:
        read = pool.map(same, np.random.default_rng(0).integers(0, 200, 2000).tolist())
        for number, value in enumerate(values[200:], 200):
            writer.append(encode(value, "png"), value.shape, 0, number)
        writer.close()
        assert all(read)
    assert len(records) == 200
    assert np.array_equal(Records(tmp_path, 300, "png")[299], values[299])
