"""Downloading weights from where torchvision publishes them."""

import urllib.error
import urllib.request
from http.client import HTTPException, HTTPResponse
from pathlib import Path

from embedding_explorer.errors import BadInput, NetworkUnavailable
from embedding_explorer.networks.base import Progress
from embedding_explorer.networks.definitions import Definition, WeightsFile, define
from embedding_explorer.networks.weights import check, models_folder, sha256

CHUNK = 1024 * 1024
TIMEOUT = 60.0
# The largest network of torchvision has 1.2 GB; this only keeps a wrong address from filling the disk.
MAX_WEIGHTS_BYTES = 4 * 1024**3


def fetch(name: str, data: Path, progress: Progress | None = None, timeout: float = TIMEOUT) -> Path:
    """Download the preferred weights of a network into the data folder, unless they are there already.

    An interrupted download is resumed. `progress` counts bytes; `timeout` is in
    seconds without one. torchvision is imported for the address.

    Raises:
        UnknownNetwork: no such network.
        BadInput: a network without anything to fetch.
        NetworkUnavailable: no connection, or what arrived is not what its name promises.
    """
    definition = define(name)
    if not definition.weights or not definition.weights[0].member:
        raise BadInput(f"There is nothing to fetch for {name}: its weights come with the program.", network=name)
    file = definition.weights[0]
    target = models_folder(data) / file.name
    if target.is_file():
        check(target, file, data)
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    return download(address(definition, file), target, file.prefix, progress or (lambda done, total: None), timeout)


def address(definition: Definition, file: WeightsFile) -> str:
    """Where torchvision publishes a file of weights."""
    from torchvision.models import get_model_weights

    url: str = get_model_weights(definition.name)[file.member].url
    return url


def download(url: str, target: Path, prefix: str, progress: Progress, timeout: float = TIMEOUT) -> Path:
    """Download `url` to `target` by way of a `.part` file, and check that its sha256 starts with `prefix`."""
    part = target.with_name(target.name + ".part")
    try:
        _transfer(url, part, progress, timeout)
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise NetworkUnavailable(
            f"{target.name} could not be downloaded from {url}: {reason}. Try again, or download it elsewhere and put "
            f"it into {target.parent}.",
            url=url,
            path=str(target),
        ) from error
    digest = sha256(part)
    if not digest.startswith(prefix):
        part.unlink()
        raise NetworkUnavailable(
            f"What {url} sent is damaged: its sha256 should start with {prefix} but is {digest}. Try again, or "
            f"download it elsewhere and put it into {target.parent}.",
            url=url,
            expected=prefix,
            found=digest,
        )
    part.replace(target)
    return target


def _transfer(url: str, part: Path, progress: Progress, timeout: float) -> None:
    done = part.stat().st_size if part.exists() else 0
    try:
        response = _request(url, done, timeout)
    except urllib.error.HTTPError as error:
        if error.code != 416:  # asked for what follows the last byte: the part is complete
            raise
        return
    with response:
        resumed = response.status == 206
        done = done if resumed else 0
        total = done + int(response.headers.get("Content-Length") or 0)
        with part.open("ab" if resumed else "wb") as file:
            while chunk := response.read(CHUNK):
                done += file.write(chunk)
                if done > MAX_WEIGHTS_BYTES:
                    raise OSError(f"it sends more than {MAX_WEIGHTS_BYTES} bytes")
                progress(done, max(total, done))
        if done < total:
            raise OSError(f"the connection ended after {done} of {total} bytes")


def _request(url: str, start: int, timeout: float) -> HTTPResponse:
    headers = {"Range": f"bytes={start}-"} if start else {}
    response: HTTPResponse = urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=timeout)
    return response
