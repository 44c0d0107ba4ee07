"""Two datasets of the same pictures compared, black box: against a comparison by hand of what else the server gives."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from sklearn.manifold import trustworthiness

from tests.conftest import zip_of
from tests.contracts.conftest import arrays, labelled_pictures, table
from tests.servers import Server

COUNT, K = 45, 6
NONE = 0xFFFFFFFF
BARE = "fa" * 16
BY_ID = "public, max-age=31536000, immutable"
Pair = tuple[str, str]


@pytest.fixture(scope="module")
def pair(server: Server) -> Iterator[Pair]:
    """Most of the same pictures through two layers of a network."""
    files = list(labelled_pictures(COUNT + 3, seed=900).items())
    first, second = dict(files[:COUNT]), dict(files[2:])
    answers = [
        server.upload(zip_of(first), query="?labels=folders&name=One"),
        server.upload(zip_of(second), query="?labels=folders&name=Other&network=embedded&layer=stem&pooling=avg"),
    ]
    assert [answer.status_code for answer in answers] == [200, 200], [answer.text for answer in answers]
    yield answers[0].text, answers[1].text
    for answer in answers:
        requests.delete(f"{server.url}/dataset/{answer.text}", timeout=9)


@pytest.fixture(scope="module")
def common(server: Server, pair: Pair) -> tuple[Any, Any]:
    """Features and maps of the common pictures, each dataset's rows in the same order."""
    names = [[row["file"] for row in table(server, each)] for each in pair]
    shared = [name for name in names[0] if name in names[1]]
    assert 30 < len(shared) == COUNT - 2
    found = []
    for dataset, listed in zip(pair, names, strict=True):
        rows, held = [listed.index(name) for name in shared], arrays(server, dataset)
        found.append({name: held[name][rows].astype(np.float64) for name in ("features", "umap")})
    return found[0], found[1]


def neighbours(features: Any) -> list[set[int]]:
    """The K nearest of each, by the definition."""
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    distances = 1 - unit @ unit.T
    np.fill_diagonal(distances, np.inf)
    return [set(row) for row in distances.argsort(axis=1)[:, :K].tolist()]


def test_matches_lead_to_the_same_picture(server: Server, pair: Pair) -> None:
    a, b = pair
    files_a, files_b = ([row["file"] for row in table(server, each)] for each in pair)
    rows = np.frombuffer(server.get(f"/maps/{a}/matches/{b}").content, "<u4")
    truth = [files_b.index(name) if name in files_b else NONE for name in files_a]
    assert rows.tolist() == truth and truth.count(NONE) == 2


def test_overlap_counts_common_neighbours(server: Server, pair: Pair, common: Any) -> None:
    a, b = pair
    truth = [len(x & y) / K for x, y in zip(*(neighbours(each["features"]) for each in common), strict=True)]
    body = server.get(f"/maps/{a}/agreement/{b}?k={K}").json()
    assert body["overlap"] == pytest.approx(np.mean(truth), abs=0.01) and 0 < np.mean(truth) < 1
    assert (body["a"], body["b"], body["matched"], body["sample"], body["k"]) == (a, b, len(truth), len(truth), K)
    assert body["by_chance"] == pytest.approx(K / (len(truth) - 1)) and body["metric"] == "cosine"
    values = np.frombuffer(server.get(f"/maps/{a}/agreement/{b}/overlap?k={K}").content, "<f4")
    rows = np.frombuffer(server.get(f"/maps/{a}/matches/{b}").content, "<u4")
    assert len(values) == COUNT and (np.isnan(values) == (rows == NONE)).all()
    # float16 features: now and then the sixth neighbour is as near as the seventh.
    assert np.isclose(values[rows != NONE], truth).mean() > 0.9


def test_trustworthiness_is_that_of_scikit_learn(server: Server, pair: Pair, common: Any) -> None:
    a, b = pair
    scores = server.get(f"/maps/{a}/agreement/{b}?k={K}").json()
    one, other = common
    pairs = {"a": (one, one), "b": (other, other), "a_by_b": (other, one), "b_by_a": (one, other)}
    for name, (space, layout) in pairs.items():
        truth = trustworthiness(space["features"], layout["umap"], n_neighbors=K, metric="cosine")
        assert scores["trustworthiness"][name] == pytest.approx(truth, abs=0.01), name
        units = space["features"] / np.linalg.norm(space["features"], axis=1, keepdims=True)
        truth = trustworthiness(layout["umap"], units, n_neighbors=K)
        assert scores["continuity"][name] == pytest.approx(truth, abs=0.01), name


@pytest.mark.parametrize("path", ["agreement/{}", "agreement/{}/overlap", "matches/{}"])
def test_what_is_reached_by_ids_is_kept_for_ever_and_by_main_asked_for_again(server: Server, path: str) -> None:
    main = server.get("/dataset/info").json()["id"]
    by_id, by_main = server.get(f"/maps/{main}/{path.format(main)}"), server.get(f"/maps/main/{path.format(main)}")
    assert by_id.status_code == by_main.status_code == 200 and by_id.content == by_main.content
    assert (by_id.headers["Cache-Control"], by_main.headers["Cache-Control"]) == (BY_ID, "no-cache")
    for answer in (by_id, by_main):
        assert re.fullmatch('"[^"]+"', answer.headers["ETag"])
        again = requests.get(answer.url, headers={"If-None-Match": answer.headers["ETag"]}, timeout=9)
        assert (again.status_code, again.content) == (304, b"")


def test_a_dataset_agrees_wholly_with_itself(server: Server) -> None:
    body = server.get("/maps/main/agreement/main").json()
    assert body["overlap"] == 1 and body["matched"] == body["sample"] == 1797 and body["k"] == 20
    assert len({body["trustworthiness"][name] for name in ("a", "b", "a_by_b", "b_by_a")}) == 1
    assert 0.9 < body["trustworthiness"]["a"] < 1


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("agreement/{a}?k=0", 400, "k"),
        ("agreement/{a}?k=101", 400, "100"),
        ("agreement/{a}?n=9", 400, "n"),
        ("agreement/nonsense", 404, "Dataset not found"),
        ("matches/nonsense", 404, "Dataset not found"),
        ("agreement/main", 409, "too few"),
        ("agreement/main/overlap", 409, "too few"),
        ("matches/main", 409, "0 pictures in common"),
    ],
)
def test_what_cannot_be_compared_says_why(server: Server, pair: Pair, path: str, status: int, said: str) -> None:
    answer = server.get(f"/maps/{pair[0]}/{path.format(a=pair[1])}")
    assert answer.status_code == status, answer.text
    assert said in answer.json()["error"] and len(answer.text) < 500


def test_without_features_there_are_matches_but_no_agreement(server: Server, pair: Pair) -> None:
    folder = server.data / "datasets" / BARE
    shutil.copytree(server.data / "datasets" / pair[0], folder)
    described = json.loads((folder / "dataset.json").read_text())
    (folder / "dataset.json").write_text(json.dumps(described | {"id": BARE, "features": None, "network": None}))
    answer = server.get(f"/maps/{BARE}/agreement/{pair[0]}")
    assert answer.status_code == 409 and "no features" in answer.json()["error"]
    rows = np.frombuffer(server.get(f"/maps/{BARE}/matches/{pair[0]}").content, "<u4")
    assert rows.tolist() == list(range(COUNT))
    kept = list((server.data / "cache" / "agreement").glob(f"*{BARE}*"))
    requests.delete(f"{server.url}/dataset/{BARE}", timeout=9)
    assert kept and not any(path.exists() for path in kept)


def test_it_is_described(server: Server) -> None:
    described = server.get("/openapi.json").json()
    for path in ("agreement/{b}", "agreement/{b}/overlap", "matches/{b}"):
        assert described["paths"][f"/maps/{{a}}/{path}"]["get"]["summary"], path
    answer = described["components"]["schemas"]["AgreementAnswer"]["properties"]
    assert {"matched", "sample", "k", "overlap", "trustworthiness", "continuity"} <= set(answer)


def test_comparing_loads_no_heavy_library_into_the_web_process(server: Server, pair: Pair) -> None:
    assert server.get(f"/maps/{pair[0]}/agreement/{pair[1]}?k=3").status_code == 200
    loaded = Path(f"/proc/{server.web_pid()}/maps").read_text()
    assert "numpy" in loaded and not re.search(r"libtorch|libopenvino|/scipy/|/sklearn/", loaded)
