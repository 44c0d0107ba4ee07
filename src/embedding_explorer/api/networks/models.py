"""What the networks API takes and gives, for its description. Bodies are read by `bodies`, which knows their rules."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from embedding_explorer.api.schemas import SharedModel


class NetworkPath(BaseModel):
    """A network of the workspace."""

    id: int = Field(description="Its id.")


class PublicPath(BaseModel):
    """A public network."""

    slug: str = Field(description="Its id, such as `imagenet-inception-v1`.")


class TaskPath(BaseModel):
    """A task."""

    id: int = Field(description="Its id.")


class Failure(SharedModel):
    """Every error."""

    error: str = Field(description="One line for a person.")
    code: str = Field(description="A slug for a program.")
    fields: dict[str, list[str]] | None = Field(None, description="What is wrong with each field.")


class NetworkAnswer(BaseModel):
    """A network."""

    id: int | str = Field(description="An integer; the slug of a public network.")
    name: str
    description: str
    create_date: str = Field(description="ISO 8601, UTC.")
    update_date: str
    metadata: dict[str, Any]
    framework: str
    preprocessing: dict[str, Any]
    postprocessings: list[dict[str, Any]]
    task_id: int = Field(description="The deployment task.")


class PageAnswer(BaseModel):
    """One page of a list."""

    count: int = Field(description="Length of the whole list.")
    next: str | None = Field(description="Address of the next page.")
    previous: str | None
    prev: str | None = Field(description="The same as `previous`.")


class NetworksPage(PageAnswer):
    """A page of networks."""

    results: list[NetworkAnswer]


class LayerAnswer(BaseModel):
    """A layer of a network."""

    name: str
    type: str
    shape: list[int | None] | None = Field(description="null for axes that vary, and where nothing is known.")
    dtype: str
    input: bool
    output: bool


class LayersPage(PageAnswer):
    """A page of layers in execution order."""

    results: list[LayerAnswer]


class TaskCreated(BaseModel):
    """An inference that waits for its turn."""

    task_id: int


class TaskAnswer(BaseModel):
    """A task."""

    id: int
    status: Literal["pending", "success", "error"]
    error: str | None
    date_created: str
    date_updated: str | None
    data: dict[str, Any] | None = Field(description="Of an inference: `tensors`; of a deployment: `network_id`.")
    subtasks: None


class TasksPage(PageAnswer):
    """A page of tasks."""

    results: list[TaskAnswer]


class AccountAnswer(BaseModel):
    """The workspace."""

    id: int
    name: str
