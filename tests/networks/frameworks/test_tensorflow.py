"""Real SavedModels. TensorFlow is an optional extra: without it these tests are skipped."""

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embedding_explorer.errors import NetworkUnusable, UnknownLayer
from embedding_explorer.networks.preprocessing import Preprocessing
from tests.networks.frameworks.helpers import loaded, preprocessing, written
from tests.networks.frameworks.test_fed import ROWS, check, row_of

if find_spec("tensorflow") is None:
    pytest.skip('needs the optional extra "tensorflow"', allow_module_level=True)

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow as tf

tf1: Any = tf.compat.v1
TF, SIZE = "tensorflow-1.x", 8


def files_in(folder: Path) -> dict[str, Path]:
    return {path.name: path for path in folder.rglob("*") if path.is_file()}


def given() -> Any:
    return np.random.default_rng(0).random((1, SIZE, SIZE, 3), dtype=np.float32)


def wanted(name: str) -> Any:
    return preprocessing(name, order="NHWC", size=SIZE)


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, Any]]]:
    """An export of version 1, with a variable of each kind, and what its tensors are for `given()`."""
    folder = tmp_path_factory.mktemp("old") / "export"
    with tf.Graph().as_default(), tf1.Session() as session:
        x = tf1.placeholder(tf.float32, [None, SIZE, SIZE, 3], name="data")
        kernel = tf1.get_variable("w", [3, 3, 3, 4], use_resource=False)
        dense = tf1.get_variable("r", [4, 5], use_resource=True)
        inner = tf.nn.relu(tf.nn.conv2d(x, kernel, 1, "SAME", name="conv"), name="relu")
        label = tf1.placeholder(tf.float32, [None, 5], name="label")
        prob = tf.nn.softmax(tf.matmul(tf.reduce_mean(inner, [1, 2]), dense), name="prob")
        tf.reduce_sum(prob - label, name="loss")
        session.run(tf1.global_variables_initializer())
        tf1.saved_model.simple_save(session, str(folder), {"image": x}, {"probabilities": prob})
        values = session.run({name: f"{name}:0" for name in ("conv", "relu", "prob")}, {x: given()})
    yield folder, values


@pytest.mark.parametrize("name", ["data", "data:0", "image"])
def test_any_tensor_of_an_export_of_version_1(old: tuple[Path, dict[str, Any]], name: str) -> None:
    network = loaded(TF, files_in(old[0]), wanted(name))
    for (asked, value), tensor in zip(
        network.run([given()], ["conv", "relu:0", "probabilities"]), ("conv", "relu", "prob"), strict=True
    ):
        np.testing.assert_allclose(value, old[1][tensor], rtol=1e-5, err_msg=asked)
    assert [name for name, _ in network.run([given()], None)] == ["prob:0"]


@pytest.mark.parametrize("text", [False, True])
@pytest.mark.parametrize("row", ROWS)
def test_a_network_sees_what_the_reference_computes(row: str, text: bool, tmp_path: Path) -> None:
    """Every row of section 11, as `test_fed` has it for other frameworks."""
    spec = row_of(row)
    with tf.Graph().as_default(), tf1.Session() as session:
        x = tf1.placeholder(tf.as_dtype(spec.data_type.lower()), [None] * 4, name="x")
        signature = tf1.saved_model.predict_signature_def({"x": x}, {"y": tf.identity(x, name="y")})
        builder = tf1.saved_model.Builder(str(tmp_path / "export"))
        builder.add_meta_graph_and_variables(session, ["serve"], {"serving_default": signature})
        builder.save(as_text=text)
    files = files_in(tmp_path / "export")
    assert f"saved_model.{'pbtxt' if text else 'pb'}" in files
    check(loaded(TF, files, Preprocessing((spec,))), spec, lambda values: values)


def test_layers(old: tuple[Path, dict[str, Any]]) -> None:
    layers = {layer.name: layer for layer in loaded(TF, files_in(old[0]), wanted("data")).layers}
    assert layers["data:0"].input and layers["prob:0"].output and layers["relu:0"].shape == (None, 8, 8, 4)
    assert layers["relu:0"].type == "Relu" and layers["relu:0"].dtype == "float32"
    names = list(layers)
    assert names.index("conv:0") < names.index("relu:0") < names.index("prob:0")
    assert "loss:0" not in layers, "it needs an input that nothing feeds"
    assert "w/Assign:0" not in layers, "it would initialise the weights once more"


def test_unknown_layers(old: tuple[Path, dict[str, Any]]) -> None:
    network = loaded(TF, files_in(old[0]), wanted("data"))
    with pytest.raises(UnknownLayer, match="prob:0"):
        network.resolve(["probs:0"])
    for name in ("w/Assign", "save/RestoreV2", "label", "loss"):
        with pytest.raises(UnknownLayer):
            network.run([given()], [name])


def test_memory_and_close(old: tuple[Path, dict[str, Any]]) -> None:
    files = files_in(old[0])
    network = loaded(TF, files, wanted("data"))
    assert network.memory() == sum(path.stat().st_size for path in files.values())
    network.close()
    assert network.memory() == 0


def test_an_export_of_version_2(tmp_path: Path) -> None:
    class Module(tf.Module):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.w = tf.Variable(tf.random.stateless_normal([3, 5], [1, 2]))

        @tf.function(input_signature=[tf.TensorSpec([None, SIZE, SIZE, 3], tf.float32)])
        def __call__(self, x: Any) -> Any:
            return tf.matmul(tf.reduce_mean(x, [1, 2]), self.w)

    module = Module()
    tf.saved_model.save(module, str(tmp_path / "export"), signatures=module.__call__)
    network = loaded(TF, files_in(tmp_path / "export"), wanted("x"))
    np.testing.assert_allclose(network.run([given()], None)[0][1], module(given()), rtol=1e-5)


def test_the_text_form(old: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    from google.protobuf import text_format
    from tensorflow.core.protobuf import saved_model_pb2

    model = saved_model_pb2.SavedModel()
    model.ParseFromString((old[0] / "saved_model.pb").read_bytes())
    text = text_format.MessageToString(model)
    files = files_in(old[0] / "variables") | written(tmp_path, {"saved_model.pbtxt": text.encode()})
    np.testing.assert_allclose(loaded(TF, files, wanted("data")).run([given()], None)[0][1], old[1]["prob"], rtol=1e-5)
    # Written in a way that only the grammar understands: the screening of the binary form finds it all the same.
    evil = text.replace('op: "Relu"', 'op: "Read" "File"')
    files |= written(tmp_path, {"saved_model.pbtxt": evil.encode()})
    with pytest.raises(NetworkUnusable, match="ReadFile"):
        loaded(TF, files, wanted("data"))


def export(folder: Path, build: Any) -> dict[str, Path]:
    """A graph without variables; `build` makes the output of the input."""
    with tf.Graph().as_default(), tf1.Session() as session:
        x = tf1.placeholder(tf.float32, [None, SIZE, SIZE, 3], name="data")
        tf1.saved_model.simple_save(session, str(folder), {"image": x}, {"y": build(x)})
    return files_in(folder)


def test_a_frozen_graph(tmp_path: Path) -> None:
    network = loaded(TF, export(tmp_path / "m", lambda x: tf.identity(x * 2, name="twice")), wanted("data"))
    np.testing.assert_allclose(network.run([given()], ["twice"])[0][1], given() * 2)


def test_a_checkpoint_that_is_written_or_read_elsewhere_is_not(tmp_path: Path) -> None:
    """The operators are part of every export; here the output needs one that writes, and one reads another file."""
    other = tmp_path / "other"
    with tf1.Session(graph=tf.Graph()) as session, session.graph.as_default():
        session.run(tf1.raw_ops.SaveV2(prefix=str(other), tensor_names=["s"], shape_and_slices=[""], tensors=[[7.0]]))

    def writing(x: Any) -> Any:
        target = str(tmp_path / "written")
        save = tf1.raw_ops.SaveV2(prefix=target, tensor_names=["t"], shape_and_slices=[""], tensors=[x])
        with tf.control_dependencies([save]):
            return tf.identity(x)

    def reading(x: Any) -> Any:
        [secret] = tf1.raw_ops.RestoreV2(
            prefix=str(other), tensor_names=["s"], shape_and_slices=[""], dtypes=[tf.float32]
        )
        return x + secret

    network = loaded(TF, export(tmp_path / "w", writing), wanted("data"))
    np.testing.assert_array_equal(network.run([given()], None)[0][1], given())
    assert not list(tmp_path.glob("written*"))
    with pytest.raises(NetworkUnusable):
        loaded(TF, export(tmp_path / "r", reading), wanted("data"))


def test_branches_that_are_not_taken(tmp_path: Path) -> None:
    tf1.disable_control_flow_v2()
    files = export(
        tmp_path / "m",
        lambda x: tf1.cond(tf.reduce_sum(x) > 1e6, lambda: tf.exp(x, name="never"), lambda: tf.abs(x, name="always")),
    )
    tf1.enable_control_flow_v2()
    names = {layer.name for layer in loaded(TF, files, wanted("data")).layers}
    assert any(name.endswith("always:0") for name in names) and not any(name.endswith("never:0") for name in names)


@pytest.mark.parametrize(
    ("inputs", "says"),
    [
        (wanted("nothing"), "no input 'nothing'"),
        (preprocessing("data", order="NHWC", size=9), "target_size makes it 9"),
        (preprocessing("data", size=SIZE), "NCHW"),
    ],
)
def test_inputs_that_do_not_fit(old: tuple[Path, dict[str, Any]], inputs: Any, says: str) -> None:
    with pytest.raises(NetworkUnusable, match=says):
        loaded(TF, files_in(old[0]), inputs)


def test_a_model_that_cannot_be_read(old: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    files = files_in(old[0])
    data = files["variables.data-00000-of-00001"].read_bytes()
    files |= written(tmp_path, {"variables.data-00000-of-00001": data[: len(data) // 2]})
    with pytest.raises(NetworkUnusable, match="cannot load") as caught:
        loaded(TF, files, wanted("data"))
    assert "\n" not in caught.value.message
