from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from embedding_explorer.errors import NetworkUnusable, UnknownLayer
from embedding_explorer.networks.frameworks.base import Layer
from embedding_explorer.networks.frameworks.onnx import check as onnx_check
from tests.networks.frameworks.helpers import faults_of, images, loaded, preprocessing, written

IR, OPSET = 8, 17


def model(
    nodes: list[Any], weights: dict[str, Any] | None = None, shape: Any = ("n", 3, 12, 12), out: str = "y"
) -> Any:
    data = helper.make_tensor_value_info("data", TensorProto.FLOAT, shape)
    result = helper.make_tensor_value_info(out, TensorProto.FLOAT, None)
    tensors = [numpy_helper.from_array(value, name) for name, value in (weights or {}).items()]
    graph = helper.make_graph(nodes, "g", [data], [result], tensors)
    return helper.make_model(graph, ir_version=IR, opset_imports=[helper.make_opsetid("", OPSET)])


def convolution() -> Any:
    weights = np.random.default_rng(1).random((4, 3, 3, 3), dtype=np.float32)
    nodes = [
        helper.make_node("Conv", ["data", "w"], ["inner"]),
        helper.make_node("Relu", ["inner"], ["y"]),
    ]
    return model(nodes, {"w": weights})


def file_of(folder: Path, made: Any) -> dict[str, Path]:
    return written(folder, {"model.onnx": made.SerializeToString()})


def wanted(name: str = "data", **kwargs: Any) -> Any:
    return preprocessing(name, **kwargs)


def test_inner_values_match_numpy(tmp_path: Path) -> None:
    network = loaded("onnx", file_of(tmp_path, convolution()), wanted())
    given = images(2)
    [(_, inner), (name, result), (_, fed)] = network.run([given], ["inner", "y:0", "data"])
    kernel = np.random.default_rng(1).random((4, 3, 3, 3), dtype=np.float32)
    expected = np.einsum("kcij,bc...ij->bk...", kernel, np.lib.stride_tricks.sliding_window_view(given, (3, 3), (2, 3)))
    np.testing.assert_allclose(inner, expected, rtol=1e-5)
    np.testing.assert_allclose(result, np.maximum(expected, 0), rtol=1e-5)
    assert name == "y:0" and fed is not None and np.array_equal(fed, given)


def test_layers_in_order(tmp_path: Path) -> None:
    layers = loaded("onnx", file_of(tmp_path, convolution()), wanted()).layers
    assert layers[0] == Layer("w", "Initializer", (4, 3, 3, 3), "float32")
    layers = layers[1:]
    assert [(layer.name, layer.type, layer.input, layer.output) for layer in layers] == [
        ("data", "Input", True, False),
        ("inner", "Conv", False, False),
        ("y", "Relu", False, True),
    ]
    assert layers[1].shape == (None, 4, 10, 10) and layers[1].dtype == "float32"


def test_without_names_the_final_outputs(tmp_path: Path) -> None:
    assert [name for name, _ in loaded("onnx", file_of(tmp_path, convolution()), wanted()).run([images()], None)] == [
        "y"
    ]


def test_unknown_layers(tmp_path: Path) -> None:
    network = loaded("onnx", file_of(tmp_path, convolution()), wanted())
    network.resolve(["inner", "inner:0"])
    with pytest.raises(UnknownLayer, match=r"'innner'.*inner"):
        network.resolve(["innner"])
    with pytest.raises(UnknownLayer):
        network.run([images()], ["w:1"])


@pytest.mark.parametrize("name", ["data", "data:0"])
def test_inputs_are_named_with_or_without_their_number(tmp_path: Path, name: str) -> None:
    network = loaded("onnx", file_of(tmp_path, convolution()), wanted(name))
    assert network.run([images()], None)[0][1].shape == (1, 4, 10, 10)
    assert [layer.name for layer in network.layers if layer.input] == ["data"]


def test_memory_and_close(tmp_path: Path) -> None:
    files = file_of(tmp_path, convolution())
    network = loaded("onnx", files, wanted())
    assert network.memory() >= files["model.onnx"].stat().st_size
    files["model.onnx"].unlink()  # somebody deleted the network while it was loaded
    assert network.memory() > 0 and network.run([images()], None)
    network.close()
    assert network.memory() == 0


def test_a_network_that_was_deleted_while_it_ran_says_so_in_one_line(tmp_path: Path) -> None:
    files = file_of(tmp_path, convolution())
    network = loaded("onnx", files, wanted())
    files["model.onnx"].unlink()
    with pytest.raises(NetworkUnusable, match="cannot open the model"):
        network.run([images()], ["inner"])


def test_initializers_are_values_of_the_graph_too(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    weights = {
        "w": rng.random((4, 3, 3, 3), dtype=np.float32),
        "b": np.zeros(4, np.float32),
        "unused": np.array([1, 2]),
    }
    weights |= {"square": rng.random((10, 10), dtype=np.float32), "one": np.array([[True]])}
    nodes = [
        helper.make_node("Conv", ["data", "w", "b"], ["inner"]),
        helper.make_node("MatMul", ["inner", "square"], ["y"]),
    ]
    made = model(nodes, weights)
    made.graph.output.add().name = "one"
    network = loaded("onnx", file_of(tmp_path, made), wanted())
    for name, value in network.run([images()], ["inner", *weights, "w:0"]):
        if name != "inner":
            expected = weights[name.removesuffix(":0")]
            assert value.dtype == expected.dtype and np.array_equal(value, expected)
    layers = {layer.name: layer for layer in network.layers}
    assert layers["unused"] == Layer("unused", "Initializer", (2,), "int64")
    assert layers["one"].output and [name for name, _ in network.run([images()], None)] == ["y", "one"]


def test_initializers_in_another_file(tmp_path: Path) -> None:
    options = {"save_as_external_data": True, "location": "weights.bin", "size_threshold": 0}
    onnx.save_model(convolution(), tmp_path / "model.onnx", **options)
    network = loaded("onnx", {name: tmp_path / name for name in ("model.onnx", "weights.bin")}, wanted())
    expected = np.random.default_rng(1).random((4, 3, 3, 3), dtype=np.float32)
    assert np.array_equal(network.run([images()], ["w"])[0][1], expected)


def half(name: str, to: str) -> list[Any]:
    """To 16 bits and back."""
    there = helper.make_node("Cast", [name], [f"{to}_short"], to=TensorProto.BFLOAT16)
    return [there, helper.make_node("Cast", [f"{to}_short"], [to], to=TensorProto.FLOAT)]


def test_values_that_numpy_does_not_have_take_no_others_with_them(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Relu", ["data"], ["r"]),
        *half("r", "a"),
        *half("a", "b"),
        helper.make_node("Neg", ["b"], ["y"]),
    ]
    made = model(nodes, {"w": np.zeros(2, np.float32)})
    made.graph.output.add().name = "b_short"
    network = loaded("onnx", file_of(tmp_path, made), wanted())
    names = [layer.name for layer in network.layers]
    assert names == ["w", "data", "r", "a", "b", "y"]
    assert [name for name, _ in network.run([images()], names)] == names
    assert [name for name, _ in network.run([images()], None)] == ["y"]


def test_values_that_cannot_be_outputs_take_no_others_with_them(tmp_path: Path) -> None:
    """The name of one is no text."""
    made = model(
        [
            helper.make_node("Relu", ["data"], ["odd1"]),
            helper.make_node("Neg", ["odd1"], ["fine"]),
            helper.make_node("Abs", ["fine"], ["y"]),
        ]
    )
    files = written(tmp_path, {"model.onnx": made.SerializeToString().replace(b"odd1", b"od\xff1")})
    assert [layer.name for layer in loaded("onnx", files, wanted()).layers] == ["data", "fine", "y"]


def test_values_that_fail_in_a_run_take_no_others_with_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Picky(onnxruntime.InferenceSession):  # type: ignore[misc]
        def run(self, names: list[str], *more: Any) -> Any:
            if "inner" in names:
                raise RuntimeError("not this one")
            return super().run(names, *more)

    monkeypatch.setattr(onnxruntime, "InferenceSession", Picky)
    assert [layer.name for layer in loaded("onnx", file_of(tmp_path, convolution()), wanted()).layers] == [
        "w",
        "data",
        "y",
    ]


def test_an_input_need_not_declare_its_shape(tmp_path: Path) -> None:
    made = model([helper.make_node("Relu", ["data"], ["y"])], shape=None)
    assert loaded("onnx", file_of(tmp_path, made), wanted()).run([images()], None)[0][1].shape == (1, 3, 12, 12)


def test_where_sizes_vary_both_sides_are_listed_as_such(tmp_path: Path) -> None:
    made = model([helper.make_node("Relu", ["data"], ["y"])], shape=("n", 3, "h", "w"))
    layers = loaded("onnx", file_of(tmp_path, made), wanted(resize="NETWORK", size=16)).layers
    assert [layer.shape for layer in layers] == [(None, 3, None, None)] * 2


@pytest.mark.parametrize(
    ("inputs", "says"),
    [
        (wanted("image"), "no input 'image'. Its inputs: data"),
        (wanted(size=13), "axis H, and target_size makes it 13"),
        (wanted(resize="NETWORK"), "NETWORK does not allow"),
        (preprocessing("data", "more"), "no input 'more'"),
        (preprocessing("data", order="NHWC"), "NHWC"),
    ],
)
def test_inputs_that_do_not_fit(tmp_path: Path, inputs: Any, says: str) -> None:
    with pytest.raises(NetworkUnusable, match=says):
        loaded("onnx", file_of(tmp_path, convolution()), inputs)


def test_the_input_may_be_named_with_its_number(tmp_path: Path) -> None:
    layers = loaded("onnx", file_of(tmp_path, convolution()), wanted("data:0")).layers
    assert [layer.name for layer in layers if layer.input] == ["data"]


def test_weights_in_another_file_of_the_request(tmp_path: Path) -> None:
    made = convolution()
    plain = loaded("onnx", file_of(tmp_path, made), wanted()).run([images()], None)[0][1]
    options = {"save_as_external_data": True, "location": "weights.bin", "size_threshold": 0}
    onnx.save_model(made, tmp_path / "model.onnx", **options)
    files = {name: tmp_path / name for name in ("model.onnx", "weights.bin")}
    result = loaded("onnx", files, wanted()).run([images()], ["y", "inner"])
    np.testing.assert_array_equal(result[0][1], plain)


def external(location: str) -> Any:
    made = convolution()
    tensor = made.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", location), ("offset", "0"), ("length", "432")):
        tensor.external_data.add(key=key, value=value)
    return made


@pytest.mark.parametrize("location", ["../../etc/passwd", "/etc/passwd", "sub/weights.bin", "", "other.bin"])
def test_weights_anywhere_else(tmp_path: Path, location: str) -> None:
    files = file_of(tmp_path, external(location)) | written(tmp_path, {"weights.bin": b"\0" * 432})
    assert "no file that came along" in faults_of("onnx", files)["files.model.onnx"][0]


def test_a_link_among_the_files(tmp_path: Path) -> None:
    files = file_of(tmp_path, external("weights.bin"))
    (tmp_path / "weights.bin").symlink_to("/etc/passwd")
    files["weights.bin"] = tmp_path / "weights.bin"
    assert "no regular file" in faults_of("onnx", files)["files.model.onnx"][0]


def test_a_location_in_a_second_occurrence_of_the_tensor(tmp_path: Path) -> None:
    """Readers of protobuf merge a message that comes twice."""
    data = convolution().SerializeToString()
    hidden = onnx.ModelProto()
    hidden.graph.CopyFrom(external("../../etc/passwd").graph)
    files = written(tmp_path, {"model.onnx": data + hidden.SerializeToString()})
    assert "etc/passwd" in faults_of("onnx", files)["files.model.onnx"][0]


def in_branch(node: Any) -> Any:
    inner = helper.make_graph([node], "then", [], [helper.make_tensor_value_info("b", TensorProto.FLOAT, None)])
    condition = helper.make_node("If", ["c"], ["y"], then_branch=inner, else_branch=inner)
    return model([condition], {"c": np.array(True)})


def large(kind: str) -> Any:
    fill = helper.make_node("ConstantOfShape", ["shape"], ["filled"])
    if kind == "in a node":
        shape = numpy_helper.from_array(np.array([1 << 20, 1 << 20], np.int64))
        return model([helper.make_node("Constant", [], ["shape"], value=shape), fill])
    return model([fill], {"shape": np.array([1 << 20, 1 << 20], np.int64)})


def overdeclared() -> Any:
    made = convolution()
    made.graph.initializer[0].dims[0] = 1 << 40
    return made


HOSTILE = {
    "an operator of a vendor": lambda: model([helper.make_node("Evil", ["data"], ["y"], domain="com.evil")]),
    "one of Microsoft's": lambda: model([helper.make_node("Gelu", ["data"], ["y"], domain="com.microsoft")]),
    "Python": lambda: model([helper.make_node("PyOp", ["data"], ["y"], domain="ai.onnx.contrib")]),
    "one in a branch": lambda: in_branch(helper.make_node("Evil", [], ["b"], domain="com.evil")),
    "a huge constant": lambda: large("in the graph"),
    "a huge constant of a node": lambda: large("in a node"),
    "more values than there are": overdeclared,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(onnxruntime, "InferenceSession", lambda *_, **__: pytest.fail("it was opened"))
    files = file_of(tmp_path, HOSTILE[name]())
    assert list(faults_of("onnx", files)) == ["files.model.onnx"]
    from embedding_explorer.networks.frameworks.onnx.load import load

    with pytest.raises(NetworkUnusable):  # the worker does not trust what was stored
        load(files, wanted(), "cpu")


def test_functions_of_the_model_itself_are_fine(tmp_path: Path) -> None:
    made = model([helper.make_node("Twice", ["data"], ["y"], domain="mine")])
    node = helper.make_node("Add", ["a", "a"], ["b"])
    made.functions.append(helper.make_function("mine", "Twice", ["a"], ["b"], [node], [helper.make_opsetid("", OPSET)]))
    made.opset_import.append(helper.make_opsetid("mine", 1))
    network = loaded("onnx", file_of(tmp_path, made), wanted())
    np.testing.assert_array_equal(network.run([images()], ["y"])[0][1], images() * 2)


@pytest.mark.parametrize("data", [b"", b"hello", b"\x80\x02}", convolution().SerializeToString()[:-20], b"\x08\x08"])
def test_files_that_are_no_models(tmp_path: Path, data: bytes) -> None:
    assert list(faults_of("onnx", written(tmp_path, {"model.onnx": data}))) == ["files.model.onnx"]


def test_no_model_and_two_models(tmp_path: Path) -> None:
    assert "is missing" in faults_of("onnx", {})["files.model.onnx"][0]
    files = file_of(tmp_path, convolution()) | written(tmp_path, {"b.onnx": b""})
    assert "too many" in faults_of("onnx", files)["files.b.onnx"][0]
    assert onnx_check.model_of(files).name == "model.onnx"


def test_a_model_that_the_runtime_cannot_open_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(NetworkUnusable, match="cannot open the model") as caught:
        loaded("onnx", file_of(tmp_path, model([helper.make_node("NoSuchOperator", ["data"], ["y"])])), wanted())
    assert "\n" not in caught.value.message
