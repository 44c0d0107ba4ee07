"""A headless Chromium that draws WebGL2 by software: the same pixels on every machine. Used by tests and benchmarks."""

import functools
import http.server
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Playwright

# Debian's, or Google's; Playwright's own download as the last resort (see tests/system-packages.sh).
NAMES = ("chromium", "google-chrome-stable", "google-chrome")
FLAGS = (
    "--no-sandbox",  # containers have no user namespaces to make a sandbox of; only our own pages are opened
    "--enable-unsafe-swiftshader",
    "--use-angle=swiftshader",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",  # nothing leaves the host
)
NO_WEBGL = "--disable-3d-apis"
LAUNCH = 180  # seconds; the first start on a cold and busy machine has taken more than half a minute


class NoChromium(Exception):
    """There is no Chromium on this machine."""

    def __init__(self) -> None:
        super().__init__(f"none of {', '.join(NAMES)} is installed; tests/system-packages.sh says how to get one")


def find_chromium(playwright: Playwright) -> str:
    """Path of the program; raises NoChromium."""
    fetched = playwright.chromium.executable_path
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None and not Path(fetched).exists():
        raise NoChromium
    return found or fetched


def launch(playwright: Playwright, *flags: str) -> Browser:
    """A browser with `FLAGS` and the flags given; raises NoChromium."""
    program = find_chromium(playwright)
    return playwright.chromium.launch(executable_path=program, args=[*FLAGS, *flags], timeout=LAUNCH * 1000)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder from an origin of its own; the address."""
    handler = functools.partial(Silent, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


class Silent(http.server.SimpleHTTPRequestHandler):
    """Static files, without a line of log for each."""

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""
