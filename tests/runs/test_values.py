"""Every kind of record (contract, chapter 5) as it is served."""

import io
import time
import tracemalloc
import wave
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary

from embedding_explorer.runs.base import Kind, Run
from embedding_explorer.runs.dataset import LogFolder
from embedding_explorer.runs.embeddings import exception_at
from embedding_explorer.runs.pictures_and_sounds import audio, audio_raw, image, image_raw, text
from embedding_explorer.runs.scalars import distribution, histogram, quantiles
from embedding_explorer.runs.thinning import thinned
from embedding_explorer.runs.values import from_limits
from tests.conftest import encoded, picture
from tests.runs.event_logs import BEGUN, NAME, event, tensor, write
from tests.runs.event_logs import audio as audio_event
from tests.runs.event_logs import histogram as histo
from tests.runs.event_logs import image as image_event
from tests.runs.event_logs import scalar as scalar_event
from tests.runs.reading import open_logs

PNG = encoded(picture((200, 10, 10), (7, 5)))


def logs_of(folder: Path, *events: Event) -> LogFolder:
    write(folder / NAME, events)
    return open_logs(folder)


def run_of(folder: Path, *events: Event) -> Run:
    return logs_of(folder, *events).run(".")


def wav(frames: int = 80) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(bytes(frames * 4))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("value", "plugin", "kind"),
    [
        (np.float32(1.5), "scalars", "scalar"),
        (np.int64(3), "scalars", "scalar"),
        ([b"7", b"5", PNG], "images", "image"),
        (np.zeros((2, 3)), "histograms", "histogram"),
        ([b"clip"], "audio", "audio"),
        ([b"word"], "text", "text"),
        ([b"word"], "", "text"),
        (np.zeros((2, 2), np.float32), "tensor", "exception"),
        (np.zeros((2, 2), np.float32), "", "exception"),
        (np.zeros(3), "featuremap", "featuremap"),
        (np.zeros(3), "hiddenstate", "hiddenstate"),
        (np.zeros(3), "transformer", "transformer"),
        (np.zeros((3, 6)), "pr_curves", None),
        ([b"word"], "mesh", None),
    ],
)
def test_the_first_fitting_row_of_the_table_decides(tmp_path: Path, value: Any, plugin: str, kind: str | None) -> None:
    run = run_of(tmp_path, tensor("t", 4, value, plugin))
    assert [known for known in get_args(Kind) if run.tags(known)] == ([] if kind is None else [kind])


def test_a_plugin_that_only_the_first_value_names_holds_for_the_tag(tmp_path: Path) -> None:
    run = run_of(tmp_path, tensor("t", 0, np.float32(1), "scalars"), tensor("t", 1, np.float32(2)))
    assert run.column("t").values.tolist() == [1.0, 2.0]


def test_float32_is_kept_to_its_last_digit_and_doubles_are_doubles(tmp_path: Path) -> None:
    events = [scalar_event("f", 0, 0.1), tensor("d", 0, np.float64(0.1), "scalars"), tensor("f", 1, np.float32(0.1))]
    events[2].summary.value[0].metadata.plugin_data.plugin_name = "scalars"
    run = run_of(tmp_path, *events)
    assert run.column("f").values.tolist() == [float(np.float32(0.1))] * 2
    assert run.column("d").values.tolist() == [0.1]


def test_an_event_may_hold_values_of_several_tags(tmp_path: Path) -> None:
    both = Event(step=3, wall_time=BEGUN)
    for tag, number in (("a", 1.0), ("b", 2.0)):
        both.summary.value.add(tag=tag, simple_value=number)
    both.summary.value.append(image_event("i", 3, PNG).summary.value[0])
    run = run_of(tmp_path, both)
    assert (run.column("a").values.tolist(), run.column("b").values.tolist()) == ([1.0], [2.0])
    assert run.at_step("image", "i", 3).value.data == PNG


def test_a_node_name_beside_a_value_is_no_projector_message(tmp_path: Path) -> None:
    value = Summary.Value(tag="t", simple_value=2.0, node_name="loss/node")
    assert run_of(tmp_path, event(0, value)).column("t").values.tolist() == [2.0]


def test_only_the_graph_of_an_event_is_a_graph(tmp_path: Path) -> None:
    run = run_of(tmp_path, Event(wall_time=BEGUN, graph_def=b"\x0a\x03\x0a\x01a"), scalar_event("t", 0, 1.0))
    assert [record.value for record in run.records("graph", "")] == [b"\x0a\x03\x0a\x01a"]


def test_images_have_the_size_that_they_state_or_else_their_own(tmp_path: Path) -> None:
    logs = logs_of(
        tmp_path,
        image_event("i", 0, PNG, width=70, height=50),
        image_event("i", 1, PNG),
        tensor("i", 2, [b"9", b"8", PNG, b"second"], "images"),
        image_event("i", 3, b"no picture"),
    )
    described = image(logs, dialect="doc", run=".", tag="i")
    assert [(each["width"], each["height"]) for each in described["i"]] == [(70, 50), (7, 5), (9, 8), (0, 0)]  # type: ignore[index]
    assert image_raw(logs, dialect="doc", step=2, run=".", tag="i").data == PNG
    assert image_raw(logs, dialect="doc", step=3, run=".", tag="i").mimetype == "application/octet-stream"


def test_clips_have_their_label_or_one_that_is_made_of_what_they_are(tmp_path: Path) -> None:
    labelled = tensor("b", 1, np.array([[b"RIFF0000WAVE", b"hello"]], object), "audio")
    logs = logs_of(tmp_path, audio_event("a", 1, wav()), labelled, tensor("c", 1, [wav()], "audio"))
    shown = {tag: audio(logs, dialect="doc", run="nobody", tag=tag)[tag][0] for tag in "abc"}  # type: ignore[index]
    assert shown["a"] == {
        "wall_time": BEGUN + 1,
        "step": 1,
        "label": "采样率: 44100.0, 声道: 1, 帧长度: 800",
        "contentType": "audio/wav",
    }
    assert (shown["b"]["label"], shown["c"]["label"]) == ("hello", "采样率: 8000.0, 声道: 2, 帧长度: 80")
    assert audio_raw(logs, dialect="doc", step=1, run=".", tag="a").data == wav()
    assert audio_raw(logs, dialect="doc", step=1, run=".", tag="a").mimetype == "audio/wav"


def test_texts_are_joined_or_listed(tmp_path: Path) -> None:
    logs = logs_of(tmp_path, tensor("t", 5, ["Grüße".encode(), b"\xff"], "text"))
    expected = {"wall_time": BEGUN + 5, "step": 5}
    assert text(logs, dialect="doc", run=".", tag="t") == {"t": [{**expected, "value": "Grüße\n�"}]}
    assert text(logs, dialect="web", run=".", tag="t") == {"t": [{**expected, "value": ["Grüße", "�"]}]}


def test_buckets_are_those_of_the_record_and_nothing_is_repaired() -> None:
    found = from_limits(-3.0, 9.0, np.array([-5.0, 1.0, 2.0, 1e20]), np.array([0.0, 4.0, 5.0, 6.0]))
    assert found.buckets.tolist() == [[-3.0, -5.0, 0.0], [-5.0, 1.0, 4.0], [1.0, 2.0, 5.0], [2.0, 9.0, 6.0]]
    assert from_limits(1.0, 2.0, np.array([8.0]), np.array([3.0])).buckets.tolist() == [[1.0, 2.0, 3.0]]
    assert from_limits(1.0, 2.0, np.array([]), np.array([])).buckets.tolist() == []


def by_definition(buckets: list[list[float]], least: float, most: float, point: int) -> float:
    """7.3, word by word."""
    total = sum(count for _, _, count in buckets)
    before = 0.0
    for n, (_, right, count) in enumerate(buckets):
        weight = before + 10000 * count / total
        if weight > point:
            left = least if before == 0 else max(buckets[n - 1][1], least)
            return left + (point - before) * (min(right, most) - left) / (weight - before)
        before = weight
    return most


@pytest.mark.parametrize("seed", range(5))
def test_quantiles_are_those_of_the_definition(seed: int) -> None:
    chance = np.random.default_rng(seed)
    limits = np.sort(chance.normal(size=12))
    counts = np.r_[0, chance.integers(0, 4, 11)].astype(float)
    counts[5] += 1
    found = from_limits(float(limits[1]) - 0.1, float(limits[-1]), limits, counts)
    expected = [by_definition(found.buckets.tolist(), found.least, found.most, point) for point, _ in quantiles(found)]
    assert [value for _, value in quantiles(found)] == pytest.approx(expected)
    assert [point for point, _ in quantiles(found)] == [0, 668, 1587, 3085, 5000, 6915, 8413, 9332, 10000]


@pytest.mark.parametrize(
    "counts", [[3, 2, 1, 1, 0, 0], [0.1, 0.2, 0.7, 0.1, 0, 0], [7, 0, 0, 0, 0, 0], [0, 0, 1, 2, 3, 1]]
)
def test_the_last_value_is_the_largest_whatever_the_weights_are_rounded_to(counts: list[float]) -> None:
    found = from_limits(0.0, 10.0, np.array([1.0, 2, 3, 4, 5, 10]), np.array(counts))
    assert quantiles(found)[-1] == (10000, 10.0)
    values = [value for _, value in quantiles(found)]
    assert values == sorted(values)


def test_a_histogram_of_nothing_has_nine_zeros(tmp_path: Path) -> None:
    logs = logs_of(
        tmp_path, histo("h", 0, [1.0, 2.0], [0.0, 0.0], 5.0, 6.0), tensor("e", 0, np.zeros((0, 3)), "histograms")
    )
    for tag in "he":
        row = distribution(logs, dialect="doc", run=".", tag=tag)[tag][0]  # type: ignore[index]
        assert [value for _, value in row[2]] == [0.0] * 9
    assert histogram(logs, dialect="doc", run=".", tag="e")["e"][0][2:4] == [0.0, 0.0]  # type: ignore[index]


def test_fifty_rows_are_chosen_as_the_contract_says() -> None:
    chosen = [10 * index for index in thinned(188)]
    assert (len(chosen), chosen[:10], chosen[-2:]) == (50, [0, 30, 70, 110, 150, 190, 220, 260, 300, 340], [1830, 1870])
    assert list(thinned(50)) == list(range(50))
    some = thinned(188, 7)
    assert some == thinned(188, 7) == sorted(some)
    assert len(set(some)) == 7
    assert set(some) <= set(thinned(188))


def test_a_value_s_own_plugin_goes_before_that_of_its_tag(tmp_path: Path) -> None:
    without = tensor("t", 0, np.float32(7))
    without.summary.value[0].metadata.display_name = "no plugin"
    first, other, last = (tensor("t", n, np.float32(n), plugin) for n, plugin in ((1, "scalars"), (2, "mesh"), (3, "")))
    run = run_of(tmp_path, without, first, other, last)
    assert run.column("t").values.tolist() == [1.0, 3.0]


@pytest.mark.parametrize("plugin", ["scalars", "histograms"])
def test_a_few_bytes_do_not_become_a_large_array(tmp_path: Path, plugin: str) -> None:
    made = tensor("t", 0, np.ones((1, 1)), plugin)  # one value, which fills whatever shape is claimed
    sizes = made.summary.value[0].tensor.tensor_shape.dim
    sizes[0].size, sizes[1].size = 1 << 24, 3
    tracemalloc.start()
    try:
        logs = logs_of(tmp_path, made)
        run = logs.run(".")
        assert not run.has("scalar", "t")
        assert not run.has("histogram", "t") or run.records("histogram", "t") == []
        assert tracemalloc.get_traced_memory()[1] < 64 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "uint8", "int8", "int16", "int64", "float64"])
def test_tensors_of_every_type_that_torch_writes(tmp_path: Path, dtype: str) -> None:
    import torch
    from torch.utils.tensorboard.summary import tensor_proto

    values = torch.tensor([[1, 2], [3, 100]], dtype=getattr(torch, dtype))
    if values.is_signed():
        values[0, 0] = -1.5
    several, single, zero = (
        tensor_proto(tag, each) for tag, each in (("t", values), ("s", values[1, 1]), ("z", values[0, 0] * 0))
    )
    logs = logs_of(tmp_path, *(Event(step=0, wall_time=BEGUN, summary=each) for each in (several, single, zero)))
    for tag, expected in (("t", values), ("s", values[1, 1]), ("z", values[0, 0] * 0)):
        found: Any = exception_at(logs.run("."), tag, 0)
        assert found.tolist() == expected.tolist() and found.dtype.kind in "iuf"


@pytest.mark.parametrize("dtype", [np.uint32, np.uint64])
def test_unsigned_numbers_may_lie_in_lists_of_their_own(tmp_path: Path, dtype: type) -> None:
    one, filled = tensor("one", 0, dtype(7), "scalars"), tensor("filled", 0, np.full((2, 3), 9, dtype), "tensor")
    for made, values in ((one, [7]), (filled, [9])):
        held = made.summary.value[0].tensor
        held.ClearField("tensor_content")
        getattr(held, f"{np.dtype(dtype).name}_val")[:] = values
    run = run_of(tmp_path, one, filled)
    assert [record.value for record in run.records("scalar", "one")] == [7.0]
    assert exception_at(run, "filled", 0).tolist() == [[9] * 3] * 2


def test_a_number_that_its_type_cannot_hold_costs_neither_time_nor_the_others(tmp_path: Path) -> None:
    damaged = [tensor(f"bad {n}", 0, np.uint8(1), "scalars") for n in range(30)]
    for made in damaged:
        made.summary.value[0].tensor.int_val[:] = [300]
    begun = time.monotonic()
    run = run_of(tmp_path, *damaged, scalar_event("good", 0, 1.0))
    assert [record.value for record in run.records("scalar", "good")] == [1.0]
    assert time.monotonic() - begun < 15  # it was a second for each of them
