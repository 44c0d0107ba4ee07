"""A map drawn by the server: for previews of links, and for pages that cannot draw it themselves."""

from functools import partial
from io import BytesIO

from flask import Response
from flask_openapi3 import APIBlueprint
from PIL import Image

from embedding_explorer.api.explorer.models import Error, HashPath
from embedding_explorer.api.maps.models import PreviewQuery
from embedding_explorer.api.maps.sheets import Sheets
from embedding_explorer.api.wire import REVALIDATE, ResponseCache
from embedding_explorer.datasets.column import Column
from embedding_explorer.datasets.columns import column
from embedding_explorer.datasets.dataset import Dataset
from embedding_explorer.drawing.camera import Camera
from embedding_explorer.drawing.palette import THEMES, colours_of
from embedding_explorer.drawing.scene import Frame, draw
from embedding_explorer.errors import NotFound
from embedding_explorer.jobs.runtime import Runtime

PNG = "image/png"
# Drawn pictures that are kept, the least used go first; anybody may ask for any camera.
MOST_BYTES = 64 << 20
# Tilemaps made elsewhere that are saved anew, in pieces, for one picture: 50 ms each.
MOST_COPIES = 20
FAVOURITE, LABEL, NO_COLUMN = "umap", "label", "none"


def add_routes(bp: APIBlueprint, runtime: Runtime, sheets: Sheets) -> None:
    """The preview. One is drawn at a time: it takes a second of a core, and 100 MB."""
    drawn = ResponseCache(runtime.settings.data / "cache" / "previews", MOST_BYTES)

    @bp.get("/maps/<hash>.png", responses={400: Error, 404: Error, 409: Error}, summary="A map as a picture (PNG)")
    def preview(path: HashPath, query: PreviewQuery) -> Response:
        dataset = runtime.store.get(path.hash)
        camera = None if query.camera is None else Camera.parse(query.camera)
        reducer, colour = wanted_reducer(dataset, query.reducer), wanted_column(dataset, query.colour)
        points = dataset.reduction(reducer)
        frame = Frame(query.width, query.height, THEMES[query.theme], framed=colour is not None)

        def make() -> bytes:
            colours = colours_of(colour, dataset.total, frame.theme)
            return png(draw(points, colours, partial(sheets.tiles, dataset, most_copies=MOST_COPIES), camera, frame))

        made = colour and (colour.name, colour.about)
        parts = (dataset.id, dataset.manifest.created, reducer, made, *query.model_dump(exclude={"reducer"}).values())
        return drawn.answer(parts, PNG, make, REVALIDATE, owner=dataset.id)


def png(picture: Image.Image) -> bytes:
    """A picture as a file."""
    file = BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def wanted_reducer(dataset: Dataset, name: str | None) -> str:
    """The reduction asked for, or the one that shows most."""
    reducers = dataset.reducers
    return name or (FAVOURITE if FAVOURITE in reducers or not reducers else reducers[0])


def wanted_column(dataset: Dataset, name: str | None) -> Column | None:
    """The column asked for; by default the label, where there is one. Raises NotFound for one that is not there."""
    if name == NO_COLUMN:
        return None
    try:
        return column(dataset, name or LABEL)
    except NotFound:
        if name is None:
            return None
        raise
