import json
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from embedding_explorer.errors import BadInput, NetworkUnusable
from embedding_explorer.networks.frameworks.pytorch import containers, program_texts
from embedding_explorer.networks.frameworks.pytorch.expressions import screen_expression
from embedding_explorer.networks.frameworks.pytorch.load import load
from embedding_explorer.networks.frameworks.pytorch.operators import screen_target
from embedding_explorer.networks.frameworks.pytorch.program_texts import MAX_VALUES
from tests.networks.frameworks.helpers import faults_of, images, loaded, preprocessing, quietly, small, watched

MODEL = "models/model.json"


def test_every_layer_is_what_a_hook_sees(exports: Path) -> None:
    network, given = loaded("pytorch", {"model.pt2": exports / "model.pt2"}), images()
    seen = watched(small(), given)
    for path, value in network.run([given], list(seen)):
        np.testing.assert_allclose(value, seen[path], rtol=1e-4, atol=1e-6, err_msg=path)
    assert [layer.name for layer in network.layers if layer.name in seen] == list(seen)
    with torch.no_grad():
        pooled, more = small()(torch.from_numpy(given))
    assert [name for name, _ in network.run([given], None)] == ["output:0", "output:1:last"]
    np.testing.assert_allclose(network.run([given], None)[1][1], more["last"], rtol=1e-4, atol=1e-6)
    assert pooled.shape == (1, 4)


def test_kinds_of_layers_memory_and_close(exports: Path) -> None:
    network = loaded("pytorch", {"model.pt2": exports / "model.pt2"})
    kinds = {layer.name: layer.type for layer in network.layers}
    assert kinds["conv"] == "Conv2d" and kinds["body#1"] == "Sequential"
    assert network.memory() >= 4 * sum(parameter.numel() for parameter in small().conv.parameters())
    network.close()
    assert network.memory() == 0


def test_a_size_that_the_program_does_not_take(exports: Path) -> None:
    with pytest.raises(NetworkUnusable, match="to be equal to 12, but got 13"):
        loaded("pytorch", {"model.pt2": exports / "model.pt2"}, preprocessing(size=13))


def test_any_number_of_images(tmp_path: Path) -> None:
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 2, 3), torch.nn.Flatten())
    shapes = ({0: torch.export.Dim("batch")},)
    program = quietly(torch.export.export, network, (torch.zeros(2, 3, 12, 12),), dynamic_shapes=shapes)
    quietly(torch.export.save, program, tmp_path / "model.pt2")
    result = loaded("pytorch", {"model.pt2": tmp_path / "model.pt2"}).run([images(5)], None)[0][1]
    with torch.no_grad():
        np.testing.assert_allclose(result, network(torch.from_numpy(images(5))), rtol=1e-5, atol=1e-6)


def changed(
    source: Path, folder: Path, change: Callable[[dict[str, Any]], object], entry: str = MODEL
) -> dict[str, Path]:
    """A program with another JSON."""
    target = folder / "model.pt2"
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name.endswith(entry):
                value = json.loads(data)
                change(value)
                data = json.dumps(value).encode()
            new.writestr(name, data)
    return {"model.pt2": target}


def graph(model: dict[str, Any]) -> Any:
    return model["graph_module"]["graph"]


def signature(model: dict[str, Any]) -> Any:
    return model["graph_module"]["module_call_graph"][0]["signature"]


def set_target(target: str) -> Callable[[dict[str, Any]], object]:
    return lambda model: graph(model)["nodes"][0].update(target=target)


def set_spec(kind: str, context: str) -> Callable[[dict[str, Any]], object]:
    spec = json.dumps([1, {"type": kind, "context": context, "children_spec": []}])
    return lambda model: signature(model).update(out_spec=spec)


def rename(model: dict[str, Any], name: str) -> None:
    """The name of the fed tensor, which is an argument of Python code that torch writes and runs."""
    text = json.dumps(graph(model)).replace('{"name": "x"}', json.dumps({"name": name}))
    model["graph_module"]["graph"] = json.loads(text)


def size_expression(model: dict[str, Any]) -> None:
    tensor = next(iter(graph(model)["tensor_values"].values()))
    tensor["sizes"][0] = {"as_expr": {"expr_str": "__import__('os').system('true')", "hint": {"as_int": 1}}}


COMMAND = "__import__('os').system('touch marker')"
HOSTILE: dict[str, Callable[[dict[str, Any]], object]] = {
    "an operator of the os": set_target("torch.os.system"),
    "one through an attribute": set_target("torch.ops.aten.__class__.mro"),
    "one that unpickles": set_target("torch.load"),
    "one that reads files": set_target("torch.ops.aten.from_file.default"),
    "one of another namespace": set_target("torch.ops.prims.convert_element_type.default"),
    "Python's attrgetter": set_target("_operator.attrgetter"),
    "an extension": set_target("#evil:run"),
    "math": set_target("math.factorial"),
    "guards": lambda model: model.update(guards_code=[COMMAND]),
    "an expression": size_expression,
    "an enumeration to import": set_spec(
        "builtins.dict", json.dumps([{"__enum__": True, "fqn": "antigravity:x", "name": "y"}])
    ),
    "a default dictionary": set_spec(
        "collections.defaultdict",
        json.dumps({"default_factory_module": "antigravity", "default_factory_name": "x", "dict_context": []}),
    ),
    "code as a name": lambda model: rename(model, f"x={COMMAND}"),
    "code as the name of an argument": lambda model: graph(model)["nodes"][0]["inputs"][0].update(
        name=f"x={COMMAND}, y"
    ),
    "code as the name of a weight": lambda model: model["graph_module"]["signature"]["input_specs"][0][
        "parameter"
    ].update(parameter_name=f'a"+{COMMAND}+"'),
    "code as the path of a module": lambda model: graph(model)["nodes"][0]["metadata"].update(
        nn_module_stack=f'L__self__,a"+{COMMAND}+",x'
    ),
    "code as the name of a forward argument": lambda model: signature(model).update(forward_arg_names=[COMMAND]),
    "a custom object": lambda model: graph(model).update(custom_obj_values={"a": {"class_fqn": "evil"}}),
    "an operator as a value": lambda model: graph(model)["nodes"][0]["inputs"][0].update(
        arg={"as_operator": "torch.load"}
    ),
    "another verifier": lambda model: model.update(verifiers=["EDGE"]),
    "no graph": lambda model: model.pop("graph_module"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_programs(exports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(torch.export, "load", lambda *_, **__: pytest.fail("it was loaded"))
    files = changed(exports / "model.pt2", tmp_path, HOSTILE[name])
    assert list(faults_of("pytorch", files)) == ["files.model.pt2"]
    with pytest.raises(NetworkUnusable):
        load(files, preprocessing(), "cpu")


def weight(config: dict[str, Any]) -> dict[str, Any]:
    value: dict[str, Any] = next(iter(config["config"].values()))
    return value


@pytest.mark.parametrize(
    "change",
    [
        lambda config: weight(config).update(use_pickle=True),
        lambda config: weight(config).update(tensor_meta=None),
        lambda config: weight(config).update(path_name="../sample_inputs/model.pt"),
        lambda config: weight(config).update(path_name="weight_999"),
        lambda config: weight(config).update(path_name="custom_obj_0"),
        lambda config: weight(config).update(path_name="opaque_obj_0"),
        lambda config: config.update(config=[]),
        lambda config: config["config"].update({f"a.{COMMAND}": weight(config)}),
    ],
)
def test_hostile_weights(exports: Path, tmp_path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    files = changed(exports / "model.pt2", tmp_path, change, "model_weights_config.json")
    assert list(faults_of("pytorch", files)) == ["files.model.pt2"]


@pytest.mark.parametrize("entry", [MODEL, "model_weights_config.json", "model_constants_config.json"])
def test_json_of_more_values_than_any_program_has_is_not_parsed(
    exports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: str
) -> None:
    files = changed(exports / "model.pt2", tmp_path, lambda value: value.update(more=[[]] * MAX_VALUES), entry)
    monkeypatch.setattr(program_texts.json, "loads", lambda _: pytest.fail("it was parsed"))
    assert "values" in faults_of("pytorch", files)["files.model.pt2"][0]


def test_nor_is_it_where_it_is_in_a_text(exports: Path, tmp_path: Path) -> None:
    many = "[" + "[]," * containers.MAX_VALUES + "[]]"
    for text in (many, json.dumps([1, {"type": None, "context": many, "children_spec": []}])):
        files = changed(
            exports / "model.pt2", tmp_path, lambda model, text=text: signature(model).update(out_spec=text)
        )
        assert "values" in faults_of("pytorch", files)["files.model.pt2"][0]


class Bomb:
    """Creates a file when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.marker}",)


def with_entry(source: Path, target: Path, entry: str, data: bytes) -> dict[str, Path]:
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        root = old.namelist()[0].partition("/")[0]
        for name in old.namelist():
            if name != f"{root}/{entry}":
                new.writestr(name, old.read(name))
        new.writestr(f"{root}/{entry}", data)
    return {target.name: target}


def test_an_empty_entry_does_not_become_zeros_of_any_size(exports: Path, tmp_path: Path) -> None:
    files = with_entry(exports / "model.pt2", tmp_path / "model.pt2", "data/weights/weight_0", b"")
    assert "no values" in faults_of("pytorch", files)["files.model.pt2"][0]


def test_sample_inputs_are_a_pickle_and_never_read(exports: Path, tmp_path: Path) -> None:
    bomb = pickle.dumps((Bomb(tmp_path / "marker"),))
    files = with_entry(exports / "model.pt2", tmp_path / "model.pt2", "data/sample_inputs/model.pt", bomb)
    loaded("pytorch", files)
    assert not (tmp_path / "marker").exists()


@pytest.mark.parametrize(
    "entry", ["data/aotinductor/model/x.so", "data/aotinductor/model/x.cpp", "models/second.json", "data/executorch/x"]
)
def test_compiled_content_and_second_models(exports: Path, tmp_path: Path, entry: str) -> None:
    files = with_entry(exports / "model.pt2", tmp_path / "model.pt2", entry, b"{}")
    assert list(faults_of("pytorch", files)) == ["files.model.pt2"]


@pytest.mark.parametrize("entry", ["data/weights/model.pt", "data/constants/model.pt"])
def test_weights_of_older_releases_are_pickles_and_never_read(exports: Path, tmp_path: Path, entry: str) -> None:
    files = with_entry(exports / "model.pt2", tmp_path / "model.pt2", entry, pickle.dumps(Bomb(tmp_path / "marker")))
    loaded("pytorch", files)
    assert not (tmp_path / "marker").exists()


def test_an_archive_of_an_older_layout(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "model.pt2", "w") as old:
        old.writestr("archive/serialized_exported_program.json", "{}")
        old.writestr("archive/version", "5.3")
    assert "older releases" in faults_of("pytorch", {"model.pt2": tmp_path / "model.pt2"})["files.model.pt2"][0]


@pytest.mark.parametrize(
    "target", ["torch.ops.aten.conv2d.default", "torch.ops.aten.__and__.Tensor", "_operator.getitem", "_operator.mul"]
)
def test_operators_that_compute(target: str) -> None:
    screen_target(target)


@pytest.mark.parametrize(
    "text",
    [
        "Symbol('s77', positive=True, integer=True)",
        "Add(Mul(Integer(-1), Symbol('s0', positive=True, integer=True)), Integer(3))",
        "FloorDiv(Symbol('s0', integer=True), Integer(2))",
        "Pow(Symbol('s0', integer=True), Integer(2))",
        "s0",
        "17",
    ],
)
def test_expressions_of_sizes(text: str) -> None:
    screen_expression(text)


@pytest.mark.parametrize(
    "text",
    [
        COMMAND,
        "Symbol('x').__class__",
        "Symbol('x')(1)",
        "Pow(Integer(9), Pow(Integer(9), Integer(9)))",
        "Pow(Integer(9), Integer(999999999))",
        "Pow(Pow(Integer(9), Integer(8)), Integer(8))",
        "9**9**9",
        "[x for x in s0]",
        "lambda: 1",
        "open",
        "Symbol('s0', evil=True)",
        "Symbol('a b')",
        "Add(*s0)",
        "factorial(Integer(99999))",
        "(" * 3000,
        "(" * 500,
        "Integer(" + "9" * 1900 + ")",
        "",
    ],
)
def test_other_expressions(text: str) -> None:
    with pytest.raises(BadInput):
        screen_expression(text)
