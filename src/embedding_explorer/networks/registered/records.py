"""A registered network as the catalog keeps it and as answers show it."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

Key = int | str
"""An integer for a network of a user, a slug for a public one."""
PUBLIC_KEY = "public/"


@dataclass(frozen=True)
class Draft:
    """A network before it has an id: all that a user says of it."""

    name: str
    description: str
    metadata: dict[str, Any]
    framework: str
    preprocessing: dict[str, Any]
    postprocessings: list[Any]


@dataclass(frozen=True)
class Network(Draft):
    """A network of the workspace, or a public one. `digest` stands for its files, framework and preprocessing."""

    id: Key
    create_date: str
    update_date: str
    task_id: int
    digest: str

    def to_json(self) -> dict[str, Any]:
        """The object of the networks API."""
        return {
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "create_date": self.create_date,
            "update_date": self.update_date,
            "metadata": self.metadata,
            "framework": self.framework,
            "preprocessing": self.preprocessing,
            "postprocessings": self.postprocessings,
            "task_id": self.task_id,
        }

    def bare(self) -> "Network":
        """The network without what only people read, of which there may be much: a thousand tasks may wait with it."""
        return replace(self, description="", metadata={}, postprocessings=[])

    def changed(self, **values: Any) -> "Network":
        """The network after an update, whose date is later than the one before even where the clock is not."""
        return replace(self, **values, update_date=moment(after=self.update_date))


def moment(after: str | None = None) -> str:
    """Now, ISO 8601 in UTC to the microsecond; later than the moment `after`."""
    now = datetime.now(UTC)
    if after is not None:
        now = max(now, datetime.fromisoformat(after) + timedelta(microseconds=1))
    return now.isoformat(timespec="microseconds").replace("+00:00", "Z")


def text_of(key: Key) -> str:
    """How the catalog writes a network's key: a slug is never taken for an integer."""
    return str(key) if isinstance(key, int) else f"{PUBLIC_KEY}{key}"
