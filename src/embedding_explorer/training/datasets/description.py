"""What the API says of a dataset: its tasks, its statistics (contract, 4.8, 4.9.5 and 4.11). JSON values."""

from typing import Any

from embedding_explorer.training.datasets.mean import PICTURE
from embedding_explorer.training.datasets.plan import create_name, load_parsed
from embedding_explorer.training.datasets.reading import TrainingDataset
from embedding_explorer.training.datasets.splits import SETS
from embedding_explorer.training.datasets.state import FEATURES, LABELS, SetState

_COUNTS = ("label_count", "train_count", "val_count", "test_count")


def describe(dataset: TrainingDataset) -> dict[str, Any]:
    """The keys of a dataset's JSON that its folder decides on; name, status, owner and so on are the job's."""
    return _classification(dataset) if dataset.plan.kind == "classification" else _generic(dataset)


def statistics(dataset: TrainingDataset, mean_url: str | None = None) -> dict[str, Any]:
    """`labels` and `sets` of the statistics, so far. `mean_url`: the address of `mean.jpg`, shown once it is there."""
    labels = dataset.labels
    states = {name: dataset.state(name) for name in dataset.plan.sets}
    sets = [_set_statistics(dataset, name, state, labels) for name, state in states.items()]
    for each in sets:
        if each["db"] == "train":
            each["mean_image"] = mean_url if (dataset.folder / PICTURE).is_file() else None
    return {"labels": labels, "sets": sets}


def _classification(dataset: TrainingDataset) -> dict[str, Any]:
    plan, parsed = dataset.plan, {each["name"]: each for each in load_parsed(dataset.folder)}
    unknown = dict.fromkeys(_COUNTS)
    return {
        "ParseFolderTasks": [parsed.get(name, {"name": name, **unknown}) for name in plan.parse],
        "CreateDbTasks": [_create_task(dataset, name) for name in plan.sets],
        "resize_mode": plan.pictures["mode"],
    }


def _create_task(dataset: TrainingDataset, name: str) -> dict[str, Any]:
    plan, state = dataset.plan, dataset.state(name)
    return {
        "name": create_name(name),
        **{key: plan.storage[key] for key in ("backend", "encoding", "compression")},
        "entries": state.entries if state is not None and state.done else None,
        **{f"image_{key}": plan.pictures[key] for key in ("width", "height", "channels")},
    }


def _generic(dataset: TrainingDataset) -> dict[str, Any]:
    states = {name: dataset.state(name) for name in SETS}
    shape = next((list(state.shape) for state in states.values() if state is not None and state.shape), None)
    tasks = [_generic_task(name, state) for name, state in states.items()]
    return {"feature_dims": shape, "create_db_tasks": tasks, "extension": dataset.plan.extension}


def _generic_task(name: str, state: SetState | None) -> dict[str, Any]:
    done = state is not None and state.done
    stage = f"{name}_db"
    return {
        "name": f"Create {stage} DB",
        "stage": stage,
        "entry_count": state.entries if state is not None and done else 0,
        "feature_db_path": f"{stage}/{FEATURES}" if done else None,
        "label_db_path": f"{stage}/{LABELS}" if state is not None and done and state.labels else None,
    }


def _set_statistics(
    dataset: TrainingDataset, name: str, state: SetState | None, labels: list[str] | None
) -> dict[str, Any]:
    state = state or SetState("", 0)
    listed = sorted(enumerate(labels or ()), key=lambda each: -state.counts[each[0]])
    classes = [
        {"index": index, "label": label, "count": state.counts[index], "error_count": state.errors[index]}
        for index, label in listed
    ]
    return {
        "db": name,
        "task": create_name(name) if labels or dataset.plan.kind == "classification" else f"Create {name}_db DB",
        "entries": state.entries,
        "failed": state.failed,
        "classes": classes,
    }
