from collections.abc import Sequence

import pytest

from embedding_explorer.errors import NetworkUnusable, UnknownLayer
from embedding_explorer.networks.frameworks.names import unknown_layer
from embedding_explorer.networks.frameworks.pytorch.arguments import Argument, assign
from embedding_explorer.networks.frameworks.trial import (
    check_input_shape,
    layer_shape,
    obtainable,
    one_line,
    trial_feeds,
)
from embedding_explorer.networks.preprocessing import ImageInput, Preprocessing
from tests.networks.frameworks.helpers import preprocessing


def spec(order: str, size: str, resize: str = "CROP", channels: str = "RGB", dtype: str = "FLOAT32") -> ImageInput:
    return ImageInput("data", order, resize, size, channels, data_type=dtype)  # type: ignore[arg-type]


def test_blank_images_have_the_shape_and_type_of_the_input() -> None:
    [[feed]] = trial_feeds(Preprocessing((spec("NWHC", "20x30", channels="L", dtype="UINT8"),)))
    assert feed.shape == (1, 20, 30, 1) and feed.dtype == "uint8" and not feed.any()


def test_where_shapes_vary_there_is_a_second_image_of_another_shape() -> None:
    first, second = trial_feeds(preprocessing(size=16, resize="NETWORK"))
    assert first[0].shape == (1, 3, 16, 16) and second[0].shape == (1, 3, 12, 14)


@pytest.mark.parametrize(
    ("seen", "shape"),
    [
        ([(1, 64, 7, 7)], (None, 64, 7, 7)),
        ([(3, 3)], (3, 3)),
        ([()], ()),
        ([(1, 8, 7), (1, 6, 7)], (None, None, 7)),
        ([(1, 8), (1, 8, 8)], None),
    ],
)
def test_shapes_of_layers(seen: list[tuple[int, ...]], shape: tuple[int | None, ...] | None) -> None:
    assert layer_shape(seen) == shape


@pytest.mark.parametrize(
    ("declared", "says"),
    [
        ((None, 3, 30, 20), None),
        ((1, None, None, None), None),
        ((4, 3, 30, 20), "4 images at a time"),
        ((1, 1, 30, 20), "color_channels makes it 3"),
        ((1, 3, 20, 30), "size 20 on its axis H, and target_size makes it 30"),
        ((1, 30, 20), "3 axes"),
    ],
)
def test_declared_shapes(declared: tuple[int | None, ...], says: str | None) -> None:
    if says is None:
        return check_input_shape(spec("NCHW", "20x30"), declared)
    with pytest.raises(NetworkUnusable, match=says):
        check_input_shape(spec("NCHW", "20x30"), declared)


def test_network_resizing_needs_free_sides() -> None:
    with pytest.raises(NetworkUnusable, match="fixed size 30 on its axis H"):
        check_input_shape(spec("NCHW", "20x30", "NETWORK"), (None, 3, 30, None))


def test_unknown_layers_name_near_ones() -> None:
    with pytest.raises(UnknownLayer, match=r"'layer1\.0\.conv3'") as caught:
        unknown_layer("layer1.0.conv3", [f"layer{i}.0.conv{k}" for i in range(1, 5) for k in (1, 2)])
    assert len(caught.value.facts["near"]) == 5 and "layer1.0.conv2" in caught.value.message  # type: ignore[arg-type]


def test_errors_become_one_line() -> None:
    assert one_line(ValueError("a\n  b\tc" + "d" * 1000)) == "a b c" + "d" * 395
    assert one_line(ValueError()) == "ValueError"


def test_arguments_are_fed_by_name_or_in_order() -> None:
    both = [Argument("x"), Argument("y")]
    assert assign(["y", "x"], both) == ["y", "x"]
    assert assign(["left", "right"], both) == ["x", "y"]
    assert assign(["x"], [Argument("x"), Argument("scale", True, 2)]) == ["x"]
    with pytest.raises(NetworkUnusable, match=r"2 inputs \(x, y\), and the preprocessing describes 1"):
        assign(["data"], both)
    with pytest.raises(NetworkUnusable, match="also has the inputs y"):
        assign(["x"], both)


@pytest.mark.parametrize(
    ("bad", "most", "found"),
    [
        ("", 1, "abcdefgh"),
        ("c", 100, "abdefgh"),
        ("ah", 100, "bcdefg"),
        ("abcdefgh", 100, ""),
        ("h", 2, "abcd"),
        ("a", 1, ""),
    ],
)
def test_only_what_fails_is_left_out(bad: str, most: int, found: str) -> None:
    def compute(names: Sequence[str]) -> dict[str, str]:
        if set(names) & set(bad):
            raise NetworkUnusable("x")
        return {name: name.upper() for name in names}

    assert obtainable(compute, "abcdefgh", most) == {name: name.upper() for name in found}
    assert "".join(obtainable(compute, "abcdefgh", most)) == found, "in their order"
    assert obtainable(compute, "", most) == {}
