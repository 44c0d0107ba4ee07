"""What goes over the wire in the explorer API: these models check requests and document them and the answers."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from embedding_explorer.api.schemas import SharedModel


class Strict(BaseModel):
    """A set of parameters that refuses unknown names, so that a typing error does not pass silently."""

    model_config = ConfigDict(extra="forbid")


class HashPath(BaseModel):
    """A dataset."""

    hash: str = Field(description="Id of a dataset, 32 hex digits, or `main`.")


class TilemapPath(BaseModel):
    """A range of the main dataset."""

    id: str = Field(description="Id of a range, e.g. `000`.")


class DatasetTilemapPath(HashPath):
    """A range of a dataset."""

    id: str = Field(description="Id of a range, e.g. `000`.")


class SlicePath(BaseModel):
    """Ranges of the main dataset, both ends included."""

    start: str = Field(description="Number of the first range.")
    end: str = Field(description="Number of the last range.")


class FeaturesPath(HashPath):
    """A reduction of a dataset."""

    reducer: str = Field(description="`pca` or `umap`.")


class ImagePath(HashPath):
    """An image of a dataset."""

    n: str = Field(description="Number of the image, from 0.")


class ExportPath(HashPath):
    """A dataset in a file format."""

    format: str = Field(description="`csv`, `parquet`, `npz` or `zip`.")


class SpaceQuery(Strict):
    """In whose space coordinates are."""

    space: Literal["own", "main"] = Field("own", description="`main`: on the map of the main dataset.")


class NeighborsQuery(Strict):
    """How many neighbours."""

    k: int = Field(20, ge=1, le=1000, description="How many.")


class UploadQuery(Strict):
    """How an upload becomes a dataset."""

    network: str | None = Field(
        None,
        description="The id of a registered network, the slug of a public one, or a trained model's id with `@` and the "
        "epoch of a snapshot (without: the last); by default the server's own.",
    )
    layer: str | None = Field(None, description="A layer of it; by default its first final output.")
    pooling: Literal["avg", "max", "flatten"] | None = Field(None, description="What becomes of a layer's maps.")
    name: str | None = Field(None, max_length=200, description="Name of a new dataset; by default the file's.")
    limit: int | None = Field(None, ge=1, description="At most so many images, up to EXPLORER_MAX_UPLOAD_IMAGES.")
    labels: Literal["none", "folders"] = Field(
        "none",
        description="`none`: pictures in folders are skipped; `folders`: they are taken, their top-level folders are labels.",
    )


class DatasetChange(Strict):
    """What of a dataset can be changed."""

    name: str | None = Field(None, description="A new name.")
    main: Literal[True] | None = Field(None, description="Make it the main dataset.")


class Error(SharedModel):
    """An error."""

    error: str
    detail: str | None = None


class JobBrief(BaseModel):
    """The job that holds the lock."""

    id: str
    kind: str
    stage: str
    done: int
    total: int


class BusyError(BaseModel):
    """The server works for somebody else."""

    error: str = "Server is busy, please wait"
    busy: Literal[True] = True
    job: JobBrief | None


class StatusAnswer(BaseModel):
    """The server is idle."""

    busy: Literal[False] = False
    version: str
    network: dict[str, Any] | None = Field(description="The default network; null while the worker warms up.")
    device: str | None
    datasets: int


class InfoAnswer(BaseModel):
    """The main dataset."""

    total: int
    ranges: dict[str, tuple[int, int]] = Field(description="Range id → first and last image.")
    id: str
    name: str
    network: dict[str, Any] | None
    reducers: dict[str, Any]


class CoordinatesAnswer(BaseModel):
    """Coordinates of consecutive ranges."""

    features: list[tuple[float, float, float]]
    tilemap_ids: list[str]
    tilemaps: list[str] | None = Field(None, description="The same once more, of UMAP alone.")
    total: int


class FeaturesAnswer(BaseModel):
    """Coordinates of a dataset."""

    features: list[tuple[float, float, float]]
    total: int


class DatasetBrief(BaseModel):
    """A dataset in the list."""

    id: str
    name: str
    total: int
    created: str
    network: str | None
    main: bool


class DatasetsAnswer(BaseModel):
    """All datasets, the newest first."""

    datasets: list[DatasetBrief]


class Neighbor(BaseModel):
    """An image that is near."""

    index: int
    distance: float
    file: str


class NeighborsAnswer(BaseModel):
    """The nearest images by cosine distance of the features, the nearest first."""

    neighbors: list[Neighbor]


class JobAnswer(BaseModel):
    """A job."""

    id: str
    kind: str
    name: str
    status: Literal["waiting", "running", "done", "failed", "aborted"]
    stage: str
    stages: dict[str, tuple[int, int]] = Field(description="Stage → done, total.")
    done: int
    total: int
    created: str
    started: str | None
    finished: str | None
    error: str | None
    error_type: str | None
    result: dict[str, Any] | None


class JobStarted(BaseModel):
    """Work has begun."""

    job: JobAnswer
