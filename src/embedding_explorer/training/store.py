"""Model stores (contract, 7.5): web folders, or folders of this machine, that hold unpacked archives of models."""

import json
import logging
import os
import shutil
import socket
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any, BinaryIO, Protocol
from urllib.parse import quote, unquote, urlsplit

import orjson

from embedding_explorer.datasets.disk import full_disk_named
from embedding_explorer.errors import BadInput, ExplorerError, FetchFailed, LimitExceeded, NotFound, TooManyTasks
from embedding_explorer.images.remote import Limits, check_url, fetch, is_public
from embedding_explorer.training.archives import INFO, top_level
from embedding_explorer.training.datasets.indexes import read_index
from embedding_explorer.training.datasets.places import Places, is_url
from embedding_explorer.training.pretrained import named_files, object_of

log = logging.getLogger(__name__)
MASTER, AUX = "master.json", "aux.json"
DAY = 24 * 3600.0
RETRY_SECONDS = 60.0  # until a store that was not reachable is asked again
MAX_CHILDREN = 500
MAX_TEXT = 1 << 20  # bytes of one of its JSON files
TEXT_SECONDS, LIST_SECONDS, FILE_SECONDS = 10.0, 60.0, 3600.0
THREADS = 8
SHARE_OF_WEIGHTS = 90  # percent of a download: the other files are small
Tell = Callable[[int, int | None], None]


class Shelf(Protocol):
    """Where one store lies."""

    @property
    def base(self) -> str:
        """Its address or path, with a slash at its end."""

    def read(self, name: str, seconds: float) -> bytes:
        """A small file; raises FetchFailed."""

    def copy(self, name: str, target: Path, most: int, tell: Tell) -> None:
        """A file of at most so many bytes to the new file `target`; raises FetchFailed, or what `tell` raises."""

    def folders(self) -> list[str]:
        """Names of the folders in it, where no index says them; raises FetchFailed."""


@dataclass(frozen=True)
class WebShelf:
    """A store behind an address, which ends with a slash."""

    base: str
    private: bool

    def read(self, name: str, seconds: float) -> bytes:
        """See `Shelf`."""
        with tempfile.TemporaryDirectory(prefix="explorer-") as folder:
            target = Path(folder) / "file"
            fetch(self._url(name), target, Limits(self.private, MAX_TEXT, seconds))
            return target.read_bytes()

    def copy(self, name: str, target: Path, most: int, tell: Tell) -> None:
        """See `Shelf`."""
        fetch(self._url(name), target, Limits(self.private, most, FILE_SECONDS, tell))

    def folders(self) -> list[str]:
        """See `Shelf`."""
        found = read_index(self.base, Places((), urls=True, private=self.private)).folders
        return [unquote(url.removeprefix(self.base)) for url in found]

    def _url(self, name: str) -> str:
        return self.base + quote(name)


@dataclass(frozen=True)
class FolderShelf:
    """A store in a folder of this machine, which only the operator can name."""

    base: str

    def read(self, name: str, seconds: float) -> bytes:
        """See `Shelf`."""
        with self._open(name, MAX_TEXT) as file:
            return file.read(MAX_TEXT)

    def copy(self, name: str, target: Path, most: int, tell: Tell) -> None:
        """See `Shelf`."""
        with self._open(name, most) as source, target.open("wb") as file:
            tell(0, os.fstat(source.fileno()).st_size)
            shutil.copyfileobj(source, file)

    def folders(self) -> list[str]:
        """See `Shelf`."""
        try:
            return sorted(path.name for path in Path(self.base).iterdir() if path.is_dir())
        except OSError as error:
            raise FetchFailed(f"The model store {self.base} cannot be read: {error.strerror}.") from error

    def _open(self, name: str, most: int) -> BinaryIO:
        root = Path(self.base).resolve()
        try:
            path = (root / name).resolve()
            if not path.is_relative_to(root) or not path.is_file() or path.stat().st_size > most:
                raise FetchFailed(f"{name[:200]} is not in the model store {self.base}, or larger than {most} bytes.")
            return path.open("rb")
        except OSError as error:
            raise FetchFailed(f"{name[:200]} of the model store {self.base}: {error.strerror}.") from error


@dataclass(frozen=True)
class Offer:
    """A model in a store."""

    id: str
    shelf: Shelf
    folder: str
    info: dict[str, Any]
    aux: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """As the API lists it."""
        return {"dir_name": self.folder, "id": self.id, "info": self.info, "aux": self.aux}


@dataclass
class _Listing:
    begun: float = -1.0
    answer: dict[str, Any] = field(default_factory=dict)
    offers: dict[str, Offer] = field(default_factory=dict)
    until: float = -1.0


class Store:
    """All stores that the operator named. Methods may be called from any thread."""

    def __init__(self, addresses: str, most: int, private: bool = False, seats: int = 8) -> None:
        """
        Args:
            addresses: separated by commas: http(s) addresses, or paths of folders or of their index.
            most: bytes of one model.
            private: whether addresses that these redirect to may be in a private network.
            seats: how many may wait for a listing, and how many for a model, at the same time.
        """
        self._addresses = [each.strip() for each in addresses.split(",") if each.strip()]
        self._most, self._private = most, private
        self._listing, self._mutex = _Listing(), threading.Lock()
        self._readers, self._fetches = threading.BoundedSemaphore(seats), threading.BoundedSemaphore(seats)
        self._progress: dict[str, int] = {}

    def models(self, refresh: bool = False) -> dict[str, Any]:
        """Base address → `base_url`, `welcome_msg` and `model_list`; stores that cannot be reached are left out.

        Raises TooManyTasks where as many wait for a listing as may.
        """
        return self._current(refresh).answer

    def fetch(self, id: str, folder: Path) -> None:
        """Write the files of a model into an empty folder, as its archive has them.

        Raises NotFound for an unknown id, FetchFailed, LimitExceeded, StorageFull, TooManyTasks.
        """
        offer = self._current(False).offers.get(id)
        if offer is None:
            raise NotFound(f"There is no model {id[:80]!r} in the stores. Ask /store/models for ids.")
        with seated(self._fetches, "As many models are fetched as may be"), full_disk_named(folder):
            try:
                self._progress[id] = 0
                self._fetch(offer, folder)
            finally:
                self._progress.pop(id, None)

    def progress(self, id: str) -> int | None:
        """How far the download of a model is, in percent; None while there is none."""
        return self._progress.get(id)

    def _current(self, refresh: bool) -> _Listing:
        arrived, known = time.monotonic(), self._listing
        if not refresh and arrived <= known.until:
            return known
        with seated(self._readers, "As many wait for the model stores as may"), self._mutex:
            # Who waited meanwhile is answered with what was read for others.
            stale = self._listing.begun < arrived if refresh else time.monotonic() > self._listing.until
            if stale:
                self._listing = self._read()
            return self._listing

    def _read(self) -> _Listing:
        found, reached = _Listing(time.monotonic()), True
        for address in self._addresses:
            try:
                shelf, index = shelf_of(address, self._private)
                message, offers = read_shelf(shelf, index)
            except ExplorerError as error:
                log.warning("the model store %s is left out: %s", address, error)
                reached = False
                continue
            found.offers |= {offer.id: offer for offer in offers}
            listed = [offer.to_json() for offer in offers]
            found.answer[shelf.base] = {"base_url": shelf.base, "welcome_msg": message, "model_list": listed}
        found.until = time.monotonic() + (DAY if reached else RETRY_SECONDS)
        return found

    def _fetch(self, offer: Offer, folder: Path) -> None:
        names, left = named_files(offer.info), self._most
        for number, name in enumerate(names):
            tell = self._teller(offer.id, number, len(names), left)
            offer.shelf.copy(f"{offer.folder}/{name}", folder / name, self._most, tell)
            left -= (folder / name).stat().st_size
        (folder / INFO).write_text(json.dumps(offer.info))

    def _teller(self, id: str, number: int, count: int, left: int) -> Tell:
        """Takes how far a file of a model is; raises LimitExceeded where it has more than is left for it."""

        def tell(done: int, total: int | None) -> None:
            if max(done, total or 0) > left:
                raise LimitExceeded(f"The model has more than {self._most} bytes (EXPLORER_MAX_NETWORK_BYTES).")
            share = done / total if total else 0.0
            others = (100 - SHARE_OF_WEIGHTS) / max(1, count - 1)
            percent = SHARE_OF_WEIGHTS * share if number == 0 else SHARE_OF_WEIGHTS + (number - 1 + share) * others
            self._progress[id] = min(99, int(percent))

        return tell


@contextmanager
def seated(seats: threading.BoundedSemaphore, full: str) -> Iterator[None]:
    """Hold a seat; raises TooManyTasks, saying that it is full, where there is none left."""
    if not seats.acquire(blocking=False):
        raise TooManyTasks(f"{full} at a time (EXPLORER_WEB_THREADS). Try again later.")
    try:
        yield
    finally:
        seats.release()


def shelf_of(address: str, private: bool) -> tuple[Shelf, str]:
    """Where a store lies, and the name of its index; raises BadInput for what is neither an address nor a path."""
    index = MASTER
    if address.endswith(".json"):
        address, _, index = address.rpartition("/")
    base = address.rstrip("/") + "/"
    if not is_url(address):
        return FolderShelf(base.removeprefix("file://")), index
    check_url(base)
    # An address that the operator chose in his own network may answer; one of the internet may not lead there.
    return WebShelf(base, private or is_private(base)), index


def is_private(url: str) -> bool:
    """Whether a host lies in a private network; not where its address cannot be found."""
    try:
        found = socket.getaddrinfo(urlsplit(url).hostname, None, type=socket.SOCK_STREAM)
        return any(not is_public(ip_address(str(where[0]).partition("%")[0])) for *_, where in found)
    except (OSError, UnicodeError, ValueError):
        return False


def read_shelf(shelf: Shelf, index: str = MASTER) -> tuple[str, list[Offer]]:
    """The welcome of a store, and the models in it; raises FetchFailed, BadInput."""
    deadline = time.monotonic() + LIST_SECONDS
    message, names = _index(shelf, index)
    with ThreadPoolExecutor(THREADS, "store") as pool:
        offers = list(pool.map(lambda name: _offer(shelf, name, deadline), names))
    return message, [offer for offer in offers if offer is not None]


def _index(shelf: Shelf, name: str) -> tuple[str, Sequence[str]]:
    try:
        data = shelf.read(name, TEXT_SECONDS)
    except FetchFailed:
        return "", list(_plain_names(shelf.folders()))
    value = object_of(data, name)
    children = value.get("children")
    message = str(value.get("msg", ""))[:MAX_TEXT].encode("utf-8", "replace").decode()
    return message, list(_plain_names(children if isinstance(children, list) else []))


def _plain_names(names: Sequence[object]) -> Iterator[str]:
    """Those that lead nowhere else, at most `MAX_CHILDREN`."""
    for name in names[:MAX_CHILDREN]:
        bare = name.strip("/") if isinstance(name, str) else ""
        try:
            if bare and top_level(bare) == bare:  # which has printable characters alone, so no lone surrogates
                yield bare
        except BadInput:
            continue


def _offer(shelf: Shelf, folder: str, deadline: float) -> Offer | None:
    """A model; None for a folder that holds none, or came too late."""
    left = min(TEXT_SECONDS, deadline - time.monotonic())
    if left <= 0:
        return None
    try:
        info = object_of(shelf.read(f"{folder}/{INFO}", left), INFO)
        named_files(info)
    except ExplorerError as error:
        log.info("%s in the model store %s is left out: %s", folder, shelf.base, error)
        return None
    try:
        aux = object_of(shelf.read(f"{folder}/{AUX}", left), AUX)
    except ExplorerError:
        aux = {}
    return _shown(Offer(str(uuid.uuid4()), shelf, folder, info, aux))


def _shown(offer: Offer) -> Offer | None:
    """The offer, unless it has what no answer can: integers of more than 64 bits, lone surrogates, deep nesting."""
    try:
        orjson.dumps(offer.to_json())
    except TypeError as error:
        log.info("%s in the model store %s is left out: %s", offer.folder, offer.shelf.base, error)
        return None
    return offer
