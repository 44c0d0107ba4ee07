"""Both engines give the same features, in order, and recover from whatever their input does."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from embedding_explorer.errors import BadInput, NetworkUnavailable
from embedding_explorer.networks import devices, engines, openvino_engine
from embedding_explorer.networks.base import Extractor, Pixels
from embedding_explorer.networks.registry import open_network
from tests.networks.conftest import compute, cosines, pictures

GPU = pytest.mark.skipif(not devices.cuda_available(), reason="no GPU")
PLACES = [("cpu", "openvino"), ("cpu", "torch"), pytest.param(("cuda", "torch"), marks=GPU)]


@pytest.fixture(scope="module", params=PLACES, ids=str)
def extractor(request: pytest.FixtureRequest, data: Path) -> Iterator[Extractor]:
    """The embedded network in float32 on each engine and device."""
    device, engine = request.param
    opened = open_network("embedded", precision="float32", device=device, engine=engine, data=data)
    assert (opened.info.device, opened.info.engine) == (device, engine)
    yield opened
    opened.close()


def test_features_come_in_order_whatever_the_sizes_of_the_batches(extractor: Extractor) -> None:
    pixels = pictures(40, 32)
    expected = compute(extractor, pixels, batch=1)
    ends = [8, 11, 12, 12, 40]
    parts = list(extractor.features(pixels[a:b] for a, b in zip([0, *ends], ends, strict=False)))
    assert [len(p) for p in parts] == [8, 3, 1, 0, 28]
    assert all(p.dtype == np.float32 and p.shape[1] == 256 for p in parts)
    np.testing.assert_allclose(np.concatenate(parts), expected, rtol=1e-3, atol=1e-4)


def test_results_stay_as_they_are_while_later_batches_are_computed(
    extractor: Extractor, small_pictures: Pixels
) -> None:
    results = extractor.features(small_pictures[i : i + 1] for i in range(12))
    first = next(results)
    copy = first.copy()
    list(results)
    np.testing.assert_array_equal(first, copy)


def test_read_only_and_strided_batches_are_taken(extractor: Extractor, small_pictures: Pixels) -> None:
    every_other = small_pictures[::2]
    frozen = every_other.copy()
    frozen.setflags(write=False)
    a, b = extractor.features([every_other, frozen])
    np.testing.assert_array_equal(a, b)


def test_extractor_works_again_after_stopping_early(extractor: Extractor, small_pictures: Pixels) -> None:
    expected = compute(extractor, small_pictures)
    for _ in range(5):
        next(extractor.features(small_pictures[i : i + 2] for i in range(0, 12, 2)))
    np.testing.assert_allclose(compute(extractor, small_pictures), expected, rtol=1e-5)


def test_extractor_works_again_after_an_error_of_the_batches(extractor: Extractor, small_pictures: Pixels) -> None:
    def batches() -> Iterator[Pixels]:
        yield small_pictures
        yield small_pictures
        raise OSError("the archive broke off")

    with pytest.raises(OSError, match="broke off"):
        list(extractor.features(batches()))
    with pytest.raises(BadInput):
        list(extractor.features([small_pictures, small_pictures[:, :16]]))
    assert len(compute(extractor, small_pictures)) == 12


def test_two_streams_of_batches_do_not_mix(extractor: Extractor, small_pictures: Pixels) -> None:
    forward = extractor.features(small_pictures[i : i + 1] for i in range(12))
    backward = extractor.features(small_pictures[i : i + 1] for i in reversed(range(12)))
    pairs = list(zip(forward, backward, strict=True))
    np.testing.assert_allclose(pairs[0][0], pairs[11][1], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(pairs[3][0], pairs[8][1], rtol=1e-4, atol=1e-5)


def test_closed_extractor_says_so(data: Path, small_pictures: Pixels) -> None:
    for engine in engines.ENGINES:
        opened = open_network("embedded", precision="float32", device="cpu", engine=engine, data=data)
        opened.close()
        with pytest.raises(NetworkUnavailable, match="closed"):
            compute(opened, small_pictures)


@GPU
@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
def test_gpu_agrees_with_the_processor(precision: str, network: Extractor, data: Path, small_pictures: Pixels) -> None:
    opened = open_network("embedded", precision=precision, device="cuda", data=data)
    agreement = cosines(compute(opened, small_pictures), compute(network, small_pictures))
    assert agreement.mean() > (0.99999 if precision == "float32" else 0.999)


def test_openvino_equals_torch_for_resnet50_on_photos(data: Path, photos: Pixels) -> None:
    features = []
    for engine in engines.ENGINES:
        network = open_network("resnet50-random", precision="float32", device="cpu", engine=engine, data=data)
        assert network.info.dimension == 2048
        features.append(compute(network, photos))
        network.close()
    assert cosines(*features).min() > 0.99999
    # Untrained features of all photos point nearly the same way, so what is left around their mean is compared too.
    assert cosines(*[f - f.mean(0) for f in features]).min() > 0.9999


@pytest.mark.parametrize("name", ["resnet50-random", "embedded"])
@pytest.mark.parametrize("engine", engines.ENGINES)
def test_bfloat16_agrees_with_float32_on_photos(name: str, engine: str, data: Path, photos: Pixels) -> None:
    if not devices.cpu_has_bfloat16():
        pytest.skip("this processor has no bfloat16")
    pixels = photos if name != "embedded" else np.ascontiguousarray(photos[:, ::7, ::7])
    exact = open_network(name, precision="float32", device="cpu", data=data)
    fast = open_network(name, precision="bfloat16", device="cpu", engine=engine, data=data)
    assert fast.info.precision == "bfloat16"
    a, b = compute(exact, pixels), compute(fast, pixels)
    assert not np.array_equal(a, b)
    assert cosines(a, b).mean() >= 0.999


def test_auto_takes_the_best_precision_in_hardware(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for offered in (("bfloat16", "float32", "int8"), ("float32", "int8")):
        monkeypatch.setattr(openvino_engine, "precisions", lambda offered=offered: offered)
        assert engines.choose_precision("auto", "openvino", "cpu") == offered[0]


def test_precision_that_the_processor_lacks_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openvino_engine, "precisions", lambda: ("float32", "int8"))
    with pytest.raises(NetworkUnavailable, match=r"does not compute in bfloat16.*float32, int8"):
        engines.choose_precision("bfloat16", "openvino", "cpu")


@pytest.mark.parametrize("what", ["device", "precision", "engine"])
def test_unknown_device_precision_or_engine_is_refused_with_a_list(what: str, data: Path) -> None:
    with pytest.raises(BadInput, match=f"There is no {what} 'abacus'. Known: auto, "):
        open_network("embedded", data=data, **{what: "abacus"})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("device", "engine", "gpu", "openvino", "expected"),
    [
        ("auto", "auto", False, True, ("cpu", "openvino")),
        ("auto", "auto", False, False, ("cpu", "torch")),
        ("auto", "auto", True, True, ("cuda", "torch")),
        ("cpu", "auto", True, True, ("cpu", "openvino")),
        ("cuda", "auto", True, True, ("cuda", "torch")),
        ("auto", "openvino", True, True, ("cpu", "openvino")),
        ("cpu", "torch", True, True, ("cpu", "torch")),
    ],
)
def test_device_and_engine_follow_what_is_there(
    device: str, engine: str, gpu: bool, openvino: bool, expected: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "cuda_available", lambda: gpu)
    monkeypatch.setattr(devices, "openvino_installed", lambda: openvino)
    assert engines.choose_device(device, engine) == expected


def test_gpu_that_is_not_there_is_refused(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "cuda_available", lambda: False)
    with pytest.raises(NetworkUnavailable, match="no GPU"):
        open_network("embedded", device="cuda", data=data)
