"""Rows and folders of registered networks, on both kinds of database."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection

from embedding_explorer.database import Database
from embedding_explorer.errors import RegisteredNetworkNotFound
from embedding_explorer.networks.registered.folder import digest_of
from embedding_explorer.networks.registered.records import Draft, Network, moment
from embedding_explorer.networks.registered.store import NetworkStore

DRAFT = Draft("n", "d\u0000"[:1], {"k": "\0\ud800"}, "onnx", {"inputs": []}, [{"a": 1}])


@pytest.fixture
def store(tmp_path: Path, database: Database) -> NetworkStore:
    return NetworkStore(tmp_path, database)


def add(store: NetworkStore, tmp_path: Path, draft: Draft = DRAFT, task: Callable[[Connection, int], int] = lambda c, i: 5, **files: bytes) -> Network:  # fmt: skip
    paths = {}
    for name, data in (files or {"m": b"model"}).items():
        paths[name] = tmp_path / f"upload-{name}"
        paths[name].write_bytes(data)
    return store.add(draft, paths, tmp_path / "staging", task)


def test_a_network_comes_back_as_it_was_registered(store: NetworkStore, tmp_path: Path) -> None:
    network = add(store, tmp_path, m=b"model", n=b"mean")
    assert store.get(int(network.id)) == network and vars(network).items() >= vars(DRAFT).items()
    folder = store.folder(network.id)
    assert {name: path.read_bytes() for name, path in folder.files().items()} == {"m": b"model", "n": b"mean"}
    assert folder.record()["digest"] == network.digest and network.task_id == 5
    assert sorted(path.name for path in folder.path.iterdir()) == ["files", "network.json"]
    assert not list(tmp_path.glob("upload-*")) and not (tmp_path / "staging").exists()


def test_a_registration_that_fails_leaves_neither_row_nor_files(store: NetworkStore, tmp_path: Path) -> None:
    def fail(connection: Connection, network: int) -> int:
        raise KeyError

    with pytest.raises(KeyError):
        add(store, tmp_path, task=fail)
    assert store.count() == 0 and not (tmp_path / "staging").exists()
    assert not store.root.exists() or not list(store.root.iterdir())


def test_pages_are_by_ascending_id(store: NetworkStore, tmp_path: Path) -> None:
    ids = [add(store, tmp_path).id for _ in range(5)]
    assert [network.id for network in store.page(1, 2)] == ids[1:3] and store.count() == 5
    assert store.page(5, 10) == store.page(2**62, 10) == []
    assert store.ids() == ids


def test_a_page_of_much_text_comes_a_few_at_a_time(
    store: NetworkStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embedding_explorer.networks.registered.store.BATCH", 1000)
    texts = ["", "x" * 400, "x" * 400, "x" * 400, "x" * 5000, "x", "x"]
    ids = [add(store, tmp_path, replace(DRAFT, metadata={"text": text})).id for text in texts]
    batches = [[network.id for network in batch] for batch in store.batches(0, 10)]
    assert batches == [ids[:3], ids[3:4], ids[4:5], ids[5:]]
    assert [network.id for batch in store.batches(2, 4) for network in batch] == ids[2:6]
    assert list(store.batches(7, 10)) == list(store.batches(2**62, 10)) == []


def test_a_network_without_what_only_people_read(store: NetworkStore, tmp_path: Path) -> None:
    network = add(store, tmp_path, replace(DRAFT, description="x"))
    assert network.bare() == replace(network, description="", metadata={}, postprocessings=[])


def test_an_update_changes_what_is_named_and_its_date(store: NetworkStore, tmp_path: Path) -> None:
    before = add(store, tmp_path)
    after = store.update(int(before.id), {"name": "new", "metadata": {"a": [1]}})
    assert (
        after
        == store.get(int(before.id))
        == replace(before, name="new", metadata={"a": [1]}, update_date=after.update_date)
    )
    assert after.update_date > before.update_date
    assert store.update(int(before.id), {}) == after
    for values in ({}, {"name": "x"}):
        with pytest.raises(RegisteredNetworkNotFound):
            store.update(999, values)


def test_an_update_is_later_even_where_the_clock_went_back() -> None:
    future = "2999-01-01T00:00:00.000000Z"
    assert moment(after=future) == "2999-01-01T00:00:00.000001Z"
    assert moment() < future


def test_a_deleted_network_is_gone_with_its_files(store: NetworkStore, tmp_path: Path) -> None:
    first, second = add(store, tmp_path), add(store, tmp_path)
    done: list[str] = []
    store.delete(int(second.id), lambda connection: done.append("also"))
    assert done == ["also"] and not store.folder(second.id).path.exists() and store.ids() == [first.id]
    for call in (lambda: store.get(int(second.id)), lambda: store.delete(int(second.id), lambda connection: None)):
        with pytest.raises(RegisteredNetworkNotFound):
            call()
    assert int(add(store, tmp_path).id) > int(second.id)


def test_a_deletion_that_fails_keeps_the_network(store: NetworkStore, tmp_path: Path) -> None:
    network = add(store, tmp_path)

    def fail(connection: Connection) -> None:
        raise KeyError

    with pytest.raises(KeyError):
        store.delete(int(network.id), fail)
    store.sweep()
    assert store.get(int(network.id)) == network and store.folder(network.id).files()
    assert not (store.folder(network.id).path / "unfinished").exists()


def test_the_digest_stands_for_files_framework_and_preprocessing_and_nothing_else(
    store: NetworkStore, tmp_path: Path
) -> None:
    network = add(store, tmp_path)
    assert (
        add(store, tmp_path, replace(DRAFT, name="other", metadata={}, description="x", postprocessings=[])).digest
        == network.digest
    )
    others = [
        add(store, tmp_path, m=b"other").digest,
        add(store, tmp_path, n=b"model").digest,
        add(store, tmp_path, replace(DRAFT, framework="pytorch")).digest,
        add(store, tmp_path, replace(DRAFT, preprocessing={"inputs": [1]})).digest,
    ]
    assert len({network.digest, *others}) == 5
    assert digest_of(replace(DRAFT, preprocessing={"b": 1, "a": 2}), {}) == digest_of(
        replace(DRAFT, preprocessing={"a": 2, "b": 1}), {}
    )


def test_layers_are_there_after_the_deployment(store: NetworkStore, tmp_path: Path) -> None:
    folder = store.folder(add(store, tmp_path).id)
    with pytest.raises(FileNotFoundError):
        folder.layers()
    (folder.path / "layers.json").write_text(json.dumps([{"name": "a"}]))
    assert folder.layers() == [{"name": "a"}]
