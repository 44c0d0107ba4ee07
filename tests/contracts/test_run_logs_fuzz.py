"""The run-logs API from outside: whatever its parameters are, it answers as the contract has it (2.2 and 2.3)."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from tensorboard.compat.proto.graph_pb2 import GraphDef

from tests.contracts.run_logs_api import LogServer, strict
from tests.runs import tsvis_logs
from tests.runs.event_logs import NAME, audio, histogram, image, scalars, tensor, write

pytestmark = pytest.mark.slow
EACH = 10  # requests to an endpoint
MEDIA = (
    "image/png", "image/jpeg", "image/gif", "image/bmp", "image/webp", "audio/wav", "audio/mpeg", "audio/ogg",
    "audio/flac", "text/plain; charset=utf-8", "application/octet-stream",
)  # fmt: skip
DATASET = {"id": "me", "trainJobName": "job"}
NUMBERS = [0, -1, 2**62, 2**63, 10**30, "0x0", "1_0", "nan", "1e400", "", "x"]
TEXTS = [".", "..", "a/b", "c_graph", "%2525", "\0", "None", "1" * 4000, "2" * 5000, ""]
# Questions that have an answer. What is made up hardly ever names what is there; a part of one of these does.
GOOD: dict[str, dict[str, Any]] = {
    "init": {},
    "getCategory": {},
    "scalar": {"run": "a", "tag": "loss"},
    "image": {"run": "a", "tag": "i"},
    "image_raw": {"run": "a", "tag": "i", "step": 0},
    "histogram": {"run": "a", "tag": "h", "samples": 2},
    "distribution": {"run": "a", "tag": "h", "samples": 2},
    "text": {"run": "a", "tag": "words"},
    "audio": {"run": "a", "tag": "s"},
    "audio_raw": {"run": "a", "tag": "s", "step": 0},
    "projector": {"run": "b", "tag": "e"},
    "projector_data": {"run": "b", "tag": "e", "step": 5, "method": "pca", "dims": 2},
    "projector_raw": {"run": "b", "tag": "e", "step": 5},
    "projector_sample": {"run": "b", "tag": "e", "index": 2},
    "graph": {"run": "b", "tag": "s_graph"},
    "exception": {"run": "b", "tag": "g"},
    "exception_data": {"run": "b", "tag": "g", "step": 0},
    "exception_hist": {"run": "b", "tag": "g", "step": 0},
    "exception_box": {"run": "b", "tag": "g", "step": 0, "up": 0.5, "down": -2},
    **{name: {"run": "b"} for name in ("hyperparm", "hyperparam", "hparams")},
    "featuremap": {"run": "b", "tag": "f-Gray", "range": 0, "task": "Classification"},
    "transformer_text": {"run": "b", "tag": "n-transformertext-sentence"},
    "transformer_image": {"run": "b", "tag": "n-img0", "l": 0, "x": 9, "y": 9, "g": 0, "r": 1},
    "state": {"run": "b", "tag": "hidden_state", "pos": 0, "range": 2},
    "state_select": {"run": "b", "tag": "hidden_state", "pattern": "10", "threshold": 0.5, "length": 2},
}


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LogServer]:
    """A server with every kind of record."""
    server = LogServer(tmp_path_factory.mktemp("run-logs"))
    media = [image("i", 0, b"\x89PNG\r\n\x1a\n"), audio("s", 0, b"RIFF0000WAVE"), tensor("words", 0, [b"a"], "text")]
    steps = [histogram("h", step, [0.0, 1.0, 2.0], [0.0, 3.0, 1.0], 0.25, 1.5) for step in range(3)]
    write(server.root / "me" / "job" / "a" / NAME, [*scalars("loss", [0.1, float("nan"), 2.0]), *media, *steps])
    network = GraphDef()
    network.node.add(name="x", op="IO Node")
    network.node.add(name="net/y", op="aten::relu", input=["x", "gone"])
    points = np.random.default_rng(0).normal(size=(12, 4)).astype(np.float32)
    tsvis_logs.write(
        server.root / "me" / "job" / "b",
        tsvis_logs.graph(network.SerializeToString()),
        tsvis_logs.embedding("e", 5, points, np.arange(12)),
        tsvis_logs.sample("e", np.zeros((3, 4, 4), np.float32), tsvis_logs.IMAGE),
        tsvis_logs.exception("g", 0, np.array([[1.0, np.nan], [np.inf, -4.0]], np.float32)),
        tsvis_logs.session("s", {"rate": tsvis_logs.number(0.1)}, ["loss"]),
        tsvis_logs.tensor("f-Gray", 0, np.ones((2, 3, 4, 4)), "featuremap"),
        tsvis_logs.tensor("Classification-sorce", 0, np.ones((2, 5), np.float32), "featuremap"),
        tsvis_logs.tensor("Classification-label", 0, np.arange(2), "featuremap"),
        tsvis_logs.tensor("n-transformertext-sentence", 0, np.array(["a b"]), "transformer"),
        tsvis_logs.tensor("n-img0", 0, np.zeros((256, 256, 3), np.float32), "transformer"),
        tsvis_logs.tensor("n-img0-am", 0, np.ones((2, 1, 4, 4, 4, 4), np.float32), "transformer"),
        tsvis_logs.tensor("hidden_state", 0, np.eye(4), "hiddenstate"),
        tsvis_logs.tensor("hidden_state_word", 0, np.array(["abcd"]), "hiddenstate"),
    )
    yield server
    server.kill()


def odd_values(good: Any) -> list[Any]:
    """What may be said instead of a value."""
    return TEXTS if isinstance(good, str) else NUMBERS


@st.composite
def questions(draw: st.DrawFn, operation: Any) -> Any:
    """A request as the description allows it, or does not, in which most parameters say what is there."""
    case = draw(operation.as_strategy(generation_mode=draw(st.sampled_from(GenerationMode))))
    good = {**DATASET, **GOOD[operation.path.removeprefix("/api/")]}
    broken = draw(st.sets(st.sampled_from(sorted(good)), max_size=2))
    odd = {name: draw(st.sampled_from([*odd_values(good[name]), None])) for name in sorted(broken)}
    meant = {name: value for name, value in (good | odd).items() if value is not None}  # None: as it is made up
    case.query = {**(case.query or {}), **meant, **draw(st.sampled_from([{}, {"dialect": "web"}, {"form": "array"}]))}
    return case


def check(answer: requests.Response) -> int:
    """The code of an answer, whose shape is that of the contract."""
    assert answer.status_code == 200, answer.text
    kind = answer.headers["Content-Type"]
    if kind != "application/json":
        assert kind in MEDIA and answer.headers["X-Content-Type-Options"] == "nosniff"
        return 200
    body = strict(answer)
    assert set(body) == {"code", "msg", "data"} and body["code"] in (200, 500)
    assert body["msg"] == "ok" if body["code"] == 200 else body["data"] == "" and "\n" not in body["msg"]
    assert "went wrong" not in body["msg"]  # that is what it says of what nobody thought of
    return int(body["code"])


def asked(logs: LogServer, operation: Any) -> list[int]:
    """The codes of many answers of an endpoint."""
    codes: list[int] = []

    @settings(
        max_examples=EACH, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(case=questions(operation))
    def ask(case: Any) -> None:
        codes.append(check(requests.request(**case.as_transport_kwargs(logs.url), timeout=60)))

    ask()
    return codes


def test_no_parameters_bring_it_out_of_order(logs: LogServer) -> None:
    schema = schemathesis.openapi.from_url(f"{logs.url}/openapi.json").include(path_regex="^/api/")
    described: Any = schema.get_all_operations()
    operations = [result.ok() for result in described]
    codes = {operation.path: asked(logs, operation) for operation in operations}
    assert {path.removeprefix("/api/") for path in codes} == set(GOOD)
    good = {path: found.count(200) for path, found in codes.items()}
    assert all(good.values()), good  # what only ever refuses shows little


OWN = [(path, name) for path, good in GOOD.items() for name in good if name not in ("run", "tag")]


@pytest.mark.parametrize(("path", "name"), OWN)
def test_each_parameter_alone_may_be_odd(logs: LogServer, path: str, name: str) -> None:
    good = {**DATASET, **GOOD[path]}
    assert check(logs.raw(path, **good)) == 200
    for value in odd_values(good[name]):
        check(logs.raw(path, **good | {name: value}))
