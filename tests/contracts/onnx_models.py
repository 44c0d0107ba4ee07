"""Small ONNX models for tests, written operator by operator."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from onnx import ModelProto, TensorProto, helper, numpy_helper

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64
SIDE = 8


def mean_model(side: int | str | None = SIDE, outputs: Sequence[str] = ("prob", "count")) -> bytes:
    """data (N, 3, side, side) → mean (N, 3) of each channel → prob, its softmax; count (int) is the number of its values."""
    nodes = [
        helper.make_node("ReduceMean", ["data", "plane"], ["mean"], keepdims=0),
        helper.make_node("Softmax", ["mean"], ["prob"], axis=1),
        helper.make_node("Size", ["data"], ["count"]),
    ]
    plane = numpy_helper.from_array(np.array([2, 3]), "plane")
    shapes = {"prob": (FLOAT, None), "count": (INT64, [])}
    return model(nodes, [helper.make_tensor_value_info(name, *shapes[name]) for name in outputs], [plane], side)


def two_inputs_model() -> bytes:
    """left and right (N, 3, 8, 8) → sum (N, 3) of both means."""
    inputs = [helper.make_tensor_value_info(name, FLOAT, ["n", 3, SIDE, SIDE]) for name in ("left", "right")]
    nodes = [
        helper.make_node("Add", ["left", "right"], ["both"]),
        helper.make_node("ReduceMean", ["both", "plane"], ["sum"], keepdims=0),
    ]
    plane = numpy_helper.from_array(np.array([2, 3]), "plane")
    graph = helper.make_graph(nodes, "g", inputs, [helper.make_tensor_value_info("sum", FLOAT, None)], [plane])
    return serialized(graph)


def endless_model() -> bytes:
    """Takes longer the brighter the image is: a blank one no time at all, any other one for ever."""
    body = helper.make_graph(
        [helper.make_node("Identity", ["go_on"], ["still"]), helper.make_node("Sin", ["before"], ["after"])],
        "body",
        [
            helper.make_tensor_value_info("i", INT64, []),
            helper.make_tensor_value_info("go_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("before", FLOAT, []),
        ],
        [
            helper.make_tensor_value_info("still", TensorProto.BOOL, []),
            helper.make_tensor_value_info("after", FLOAT, []),
        ],
    )
    nodes = [
        *turned_up(1e13, "trips"),
        helper.make_node("Loop", ["trips", "", "one"], ["last"], body=body),
    ]
    one = numpy_helper.from_array(np.array(1, np.float32), "one")
    return model(nodes, [helper.make_tensor_value_info("last", FLOAT, None)], [one, *factor(1e13)])


def hungry_model(numbers: float = 1e6) -> bytes:
    """Allocates the more the brighter the image is: of 8-bit white `numbers` times 48 960 floats (three channels of 64)."""
    nodes = [
        *turned_up(numbers, "count"),
        helper.make_node("Reshape", ["count", "list"], ["shape"]),
        helper.make_node("ConstantOfShape", ["shape"], ["much"]),
        helper.make_node("Exp", ["much"], ["more"]),
        helper.make_node("ReduceSum", ["more"], ["sum"], keepdims=0),
    ]
    one_long = numpy_helper.from_array(np.array([1]), "list")
    return model(nodes, [helper.make_tensor_value_info("sum", FLOAT, None)], [one_long, *factor(numbers)])


def picky_model() -> bytes:
    """data → mean as of `mean_model`, and fails on images that are not quite dark: it looks up a place that is not there."""
    nodes = [
        helper.make_node("ReduceMean", ["data", "plane"], ["mean"], keepdims=0),
        *turned_up(1.0, "place"),
        helper.make_node("Gather", ["table", "place"], ["found"]),
        helper.make_node("Add", ["mean", "found"], ["out"]),
    ]
    plane = numpy_helper.from_array(np.array([2, 3]), "plane")
    table = numpy_helper.from_array(np.zeros(1000, np.float32), "table")
    return model(nodes, [helper.make_tensor_value_info("out", FLOAT, None)], [plane, table, *factor(1.0)])


def flat_model() -> bytes:
    """data of any size → flat, all its values."""
    outputs = [helper.make_tensor_value_info("flat", FLOAT, None)]
    return model([helper.make_node("Flatten", ["data"], ["flat"])], outputs, [], "side")


def turned_up(by: float, to: str) -> list[Any]:
    """Nodes that make an integer of the image's sum."""
    return [
        helper.make_node("ReduceSum", ["data"], ["light"], keepdims=0),
        helper.make_node("Mul", ["light", "by"], ["much_light"]),
        helper.make_node("Cast", ["much_light"], [to], to=INT64),
    ]


def factor(by: float) -> list[Any]:
    """The constant that `turned_up` multiplies with."""
    return [numpy_helper.from_array(np.array(by, np.float32), "by")]


def foreign_model() -> bytes:
    """A model with an operator of somebody's own."""
    nodes = [helper.make_node("Anything", ["data"], ["out"], domain="com.example")]
    return model(nodes, [helper.make_tensor_value_info("out", FLOAT, None)], [])


def escaping_model() -> bytes:
    """A model whose weights are said to be in a file outside its folder."""
    made: ModelProto = ModelProto.FromString(mean_model())
    weights = made.graph.initializer.add()
    weights.name, weights.data_type, weights.data_location = "w", FLOAT, TensorProto.EXTERNAL
    weights.dims.extend([4])
    weights.external_data.add(key="location", value="../../../../etc/passwd")
    return bytes(made.SerializeToString())


def model(nodes: list[Any], outputs: list[Any], initializers: list[Any], side: int | str | None = SIDE) -> bytes:
    """A model of these nodes with the input data (N, 3, side, side)."""
    data = helper.make_tensor_value_info("data", FLOAT, ["n", 3, side, side])
    return serialized(helper.make_graph(nodes, "g", [data], outputs, initializers))


def serialized(graph: Any) -> bytes:
    """A model of a graph, for any runtime of the last years."""
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("com.example", 1)]
    return bytes(helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString())
