"""Feature maps, transformers and hidden states (contract, chapter 9)."""

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from embedding_explorer.errors import BadLogParameter, NoLogData, UnreadableLog
from embedding_explorer.runs.attention import jet, transformer_image, transformer_text
from embedding_explorer.runs.embeddings import sample_type
from embedding_explorer.runs.featuremaps import featuremap
from embedding_explorer.runs.states import matches, state, state_select
from tests.runs.event_logs import BEGUN
from tests.runs.reading import open_logs
from tests.runs.tsvis_logs import event, field, sample, tensor, text_typed_tensor, value, write

RUN: dict[str, Any] = {"dialect": "doc", "run": "."}


def pixels(url: str) -> Any:
    head, data = url.split(",")
    assert head == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data)))).astype(int)


def test_feature_maps_come_in_pages_of_sixteen(tmp_path: Path) -> None:
    maps = np.arange(20.0)[:, None, None] * np.ones((20, 3, 4)) + 0.9
    scores, labels = np.random.default_rng(0).random((20, 5)).astype(np.float32), np.arange(20)
    write(
        tmp_path,
        tensor("MtoConv-PFV", 3, maps, "featuremap"),
        tensor("Classification-sorce", 3, scores, "featuremap"),
        tensor("Classification-label", 3, labels, "featuremap"),
        tensor("Detection-sorce", 3, scores, "featuremap"),
    )
    logs = open_logs(tmp_path)
    answer: Any = featuremap(logs, tag="MtoConv-PFV", range=2, task="Classification", **RUN)
    [page] = answer["MtoConv-PFV"]
    assert (page["wall_time"], page["step"], page["Remaining_pictures"]) == (BEGUN + 3, 3, 2)
    assert [pixels(url)[0, 0] for url in page["value"]] == list(range(2, 18))
    assert pixels(page["value"][0]).shape == (3, 4)
    np.testing.assert_array_equal(page["sorce_data"], scores.astype(float))
    assert page["label"].tolist() == list(range(20))
    last: Any = featuremap(logs, tag="MtoConv-PFV", range=18, task="Detection", **RUN)
    assert (len(last["MtoConv-PFV"][0]["value"]), last["MtoConv-PFV"][0]["Remaining_pictures"]) == (2, 0)
    assert "label" not in last["MtoConv-PFV"][0]
    assert featuremap(logs, tag="other-Gray", range=0, task="Classification", **RUN) == {"other-Gray": []}
    with pytest.raises(NoLogData):
        featuremap(logs, tag="MtoConv-PFV", range=0, task="Segmentation", **RUN)
    with pytest.raises(BadLogParameter, match="range"):
        featuremap(logs, tag="MtoConv-PFV", range=-1, task="Detection", **RUN)


def test_attention_over_texts(tmp_path: Path) -> None:
    weights = np.random.default_rng(0).random((2, 3, 2, 2)).astype(np.float32)
    item = field(1, "all") + field(2, text_typed_tensor(weights))
    item += field(3, text_typed_tensor(np.array(["a", "b"]))) + field(4, text_typed_tensor(np.array(["ä", "c"])))
    message = field(1, item) + field(2, "all") + field(3, "True") + field(4, "light") + field(5, 0) + field(6, 1)
    write(
        tmp_path,
        tensor("n-transformertext-sentence", 0, np.array(["a b", "ä c"]), "transformer"),
        event(4, value("n-transformertext-0", 10, message, "transformer")),
    )
    logs = open_logs(tmp_path)
    tag = "n-transformertext-sentence"
    assert transformer_text(logs, tag=tag, **RUN) == {tag: ["a b", "ä c"]}
    answer: Any = transformer_text(logs, tag="n-transformertext-0", **RUN)
    found = answer["n-transformertext-0"]
    attention = found["data"].pop("attention")
    assert found == {
        "wall_time": BEGUN + 4,
        "step": 4,
        "data": {"bidirectional": "True", "default_filter": "all", "displayMode": "light", "layer": 0, "head": 1},
    }
    assert (attention["all"]["left_text"], attention["all"]["right_text"]) == (["a", "b"], ["ä", "c"])
    np.testing.assert_array_equal(attention["all"]["attn"], weights.astype(float))


@pytest.fixture
def seen(tmp_path: Path) -> Any:
    """A black picture with a white corner, and attention of two layers with three heads over 4 x 4 positions."""
    picture = np.zeros((256, 256, 3), np.float32)
    picture[-1, -1] = 1
    maps = np.zeros((2, 3, 4, 4, 4, 4), np.float32)
    maps[1, 0, 2, 3] = np.linspace(0, 0.5, 16).reshape(4, 4)
    maps[1, 1, 2, 3, 0, 0] = 1
    write(tmp_path, tensor("n-img0", 0, picture, "transformer"), tensor("n-img0-am", 0, maps, "transformer"))
    return open_logs(tmp_path)


def looked(logs: Any, **more: str) -> Any:
    return transformer_image(
        logs, tag="n-img0", **RUN, **{"l": "1", "x": "255", "y": "130", "g": "0", "r": "1", **more}
    )


def test_a_picture_without_a_position(seen: Any) -> None:
    answer = looked(seen, x="None", y="None")
    assert set(answer) == {"img", "num_layers"}
    assert answer["num_layers"] == 2
    shown = pixels(answer["img"])
    assert shown.shape == (256, 256, 3)
    assert (shown[-1, -1].tolist(), shown[0, 0].tolist()) == ([255] * 3, [0] * 3)


def test_what_each_head_looks_at_from_a_position(seen: Any) -> None:
    answer = looked(seen)["n-img0"]
    assert (answer["layer"], len(answer["attn_map"])) == ("1", 3)
    first, second, third = map(pixels, answer["attn_map"])
    assert first.shape == (64, 64, 3)
    assert first[0, 0].tolist() == pytest.approx([0, 0, 0.7 * 127.5], abs=2)  # low: dark blue
    assert first[60, 60, 0] > 70  # high: red
    assert first[60, 60, 2] < 40
    assert second[0, 0, 0] > second[0, 0, 2]
    assert third[5, 5].tolist() == first[0, 0].tolist() or third[5, 5].tolist() == pytest.approx([0, 0, 92], abs=3)
    together = [pixels(url) for url in looked(seen, g="1")["n-img0"]["attn_map"]]
    assert together[0][60, 60, 1] > together[0][60, 60, 0]  # half of the largest of all heads: green, not red
    stronger = pixels(looked(seen, g="1", r="2")["n-img0"]["attn_map"][0])
    assert stronger[60, 60, 0] > 70


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("l", "2"),
        ("l", "-1"),
        ("l", "x"),
        ("x", "256"),
        ("y", "-1"),
        ("x", "None"),
        ("g", "2"),
        ("r", "nan"),
        ("x", "1.5"),
    ],
)
def test_what_cannot_be_meant_is_named(seen: Any, name: str, given: str) -> None:
    with pytest.raises(BadLogParameter, match=f"'{name}'"):
        looked(seen, **{"g": "1", name: given})


def test_the_colours_go_from_blue_over_green_to_red() -> None:
    low, middle, high = jet(np.array([0, 127, 255], np.uint8)).round().tolist()
    assert low == [0, 0, 128]
    assert middle[1] == 255
    assert high == [128, 0, 0]


@pytest.fixture
def states(tmp_path: Path) -> Any:
    values = np.array([[0, 5], [9, 0], [9, 9], [0, 1], [9, 0], [0, 0]], np.float32)
    write(
        tmp_path,
        tensor("hidden_state", 0, values, "hiddenstate"),
        tensor("hidden_state_word", 0, np.array(["abc中"]), "hiddenstate"),
    )
    return open_logs(tmp_path)


@pytest.mark.parametrize(
    ("pos", "count", "rows", "word", "right"),
    [
        (0, 2, 2, "ab", 4),
        (1, 3, 3, "bc中", 2),
        (0, 5, 6, "abc中￥", 0),
        (2, 3, 4, "c中￥", 0),
        (4, 2, 2, " ￥ ￥", 0),
        (9, 9, 0, " ￥" * 9, 0),
    ],
)
def test_a_stretch_of_states(states: Any, pos: int, count: int, rows: int, word: str, right: int) -> None:
    answer: Any = state(states, tag="hidden_state", pos=pos, range=count, **RUN)
    assert (len(answer["data"]), answer["word"], answer["right"]) == (rows, word, right)
    assert (answer["max"], answer["min"]) == (9.0, 0.0)


def test_stretches_are_bounded(states: Any) -> None:
    answer: Any = state(states, tag="hidden_state", pos=0, range=10**18, **RUN)
    assert len(answer["word"]) < 1_000_000
    with pytest.raises(BadLogParameter, match="pos"):
        state(states, tag="hidden_state", pos=-1, range=1, **RUN)
    with pytest.raises(NoLogData):
        state(states, tag="nothing", pos=0, range=1, **RUN)


def test_where_a_pattern_occurs(states: Any) -> None:
    def found(pattern: str, threshold: float = 2.0, length: int = 3) -> Any:
        return state_select(states, tag="hidden_state", pattern=pattern, threshold=threshold, length=length, **RUN)

    assert found("01") == [
        {"id": 0, "start_pos": 0, "data": "abc"},
        {"id": 1, "start_pos": 1, "data": "bc中"},
        {"id": 2, "start_pos": 3, "data": "中"},
    ]
    assert found("110") == [{"id": 0, "start_pos": 1, "data": "bc中"}]
    assert found("0000000") == []
    for pattern in ("012", "a", ""):
        with pytest.raises(BadLogParameter, match="pattern"):
            found(pattern)
    with pytest.raises(BadLogParameter, match="length"):
        found("01", length=-1)


def test_a_value_at_the_threshold_counts_as_what_it_is() -> None:
    values = np.array([[1.0], [0.0], [5.0], [5.0]])
    assert matches(values, "10", 1.0) == [0]
    assert matches(values, "0", 0.0) == [1]
    assert matches(values, "1", 5.0) == matches(np.full((3, 1), np.nan), "1", 0.0) == []


def test_a_record_that_cannot_be_read_hides_none_behind_it(tmp_path: Path) -> None:
    bad = np.zeros((2, 2, 2, 2, 2))
    good = np.full((2, 3, 4), 7.0)
    write(
        tmp_path,
        tensor("m-PFV", 0, bad, "featuremap"),
        tensor("m-PFV", 1, good, "featuremap"),
        tensor("only-PFV", 0, bad, "featuremap"),
        tensor("Classification-sorce", 0, np.zeros((2, 5)), "featuremap"),
        tensor("hidden_state", 0, bad, "hiddenstate"),
        tensor("hidden_state", 1, np.eye(4), "hiddenstate"),
        tensor("x-img0", 0, bad, "transformer"),
        tensor("x-img0", 1, np.zeros((256, 256, 3)), "transformer"),
        tensor("x-img0-am", 0, bad, "transformer"),
        tensor("x-img0-am", 1, np.zeros((5, 1, 2, 2, 2, 2)), "transformer"),
        sample("e", np.zeros((1, 2, 3, 4, 5, 6)), 9, "object"),
        sample("e", np.zeros((4, 2, 3)), 3),
    )
    logs = open_logs(tmp_path)
    answer: Any = featuremap(logs, tag="m-PFV", range=0, task="Classification", **RUN)
    assert [page["step"] for page in answer["m-PFV"]] == [1]
    with pytest.raises(UnreadableLog):
        featuremap(logs, tag="only-PFV", range=0, task="Classification", **RUN)
    found: Any = state(logs, tag="hidden_state", pos=0, range=2, **RUN)
    assert np.array_equal(found["data"], np.eye(4)[:2])
    seen: Any = transformer_image(logs, tag="x-img0", l="0", x="None", y="None", g="0", r="1", **RUN)
    assert seen["num_layers"] == 5
    assert sample_type(logs.run("."), "e") == "image"
