"""The explorer contract, black box: a real server process, only HTTP."""

import http.client
import io
import json
import re
import socket
import threading
import time
import zipfile
from collections.abc import Iterator
from fnmatch import fnmatch

import numpy as np
import pyarrow as pa
import pytest
import requests
from PIL import Image

from tests.conftest import colour_files, encoded, picture, zip_of
from tests.servers import Server, begun_upload, upload_request

DIGITS = 1797
ARROW = "application/vnd.apache.arrow.stream"


@pytest.fixture(scope="module")
def dataset(server: Server) -> str:
    """Thirty pictures in three colours, uploaded, with a text file and a broken picture among them."""
    files = colour_files(30) | {
        "notes.txt": b"no image",
        "p0005b.jpg": b"\xff\xd8\xff broken",
        "deep/x.png": b"ignored",
    }
    answer = server.upload(zip_of(files), name="colours.zip")
    assert answer.status_code == 200, answer.text
    return answer.text


def test_status_says_idle_and_who_works(server: Server) -> None:
    body = server.get("/status").json()
    assert body["busy"] is False and body["network"]["name"] == "embedded"
    assert {"version", "device", "datasets"} <= body.keys()


def test_info_gives_total_and_ranges_of_the_main_dataset(server: Server) -> None:
    body = server.get("/dataset/info").json()
    assert body["total"] == DIGITS
    assert body["ranges"] == {"000": [0, 999], "001": [1000, DIGITS - 1]}
    assert body["name"] == "Handwritten digits" and set(body["reducers"]) == {"pca", "umap"}


def test_a_full_range_is_a_tilemap_of_500_by_5000_and_a_short_one_has_fewer_rows(server: Server) -> None:
    for range_id, rows in (("000", 100), ("001", 80)):
        answer = server.get(f"/tilemaps/{range_id}")
        assert answer.headers["Content-Type"] == "image/jpeg"
        assert Image.open(io.BytesIO(answer.content)).size == (500, 50 * rows)


@pytest.mark.parametrize("range_id", ["002", "2", "0", "abc", "..%2f..%2fcatalog", "-1"])
def test_an_unknown_or_malformed_tilemap_is_404_with_an_error(server: Server, range_id: str) -> None:
    answer = server.get(f"/tilemaps/{range_id}")
    assert answer.status_code == 404 and answer.json()["error"]


@pytest.mark.parametrize("reducer", ["pca", "umap"])
def test_a_slice_has_three_numbers_an_image_and_the_tilemaps_ids(server: Server, reducer: str) -> None:
    body = server.get(f"/{reducer}/0/1/standalone").json()
    assert body["tilemap_ids"] == ["000", "001"] and body["total"] == DIGITS
    assert np.asarray(body["features"]).shape == (DIGITS, 3)
    assert body.get("tilemaps") == (["000", "001"] if reducer == "umap" else None)
    second = server.get(f"/{reducer}/1/1/standalone").json()
    assert second["features"] == body["features"][1000:] and second["tilemap_ids"] == ["001"]


@pytest.mark.parametrize("bounds", ["1/0", "0/2", "2/2", "x/1", "0/x", "-1/0", "0/1.5"])
@pytest.mark.parametrize("reducer", ["pca", "umap"])
def test_a_wrong_slice_is_404_and_names_the_valid_ranges(server: Server, reducer: str, bounds: str) -> None:
    answer = server.get(f"/{reducer}/{bounds}/standalone")
    assert answer.status_code == 404
    assert "000" in answer.json()["error"] and "001" in answer.json()["error"]


def test_the_binary_form_and_arrow_hold_the_same_numbers(server: Server) -> None:
    body = server.get("/umap/1/1/standalone").json()
    expected = np.asarray(body["features"], np.float32)
    raw = server.get("/umap/1/1/standalone", headers={"Accept": "application/octet-stream"})
    assert (raw.headers["X-Total"], raw.headers["X-Tilemap-Ids"]) == ("797", "001")
    np.testing.assert_array_equal(np.frombuffer(raw.content, "<f4").reshape(-1, 3), expected)
    arrow = server.get("/umap/1/1/standalone", headers={"Accept": ARROW})
    table = pa.ipc.open_stream(arrow.content).read_all()
    assert table.column_names == ["x", "y", "z", "range", "position", "file", "label"]
    np.testing.assert_array_equal(np.stack([table[c].to_numpy() for c in "xyz"], axis=1), expected)


def test_coordinates_carry_a_strong_tag_and_are_not_sent_twice_and_come_compressed(server: Server) -> None:
    plain = server.get("/pca/0/1/standalone", headers={"Accept-Encoding": "identity"})
    packed = server.get("/pca/0/1/standalone", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip" and packed.json() == plain.json()
    assert int(packed.headers["Content-Length"]) < 0.6 * int(plain.headers["Content-Length"])
    assert not plain.headers["ETag"].startswith("W/") and plain.headers["ETag"] != packed.headers["ETag"]
    for answer, encoding in ((plain, "identity"), (packed, "gzip")):
        headers = {"Accept-Encoding": encoding, "If-None-Match": answer.headers["ETag"]}
        again = server.get("/pca/0/1/standalone", headers=headers)
        assert again.status_code == 304 and not again.content
    for path in ("/pca/0/1/standalone", "/tilemaps/000", "/dataset/main/images/0"):
        weakened = {"If-None-Match": f"W/{server.get(path).headers['ETag']}"}  # as proxies do that pack bodies
        assert server.get(path, headers=weakened).status_code == 304, path


def test_any_page_may_read(server: Server) -> None:
    answer = server.get("/status", headers={"Origin": "https://example.org"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_an_upload_answers_with_a_bare_id_and_says_what_was_skipped(server: Server, dataset: str) -> None:
    assert re.fullmatch("[0-9a-f]{32}", dataset)
    manifest = server.get(f"/dataset/{dataset}").json()
    assert manifest["total"] == 30 and manifest["name"] == "colours"
    assert {s["file"] for s in manifest["skipped"]} == {"notes.txt", "p0005b.jpg", "deep/x.png"}


def test_a_dataset_keeps_nothing_but_its_own_files(server: Server, dataset: str) -> None:
    own = {"dataset.json", "features.npy", "images", "images.csv", "reductions", "tilemaps"}
    for name in (dataset, server.get("/dataset/info").json()["id"]):
        assert {path.name for path in (server.data / "datasets" / name).iterdir()} == own


def test_the_same_pictures_again_give_the_same_id_even_packed_otherwise(server: Server, dataset: str) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in reversed(colour_files(30).items()):
            target.writestr(name, data)
    assert server.upload(buffer.getvalue()).text == dataset


def test_what_is_said_to_be_skipped_is_that_of_the_very_upload(server: Server) -> None:
    good, bad = colour_files(9), {"p0003b.jpg": b"\xff\xd8\xff broken"}
    notes = {"notes.txt": b"no picture", "folder/p.png": good["p0000.png"], ".DS_Store": b"junk"}
    archives = [good, good | bad | notes, good | notes, good | bad | notes, good]
    answers = [server.upload(zip_of(files)) for files in archives]
    assert len({answer.text for answer in answers}) == 1
    assert [answer.headers["X-Dataset-Skipped"] for answer in answers] == ["0", "3", "2", "3", "0"]


def test_pictures_in_folders_are_told_what_to_do(server: Server) -> None:
    files = {f"cat/{name}": data for name, data in colour_files(4).items()}
    answer = server.upload(zip_of(files))
    assert answer.status_code == 400
    assert "cat/p0000.png (in a folder)" in answer.json()["detail"] and "labels=folders" in answer.json()["detail"]
    deeper = {f"zoo/{name}": data for name, data in files.items()}
    refused = server.upload(zip_of(deeper), query="?labels=folders")
    assert refused.status_code == 400 and "zoo/cat/p0000.png (in a folder of a folder)" in refused.json()["detail"]


@pytest.mark.parametrize("reducer", ["pca", "umap"])
def test_features_of_a_dataset_separate_what_looks_different(server: Server, dataset: str, reducer: str) -> None:
    body = server.get(f"/dataset/{dataset}/features/{reducer}").json()
    points = np.asarray(body["features"])
    assert points.shape == (30, 3) and body["total"] == 30 and set(body) == {"features", "total"}
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    nearest = distances.argmin(axis=1)
    assert (nearest % 3 == np.arange(30) % 3).mean() > 0.9


def test_wrong_datasets_and_reducers_get_the_contracts_sentences(server: Server, dataset: str) -> None:
    unknown = server.get(f"/dataset/{'0' * 32}/features/pca")
    assert (unknown.status_code, unknown.json()) == (404, {"error": "Dataset not found"})
    wrong = server.get(f"/dataset/{dataset}/features/tsne")
    assert (wrong.status_code, wrong.json()) == (400, {"error": "Invalid reducing method. Available: pca, umap"})
    for path in ("nonsense", "..%2fmain", "A" * 32):
        assert server.get(f"/dataset/{path}").status_code == 404


def test_the_tilemap_shows_each_picture_in_its_cell_in_order(server: Server, dataset: str) -> None:
    tilemap = Image.open(io.BytesIO(server.get(f"/dataset/{dataset}/tilemap").content)).convert("RGB")
    assert tilemap.size == (500, 150)
    for index in range(30):
        x, y = index % 10 * 50 + 25, index // 10 * 50 + 25
        pixel = np.asarray(tilemap.getpixel((x, y)))
        assert pixel.argmax() == index % 3, index
        assert min(tilemap.getpixel((x, y - 23))) > 200  # 40 x 30 pictures leave white above
    same = server.get(f"/dataset/{dataset}/tilemaps/000")
    assert same.content == server.get(f"/dataset/{dataset}/tilemap").content
    assert "immutable" in same.headers["Cache-Control"]


@pytest.mark.parametrize(
    ("files", "detail"),
    [
        (None, "file"),
        ({"file": ("", b"x")}, "file"),
        ({"other": ("a.zip", b"x")}, "file"),
        ({"file": ("a.zip", b"this is no archive")}, ""),
        ({"file": ("a.zip", b"")}, ""),
        ({"file": ("a.zip", zip_of(colour_files(8))[:-200])}, "truncated"),
        ({"file": ("a.zip", zip_of({"a.txt": b"text"}))}, "readable image"),
        ({"file": ("a.zip", zip_of({"deep/a.png": encoded(picture((9, 9, 9)))}))}, "readable image"),
        ({"file": ("a.zip", zip_of({"a.png": b"\x89PNG broken"}))}, "a.png"),
    ],
)
def test_a_bad_upload_is_400_with_the_contracts_error_and_the_reason(server: Server, files, detail: str) -> None:  # type: ignore[no-untyped-def]
    answer = server.post("/dataset", files=files)
    assert answer.status_code == 400
    assert answer.json()["error"] == "Error during file upload"
    assert detail in answer.json()["detail"]
    assert not list((server.data / "staging").iterdir())


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_very_few_pictures_are_accepted(server: Server, count: int) -> None:
    dataset = server.upload(zip_of(colour_files(count)), query="?name=few").text
    for reducer in ("pca", "umap"):
        points = np.asarray(server.get(f"/dataset/{dataset}/features/{reducer}").json()["features"])
        assert points.shape == (count, 3) and np.isfinite(points).all()
    fallback = server.get(f"/dataset/{dataset}").json()["reducers"]["umap"]["fallback"]
    assert bool(fallback) == (count < 4)


def test_pictures_that_are_all_the_same_make_a_map(server: Server) -> None:
    data = encoded(picture((50, 60, 70)))
    dataset = server.upload(zip_of({f"{i}.png": data for i in range(8)})).text
    points = np.asarray(server.get(f"/dataset/{dataset}/features/pca").json()["features"])
    assert np.abs(points).max() < 1e-3


def test_only_the_first_images_in_order_of_their_names_are_taken(server: Server) -> None:
    files = colour_files(12)
    shuffled = {name: files[name] for name in sorted(files, key=lambda n: n[::-1])}
    dataset = server.upload(zip_of(shuffled), query="?limit=5").text
    table = server.get(f"/dataset/{dataset}/export.csv").text.splitlines()
    assert len(table) == 6 and [line.split(",")[1] for line in table[1:]] == sorted(files)[:5]


def test_top_level_folders_can_be_labels(server: Server) -> None:
    files = {
        f"{'red' if i % 3 == 0 else 'other'}/{name}": data for i, (name, data) in enumerate(colour_files(6).items())
    }
    dataset = server.upload(zip_of(files), query="?labels=folders").text
    arrow = server.get(f"/dataset/{dataset}/features/pca", headers={"Accept": ARROW})
    labels = pa.ipc.open_stream(arrow.content).read_all()["label"].to_pylist()
    assert sorted(labels) == ["other"] * 4 + ["red"] * 2


def test_wrong_parameters_are_refused_by_name(server: Server) -> None:
    for query in ("?limit=0", "?limit=many", "?pooling=mean", "?colour=red"):
        answer = server.upload(zip_of(colour_files(2)), query=query)
        assert answer.status_code == 400 and query[1:].split("=")[0] in answer.json()["detail"]
        assert answer.json()["error"] == "Error during file upload"
    limit = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    body = upload_request(b"x" * 20_000_000).split(b"\r\n\r\n", 1)[1]
    limit.request("POST", "/dataset?limit=abc", body, {"Content-Type": "multipart/form-data; boundary=b"})
    assert limit.getresponse().status == 400  # a client that writes first and reads later gets its answer
    over = server.upload(zip_of(colour_files(2)), query="?limit=1001")
    assert over.status_code == 400 and "EXPLORER_MAX_UPLOAD_IMAGES" in over.json()["detail"]
    answer = server.upload(zip_of(colour_files(2)), query="?network=vgg99")
    assert answer.status_code == 400 and "embedded" in answer.json()["detail"]


def test_a_picture_can_be_placed_on_the_map_without_moving_it(server: Server) -> None:
    digit = server.get("/dataset/main/images/17").content
    for reducer in ("pca", "umap"):
        before = server.get(f"/{reducer}/0/0/standalone").json()
        body = server.post(f"/{reducer}/0/0", files={"file": ("digit.png", digit)}).json()
        assert body["features"][:-1] == before["features"] and body["total"] == 1001
        span = np.ptp(np.asarray(before["features"]), axis=0).max()
        assert np.linalg.norm(np.subtract(body["features"][-1], before["features"][17])) < 0.05 * span
        arrow = server.post(f"/{reducer}/0/0", files={"file": ("digit.png", digit)}, headers={"Accept": ARROW})
        table = pa.ipc.open_stream(arrow.content).read_all()
        np.testing.assert_allclose(np.stack([table[c].to_numpy() for c in "xyz"], axis=1), body["features"], rtol=1e-6)
        assert table["position"].to_pylist() == [*range(1000), None] and table["file"].to_pylist()[-1] is None
    assert server.post("/pca/0/9", files={"file": ("d.png", digit)}).status_code == 404
    assert server.post("/pca/0/0", files={"file": ("d.png", b"no picture")}).status_code == 400
    without = server.post("/pca/0/0", files={"picture": ("d.png", digit)})
    assert without.status_code == 400 and "file=@picture.jpg" in without.json()["error"]


def test_neighbours_of_an_image_and_of_an_uploaded_picture(server: Server, dataset: str) -> None:
    by_index = server.get(f"/dataset/{dataset}/neighbors/4?k=3").json()["neighbors"]
    assert len(by_index) == 3 and all(n["index"] % 3 == 1 for n in by_index)
    assert by_index == sorted(by_index, key=lambda n: n["distance"])
    assert by_index[0]["file"] == f"p{by_index[0]['index']:04d}.png"
    original = server.get(f"/dataset/{dataset}/images/4").content
    assert original == colour_files(5)["p0004.png"]
    posted = server.post(f"/dataset/{dataset}/neighbors?k=2", files={"file": ("x.png", original)}).json()["neighbors"]
    assert posted[0]["index"] == 4 and abs(posted[0]["distance"]) < 1e-3
    assert server.get(f"/dataset/{dataset}/neighbors/30").status_code == 404
    assert server.get(f"/dataset/{dataset}/neighbors/x").status_code == 404
    assert server.get(f"/dataset/{dataset}/neighbors/4?k=0").status_code == 400


def test_an_upload_can_be_drawn_in_the_space_of_the_main_dataset(server: Server, dataset: str) -> None:
    own = server.get(f"/dataset/{dataset}/features/pca").json()["features"]
    placed = server.get(f"/dataset/{dataset}/features/pca?space=main").json()
    assert placed["total"] == 30 and placed["features"] != own
    url = f"/dataset/{dataset}/features/pca?space=main"
    raw, arrow = (server.get(url, headers={"Accept": kind}) for kind in ("application/octet-stream", ARROW))
    np.testing.assert_array_equal(np.frombuffer(raw.content, "<f4").reshape(-1, 3), np.float32(placed["features"]))
    assert (raw.headers["X-Total"], raw.headers["X-Tilemap-Ids"]) == ("30", "000")
    assert pa.ipc.open_stream(arrow.content).read_all()["file"].to_pylist() == sorted(colour_files(30))
    assert server.get(url, headers={"Accept": ARROW, "If-None-Match": arrow.headers["ETag"]}).status_code == 304
    main = server.get("/dataset/info").json()["id"]
    assert (
        server.get(f"/dataset/{main}/features/umap?space=main").json()
        == server.get("/dataset/main/features/umap").json()
    )
    other = server.upload(zip_of(colour_files(6)), query="?network=embedded&layer=blocks.3").text
    answer = server.get(f"/dataset/{other}/features/pca?space=main")
    assert answer.status_code == 409 and "blocks.3" in answer.json()["error"]


def test_export_in_every_format(server: Server, dataset: str) -> None:
    assert server.get(f"/dataset/{dataset}/export.csv").text.count("\n") == 31
    with np.load(io.BytesIO(server.get(f"/dataset/{dataset}/export.npz").content)) as arrays:
        assert arrays["pca"].shape == (30, 3) and arrays["features"].shape == (30, 256)
    with zipfile.ZipFile(io.BytesIO(server.get(f"/dataset/{dataset}/export.zip").content)) as archive:
        assert archive.read("images/p0003.png") == colour_files(4)["p0003.png"]
    assert server.get(f"/dataset/{dataset}/export.parquet").content[:4] == b"PAR1"
    assert server.get(f"/dataset/{dataset}/export.exe").status_code == 400


def test_datasets_are_listed_renamed_made_main_and_deleted(server: Server) -> None:
    dataset = server.upload(zip_of(colour_files(7)), query="?name=seven").text
    main = server.get("/dataset/info").json()["id"]
    listed = {d["id"]: d for d in server.get("/dataset").json()["datasets"]}
    assert listed[dataset]["name"] == "seven" and listed[dataset]["total"] == 7 and listed[main]["main"]
    url = f"{server.url}/dataset/{dataset}"
    assert requests.patch(url, json={"name": "sept", "main": True}, timeout=9).json()["name"] == "sept"
    assert server.get("/dataset/info").json()["total"] == 7
    requests.patch(f"{server.url}/dataset/{main}", json={"main": True}, timeout=9)
    assert server.get("/dataset/info").json()["total"] == DIGITS
    assert requests.patch(url, json={"nme": "x"}, timeout=9).status_code == 400
    assert requests.patch(url, data=b"{", timeout=9).status_code == 400
    assert requests.patch(url, json={"name": "x" * 1_000_000}, timeout=9).status_code == 413
    assert requests.delete(url, timeout=9).status_code == 204
    assert server.get(f"/dataset/{dataset}").status_code == 404
    assert requests.delete(url, timeout=9).status_code == 404


def test_a_client_may_be_answered_before_the_work_is_done(server: Server) -> None:
    answer = server.upload(zip_of(colour_files(40)), headers={"Prefer": "respond-async"})
    assert answer.status_code == 202
    location = answer.headers["Location"]
    assert re.fullmatch(r"/jobs/\d{8}-\d{6}-[0-9a-f]{4}\.json", location)
    events = list(event_data(server, location.replace(".json", "/events")))
    last = events[-1]
    assert last["status"] == "done" and last == server.get(location).json()
    assert set(last["stages"]) == {"unpack", "decode", "features", "pca", "umap", "tilemaps"}
    assert last["stages"]["features"] == [40, 40]
    assert server.get(f"/dataset/{last['result']['dataset']}").json()["total"] == 40


def event_data(server: Server, path: str) -> Iterator[dict]:  # type: ignore[type-arg]
    with server.get(path, stream=True) as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        for line in answer.iter_lines():
            if line.startswith(b"data: "):
                yield json.loads(line[6:])


def test_unknown_jobs_and_ended_ones_cannot_be_aborted(server: Server) -> None:
    assert server.get("/jobs/20200101-000000-abcd.json").status_code == 404
    job = server.upload(zip_of(colour_files(9)), headers={"Prefer": "respond-async"}).json()["job"]["id"]
    server.wait_idle()
    assert server.post(f"/jobs/{job}/abort").status_code == 409


def test_everybody_else_gets_503_while_a_job_holds_the_lock(server: Server, dataset: str) -> None:
    connection = begun_upload(server)
    try:
        for path in (
            "/status",
            "/dataset/info",
            "/tilemaps/000",
            "/pca/0/0/standalone",
            "/dataset",
            f"/dataset/{dataset}",
        ):
            answer = server.get(path)
            assert answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0
            body = answer.json()
            assert body["error"] == "Server is busy, please wait" and body["busy"] is True
            assert body["job"]["kind"] == "dataset" and body["job"]["stage"] == "unpack"
            assert {"id", "done", "total"} <= body["job"].keys()
        job = body["job"]["id"]
        assert server.get(f"/jobs/{job}.json").json()["status"] == "running"
        assert server.get("/health/live").status_code == 200
        assert "explorer_busy 1.0" in server.get("/metrics").text
        assert server.post(f"/jobs/{job}/abort").status_code == 202
        connection.sendall(b"x" * 4_000_000)
        server.wait_idle()
        assert server.get(f"/jobs/{job}.json").json()["status"] == "aborted"
    finally:
        connection.close()
    assert not list((server.data / "staging").iterdir())


def test_the_busy_answer_comes_before_the_body_and_the_connection_is_not_reset(server: Server) -> None:
    holder = begun_upload(server)
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        size = 50_000_000
        connection.sendall(b"POST /dataset HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size)
        connection.sendall(b"x" * 1000)
        assert connection.recv(4096).startswith(b"HTTP/1.1 503")
        connection.sendall(b"x" * (size - 1000))  # raises when the server resets the connection
    whole = requests.post(f"{server.url}/dataset", files={"file": ("a.zip", b"x" * 30_000_000)}, timeout=60)
    assert whole.status_code == 503
    holder.close()
    server.wait_idle()


def test_a_client_that_goes_away_in_the_middle_of_its_upload_frees_the_lock(server: Server) -> None:
    begun_upload(server).close()
    server.wait_idle()
    assert not list((server.data / "staging").iterdir())


def test_a_client_that_goes_away_after_its_upload_does_not_stop_the_work(server: Server) -> None:
    archive = zip_of(colour_files(60))
    before = server.get("/status").json()["datasets"]
    body = (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="gone.zip"\r\n\r\n' + archive + b"\r\n--b--\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(
            b"POST /dataset HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
        )
        time.sleep(0.3)
    server.wait_for(lambda: server.get("/status").json().get("datasets") == before + 1, 60)


def test_one_of_two_uploads_at_the_same_moment_wins(server: Server) -> None:
    archives = [zip_of(colour_files(n)) for n in (20, 21, 22, 23)]
    codes: list[int] = []
    threads = [threading.Thread(target=lambda a=a: codes.append(server.upload(a).status_code)) for a in archives]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(codes) == 4 and set(codes) <= {200, 503} and 200 in codes


def test_the_documentation_names_every_route(server: Server) -> None:
    document = server.get("/openapi.json").json()
    for path in (
        "/status",
        "/dataset",
        "/dataset/{hash}/neighbors/{n}",
        "/pca/{start}/{end}/standalone",
        "/jobs/{id}.json",
    ):
        assert path in document["paths"], path
    named = {tag["name"] for tag in document["tags"]}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["tags"] and set(operation["tags"]) <= named, (method, path)
    form = document["paths"]["/dataset"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert form["properties"]["file"]["format"] == "binary"
    page = server.get("/docs")
    assert page.status_code == 200


def test_answers_are_what_the_documentation_says(server: Server, dataset: str) -> None:
    paths = server.get("/openapi.json").json()["paths"]
    asked = {
        "/status": "/status",
        "/tilemaps/{id}": "/tilemaps/000",
        "/umap/{start}/{end}/standalone": "/umap/0/0/standalone",
        "/dataset/{hash}/features/{reducer}": f"/dataset/{dataset}/features/pca?space=main",
        "/dataset/{hash}/images/{n}": f"/dataset/{dataset}/images/0",
        "/dataset/{hash}/neighbors/{n}": f"/dataset/{dataset}/neighbors/0?k=many",
        "/dataset/{hash}/export.{format}": f"/dataset/{dataset}/export.npz",
        "/jobs/{id}.json": "/jobs/20200101-000000-abcd.json",
    }
    for path, address in asked.items():
        for kind in ("*/*", "application/octet-stream", ARROW):
            answer = server.get(address, headers={"Accept": kind})
            described = paths[path]["get"]["responses"][str(answer.status_code)]
            given = answer.headers["Content-Type"].split(";")[0]
            fitting = [each for each in described["content"] if fnmatch(given, each) or path.endswith("{format}")]
            assert fitting, (path, given)
            assert described.get("headers", {}).keys() <= answer.headers.keys(), (path, kind)
            schema = described["content"][fitting[0]]["schema"]
            assert schema.get("type") != "array", path
    upload = paths["/dataset"]["post"]["responses"]
    assert {"200", "202", "400", "413", "500", "503"} <= upload.keys()
    assert re.fullmatch(upload["200"]["content"]["text/plain"]["schema"]["pattern"], dataset)
    guarded = ("/status", "/dataset", "/tilemaps/{id}", "/pca/{start}/{end}", "/dataset/{hash}/export.{format}")
    assert all("503" in each["responses"] for path in guarded for each in paths[path].values())


def test_unknown_addresses_and_methods_are_json_errors(server: Server) -> None:
    assert server.get("/nothing").json()["error"] and server.get("/nothing").status_code == 404
    answer = requests.put(f"{server.url}/status", timeout=9)
    assert answer.status_code == 405 and answer.json()["error"]
