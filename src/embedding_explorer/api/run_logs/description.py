"""What the OpenAPI description says of this API, made from the tables that check the requests."""

from typing import Any

from embedding_explorer.api.run_logs.endpoints import ALIASES, ENDPOINTS, INIT
from embedding_explorer.api.run_logs.parameters import Endpoint

PREFIX, TAG = "/api", "run logs"
DATASET = ("id", "trainJobName", "session_id")  # how every request may name its dataset
ABOUT = "Event files of trainings (TS-VIS). `code` in an answer is 200, or 500 with the reason in `msg`."
SUMMARY = "`{name}` of a run"
ENVELOPE = {
    "type": "object",
    "properties": {"code": {"type": "integer"}, "msg": {"type": "string"}, "data": {}},
    "required": ["code", "msg", "data"],
}

# What these send instead where the dialect is not that of the web pages; what it is stands in the log.
FILES = {"image_raw": "image/*", "audio_raw": "audio/*"}


def describe(document: dict[str, Any]) -> None:
    """Add every endpoint under each of its names."""
    document.setdefault("tags", []).append({"name": TAG, "description": ABOUT})
    for endpoint in (INIT, *ENDPOINTS):
        for name in (endpoint.name, *ALIASES.get(endpoint.name, ())):
            document["paths"][f"{PREFIX}/{name}"] = {"get": operation(endpoint, name)}


def operation(endpoint: Endpoint, name: str) -> dict[str, Any]:
    """One endpoint, as OpenAPI has it."""
    further = [] if endpoint is INIT else [parameter(endpoint, each, False) for each in DATASET]
    return {
        "tags": [TAG],
        "operationId": f"run_logs_{name}_get",
        "summary": SUMMARY.format(name=name),
        "parameters": [
            *(parameter(endpoint, each, True) for each in endpoint.required),
            *(parameter(endpoint, each, False) for each in endpoint.optional),
            *further,
        ],
        "responses": {"200": {"description": "OK", "content": content(endpoint.name)}},
    }


def content(name: str) -> dict[str, Any]:
    """What an endpoint may send, by media type."""
    file = {FILES[name]: {"schema": {"type": "string", "format": "binary"}}} if name in FILES else {}
    return {"application/json": {"schema": ENVELOPE}, **file}


def parameter(endpoint: Endpoint, name: str, required: bool) -> dict[str, Any]:
    """One parameter of the query."""
    kind = "integer" if name in endpoint.integers else "number" if name in endpoint.numbers else "string"
    return {"in": "query", "name": name, "required": required, "schema": {"type": kind}}
