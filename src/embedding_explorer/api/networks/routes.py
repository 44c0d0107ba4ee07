"""The routes. Every address answers with and without a slash at its end, directly: a redirected POST loses its body."""

import json
from collections.abc import Iterator
from http import HTTPStatus
from itertools import chain
from typing import Any

from flask import Response
from flask_openapi3 import APIBlueprint
from pydantic import BaseModel
from werkzeug.exceptions import Forbidden

from embedding_explorer.api.networks import inference, tasks
from embedding_explorer.api.networks.answers import answer, deleted, page_in_pieces
from embedding_explorer.api.networks.bodies import Schema, received
from embedding_explorer.api.networks.models import (
    AccountAnswer,
    Failure,
    LayersPage,
    NetworkAnswer,
    NetworkPath,
    NetworksPage,
    PublicPath,
    TaskAnswer,
    TaskCreated,
    TaskPath,
    TasksPage,
)
from embedding_explorer.api.networks.pages import Page
from embedding_explorer.api.networks.spool import MAX_TEXT
from embedding_explorer.database import MAX_ID
from embedding_explorer.jobs.runtime import Runtime
from embedding_explorer.networks.public import PUBLIC
from embedding_explorer.networks.registered.names_of_layers import listed
from embedding_explorer.networks.registered.records import Network
from embedding_explorer.networks.registered.submission import FIELDS, READ_ONLY, read_submission, read_update

JSON_FIELDS = ("metadata", "preprocessing", "postprocessings")
SCHEMA = Schema(FIELDS, JSON_FIELDS, lambda name: name not in FIELDS, read_only=READ_ONLY)
ACCOUNT = {"id": 1, "name": "embedding_explorer"}
ID = f"<int(max={MAX_ID}):id>"
BOTH: dict[str, Any] = {"strict_slashes": False}
Responses = dict[str | int | HTTPStatus, type[BaseModel] | dict[Any, Any] | None]
REFUSED: Responses = {400: Failure, 401: Failure, 404: Failure}


def add_routes(bp: APIBlueprint, runtime: Runtime) -> None:
    """All routes."""
    add_networks(bp, runtime)
    add_one_network(bp, runtime)
    add_public(bp, runtime)
    add_tasks(bp, runtime)


def add_networks(bp: APIBlueprint, runtime: Runtime) -> None:
    """The list, and registering."""
    service, settings = runtime.networks, runtime.settings

    @bp.get("/networks", responses={200: NetworksPage, **REFUSED}, summary="The registered networks", **BOTH)
    def list_networks() -> Response:
        page = Page.asked_for()
        return page_of(page, service.store.count(), service.store.batches(page.offset, page.limit))

    @bp.post(
        "/networks", responses={201: NetworkAnswer, 413: Failure, 415: Failure, **REFUSED},
        summary="Register a network with its preprocessing", **BOTH,
    )  # fmt: skip
    def create_network() -> Response:
        most, setting = settings.max_network_bytes, "EXPLORER_MAX_NETWORK_BYTES"
        with service.receiving() as folder, received(settings, folder, SCHEMA, most, setting) as body:
            parts = [(part.name, part.path) for part in body.files]
            draft, files = read_submission(body.fields, parts, body.flat, body.faults)
            network = service.create(draft, files, folder)
        return answer(network.to_json(), 201)

    @bp.get("/accounts/me", responses={200: AccountAnswer, 401: Failure}, summary="A check of the key", **BOTH)
    def account() -> Response:
        return answer(ACCOUNT)


def add_one_network(bp: APIBlueprint, runtime: Runtime) -> None:
    """One network of the workspace."""
    service = runtime.networks

    @bp.get(f"/networks/{ID}", responses={200: NetworkAnswer, **REFUSED}, summary="A network", **BOTH)
    def get_network(path: NetworkPath) -> Response:
        return answer(service.get(path.id).to_json())

    @bp.patch(f"/networks/{ID}", responses={200: NetworkAnswer, **REFUSED}, summary="Change some fields", **BOTH)
    def patch_network(path: NetworkPath) -> Response:
        return update(runtime, path.id, whole=False)

    @bp.put(f"/networks/{ID}", responses={200: NetworkAnswer, **REFUSED}, summary="Set all mutable fields", **BOTH)
    def put_network(path: NetworkPath) -> Response:
        return update(runtime, path.id, whole=True)

    @bp.delete(f"/networks/{ID}", responses={204: None, **REFUSED}, summary="Delete a network", **BOTH)
    def delete_network(path: NetworkPath) -> Response:
        service.delete(path.id)
        return deleted()

    @bp.post(f"/networks/{ID}/inference", responses=INFERENCE, summary="Features of any layer", **BOTH)
    def infer(path: NetworkPath) -> Response:
        return run(runtime, service.get(path.id))

    @bp.get(f"/networks/{ID}/layers", responses=LAYERS, summary="The layers of a network", **BOTH)
    def list_layers(path: NetworkPath) -> Response:
        return layers(runtime, service.get(path.id))


def add_public(bp: APIBlueprint, runtime: Runtime) -> None:
    """The networks that ship with the server."""
    service = runtime.networks

    @bp.get("/networks/public", responses={200: NetworksPage, **REFUSED}, summary="The public networks", **BOTH)
    def list_public() -> Response:
        page, slugs = Page.asked_for(), list(PUBLIC)
        found = [service.public(slug) for slug in slugs[page.offset : page.offset + page.limit]]
        return answer(page.to_json(len(slugs), [network.to_json() for network in found]))

    @bp.get("/networks/public/<slug>", responses={200: NetworkAnswer, **REFUSED}, summary="A public network", **BOTH)
    def get_public(path: PublicPath) -> Response:
        return answer(service.public(path.slug).to_json())

    @bp.post("/networks/public/<slug>/inference", responses=INFERENCE, summary="Features of any layer", **BOTH)
    def infer_public(path: PublicPath) -> Response:
        return run(runtime, service.public(path.slug))

    @bp.get("/networks/public/<slug>/layers", responses=LAYERS, summary="The layers of a public network", **BOTH)
    def list_public_layers(path: PublicPath) -> Response:
        return layers(runtime, service.public(path.slug))

    for method in (bp.patch, bp.put, bp.delete):

        @method("/networks/public/<slug>", endpoint=f"{method.__name__}_public", doc_ui=False, **BOTH)
        def refuse(path: PublicPath) -> Response:
            service.public(path.slug)
            raise Forbidden("Public networks cannot be changed.")


def add_tasks(bp: APIBlueprint, runtime: Runtime) -> None:
    """What came of deployments and inferences."""
    service = runtime.networks

    @bp.get("/tasks", responses={200: TasksPage, **REFUSED}, summary="Tasks, all or those of `task_ids`", **BOTH)
    def list_tasks() -> Response:
        return tasks.listed(service.tasks)

    @bp.get(f"/tasks/{ID}", responses={200: TaskAnswer, **REFUSED}, summary="A task", **BOTH)
    def get_task(path: TaskPath) -> Response:
        return tasks.one(service.tasks, path.id)


INFERENCE: Responses = {200: TaskCreated, 409: Failure, 413: Failure, 415: Failure, 429: Failure, **REFUSED}
LAYERS: Responses = {200: LayersPage, 409: Failure, **REFUSED}


def page_of(page: Page, count: int, batches: Iterator[list[Network]]) -> Response:
    """A page of networks, sent piece by piece where they have much text."""
    first, second = next(batches, []), next(batches, [])
    if not second:
        return answer(page.to_json(count, [network.to_json() for network in first]))
    found = chain(first, second, chain.from_iterable(batches))
    return page_in_pieces(page.head(count), (iter([json.dumps(each.to_json()).encode()]) for each in found))


def update(runtime: Runtime, network_id: int, *, whole: bool) -> Response:
    """Change a network's mutable fields."""
    service = runtime.networks
    service.get(network_id)
    most = f"{MAX_TEXT >> 20} MiB"
    with service.receiving() as folder, received(runtime.settings, folder, SCHEMA, MAX_TEXT, most) as body:
        values = read_update(body.fields, [part.name for part in body.files], whole, body.faults)
        return answer(service.store.update(network_id, values).to_json())


def run(runtime: Runtime, network: Network) -> Response:
    """Let pictures wait for a network; what cannot work is refused at once."""
    service, settings, network = runtime.networks, runtime.settings, network.bare()
    most, setting = settings.max_inference_bytes, "EXPLORER_MAX_INFERENCE_BYTES"
    service.check_inference(network, None)
    service.queue.check_room()
    with service.receiving() as folder, received(settings, folder, inference.SCHEMA, most, setting) as body:
        count = len(network.preprocessing["inputs"])
        asked = inference.Request(body, count, folder / "pictures", settings)
        service.check_inference(network, asked.names)
        once = asked.names and list(dict.fromkeys(asked.names))
        task = service.infer(network, asked.pictures, once, folder / "pictures")
    return answer({"task_id": task})


def layers(runtime: Runtime, network: Network) -> Response:
    """A page of a network's layers."""
    page, found = Page.asked_for(), listed(runtime.networks.layers(network), network.framework)
    return answer(page.to_json(len(found), found[page.offset : page.offset + page.limit]))
