"""From an endpoint's name and arguments to the bytes of its answer (contract, 2.2)."""

import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import unquote

import orjson

from embedding_explorer.errors import NoLogData, TooManyTasks
from embedding_explorer.runs import patience, structures
from embedding_explorer.runs.base import LogSet
from embedding_explorer.runs.categories import categories, embedding_tags
from embedding_explorer.runs.compression import packed_body
from embedding_explorer.runs.library import Library, Opened
from embedding_explorer.runs.media import PLAIN, Media, Written, data_url
from embedding_explorer.runs.pictures_and_sounds import audio, audio_raw, image, image_raw
from embedding_explorer.runs.run import LogRun
from embedding_explorer.runs.scalars import distribution, histogram, scalar

Endpoint = Callable[..., object]
ENDPOINTS: dict[str, Endpoint] = {
    "getCategory": categories,
    "scalar": scalar,
    "image": image,
    "image_raw": image_raw,
    "histogram": histogram,
    "distribution": distribution,
    "audio": audio,
    "audio_raw": audio_raw,
    **structures.ENDPOINTS,
}
# Their answers depend on other runs than the one that is named.
OF_ALL_RUNS = ("getCategory", "text", "audio", "audio_raw", "hyperparm")
INIT, WAIT = "init", "wait"
FIRST_PATIENCE = 2.0  # seconds that a request waits for a dataset to be read when it has just been opened
JSON = "application/json"
_PROCESS, _WHOLE = secrets.token_hex(4), (1 << 64) - 1  # versions of two processes are not to be mixed up
BEFORE, AFTER = b'{"code":200,"msg":"ok","data":', b"}"


@dataclass(frozen=True)
class Question:
    """What a client asks. `known`: the version of the answer that it has already; `packed`: whether it takes gzip."""

    endpoint: str
    arguments: Mapping[str, str | int | float]
    user: str | None = None
    job: str | None = None
    dialect: str = "doc"
    known: str = ""
    packed: bool = False


@dataclass(frozen=True)
class Answer:
    """A body, and the version that it is of: as long as that stays, so does the body. None: the known one still holds."""

    body: bytes | None
    version: str = ""
    mimetype: str = JSON
    packed: bool = False


def answer(library: Library, question: Question) -> Answer:
    """The answer to a question.

    Raises LogPathNotFound, NoLogData, NoLogStep, BadLogParameter or TooManyTasks, for its message.
    """
    patience.begin()
    opened = library.dataset(question.user, question.job)
    wait_until_read(library, opened)
    if question.endpoint == INIT:
        wait_as_asked(library, opened, float(question.arguments.get(WAIT, patience.SECONDS)))
        return Answer(orjson.dumps(beginning(opened)))
    if not opened.scanned:  # which runs there are is known before anything is said of them
        raise TooManyTasks(patience.BUSY)
    while True:
        loaded = opened.first.is_set()
        try:
            return answer_now(opened, question)
        except NoLogData:
            if loaded or not patience.left():
                raise
            patience.pause(library.wait, 1.0)  # it may not have been read yet


def wait_until_read(library: Library, opened: Opened) -> None:
    """Give a dataset that was just opened the time that most need to be read whole; raises TooManyTasks."""
    while not opened.first.is_set():
        if time.monotonic() - opened.since < FIRST_PATIENCE:
            library.wait(0.1)
        elif opened.scanned or not patience.left():
            return
        else:
            patience.pause(library.wait, 0.1)


def wait_as_asked(library: Library, opened: Opened, seconds: float) -> None:
    """Give a dataset that is not read whole some more time, as `init` does: what is asked for next should be complete.

    Who may not wait, as too many do, begins with what there is.
    """
    deadline = time.monotonic() + seconds
    with suppress(TooManyTasks):
        while not opened.first.is_set() and patience.left() and time.monotonic() < deadline:
            patience.pause(library.wait, 0.1)


def beginning(opened: Opened) -> dict[str, object]:
    """The payload of `init`: the contract's, and how far reading has come, or what is wrong, only where there is any.

    Raises NoLogData where there is no run.
    """
    if opened.scanned and not opened.logs.runs():
        raise NoLogData("No related logs found")
    found: dict[str, object] = {"msg": "success"}
    if not opened.first.is_set():
        found["progress"] = round(opened.logs.progress(), 4)
    if troubles := opened.logs.troubles():
        found["trouble"] = troubles
    return found


def answer_now(opened: Opened, question: Question) -> Answer:
    """The answer from what has been read by now."""
    logs = opened.logs
    arguments = dict(question.arguments)
    if "tag" in arguments:
        arguments["tag"] = meant_tag(logs, str(arguments.get("run")), str(arguments["tag"]))
    version = version_of(opened, question)
    if version == question.known:
        return Answer(None, version)
    found = ENDPOINTS[question.endpoint](logs, dialect=question.dialect, **arguments)
    return rendered(found, version, question)


def version_of(opened: Opened, question: Question) -> str:
    """What stays the same as long as the answer does."""
    run = opened.logs.find(str(question.arguments.get("run")))
    alone = question.endpoint not in OF_ALL_RUNS
    state = run.state() if isinstance(run, LogRun) and alone else opened.logs.state()
    return f"{_PROCESS}{hash(state) & _WHOLE:x}"


def meant_tag(logs: LogSet, run: str, tag: str) -> str:
    """The tag as the log has it: as received, or decoded once or twice more (contract, 2.4); else as received."""
    found = logs.find(run)
    candidates = [tag]
    while "%" in candidates[-1] and len(candidates) < 3:
        candidates.append(unquote(candidates[-1]))
    if len(candidates) == 1:
        return tag
    some = [found] if found else logs.runs()
    return next((each for each in candidates for run_ in some if knows(run_, each)), tag)


def knows(run: object, tag: str) -> bool:
    """Whether a run has a tag of any kind."""
    return isinstance(run, LogRun) and (run.knows(tag) or tag in embedding_tags(run))


def rendered(found: object, version: str, question: Question) -> Answer:
    """The body of an answer, in the question's dialect."""
    if isinstance(found, Media):
        if question.dialect != "web":
            return Answer(found.data, version, found.mimetype)
        found = found.data.decode() if found.mimetype == PLAIN else data_url(found)
    payload = found if isinstance(found, Written) else orjson.dumps(found, default=_plain, option=_OPTIONS)
    body = BEFORE + payload + AFTER
    body, packed = packed_body(body, question.packed)
    return Answer(body, version, packed=packed)


_OPTIONS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS


def _plain(value: object) -> object:
    """What orjson cannot write by itself: arrays that are not contiguous, and whatever else numpy has."""
    tolist = getattr(value, "tolist", None)
    if tolist is None:
        raise TypeError(type(value).__name__)
    return tolist()
