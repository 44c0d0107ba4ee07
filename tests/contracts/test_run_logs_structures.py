"""The run-logs API from outside: embeddings, tensors, graphs, hyper-parameters and the secondary endpoints."""

import base64
import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tensorboard.compat.proto.graph_pb2 import GraphDef

from tests.conftest import shared_data
from tests.contracts.run_logs_api import WEB, LogServer
from tests.runs.tsvis_logs import (
    IMAGE,
    TEXT,
    embedding,
    exception,
    graph,
    number,
    sample,
    scalar,
    session,
    tensor,
    write,
)

RUN: dict[str, Any] = {"id": "me", "trainJobName": "job", "run": "a"}
POINTS = np.random.default_rng(0).normal(size=(1200, 6)).astype(np.float32)
GRADIENT = np.array([[1.0, np.nan], [np.inf, -4.0]], np.float32)


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LogServer]:
    server = LogServer(tmp_path_factory.mktemp("run-logs"), projection_seconds="600")  # UMAP is compiled first
    made = GraphDef()
    made.node.add(name="in/x", op="IO Node")
    made.node.add(name="net/y", op="aten::relu", input=["in/x"])
    write(
        server.root / "me" / "job" / "a",
        graph(made.SerializeToString()),
        embedding("e/%41 ü", 5, POINTS, np.arange(1200)),
        embedding("few", 0, POINTS[:3]),
        embedding("same", 0, POINTS[:1000]),
        sample("e/%41 ü", np.zeros((2, 4, 4), np.float32), IMAGE),
        sample("few", np.array(["größe"]), TEXT),
        exception("g", 0, GRADIENT),
        exception("g", 3, GRADIENT[:, :1]),
        session("s", {"rate": number(0.1)}, ["loss", "late"]),
        scalar("loss", 0, 0.5),
        session("t", {}, ["late"]),
        tensor("hidden_state", 0, np.eye(4), "hiddenstate"),
        tensor("hidden_state_word", 0, np.array(["abcd"]), "hiddenstate"),
    )
    write(server.root / "me" / "job" / "b", session("s", {}, ["loss"]), name="a.events")
    write(server.root / "me" / "job" / "b", scalar("other", 0, 1.0), name="b.events")
    yield server
    server.kill()


def points(logs: LogServer, **query: Any) -> Any:
    [(step, (found, labels))] = logs.ask("projector_data", **{**RUN, "tag": "e/%41 ü", "step": 5, **query}).items()
    assert step == "5"
    return np.array(found), labels


@pytest.mark.parametrize(
    ("path", "required"),
    [
        ("projector", "run tag"),
        ("projector_data", "run tag step method"),
        ("projector_raw", "run tag step"),
        ("projector_sample", "run tag index"),
        ("graph", "run"),
        ("exception", "run tag"),
        ("exception_data", "run tag step"),
        ("exception_hist", "run tag step"),
        ("exception_box", "run tag step up down"),
        ("hyperparm", "run"),
        ("hyperparam", "run"),
        ("hparams", "run"),
        ("featuremap", "run tag range task"),
        ("transformer_text", "run tag"),
        ("transformer_image", "run tag l x y g r"),
        ("state", "run tag pos range"),
        ("state_select", "run tag pattern threshold length"),
    ],
)
def test_missing_parameters_are_named_in_their_order(logs: LogServer, path: str, required: str) -> None:
    names = required.split()
    for count, name in enumerate(names):
        given = dict.fromkeys(names[:count], "0") | {"id": "me", "trainJobName": "job", name: ""}
        assert f"parameter '{name}' not found" in logs.refused(path, **given)
        assert f"parameter '{name}' not found" in logs.refused(path, WEB, **given)


@pytest.mark.parametrize(
    ("path", "query", "reason"),
    [
        ("projector", {"tag": "nothing"}, "no data found"),
        ("projector", {"tag": "few", "run": "nowhere"}, "no data found"),
        ("projector_data", {"tag": "few", "step": "9", "method": "pca"}, "cannot find data in step = 9"),
        ("projector_data", {"tag": "few", "step": "x", "method": "pca"}, "step"),
        ("projector_data", {"tag": "few", "step": "0", "method": "umap"}, "method"),
        ("projector_data", {"tag": "few", "step": "0", "method": "pca", "dims": "7"}, "dims"),
        ("projector_data", {"tag": "few", "step": "0", "method": "pca", "dims": "0"}, "dims"),
        ("projector_data", {"tag": "few", "step": "0", "method": "pca", "dims": "2.5"}, "dims"),
        ("projector_data", {"tag": "few", "step": "0", "method": "tsne", "dims": "4"}, "dims"),
        ("projector_raw", {"tag": "few", "step": "1"}, "cannot find data in step = 1"),
        ("projector_sample", {"tag": "few", "index": "1"}, "out of bounds"),
        ("projector_sample", {"tag": "few", "index": "-1"}, "out of bounds"),
        ("projector_sample", {"tag": "few", "index": "9" * 40}, "out of bounds"),
        ("projector_raw", {"tag": "few", "step": "9" * 40}, f"cannot find data in step = {'9' * 40}"),
        ("projector_raw", {"tag": "few", "step": "9" * 5000}, "step"),
        ("projector", {"tag": "x" * 5000}, "no data found"),
        ("projector_sample", {"tag": "few", "index": "a"}, "index"),
        ("projector_sample", {"tag": "same", "index": "0"}, "no data found"),
        ("graph", {"tag": "x_graph"}, "no data found"),
        ("graph", {"run": "b"}, "no data found"),
        ("exception", {"tag": "nothing"}, "no data found"),
        ("exception_data", {"tag": "g", "step": "1"}, "cannot find data in step = 1"),
        ("exception_hist", {"tag": "g", "step": "1"}, "cannot find data in step = 1"),
        ("exception_box", {"tag": "g", "step": "1", "up": "1", "down": "0"}, "cannot find data in step = 1"),
        ("exception_hist", {"tag": "g", "step": "1.5"}, "step"),
        ("exception_box", {"tag": "g", "step": "0", "up": "a", "down": "0"}, "up"),
        ("exception_box", {"tag": "g", "step": "0", "up": "1", "down": "nan"}, "down"),
        ("hyperparm", {"run": "nowhere"}, "no data found"),
        ("featuremap", {"tag": "x", "range": "x", "task": "Classification"}, "range"),
        ("transformer_text", {"tag": "nothing"}, "no data found"),
        ("state", {"tag": "hidden_state", "pos": "0", "range": "x"}, "range"),
        ("state", {"tag": "hidden_state", "pos": "x", "range": "1"}, "pos"),
        ("state_select", {"tag": "hidden_state", "pattern": "1", "threshold": "x", "length": "1"}, "threshold"),
        ("state_select", {"tag": "hidden_state", "pattern": "1", "threshold": "1", "length": "x"}, "length"),
    ],
)
@pytest.mark.parametrize("headers", [None, WEB])
def test_reasons_of_bad_answers(logs: LogServer, path: str, query: dict[str, str], reason: str, headers: Any) -> None:
    assert reason in logs.refused(path, headers, **{**RUN, **query})


REST = {
    "projector": {},
    "projector_data": {"step": 0, "method": "pca"},
    "projector_raw": {"step": 0},
    "projector_sample": {"index": 0},
    "exception": {},
    "exception_data": {"step": 0},
    "exception_hist": {"step": 0},
    "exception_box": {"step": 0, "up": 1, "down": 0},
    "transformer_text": {},
    "transformer_image": {"l": 0, "x": 0, "y": 0, "g": 0, "r": 1},
    "state": {"pos": 0, "range": 1},
    "state_select": {"pattern": "1", "threshold": 0, "length": 1},
    "graph": {},
}


@pytest.mark.parametrize(("path", "query"), REST.items())
@pytest.mark.parametrize("headers", [None, WEB])
def test_unknown_runs_and_tags_have_no_data(logs: LogServer, path: str, query: dict[str, Any], headers: Any) -> None:
    for where in ({"run": "a", "tag": "nothing"}, {"run": "nowhere", "tag": "few"}, {"run": "../a", "tag": "few"}):
        assert logs.refused(path, headers, **{**RUN, **query, **where}) == "Parameter error, no data found"


def test_runs_without_hyper_parameters_have_no_data(history: LogServer) -> None:
    asked = {"id": "history", "trainJobName": "log", "run": "."}
    assert history.refused("hyperparm", **asked) == "Parameter error, no data found"


@pytest.mark.parametrize("headers", [None, WEB])
def test_what_cannot_be_read_is_refused_in_words(logs: LogServer, headers: Any) -> None:
    """A sample that is no picture, and a file that became another one under the reader's hands."""
    query = {**RUN, "run": "c"}
    path = logs.root / "me" / "job" / "c"
    write(path, sample("e", np.zeros((2, 0, 4), np.float32), IMAGE), embedding("e", 0, POINTS[:2]))
    logs.until(lambda: "c" in logs.ask("getCategory", id="me", trainJobName="job"))
    told = logs.refused("projector_sample", headers, **query, tag="e", index=0)
    assert told and "went wrong" not in told
    [file] = path.iterdir()
    with file.open("r+b") as out:
        out.write(os.urandom(file.stat().st_size))
    assert logs.refused("projector_raw", headers, **query, tag="e", step=0)
    shutil.rmtree(path)
    logs.until(lambda: "c" not in logs.ask("getCategory", id="me", trainJobName="job"))


def test_what_there_is_of_an_embedding(logs: LogServer) -> None:
    expected = {"e/%41 ü": [5], "shape": [1200, 6], "sample": True, "sample_type": "image"}
    for tag in ("e/%41 ü", "e/%2541%20%C3%BC"):  # as it is, and encoded once more
        assert logs.ask("projector", **RUN, tag=tag) == expected
    assert logs.ask("projector", **RUN, tag="g")["shape"] == [2, 2]  # exceptions of that tag stand in


def test_principal_components(logs: LogServer) -> None:
    rows = POINTS[:1000].astype(float)
    u, s, _ = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
    found, labels = points(logs, method="pca")
    assert labels == list(range(1000))
    np.testing.assert_allclose(np.abs(found), np.abs(u * s)[:, :3], rtol=1e-5, atol=1e-6)
    assert points(logs, method="PCA", dims=6)[0].shape == (1000, 6)
    assert logs.ask("projector_data", **RUN, tag="few", step=0, method="tsne", dims=2)["0"][1] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "query", [{"method": "tsne", "dims": 2}, {"method": "tsne"}, {"method": "pca", "reducer": "umap"}]
)
def test_reductions_are_made_once_and_stay_the_same(logs: LogServer, query: dict[str, Any]) -> None:
    found, _ = points(logs, **query)
    assert found.shape == (1000, query.get("dims", 3))
    assert np.isfinite(found).all()
    began = time.monotonic()
    assert (points(logs, **query)[0] == found).all()
    again = logs.ask("projector_data", **{**RUN, "tag": "same", "step": 0, **query})["0"]
    assert (np.array(again[0]) == found).all()  # the same thousand rows under another tag: nothing is computed
    assert time.monotonic() - began < 1


def test_what_is_kept_of_reductions_may_be_deleted_at_any_time(logs: LogServer) -> None:
    before, _ = points(logs, method="pca", dims=2)
    kept = list((logs.data / "cache" / "projections").iterdir())
    assert kept
    for file in kept:
        file.unlink()
    assert (points(logs, method="pca", dims=2)[0] == before).all()


def test_reductions_do_not_hold_up_other_answers(logs: LogServer) -> None:
    asked = threading.Thread(target=points, args=(logs,), kwargs={"method": "tsne", "dims": 3})
    asked.start()
    try:
        for _ in range(20):
            began = time.monotonic()
            logs.ask("exception", **RUN, tag="g")
            assert time.monotonic() - began < 2
    finally:
        asked.join()


def test_a_worker_that_dies_is_replaced(logs: LogServer) -> None:
    points(logs, method="pca", dims=4)
    [pid] = [pid for pid, words in logs.processes().items() if b"embedding_explorer.jobs.projection_worker" in words]
    os.kill(pid, signal.SIGKILL)
    assert points(logs, method="pca", dims=5)[0].shape == (1000, 5)


def test_the_web_process_loads_nothing_heavy(logs: LogServer) -> None:
    points(logs, method="pca", dims=2)
    [web] = [
        pid
        for pid, words in logs.processes().items()
        if b"serve" in words and pid != logs.process.pid and b"-c" not in words
    ] or [logs.process.pid]
    mapped = Path(f"/proc/{web}/maps").read_text()
    assert not [name for name in ("google/_upb", "openTSNE", "sklearn", "llvmlite", "libtorch") if name in mapped]


def test_the_whole_array(logs: LogServer) -> None:
    found, labels = logs.ask("projector_raw", **RUN, tag="e/%41 ü", step=5)["5"]
    assert (np.array(found) == POINTS.astype(float)).all()
    assert labels == list(range(1200))


def test_samples_in_both_dialects(logs: LogServer) -> None:
    query = {**RUN, "tag": "e/%41 ü", "index": 1}
    answer = logs.raw("projector_sample", **query)
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Accept" in answer.headers["Vary"]
    assert (
        logs.ask("projector_sample", WEB, **query)
        == "data:image/png;base64," + base64.b64encode(answer.content).decode()
    )
    text = logs.raw("projector_sample", **RUN, tag="few", index=0)
    assert (text.headers["Content-Type"], text.text) == ("text/plain; charset=utf-8", "größe")
    assert logs.ask("projector_sample", WEB, **RUN, tag="few", index=0) == "größe"


def test_graphs_in_both_dialects(logs: LogServer) -> None:
    plain = logs.ask("graph", **RUN)
    assert set(plain) == {"net", "operator"}
    net, operator = json.loads(plain["net"]), json.loads(plain["operator"])
    keys = {"label", "parent", "uid", "op", "layer", "attrs", "targets", "sub_net"}
    assert [set(node) for node in (net[0], net[0]["sub_net"][0])] == [keys, keys]
    assert net[0]["targets"] == [
        {"id": "net", "info": "", "control": "false", "num": 1}, {"id": "net/y", "info": "", "control": "false", "num": 1},
    ]  # fmt: skip
    assert [set(each) for each in operator] == [{"op", "list"}] * 7
    web = logs.ask("graph", WEB, **RUN, tag="c_graph")
    assert isinstance(web, str)
    assert json.loads(web) == {"net": net, "operator": operator}
    structure = json.loads(logs.ask("graph", **RUN, tag="s_graph")["net"])
    assert [[node["uid"] for node in each] for each in structure] == [["in", "intox", "net", "nettoy"]]


def test_exceptions_in_both_dialects(logs: LogServer) -> None:
    query = {**RUN, "tag": "g"}
    assert logs.ask("exception", **query) == {"g": [0, 3]}
    web = logs.ask("exception", WEB, **query)["g"]
    assert web["step"] == [0, 3]
    assert [(len(five), len(six)) for five, six in web["box"]] == [(5, 6), (5, 6)]
    assert logs.ask("exception_data", **query, step=0)["0"] == [[2, 2], -4.0, None, None, [[1.0, None], [None, -4.0]]]
    least, most, buckets = logs.ask("exception_hist", **query, step=0)["0"]
    assert (least, most, len(buckets)) == (-4.0, 1.0, 100)
    assert [bucket[2] for bucket in buckets if bucket[2]] == [1, 1]
    assert logs.ask("exception_hist", WEB, **query, step=0) == {"0": [[least, most, buckets]]}
    assert logs.ask("exception_box", **query, step=0, up=0, down=2)["0"] == [
        [None, None, -4.0],
        [[0, 1], [1, 0], [1, 1]],
    ]


@pytest.mark.parametrize("path", ["hyperparm", "hyperparam", "hparams"])
def test_hyper_parameters_in_both_dialects(logs: LogServer, path: str) -> None:
    plain = logs.ask(path, **RUN)
    first = {"hparams": [{"name": "rate", "data": 0.1}], "start_time_secs": 0.0}
    assert plain["hparamsInfo"] == [{"s": first}, {"t": {"hparams": [], "start_time_secs": 0.0}}]
    assert plain["metrics"] == logs.ask(path, WEB, **RUN)["metrics"] == [{"tag": "loss", "value": [0.5, 0.5]}]
    alone = {**RUN, "run": "b"}
    assert logs.ask(path, **alone)["metrics"] == logs.ask(path, WEB, **alone)["metrics"] == []


def test_hidden_states(logs: LogServer) -> None:
    query = {**RUN, "tag": "hidden_state"}
    answer = logs.ask("state", **query, pos=1, range=1)
    assert answer == {"data": [[0.0, 1.0, 0.0, 0.0]], "word": "b", "right": 2, "max": 1.0, "min": 0.0}
    found = logs.ask("state_select", **query, pattern="10", threshold=0.5, length=2)
    assert found == [{"id": 0, "start_pos": 0, "data": "ab"}, {"id": 1, "start_pos": 1, "data": "bc"}]


def test_feature_maps_that_are_not_there_are_an_empty_list(logs: LogServer) -> None:
    assert logs.ask("featuremap", **RUN, tag="x", range=0, task="Classification") == {"x": []}


@pytest.fixture(scope="module")
def history() -> Iterator[LogServer]:
    folder = shared_data("run_logs")
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        server = LogServer(Path(place), logs_root=str(folder))
        yield server
        server.kill()


LOG: dict[str, Any] = {"id": "history", "trainJobName": "log", "run": ".", "tag": "hidden1/Variable:0"}
BOX = [
    [0.19949762523174286, 0.06337332352995872, -0.0003873550158459693, -0.06705566495656967, -0.19840779900550842],
    [
        -0.19840779900550842, -0.14316551387310028, -0.12603507936000824, 0.11775458976626396, 0.14452305436134338,
        0.19949762523174286,
    ],
]  # fmt: skip


def test_the_exceptions_of_the_sample_log(history: LogServer) -> None:
    shape, least, most, mean, flat = history.ask("exception_data", **LOG, step=0)["0"]
    assert (shape, least, most) == ([5, 5, 1, 32], -0.19840779900550842, 0.19949762523174286)
    assert mean == pytest.approx(-0.001795072, abs=1e-9)
    assert np.array(flat).shape == (40, 20)
    assert flat[0][:3] == [-0.09801949560642242, -0.12017276883125305, 0.02689928002655506]
    web = history.ask("exception", WEB, **LOG)["hidden1/Variable:0"]
    assert web["step"] == [0, 100, 200, 300, 400]
    for found, expected in zip(web["box"][0], BOX, strict=True):
        assert found == pytest.approx(expected, rel=1e-12)
    found, places = history.ask("exception_box", **LOG, step=0, up=0.19, down=-0.19)["0"]
    assert places == [[0, 14], [10, 4], [11, 8], [14, 5], [20, 8], [23, 2], [31, 3], [36, 0]]
    assert found[0] == 0.19926324486732483
    assert history.ask("exception_box", **LOG, step=0, up=most, down=least) == {"0": [[], []]}
    buckets = history.ask("exception_hist", **LOG, step=0)["0"][2]
    assert (len(buckets), sum(count for _, _, count in buckets)) == (100, 800)


def test_the_embeddings_of_the_sample_log(history: LogServer) -> None:
    asked = {"id": "history", "trainJobName": "log", "run": ".", "tag": "output"}
    expected = {"output": [0, 100, 200, 300, 400], "shape": [100, 10], "sample": True, "sample_type": "image"}
    assert history.ask("projector", **asked) == history.ask("projector", WEB, **asked) == expected


def test_the_projection_of_the_sample_log(history: LogServer) -> None:
    query = {"id": "history", "trainJobName": "mnist", "run": ".", "tag": "minist", "step": 0}
    found, labels = history.ask("projector_data", **query, method="pca")["0"]
    variances = np.array(found).var(axis=0)
    np.testing.assert_allclose(variances, [1.5190194922270762e-04, 9.700980971e-05, 7.037555525e-05], rtol=1e-6)
    assert labels[:5] == [6, 1, 1, 1, 9]
    assert history.ask("exception_data", **{**query, "tag": "conv1_w_grad"})["0"][0] == [32, 1, 3, 3]
    assert len(history.ask("exception", WEB, **{**query, "tag": "conv1_w_grad"})["conv1_w_grad"]["box"]) == 50


def test_the_hyper_parameters_of_the_sample_log(history: LogServer) -> None:
    answer = history.ask("hyperparm", id="history", trainJobName="hparams", run=".")
    assert len(answer["hparamsInfo"]) == 8
    assert answer["metrics"][0]["value"][-1] == 0.7904999852180481
