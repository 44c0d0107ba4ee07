"""Fetching from addresses that users give: bounds, and every known way to reach what only this machine can reach."""

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from embedding_explorer.errors import BadInput, FetchFailed
from embedding_explorer.images import remote
from embedding_explorer.images.remote import Limits, check_url, fetch, is_public, listens_on_loopback
from tests.picture_host import Answer, certificate_of, content, redirect, web

ALL = Limits(private=True, most=100_000, seconds=5)


def trickle(handler: BaseHTTPRequestHandler) -> None:
    """A byte now and then, so that no single read times out."""
    handler.send_response(200)
    handler.end_headers()
    for _ in range(100):
        handler.wfile.write(b"x")
        time.sleep(0.05)


def slow_head(handler: BaseHTTPRequestHandler) -> None:
    for byte in b"HTTP/1.0 200 OK\r\n" + b"X: y\r\n" * 100:
        handler.wfile.write(bytes([byte]))
        time.sleep(0.05)


ANSWERS: dict[str, Answer] = {
    "/ok": content(b"picture"),
    "/p%C3%A4th%20x": content(b"quoted"),
    "/missing": content(b"no", 404),
    "/large": content(b"x" * 100_001),
    "/large-unsaid": content(b"x" * 300_000, **{"Content-Length": ""}),
    "/short": content(b"x" * 10, **{"Content-Length": "20"}),
    "/trickle": trickle,
    "/slow-head": slow_head,
    "/to-ok": redirect("/ok"),
    "/loop": redirect("/loop"),
    "/to-file": redirect("file:///etc/passwd"),
    "/nowhere": content(b"", 302),
    **{f"/hop{n}": redirect(f"/hop{n - 1}", 307) for n in range(1, 7)},
    "/hop0": content(b"arrived"),
}


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with web(ANSWERS) as address:
        yield address


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "picture"


@pytest.mark.parametrize(
    ("path", "data"),
    [("/ok", b"picture"), ("/to-ok", b"picture"), ("/hop5", b"arrived"), ("/päth%20x?a=ü b"[:-4], b"quoted")],
)
def test_a_file_arrives_over_up_to_five_redirects(site: str, target: Path, path: str, data: bytes) -> None:
    fetch(site + path, target, ALL)
    assert target.read_bytes() == data


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/missing", "status 404"),
        ("/large", "larger than 100000"),
        ("/large-unsaid", "larger than 100000"),
        ("/short", "broke off after 10 of 20"),
        ("/loop", "more than 5 times"),
        ("/hop6", "more than 5 times"),
        ("/to-file", "no http or https"),
        ("/nowhere", "status 302"),
    ],
)
def test_failures_have_a_reason_of_one_line(site: str, target: Path, path: str, reason: str) -> None:
    with pytest.raises(FetchFailed, match=reason) as failed:
        fetch(site + path, target, ALL)
    assert "\n" not in failed.value.message


@pytest.mark.parametrize("path", ["/trickle", "/slow-head"])
def test_a_trickle_is_cut_off_at_the_deadline(site: str, target: Path, path: str) -> None:
    begin = time.monotonic()
    with pytest.raises(FetchFailed, match=r"longer than 0\.5 seconds"):
        fetch(site + path, target, Limits(private=True, seconds=0.5))
    assert time.monotonic() - begin < 2


def test_a_handshake_that_never_ends_is_cut_off_too(target: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        begin = time.monotonic()
        with pytest.raises(FetchFailed):
            fetch(f"https://127.0.0.1:{listener.getsockname()[1]}/", target, Limits(private=True, seconds=0.5))
        assert time.monotonic() - begin < 3


def test_pictures_come_by_tls_from_who_can_prove_the_name(
    target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right, wrong = (certificate_of(host, tmp_path) for host in ("localhost", "elsewhere.example"))
    with web(ANSWERS, right) as site, web(ANSWERS, wrong) as impostor:
        with pytest.raises(FetchFailed, match="its certificate is not valid"):
            fetch(f"{site}/ok", target, ALL)
        trusting = ssl.create_default_context()
        for each in (right, wrong):
            trusting.load_verify_locations(each)
        monkeypatch.setattr(remote, "_context", lambda: trusting)
        fetch(f"{site}/ok", target, ALL)
        assert target.read_bytes() == b"picture"
        with pytest.raises(FetchFailed, match=r"its certificate is not valid \(Hostname mismatch"):
            fetch(f"{impostor}/ok", target, ALL)


def test_what_does_not_speak_tls_is_no_https(target: Path, site: str) -> None:
    with pytest.raises(FetchFailed, match="the connection failed"):
        fetch(site.replace("http:", "https:") + "/ok", target, ALL)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "0.0.0.0", "127.1", "2130706433", "0x7f000001", "017700000001", "[::1]", "[::]",
     "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "10.0.0.1", "172.16.0.1",
     "192.168.1.1", "169.254.169.254", "100.64.0.1", "[fe80::1]", "[fc00::1]", "[fd00::1]", "224.0.0.1",
     "255.255.255.255", "192.0.2.1"],
)  # fmt: skip
def test_private_addresses_are_refused_however_they_are_written(host: str, target: Path) -> None:
    with pytest.raises(FetchFailed, match=r"private address|cannot be found"):
        fetch(f"http://{host}:1/", target, Limits(seconds=2))
    assert not target.exists()


@pytest.mark.parametrize(
    ("address", "public"),
    [("8.8.8.8", True), ("2606:4700::1111", True), ("::ffff:8.8.8.8", True), ("64:ff9b::808:808", True),
     ("64:ff9b::a00:1", False), ("2002:a00:1::1", False), ("2001:0:1::1", False), ("ff02::1", False), ("fec0::1", False),
     ("::127.0.0.1", False), ("::ffff:0:10.0.0.1", False), ("::1", False), ("::", False)],
)  # fmt: skip
def test_what_is_public(address: str, public: bool) -> None:
    assert is_public(ipaddress.ip_address(address)) is public


def test_a_redirect_to_a_private_address_is_refused_at_its_hop(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first server counts as public; what it leads to is asked about again."""
    with web({"/secret": content(b"secret")}) as inside, web({"/": redirect(inside + "/secret")}) as outside:
        port = int(outside.rpartition(":")[2])
        real = socket.getaddrinfo
        monkeypatch.setattr(remote, "is_public", lambda address: asked[-1] == port)
        asked: list[int] = []

        def noting(host: str, wanted: int, **more: object) -> object:
            asked.append(wanted)
            return real(host, wanted, **more)  # type: ignore[arg-type]

        monkeypatch.setattr(socket, "getaddrinfo", noting)
        with pytest.raises(FetchFailed, match="private address"):
            fetch(outside + "/", target, Limits(seconds=5))
    assert len(asked) == 2


def test_a_name_that_changes_its_mind_is_looked_up_once(
    site: str, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: checked as one address, connected to as another."""
    port = int(site.rpartition(":")[2])
    answers = iter(["127.0.0.1", "127.0.0.2", "127.0.0.2"])
    monkeypatch.setattr(remote, "is_public", lambda address: str(address) == "127.0.0.1")
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *_, **__: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]
    )
    fetch(f"http://rebind.example:{port}/ok", target, Limits(seconds=5))
    assert target.read_bytes() == b"picture"
    assert next(answers) == "127.0.0.2"


def test_the_host_that_was_named_is_asked_for_and_proxies_are_not(
    site: str, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def note(handler: BaseHTTPRequestHandler) -> None:
        seen.append(str(handler.headers["Host"]))
        content(b"x")(handler)

    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with web({"/": note}) as address:
        fetch(address.replace("127.0.0.1", "localhost"), target, ALL)
        assert seen == [address.removeprefix("http://").replace("127.0.0.1", "localhost")]


@pytest.mark.parametrize(
    "url",
    ["", "x", "http://", "http:///x", "ftp://a/b", "file:///etc/passwd", "//a/b", "http://a b/", "http://a/\r\nX: y",
     "http://u:p@a/", "http://a:99999/", "http://a:0/", "http://[::1", "gopher://a/", "http://a/" + "x" * 9000],
)  # fmt: skip
def test_what_is_no_address_is_refused_at_once(url: str, target: Path) -> None:
    with pytest.raises(BadInput):
        check_url(url)
    with pytest.raises(BadInput):
        fetch(url, target, ALL)


@pytest.mark.parametrize(
    ("host", "mine"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("example.org", False),
    ],
)
def test_whether_a_server_is_heard_by_this_machine_only(host: str, mine: bool) -> None:
    assert listens_on_loopback(host) is mine


def test_no_thread_is_left_waiting_for_a_deadline(site: str, tmp_path: Path) -> None:
    before = threading.active_count()
    for number in range(5):
        fetch(site + "/ok", tmp_path / str(number), Limits(private=True, seconds=600))
    time.sleep(0.2)
    assert threading.active_count() <= before + 1
