"""What goes over the wire in the maps API: these models check requests and document them and the answers."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from embedding_explorer.api.explorer.models import HashPath, Neighbor, Strict
from embedding_explorer.datasets.agreement import MOST_K
from embedding_explorer.datasets.search import MAX_TEXT, MOST_FOUND

MOST_THUMBNAILS = 256
MOST_SIDE = 1600  # pixels of a preview: link previews and screens without WebGL want no more


class ColumnPath(HashPath):
    """A column of a dataset."""

    name: str = Field(description="Name of a column, as the map lists it.")


class RangePath(HashPath):
    """A range of a dataset."""

    range: str = Field(description="Id of a range, e.g. `000`.")


class PairPath(BaseModel):
    """Two datasets of the same pictures."""

    a: str = Field(description="Id of a dataset, 32 hex digits, or `main`.")
    b: str = Field(description="Id of another one.")


class AgreementQuery(Strict):
    """How many neighbours."""

    k: int = Field(20, ge=1, le=MOST_K, description="Nearest images of each image; fewer where there are few images.")


class PositionsQuery(Strict):
    """In which numbers and in whose space."""

    type: Literal["u16", "f32"] | None = Field(None, description="uint16 steps of the box (the default), or float32.")
    space: Literal["own", "main"] = Field("own", description="`main`: on the map of the main dataset.")


class PreviewQuery(Strict):
    """What is drawn, how large, and from where."""

    reducer: str | None = Field(None, description="A reduction; by default `umap` where there is one.")
    width: int = Field(800, ge=64, le=MOST_SIDE, description="Pixels.")
    height: int = Field(600, ge=64, le=MOST_SIDE, description="Pixels.")
    camera: str | None = Field(
        None, description="The page's camera: `3d,x,y,z,distance,yaw,pitch` or `2d,x,y,distance`."
    )
    colour: str | None = Field(None, description="A column, or `none`; by default the label where there is one.")
    theme: Literal["dark", "light"] = "dark"


class ThumbnailsQuery(Strict):
    """Which pictures."""

    ids: str = Field(max_length=4096, description=f"Numbers of images separated by commas, at most {MOST_THUMBNAILS}.")


class SearchQuery(Strict):
    """A part of a file name."""

    q: str = Field(min_length=1, max_length=MAX_TEXT, description="Text; upper and lower case are the same.")
    limit: int = Field(200, ge=1, le=MOST_FOUND, description="At most so many rows.")


class ClustersRequest(Strict):
    """Which clusters."""

    min_cluster_size: int | None = Field(None, description="Fewest images of a cluster; null: follows from the number.")


class Selection(Strict):
    """Some images: one of both."""

    rows: list[int] | None = Field(None, description="Numbers of images, in any order.")
    mask: str | None = Field(
        None, description="Base64 of a bit mask, little-endian: image n is bit n % 8 of byte n / 8."
    )


class MapScores(BaseModel):
    """Of the UMAP of each dataset, from 0 to 1; null where there is none."""

    a: float | None = Field(description="The map of `a` by the features of `a`.")
    b: float | None = Field(description="The map of `b` by the features of `b`.")
    a_by_b: float | None = Field(description="The map of `a` by the features of `b`.")
    b_by_a: float | None = Field(description="The map of `b` by the features of `a`.")


class AgreementAnswer(BaseModel):
    """How far two datasets of the same pictures agree, by the images that both have."""

    a: str
    b: str
    matched: int = Field(description="Images of the same file name and size.")
    sample: int = Field(description="How many of these were compared with each other: all, or a seeded sample.")
    k: int = Field(description="Neighbours of each image that were looked at.")
    metric: str = Field(description="Distance between features.")
    overlap: float = Field(description="Mean share of the neighbours of an image that it has in both.")
    by_chance: float = Field(description="The overlap of two datasets that have nothing to do with each other.")
    trustworthiness: MapScores = Field(description="Whether neighbours on the map are so by their features.")
    continuity: MapScores = Field(description="Whether neighbours by their features are so on the map.")


class ColumnMade(BaseModel):
    """A column that is there already."""

    column: "ColumnAnswer"


class MapBrief(BaseModel):
    """A map in the list."""

    id: str
    name: str
    total: int
    created: str
    network: str | None
    main: bool
    reducers: list[str]
    images_kept: bool


class UploadLimits(BaseModel):
    """Bounds of an upload."""

    images: int
    bytes: int


class MapsAnswer(BaseModel):
    """All maps, the newest first."""

    maps: list[MapBrief]
    limits: UploadLimits


class Reduction(BaseModel):
    """Where the images are."""

    url: str
    box: list[tuple[float, float, float]] = Field(description="The least and the greatest coordinates.")
    parameters: dict[str, Any]


class ColumnAnswer(BaseModel):
    """One value for each image."""

    name: str
    title: str
    kind: Literal["category", "number"]
    type: Literal["u16", "f32"]
    url: str
    values: list[str] | None = Field(None, description="Of a category: the value that each code stands for.")
    counts: list[int] | None = Field(None, description="Of a category: how many images have each value.")
    none: int | None = Field(None, description="Of a category: how many have none (code 65535).")
    range: tuple[float, float] | None = Field(None, description="Of numbers: the least and the greatest.")
    left_out: int | None = Field(None, description="Of labels: how many, the rarest, were too many to be told apart.")
    made: dict[str, Any] | None = Field(None, description="Of clusters: how they were found.")


class MapAnswer(BaseModel):
    """All that a frontend needs to draw one dataset; addresses carry its id and never change their content."""

    version: int
    id: str
    name: str
    total: int
    created: str
    main: bool
    network: dict[str, Any] | None
    source: dict[str, str]
    images_kept: bool
    features: dict[str, Any] | None
    skipped: list[dict[str, str]] = Field(description="The first 1000 files that were left out.")
    skipped_total: int
    reductions: dict[str, Reduction]
    columns: list[ColumnAnswer]
    tilemaps: dict[str, Any]
    overview: dict[str, Any]
    thumbnails: dict[str, Any]
    clusters: dict[str, Any]
    search: str
    neighbors: str
    pictures: str
    rows: str
    export: str
    preview: str


class RowAnswer(BaseModel):
    """All about an image."""

    index: int
    file: str
    label: str | None
    width: int | None = Field(description="In pixels, null where unknown.")
    height: int | None
    range: str
    position: int
    original: bool = Field(description="Whether its file was kept.")
    coordinates: dict[str, tuple[float, float, float]]
    columns: dict[str, str | float | None] = Field(description="Its values in further columns.")


class Row(BaseModel):
    """An image found."""

    index: int
    file: str
    label: str | None


class SearchAnswer(BaseModel):
    """Images whose file names hold a text, in their order."""

    total: int = Field(description="How many there are; `rows` has the first of them.")
    rows: list[Row]


class PlacedAnswer(BaseModel):
    """An uploaded picture among the images."""

    neighbors: list[Neighbor]
    coordinates: dict[str, tuple[float, float, float]]
