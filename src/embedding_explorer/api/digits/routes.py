"""The table of routes: each in every spelling that the contract knows, none of them a redirect to another."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from flask import Blueprint, Response
from flask.blueprints import BlueprintSetupState
from werkzeug.routing import BaseConverter

ID = "<undotted:id>"
ENDINGS = {"page": ("",), "json": (".json", "/json"), "both": ("", ".json", "/json")}


@dataclass(frozen=True)
class Field:
    """A field of a form or query, for the description: `kind` is a JSON type, or `file`."""

    name: str
    kind: str = "string"
    text: str = ""
    required: bool = False
    repeated: bool = False


@dataclass(frozen=True)
class Route:
    """One row of the contract's index.

    Attributes:
        methods: as in `GET POST`.
        path: without the ending that selects JSON; parts in `<>` become arguments of the view.
        spelled: `page`, as it is; `json`, only with `.json` or `/json`; `both`.
        fields: of the form.
        query: of the query.
    """

    methods: str
    path: str
    view: Callable[..., Response]
    summary: str
    spelled: str = "page"
    fields: tuple[Field, ...] = ()
    query: tuple[Field, ...] = ()

    @property
    def paths(self) -> list[str]:
        """Every spelling."""
        return [self.path + ending for ending in ENDINGS[self.spelled]]


class Undotted(BaseConverter):
    """An id or name without dots, so that `/datasets/<id>.json` is never the page of something called `….json`."""

    regex = r"[^/.]{1,100}"
    part_isolating = True  # matches no slash, whatever its expression names


def add_converter(state: BlueprintSetupState) -> None:
    """Let rules of an application name it."""
    state.app.url_map.converters["undotted"] = Undotted


def add_routes(bp: Blueprint, routes: Iterable[Route]) -> None:
    """Let a blueprint answer them."""
    bp.record(add_converter)
    for number, route in enumerate(routes):
        for ending, path in zip(ENDINGS[route.spelled], route.paths, strict=True):
            bp.add_url_rule(
                path,
                f"{number}_{getattr(route.view, '__name__', 'view')}{ending.replace('.', '_').replace('/', '-')}",
                route.view,
                methods=route.methods.split(),
                strict_slashes=False,  # a slash at the end is taken; a redirected POST would lose its body
                merge_slashes=False,
            )
