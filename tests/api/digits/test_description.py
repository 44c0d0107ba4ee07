"""The description has every route, and every form whatever its parser reads."""

from typing import Any

from flask import Flask

from embedding_explorer.api.digits import forms
from embedding_explorer.api.digits.description import describe
from embedding_explorer.api.digits.routes import Field, Route, add_routes
from embedding_explorer.networks.preprocessing import Faults
from embedding_explorer.training.datasets import Bounds, Places
from embedding_explorer.training.datasets.classification_form import _METHODS, read_pictures, read_storage
from embedding_explorer.training.datasets.form import Reader
from embedding_explorer.training.datasets.generic_form import EXTENSIONS, _options
from embedding_explorer.training.forms.fields import Fields
from embedding_explorer.training.forms.model import METHODS, Choices, parse_model_form
from embedding_explorer.training.policies import DEFAULTS


class Noting(dict[str, str]):
    """A form that notes what it is asked for."""

    def __init__(self, **given: str) -> None:
        super().__init__(given)
        self.asked: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.asked.add(name)
        return super().get(name, default)


def described(fields: tuple[Field, ...]) -> set[str]:
    return {field.name for field in fields}


def test_the_forms_of_datasets_are_described_as_they_are_read() -> None:
    form = Noting(**dict.fromkeys(("has_val_folder", "has_test_folder", "textfile_use_val", "textfile_use_test"), "y"))
    asked = form.asked
    for local in ("y", ""):
        form["textfile_use_local_files"] = local
        reader = Reader(Fields(form, Faults()), {}, Places(()), Bounds())
        reader.names(), read_pictures(reader), read_storage(reader)
        for method in _METHODS.values():
            method(reader)
    uploads = {field.name for field in forms.CLASSIFICATION_DATASET if field.kind == "file"}
    assert asked | uploads | {"method"} == described(forms.CLASSIFICATION_DATASET) - {"username", "clone"}
    generic = Noting(has_val_folder="y")
    reader = Reader(Fields(generic, Faults()), {}, Places(()), Bounds())
    reader.names(), _options(reader)
    for extension in EXTENSIONS.values():
        extension.read(reader)
    assert generic.asked == described(forms.GENERIC_DATASET) - {"username", "clone"}


def test_the_form_of_a_model_is_described_as_it_is_read() -> None:
    choices = Choices(["d"], {"m": [1.0]}, ["p"], 1, lambda _: True)
    asked: set[str] = set()
    for method in METHODS:
        for policy in DEFAULTS:
            form = Noting(model_name="n", dataset="d", method=method, lr_policy=policy, standard_networks="lenet",
                          previous_networks="m", pretrained_networks="p",
                          custom_network='{"layers": [{"type": "linear"}]}', **{"m-snapshot": "1"})  # fmt: skip
            parse_model_form(form, choices)
            asked |= form.asked
    refused = {"python_layer_client_file", "python_layer_server_file"}
    known = described(forms.MODEL) - {"username", "clone", "{previous_networks}-snapshot"}
    assert asked - refused - {"m-snapshot"} == known


def test_every_spelling_is_served_and_one_of_them_described() -> None:
    app, document = Flask("test"), {"paths": {}}

    def view(**parts: str) -> Any:
        return "/".join(parts.values()) or "none"

    routes = [
        Route("GET POST", "/a/<undotted:id>", view, "One", "both", (Field("f", "file", required=True),)),
        Route("GET", "/b", view, "Two", "json", query=(Field("q", "integer"),)),
        Route("DELETE", "/c/<path:rest>", view, "Three"),
    ]
    from flask import Blueprint

    bp = Blueprint("digits", __name__)
    add_routes(bp, routes)
    app.register_blueprint(bp)
    client = app.test_client()
    for path in ("/a/x", "/a/x/", "/a/x.json", "/a/x/json", "/a/x/json/"):
        assert client.get(path).text == "x" == client.post(path).text, path
    assert client.get("/b.json").status_code == 200 == client.get("/b/json").status_code
    assert client.get("/b").status_code == 404 == client.get("/a/x.y").status_code
    assert client.delete("/c/x/y").text == "x/y" and client.get("//b.json").status_code == 404
    describe(document, routes)
    assert set(document["paths"]) == {"/a/{id}.json", "/b.json", "/c/{rest}"}
    post = document["paths"]["/a/{id}.json"]["post"]
    assert list(post["requestBody"]["content"]) == ["multipart/form-data"] and "`/a/{id}`" in post["description"]
    assert "requestBody" not in document["paths"]["/a/{id}.json"]["get"]
    assert document["paths"]["/b.json"]["get"]["parameters"][0]["name"] == "q"
