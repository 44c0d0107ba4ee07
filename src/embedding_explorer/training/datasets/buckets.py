"""Images in an S3 bucket, one "folder" per category, downloaded to be parsed as folders are (contract, 4.4)."""

import errno
import ipaddress
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from embedding_explorer.datasets.stream import THREADS, ordered_map
from embedding_explorer.errors import BadInput, FetchFailed, LimitExceeded
from embedding_explorer.images.remote import is_public
from embedding_explorer.images.selection import safe_name
from embedding_explorer.training.datasets.bounds import Bounds
from embedding_explorer.training.datasets.folders import Report, Tell
from embedding_explorer.training.datasets.indexes import is_image
from embedding_explorer.training.datasets.places import Places
from embedding_explorer.training.datasets.spec import Bucket

# In a dataset's folder.
DOWNLOADS = "downloads"
# Waiting for the network costs no core: more at once than there are.
_AHEAD = 4 * THREADS
_TIMEOUTS = {"connect_timeout": 10, "read_timeout": 60, "retries": {"max_attempts": 3}}


class Wanted(NamedTuple):
    """One object, and where it goes."""

    key: str
    size: int
    target: Path


def download(bucket: Bucket, folder: Path, places: Places, bounds: Bounds, tell: Tell, report: Report) -> None:
    """Bring the images of each category into a subfolder of `folder`; those that are there already stay.

    Args:
        places: whether the service may be in a private network.
        tell: takes a line for the log.
        report: takes how many images of how many are there; may raise to end the work.

    Raises:
        BadInput: no such bucket or nothing in it.
        FetchFailed: the service cannot be reached or refuses.
        LimitExceeded: too many bytes or images.
    """
    check_endpoint(bucket.endpoint, private=places.private)
    guard = None if places.private else Guard()
    with _failing(bucket, guard):
        files = _connect(bucket, guard)
        wanted = list(_wanted(files, bucket, folder, bounds, tell))
        _check(wanted, bounds)
        fetched = ordered_map(lambda each: _fetch(files, each), wanted, _AHEAD)
        for number, problem in enumerate(fetched, 1):
            if problem:
                tell(problem)
            report(number, len(wanted) + 1)


def check_endpoint(endpoint: str, *, private: bool) -> None:
    """Raise FetchFailed for a service that cannot be found, or is in a private network without leave."""
    parts = urlsplit(endpoint)
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise FetchFailed(f"The service {endpoint[:200]!r} cannot be found; correct s3_endpoint_url.") from error
    addresses = [ipaddress.ip_address(str(where[0]).partition("%")[0]) for *_, where in found]
    if not private and not all(is_public(address) for address in addresses):
        raise _private(str(parts.hostname))


def _private(place: str) -> FetchFailed:
    return FetchFailed(
        f"{place!r} is a private address, from which this server fetches nothing (EXPLORER_ALLOW_PRIVATE_URLS)."
    )


class Guard:
    """Makes sockets to the internet alone, of the very address that is connected to.

    The client looks a name up anew for each connection and follows redirects, so what was checked before may have
    changed since.

    Attributes:
        refused: the last address that was refused.
    """

    def __init__(self) -> None:
        self.refused: str | None = None

    def socket(self, where: tuple[Any, ...]) -> socket.socket:
        """A socket for what `getaddrinfo` found; raises PermissionError for a private address."""
        family, kind, protocol, _, (address, *_) = where
        if not is_public(ipaddress.ip_address(str(address).partition("%")[0])):
            self.refused = str(address)
            raise PermissionError(errno.EACCES, "a private address")
        return socket.socket(family, kind, protocol)


def _connect(bucket: Bucket, guard: Guard | None) -> Any:
    import s3fs  # heavy, and only this method needs it

    # Not by a proxy of the environment: it would look the name up by itself.
    guarded = {} if guard is None else {"connector_args": {"socket_factory": guard.socket}, "proxies": {}}
    return s3fs.S3FileSystem(
        key=bucket.access_key,
        secret=bucket.secret_key,
        endpoint_url=bucket.endpoint,
        # MinIO and others have no host name per bucket.
        config_kwargs={"s3": {"addressing_style": "path"}, **_TIMEOUTS, **guarded},
        use_listings_cache=False,
        skip_instance_cache=True,
    )


def _wanted(files: Any, bucket: Bucket, folder: Path, bounds: Bounds, tell: Tell) -> Iterator[Wanted]:
    root = f"{bucket.bucket}/{bucket.prefix}"
    categories = sorted(each["name"] for each in files.ls(root, detail=True) if each["type"] == "directory")
    for category in categories:
        name = safe_name(category.rpartition("/")[2])
        if name is None or "/" in name:
            tell(f"passed over the category {category!r}: its name is unsafe")
            continue
        (folder / name).mkdir(parents=True, exist_ok=True)
        objects = sorted(files.find(category, detail=True).items())
        yield from _objects(category, objects, folder / name, bucket, bounds, tell)


def _objects(
    category: str, objects: list[tuple[str, Any]], folder: Path, bucket: Bucket, bounds: Bounds, tell: Tell
) -> Iterator[Wanted]:
    taken = 0
    for key, about in objects:
        name = safe_name(key.removeprefix(f"{category}/"))
        size = int(about["size"])
        if name is None or size > bounds.of_images.max_file_bytes:
            tell(f"passed over {key!r}: its name is unsafe, or its {size} bytes are too many")
        elif is_image(name) and taken != bucket.per_class.most:
            taken += 1
            yield Wanted(key, size, folder / name)


def _check(wanted: list[Wanted], bounds: Bounds) -> None:
    if not wanted:
        raise BadInput("There is no image under s3_path in the bucket. Give the prefix above the categories.")
    if len(wanted) > bounds.max_images or sum(each.size for each in wanted) > bounds.max_download_bytes:
        raise LimitExceeded(
            f"The bucket has {len(wanted)} images; at most {bounds.max_images} with {bounds.max_download_bytes} bytes "
            "are downloaded. Give a maximum per class."
        )


def _fetch(files: Any, wanted: Wanted) -> str:
    """Download one object; what went wrong with it alone."""
    target = wanted.target
    try:
        if target.is_file() and target.stat().st_size == wanted.size:
            return ""
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f"{target.name}.part")
        files.get_file(wanted.key, os.fspath(part))
        part.replace(target)
    except FileNotFoundError as error:  # deleted since it was listed, or below what is an image here
        return f"passed over {wanted.key!r}: {error.strerror or 'it is gone'}"
    except (FileExistsError, NotADirectoryError) as error:
        return f"passed over {wanted.key!r}: {error.strerror}"
    return ""


@contextmanager
def _failing(bucket: Bucket, guard: Guard | None) -> Iterator[None]:
    """Turn what the client raises into sentences, in which no key appears."""
    from botocore.exceptions import BotoCoreError, ClientError

    where = f"{bucket.bucket!r} at {bucket.endpoint[:200]}"
    try:
        yield
    except FileNotFoundError as error:
        raise BadInput(f"There is no bucket or prefix {where}; correct s3_bucket and s3_path.") from error
    except PermissionError as error:
        if error.errno is not None and error.filename is not None:
            raise  # the disk's
        raise FetchFailed(f"The service refuses {where}; correct the keys.") from error
    except (BotoCoreError, ClientError, TimeoutError) as error:
        if guard is not None and guard.refused:
            raise _private(guard.refused) from error
        raise FetchFailed(f"{where} cannot be read: {type(error).__name__}. Correct s3_endpoint_url.") from error
