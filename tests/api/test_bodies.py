import hashlib
import io
import os
import resource
import threading
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response
from pydantic import BaseModel, ConfigDict

from embedding_explorer.api import bodies
from embedding_explorer.api.bodies import (
    BodyReader,
    Counted,
    HashedFile,
    UploadStalled,
    answer_before_body,
    install,
    receive_file,
    receive_json,
)
from embedding_explorer.errors import BadInput, JobAborted, LimitExceeded, TooManyTasks
from tests.servers import upload_request

HEAD, BODY = (part for part in upload_request(b"x" * 300_000).split(b"\r\n\r\n", 1))
TYPE = "multipart/form-data; boundary=b"


class Silent(io.BytesIO):
    """A stream that says nothing more after its content, until it is told to end."""

    def __init__(self, content: bytes = b"") -> None:
        super().__init__(content)
        self.end = threading.Event()

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        if not data:
            assert self.end.wait(30)
        return data


class Broken(io.BytesIO):
    """A stream that breaks after its content."""

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        if not data:
            raise ConnectionResetError("reset by peer")
        return data


@pytest.fixture
def app() -> Flask:
    return Flask("test")


def receive(app: Flask, folder: Path, stream: io.BytesIO, length: int | None = len(BODY), **more: Any) -> Any:
    given = {"stall": 5.0, "most": 10**6, "setting": "EXPLORER_X", "report": lambda *_: None} | more
    with app.test_request_context("/", method="POST", input_stream=stream, content_type=TYPE) as context:
        announced = {"HTTP_TRANSFER_ENCODING": "chunked"} if length is None else {"CONTENT_LENGTH": str(length)}
        context.request.environ.update(announced)
        return receive_file(folder, **given)


def test_a_file_arrives_whole_with_its_name_digest_and_counts(app: Flask, tmp_path: Path) -> None:
    counts: list[tuple[str, int, int]] = []
    file, name = receive(app, tmp_path, io.BytesIO(BODY), report=lambda *count: counts.append(count))
    assert name == "a.zip" and file.closed
    assert file.path.read_bytes() == b"x" * 300_000
    assert file.sha256.hexdigest() == hashlib.sha256(b"x" * 300_000).hexdigest()
    assert counts[-1] == ("unpack", 300_000, len(BODY)) and counts == sorted(counts)


def test_a_body_of_unknown_length_arrives_too(app: Flask, tmp_path: Path) -> None:
    file, _ = receive(app, tmp_path, io.BytesIO(BODY), length=None)
    assert file.path.stat().st_size == 300_000


def test_too_long_a_body_is_refused_before_it_is_read_or_where_it_passes_the_limit(app: Flask, tmp_path: Path) -> None:
    stream = io.BytesIO(BODY)
    with pytest.raises(LimitExceeded, match=r"1000 bytes \(EXPLORER_X\)"):
        receive(app, tmp_path, stream, most=1000)
    assert stream.tell() == 0
    with pytest.raises(LimitExceeded, match=r"200000 bytes \(EXPLORER_X\)"):
        receive(app, tmp_path, io.BytesIO(BODY), length=None, most=200_000)


def test_a_body_that_ends_early_or_breaks_is_refused_with_what_happened(app: Flask, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=f"broke off after 1000 of {len(BODY)} bytes"):
        receive(app, tmp_path, io.BytesIO(BODY[:1000]))
    (tmp_path / "broken").mkdir()
    with pytest.raises(BadInput, match="broke off: reset by peer"):
        receive(app, tmp_path / "broken", Broken(BODY[:1000]))


def test_a_silent_body_is_given_up(app: Flask, tmp_path: Path) -> None:
    stream = Silent(BODY[:1000])
    with pytest.raises(UploadStalled, match="Nothing arrived"):
        receive(app, tmp_path, stream, stall=0.05)
    stream.end.set()


def test_a_silent_body_ends_when_it_is_not_wanted_any_more(app: Flask, tmp_path: Path) -> None:
    stream, looks = Silent(BODY[:1000]), iter([None, None])

    def check() -> None:
        if next(looks, "over"):
            raise JobAborted("aborted")

    with pytest.raises(JobAborted):
        receive(app, tmp_path, stream, stall=60.0, check=check)
    stream.end.set()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (BODY.replace(b'name="file"', b'name="other"'), "no file in its field"),
        (BODY.replace(b"a.zip", b""), "no file in its field"),
        (b"no form", "cannot be read|no file"),
        (b'--b\r\nContent-Disposition: form-data; name="f"\r\n\r\n' + b"x" * 600_000 + b"\r\n--b--", "cannot be read"),
        (
            b'--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\nx\r\n' * 30 + b"--b--",
            "cannot be read",
        ),
    ],
)
def test_a_form_without_the_file_or_with_too_much_else_is_refused(
    app: Flask, tmp_path: Path, body: bytes, reason: str
) -> None:
    with pytest.raises(BadInput, match=reason):
        receive(app, tmp_path, io.BytesIO(body), length=len(body))


def test_a_file_takes_all_that_it_is_given_or_fails(tmp_path: Path) -> None:
    """Where little space is left, the system takes part of the bytes, and no error says so."""
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    counted: list[tuple[str, int, int]] = []
    with HashedFile(tmp_path / "f", Counted(lambda *count: counted.append(count), 10_000)) as file:
        file.write(b"x" * 900)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, most))
        try:
            with pytest.raises(OSError, match="File too large"):
                file.write(b"x" * 900)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    assert counted[-1] == ("unpack", 900, 10_000)


def answered(app: Flask, stream: io.BytesIO, length: int, most: int = 10**6, **headers: str) -> Any:
    """What goes out for a request whose body nobody has asked for."""
    with app.test_request_context("/", method="POST", input_stream=stream, content_length=length, headers=headers):
        response = answer_before_body(Response("busy", 503), most)
    return response


def test_an_answer_goes_out_first_and_the_body_is_taken_in_afterwards(app: Flask) -> None:
    stream = io.BytesIO(b"x" * 500_000)
    response = answered(app, stream, 500_000)
    pieces = iter(response.response)
    assert next(pieces) == b"busy" and response.headers["Content-Length"] == "4"
    assert next(pieces, None) is None
    assert stream.tell() == 500_000


def test_no_more_of_a_body_is_taken_in_than_the_limit_says(app: Flask) -> None:
    stream = io.BytesIO(b"x" * 50_000_000)
    assert answered(app, stream, 50_000_000, most=1_000_000).get_data() == b"busy"
    assert stream.tell() < 5_000_000


def test_a_body_that_has_not_been_sent_yet_is_not_waited_for(app: Flask) -> None:
    assert answered(app, Silent(), 1000, Expect="100-continue").get_data() == b"busy"
    assert answered(app, Silent(), 0).get_data() == b"busy"


@pytest.mark.parametrize("hung_up", [False, True])
def test_a_request_does_not_end_while_its_stream_is_being_read(
    app: Flask, monkeypatch: pytest.MonkeyPatch, hung_up: bool
) -> None:
    """Granian would wait for the reader, and let no Python run in the meantime."""
    monkeypatch.setattr(bodies, "DRAIN_STALL", 0.05)
    stream, ended = Silent(b"x" * 1000), threading.Event()
    pieces = iter(answered(app, stream, 5000).response)
    assert next(pieces) == b"busy"

    def end() -> None:
        pieces.close() if hung_up else next(pieces, None)
        ended.set()

    threading.Thread(target=end).start()
    assert not ended.wait(0.3)
    stream.end.set()
    assert ended.wait(30)


def test_what_was_begun_to_be_read_is_drained_by_the_same_reader(app: Flask, tmp_path: Path) -> None:
    stream = io.BytesIO(b"no form" + b"x" * 400_000)
    with app.test_request_context("/", method="POST", input_stream=stream, content_length=400_007):
        with pytest.raises(BadInput, match="no multipart"):
            receive_file(tmp_path, stall=5, most=10**6, setting="X", report=lambda *_: None)
        response = answer_before_body(Response("wrong", 400), 10**6)
    readers = [thread for thread in threading.enumerate() if thread.name == "body"]
    assert len(readers) <= 1 and response.get_data() == b"wrong" and stream.tell() == 400_007


def test_slow_bodies_leave_threads_to_others(app: Flask) -> None:
    install(app, threads=4)
    ends = [os.pipe() for _ in range(4)]
    streams = [os.fdopen(reader, "rb", buffering=0) for reader, _ in ends]
    with app.test_request_context("/", method="POST", content_length=5):
        slow = [BodyReader(stream, 5, 100, "X") for stream in streams[:3]]
        with pytest.raises(TooManyTasks, match="EXPLORER_WEB_THREADS"):
            BodyReader(streams[3], 5, 100, "X")
        answer = Response("no", 404)
        assert answer_before_body(answer, 100) is answer and answer.get_data() == b"no"
        os.write(ends[0][1], b"x")
        os.close(ends[0][1])
        assert slow[0].readall() == b"x"
        slow[0].let_go()
        last = BodyReader(streams[3], 5, 100, "X")
        for _, writer in ends[1:]:
            os.close(writer)
        for reader in (*slow[1:], last):
            assert reader.readall() == b""
            reader.let_go()
    for stream in streams:
        stream.close()


def test_reading_past_the_end_gives_nothing_again() -> None:
    reader = BodyReader(io.BytesIO(b"abc"), 5, 100, "X")
    assert [reader.read(10), reader.read(10), reader.read(10)] == [b"abc", b"", b""]
    reader.let_go()


class Wanted(BaseModel):
    """A request."""

    model_config = ConfigDict(extra="forbid")
    rows: list[int] = []


def received(app: Flask, data: bytes, length: int | None = None, stream: io.BytesIO | None = None) -> Wanted:
    with app.test_request_context("/", method="POST", input_stream=stream or io.BytesIO(data)) as context:
        context.request.environ["CONTENT_LENGTH"] = str(len(data) if length is None else length)
        return receive_json(Wanted, stall=0.3, most=1000)


def test_json_is_read_and_checked_and_nothing_is_an_empty_object(app: Flask) -> None:
    assert received(app, b'{"rows": [1, 2]}').rows == [1, 2]
    assert received(app, b"").rows == []


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'{"rows": "x"}', "rows: "),
        (b'{"row": [1]}', "row: "),
        (b"{", "JSON"),
        (b"[1]", "object"),
        (b"\xff", "JSON"),
        (b'{"rows": [%s]}' % b",".join([b'"x"'] * 200), "rows.0: "),
    ],
)
def test_json_that_a_model_refuses_is_named_in_few_words(app: Flask, data: bytes, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        received(app, data)
    assert said in caught.value.message and len(caught.value.message) < 700


def test_json_that_is_too_long_cut_off_or_never_comes_is_refused(app: Flask) -> None:
    with pytest.raises(LimitExceeded, match="1000 bytes"):
        received(app, b" " * 1001)
    with pytest.raises(LimitExceeded, match="1000 bytes"):
        received(app, b" " * 1001, length=10)
    with pytest.raises(BadInput, match="2 of 9 bytes"):
        received(app, b"{}", length=9)
    silent = Silent(b"{")
    with pytest.raises(UploadStalled):
        received(app, b"{", length=9, stream=silent)
    silent.end.set()
