import time

import pytest

from embedding_explorer.api.networks.flat import BadName, nested, path_of, steps_of
from embedding_explorer.networks.preprocessing import Faults

# The names that the Python client makes, from the contract's own list.
CREATE = {
    "metadata.author": "me",
    "metadata.tags[0]": "a",
    "preprocessing.inputs[0]tensor_name": "data",
    "preprocessing.inputs[0]image.dimension_order": "NCHW",
    "preprocessing.batched_output": "True",
    "postprocessings[0]classification.output_tensor": "prob",
}
INFERENCE = {
    "output_tensors[1]": "b",
    "inputs[0]image.polygon[1]x": "1",
    "inputs[0]image.bbox.xmin": "0",
    "inputs[0]image.polygon[0]x": "0",
    "output_tensors[0]": "a",
}


def put_together(leaves: list[tuple[str, str]]) -> tuple[dict[str, object], dict[str, list[str]]]:
    faults = Faults()
    return nested(leaves, faults), dict(faults)


def test_the_clients_names_become_what_the_client_was_given() -> None:
    fields, faults = put_together(list(CREATE.items()))
    assert not faults
    assert fields == {
        "metadata": {"author": "me", "tags": ["a"]},
        "preprocessing": {
            "inputs": [{"tensor_name": "data", "image": {"dimension_order": "NCHW"}}],
            "batched_output": "True",
        },
        "postprocessings": [{"classification": {"output_tensor": "prob"}}],
    }


def test_parts_come_in_any_order() -> None:
    wanted = {
        "output_tensors": ["a", "b"],
        "inputs": [{"image": {"polygon": [{"x": "0"}, {"x": "1"}], "bbox": {"xmin": "0"}}}],
    }
    for leaves in (list(INFERENCE.items()), list(reversed(INFERENCE.items()))):
        assert put_together(leaves) == (wanted, {})


@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("a", ("a",)),
        ("a.b", ("a", "b")),
        ("a[0]b", ("a", 0, "b")),
        ("a[0].b", ("a", 0, "b")),
        ("a[0][12]", ("a", 0, 12)),
        ("a[007]", ("a", 7)),
        ("a b.c-d_e", ("a b", "c-d_e")),
        ("a[999]", ("a", 999)),
    ],
)
def test_names_are_read_by_the_grammar(name: str, steps: tuple[str | int, ...]) -> None:
    assert steps_of(name) == steps


@pytest.mark.parametrize(
    "name",
    ["", ".a", "a.", "a..b", "a[", "a[]", "a[-1]", "a[x]", "[0]", "a]", "a[0]..b", "a[0].", "a.[0]", "a[1000]", "a[²]",
     f"a[{'9' * 5000}]", "a" + ".b" * 64],
)  # fmt: skip
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(BadName):
        steps_of(name)


@pytest.mark.parametrize(
    ("name", "path"),
    [("a", "a"), ("a[0]b[1]c.d", "a[0].b[1].c.d"), ("a[0].b", "a[0].b"), ("a[0][1]b", "a[0][1].b"), ("a[x]b", "a[x]b")],
)
def test_paths_of_faults_have_a_dot_after_an_index(name: str, path: str) -> None:
    assert path_of(name) == path


@pytest.mark.parametrize(
    ("names", "at"),
    [
        (["a.b", "a.b"], "a.b"),
        (["a[0]", "a[00]"], "a[00]"),
        (["a.b", "a.b.c"], "a.b.c"),
        (["a.b.c", "a.b"], "a.b"),
        (["a.b", "a[0]"], "a[0]"),
        (["a[1]"], "a"),
        (["a[0]", "a[2]"], "a"),
        (["x.a[1]b"], "x.a"),
        (["x[0]a", "x[0]a"], "x[0].a"),
        (["x[0].a", "x[0]a[0]b.c", "x[0]a[0]b.c"], "x[0].a[0].b.c"),
    ],
)
def test_what_does_not_fit_together_is_a_fault_of_its_name(names: list[str], at: str) -> None:
    _, faults = put_together([(name, "1") for name in names])
    assert list(faults) == [at]


def test_a_thousand_indices_are_a_list_and_one_more_is_refused() -> None:
    leaves = [(f"a[{i}]", str(i)) for i in range(1000)]
    assert put_together(leaves) == ({"a": [str(i) for i in range(1000)]}, {})
    assert "a[1000]" in put_together([*leaves, ("a[1000]", "x")])[1]


@pytest.mark.parametrize(
    "name", ["a" + "[0].k" * 40 + "[", "a" + "[0]k" * 40 + "]", "a" * 1000 + "[", "a" + "[00]" * 200 + "x["]
)
def test_a_name_that_is_nearly_one_is_refused_at_once(name: str) -> None:
    before = time.process_time()
    with pytest.raises(BadName):
        steps_of(name)
    assert time.process_time() - before < 1
