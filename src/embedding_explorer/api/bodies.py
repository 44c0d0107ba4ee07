"""Request bodies: read with a bound on size and on silence, and drained when an answer goes out before they came in."""

import hashlib
import io
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path
from typing import IO, Any, TypeVar

from flask import Flask, Request, Response, current_app, g, has_app_context, request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import HTTPException
from werkzeug.formparser import FormDataParser

from embedding_explorer.datasets.disk import full_disk_named
from embedding_explorer.errors import BadInput, LimitExceeded, TooManyTasks

PIECE = 128 * 1024
PIECES_AHEAD = 8
CHECK_EVERY = 0.5  # seconds between two looks whether a body is still wanted
MAX_FORM_PARTS = 20
MAX_FORM_MEMORY = 512 * 1024  # bytes of the fields that are no files; the parser also reads ahead within it
MAX_REFUSALS = 5  # wrong parameters that are named; one list may hold a million
SENDERS = 0.75  # of the threads that answer requests: a body may come slowly, or not at all
SEATS = "body_seats"
DRAIN_STALL = 5.0  # seconds without a byte after which a client that was answered already is given up


Parsed = TypeVar("Parsed", bound=BaseModel)


class UploadStalled(BadInput):
    """Nothing more arrived of a body that is not complete."""


class BodyReader(io.RawIOBase):
    """A request body as a file that gives up when nothing arrives for `stall` seconds or more than `most` bytes came.

    The server's own stream blocks for as long as the client likes, so a thread of its own reads it. `check` is called
    while bytes are awaited; what it raises ends the reading. A request must not end before `let_go` has returned:
    Granian then waits for whoever still reads the stream, and nobody else can run Python meanwhile.
    """

    def __init__(
        self, stream: IO[bytes], stall: float, most: int, setting: str, check: Callable[[], None] = lambda: None
    ) -> None:
        super().__init__()
        self._seat = take_seat()
        self._stream, self._stall, self._most, self._setting = stream, stall, most, setting
        self._check = check
        self._pieces: queue.Queue[bytes | Exception] = queue.Queue(PIECES_AHEAD)
        self._piece, self.ended, self._closed_early = b"", False, threading.Event()
        self.count = 0
        self._thread = threading.Thread(target=self._pump, name="body", daemon=True)
        self._thread.start()

    def readable(self) -> bool:
        """True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer` with what is there; 0 at the end."""
        if not self._piece and not self.ended:
            self._piece = self._next()
            self.ended = not self._piece
        count = min(len(buffer), len(self._piece))
        buffer[:count] = self._piece[:count]
        self._piece = self._piece[count:]
        return count

    def drain(self) -> None:
        """Take in what still comes, up to `most` bytes more and until nothing comes for a while."""
        self._stall, self._check, self.count = DRAIN_STALL, lambda: None, 0
        try:
            while self.read(PIECE):
                continue
        except (BadInput, LimitExceeded):
            return

    def let_go(self) -> None:
        """Stop reading, and wait until the stream is free: at the latest when the client hangs up."""
        self._closed_early.set()
        self._thread.join()

    def _next(self) -> bytes:
        piece = self._await()
        if isinstance(piece, Exception):
            self.ended = True
            raise BadInput(f"The upload broke off: {piece}") from piece
        self.count += len(piece)
        if self.count > self._most:
            raise over_limit(self._most, self._setting)
        return piece

    def _await(self) -> bytes | Exception:
        deadline = time.monotonic() + self._stall
        while (left := deadline - time.monotonic()) > 0:
            self._check()
            try:
                return self._pieces.get(timeout=min(left, CHECK_EVERY))
            except queue.Empty:
                continue
        raise UploadStalled(f"Nothing arrived for {self._stall:.0f} seconds, so the upload was given up.")

    def _pump(self) -> None:
        with self._seat:
            piece: bytes | Exception = b"start"
            while piece and not isinstance(piece, Exception) and not self._closed_early.is_set():
                try:
                    piece = self._stream.read(PIECE)
                except Exception as error:  # whatever the server raises for a broken connection; _next passes it on
                    piece = error
                self._put(piece)

    def _put(self, piece: bytes | Exception) -> None:
        while not self._closed_early.is_set():
            try:
                return self._pieces.put(piece, timeout=1)
            except queue.Full:
                continue


def install(app: Flask, threads: int) -> None:
    """Leave some of the threads that answer requests to those that bring no body, or all of it at once."""
    app.extensions[SEATS] = threading.BoundedSemaphore(max(1, int(threads * SENDERS)))


def take_seat() -> AbstractContextManager[object]:
    """What reading a body has to hold until its end; raises TooManyTasks where as many are read as may be."""
    seats: threading.BoundedSemaphore | None = current_app.extensions.get(SEATS) if has_app_context() else None
    if seats is None:
        return nullcontext()
    if not seats.acquire(blocking=False):
        raise TooManyTasks("As many uploads come in as may (EXPLORER_WEB_THREADS). Try again later.")
    freed = ExitStack()
    freed.callback(seats.release)
    return freed


def over_limit(most: int, setting: str) -> LimitExceeded:
    """The error for a body that is too large."""
    return LimitExceeded(f"The upload is over the limit of {most} bytes ({setting}).", limit=most, setting=setting)


class HashedFile(io.FileIO):
    """A new file whose SHA-256 is known when it is written."""

    def __init__(self, path: Path, report: "Counted") -> None:
        super().__init__(path, "x+")
        self.path, self.sha256, self._report = path, hashlib.sha256(), report

    def write(self, data: Any) -> int:
        """Append all of `data`, where the system's own `write` stops short of a full disk without an error."""
        self.sha256.update(data)
        rest = memoryview(data)
        while rest:
            rest = rest[super().write(rest) :]
        self._report(len(data))
        return len(data)


class Counted:
    """Adds up bytes and reports them as (stage, done, total)."""

    def __init__(self, report: Any, total: int) -> None:
        self._report, self._done, self._total = report, 0, total
        self(0)

    def __call__(self, count: int) -> None:
        """Note `count` more bytes."""
        self._done += count
        self._report("unpack", min(self._done, self._total), self._total)


def receive_file(
    folder: Path,
    *,
    stall: float,
    most: int,
    setting: str,
    report: Any,
    check: Callable[[], None] = lambda: None,
    example: str = "pictures.zip",
) -> tuple[HashedFile, str]:
    """Write the multipart field `file` of the current request to `folder`; the file and the name it came with.

    Raises BadInput when there is no such field or the body breaks off, LimitExceeded over `most` bytes, StorageFull,
    and what `check` raises.
    """
    length = request.content_length
    if length is not None and length > most:
        raise over_limit(most, setting)
    counted, number = Counted(report, length or 0), iter(range(MAX_FORM_PARTS + 1))
    body = g.body = BodyReader(request.environ["wsgi.input"], stall, most, setting, check)
    with full_disk_named(folder), ExitStack() as made:  # an open file would keep its space after its removal

        def make_file(*_described: Any, **_more: Any) -> IO[bytes]:
            return made.enter_context(HashedFile(folder / f"upload-{next(number)}", counted))

        found = parse_form(request, body, make_file).get("file")
        check_complete(body, length)
    if found is None or not found.filename:
        raise BadInput(f"The form has no file in its field `file`. With curl: -F file=@{example}")
    return found.stream, found.filename


def receive_json(model: type[Parsed], *, stall: float, most: int) -> Parsed:
    """The JSON body of the current request, checked; no body at all is an empty object.

    Raises BadInput for what the model refuses, LimitExceeded over `most` bytes.
    """
    length = request.content_length
    body = g.body = BodyReader(request.environ["wsgi.input"], stall, most, "bodies of JSON")
    if length is not None and length > most:
        raise over_limit(most, "bodies of JSON")
    data = body.readall() or b""
    check_complete(body, length)
    try:
        return model.model_validate_json(data or b"{}")
    except ValidationError as error:
        raise BadInput(refusal(error)) from None


def refusal(error: ValidationError) -> str:
    """What a model refuses, in one sentence for each parameter."""
    said = (": ".join(filter(None, (".".join(map(str, e["loc"])), e["msg"]))) for e in error.errors()[:MAX_REFUSALS])
    return f"Wrong parameters. {'; '.join(said)}"


def parse_form(source: Request, body: BodyReader, make_file: Any) -> Any:
    """The files of a multipart body; raises BadInput for a malformed one."""
    if source.mimetype != "multipart/form-data":
        raise BadInput("The body is no multipart/form-data with a file in its field `file`.")
    parser = FormDataParser(
        stream_factory=make_file,
        max_form_memory_size=MAX_FORM_MEMORY,
        max_form_parts=MAX_FORM_PARTS,
        silent=False,
    )
    try:
        return parser.parse(body, source.mimetype, source.content_length, source.mimetype_params)[2]  # type: ignore[arg-type]
    except (ValueError, HTTPException) as error:
        check_complete(body, source.content_length)
        raise BadInput(f"The form cannot be read: {error}") from error


def check_complete(body: BodyReader, length: int | None) -> None:
    """Raise BadInput when it has ended with fewer bytes than were announced."""
    if body.ended and length is not None and body.count < length:
        raise BadInput(f"The upload broke off after {body.count} of {length} bytes.")


def answer_before_body(response: Response, most: int) -> Response:
    """Let an answer that ignores the body arrive: send it, then take in what the client is still sending.

    Closing at once would reset the connection under a client that writes first and reads later.
    """
    reader: BodyReader | None = g.pop("body", None)
    announced = request.content_length or "Transfer-Encoding" in request.headers
    if reader is None and ("Expect" in request.headers or not announced):
        return response
    try:
        rest = reader or BodyReader(request.environ["wsgi.input"], DRAIN_STALL, most, "")
    except TooManyTasks:
        return response
    answer = response.get_data()

    def send_then_drain() -> Iterator[bytes]:
        try:
            yield answer
            rest.drain()
        finally:
            rest.let_go()

    response.response = send_then_drain()
    response.headers["Content-Length"] = str(len(answer))
    return response
