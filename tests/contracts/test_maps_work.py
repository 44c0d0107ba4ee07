"""The maps API, black box: what needs the worker or makes files, and what goes on while a job runs."""

import base64
import csv
import io
import itertools
import json
import math
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pyarrow.parquet as parquet
import pytest
import requests
from PIL import Image

from tests.conftest import encoded, picture, zip_of
from tests.contracts.conftest import arrays, labelled_pictures, opened, table
from tests.servers import Server, begun_upload

READS = (
    "",
    "/manifest.json",
    "/positions/umap",
    "/columns/range",
    "/tilemaps/000",
    "/overview/000",
    "/thumbnails?ids=3,1",
    "/pictures/2",
    "/rows/2",
    "/neighbors/2?k=3",
    "/search?q=0",
    ".png?width=64&height=64",
)
NUMBERS = itertools.count(1)
FOCAL = 1 / math.tan(math.radians(20))  # half a view of 40 degrees, at depth 1


@contextmanager
def busy(server: Server) -> Iterator[None]:
    """While an upload holds the lock."""
    connection = begun_upload(server)
    try:
        yield
    finally:
        connection.close()
        server.wait_idle()


@pytest.fixture
def fresh(server: Server) -> Iterator[str]:
    """A dataset of which nothing was asked yet."""
    files = labelled_pictures(30, 1000 * next(NUMBERS), [(40, 30)])
    dataset = server.upload(zip_of(files), query="?labels=folders").text
    yield dataset
    requests.delete(f"{server.url}/dataset/{dataset}", timeout=9)


def ended(server: Server, job: dict[str, Any]) -> dict[str, Any]:
    """The record of a job when it has ended."""
    url = f"/jobs/{job['id']}.json"
    server.wait_for(lambda: server.get(url).json()["status"] not in ("waiting", "running"), 60)
    found: dict[str, Any] = server.get(url).json()
    return found


def columns(server: Server, dataset: str) -> dict[str, Any]:
    return {each["name"]: each for each in server.get(f"/maps/{dataset}").json()["columns"]}


def test_reads_go_on_while_a_job_runs_and_only_work_waits(server: Server, fresh: str) -> None:
    base = f"/maps/{fresh}"
    with busy(server):
        for path in ("/maps", "/maps/main", "/thumbnails?ids=1", *(f"{base}{each}" for each in READS)):
            assert server.get(path).status_code == 200, path
        assert server.post(f"{base}/export.csv", json={"rows": [1]}).status_code == 200
        refused = [
            server.get(f"{base}/positions/pca?space=main"),
            server.post(f"{base}/search", files={"file": ("x.png", b"x" * 3_000_000)}),
            server.post(f"{base}/clusters", json={}),
        ]
        for answer in refused:
            assert answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0
            assert answer.json()["error"] == "Server is busy, please wait"
            assert answer.json()["busy"] is True and answer.json()["job"]["kind"] == "dataset"


def test_what_is_known_needs_no_worker(server: Server, fresh: str) -> None:
    placed = server.get(f"/maps/{fresh}/positions/umap?space=main").content
    ended(server, server.post(f"/maps/{fresh}/clusters", json={}).json()["job"])
    with busy(server):
        assert server.get(f"/maps/{fresh}/positions/umap?space=main").content == placed
        assert server.post(f"/maps/{fresh}/clusters", json={"min_cluster_size": None}).status_code == 200


def test_an_uploaded_picture_finds_its_like_and_its_place(server: Server, colours: str, foreign: str) -> None:
    original = server.get(f"/maps/{colours}/pictures/6").content
    points = arrays(server, colours)
    body = server.post(f"/maps/{colours}/search?k=5", files={"file": ("x.png", original)}).json()
    assert len(body["neighbors"]) == 5 and body["neighbors"][0]["index"] == 6
    assert body["neighbors"][0]["distance"] == pytest.approx(0, abs=1e-3)
    for name in ("pca", "umap"):
        span = np.ptp(points[name], axis=0).max()
        assert np.linalg.norm(np.subtract(body["coordinates"][name], points[name][6])) < 0.1 * span, name
    new = encoded(picture((215, 40, 35), (90, 80), 999))
    found = server.post(f"/maps/{colours}/search", files={"file": ("x.png", new)}).json()["neighbors"]
    assert len(found) == 20 and all(n["file"].startswith("red/") or "RED" in n["file"] for n in found[:5])
    assert server.post(f"/maps/{foreign}/search", files={"file": ("x.png", new)}).status_code == 409
    assert not server.leftovers()


@pytest.mark.parametrize(
    ("query", "files", "said"),
    [
        ("", None, "file"),
        ("", {"file": ("x.png", b"no picture")}, ""),
        ("", {"other": ("x.png", b"x")}, "file"),
        ("?k=0", {"file": ("x.png", b"x")}, "k"),
        ("?limit=3", {"file": ("x.png", b"x")}, "limit"),
    ],
)
def test_a_wrong_search_by_picture_is_400(server: Server, query: str, files: Any, said: str) -> None:
    answer = server.post(f"/maps/main/search{query}", files=files)
    assert answer.status_code == 400 and said in answer.json()["error"]
    assert not server.leftovers()


def test_clusters_are_a_job_whose_result_is_a_column(server: Server, fresh: str) -> None:
    url, before = f"/maps/{fresh}/clusters", server.get(f"/maps/{fresh}")
    assert before.json()["clusters"] == {"url": url, "made": False} and "cluster" not in columns(server, fresh)
    assert server.get(f"/maps/{fresh}/columns/cluster").status_code == 404
    started = server.post(url, json={"min_cluster_size": 5})
    assert started.status_code == 202 and started.headers["Location"] == f"/jobs/{started.json()['job']['id']}.json"
    job = ended(server, started.json()["job"])
    assert (job["kind"], job["status"], job["error"]) == ("clusters", "done", None)
    assert job["result"] == {"dataset": fresh, "total": 30, "clusters": 3}

    meta = columns(server, fresh)["cluster"]
    assert (meta["kind"], meta["values"]) == ("category", ["1", "2", "3"]) and meta["made"]["min_cluster_size"] == 5
    codes = np.frombuffer(server.get(meta["url"]).content, "<u2")
    labels = np.array([row["label"] for row in table(server, fresh)])
    known = codes != 0xFFFF
    assert known.mean() > 0.8 and meta["none"] == (~known).sum()
    assert all(len(set(labels[codes == n])) == 1 for n in range(3))
    assert meta["counts"] == [int((codes == n).sum()) for n in range(3)]
    row = int(np.flatnonzero(known)[0])
    assert server.get(f"/maps/{fresh}/rows/{row}").json()["columns"]["cluster"] == meta["values"][codes[row]]
    after = server.get(f"/maps/{fresh}", headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200 and after.json()["clusters"]["made"] is True


def test_clusters_that_are_known_are_answered_at_once_and_shown_again(server: Server, fresh: str) -> None:
    url, column = f"/maps/{fresh}/clusters", f"/maps/{fresh}/columns/cluster"
    seen = {}
    for size in (5, 12):
        assert ended(server, server.post(url, json={"min_cluster_size": size}).json()["job"])["status"] == "done"
        seen[size] = server.get(column)
    assert seen[5].content != seen[12].content
    # A browser must not keep what the next clusters replace.
    assert seen[5].headers["Cache-Control"] == "no-cache" and seen[5].headers["ETag"] != seen[12].headers["ETag"]
    again = server.post(url, json={"min_cluster_size": 5})
    assert again.status_code == 200 and again.json()["column"] == columns(server, fresh)["cluster"]
    assert server.get(column, headers={"If-None-Match": seen[12].headers["ETag"]}).content == seen[5].content
    # The default for thirty images is five.
    assert server.post(url).status_code == 200


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('{"min_cluster_size": 1}', "from 2 to 36"),
        ('{"min_cluster_size": 37}', "from 2 to 36"),
        ('{"min_cluster_size": "many"}', "min_cluster_size"),
        ('{"size": 3}', "size"),
        ("[1]", "object"),
        ("{", "JSON"),
        ('{"min_cluster_size": ' + "1" * 300 + "}", "min_cluster_size"),
    ],
)
def test_wrong_clusters_are_refused(server: Server, colours: str, body: str, said: str) -> None:
    answer = server.post(f"/maps/{colours}/clusters", data=body)
    assert answer.status_code == 400 and said in answer.json()["error"] and len(answer.text) < 400


def test_clusters_need_a_dataset_with_features_and_a_small_request(server: Server, colours: str, foreign: str) -> None:
    assert server.post(f"/maps/{'0' * 32}/clusters", json={}).status_code == 404
    assert server.post(f"/maps/{foreign}/clusters", json={}).status_code == 409
    assert server.post(f"/maps/{colours}/clusters", data=b" " * 5000).status_code == 413
    assert server.get(f"/maps/{colours}/clusters").status_code == 405


@pytest.mark.parametrize("form", ["rows", "mask"])
def test_a_selection_is_exported_as_csv_and_parquet(server: Server, form: str) -> None:
    wanted = [5, 999, 1000, 1796]
    selection: dict[str, Any] = {"rows": [1000, 5, 1796, 999, 5]} if form == "rows" else {"mask": mask(wanted)}
    answer = server.post("/maps/main/export.csv", json=selection)
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    found = list(csv.DictReader(io.StringIO(answer.content.decode())))
    truth = table(server, "main")
    assert found == [truth[n] for n in wanted]
    rows = parquet.read_table(io.BytesIO(server.post("/maps/main/export.parquet", json=selection).content)).to_pydict()
    assert rows["index"] == wanted and rows["file"] == [truth[n]["file"] for n in wanted]
    np.testing.assert_array_equal(np.float32(rows["umap_y"]), arrays(server, "main")["umap"][wanted, 1])
    assert not server.leftovers()


def mask(rows: list[int]) -> str:
    """Bits written without numpy: image n is the bit of value 2**(n % 8) in byte n // 8."""
    data = bytearray(max(rows) // 8 + 1)
    for n in rows:
        data[n // 8] |= 1 << n % 8
    return base64.b64encode(data).decode()


def test_a_selection_as_zip_has_originals_or_else_tiles(server: Server, colours: str, foreign: str) -> None:
    truth, originals = table(server, colours), labelled_pictures(36)
    for dataset in (colours, foreign):
        answer = server.post(f"/maps/{dataset}/export.zip", json={"rows": [30, 2]})
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            listed = list(csv.DictReader(io.StringIO(archive.read("images.csv").decode())))
            assert [row["index"] for row in listed] == ["2", "30"]
            pictures = [name for name in archive.namelist() if name.startswith("images/")]
            assert len(pictures) == 2
            if dataset == colours:
                assert [archive.read(name) for name in pictures] == [originals[truth[n]["file"]] for n in (2, 30)]
            else:
                assert Image.open(io.BytesIO(archive.read(pictures[0]))).size == (48, 48)
    assert not server.leftovers()


@pytest.mark.parametrize(
    ("name", "body", "status", "said"),
    [
        ("csv", {}, 400, "rows"),
        ("csv", {"rows": [1], "mask": "AQ=="}, 400, "rows"),
        ("csv", {"rows": []}, 400, "empty"),
        ("csv", {"mask": "AAAA"}, 400, "empty"),
        ("csv", {"mask": "no base64!"}, 400, "base64"),
        ("csv", {"rows": [36]}, 400, "0 to 35"),
        ("csv", {"rows": [-1]}, 400, "0 to 35"),
        ("csv", {"rows": [10**30]}, 400, "rows"),
        ("csv", {"rows": [1.5]}, 400, "rows"),
        ("csv", {"mask": "AAAAAAAAAQ=="}, 400, "0 to 35"),
        ("csv", {"rows": ["x"] * 1000}, 400, "rows"),
        ("csv", {"row": [1]}, 400, "row"),
        ("npz", {"rows": [1]}, 400, "csv, parquet, zip"),
        ("exe", {"rows": [1]}, 400, "csv, parquet, zip"),
    ],
)
def test_a_wrong_selection_is_refused(
    server: Server, colours: str, name: str, body: dict[str, Any], status: int, said: str
) -> None:
    answer = server.post(f"/maps/{colours}/export.{name}", data=json.dumps(body))
    assert answer.status_code == status and said in answer.json()["error"] and len(answer.text) < 1000
    assert server.post(f"/maps/{'0' * 32}/export.{name}", data=json.dumps(body)).status_code == 404


def test_a_selection_that_is_too_large_is_413(server: Server) -> None:
    answer = server.post("/maps/main/export.csv", data=b" " * ((4 << 20) + 1))
    assert answer.status_code == 413 and str(4 << 20) in answer.json()["error"]


def test_a_map_is_drawn_with_each_picture_where_the_camera_puts_it(server: Server, colours: str) -> None:
    points = arrays(server, colours)["umap"].astype(np.float64)
    middle, longest = (points.min(axis=0) + points.max(axis=0)) / 2, np.ptp(points, axis=0).max()
    world = (points - middle) * 2 / longest
    labels = [row["label"] for row in table(server, colours)]
    for row in (0, 17, 35):
        distance = 0.01
        # Seen from so near that the image is alone, 100 px to the right of the middle and 60 px above it.
        step = distance / (FOCAL * 300 / 2)
        x, y = world[row, 0] - 100 * step, world[row, 1] - 60 * step
        camera = f"2d,{x:.9f},{y:.9f},{distance}"
        url = f"/maps/{colours}.png?width=400&height=300&reducer=umap&colour=none&camera={camera}"
        sheet = opened(server.get(url), "PNG")
        assert sheet.size == (400, 300)
        pixel = sheet.getpixel((300, 90))
        assert ("red", "green", "blue")[int(np.argmax(pixel))] == labels[row] and max(pixel) > 150, (row, pixel)


def test_a_camera_in_space_sees_with_perspective(server: Server) -> None:
    points = arrays(server, "main")["pca"].astype(np.float64)
    world = (points - (points.min(axis=0) + points.max(axis=0)) / 2) * 2 / np.ptp(points, axis=0).max()
    url = "/maps/main.png?width=800&height=600&reducer=pca&colour=none&camera=3d,0,0,0,3,0,0"
    sheet = np.asarray(opened(server.get(url), "PNG")).astype(int)
    depth = 3 - world[:, 2]
    x, y = 400 + FOCAL * 300 * world[:, 0] / depth, 300 - FOCAL * 300 * world[:, 1] / depth
    inside = (x > 5) & (x < 795) & (y > 5) & (y < 595)
    x, y = x[inside].astype(int), y[inside].astype(int)
    different = np.abs(sheet - sheet[0, 0]).sum(axis=2) > 30
    marks = np.zeros_like(different)
    marks[y, x] = True
    # A digit may have the background's grey at one pixel, not all around; no picture reaches far from its place.
    assert inside.sum() > 1500 and around(different, 3)[y, x].mean() > 0.98
    assert 0.05 < different.mean() < 0.5 and around(marks, 24)[different].all()


def around(marks: np.ndarray, reach: int) -> np.ndarray:
    """Marks (h, w), and all pixels so near to one."""
    padded, side = np.pad(marks, reach), 2 * reach + 1
    rows = np.lib.stride_tricks.sliding_window_view(padded, side, axis=1).any(axis=2)
    return np.lib.stride_tricks.sliding_window_view(rows, side, axis=0).any(axis=2)


def test_a_preview_is_bounded_and_its_colours_are_a_column(server: Server, colours: str) -> None:
    url = f"/maps/{colours}.png"
    assert opened(server.get(url), "PNG").size == (800, 600)
    assert opened(server.get(f"{url}?width=1600&height=1600&theme=light"), "PNG").size == (1600, 1600)
    kinds = ("none", "label", "width")
    assert len({server.get(f"{url}?width=200&height=200&colour={kind}").content for kind in kinds}) == 3
    assert server.get("/maps/main.png").headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("width=1601", 400, "1600"),
        ("height=1601", 400, "1600"),
        ("width=63", 400, "64"),
        ("width=x", 400, "width"),
        ("reducer=tsne", 400, "pca, umap"),
        ("camera=3d,0,0", 400, "camera"),
        ("camera=3d,0,0,0,nan,0,0", 400, "camera"),
        ("colour=nothing", 404, "label"),
        ("color=label", 400, "color"),
        ("theme=blue", 400, "theme"),
    ],
)
def test_a_preview_that_cannot_be_drawn_says_why(server: Server, query: str, status: int, said: str) -> None:
    answer = server.get(f"/maps/main.png?{query}")
    assert answer.status_code == status and said in answer.json()["error"]
