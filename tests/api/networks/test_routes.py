import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from embedding_explorer.api.networks.pages import Page
from embedding_explorer.api.networks.routes import page_of, run
from embedding_explorer.networks.registered.records import Network

NETWORK = Network("n", "d", {"a": 1}, "onnx", {"inputs": []}, [{}], 1, "", "", 5, "")


def numbered(*ids: int) -> list[Network]:
    return [Network(**vars(NETWORK) | {"id": each}) for each in ids]


@pytest.mark.parametrize(
    "batches",
    [[], [numbered(1)], [numbered(1, 2, 3)], [numbered(1), numbered(2)], [numbered(1, 2), numbered(3), numbered(4, 5)]],
)
def test_a_page_is_the_same_in_one_piece_and_in_many(batches: list[list[Network]]) -> None:
    with Flask("test").test_request_context("/v0.7/networks?limit=5"):
        page = Page.asked_for()
        answer = page_of(page, 9, iter(batches))
        found = [network.to_json() for batch in batches for network in batch]
        assert json.loads(answer.get_data()) == page.to_json(9, found)
        assert answer.mimetype == "application/json"


def test_no_more_of_a_long_page_is_held_than_is_sent() -> None:
    made: list[int] = []

    def batches() -> Iterator[list[Network]]:
        for each in range(10):
            made.append(each)
            yield numbered(each)

    with Flask("test").test_request_context("/v0.7/networks"):
        pieces = iter(page_of(Page.asked_for(), 10, batches()).response)
        for _ in range(3):
            next(pieces)
        assert len(made) < 6


def test_a_waiting_task_does_not_hold_what_only_people_read() -> None:
    class Seen(Exception):
        pass

    def check(network: Network, _names: Any) -> None:
        assert network.id == 1 and not network.metadata and not network.description
        raise Seen

    runtime: Any = SimpleNamespace(
        networks=SimpleNamespace(check_inference=check), settings=SimpleNamespace(max_inference_bytes=1)
    )
    with pytest.raises(Seen):
        run(runtime, NETWORK)
