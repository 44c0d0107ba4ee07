"""A small web server for tests: what it answers is a function of the path."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def web(answers: dict[str, Answer]) -> Iterator[str]:
    """Serve on a free port of 127.0.0.1; the address without a slash at its end."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with suppress(OSError):  # the client hung up, as some tests want it to
                answers[self.path.partition("?")[0]](self)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def content(data: bytes, status: int = 200, **headers: str) -> Answer:
    """An answer of these bytes."""

    def send(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in ({"Content-Length": str(len(data))} | headers).items():
            if value:
                handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(data)

    return send


def redirect(to: str, status: int = 302) -> Answer:
    """An answer that leads elsewhere."""
    return content(b"", status, Location=to)
