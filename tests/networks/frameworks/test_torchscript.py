import io
import re
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch

from embedding_explorer.errors import BadInput, NetworkUnusable, UnknownLayer
from embedding_explorer.networks.frameworks.pytorch.torchscript_check import screen_code
from tests.networks.frameworks.helpers import (
    faults_of,
    images,
    loaded,
    preprocessing,
    quietly,
    small,
    watched,
    written,
)


@pytest.mark.parametrize("name", ["script.pt", "trace.pt"])
def test_every_layer_is_what_a_hook_sees(exports: Path, name: str) -> None:
    network, given = loaded("pytorch", {name: exports / name}), images()
    seen = watched(small(), given)
    for path, value in network.run([given], list(seen)):
        np.testing.assert_allclose(value, seen[path], rtol=1e-4, atol=1e-6, err_msg=path)
    names = [layer.name for layer in network.layers]
    assert [name for name in names if name in seen] == list(seen)
    assert "conv" in seen and seen["conv"].min() < 0, "the module after it works in place, and must not have been seen"


def test_names_of_what_is_no_single_tensor(exports: Path) -> None:
    network = loaded("pytorch", {"script.pt": exports / "script.pt"})
    names = [layer.name for layer in network.layers]
    assert {"lstm:0", "lstm:1:0", "lstm:1:1", "output:0", "output:1:last", "body#1", "body.0#1"} <= set(names)
    assert not any(name.startswith("unused") for name in names)
    with torch.no_grad():
        pooled, more = small()(torch.from_numpy(images()))
    [(first, one), (second, two)] = network.run([images()], None)
    assert (first, second) == ("output:0", "output:1:last")
    np.testing.assert_allclose(one, pooled, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(two, more["last"], rtol=1e-4, atol=1e-6)
    assert network.run([images()], ["__output__:1:last"])[0][0] == "__output__:1:last"
    with pytest.raises(UnknownLayer, match="output:0"):
        network.resolve(["output"])


def test_kinds_of_layers(exports: Path) -> None:
    kinds = {layer.name: layer.type for layer in loaded("pytorch", {"script.pt": exports / "script.pt"}).layers}
    assert kinds["conv"] == "Conv2d" and kinds["body#1"] == "Sequential" and kinds["lstm:0"] == "LSTM"


def saved(folder: Path, module: torch.nn.Module) -> dict[str, Path]:
    quietly(lambda: torch.jit.save(torch.jit.script(module), folder / "model.pt"))
    return {"model.pt": folder / "model.pt"}


class Loop(torch.nn.Module):
    """Runs a module as often as the image says, or another one."""

    def __init__(self) -> None:
        super().__init__()
        self.twice, self.other = torch.nn.Linear(3, 3), torch.nn.Linear(3, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Depends on the values."""
        x = x.mean((2, 3))
        if bool(x.sum() > 1e6):
            return self.other(x)
        for _ in range(2 + int(x.sum() > 0)):
            x = self.twice(x)
        return x


def test_branches_and_loops(tmp_path: Path) -> None:
    network = loaded("pytorch", saved(tmp_path, Loop()))
    assert [layer.name for layer in network.layers] == ["twice", "twice#1", "output"]
    [(_, first), (_, second)] = network.run([images()], ["twice#1", "output"])
    assert not np.array_equal(first, second), "an image that is not blank takes one more turn"


class Clash(torch.nn.Module):
    """Has a submodule of the name of the final result."""

    def __init__(self) -> None:
        super().__init__()
        self.output = torch.nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The double of it."""
        return self.output(x) * 2


def test_a_submodule_called_output(tmp_path: Path) -> None:
    network = loaded("pytorch", saved(tmp_path, Clash()))
    assert [(layer.name, layer.output) for layer in network.layers] == [("output", False), ("__output__", True)]
    [(_, inner), (_, final)] = network.run([images()], ["output", "__output__:0"])
    np.testing.assert_array_equal(final, inner * 2)


class Pair(NamedTuple):
    """A tuple with names."""

    a: torch.Tensor
    b: torch.Tensor


class Tuples(torch.nn.Module):
    """Gives tensors in containers."""

    def forward(
        self, x: torch.Tensor
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, list[torch.Tensor]], dict[str, torch.Tensor], torch.Tensor | None]:
        """One more each."""
        return x + 1, (x + 2, [x + 3]), {"k": x + 4}, x + 5


class Named(torch.nn.Module):
    """Gives a tuple with names."""

    def forward(self, x: torch.Tensor) -> Pair:
        """One more each."""
        return Pair(x + 1, x + 2)


class Listed(torch.nn.Module):
    """Gives a list."""

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        """One more each."""
        return [x + 1, x + 2]


class Overwriting(torch.nn.Module):
    """Works in place on all that its modules give."""

    def __init__(self) -> None:
        super().__init__()
        self.tuples, self.named, self.listed = Tuples(), Named(), Listed()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Nought."""
        a, (b, c), d, e = self.tuples(x)
        pair, values = self.named(x), self.listed(x)
        for each in [a, b, c[0], d["k"], pair.a, pair.b, values[0], values[1]]:
            each.mul_(0)
        if e is not None:
            e.mul_(0)
        return a


def test_what_is_in_containers_is_seen_before_it_is_overwritten(tmp_path: Path) -> None:
    network, given = loaded("pytorch", saved(tmp_path, Overwriting())), images()
    more = {"tuples:0": 1, "tuples:1:0": 2, "tuples:1:1:0": 3, "tuples:2:k": 4, "tuples:3": 5}
    more |= {"named:0": 1, "named:1": 2, "listed:0": 1, "listed:1": 2}
    assert [layer.name for layer in network.layers] == [*more, "output"]
    for name, value in network.run([given], list(more)):
        np.testing.assert_allclose(value, given + more[name], rtol=1e-6, err_msg=name)


def test_a_tuple_with_a_tensor_that_is_none(tmp_path: Path) -> None:
    """Fused attention gives such a one."""

    class Attention(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lift, self.attention = torch.nn.Linear(3, 8), torch.nn.MultiheadAttention(8, 2, batch_first=True)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = self.lift(x.mean((2, 3)))[:, None].expand(-1, 4, -1)
            return self.attention(x, x, x, need_weights=False)[0]

    network = loaded("pytorch", saved(tmp_path, Attention().eval()))
    assert {"lift", "output"} <= {layer.name for layer in network.layers}


class Two(torch.nn.Module):
    """Two inputs."""

    def forward(self, left: torch.Tensor, right: torch.Tensor, scale: float = 2.0) -> torch.Tensor:
        """Not the same for both."""
        return left * scale - right


@pytest.mark.parametrize(("names", "sign"), [(("left", "right"), 1), (("right", "left"), -1), (("a", "b"), 1)])
def test_inputs_by_name_or_in_order(tmp_path: Path, names: tuple[str, ...], sign: int) -> None:
    network = loaded("pytorch", saved(tmp_path, Two()), preprocessing(*names))
    one, two = images(seed=1), images(seed=2)
    expected = 2 * one - two if sign > 0 else 2 * two - one
    np.testing.assert_allclose(network.run([one, two], None)[0][1], expected, rtol=1e-6)


def test_a_network_that_fails_says_so_in_one_line(exports: Path) -> None:
    with pytest.raises(NetworkUnusable, match="The network fails") as caught:
        loaded("pytorch", {"script.pt": exports / "script.pt"}, preprocessing(order="NHWC"))
    assert "\n" not in caught.value.message and len(caught.value.message) < 450


def test_memory_and_close(exports: Path) -> None:
    network = loaded("pytorch", {"script.pt": exports / "script.pt"})
    assert network.memory() == sum(t.numel() * t.element_size() for t in (*small().parameters(), *small().buffers()))
    network.close()
    assert network.memory() == 0


def changed(source: Path, target: Path, change: Any, add: dict[str, bytes] | None = None) -> dict[str, Path]:
    """An archive with other code."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        root = old.namelist()[0].partition("/")[0]
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, change(data.decode()).encode() if name.endswith(".py") else data)
        for name, data in (add or {}).items():
            new.writestr(f"{root}/{name}", data)
    return {target.name: target}


EVIL = [
    'torch.save(x, "/tmp/evil")',
    'ops.aten.save(x, "/tmp/evil")',
    'torch.from_file("/etc/passwd", False, 10)',
    'ops.aten.from_file("/etc/passwd", False, 10)',
    "ops.torchvision.nms(x, x, 0.5)",
    "ops . quantized . linear(x)",
    "ops.prim.PythonOp(x)",
    "torch.classes.evil.Shell(x)",
    "__torch__.torch.classes.evil.Shell.run(x)",
    "ops.\\\n  evil.run(x)",
    "ops.aten.s\N{LATIN SMALL LETTER LONG S}ave(x)",
    "eval(x) # comment",
    "x.save(y)",
    "ops[0]",
]


@pytest.mark.parametrize("code", EVIL)
def test_code_that_does_more_than_compute_is_refused(exports: Path, tmp_path: Path, code: str) -> None:
    files = changed(
        exports / "script.pt",
        tmp_path / "model.pt",
        lambda text: text.replace("    return", f"    {code}\n    return", 1),
    )
    assert list(faults_of("pytorch", files)) == ["files.model.pt"]
    from embedding_explorer.networks.frameworks.pytorch.load import load

    with pytest.raises(NetworkUnusable, match=re.escape("files.model.pt")):
        load(files, preprocessing(), "cpu")


def test_what_torch_writes_is_accepted() -> None:
    screen_code(
        b'def forward(self, x: Tensor, ops: int) -> Tensor:\n  _0 = ops.prim.NumToTensor(1.5e-05)\n  return "it saves # x"\n'
    )
    with pytest.raises(BadInput):
        screen_code(b"x = 1 $ 2")


def test_code_outside_the_usual_folder_is_not_given_to_the_loader(exports: Path, tmp_path: Path) -> None:
    evil = b"def f(x):\n  return torch.save(x, 'y')\n"
    files = changed(exports / "script.pt", tmp_path / "model.pt", lambda text: text, {"CODE/x.py": evil})
    assert "files.model.pt" in faults_of("pytorch", files)
    files = changed(
        exports / "script.pt", tmp_path / "model.pt", lambda text: text, {"mobile/x.py": evil, "extra/run.py": evil}
    )
    loaded("pytorch", files)


def test_a_custom_class_among_the_values(exports: Path, tmp_path: Path) -> None:
    pickle = b"\x80\x02c__torch__.torch.classes.evil\nShell\n)\x81."
    data = (exports / "script.pt").read_bytes()
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            new.writestr(name, pickle if name.endswith("/constants.pkl") else old.read(name))
    files = written(tmp_path, {"model.pt": buffer.getvalue()})
    assert "custom class" in faults_of("pytorch", files)["files.model.pt"][0]


def test_an_archive_of_a_damaged_module_is_one_line(exports: Path, tmp_path: Path) -> None:
    files = changed(exports / "script.pt", tmp_path / "model.pt", lambda text: text.replace("return", "retrun"))
    with pytest.raises(NetworkUnusable, match="cannot read the TorchScript archive") as caught:
        loaded("pytorch", files)
    assert "\n" not in caught.value.message


def test_torchscript_under_its_other_names(exports: Path) -> None:
    for name in ("a.ts", "b.torchscript"):
        assert faults_of("pytorch", {name: exports / "trace.pt"}) == {}
    assert "no TorchScript" in faults_of("pytorch", {"a.ts": exports / "model.pt2"})["files.a.ts"][0]
