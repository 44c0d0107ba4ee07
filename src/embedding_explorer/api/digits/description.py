"""The part of the OpenAPI document that is this API's, made of its table of routes."""

import re
from collections.abc import Iterable
from typing import Any

from embedding_explorer.api.digits.routes import ID, Field, Route

Schema = dict[str, Any]
TAG = "training"
JSON, HTML, TEXT, MULTIPART = "application/json", "text/html", "text/plain", "multipart/form-data"
URLENCODED = "application/x-www-form-urlencoded"
PART = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")
BRACED = r"{\1}"
ERROR: Schema = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {name: {"type": "string"} for name in ("type", "message", "description")},
        },
        "errors": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
    },
    "description": "`errors` for a form that creates a job, `error` for everything else.",
}


def describe(document: Schema, routes: Iterable[Route]) -> None:
    """Add every route to the OpenAPI document, in the spelling that ends in `.json` where there is one."""
    document.setdefault("tags", []).append({"name": TAG, "description": "The training API (NVIDIA DIGITS)."})
    for route in routes:
        path = PART.sub(BRACED, shown_path(route))
        for method in route.methods.lower().split():
            operations = document["paths"].setdefault(path, {})
            operations.setdefault(method, operation(route, method, path))


def shown_path(route: Route) -> str:
    """The spelling that stands for the others."""
    return route.path if route.spelled == "page" else f"{route.path}.json"


def operation(route: Route, method: str, path: str) -> Schema:
    """One operation."""
    names = PART.findall(shown_path(route))
    parameters = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]
    described: Schema = {
        "tags": [TAG],
        "summary": route.summary,
        "operationId": f"{method}_{re.sub(r'[^a-zA-Z0-9]+', '_', path).strip('_')}",
        "parameters": parameters + [query_of(field) for field in route.query],
        "responses": responses_of(route),
    }
    if route.spelled != "page":
        described["description"] = f"Also at {', '.join(others(route))}."
    if route.fields and method != "get":
        described["requestBody"] = {"content": {kind: {"schema": schema_of(route.fields)} for kind in kinds_of(route)}}
    return described


def others(route: Route) -> list[str]:
    """Its other spellings."""
    return [f"`{PART.sub(BRACED, path)}`" for path in route.paths if path != shown_path(route)]


def responses_of(route: Route) -> Schema:
    """What it answers."""
    kind = JSON if route.spelled != "page" else TEXT
    found: Schema = {"200": {"description": "Done.", "content": {kind: {}}}}
    codes = ["404"] if ID in route.path else []
    codes += ["400", "401", "403"] if route.fields and set(route.methods.split()) - {"GET"} else []
    return found | {
        code: {"description": REASONS[code], "content": {JSON: {"schema": ERROR}}} for code in sorted(codes)
    }


REASONS = {
    "400": "Something is wrong with the request.",
    "401": "Nobody is named.",
    "403": "The job is somebody else's, or in no state for it.",
    "404": "There is no such job.",
}


def kinds_of(route: Route) -> tuple[str, ...]:
    """Types of body that it takes; files need the first."""
    files = any(field.kind == "file" for field in route.fields)
    return (MULTIPART,) if files else (MULTIPART, URLENCODED)


def schema_of(fields: Iterable[Field]) -> Schema:
    """A form."""
    listed = list(fields)
    found: Schema = {"type": "object", "properties": {field.name: kind_of(field) for field in listed}}
    required = [field.name for field in listed if field.required]
    return found | ({"required": required} if required else {})


def query_of(field: Field) -> Schema:
    """A parameter of a query."""
    return {"name": field.name, "in": "query", "required": field.required, "schema": kind_of(field)}


def kind_of(field: Field) -> Schema:
    """The type of a field."""
    kind: Schema = {"type": "string", "format": "binary"} if field.kind == "file" else {"type": field.kind}
    kind = {"type": "array", "items": kind} if field.repeated else kind
    return kind | ({"description": field.text} if field.text else {})
