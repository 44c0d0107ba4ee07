"""The run-logs API from outside: what is read, followed and survived (contract, chapters 3 to 7 and 11)."""

import hashlib
import math
import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest

from tests.conftest import shared_data
from tests.contracts.run_logs_api import WEB, LogServer
from tests.runs.event_logs import BEGUN, NAME, histogram, image, scalar, scalars, tensor, write, write_large


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LogServer]:
    folder = tmp_path_factory.mktemp("run-logs")
    server = LogServer(folder, run_roots=os.pathsep.join(str(folder / name) for name in ("further", "nowhere")))
    write(server.root / "main" / NAME, scalars("t", [1.0]))
    yield server
    server.kill()


@pytest.fixture
def job(logs: LogServer, request: pytest.FixtureRequest) -> Iterator[tuple[Path, dict[str, str]]]:
    """A dataset of a test's own: its folder, and how requests name it."""
    name = f"job-{abs(hash(request.node.name))}"
    folder = logs.root / "user" / name
    folder.mkdir(parents=True)
    yield folder, {"id": "user", "trainJobName": name}
    shutil.rmtree(folder, ignore_errors=True)


Job = tuple[Path, dict[str, str]]


def values(logs: LogServer, named: dict[str, str], run: str = ".", tag: str = "t") -> list[float | None]:
    return [each["value"] for each in logs.ask("scalar", run=run, tag=tag, **named)[tag]]


def test_the_root_itself_is_the_dataset_of_whoever_names_none(logs: LogServer) -> None:
    assert "main" in logs.ask("getCategory")
    assert "main" in logs.ask("getCategory", session_id="undefined")
    session = logs.ask("init", id="test", trainJobName="test")["session_id"]
    assert values(logs, {"session_id": session}, "main") == [1.0]


def test_runs_of_further_folders_are_shown_with_those_of_the_root(logs: LogServer) -> None:
    further = logs.root.parent / "further"
    write(further / "elsewhere" / "deep" / NAME, scalars("t", [3.0]))
    write(further / "main" / NAME, scalars("t", [4.0]))
    logs.until(lambda: {"elsewhere", "deep"} & set(logs.ask("getCategory")) != set())
    assert values(logs, {}, "deep") == [3.0]
    assert values(logs, {}, "further/main") == [4.0]
    assert values(logs, {}, "main") == [1.0]


def test_categories(logs: LogServer, job: Job) -> None:
    folder, named = job
    tags = ["layer10/w", "layer2/w", "layer2/b", "epoch_loss", "loss", "Zeta", "9", "layer/sample#$1"]
    records = [scalar(tag, 0, 1.0) for tag in tags]
    records += [
        histogram("h", 0, [1.0], [1.0], 0.0, 1.0),
        image("i", 0, b""),
        tensor("e", 0, np.ones((1, 2)), "tensor"),
    ]
    write(folder / "train" / NAME, records)
    write(folder / "empty" / NAME, [])
    found = logs.ask("getCategory", **named)
    assert list(found) == ["empty", "train"]
    assert found["empty"] == {
        **{key: [] for key in ("graph", "embedding", "exception", "hparams", "hyperparm")},
        **{key: [] for key in ("featuremap", "transformer", "hiddenstate")},
        "scalar": {},
        "media": {"image": [], "audio": [], "text": []},
        "statistic": {"histogram": []},
        "custom": ["true"],
    }
    assert found["train"]["scalar"] == {
        "9": ["9"],
        "Zeta": ["Zeta"],
        "epoch_loss": ["epoch_loss"],
        "layer2": ["layer2/b", "layer2/w"],
        "layer": ["layer/sample#$1"],
        "layer10": ["layer10/w"],
        "loss": ["loss"],
    }
    assert (found["train"]["exception"], found["train"]["embedding"]) == (["e"], ["e"])
    web = logs.ask("getCategory", WEB, **named)
    assert web["empty"] == {"custom": ["true"]}
    assert set(web["train"]) == {"scalar", "media", "statistic", "exception", "custom"}
    assert web["train"]["media"] == {"image": ["i"]}


def test_numbers_that_are_none_are_null(logs: LogServer, job: Job) -> None:
    folder, named = job
    odd = [1.0, math.nan, math.inf, -math.inf, 2.0]
    write(folder / NAME, [*scalars("t", odd), histogram("h", 0, [1.0, math.nan], [1.0, 2.0], -math.inf, math.inf)])
    assert values(logs, named) == [1.0, None, None, None, 2.0]
    assert logs.ask("scalar", run=".", tag="t", form="array", **named)[1] == [BEGUN + 1, 1, None]
    assert logs.ask("histogram", run=".", tag="h", **named)["h"][0][2:4] == [None, None]
    assert len(logs.ask("distribution", run=".", tag="h", **named)["h"][0][2]) == 9


@pytest.mark.parametrize("tag", ["a/b/c", "Größe ✓ 大", "x" * 300, "100%", "a%2Fb", "a+b c", "%", "<b>&\"'", "ü" * 300])
def test_any_tag_is_found_as_it_is_and_encoded_once_or_twice_more(logs: LogServer, job: Job, tag: str) -> None:
    folder, named = job
    write(folder / NAME, [scalar(tag, 0, 5.0)])
    for sent in (tag, quote(tag, safe=""), quote(quote(tag, safe=""), safe="")):
        assert logs.ask("scalar", run=".", tag=sent, **named) == {tag: [{"wall_time": BEGUN, "step": 0, "value": 5.0}]}


def test_a_tag_that_is_there_as_received_is_not_decoded(logs: LogServer, job: Job) -> None:
    folder, named = job
    write(folder / NAME, [scalar("a%20b", 0, 1.0), scalar("a b", 0, 2.0)])
    assert values(logs, named, tag="a%20b") == [1.0]
    assert values(logs, named, tag="a b") == [2.0]


def test_text_and_audio_take_any_run_and_others_do_not(logs: LogServer, job: Job) -> None:
    folder, named = job
    write(folder / "b" / NAME, [tensor("w", 0, [b"second"], "text")])
    write(folder / "a" / NAME, [tensor("w", 0, [b"first"], "text"), scalar("t", 0, 1.0)])
    write(folder / "0" / NAME, scalars("t", [1.0]))
    assert logs.ask("text", run="nobody", tag="w", **named)["w"][0]["value"] == "first"
    assert logs.ask("text", run="b", tag="w", **named)["w"][0]["value"] == "second"
    assert "no data found" in logs.refused("text", run="0", tag="w", **named)
    assert "no data found" in logs.refused("scalar", run="nobody", tag="t", **named)


def test_what_is_written_is_seen_within_ten_seconds(logs: LogServer, job: Job) -> None:
    folder, named = job
    path = write(folder / "a" / NAME, scalars("t", [0.0]))
    assert values(logs, named, "a") == [0.0]
    write(path, scalars("t", [1.0], start=1), "ab")
    logs.until(lambda: values(logs, named, "a") == [0.0, 1.0])
    write(folder / "a" / f"{NAME}.1", scalars("t", [2.0]))
    logs.until(lambda: values(logs, named, "a") == [0.0, 1.0, 2.0])
    write(folder / "later" / NAME, scalars("t", [9.0]))
    logs.until(lambda: "later" in logs.ask("getCategory", **named))
    assert values(logs, named, "later") == [9.0]


def test_half_a_record_is_not_seen_and_then_it_is(logs: LogServer, job: Job) -> None:
    folder, named = job
    content = write(folder / "other", scalars("t", [0.0, 1.0])).read_bytes()
    path = folder / NAME
    path.write_bytes(content[: len(content) - 7])
    assert values(logs, named) == [0.0]
    with path.open("ab") as out:
        out.write(content[len(content) - 7 :])
    logs.until(lambda: values(logs, named) == [0.0, 1.0])
    assert "trouble" not in logs.ask("init", **named)


def test_what_is_damaged_is_told_and_what_is_not_is_served(logs: LogServer, job: Job) -> None:
    folder, named = job
    path = write(folder / "bad" / NAME, scalars("t", range(10)))
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    path.write_bytes(content)
    write(folder / "good" / NAME, scalars("t", range(10)))
    (folder / "good" / "events.of.noise").write_bytes(os.urandom(3000))
    begun = logs.ask("init", **named)
    assert list(begun["trouble"]) == ["bad", "good"]
    assert "damaged at byte" in begun["trouble"]["bad"][0]
    assert 0 < len(values(logs, named, "bad")) < 10
    assert len(values(logs, named, "good")) == 10


def test_a_run_deleted_while_it_is_open(logs: LogServer, job: Job) -> None:
    folder, named = job
    for name in ("a", "b"):
        write(folder / name / NAME, [*scalars("t", [1.0]), image("i", 0, b"GIF89a")])
    assert logs.raw("image_raw", run="a", tag="i", step=0, **named).content == b"GIF89a"
    shutil.rmtree(folder / "a")
    logs.until(lambda: list(logs.ask("getCategory", **named)) == ["b"])
    assert "no data found" in logs.refused("image_raw", run="a", tag="i", step=0, **named)
    assert values(logs, named, "b") == [1.0]
    shutil.rmtree(folder)
    logs.until(lambda: "main" in logs.ask("getCategory", **named))  # what has no folder of its own has the root


def test_it_goes_on_when_the_reader_was_killed(logs: LogServer, job: Job) -> None:
    folder, named = job
    write(folder / NAME, scalars("t", [1.0]))
    assert values(logs, named) == [1.0]
    killed = logs.reader_pid()
    os.kill(killed, signal.SIGKILL)
    assert values(logs, named) == [1.0]
    write(folder / f"{NAME}.1", scalars("t", [2.0]))
    logs.until(lambda: values(logs, named) == [1.0, 2.0])
    assert logs.reader_pid() != killed


def test_trainings_of_this_server_appear_by_themselves(tmp_path: Path) -> None:
    server = LogServer(tmp_path, logs_root="")
    try:
        assert "session" in server.refused("getCategory")
        path = write(server.data / "runs" / "20261121-job" / NAME, scalars("loss/train", [1.0]))
        server.until(lambda: server.raw("getCategory").json()["code"] == 200)
        assert values(server, {}, "20261121-job", "loss/train") == [1.0]
        write(path, scalars("loss/train", [2.0], start=1), "ab")
        server.until(lambda: values(server, {}, "20261121-job", "loss/train") == [1.0, 2.0])
    finally:
        server.kill()


def test_trainings_of_this_server_appear_beside_another_log_root(logs: LogServer) -> None:
    write(logs.data / "runs" / "20261121-own" / NAME, scalars("loss/train", [1.0]))
    logs.until(lambda: "20261121-own" in logs.ask("getCategory"))
    assert "main" in logs.ask("getCategory")


@pytest.mark.slow
def test_a_large_log_is_begun_at_once_if_wanted_and_other_answers_stay_quick(logs: LogServer, job: Job) -> None:
    folder, named = job
    write_large(folder / "large" / NAME, megabytes=600)
    write(folder / "small" / NAME, scalars("t", [1.0]))
    began = time.monotonic()
    begun = logs.ask("init", wait=0, **named)
    assert time.monotonic() - began < 10
    assert values(logs, named, "small") == [1.0]
    assert len(values(logs, named, "large", "loss")) > 0
    waits = []
    while "progress" in begun:
        assert 0 <= begun["progress"] < 1
        asked = time.monotonic()
        logs.ask("scalar", run="small", tag="t", **named)
        waits.append(time.monotonic() - asked)
        time.sleep(0.05)
        begun = logs.ask("init", wait=0, **named)
        assert time.monotonic() - began < 120
    assert sorted(waits or [0.0])[len(waits) // 2] < 0.5
    logs.until(lambda: len(values(logs, named, "large", "loss")) == 600)  # an answer may be some seconds old


@pytest.mark.slow
def test_a_large_log_is_whole_when_it_has_begun(logs: LogServer, job: Job) -> None:
    folder, named = job
    write_large(folder / "large" / NAME, megabytes=600)
    write(folder / "small" / NAME, scalars("t", [1.0]))
    began = time.monotonic()
    assert set(logs.ask("init", **named)) == {"msg", "session_id"}
    assert time.monotonic() - began < 30
    assert len(values(logs, named, "large", "loss")) == 600
    assert set(logs.ask("getCategory", WEB, **named)["large"]) == {"scalar", "media", "custom"}


def test_many_ask_at_the_same_time(logs: LogServer, job: Job) -> None:
    folder, named = job
    write(folder / NAME, [record for tag in range(20) for record in scalars(f"t{tag}", range(50))])
    assert len(values(logs, named, tag="t19")) == 50  # few may wait for what is not read yet
    found: list[Any] = []

    def ask(number: int) -> None:
        found.extend(len(values(logs, named, tag=f"t{(number + n) % 20}")) for n in range(20))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [50] * 800


def test_the_sample_log_has_the_values_that_the_contract_gives(logs: LogServer, job: Job) -> None:
    folder, named = job
    shutil.copytree(shared_data("run_logs/tests/test_logs"), folder, dirs_exist_ok=True)
    here = {"run": ".", **named}
    logs.ask("init", **named)
    assert logs.ask("getCategory", WEB, **named) == {
        ".": {
            "graph": ["c_graph", "s_graph"],
            "scalar": {"loss": ["loss"]},
            "media": {"image": ["image"]},
            "statistic": {"histogram": ["conv1_w"]},
            "custom": ["true"],
        },
        "run1": {"graph": ["s_graph"], "custom": ["true"]},
        "run2": {"hyperparm": ["true"], "custom": ["true"]},
    }
    loss = logs.ask("scalar", tag="loss", **here)["loss"]
    assert [each["step"] for each in loss] == list(range(0, 1880, 10))
    assert loss[0] == {"wall_time": 1626159124.2257197, "step": 0, "value": 2.306698799133301}
    assert loss[1] == {"wall_time": 1626159124.4652154, "step": 10, "value": 2.310215950012207}
    assert loss[-1] == {"wall_time": 1626159143.6901374, "step": 1870, "value": 0.2714032828807831}
    assert min((each["value"], each["step"]) for each in loss) == (0.0411049909889698, 1760)
    images = logs.ask("image", tag="image", **here)["image"]
    assert len(images) == 188
    assert images[0] == {"wall_time": 1626159124.2326987, "step": 0, "width": 28, "height": 28}
    digest = hashlib.sha256(logs.raw("image_raw", tag="image", step=0, **here).content).hexdigest()
    assert digest == "fa5b25aded7bfcae006768188bf07c1a5ac9b7a11b65dfebe26d7be416b9b8d1"
    check_histograms(logs, here)


def check_histograms(logs: LogServer, here: dict[str, str]) -> None:
    rows = logs.ask("histogram", tag="conv1_w", **here)["conv1_w"]
    assert len(rows) == 50
    assert {sum(count for _, _, count in row[4]) for row in rows} == {288}
    time_, step, least, most, triples = rows[0]
    assert (time_, step, least, most) == (1626159124.234694, 0, -0.33224573731422424, 0.3326847553253174)
    assert len(triples) == 561
    assert triples[:3] == [
        [-0.33224573731422424, -0.35363819004775493, 0.0],
        [-0.35363819004775493, -0.3214892636797772, 3.0],
        [-0.3214892636797772, -0.29226296698161564, 8.0],
    ]
    assert triples[-1] == [0.3214892636797772, 0.3326847553253174, 6.0]
    first, *_, last = logs.ask("distribution", tag="conv1_w", **here)["conv1_w"]
    expected = [-0.33224573731422424, -0.2754253500083195, -0.21723396707060538, -0.1396029396415705, -0.0071032821827]
    expected += [0.13858664450720, 0.23559864526305, 0.29385287752199, 0.3326847553253174]
    assert [value for _, value in first[2]] == pytest.approx(expected, abs=1e-12)
    assert (first[2][0][1], first[2][-1][1]) == (least, most)
    assert last[2][-1][1] == 0.45219194889068604
    assert last[2][4][1] == pytest.approx(-0.0104, abs=1e-5)
    assert [value for _, value in last[2]][:4] == pytest.approx(
        [-0.44712454080581665, -0.32502886047289, -0.25450549012330, -0.16643675634336], abs=1e-12
    )
