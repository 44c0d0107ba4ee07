"""Hyper-parameters of sessions and the metrics that belong to them (contract, 7.7)."""

from pathlib import Path
from typing import Any

import pytest

from embedding_explorer.errors import NoLogData
from embedding_explorer.runs.hparams import hyperparm
from tests.conftest import shared_data
from tests.runs import event_logs
from tests.runs.reading import open_logs
from tests.runs.tsvis_logs import field, number, scalar, session, write


def asked(folder: Path, run: str = ".", dialect: str = "doc") -> Any:
    return hyperparm(open_logs(folder), dialect=dialect, run=run)


def parameters(answer: Any) -> list[tuple[str, dict[str, Any]]]:
    """(group, parameters) of each session."""
    return [
        (group, {each["name"]: each["data"] for each in entry["hparams"]})
        for session in answer["hparamsInfo"]
        for group, entry in session.items()
    ]


def test_parameters_keep_their_kinds_and_equal_groups_are_not_merged(tmp_path: Path) -> None:
    mixed = {
        "rate": number(0.1),
        "name": field(3, "adam"),
        "deep": field(4, 1),
        "none": field(1, 0),
        "list": field(6, b""),
    }
    write(tmp_path, session("a", mixed), session("a", {"rate": number(2)}), session("", {}))
    answer = asked(tmp_path)
    assert parameters(answer) == [
        ("a", {"rate": 0.1, "name": "adam", "deep": True, "none": None, "list": None}), ("a", {"rate": 2.0}), (".", {}),
    ]  # fmt: skip
    assert answer["metrics"] == []
    assert [entry["start_time_secs"] for each in answer["hparamsInfo"] for entry in each.values()] == [0.0] * 3


def test_a_metric_is_the_last_value_in_the_file_of_its_session_else_in_the_run(tmp_path: Path) -> None:
    write(tmp_path, session("one", {}, ["loss"]), scalar("loss", 0, 1.0), scalar("loss", 1, 2.0), name="a.events")
    write(tmp_path, session("two", {}, ["loss", "never"]), scalar("other", 0, 9.0), name="b.events")
    write(tmp_path, scalar("loss", 2, 3.0), name="c.events")
    assert asked(tmp_path)["metrics"] == [{"tag": "loss", "value": [2.0, 3.0]}]


def test_without_named_metrics_all_scalars_beside_a_session_are_metrics(tmp_path: Path) -> None:
    write(tmp_path, session("one", {}), scalar("x", 0, 1.0), name="a.events")
    write(tmp_path, scalar("y", 0, 1.0), name="b.events")
    assert asked(tmp_path)["metrics"] == [{"tag": "x", "value": [1.0]}]


def test_an_experiment_above_its_sessions_names_the_metrics(tmp_path: Path) -> None:
    """As TensorFlow's hp.hparams_config and hp.KerasCallback leave it."""
    from torch.utils.tensorboard.summary import hparams

    experiment, *_ = hparams({}, {"accuracy": 0.0})
    event_logs.write(tmp_path / "tuning" / event_logs.NAME, [event_logs.event(0, experiment.value[0])])
    for name, best in (("run-0", 0.5), ("run-1", 0.75)):
        write(tmp_path / "tuning" / name, session(name, {}), scalar("accuracy", 0, best), scalar("loss", 0, 9.0))
    for dialect in ("doc", "web"):
        answer = asked(tmp_path, "tuning", dialect)
        assert [group for group, _ in parameters(answer)] == ["run-0", "run-1"]
        assert answer["metrics"] == [{"tag": "accuracy", "value": [0.5, 0.75]}]
    assert [each["tag"] for each in asked(tmp_path, "run-0")["metrics"]] == ["accuracy", "loss"]


def test_runs_without_a_value_are_null_or_the_metric_goes(tmp_path: Path) -> None:
    write(tmp_path / "runs" / "a", session("one", {}, ["loss"]), scalar("loss", 0, 1.0))
    write(tmp_path / "runs" / "b", session("two", {}, ["loss"]), scalar("acc", 0, float("nan")))
    write(tmp_path / "runs", scalar("t", 0, 1.0))
    assert parameters(asked(tmp_path, "runs")) == [("one", {}), ("two", {})]
    assert asked(tmp_path, "runs")["metrics"] == [{"tag": "loss", "value": [1.0, None]}]
    assert asked(tmp_path, "runs", "web")["metrics"] == []


def test_runs_without_sessions_have_no_data(tmp_path: Path) -> None:
    write(tmp_path / "a", scalar("t", 0, 1.0))
    write(tmp_path / "ab", session("s", {}))
    for run in ("a", "nowhere"):
        with pytest.raises(NoLogData):
            asked(tmp_path, run)


def test_the_address_of_a_model_is_no_metric(tmp_path: Path) -> None:
    content = field(3, field(2, "https://example.com/model") + field(4, "g"))
    damaged = field(1, 0.0) + field(5, field(1, field(1, "_hparams_/session_start_info") + field(9, field(1, field(1, "hparams") + field(2, b"\xff\xff")))))  # fmt: skip
    good = field(1, 0.0) + field(5, field(1, field(1, "_hparams_/session_start_info") + field(9, field(1, field(1, "hparams") + field(2, content)))))  # fmt: skip
    write(tmp_path, damaged, good)
    assert parameters(asked(tmp_path)) == [("g", {})]


def test_sessions_that_torch_wrote(tmp_path: Path) -> None:
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(str(tmp_path)) as writer:
        for name, rate, best in (("one", 0.1, 0.5), ("two", 0.2, 0.75)):
            found = {"rate": rate, "deep": True, "name": "adam"}
            writer.add_hparams(found, {"hparam/accuracy": best}, run_name=name)
    alone = asked(tmp_path, "two")
    assert parameters(alone) == [("two", {"rate": 0.2, "deep": True, "name": "adam"})]
    assert alone["metrics"] == [{"tag": "hparam/accuracy", "value": [0.75]}]
    together = asked(tmp_path)
    assert [group for group, _ in parameters(together)] == ["one", "two"]
    assert together["metrics"] == [{"tag": "hparam/accuracy", "value": [0.5, 0.75]}]


SAMPLE = [
    ((16, "adam", 0.1), 0.8216999769210815),
    ((16, "sgd", 0.1), 0.7746999859809875),
    ((16, "adam", 0.2), 0.8241999745368958),
    ((16, "sgd", 0.2), 0.765999972820282),
    ((32, "adam", 0.1), 0.8411999940872192),
    ((32, "sgd", 0.1), 0.7940999865531921),
    ((32, "adam", 0.2), 0.8307999968528748),
    ((32, "sgd", 0.2), 0.7904999852180481),
]


@pytest.mark.parametrize("dialect", ["doc", "web"])
def test_the_sample_log_of_tensorflow(dialect: str) -> None:
    answer = asked(shared_data("run_logs/history/hparams"), dialect=dialect)
    found = [(each["num_units"], each["optimizer"], each["dropout"]) for _, each in parameters(answer)]
    assert found == [each for each, _ in SAMPLE]
    assert answer["metrics"] == [{"tag": "accuracy", "value": [value for _, value in SAMPLE]}]
    times = [entry["start_time_secs"] for each in answer["hparamsInfo"] for entry in each.values()]
    assert (times[0], times[-1]) == (1589421851.8517694, 1589421877.1109092)


def test_the_sample_logs_of_ts_vis(tmp_path: Path) -> None:
    assert parameters(asked(shared_data("run_logs/tests/test_logs"), "run2")) == [
        ("mnist", {"lrate": 0.001, "batchSize": 32.0})
    ]
    groups = {
        run: [g for g, _ in parameters(asked(shared_data("run_logs/tsvis/test"), run))] for run in ("hp1", "hp2", "log")
    }
    assert groups == {
        "hp1": ["mnist", "mnist1", "mnist2", "mnist3", "mnist4", "mnist5"],
        "hp2": ["mnist", "mnist", "mnist2", "mnist3"],
        "log": [f"group_{n}" for n in range(12)],
    }


def test_the_sample_session_beside_the_sample_scalars(tmp_path: Path) -> None:
    for path in ("events.out.FX50-PRO", "run2/hparams.events.out.FX50-PRO"):
        (tmp_path / Path(path).name).symlink_to(shared_data(f"run_logs/tests/test_logs/{path}"))
    for file in list(tmp_path.iterdir()):  # links that lead out are not followed
        data = file.read_bytes()
        file.unlink()
        file.write_bytes(data)
    assert asked(tmp_path)["metrics"] == [{"tag": "loss", "value": [0.2714032828807831]}]
