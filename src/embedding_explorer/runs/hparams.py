"""The endpoint of hyper-parameters (contract, 6.20 and 7.7): sessions, and the metrics that came of them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from google.protobuf.struct_pb2 import Value

from embedding_explorer.errors import NoLogData, UnreadableLog
from embedding_explorer.runs.base import SESSION, Column, LogSet, Record, Run
from embedding_explorer.runs.messages import SessionContent, SessionEntry
from embedding_explorer.runs.packed import parsed, text_of

EXPERIMENT = "_hparams_/experiment"


@dataclass(frozen=True)
class Session:
    """One training with its hyper-parameters: the run and the event file that it was written to."""

    run: Run
    file: int
    group: str
    hparams: dict[str, Any]
    metrics: list[str]
    start: float

    def to_json(self) -> dict[str, Any]:
        """An entry of `hparamsInfo`."""
        listed = [{"name": name, "data": value} for name, value in self.hparams.items()]
        return {self.group or self.run.key: {"hparams": listed, "start_time_secs": self.start}}


def hyperparm(logs: LogSet, *, dialect: str, run: str) -> object:
    """The sessions of a run, or of the runs below it, and a list of values for each metric."""
    asked = logs.run(run)
    sessions = sessions_below(logs, asked)
    metrics = []
    for tag in metric_tags(asked, sessions):
        values = [metric(session, tag) for session in sessions]
        known = [value is not None for value in values]
        if all(known) or (any(known) and dialect != "web"):
            metrics.append({"tag": tag, "value": values})
    return {"hparamsInfo": [session.to_json() for session in sessions], "metrics": metrics}


def sessions_below(logs: LogSet, run: Run) -> list[Session]:
    """The sessions of a run; where it has none, those of the runs below it in ascending order. Raises NoLogData."""
    found = list(sessions_of(run))
    if not found:
        below = [other for other in logs.runs() if other is not run and is_below(other.path, run.path)]
        found = [session for other in sorted(below, key=lambda r: r.path) for session in sessions_of(other)]
    if not found:
        raise NoLogData()
    return found


def is_below(path: str, other: str) -> bool:
    """Whether one run's path leads into the other's folder."""
    return other == "." or path.startswith(f"{other}/")


def sessions_of(run: Run) -> Iterator[Session]:
    """The sessions of one run in file order; what cannot be read is left out."""
    for record, content in contents(run, SESSION):
        if content.HasField("session_start_info"):
            start = content.session_start_info
            hparams = {text_of(entry.key): data_of(entry.value) for entry in start.hparams}
            yield Session(
                run, record.file, text_of(start.group_name), hparams, names_of(start.metrics), start.start_time_secs
            )


def contents(run: Run, tag: str) -> Iterator[tuple[Record, Any]]:
    """The records of a tag with their content."""
    for record in run.records("hparams", tag) if run.has("hparams", tag) else ():
        try:
            yield record, parsed(SessionContent, record.value)
        except UnreadableLog:
            continue


def names_of(entries: Iterable[bytes]) -> list[str]:
    """The metrics that TS-VIS lists where TensorBoard has the address of a model, which is ignored."""
    names = []
    for data in entries:
        try:
            entry = parsed(SessionEntry, data)
            parsed(Value, entry.value)
        except UnreadableLog:
            continue
        if entry.key and entry.HasField("value"):
            names.append(text_of(entry.key))
    return names


def data_of(data: bytes) -> Any:
    """A hyper-parameter as JSON has it; None for what is neither number, text nor truth."""
    try:
        value = parsed(Value, data)
    except UnreadableLog:
        return None
    kind = value.WhichOneof("kind")
    return getattr(value, kind) if kind in ("number_value", "string_value", "bool_value") else None


def metric_tags(asked: Run, sessions: list[Session]) -> list[str]:
    """Which scalars are metrics: those that were named, else all in the files of the sessions.

    TensorFlow names them in the run that is asked for, and writes the sessions to folders below it.
    """
    runs = list(dict.fromkeys(session.run for session in sessions))
    named = [tag for run in dict.fromkeys([asked, *runs]) for tag in experiment_metrics(run)]
    named += [tag for session in sessions for tag in session.metrics]
    return list(dict.fromkeys(named or [tag for run in runs for tag in scalars_beside(run, sessions)]))


def experiment_metrics(run: Run) -> list[str]:
    """The metrics that the experiments of a run name."""
    from tensorboard.plugins.hparams.api_pb2 import Experiment

    found = []
    for _, content in contents(run, EXPERIMENT):
        try:
            experiment = parsed(Experiment, content.experiment)
        except UnreadableLog:
            continue
        found += [info.name.tag for info in experiment.metric_infos if info.name.tag]
    return found


def scalars_beside(run: Run, sessions: list[Session]) -> list[str]:
    """Tags of scalars in the event files that hold a session of the run."""
    files = {session.file for session in sessions if session.run is run}
    return [tag for tag in run.tags("scalar") if files & set(run.column(tag).files.tolist())]


def metric(session: Session, tag: str) -> float | None:
    """The last value of a scalar in the session's file, else in its run; None where there is none."""
    if not session.run.has("scalar", tag):
        return None
    column = session.run.column(tag)
    beside = (column.files == session.file).nonzero()[0]
    return last(column, int(beside[-1]) if len(beside) else -1)


def last(column: Column, index: int) -> float | None:
    """The value at a place, if there are any; NaN and infinities are none."""
    if not len(column.values):
        return None
    value = float(column.values[index])
    return value if value - value == 0 else None
