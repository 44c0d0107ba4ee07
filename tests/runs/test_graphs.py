"""Graphs: the sample log's, torch's, small ones whose drawing is known, and hostile ones (contract, chapter 8)."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tensorboard.compat.proto.graph_pb2 import GraphDef

from embedding_explorer.errors import LimitExceeded, NoLogData, UnreadableLog
from embedding_explorer.runs.computation_graph import MAX_ATTRIBUTE, computation_tree
from embedding_explorer.runs.derived_graph import derived_graph
from embedding_explorer.runs.graphs import graph
from embedding_explorer.runs.operators import OPERATORS
from embedding_explorer.runs.structure_graph import is_structure_graph, structure_graphs
from tests.conftest import shared_data
from tests.runs import tsvis_logs
from tests.runs.reading import open_logs

Net = list[dict[str, Any]]
CATEGORIES = [
    "Convolution",
    "Normalization",
    "Math&Activation&Pooling",
    "Sparse Tensors&Tensor Transformations",
    "ControlFlow",
    "Losses&Metrics",
    "InputsandReaders",
]


def nodes_in(net: Net) -> Iterator[dict[str, Any]]:
    for node in net:
        yield node
        yield from nodes_in(node["sub_net"])


def edges(net: Net) -> dict[tuple[str, str], tuple[str, str, int]]:
    """(source, target) → (info, control, num)."""
    return {
        (node["uid"], target["id"]): (target["info"], target["control"], target["num"])
        for node in nodes_in(net)
        for target in node["targets"]
    }


def built(*operations: tuple[str, list[str], list[list[int]]], op: str = "aten::x") -> bytes:
    """A GraphDef of (name, inputs, output shapes)."""
    made = GraphDef()
    for name, inputs, shapes in operations:
        node = made.node.add(name=name, op=op, input=inputs)
        for sizes in shapes:
            shape = node.attr["_output_shapes"].list.shape.add()
            for size in sizes:
                shape.dim.add(size=size)
    return bytes(made.SerializeToString())


def computed(*operations: tuple[str, list[str], list[list[int]]]) -> Net:
    return computation_tree(built(*operations)).to_json()


def test_edges_are_lifted_to_the_scopes_around_their_ends() -> None:
    net = computed(("in/a", [], [[1, -1]]), ("net/conv/b", ["in/a"], []), ("net/c", ["net/conv/b:0", "^in/a"], []))
    assert edges(net) == {
        ("in", "net"): ("{1,?}", "false", 1),
        ("in", "net/conv"): ("{1,?}", "false", 1),
        ("in", "net/conv/b"): ("{1,?}", "false", 1),
        ("in", "net/c"): ("{1,?}", "true", 1),
        ("in/a", "net"): ("{1,?}", "false", 1),
        ("in/a", "net/conv"): ("{1,?}", "false", 1),
        ("in/a", "net/conv/b"): ("{1,?}", "false", 1),
        ("in/a", "net/c"): ("{1,?}", "true", 1),
        ("net/conv", "net/c"): ("", "false", 1),
        ("net/conv/b", "net/c"): ("", "false", 1),
    }
    assert [node["uid"] for node in nodes_in(net)] == ["in", "in/a", "net", "net/conv", "net/conv/b", "net/c"]
    assert [node["layer"] for node in nodes_in(net)] == [1, 2, 1, 2, 3, 2]
    assert {node["parent"] for node in nodes_in(net)} == {"", "in", "net", "net/conv"}


def test_edges_of_several_operations_are_merged() -> None:
    net = computed(
        ("s/a", [], [[1]]),
        ("s/b", [], []),
        ("s/c", [], [[3]]),
        ("t", ["s/c", "^s/b", "s/a", "s/a"], []),
        ("u", ["^s/b"], []),
    )
    assert edges(net)["s", "t"] == ("{1};();{3}", "false", 3)
    assert edges(net)["s", "u"] == ("", "true", 1)


def test_the_output_that_fits_is_the_info() -> None:
    several = [[1], [2], []]
    net = computed(
        ("a", [], several), ("b", ["a"], [[2]]), ("c", ["a"], [[9]]), ("d", ["a"], several), ("e", ["a"], [[]])
    )
    found = edges(net)
    assert [found["a", to][0] for to in "bcde"] == ["{2}", "{?}", "{?}", ""]


def test_an_operation_with_edges_inside_itself_gets_a_twin() -> None:
    net = computed(("w", [], [[4]]), ("w/read", ["w"], [[4]]), ("out", ["w", "w/read"], []), ("weights", ["w"], []))
    assert [node["uid"] for node in nodes_in(net)] == ["w", "w/read", "w/(w)", "out", "weights"]
    twin = next(node for node in nodes_in(net) if node["uid"] == "w/(w)")
    assert (twin["label"], twin["op"], twin["parent"], twin["layer"]) == ("(w)", "aten::x", "w", 2)
    assert edges(net) == {
        ("w/(w)", "w/read"): ("{4}", "false", 1),
        ("w", "out"): ("{4};{4}", "false", 2),
        ("w/(w)", "out"): ("{4}", "false", 1),
        ("w/read", "out"): ("{4}", "false", 1),
        ("w", "weights"): ("{4}", "false", 1),
        ("w/(w)", "weights"): ("{4}", "false", 1),
    }


def test_attributes_are_protobuf_text_on_one_line() -> None:
    made = GraphDef()
    node = made.node.add(name="a", op="Const")
    node.attr["attr"].s = b"{\n}"
    node.attr["list"].list.i.extend([1, 2])
    node.attr["large"].s = b"x" * 100_000
    node.attr["huge"].s = b"x" * (MAX_ATTRIBUTE + 1)
    [found] = computation_tree(made.SerializeToString()).to_json()
    assert found["attrs"]["attr"] == r's: "{\n}"'
    assert found["attrs"]["list"] == "list {  i: 1  i: 2}"
    assert found["attrs"]["large"] == 's: "' + "x" * 100_000 + '"'
    assert len(found["attrs"]["huge"]) < 100


def test_dangling_inputs_loops_and_names_that_come_twice_do_no_harm() -> None:
    net = computed(
        ("a", ["nowhere", "a", "b:1"], []), ("b", ["a"], []), ("a", ["b"], []), ("", ["a"], []), ("x//y", ["a"], [])
    )
    assert set(edges(net)) == {("b", "a"), ("a", "b"), ("a", "x"), ("a", "x/"), ("a", "x//y")}


REQUIRED = """
conv2d conv3d conv2d_transpose depthwise_conv2d separable_conv2d
Batch_Normalization Layer_Normalization
add matmul mul sub relu sigmoid softmax tanh bias_add avg_pool max_pool reduce_mean
reshape concat cast slice split squeeze expand_dims pad tile
identity cond while_loop greater less equal
accuracy l2_loss softmax_cross_entropy sparse_softmax_cross_entropy_with_logits
placeholder batch decode_raw read_file
"""


def test_the_operators_that_the_contract_asks_for_are_in_their_categories() -> None:
    for category, line in zip(OPERATORS, REQUIRED.strip().splitlines(), strict=True):
        wanted = [name.replace("_N", " N") for name in line.split()]
        assert set(wanted) <= set(category["list"]), category["op"]
        assert len(set(category["list"])) == len(category["list"])


def test_nothing_is_an_empty_drawing() -> None:
    tree = computation_tree(b"")
    assert tree.to_json() == derived_graph(tree) == []


def test_ten_thousand_operations_in_deep_scopes_are_drawn() -> None:
    depth = "/".join(f"s{n}" for n in range(30))
    chain = [(f"{depth}/op{n}", [f"{depth}/op{n - 1}"], [[n]]) for n in range(10_000)]
    net = computed(*chain)
    assert sum(1 for _ in nodes_in(net)) == 10_030
    assert len(edges(net)) == 9_999
    assert json.loads(json.dumps(net)) == net


@pytest.mark.parametrize(
    "operations",
    [
        [("/".join("s" * 10_000), [], [])],
        [(f"{'a/' * 90}{n}", [f"{'b/' * 90}{n}"], []) for n in range(200)]
        + [(f"{'b/' * 90}{n}", [], []) for n in range(200)],
    ],
)
def test_what_no_browser_draws_is_refused(operations: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from embedding_explorer.runs import graph_tree

    monkeypatch.setattr(graph_tree, "MAX_EDGES", 10_000)
    with pytest.raises(LimitExceeded, match="too many to be drawn"):
        computed(*operations)


def test_a_damaged_graph_is_refused() -> None:
    with pytest.raises(UnreadableLog):
        computation_tree(b"\x0a\xff\xff")


def test_plumbing_is_taken_out_of_derived_graphs() -> None:
    data = GraphDef()
    for name, op, inputs in (
        ("input/x", "IO Node", []),
        ("m/Linear[fc]/y", "aten::addmm", ["input/x"]),
        ("m/1", "prim::TupleConstruct", ["m/Linear[fc]/y"]),
        ("m/2", "prim::TupleUnpack", ["m/1"]),
        ("m/3", "aten::add_", ["m/2", "m/c"]),
        ("m/c", "prim::Constant", []),
        ("output/o", "IO Node", ["m/3"]),
    ):
        data.node.add(name=name, op=op, input=inputs)
    net = derived_graph(computation_tree(data.SerializeToString()))
    assert [(node["label"], node["uid"]) for node in net] == [
        ("input", "input"), ("Linear[fc]", "mtoLinear[fc]"), ("add", "mto3"), ("output", "output"),
    ]  # fmt: skip
    assert set(edges(net)) == {("input", "mtoLinear[fc]"), ("mtoLinear[fc]", "mto3"), ("mto3", "output")}


def test_several_inputs_take_the_place_of_the_input() -> None:
    net = derived_graph(
        computation_tree(built(("Input/a", [], []), ("Input/b", [], []), ("m/c", ["Input/a", "Input/b"], [])))
    )
    assert [node["uid"] for node in net] == ["Inputtoa", "Inputtob", "m", "mtoc"]


def written(folder: Path, models: Any) -> Path:
    path = folder / "model.json"
    path.write_text(json.dumps(models))
    return path


def test_keras_models_have_nested_inputs(tmp_path: Path) -> None:
    layers = [
        {"class_name": "InputLayer", "name": "a-in", "config": {"batch_input_shape": [None, 3]}, "inbound_nodes": []},
        {"class_name": "Dense", "name": "b/x", "config": {"shape": [3, 4]}, "inbound_nodes": [[["a-in", 0, 0, {}]]]},
        {"class_name": "Dropout", "name": "alone", "config": {}, "inbound_nodes": []},
        {"class_name": "variable", "name": "v", "config": {}, "inbound_nodes": []},
        {"class_name": "Add", "name": "c", "config": {}, "inbound_nodes": [[["a-in", 0, 0, {}], ["b/x", 0, 0, {}], ["v", 0, 0, {}]]]},
    ]  # fmt: skip
    [net] = structure_graphs(written(tmp_path, {"class_name": "Model", "config": {"name": "m", "layers": layers}}))
    assert [node["uid"] for node in nodes_in(net)] == ["a-in", "b", "b/x", "c"]
    assert set(edges(net)) == {("a-in", "b"), ("a-in", "b/x"), ("a-in", "c"), ("b", "c"), ("b/x", "c")}
    dense = next(node for node in nodes_in(net) if node["uid"] == "b/x")
    assert (dense["op"], dense["attrs"], dense["inputs"], dense["name"]) == (
        "Dense",
        {"shape": "{3,4}"},
        ["a/in"],
        "b/x",
    )


def test_sequential_models_are_chains(tmp_path: Path) -> None:
    layers = [{"class_name": "Flatten", "config": {"name": "f"}}, {"class_name": "Dense", "config": {"name": "d"}}]
    config = {"name": "s", "build_input_shape": [None, 28], "layers": layers}
    [net] = structure_graphs(written(tmp_path, [{"class_name": "Sequential", "config": config}]))
    assert [(node["uid"], node["op"]) for node in net] == [("input", "ReadVariable"), ("f", "Flatten"), ("d", "Dense")]
    assert net[0]["attrs"] == {"shape": "{?,28}"}
    assert set(edges(net)) == {("input", "f"), ("f", "d")}


@pytest.mark.parametrize(
    "nodes", [5, "x", {"a": 1}, [[[[1]]]], [[]], [None], [["a"] * 3], json.loads("[" * 300 + "]" * 300)]
)
def test_strange_inputs_of_layers_do_no_harm(tmp_path: Path, nodes: Any) -> None:
    layers = [{"class_name": "x", "name": "b", "config": 5, "inbound_nodes": nodes}, 7, {"name": None}]
    structure_graphs(written(tmp_path, [{"class_name": "M", "config": {"layers": layers}}]))


def test_a_file_with_anything_but_models_is_none(tmp_path: Path) -> None:
    path = written(tmp_path, [{"class_name": "Sequential", "config": {"layers": [{"name": "a"}, {"name": "b"}]}}, 3])
    assert (is_structure_graph(path), structure_graphs(path)) == (False, [])


def test_the_structure_graph_goes_before_the_derived_one(tmp_path: Path) -> None:
    tsvis_logs.write(tmp_path, tsvis_logs.graph(built(("a", [], []), ("b", ["a"], []))))
    logs = open_logs(tmp_path)
    derived = json.loads(str(graph(logs, dialect="web", run=".", tag="s_graph")))
    assert [node["uid"] for node in derived["net"][0]] == ["a", "b"]
    layers = [
        {"class_name": "L", "name": "p", "config": {}},
        {"class_name": "L", "name": "q", "config": {}, "inbound_nodes": ["p"]},
    ]
    written(tmp_path, [{"class_name": "M", "config": {"name": "m", "layers": layers}}])
    (tmp_path / "other.json").write_text('[{"config": {"layers": []}}]')
    logs = open_logs(tmp_path)
    assert [node["uid"] for node in json.loads(str(graph(logs, dialect="web", run=".", tag="s_graph")))["net"][0]] == [
        "p",
        "q",
    ]
    answer: Any = graph(logs, dialect="doc", run=".")
    assert [node["uid"] for node in json.loads(answer["net"])] == ["a", "b"]
    assert [each["op"] for each in json.loads(answer["operator"])] == CATEGORIES
    with pytest.raises(NoLogData):
        graph(logs, dialect="doc", run=".", tag="x_graph")


def test_a_network_that_torch_traced(tmp_path: Path) -> None:
    import torch
    from torch.utils.tensorboard import SummaryWriter

    network = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(72, 3))
    with SummaryWriter(str(tmp_path)) as writer:
        writer.add_graph(network, torch.zeros(1, 1, 8, 8))
    logs = open_logs(tmp_path)
    drawn = json.loads(str(graph(logs, dialect="web", run=".")))["net"]
    known = {node["uid"] for node in nodes_in(drawn)}
    assert {to for _, to in edges(drawn)} <= known
    [derived] = json.loads(str(graph(logs, dialect="web", run=".", tag="s_graph")))["net"]
    layers = [node["label"].partition("[")[0] for node in derived]
    assert [label for label in layers if label in ("Conv2d", "ReLU", "Flatten", "Linear")] == [
        "Conv2d",
        "ReLU",
        "Flatten",
        "Linear",
    ]
    chain = {(a.split("[")[0].split("to")[-1], b.split("[")[0].split("to")[-1]) for a, b in edges(derived)}
    assert {("Conv2d", "ReLU"), ("ReLU", "Flatten"), ("Flatten", "Linear")} <= chain


def test_the_graphs_of_the_sample_log() -> None:
    logs = open_logs(shared_data("run_logs/tests/test_logs"))
    net = json.loads(str(graph(logs, dialect="web", run=".", tag="c_graph")))["net"]
    every = list(nodes_in(net))
    layers = [node["layer"] for node in every]
    assert [layers.count(n) for n in range(1, 6)] == [3, 14, 36, 10, 0]
    assert len(edges(net)) == 76
    assert {(control, num) for _, control, num in edges(net).values()} == {("false", 1)}
    io = next(node for node in every if node["uid"] == "Input/input.1")
    assert (io["op"], io["attrs"]) == ("IO Node", {"attr": 's: ""', "_output_shapes": ["{1,1,28,28}"]})
    assert {key[1]: value[0] for key, value in edges(net).items() if key[0] == "Minist"} == {
        "output": "{1,10}", "output/output.200.alias": "{1,10}",
    }  # fmt: skip
    assert next(node for node in every if node["uid"] == "output/output.200.alias")["attrs"]["_output_shapes"] == [""]


DERIVED = """
Input           | Input                     > MinisttoConv2d[conv1] {1,1,28,28}
Conv2d[conv1]   | MinisttoConv2d[conv1]     > Ministtoinput.3 {1,32,28,28}
relu            | Ministtoinput.3           > MinisttoMaxPool2d[pool] {1,32,28,28}
MaxPool2d[pool] | MinisttoMaxPool2d[pool]   > MinisttoConv2d[conv2] {1,32,14,14}; Ministtoinput.7 {1,64,7,7}
Conv2d[conv2]   | MinisttoConv2d[conv2]     > Ministtoinput.6 {1,64,14,14}
relu            | Ministtoinput.6           > MinisttoMaxPool2d[pool] {1,64,14,14}
view            | Ministtoinput.7           > MinisttoLinear[fc1] {1,3136}
Linear[fc1]     | MinisttoLinear[fc1]       > Ministtoinput.9 {1,1024}
relu            | Ministtoinput.9           > MinisttoLinear[fc2] {1,1024}
Linear[fc2]     | MinisttoLinear[fc2]       > Ministtoinput {1,512}
relu            | Ministtoinput             > MinisttoLinear[fc3] {1,512}
Linear[fc3]     | MinisttoLinear[fc3]       > output {1,10}
output          | output                    >
"""


def test_the_derived_graph_of_the_sample_log() -> None:
    logs = open_logs(shared_data("run_logs/tests/test_logs"))
    [net] = json.loads(str(graph(logs, dialect="web", run=".", tag="s_graph")))["net"]
    found = [
        [node["label"], node["uid"], "; ".join(f"{to['id']} {to['info']}" for to in node["targets"])] for node in net
    ]
    expected = [[part.strip() for part in line.replace(">", "|").split("|")] for line in DERIVED.strip().splitlines()]
    assert found == expected
    assert {(node["layer"], node["parent"]) for node in net} == {(1, "")}


@pytest.mark.parametrize(
    ("dataset", "run", "sizes"),
    [("tests/test_logs", "run1", [(184, 199), (193, 209)]), ("tsvis/test", "log", [(16, 15), (20, 20)])],
)
def test_the_structure_graphs_of_the_sample_logs(dataset: str, run: str, sizes: list[tuple[int, int]]) -> None:
    logs = open_logs(shared_data(f"run_logs/{dataset}"))
    nets = json.loads(str(graph(logs, dialect="web", run=run)))["net"]
    assert [(sum(1 for _ in nodes_in(net)), len(edges(net))) for net in nets] == sizes
