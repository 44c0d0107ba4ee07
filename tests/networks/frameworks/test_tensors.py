import numpy as np
import torch

from embedding_explorer.networks.frameworks.pytorch.tensors import module_of, named, to_array
from tests.networks.frameworks.helpers import quietly


def test_names_of_nested_values() -> None:
    tensor = torch.zeros(1)
    value = (tensor, {"a": tensor, "b": [tensor, None, 3]}, "text")
    assert [name for name, _ in named("m", value)] == ["m:0", "m:1:a", "m:1:b:0"]
    assert [name for name, _ in named("m", tensor)] == ["m"]


def test_types_that_numpy_has_not_become_float32() -> None:
    values = torch.tensor([[1.5, -2.0]])
    packed = quietly(torch.quantize_per_tensor, values, 0.5, 0, torch.qint8)
    for tensor in (values.bfloat16(), values.to(torch.float8_e4m3fn), packed, values.to_sparse()):
        array = to_array(tensor)
        assert array.dtype == np.float32 and np.array_equal(array, values)
    for dtype in (torch.float16, torch.float64, torch.uint8, torch.bool, torch.int64):
        assert to_array(values.abs().to(dtype)).dtype == str(dtype).removeprefix("torch.")


def test_arrays_are_copies() -> None:
    tensor = torch.zeros(2)
    array = to_array(tensor)
    tensor += 1
    assert not array.any()


def test_which_module_a_name_belongs_to() -> None:
    paths = {"body": 1, "body.0": 1, "odd:name": 1}
    assert module_of("body#2:1:h", paths) == "body"
    assert module_of("body.0", paths) == "body.0"
    assert module_of("odd:name:0", paths) == "odd:name"
    assert module_of("output:1", paths) is None
