"""Fetching one file from an address that a user gave, without lending the user this machine's place in its network."""

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from embedding_explorer import __version__
from embedding_explorer.errors import BadInput, FetchFailed

MAX_BYTES, MAX_SECONDS, MAX_REDIRECTS = 64 << 20, 20.0, 5
MAX_LENGTH = 8192  # characters of an address
REDIRECTS = (301, 302, 303, 307, 308)
PIECE = 64 * 1024
HEADERS = {"User-Agent": f"embedding-explorer/{__version__}", "Accept": "image/*, */*;q=0.1"}
PORTS = {"http": 80, "https": 443}
LOOPBACK_NAMES = ("localhost", "ip6-localhost")
# Addresses of the IPv6 internet that lead to the IPv4 address in their last four bytes (RFC 6052, RFC 8215).
# Networks of IPv6 whose addresses end with one of IPv4: of translators, and two forms that are not used any more.
TRANSLATED = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "::/96", "::ffff:0:0:0/96")))
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True)
class Limits:
    """How much, how long, and whether private addresses are allowed; `tell` hears of bytes, and of how many in all."""

    private: bool = False
    most: int = MAX_BYTES
    seconds: float = MAX_SECONDS
    tell: Callable[[int, int | None], None] = lambda done, total: None


def check_url(url: str) -> None:
    """Raise BadInput unless the text is an http(s) address; nothing is looked up."""
    if len(url) > MAX_LENGTH:
        raise BadInput(f"The address has {len(url)} characters; at most {MAX_LENGTH} are allowed.")
    _parts(url)


def fetch(url: str, target: Path, limits: Limits) -> None:
    """Write what an address answers to the new file `target`.

    Every hop is resolved once, and the connection goes to one of the addresses that were checked, so a name cannot
    change its mind in between.

    Raises:
        FetchFailed: refused address, network, status, size or time; one line for a user.
    """
    deadline = time.monotonic() + limits.seconds
    try:
        for _ in range(MAX_REDIRECTS + 1):
            onward = _hop(url, target, limits, deadline)
            if onward is None:
                return
            url = onward
    except (OSError, http.client.HTTPException, ValueError, FetchFailed) as error:
        if time.monotonic() >= deadline:
            raise _failed(url, f"it took longer than {limits.seconds:g} seconds") from error
        if isinstance(error, FetchFailed):
            raise
        raise _failed(url, _reason(error)) from error
    raise _failed(url, f"it redirects more than {MAX_REDIRECTS} times")


def listens_on_loopback(host: str) -> bool:
    """Whether a server on that address serves this machine only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() in LOOPBACK_NAMES


def is_public(address: Address) -> bool:
    """Whether an address belongs to the internet, however it is written."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo and address.teredo[1])
        if any(address in network for network in TRANSLATED):
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner:
            return is_public(inner)
        if address.is_site_local:
            return False
    return address.is_global and not address.is_multicast


def _hop(url: str, target: Path, limits: Limits, deadline: float) -> str | None:
    """One request; the address to go on with, or None when the file is there."""
    parts = _parts(url)
    with _connected(parts, limits, deadline) as connection:
        connection.request("GET", _path(parts), headers=HEADERS)
        response = connection.getresponse()
        location = response.headers.get("Location")
        if response.status in REDIRECTS and location:
            return _onward(url, location)
        if response.status != 200:
            raise _failed(url, f"it answers with status {response.status}")
        _save(response, target, limits, url)
    if time.monotonic() >= deadline:  # where the length is not known, a cut connection looks like the end
        raise TimeoutError
    return None


def _onward(url: str, location: str) -> str:
    onward = urljoin(url, location)
    try:
        check_url(onward)
    except BadInput as error:
        raise _failed(url, "it redirects to what is no http or https address") from error
    return onward


def _save(response: http.client.HTTPResponse, target: Path, limits: Limits, url: str) -> None:
    length, count = response.length, 0
    too_large = _failed(url, f"it is larger than {limits.most} bytes")
    if length is not None and length > limits.most:
        raise too_large
    with target.open("xb") as file:
        while piece := response.read1(PIECE):
            count += file.write(piece)
            limits.tell(count, length)
            if count > limits.most:
                raise too_large
    if length is not None and count < length:
        raise _failed(url, f"it broke off after {count} of {length} bytes")


@contextmanager
def _connected(parts: SplitResult, limits: Limits, deadline: float) -> Iterator[http.client.HTTPConnection]:
    """A connection to a checked address, cut at the deadline: a trickle of bytes would keep every single read alive."""
    host, port = str(parts.hostname), parts.port or PORTS[parts.scheme]
    connection = http.client.HTTPConnection(_host(host), port)
    connection.default_port = PORTS[parts.scheme]  # so that the header Host does not name it
    live = [_open(_resolve(host, port, limits.private), deadline)]
    cut = threading.Timer(max(0.0, deadline - time.monotonic()), _shut, (live,))
    cut.daemon = True
    cut.start()
    try:
        if parts.scheme == "https":
            # In two steps: a handshake that never ends is cut as well.
            secured = _context().wrap_socket(live[0], server_hostname=host, do_handshake_on_connect=False)
            live.append(secured)
            secured.do_handshake()
        connection.sock = live[-1]
        yield connection
    finally:
        cut.cancel()
        connection.close()
        for each in live:
            each.close()


@cache  # reading all certificates takes a while
def _context() -> ssl.SSLContext:
    return ssl.create_default_context()


def _resolve(host: str, port: int, private: bool) -> list[tuple[int, tuple[object, ...]]]:
    """Families and addresses of a host that may be connected to; raises FetchFailed when there is none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise FetchFailed(f"The address of {host[:100]!r} cannot be found.") from error
    allowed: list[tuple[int, tuple[object, ...]]] = [
        (family, where)
        for family, _, _, _, where in found
        if private or is_public(ipaddress.ip_address(str(where[0]).partition("%")[0]))
    ]
    if not allowed:
        raise FetchFailed(
            f"{host[:100]!r} is a private address, from which this server fetches nothing (EXPLORER_ALLOW_PRIVATE_URLS)."
        )
    return allowed


def _open(addresses: list[tuple[int, tuple[object, ...]]], deadline: float) -> socket.socket:
    failure: OSError = TimeoutError()
    for family, where in addresses:
        left = deadline - time.monotonic()
        if left <= 0:
            break
        connection = socket.socket(family, socket.SOCK_STREAM)
        try:
            connection.settimeout(left)
            connection.connect(where)
        except OSError as error:
            connection.close()
            failure = error
        else:
            return connection
    raise failure


def _shut(live: list[socket.socket]) -> None:
    try:
        live[-1].shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # closed already


def _parts(url: str) -> SplitResult:
    """The parts of an http(s) address; raises BadInput."""
    refusal = BadInput("An address of a picture begins with http:// or https:// and names a host.")
    if any(c.isspace() or not c.isprintable() for c in url):
        raise refusal
    try:
        parts = urlsplit(url)
        usable = parts.scheme in PORTS and parts.hostname and parts.port != 0
    except ValueError as error:
        raise refusal from error
    if not usable or "@" in parts.netloc:
        raise refusal
    return parts


def _path(parts: SplitResult) -> str:
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    return f"{path}?{quote(parts.query, safe='/%:@!$&()*+,;=~-._?')}" if parts.query else path


def _host(host: str) -> str:
    return f"[{host}]" if ":" in host else host.encode("idna").decode()


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid ({error.verify_message})"
    return f"the connection failed ({getattr(error, 'strerror', None) or type(error).__name__})"


def _failed(url: str, reason: str) -> FetchFailed:
    return FetchFailed(f"{url[:200]} cannot be fetched: {reason}.", url=url[:200])
