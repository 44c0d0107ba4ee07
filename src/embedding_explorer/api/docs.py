"""The OpenAPI description and the page that shows it, both from the models that check the requests."""

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

from flask import Response, jsonify, redirect
from flask_openapi3 import Info, OpenAPI
from pydantic import BaseModel, ValidationError

from embedding_explorer import __version__
from embedding_explorer.api.bodies import answer_before_body, refusal
from embedding_explorer.api.errors import as_response, body_of
from embedding_explorer.api.explorer.models import DatasetChange, Error
from embedding_explorer.api.maps.models import ClustersRequest, Selection

# Routes that read a multipart form with one file from the stream itself, so no model stands in their signature.
FILE_FORMS = (
    "/dataset",
    "/pca/{start}/{end}",
    "/umap/{start}/{end}",
    "/dataset/{hash}/neighbors",
    "/maps/{hash}/search",
)
# Routes that read their JSON within bounds of their own.
JSON_BODIES: dict[tuple[str, str], type[BaseModel]] = {
    ("patch", "/dataset/{hash}"): DatasetChange,
    ("post", "/maps/{hash}/clusters"): ClustersRequest,
    ("post", "/maps/{hash}/export.{format}"): Selection,
}
FILE_FORM = {"type": "object", "required": ["file"], "properties": {"file": {"type": "string", "format": "binary"}}}


class DescribedApp(OpenAPI):
    """An application whose description has the bodies that no model stands for; `additions` put in more of them."""

    additions: Sequence[Callable[[dict[str, Any]], None]] = ()

    @property
    def api_doc(self) -> dict[str, Any]:
        """The OpenAPI document."""
        document: dict[str, Any] = deepcopy(super().api_doc)  # what is added must not be added to at the next call
        for path in FILE_FORMS:
            body = {"required": True, "content": {"multipart/form-data": {"schema": FILE_FORM}}}
            document["paths"][path]["post"]["requestBody"] = body
        for (method, path), model in JSON_BODIES.items():
            body = {"required": True, "content": {"application/json": {"schema": model.model_json_schema()}}}
            document["paths"][path][method]["requestBody"] = body
        for add in self.additions:
            add(document)
        one_refusal(document)
        return document


def one_refusal(document: dict[str, Any]) -> None:
    """Wrong parameters are answered with one error, where the library describes a list of errors."""
    error = {"$ref": "#/components/schemas/Error"}
    for operation in (each for path in document["paths"].values() for each in path.values()):
        for described in operation["responses"].get("400", {}).get("content", {}).values():
            if described["schema"] == {"type": "array", "items": error}:
                described["schema"] = error


ABOUT = (
    "Pictures in, maps out; and the networks that make the maps. Errors name the cause and the remedy. Only `/v0.7` asks for "
    "keys, where `EXPLORER_API_KEY` is set."
)


def make_app(most: int) -> DescribedApp:
    """An application without routes but those of its documentation; `most`: bytes of the largest body."""

    def refused(error: ValidationError) -> Response:
        """400 for parameters that the models refuse, naming each; whoever still sends a body gets to read it."""
        return answer_before_body(as_response((400, body_of(refusal(error), 400))), most)

    return DescribedApp(
        "embedding_explorer",
        info=Info(title="embedding_explorer", version=__version__, description=ABOUT),
        validation_error_callback=refused,
        validation_error_model=Error,
        validation_error_status=400,
        doc_prefix="/docs",
        static_folder=None,
    )


def install(app: DescribedApp) -> None:
    """The description at /openapi.json, its page at /docs, the one made of the other."""

    @app.get("/openapi.json", doc_ui=False)
    def openapi() -> Response:
        return jsonify(app.api_doc)

    @app.get("/docs", doc_ui=False)
    def docs() -> Any:
        return redirect("/docs/swagger")
