import json

import pytest

from embedding_explorer.errors import BadInput
from embedding_explorer.training.figures import Figures, Point, figures_from_json, finite, snapshot_list


def figures() -> Figures:
    found = Figures()
    found.add(Point("train", 0.5, 5, {"loss": 1.1, "learning_rate": 0.01}))
    found.add(Point("train", 1.0, 10, {"loss": 0.9, "learning_rate": 0.01}))
    found.add(Point("val", 1.0, 10, {"loss": 0.6, "accuracy": 0.81}))
    return found


def test_graphs_have_the_shape_of_the_contract() -> None:
    assert figures().combined_graph() == {
        "columns": [
            ["loss-train", 1.1, 0.9],
            ["train_epochs", 0.5, 1],
            ["accuracy-val", 81.0],
            ["loss-val", 0.6],
            ["val_epochs", 1],
        ],
        "xs": {"loss-train": "train_epochs", "accuracy-val": "val_epochs", "loss-val": "val_epochs"},
        "axes": {"accuracy-val": "y2"},
        "names": {"loss-train": "loss (train)", "accuracy-val": "accuracy (val)", "loss-val": "loss (val)"},
    }
    assert figures().rate_graph() == {
        "columns": [["epoch", 0.5, 1], ["lr", 0.01, 0.01]],
        "xs": {"lr": "epoch"},
        "names": {"lr": "Learning Rate"},
    }
    assert snapshot_list([1.0, 2.5]) == [[2.5, "Epoch #2.5"], [1, "Epoch #1"]]


def test_there_is_no_graph_without_figures() -> None:
    assert Figures().combined_graph() is None
    assert Figures().rate_graph() is None


def test_columns_are_thinned_to_two_hundred_points_with_both_ends() -> None:
    found = Figures([Point("train", i / 10, i, {"loss": float(i), "learning_rate": 1.0}) for i in range(1, 1002)])
    graph, whole = found.combined_graph(), found.combined_graph(None)
    assert graph is not None and whole is not None
    assert [len(column) for column in graph["columns"]] == [201, 201]
    assert graph["columns"][0][1:3] == [1.0, 6.0] and graph["columns"][0][-1] == 1001.0
    assert len(whole["columns"][0]) == 1002
    assert len(found.sparkline()) == 200


def test_what_is_not_finite_is_missing() -> None:
    found = figures()
    found.add(Point("val", 2.0, 20, finite({"loss": float("inf"), "accuracy": 0.5})))
    graph = found.combined_graph()
    assert graph is not None
    assert graph["columns"][3] == ["loss-val", 0.6, "none"]
    json.dumps(graph, allow_nan=False)
    assert found.summary()["loss (val) last"] == 0.6


def test_tables_show_last_least_and_greatest() -> None:
    summary = figures().summary()
    assert summary["loss (train) last"] == summary["loss (train) min"] == 0.9
    assert summary["loss (train) max"] == 1.1
    assert summary["accuracy (val) max"] == 0.81
    assert "learning_rate (train) last" in summary


def test_figures_survive_a_file() -> None:
    assert figures_from_json(json.loads(json.dumps(figures().to_json()))) == figures()
    with pytest.raises(BadInput, match="damaged"):
        figures_from_json([["train", 1]])
