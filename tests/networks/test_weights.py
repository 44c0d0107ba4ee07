"""Where weights are found, and what happens to damaged ones."""

import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest

from embedding_explorer.errors import NetworkUnavailable
from embedding_explorer.networks import weights
from embedding_explorer.networks.definitions import Definition, WeightsFile, define

FIRST, SECOND = b"first weights", b"second weights"


def prefix(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:8]


@pytest.fixture
def definition(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Definition:
    """A network with two files of weights; torch's cache is an empty folder."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    files = [WeightsFile(f"net-{prefix(c)}.pth", prefix(c), "V") for c in (FIRST, SECOND)]
    return replace(define("resnet50"), name="net", weights=tuple(files))


def put(folder: Path, content: bytes, under: bytes | None = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"net-{prefix(under or content)}.pth"
    path.write_bytes(content)
    return path


def test_weights_are_found_in_the_data_folder(definition: Definition, tmp_path: Path) -> None:
    path = put(tmp_path / "models", SECOND)
    located = weights.locate(definition, tmp_path)
    assert (located.path, located.digest) == (path, hashlib.sha256(SECOND).hexdigest())


def test_first_file_is_preferred_even_in_a_later_folder(definition: Definition, tmp_path: Path) -> None:
    put(tmp_path / "models", SECOND)
    path = put(tmp_path / "torch" / "hub" / "checkpoints", FIRST)
    assert weights.locate(definition, tmp_path).path == path


def test_weights_with_the_digest_asked_for_are_preferred(definition: Definition, tmp_path: Path) -> None:
    put(tmp_path / "models", FIRST)
    path = put(tmp_path / "models", SECOND)
    assert weights.locate(definition, tmp_path, hashlib.sha256(SECOND).hexdigest()).path == path


@pytest.mark.parametrize("variables", [{"TORCH_HOME": "/t"}, {"XDG_CACHE_HOME": "/c"}, {}])
def test_torch_cache_is_where_torch_has_it(variables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    for name in ("TORCH_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert list(weights.folders(Path("data")))[1] == Path(torch.hub.get_dir()) / "checkpoints"


def test_damaged_file_is_named_with_both_digests_and_the_remedy(definition: Definition, tmp_path: Path) -> None:
    path = put(tmp_path / "models", b"half of it", under=FIRST)
    with pytest.raises(NetworkUnavailable) as caught:
        weights.locate(definition, tmp_path)
    for part in (str(path), prefix(FIRST), hashlib.sha256(b"half of it").hexdigest(), "Delete it and fetch it again"):
        assert part in caught.value.message


def test_absent_weights_name_the_command_the_files_and_the_folder(definition: Definition, tmp_path: Path) -> None:
    with pytest.raises(NetworkUnavailable) as caught:
        weights.locate(definition, tmp_path)
    for part in ("networks fetch net", *(f.name for f in definition.weights), str(tmp_path / "models")):
        assert part in caught.value.message


def test_digest_is_computed_once_and_again_when_the_file_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, cache = put(tmp_path, FIRST), tmp_path / "cache" / "digests.json"
    first = weights.cached_digest(path, cache)
    with monkeypatch.context() as patch:
        patch.setattr(weights, "sha256", lambda path: pytest.fail("computed twice"))
        assert weights.cached_digest(path, cache) == first
    path.write_bytes(SECOND)
    os.utime(path, ns=(1, 1))
    assert weights.cached_digest(path, cache) == hashlib.sha256(SECOND).hexdigest()


@pytest.mark.parametrize("content", ["", "[]", '{"x": 1', "\x00"])
def test_spoilt_digest_cache_is_ignored(content: str, tmp_path: Path) -> None:
    path, cache = put(tmp_path, FIRST), tmp_path / "digests.json"
    cache.write_text(content)
    assert weights.cached_digest(path, cache) == hashlib.sha256(FIRST).hexdigest()


def test_digest_cache_that_cannot_be_written_does_no_harm(tmp_path: Path) -> None:
    path = put(tmp_path, FIRST)
    assert weights.cached_digest(path, path / "digests.json") == hashlib.sha256(FIRST).hexdigest()
