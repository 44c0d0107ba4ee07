"""Embeddings from records and from files, and what their points were (contract, 4.4, 5.2 and 6.11 to 6.14)."""

import io
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from embedding_explorer.errors import BadLogParameter, LimitExceeded, NoLogData, NoLogStep, UnreadableLog
from embedding_explorer.runs.exceptions import exception, exception_data
from embedding_explorer.runs.media import Media
from embedding_explorer.runs.projections import (
    configured_tags,
    projector,
    projector_raw,
    projector_rows,
    projector_sample,
)
from tests.conftest import shared_data
from tests.runs import event_logs
from tests.runs.reading import open_logs
from tests.runs.tsvis_logs import AUDIO, IMAGE, TEXT, embedding, event, field, sample, value, write
from tests.runs.tsvis_logs import exception as exception_record

RUN: dict[str, Any] = {"dialect": "doc", "run": "."}


def described(folder: Path, tag: str) -> Any:
    return projector(open_logs(folder), tag=tag, **RUN)


def raw(folder: Path, tag: str, step: int = 0) -> tuple[Any, list[Any]]:
    answer: Any = projector_raw(open_logs(folder), tag=tag, step=step, **RUN)
    [(key, (values, labels))] = answer.items()
    assert key == str(step)
    return values, labels


def datum(folder: Path, tag: str, index: int) -> Media:
    return projector_sample(open_logs(folder), tag=tag, index=index, **RUN)


def pixels(media: Media) -> Any:
    assert media.mimetype == "image/png"
    return np.asarray(Image.open(io.BytesIO(media.data)))


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (None, []),
        (np.array([3, -1], np.int64), [3, -1]),
        (np.array([[0.5], [2.0]], np.float32), [0.5, 2.0]),
        (np.array(["Käse", ""]), ["Käse", ""]),
        (np.array([b"ab", b"c"]), ["ab", "c"]),
        (np.array([True, False]), [1, 0]),
        (np.array([1, 2, 3, 4], np.uint8), [1, 2]),
    ],
)
def test_labels_are_as_they_are_stored(tmp_path: Path, labels: Any, expected: list[Any]) -> None:
    values = np.array([[0.1, 2], [3, 4]], np.float32)
    write(tmp_path, embedding("e", 7, values, labels))
    found, read = raw(tmp_path, "e", 7)
    np.testing.assert_array_equal(found, values.astype(float))
    assert found.dtype == np.float64
    assert read == expected


@pytest.mark.parametrize("dtype", ["float16", "float64", "int8", "uint64", "bool", ">f4", "<i2", "|b1", "|u1"])
def test_numbers_of_every_type_are_read(tmp_path: Path, dtype: str) -> None:
    values = np.array([[0, 1], [1, 0]]).astype(dtype)
    write(tmp_path, exception_record("e", 0, values, dtype))
    answer: Any = exception_data(open_logs(tmp_path), tag="e", step=0, **RUN)
    assert answer["0"][:4] == [[2, 2], 0, 1, 0.5]
    assert answer["0"][4].tolist() == [[0, 1], [1, 0]]


@pytest.mark.parametrize(
    "dtype", ["object", "|O", "complex64", "<c8", "datetime64[s]", "float128", "V8", "", "f4", "<U0", "[('a','i4')]"]
)
def test_other_types_are_not_read(tmp_path: Path, dtype: str) -> None:
    write(tmp_path, exception_record("e", 0, np.zeros(4, np.float32), dtype or "x"))
    with pytest.raises(UnreadableLog):
        exception_data(open_logs(tmp_path), tag="e", step=0, **RUN)


def test_shapes_that_do_not_fit_are_not_read(tmp_path: Path) -> None:
    for number, sizes in enumerate(([3], [-1], [2**40, 2**40], [1] * 40, [0, 5])):
        dims = b"".join(field(1, field(1, size)) for size in sizes)
        tensor = field(1, "float32") + field(2, dims) + field(3, b"\0" * 8)
        write(tmp_path / str(number), event(0, value("e", 7, field(2, field(1, tensor)), "exceptions")))
        with pytest.raises(UnreadableLog):
            exception_data(open_logs(tmp_path / str(number)), tag="e", step=0, **RUN)


def test_one_number_never_becomes_an_array_that_fills_the_memory(tmp_path: Path) -> None:
    made = event_logs.tensor("bomb", 0, np.float32(1))
    for size in (2**20, 2**20):
        made.summary.value[0].tensor.tensor_shape.dim.add(size=size)
    event_logs.write(tmp_path / event_logs.NAME, [made])
    with pytest.raises(UnreadableLog, match="elements"):
        exception_data(open_logs(tmp_path), tag="bomb", step=0, **RUN)


def test_one_record_that_cannot_be_read_does_not_hide_the_others(tmp_path: Path) -> None:
    bad = exception_record("e", 0, np.zeros(2), "object")
    write(tmp_path, bad, exception_record("e", 1, np.array([1.0, 3.0])), exception_record("e", 2, np.array([2.0])))
    logs = open_logs(tmp_path)
    assert exception(logs, tag="e", **RUN) == {"e": [0, 1, 2]}
    answer: Any = exception(logs, dialect="web", run=".", tag="e")
    assert answer["e"]["step"] == [1, 2]
    assert answer["e"]["box"][0][1] == [1.0, 2.0, 2.0, 2.0, 2.0, 3.0]


def test_more_than_fifty_boxes_are_thinned_for_the_front_end_only(tmp_path: Path) -> None:
    write(tmp_path, *(exception_record("e", 10 * n, np.array([n])) for n in range(188)))
    logs = open_logs(tmp_path)
    assert exception(logs, tag="e", **RUN) == {"e": list(range(0, 1880, 10))}
    web: Any = exception(logs, dialect="web", run=".", tag="e")
    steps = web["e"]["step"]
    assert (steps[:10], steps[-2:], len(steps)) == ([0, 30, 70, 110, 150, 190, 220, 260, 300, 340], [1830, 1870], 50)
    assert [box[1][0] for box in web["e"]["box"]] == [step // 10 for step in steps]


def test_exceptions_and_embeddings_stand_in_for_each_other(tmp_path: Path) -> None:
    write(
        tmp_path,
        embedding("e", 0, np.ones((4, 3))),
        exception_record("x", 5, np.ones((2, 3, 4))),
        exception_record("flat", 0, np.ones(3)),
    )
    logs = open_logs(tmp_path)
    assert exception(logs, tag="e", **RUN) == {"e": [0]}
    assert described(tmp_path, "x") == {"x": [5], "shape": [2, 12], "sample": False, "sample_type": ""}
    for tag in ("flat", "nothing"):
        with pytest.raises(NoLogData):
            described(tmp_path, tag)
    with pytest.raises(NoLogStep, match="step = 9"):
        raw(tmp_path, "x", 9)


@pytest.mark.parametrize("tag", ["shape", "sample", "sample_type", "outputs"])
def test_the_steps_are_under_the_tag_whatever_that_is(tmp_path: Path, tag: str) -> None:
    write(tmp_path, embedding(tag, 3, np.ones((4, 2))), embedding(tag, 7, np.ones((4, 2))))
    found = described(tmp_path, tag)
    assert found[tag] == [3, 7]
    assert set(found) == {tag, "shape", "sample", "sample_type"}


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.array([0.0, 0.5, 2.0, -1.0, np.nan], np.float32).reshape(1, 5, 1), [[0], [127], [255], [0], [0]]),
        (np.array([[[0, 256], [300, -5]]], np.int64), [[0, 255], [255, 0]]),
        (np.arange(4, dtype=np.uint8).reshape(1, 1, 2, 2), [[0, 1], [2, 3]]),
        (np.arange(4, dtype=np.uint8).reshape(1, 2, 2, 1), [[0, 1], [2, 3]]),
        (np.arange(6, dtype=np.uint8).reshape(1, 3, 1, 2), [[[0, 2, 4], [1, 3, 5]]]),
        (np.arange(6, dtype=np.uint8).reshape(1, 1, 2, 3), [[[0, 1, 2], [3, 4, 5]]]),
        (np.arange(3, dtype=np.uint8).reshape(1, 3), [[0], [1], [2]]),
    ],
    ids=lambda array: str(getattr(array, "shape", "")),
)
def test_samples_that_are_images(tmp_path: Path, array: Any, expected: Any) -> None:
    write(tmp_path, sample("e", array, IMAGE), embedding("e", 0, np.ones((1, 2))))
    assert described(tmp_path, "e") == {"e": [0], "shape": [1, 2], "sample": True, "sample_type": "image"}
    assert pixels(datum(tmp_path, "e", 0)).tolist() == expected
    for index in (-1, 1):
        with pytest.raises(BadLogParameter, match="out of bounds"):
            datum(tmp_path, "e", index)


def test_samples_that_are_texts_or_sounds(tmp_path: Path) -> None:
    sounds = []
    for length in (3, 9):
        buffer = io.BytesIO()
        with wave.open(buffer, "wb") as clip:
            clip.setparams((1, 2, 8000, 0, "NONE", ""))
            clip.writeframes(b"\0\0" * length)
        sounds.append(buffer.getvalue())
    encoded = np.array(["größe".encode(), b"b"])
    write(
        tmp_path,
        sample("s", np.array(sounds), AUDIO),
        sample("t", np.array(["größe", "b"]), TEXT),
        sample("bytes", encoded, TEXT),
    )
    logs = open_logs(tmp_path)
    for index, data in enumerate(sounds):  # which end in zeros, of which the array has more
        assert projector_sample(logs, tag="s", index=index, **RUN) == Media(data, "audio/wav")
    for tag in ("t", "bytes"):
        found = [projector_sample(logs, tag=tag, index=index, **RUN) for index in range(2)]
        assert found == [Media(text.encode(), "text/plain; charset=utf-8") for text in ("größe", "b")]


def test_samples_that_are_nothing_of_the_kind_are_refused(tmp_path: Path) -> None:
    write(tmp_path, sample("e", np.zeros((1, 2, 3, 4, 5)), IMAGE), sample("n", np.zeros((1, 0, 0)), IMAGE))
    for tag in "en":
        with pytest.raises(UnreadableLog):
            datum(tmp_path, tag, 0)


def test_embeddings_that_torch_wrote(tmp_path: Path) -> None:
    import torch
    from torch.utils.tensorboard import SummaryWriter

    points = np.random.default_rng(0).normal(size=(7, 3)).astype(np.float32)
    pictures = torch.arange(7 * 3 * 4 * 5, dtype=torch.float32).reshape(7, 3, 4, 5) / 420
    pairs = [(n, n % 2) for n in range(7)]
    with SummaryWriter(str(tmp_path)) as writer:
        writer.add_embedding(points, [f"l{n}" for n in range(7)], pictures, 12, "deep/e:1")
        writer.add_embedding(points, [str(n) for n in range(7)], None, 13, "deep/e:1")
        writer.add_embedding(points, pairs, None, 12, "rows", ["name", "label"])
        writer.add_embedding(points, None, None, 12, "bare")
    assert configured_tags(tmp_path) == ["deep/e:1", "rows", "bare"]
    assert described(tmp_path, "deep/e:1") == {
        "deep/e:1": [12, 13],
        "shape": [7, 3],
        "sample": True,
        "sample_type": "image",
    }
    found, labels = raw(tmp_path, "deep/e:1", 12)
    np.testing.assert_allclose(found, points, rtol=1e-6)
    assert labels == [f"l{n}" for n in range(7)]
    assert raw(tmp_path, "deep/e:1", 13)[1] == list(range(7))
    assert raw(tmp_path, "rows", 12)[1] == [0, 1, 0, 1, 0, 1, 0]
    assert raw(tmp_path, "bare", 12)[1] == []
    for index in (0, 3, 6):
        expected = pictures[index].permute(1, 2, 0).numpy() * 255
        np.testing.assert_allclose(pixels(datum(tmp_path, "deep/e:1", index))[:, :, :3], expected, atol=1)
    with pytest.raises(BadLogParameter, match="out of bounds"):
        datum(tmp_path, "deep/e:1", 7)
    with pytest.raises(NoLogStep):
        raw(tmp_path, "bare", 14)


CONFIG = """
embeddings {{ tensor_name: "escape:00001" tensor_path: "{outside}" }}
embeddings {{ tensor_name: "up:00001" tensor_path: "../secret.tsv" }}
embeddings {{ tensor_name: "link:00001" tensor_path: "link.tsv" }}
embeddings {{ tensor_name: "variable" }}
embeddings {{ tensor_name: "gone:00001" tensor_path: "nowhere.tsv" }}
embeddings {{ tensor_name: "good" tensor_path: "good.tsv" metadata_path: "../secret.tsv" sprite {{ image_path: "../s.png" single_image_dim: 2 single_image_dim: 2 }} }}
embeddings {{ tensor_name: "words:3" tensor_path: "words.tsv" }}
embeddings {{ tensor_name: "broken:3" tensor_path: "good.tsv" sprite {{ image_path: "words.tsv" single_image_dim: 2 single_image_dim: 2 }} }}
"""


def test_paths_never_lead_out_of_the_run(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (tmp_path / "secret.tsv").write_text("1\t2\n")
    (run / "link.tsv").symlink_to(tmp_path / "secret.tsv")
    (run / "good.tsv").write_text("1\t2\n3\tnan\n")
    (run / "words.tsv").write_text("a\tb\n")
    (run / "projector_config.pbtxt").write_text(CONFIG.format(outside=tmp_path / "secret.tsv"))
    assert configured_tags(run) == ["good", "words", "broken"]
    assert described(run, "good") == {"good": [0], "shape": [2, 2], "sample": False, "sample_type": ""}
    values, labels = raw(run, "good")
    np.testing.assert_array_equal(values, [[1, 2], [3, np.nan]])
    assert labels == []
    with pytest.raises(UnreadableLog):
        raw(run, "words", 3)
    with pytest.raises(UnreadableLog):
        datum(run, "broken", 0)


@pytest.mark.parametrize("text", ["", "embeddings {", "\0\xff", "unknown: 3", "embeddings { tensor_name: 5 }"])
def test_configurations_that_cannot_be_read_name_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "projector_config.pbtxt").write_text(text)
    assert configured_tags(tmp_path) == []
    assert configured_tags(tmp_path / "nowhere") == []


def test_tables_may_come_after_what_names_them(tmp_path: Path) -> None:
    config = 'embeddings { tensor_name: "e:1" tensor_path: "e.tsv" metadata_path: "e.labels" }'
    (tmp_path / "projector_config.pbtxt").write_text(config)
    logs = open_logs(tmp_path)
    assert configured_tags(tmp_path) == []
    states = [logs.state()]
    for name, content in (("e.tsv", "1\t2\n"), ("e.labels", "a\n"), ("e.tsv", "1\t2\n3\t4\n")):
        (tmp_path / name).write_text(content)
        logs.scan()
        states.append(logs.state())
    assert len(set(states)) == 4
    answer: Any = projector_raw(logs, tag="e", step=1, **RUN)
    assert answer["1"][0].tolist() == [[1, 2], [3, 4]]
    (tmp_path / "e.tsv").unlink()
    assert configured_tags(tmp_path) == []


def test_tables_that_became_links_out_of_the_run_are_gone(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "projector_config.pbtxt").write_text('embeddings { tensor_name: "e" tensor_path: "e.tsv" }')
    (run / "e.tsv").write_text("1\n")
    assert configured_tags(run) == ["e"]
    (tmp_path / "secret.tsv").write_text("2\n")
    (run / "e.tsv").unlink()
    (run / "e.tsv").symlink_to(tmp_path / "secret.tsv")
    assert configured_tags(run) == []


def test_huge_embeddings_are_bounded(tmp_path: Path) -> None:
    write(tmp_path, embedding("e", 0, np.zeros((3000, 3000), np.uint8)))
    with pytest.raises(LimitExceeded, match="9000000 values"):
        raw(tmp_path, "e")
    into = tmp_path / "rows"
    answer: Any = projector_rows(open_logs(tmp_path), tag="e", step=0, into=str(into), **RUN)
    assert np.load(into / answer["rows"]).shape == (1000, 3000)


def test_rows_are_kept_under_the_digest_of_their_content(tmp_path: Path) -> None:
    values = np.arange(24.0).reshape(4, 3, 2)
    write(
        tmp_path / "log",
        embedding("e", 0, values, np.arange(4)),
        embedding("e", 1, values),
        embedding("e", 2, values + 1),
    )
    logs, into = open_logs(tmp_path / "log"), tmp_path / "rows"
    answers: Any = [projector_rows(logs, tag="e", step=step, into=str(into), **RUN) for step in range(3)]
    assert answers[0] == {"rows": answers[1]["rows"], "columns": 6, "labels": [0, 1, 2, 3]}
    assert len({answer["rows"] for answer in answers}) == len(list(into.iterdir())) == 2
    np.testing.assert_array_equal(np.load(into / answers[0]["rows"]), values.reshape(4, 6))


def test_the_embeddings_of_the_sample_logs() -> None:
    mnist = open_logs(shared_data("run_logs/history/mnist"))
    answer: Any = projector(mnist, tag="minist", **RUN)
    assert (answer["shape"], len(answer["minist"]), answer["sample_type"]) == ([32, 10], 188, "image")
    found: Any = projector_raw(mnist, tag="minist", step=0, **RUN)
    labels = "6 1 1 1 9 8 9 6 8 6 5 3 7 4 1 3 4 1 8 0 0 8 0 5 7 8 4 2 9 6 2 4"
    assert found["0"][1] == [int(text) for text in labels.split()]
    centred = found["0"][0] - found["0"][0].mean(axis=0)
    variances = np.linalg.eigvalsh(centred.T @ centred / 32)[::-1][:3]
    np.testing.assert_allclose(variances, [1.5190194922270762e-04, 9.700980971e-05, 7.037555525e-05], rtol=1e-6)
    assert pixels(projector_sample(mnist, tag="minist", index=0, **RUN)).shape == (28, 28)
    old = open_logs(shared_data("run_logs/history/log"))
    assert pixels(projector_sample(old, tag="output", index=0, **RUN)).shape == (784, 1)
    assert projector(old, tag="output", **RUN) == {
        "output": [0, 100, 200, 300, 400], "shape": [100, 10], "sample": True, "sample_type": "image",
    }  # fmt: skip
