"""Mean and std files, 11.7: which shapes are taken, and what becomes of them."""

import itertools
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from embedding_explorer.networks.preprocessing import (
    Faults,
    InputConstants,
    Preprocessing,
    constants,
    prepare,
    read_constants,
)
from embedding_explorer.networks.preprocessing.constants import check_constants
from tests.networks.preprocessing.files import legacy, modern, npy, packed
from tests.networks.preprocessing.reference import noise, spec

AT = "preprocessing.inputs[0].image"
W, H, C = 4, 3, 3
SIDES = {"W": W, "H": H, "C": C}
ORDERS = ("NCHW", "NCWH", "NHWC", "NWHC")


def files_of(folder: Path, **contents: bytes) -> dict[str, Path]:
    """Uploaded files; `mean_npy` is the keyword of mean.npy."""
    files = {keyword.replace("_", "."): content for keyword, content in contents.items()}
    for number, content in enumerate(files.values()):
        (folder / str(number)).write_bytes(content)
    return {name: folder / str(number) for number, name in enumerate(files)}


def read(folder: Path, *, names: dict[str, str] | None = None, contents: dict[str, bytes], **changes: object):
    """Constants of one input, and the faults."""
    names = names or {"mean_file": "mean.npy"}
    preprocessing, faults = Preprocessing((spec(**names, **changes),)), Faults()
    files = files_of(folder, **{name.replace(".", "_"): content for name, content in contents.items()})
    found = read_constants(preprocessing, files, faults)
    again = Faults()
    check_constants(dict(enumerate(preprocessing.inputs)), files, again, "preprocessing.inputs")
    assert again == faults
    return found[0], faults


def mean_of(folder: Path, array: object, **changes: object) -> np.ndarray | None:
    found, faults = read(folder, contents={"mean.npy": npy(array)}, **changes)
    assert (found.mean is None) == bool(faults)
    assert set(faults) <= {f"{AT}.mean_file"}
    return found.mean


def full(order: str) -> tuple[int, ...]:
    return tuple(SIDES[axis] for axis in order[1:])


@pytest.mark.parametrize("order", ORDERS)
def test_three_axes_each_one_or_equal(order: str, tmp_path: Path) -> None:
    for shape in itertools.product(*((1, side) for side in full(order))):
        values = np.random.default_rng(1).normal(size=shape)
        mean = mean_of(tmp_path, values, dimension_order=order)
        assert mean.dtype == np.float32
        assert (np.broadcast_to(mean, full(order)) == np.broadcast_to(values.astype("f4"), full(order))).all()
        again = mean_of(tmp_path, values[None], dimension_order=order)  # rank 4 with a leading 1
        assert (again == mean).all()


@pytest.mark.parametrize("order", ORDERS)
def test_one_value_per_channel_wherever_the_channels_are(order: str, tmp_path: Path) -> None:
    mean = mean_of(tmp_path, np.array([1.0, 2.0, 3.0]), dimension_order=order)
    channel_last = np.moveaxis(np.broadcast_to(mean, full(order)), order[1:].index("C"), -1)
    assert (channel_last == [1, 2, 3]).all()


@pytest.mark.parametrize("order", ORDERS)
def test_one_value_for_all(order: str, tmp_path: Path) -> None:
    mean = mean_of(tmp_path, 5, dimension_order=order)
    assert (np.broadcast_to(mean, full(order)) == 5).all()


SHAPES = [
    *((1,), (2,), (4,), (3, 4), (4, 3), (1, 3), (3, 3), (2, 3, 4, 3), (0, 3, 4, 3), (1, 1, 3, 4, 3), (1, 1, 1, 1, 1)),
    *((3, 4), (1, 1), (2, 4, 3), (3, 5, 3), (3, 4, 4), (4, 3, 3), (3, 3, 4), (0,), (0, 1, 1), (3, 0, 3), (1,) * 60),
]


@pytest.mark.parametrize("shape", SHAPES)
def test_other_shapes_are_faults_that_name_the_one_expected(shape: tuple[int, ...], tmp_path: Path) -> None:
    found, faults = read(tmp_path, contents={"mean.npy": npy(np.zeros(shape))}, dimension_order="NHWC")
    assert found.mean is None
    (text,) = faults[f"{AT}.mean_file"]
    assert "it must have (3, 4, 3)" in text and len(text) < 200


def test_the_other_order_is_a_fault(tmp_path: Path) -> None:
    assert mean_of(tmp_path, np.zeros((3, 3, 4)), dimension_order="NHWC") is None
    assert mean_of(tmp_path, np.zeros((3, 3, 4)), dimension_order="NCHW") is not None


def test_grey_has_one_channel(tmp_path: Path) -> None:
    assert mean_of(tmp_path, np.zeros(1), color_channels="L") is not None
    assert mean_of(tmp_path, np.zeros(3), color_channels="L") is None
    assert mean_of(tmp_path, np.zeros((3, 4, 1)), color_channels="L") is not None
    assert mean_of(tmp_path, np.zeros((3, 4, 3)), color_channels="L") is None


def test_network_resizing_has_no_fixed_height_and_width(tmp_path: Path) -> None:
    for shape, taken in (((1, 1, 3), True), ((3,), True), ((), True), ((3, 4, 3), False), ((1, 4, 1), False)):
        mean = mean_of(tmp_path, np.zeros(shape), resize_type="NETWORK")
        assert (mean is not None) == taken


@pytest.mark.parametrize("dtype", ["<f2", "<f4", ">f4", "<f8", ">f8", "u1", "<i2", ">i4", "<u8", "b"])
@pytest.mark.parametrize("fortran", [False, True])
def test_every_real_type_in_either_order(dtype: str, fortran: bool, tmp_path: Path) -> None:
    values = np.arange(36).reshape(3, 4, 3).astype(dtype)
    mean = mean_of(tmp_path, np.asfortranarray(values) if fortran else values)
    assert (mean == np.arange(36).reshape(3, 4, 3)).all()


@pytest.mark.parametrize(
    "array",
    [
        np.zeros(3, complex), np.zeros(3, bool), np.array(["a", "b", "c"]), np.array([b"a", b"b", b"c"]),
        np.zeros(3, "M8[s]"), np.zeros(3, "m8[s]"), np.zeros(3, [("a", "f4")]), np.zeros(3, "V4"),
        np.array([1, np.nan, 2]), np.array([1, np.inf, 2]), np.array([1, -np.inf, 2]), np.array([1, 1e39, 2]),
    ],
)  # fmt: skip
def test_values_that_are_no_finite_real_numbers(array: np.ndarray, tmp_path: Path) -> None:
    assert mean_of(tmp_path, array) is None


def test_objects_are_never_unpickled(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, ...]:
            return os.mkdir, (str(tmp_path / "exploded"),)

    found, faults = read(tmp_path, contents={"mean.npy": npy(np.array([Bomb()] * 3), allow_pickle=True)})
    assert "object" in faults[f"{AT}.mean_file"][0]
    assert found == InputConstants()
    assert not (tmp_path / "exploded").exists()


def test_a_std_without_zero_divides(tmp_path: Path) -> None:
    names = {"mean_file": "mean.npy", "std_file": "std.npy"}
    contents = {"mean.npy": npy([1.0, 2.0, 3.0]), "std.npy": npy([2.0, 4.0, -8.0])}
    found, faults = read(tmp_path, names=names, contents=contents)
    assert not faults
    pixels = noise(W, H)
    expected = (pixels - np.array([1, 2, 3])) / np.array([2, 4, -8])
    assert (prepare(Image.fromarray(pixels), spec(), None, *found)[0] == expected).all()


@pytest.mark.parametrize("values", [[1.0, 0.0, 2.0], [1.0, -0.0, 2.0], [1.0, 1e-50, 2.0]])
def test_a_std_with_a_zero_is_refused_and_a_mean_is_not(values: list[float], tmp_path: Path) -> None:
    names = {"mean_file": "same.npy", "std_file": "same.npy"}
    found, faults = read(tmp_path, names=names, contents={"same.npy": npy(values)})
    assert list(faults) == [f"{AT}.std_file"]
    assert found.mean is not None
    assert found.std is None


CAFFE = np.arange(C * H * W, dtype=np.float32).reshape(C, H, W)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("name", ["mean.binaryproto", "mean.proto.bin"])
def test_caffe_files_are_transposed(order: str, name: str, tmp_path: Path) -> None:
    for shape in (legacy((1, C, H, W)), modern((1, C, H, W)), modern((C, H, W))):
        found, faults = read(
            tmp_path, names={"mean_file": name}, contents={name: shape + packed(CAFFE)}, dimension_order=order
        )
        assert not faults
        assert found.mean.shape == full(order)
        for c, h, w in itertools.product(range(C), range(H), range(W)):
            place = tuple({"C": c, "H": h, "W": w}[axis] for axis in order[1:])
            assert found.mean[place] == CAFFE[c, h, w]


@pytest.mark.parametrize("shape", [(C, 1, 1), (1, H, W), (1, 1, 1), (1, C, 1, 1), (C,)])
def test_caffe_files_follow_the_rules_of_shapes(shape: tuple[int, ...], tmp_path: Path) -> None:
    values = np.arange(np.prod(shape), dtype=np.float32)
    found, faults = read(
        tmp_path, names={"mean_file": "m.proto.bin"}, contents={"m.proto.bin": modern(shape) + packed(values)}
    )
    assert not faults
    in_order = np.broadcast_to(values.reshape(shape if len(shape) > 1 else (C, 1, 1)), (1, C, H, W))[0]
    assert (np.broadcast_to(found.mean, (H, W, C)) == in_order.transpose(1, 2, 0)).all()


@pytest.mark.parametrize("shape", [(2, C, H, W), (1, C, W, H), (1, H, W, C), (H, W, C), (1, 1, C, H, W), (36,)])
def test_caffe_files_of_other_shapes_are_refused(shape: tuple[int, ...], tmp_path: Path) -> None:
    values = np.zeros(np.prod(shape), np.float32)
    contents = {"m.proto.bin": modern(shape) + packed(values)}
    _, faults = read(tmp_path, names={"mean_file": "m.proto.bin"}, contents=contents)
    assert list(faults) == [f"{AT}.mean_file"]


def test_a_file_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    _, faults = read(tmp_path, contents={"other.npy": npy(0)})
    assert "not uploaded" in faults[f"{AT}.mean_file"][0]


@pytest.mark.parametrize("name", ["/etc/passwd.npy", "../mean.npy", "mean.npy/../../x.npy"])
def test_a_name_is_never_a_path(name: str, tmp_path: Path) -> None:
    (tmp_path / "mean.npy").write_bytes(npy(0))
    _, faults = read(tmp_path, names={"mean_file": name}, contents={})
    assert "not uploaded" in faults[f"{AT}.mean_file"][0]


def test_the_extension_decides(tmp_path: Path) -> None:
    for name in ("mean.png", "mean", "mean.NPY", "mean.npy.gz", "binaryproto"):
        preprocessing, faults = Preprocessing((spec(mean_file=name),)), Faults()
        read_constants(preprocessing, {name: next(iter(files_of(tmp_path, a=npy(0)).values()))}, faults)
        assert ".npy, .binaryproto, .proto.bin" in faults[f"{AT}.mean_file"][0]
    for name, content in (("a.npy", packed(CAFFE)), ("a.proto.bin", npy(CAFFE))):
        _, faults = read(tmp_path, names={"mean_file": name}, contents={name: content})
        assert list(faults) == [f"{AT}.mean_file"]


def test_large_files_are_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "large").open("wb") as file:
        file.write(npy(np.zeros(3)))
        file.truncate(constants.MAX_FILE_BYTES + 1)

    def unread(_: Path) -> None:
        raise AssertionError("was opened")

    monkeypatch.setattr(constants, "_OPENERS", dict.fromkeys(constants.SUFFIXES, unread))
    for name in ("mean.npy", "mean.proto.bin"):
        faults = Faults()
        read_constants(Preprocessing((spec(mean_file=name),)), {name: tmp_path / "large"}, faults)
        assert "67108864" in faults[f"{AT}.mean_file"][0]
    assert constants.MAX_FILE_BYTES == 64 * 1024**2


def test_a_file_of_the_largest_size_is_read(tmp_path: Path) -> None:
    content = npy(np.ones((2048, 2730, 3), np.float32))
    assert 63 << 20 < len(content) <= 64 << 20
    assert mean_of(tmp_path, np.ones((2048, 2730, 3), np.float32), target_size="2730x2048") is not None


def test_every_input_has_its_own_and_shared_files_are_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []
    monkeypatch.setitem(constants._OPENERS, ".npy", lambda path: opened.append(path) or constants.open_npy(path))
    inputs = (
        spec(mean_file="a.npy", std_file="b.npy"),
        spec(tensor_name="second"),
        spec(tensor_name="third", mean_file="a.npy", dimension_order="NCHW"),
        spec(tensor_name="fourth", mean_file="b.npy", color_channels="L"),
    )
    files, faults = files_of(tmp_path, a_npy=npy([1.0, 2.0, 3.0]), b_npy=npy(7.0)), Faults()
    first, second, third, fourth = read_constants(Preprocessing(inputs), files, faults)
    assert not faults
    assert len(opened) == 2
    assert [each.shape for each in (*first, third.mean, fourth.mean)] == [(1, 1, 3), (1, 1, 1), (3, 1, 1), (1, 1, 1)]
    assert second == InputConstants()
    assert third.std is fourth.std is None


def test_faults_of_several_inputs_are_found_together(tmp_path: Path) -> None:
    inputs = (spec(mean_file="a.npy", std_file="b.npy"), spec(mean_file="none.npy"), spec(mean_file="a.npy"))
    faults = Faults()
    files = files_of(tmp_path, a_npy=npy(np.zeros((2, 2))), b_npy=b"no npy")
    found = read_constants(Preprocessing(inputs), files, faults, "network.preprocessing")
    assert found == (InputConstants(),) * 3
    assert set(faults) == {
        f"network.preprocessing.inputs[{i}].image.{name}"
        for i, name in ((0, "mean_file"), (0, "std_file"), (1, "mean_file"), (2, "mean_file"))
    }


def test_constants_cannot_be_changed_by_those_who_share_them(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="read-only"):
        mean_of(tmp_path, np.zeros(3))[:] = 1
