import json

import pytest
import torch
from safetensors.torch import save_file

from embedding_explorer.errors import BadInput, LimitExceeded
from embedding_explorer.training.definitions.reading import read_definition
from embedding_explorer.training.definitions.standard import STANDARD
from embedding_explorer.training.models.build import build_network, last_linear
from embedding_explorer.training.models.describing import describe
from embedding_explorer.training.models.losses import judge
from embedding_explorer.training.models.start import load_start, read_weights

SMALL = "alexnet", "googlenet", "resnet18", "resnet18_small", "squeezenet1_1", "mobilenet_v3_small"


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("channels", [1, 3])
def test_standard_networks_take_gray_and_colour_down_to_their_least_size(name: str, channels: int) -> None:
    least = max(STANDARD[name].least, 8)
    network = build_network(STANDARD[name].definition().for_data((channels, least, least), 5, None)).eval()
    with torch.no_grad():
        assert network(torch.rand(2, channels, least, least)).shape == (2, 5)


def test_lenet_is_that_of_the_contract() -> None:
    network = build_network(STANDARD["lenet"].definition().for_data((1, 28, 28), 10, None))
    assert [tuple(each.shape) for each in network.state_dict().values()] == [
        (20, 1, 5, 5), (20,), (50, 20, 5, 5), (50,), (500, 800), (500,), (10, 500), (10,),
    ]  # fmt: skip
    with pytest.raises(BadInput, match="too small"):
        build_network(STANDARD["lenet"].definition().for_data((1, 12, 12), 10, None))
    assert build_network(STANDARD["lenet"].definition().for_data((3, 16, 16), 10, None))


def test_the_residual_network_for_small_pictures_keeps_their_size_and_blocks_begin_as_identities() -> None:
    network = build_network(STANDARD["resnet18_small"].definition().for_data((3, 32, 32), 10, None), 3).eval()
    seen: dict[str, torch.Tensor] = {}
    for name in ("layer1", "layer4"):
        network.get_submodule(name).register_forward_hook(lambda _m, _i, out, name=name: seen.update({name: out}))
    pictures = torch.rand(2, 3, 32, 32)
    with torch.no_grad():
        network(pictures)
        stem = torch.relu(network.get_submodule("bn1")(network.get_submodule("conv1")(pictures)))
    assert (seen["layer1"].shape, seen["layer4"].shape) == ((2, 64, 32, 32), (2, 512, 4, 4))
    assert torch.equal(seen["layer1"], stem)
    usual = build_network(STANDARD["resnet18"].definition().for_data((3, 32, 32), 10, None), 3)
    assert set(network.state_dict()) == set(usual.state_dict())


def test_weights_depend_on_the_seed_alone() -> None:
    definition = STANDARD["lenet"].definition().for_data((1, 28, 28), 10, None)
    torch.manual_seed(1)
    first, again, other = (build_network(definition, seed).state_dict() for seed in (7, 7, 8))
    assert torch.equal(first["conv1.weight"], again["conv1.weight"])
    assert not torch.equal(first["conv1.weight"], other["conv1.weight"])


def test_pictures_too_small_and_networks_too_large_are_refused() -> None:
    with pytest.raises(BadInput, match="63x63"):
        build_network(STANDARD["alexnet"].definition().for_data((3, 40, 40), 5, None))
    with pytest.raises(LimitExceeded, match="parameters"):
        build_network(STANDARD["resnet18"].definition().for_data((3, 64, 64), 5, None), max_parameters=1000)


def test_the_bound_on_parameters_is_that_of_the_caller() -> None:
    definition = STANDARD["lenet"].definition().for_data((1, 28, 28), 10, None)
    assert build_network(definition, max_parameters=431_080) and build_network(definition, max_parameters=None)
    with pytest.raises(LimitExceeded, match=r"at most 431079 .*EXPLORER_MAX_NETWORK_PARAMETERS") as caught:
        build_network(definition, max_parameters=431_079)
    assert caught.value.facts == {"limit": 431_079, "setting": "EXPLORER_MAX_NETWORK_PARAMETERS"}
    with pytest.raises(LimitExceeded):
        describe(definition, 431_079)


def test_googlenet_has_its_auxiliary_losses() -> None:
    network = build_network(STANDARD["googlenet"].definition().for_data((3, 64, 64), 4, None)).train()
    targets = torch.tensor([1, 2])
    judged = judge(network(torch.rand(2, 3, 64, 64)), targets, "cross_entropy")
    values = judged.values
    assert judged.loss.item() == pytest.approx((values["loss"] + 0.3 * (values["loss1"] + values["loss2"])).item())


def test_weights_that_fit_are_taken(tmp_path) -> None:  # type: ignore[no-untyped-def]
    definition = STANDARD["lenet"].definition()
    old = build_network(definition.for_data((1, 28, 28), 10, None), 1)
    save_file(old.state_dict() | {"more": torch.zeros(2)}, tmp_path / "old.safetensors")
    torch.save({"state_dict": old.state_dict()}, tmp_path / "old.pt")
    new = build_network(definition.for_data((1, 28, 28), 3, None), 2)
    loaded = load_start(new, read_weights([tmp_path / "old.safetensors"]))
    assert set(loaded.left) == {"ip2.weight", "ip2.bias", "more"}
    assert torch.equal(new.state_dict()["ip1.weight"], old.state_dict()["ip1.weight"])
    same = build_network(definition.for_data((1, 28, 28), 10, None), 2)
    assert last_linear(same) == "ip2"
    assert set(load_start(same, read_weights([tmp_path / "old.pt"]), new_head=True).left) == {"ip2.weight", "ip2.bias"}


def test_of_a_network_that_is_nothing_but_a_new_head_no_weights_are_taken() -> None:
    definition = read_definition('{"layers": [{"type": "flatten"}, {"type": "linear"}]}').for_data((1, 4, 4), 3, None)
    old, new = build_network(definition, 1), build_network(definition, 2)
    before = {name: tensor.clone() for name, tensor in new.state_dict().items()}
    assert load_start(new, old.state_dict(), new_head=True).taken == ()
    assert all(torch.equal(new.state_dict()[name], tensor) for name, tensor in before.items())
    assert load_start(new, old.state_dict()).left == ()
    with pytest.raises(BadInput, match="None of the weights fits"):
        load_start(new, {"linear1.weight": torch.zeros(9, 9)}, new_head=True)


def test_weights_that_cannot_be_used_are_told(tmp_path) -> None:  # type: ignore[no-untyped-def]
    network = build_network(STANDARD["lenet"].definition().for_data((1, 28, 28), 10, None))
    with pytest.raises(BadInput, match="None of the weights fits"):
        load_start(network, {"else": torch.zeros(1)})
    (tmp_path / "x.safetensors").write_bytes(b"nothing")
    torch.save(network, tmp_path / "whole.pt")
    (tmp_path / "x.bin").write_bytes(b"")
    for name in ("x.safetensors", "whole.pt", "x.bin"):
        with pytest.raises(BadInput, match="cannot be used"):
            read_weights([tmp_path / name])


def test_losses_of_generic_networks() -> None:
    outputs, targets = torch.tensor([[1.0, 2.0]]), torch.tensor([[[[1.0, 0.0]]]])
    assert judge(outputs, targets, "mse").loss == 2
    assert judge(outputs, targets, "l1").loss == 1
    assert judge(outputs, targets, "smooth_l1").loss == 0.75
    with pytest.raises(BadInput, match="2 values for a picture, but the dataset has 3"):
        judge(outputs, torch.zeros(1, 3), "mse")


def test_a_written_definition_builds_the_same_network() -> None:
    fitted = STANDARD["mobilenet_v3_small"].definition().for_data((1, 40, 40), 6, None)
    again = build_network(read_definition(json.dumps(fitted.to_json())))
    assert list(again.state_dict()) == list(build_network(fitted).state_dict())
