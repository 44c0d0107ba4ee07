"""Registered networks: one row in the catalog and one folder of files each. Ids are never used twice."""

import json
import logging
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, MetaData, Row, String, Table, Text, delete, func, insert, select, update

from embedding_explorer.database import MAX_ID, BigId, Database
from embedding_explorer.errors import RegisteredNetworkNotFound
from embedding_explorer.networks.registered.folder import UNFINISHED, NetworkFolder, stage
from embedding_explorer.networks.registered.records import Draft, Network, moment

log = logging.getLogger(__name__)
NETWORKS = Table(
    "networks",
    MetaData(),
    Column("id", BigId, primary_key=True),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    # JSON as text: PostgreSQL's own type refuses characters that JSON admits.
    Column("metadata", Text, nullable=False),
    Column("framework", String, nullable=False),
    Column("preprocessing", Text, nullable=False),
    Column("postprocessings", Text, nullable=False),
    Column("task_id", BigId, nullable=False),
    Column("digest", String, nullable=False),
    Column("create_date", String, nullable=False),
    Column("update_date", String, nullable=False),
    sqlite_autoincrement=True,
)
JSON_COLUMNS = ("metadata", "preprocessing", "postprocessings")
# Of what may be long.
LENGTH = (
    func.length(NETWORKS.c.description) + func.length(NETWORKS.c.metadata) + func.length(NETWORKS.c.postprocessings)
)
BATCH = 1 << 22  # characters of texts that are read at a time
Also = Callable[[Connection, int], int]


class NetworkStore:
    """The networks of a workspace, in `<data>/networks/<id>/` and the catalog. Errors as of `Database`."""

    def __init__(self, data: Path, database: Database) -> None:
        self.root, self.database = data / "networks", database
        database.create(NETWORKS)

    def add(self, draft: Draft, files: dict[str, Path], staging: Path, make_task: Also) -> Network:
        """Register a network. `files` are moved from where they are; `staging` is a path that does not exist yet.

        `make_task` is called with the transaction and the new id, and gives the id of the deployment task. Whatever
        fails, nothing is left: neither row nor files.
        """
        digest = stage(staging, draft, files)
        try:
            network = self._insert(draft, digest, staging, make_task)
        except BaseException:
            shutil.rmtree(staging, ignore_errors=True)
            raise
        (self.folder(network.id).path / UNFINISHED).unlink()
        return network

    def get(self, network_id: int) -> Network:
        """The network with that id; raises RegisteredNetworkNotFound."""
        with self.database.reading() as connection:
            row = connection.execute(select(NETWORKS).where(NETWORKS.c.id == network_id)).one_or_none()
        if row is None:
            raise not_found(network_id)
        return _network(row)

    def count(self) -> int:
        """How many networks there are."""
        with self.database.reading() as connection:
            return connection.execute(select(func.count()).select_from(NETWORKS)).scalar_one()

    def ids(self) -> list[int]:
        """The ids of all networks."""
        with self.database.reading() as connection:
            return list(connection.execute(select(NETWORKS.c.id)).scalars())

    def page(self, offset: int, limit: int) -> list[Network]:
        """Networks by ascending id."""
        query = select(NETWORKS).order_by(NETWORKS.c.id).offset(min(offset, MAX_ID)).limit(limit)
        with self.database.reading() as connection:
            return [_network(row) for row in connection.execute(query)]

    def batches(self, offset: int, limit: int) -> Iterator[list[Network]]:
        """The networks of a page, a few at a time where they have much text; one of more than BATCH comes alone."""
        query = select(LENGTH).order_by(NETWORKS.c.id).offset(min(offset, MAX_ID)).limit(limit)
        with self.database.reading() as connection:
            lengths = list(connection.execute(query).scalars())
        for count in _batches(lengths):
            yield self.page(offset, count)
            offset += count

    def update(self, network_id: int, values: dict[str, Any]) -> Network:
        """Change fields of a network; without any, not even the date. Raises RegisteredNetworkNotFound."""
        if not values:
            return self.get(network_id)
        with self.database.writing() as connection:
            row = connection.execute(
                select(NETWORKS).where(NETWORKS.c.id == network_id).with_for_update()
            ).one_or_none()
            if row is None:
                raise not_found(network_id)
            network = _network(row).changed(**values)
            changed = _columns({**values, "update_date": network.update_date})
            connection.execute(update(NETWORKS).where(NETWORKS.c.id == network_id).values(changed))
        return network

    def set_task(self, connection: Connection, network_id: int, task_id: int) -> None:
        """Note a network's new deployment task."""
        connection.execute(update(NETWORKS).where(NETWORKS.c.id == network_id).values(task_id=task_id))

    def delete(self, network_id: int, also: Callable[[Connection], None]) -> None:
        """Remove a network and its files; `also` takes part in the transaction. Raises RegisteredNetworkNotFound."""
        folder = self.folder(network_id)
        with self.database.writing() as connection:
            if folder.path.is_dir():
                (folder.path / UNFINISHED).touch()
            if not connection.execute(delete(NETWORKS).where(NETWORKS.c.id == network_id)).rowcount:
                raise not_found(network_id)
            also(connection)
        folder.remove()

    def folder(self, network_id: int | str) -> NetworkFolder:
        """Where a network's files are."""
        return NetworkFolder(self.root / str(network_id))

    def sweep(self) -> None:
        """Delete what crashes left over; no other process registers networks meanwhile."""
        for marker in self.root.glob(f"*/{UNFINISHED}"):
            folder = marker.parent
            try:
                self.get(int(folder.name))
                marker.unlink()
            except (RegisteredNetworkNotFound, ValueError):
                shutil.rmtree(folder, ignore_errors=True)

    def _insert(self, draft: Draft, digest: str, staging: Path, make_task: Also) -> Network:
        created, target = moment(), None
        try:
            with self.database.writing() as connection:
                values = _columns(vars(draft)) | {"digest": digest, "create_date": created, "update_date": created}
                query = insert(NETWORKS).values(values | {"task_id": 0}).returning(NETWORKS.c.id)
                network_id = int(connection.execute(query).scalar_one())
                task_id = make_task(connection, network_id)
                self.set_task(connection, network_id, task_id)
                target = self._free_folder(network_id)
                staging.rename(target)
        except BaseException:
            if target is not None:
                shutil.rmtree(target, ignore_errors=True)
            raise
        return Network(
            **vars(draft), id=network_id, create_date=created, update_date=created, task_id=task_id, digest=digest
        )

    def _free_folder(self, network_id: int) -> Path:
        target = self.folder(network_id).path
        self.root.mkdir(exist_ok=True)
        if target.exists():  # of another catalog that used this data folder
            aside = target.with_name(f"{target.name}-of-another-catalog-{moment().translate({ord(':'): None})}")
            log.warning("%s is not in this catalog; it is called %s now", target, aside.name)
            target.rename(aside)
        return target


def not_found(key: object) -> RegisteredNetworkNotFound:
    """The error for a network that there is not."""
    return RegisteredNetworkNotFound(f"There is no network {str(key)[:80]!r}.", network=str(key)[:80])


def _batches(lengths: Iterable[int]) -> Iterator[int]:
    """How many texts at a time, of these lengths, have at most BATCH characters together; one at least."""
    count = size = 0
    for length in lengths:
        if count and size + length > BATCH:
            yield count
            count = size = 0
        count, size = count + 1, size + length
    if count:
        yield count


def _columns(values: dict[str, Any]) -> dict[str, Any]:
    return {name: json.dumps(value) if name in JSON_COLUMNS else value for name, value in values.items()}


def _network(row: Row[Any]) -> Network:
    values = dict(row._mapping)
    return Network(**{name: json.loads(v) if name in JSON_COLUMNS else v for name, v in values.items()})
