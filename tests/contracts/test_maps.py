"""The maps API, black box: what is read. A real server process, only HTTP."""

import io
import re

import numpy as np
import pytest
import requests
from PIL import Image

from tests.conftest import zip_of
from tests.contracts.conftest import arrays, cells, decoded_positions, labelled_pictures, opened, table
from tests.servers import Server

DIGITS = 1797
BY_ID = "public, max-age=31536000, immutable"
UNKNOWN = "0" * 32
# What never changes for a dataset's id.
IMMUTABLE = (
    "positions/pca",
    "positions/umap?type=f32",
    "columns/range",
    "columns/label",
    "tilemaps/000",
    "overview/000",
    "thumbnails?ids=3,1",
    "pictures/2",
    "neighbors/2?k=3",
    "search?q=0",
)
# What may: names, clusters.
CHANGING = ("", "/manifest.json", "/rows/2", ".png?width=64&height=64")


def main_id(server: Server) -> str:
    return str(server.get("/dataset/info").json()["id"])


def test_maps_are_listed_newest_first_with_the_limits_of_uploads(server: Server, colours: str) -> None:
    answer = server.get("/maps")
    maps, limits = answer.json()["maps"], answer.json()["limits"]
    assert limits == {"images": 1000, "bytes": 2 << 30}
    assert [each["created"] for each in maps] == sorted((each["created"] for each in maps), reverse=True)
    ours = next(each for each in maps if each["id"] == colours)
    assert ours == {
        **{"id": colours, "name": "Colours", "total": 36, "created": ours["created"], "network": "embedded"},
        **{"main": False, "reducers": ["pca", "umap"], "images_kept": True},
    }
    assert [each["total"] for each in maps if each["main"]] == [DIGITS]


def test_the_manifest_describes_all_that_can_be_asked_for(server: Server, colours: str) -> None:
    body = server.get(f"/maps/{colours}").json()
    base = f"/maps/{colours}"
    assert (body["version"], body["id"], body["name"], body["total"], body["main"]) == (
        1,
        colours,
        "Colours",
        36,
        False,
    )
    assert body["network"]["name"] == "embedded" and body["features"]["shape"][0] == 36
    assert [each["file"] for each in body["skipped"]] == ["red/broken.jpg"] and body["skipped_total"] == 1
    assert set(body["reductions"]) == {"pca", "umap"}
    assert "seed" in body["reductions"]["umap"]["parameters"]
    assert [each["name"] for each in body["columns"]][:5] == ["label", "width", "height", "aspect", "range"]
    assert body["tilemaps"] == {
        **{"url": f"{base}/tilemaps/{{range}}", "pitch": 50, "picture": 48},
        **{"columns": 10, "images": 1000, "count": 1},
    }
    assert body["overview"] == {"url": f"{base}/overview/{{range}}", "cell": 16, "columns": 10}
    assert body["thumbnails"] == {"url": f"{base}/thumbnails", "pitch": 48, "picture": 48, "columns": 10, "most": 256}
    assert body["clusters"]["url"] == f"{base}/clusters"
    assert (body["search"], body["preview"]) == (f"{base}/search", f"{base}.png")
    assert (body["neighbors"], body["pictures"]) == (f"{base}/neighbors/{{n}}", f"{base}/pictures/{{n}}")
    assert (body["rows"], body["export"]) == (f"{base}/rows/{{n}}", f"{base}/export.{{format}}")
    assert server.get(f"{base}/manifest.json").json() == body


def test_the_manifest_of_main_carries_the_real_id_in_every_address(server: Server) -> None:
    answer = server.get("/maps/main")
    found = set(re.findall(r"/maps/(\w+)", answer.text))
    assert found == {main_id(server)} and answer.json()["main"] is True
    assert answer.json()["tilemaps"]["count"] == 2


def test_a_new_name_is_seen_at_once(server: Server, colours: str) -> None:
    before = server.get(f"/maps/{colours}")
    url = f"{server.url}/dataset/{colours}"
    requests.patch(url, json={"name": "Other"}, timeout=9)
    after = server.get(f"/maps/{colours}", headers={"If-None-Match": before.headers["ETag"]})
    requests.patch(url, json={"name": "Colours"}, timeout=9)
    assert after.status_code == 200 and after.json()["name"] == "Other"
    assert server.get(f"/maps/{colours}", headers={"If-None-Match": before.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize("path", IMMUTABLE)
def test_what_is_reached_by_an_id_is_kept_for_ever_and_by_main_asked_for_again(server: Server, path: str) -> None:
    by_id, by_main = server.get(f"/maps/{main_id(server)}/{path}"), server.get(f"/maps/main/{path}")
    assert by_id.status_code == by_main.status_code == 200 and by_id.content == by_main.content
    assert (by_id.headers["Cache-Control"], by_main.headers["Cache-Control"]) == (BY_ID, "no-cache")
    for answer in (by_id, by_main):
        etag = answer.headers["ETag"]
        assert re.fullmatch('"[^"]+"', etag)
        again = requests.get(answer.url, headers={"If-None-Match": etag}, timeout=9)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["Cache-Control"] == answer.headers["Cache-Control"]


@pytest.mark.parametrize("path", CHANGING)
@pytest.mark.parametrize("by_main", [True, False])
def test_what_can_change_is_asked_for_again_each_time(server: Server, path: str, by_main: bool) -> None:
    url = f"/maps/{'main' if by_main else main_id(server)}{path}"
    answer = server.get(url)
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-cache"
    assert server.get(url, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize("path", [*(f"/{each}" for each in IMMUTABLE), *CHANGING])
def test_an_unknown_dataset_is_404(server: Server, path: str) -> None:
    for name in (UNKNOWN, "nonsense"):
        answer = server.get(f"/maps/{name}{path}")
        assert (answer.status_code, answer.json()) == (404, {"error": "Dataset not found"})


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("positions/tsne", 400, "pca, umap"),
        ("positions/pca?type=u8", 400, "type"),
        ("positions/pca?space=other", 400, "space"),
        ("positions/pca?tpye=f32", 400, "tpye"),
        ("columns/colour", 404, "label, width"),
        ("columns/..%2f..%2fcatalog", 404, ""),
        ("tilemaps/002", 404, "000 to 001"),
        ("tilemaps/0", 404, "000 to 001"),
        ("overview/002", 404, "000 to 001"),
        ("overview/..%2f000", 404, ""),
        ("thumbnails", 400, "ids"),
        ("thumbnails?ids=", 400, "number of an image"),
        ("thumbnails?ids=1,,2", 400, "number of an image"),
        ("thumbnails?ids=1,x", 400, "'x'"),
        ("thumbnails?ids=-1", 400, "'-1'"),
        ("thumbnails?ids=1797", 404, "0 to 1796"),
        ("thumbnails?ids=" + ",".join(["1"] * 257), 400, "256"),
        ("thumbnails?ids=" + "1" * 5000, 400, "4096"),
        ("thumbnails?ids=1&size=9", 400, "size"),
        ("pictures/1797", 404, "0 to 1796"),
        ("pictures/x", 404, "'x'"),
        ("rows/1797", 404, "0 to 1796"),
        ("rows/-1", 404, "'-1'"),
        ("neighbors/1797", 404, "0 to 1796"),
        ("neighbors/1?k=0", 400, "k"),
        ("neighbors/1?k=1001", 400, "1000"),
        ("search", 400, "q"),
        ("search?q=", 400, "q"),
        ("search?q=" + "x" * 201, 400, "200"),
        ("search?q=a&limit=0", 400, "limit"),
        ("search?q=a&limit=1001", 400, "1000"),
        ("search?query=a", 400, "query"),
        ("nothing", 404, ""),
    ],
)
def test_what_cannot_be_answered_says_why(server: Server, path: str, status: int, said: str) -> None:
    answer = server.get(f"/maps/main/{path}")
    assert answer.status_code == status, answer.text
    assert said in answer.json()["error"] and len(answer.text) < 500


@pytest.mark.parametrize("reducer", ["pca", "umap"])
def test_positions_are_the_coordinates_of_the_explorer_api(server: Server, reducer: str) -> None:
    truth = np.asarray(server.get(f"/{reducer}/0/1/standalone").json()["features"], np.float32)
    kind, box, found = decoded_positions(server.get(f"/maps/main/positions/{reducer}").content)
    assert kind == 1 and len(found) == DIGITS
    np.testing.assert_array_equal(box, [truth.min(axis=0), truth.max(axis=0)])
    assert (np.abs(found - truth) <= 0.51 * (box[1] - box[0]) / 65535).all()
    reduction = server.get("/maps/main").json()["reductions"][reducer]
    np.testing.assert_array_equal(np.asarray(reduction["box"], np.float32), box)
    floats = server.get(f"{reduction['url']}?type=f32")
    kind, box, found = decoded_positions(floats.content)
    assert kind == 2 and floats.headers["Content-Type"] == "application/octet-stream"
    np.testing.assert_array_equal(found, truth)
    accepted = {"Accept": "application/vnd.embedding-explorer.positions+f32"}
    assert server.get(reduction["url"], headers=accepted).content == floats.content
    assert "Accept" in floats.headers["Vary"]


def test_positions_in_the_space_of_the_main_dataset(server: Server, colours: str, foreign: str) -> None:
    url = f"/maps/{colours}/positions/pca?type=f32"
    placed = server.get(f"{url}&space=main")
    truth = server.get(f"/dataset/{colours}/features/pca?space=main").json()["features"]
    np.testing.assert_array_equal(decoded_positions(placed.content)[2], np.asarray(truth, np.float32))
    assert placed.headers["Cache-Control"] == "no-cache" and placed.content != server.get(url).content
    again = server.get(f"{url}&space=main", headers={"If-None-Match": placed.headers["ETag"]})
    assert again.status_code == 304
    own = server.get("/maps/main/positions/pca?space=main")
    assert own.content == server.get("/maps/main/positions/pca").content
    answer = server.get(f"/maps/{foreign}/positions/pca?space=main")
    assert answer.status_code == 409 and "features" in answer.json()["error"]


def test_columns_of_categories_are_codes_of_the_values_in_the_manifest(server: Server, colours: str) -> None:
    truth = [row["label"] for row in table(server, colours)]
    meta = next(each for each in server.get(f"/maps/{colours}").json()["columns"] if each["name"] == "label")
    assert (meta["kind"], meta["type"], meta["title"]) == ("category", "u16", "label")
    codes = np.frombuffer(server.get(meta["url"]).content, "<u2")
    assert [meta["values"][code] for code in codes] == truth and set(truth) == {"red", "green", "blue"}
    assert dict(zip(meta["values"], meta["counts"], strict=True)) == {name: truth.count(name) for name in truth}
    ranges = np.frombuffer(server.get("/maps/main/columns/range").content, "<u2")
    assert ranges.tolist() == [0] * 1000 + [1] * 797


def test_columns_of_numbers_are_float32_in_the_range_of_the_manifest(server: Server, colours: str) -> None:
    rows = table(server, colours)
    sizes = np.array([(row["width"], row["height"]) for row in rows], np.float32)
    metas = {each["name"]: each for each in server.get(f"/maps/{colours}").json()["columns"]}
    truths = {"width": sizes[:, 0], "height": sizes[:, 1], "aspect": sizes[:, 0] / sizes[:, 1]}
    for name, truth in truths.items():
        meta = metas[name]
        np.testing.assert_array_equal(np.frombuffer(server.get(meta["url"]).content, "<f4"), truth)
        assert (meta["kind"], meta["type"]) == ("number", "f32")
        np.testing.assert_allclose(meta["range"], [truth.min(), truth.max()])


def test_a_tilemap_is_the_file_as_it_is(server: Server) -> None:
    for name in ("000", "001"):
        answer = server.get(f"/maps/main/tilemaps/{name}")
        assert answer.content == server.get(f"/tilemaps/{name}").content
        assert answer.headers["Content-Type"] == "image/jpeg"


@pytest.mark.parametrize("which", ["main", "foreign"])
def test_an_overview_has_every_picture_at_a_third_of_its_size(server: Server, foreign: str, which: str) -> None:
    name, range_id, count = ("main", "001", 797) if which == "main" else (foreign, "000", 36)
    whole = opened(server.get(f"/maps/{name}/tilemaps/{range_id}"))
    small = opened(server.get(f"/maps/{name}/overview/{range_id}"))
    assert small.size == (160, 16 * -(-count // 10))
    truth = cells(whole, count).reshape(count, 16, 3, 16, 3, 3).mean(axis=(2, 4))
    found = cells(small, count, pitch=16, margin=0)
    worst = np.abs(found - truth).mean(axis=(1, 2, 3))
    assert worst.max() < 14 and worst.mean() < 9
    wrong = np.abs(found - np.roll(truth, 1, axis=0)).mean(axis=(1, 2, 3))
    assert (worst < wrong).mean() > 0.95


@pytest.mark.parametrize("which", ["main", "colours", "foreign"])
def test_thumbnails_are_cells_of_the_tilemaps_in_the_order_asked_for(
    server: Server, colours: str, foreign: str, which: str
) -> None:
    name, total = {"main": ("main", DIGITS), "colours": (colours, 36), "foreign": (foreign, 36)}[which]
    wanted = [total - 1, 0, 7, 7, *np.random.default_rng(0).integers(0, total, 252).tolist()]
    sheet = opened(server.get(f"/maps/{name}/thumbnails?ids={','.join(map(str, wanted))}"))
    assert sheet.size == (480, 1248)
    ranges = [opened(server.get(f"/maps/{name}/tilemaps/{n:03d}")) for n in range(-(-total // 1000))]
    tiles = np.concatenate([cells(each, min(1000, total - 1000 * n)) for n, each in enumerate(ranges)])
    difference = np.abs(cells(sheet, 256, pitch=48, margin=0) - tiles[wanted]).mean(axis=(1, 2, 3))
    assert difference.max() < 8, wanted[int(difference.argmax())]
    assert (np.asarray(sheet)[1200:, 288:] > 250).all()


def test_thumbnails_of_the_main_dataset_have_a_short_address(server: Server) -> None:
    answer = server.get("/thumbnails?ids=1,2,1500")
    assert answer.content == server.get("/maps/main/thumbnails?ids=1,2,1500").content
    assert answer.headers["Cache-Control"] == "no-cache"
    assert server.get("/thumbnails?ids=x").status_code == 400


def test_a_picture_is_the_original_or_else_the_tile(server: Server, colours: str, foreign: str) -> None:
    row = table(server, colours)[5]
    answer = server.get(f"/maps/{colours}/pictures/5")
    assert answer.content == labelled_pictures(36)[row["file"]] and answer.headers["Content-Type"] == "image/png"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    tile = opened(server.get(f"/maps/{foreign}/pictures/5"), "PNG")
    whole = opened(server.get(f"/maps/{foreign}/tilemaps/000"))
    assert tile.size == (48, 48)
    assert np.abs(np.asarray(tile).astype(int) - cells(whole, 6)[5]).mean() < 8


def test_a_row_is_all_that_is_known_of_an_image(server: Server, colours: str, foreign: str) -> None:
    truth, points = table(server, colours)[7], arrays(server, colours)
    body = server.get(f"/maps/{colours}/rows/7").json()
    assert (body["index"], body["file"], body["label"]) == (7, truth["file"], truth["label"])
    assert (body["width"], body["height"]) == (int(truth["width"]), int(truth["height"]))
    assert (body["range"], body["position"], body["original"]) == ("000", 7, True)
    for name in ("pca", "umap"):
        np.testing.assert_array_equal(np.asarray(body["coordinates"][name], np.float32), points[name][7])
    assert body["columns"]["aspect"] == pytest.approx(body["width"] / body["height"])
    assert server.get(f"/maps/{foreign}/rows/7").json()["original"] is False


def test_neighbours_are_those_of_a_comparison_with_every_image(server: Server, colours: str, foreign: str) -> None:
    features = arrays(server, "main")["features"].astype(np.float64)
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    for row in (0, 1234):
        distances = 1 - unit @ unit[row]
        distances[row] = np.inf
        found = server.get(f"/maps/main/neighbors/{row}?k=25").json()["neighbors"]
        np.testing.assert_allclose([n["distance"] for n in found], np.sort(distances)[:25], atol=2e-3)
        assert {n["index"] for n in found[:10]} <= set(np.argsort(distances)[:14].tolist())
    assert len(server.get("/maps/main/neighbors/0").json()["neighbors"]) == 20
    files = [row["file"] for row in table(server, "main")]
    assert all(files[n["index"]] == n["file"] for n in found)
    answer = server.get(f"/maps/{foreign}/neighbors/0")
    assert answer.status_code == 409 and "no features" in answer.json()["error"]


def test_search_finds_parts_of_file_names_whatever_the_case(server: Server, colours: str) -> None:
    rows = table(server, colours)
    for text in ("GREEN", "bild-0", "-01", "PNG"):
        truth = [n for n, row in enumerate(rows) if text.lower() in row["file"].lower()]
        body = server.get(f"/maps/{colours}/search", params={"q": text}).json()
        assert body["total"] == len(truth) and [row["index"] for row in body["rows"]] == truth, text
        assert all(
            (row["file"], row["label"]) == (rows[row["index"]]["file"], rows[row["index"]]["label"])
            for row in body["rows"]
        )
    some = server.get(f"/maps/{colours}/search?q=bild&limit=4").json()
    assert some["total"] == 36 and len(some["rows"]) == 4
    assert server.get(f"/maps/{colours}/search?q=%2a").json() == {"total": 0, "rows": []}


def test_a_damaged_dataset_says_so(server: Server) -> None:
    dataset = server.upload(zip_of(labelled_pictures(20, seed=500)), query="?labels=folders").text
    base, path = f"/maps/{dataset}", server.data / "datasets" / dataset / "tilemaps" / "tilemap-000.jpg"
    path.write_bytes(path.read_bytes()[:2000])
    for url in ("thumbnails?ids=15", "overview/000"):
        answer = server.get(f"{base}/{url}")
        assert answer.status_code == 409 and "damaged" in answer.json()["error"], url
    path.unlink()
    for url in ("thumbnails?ids=16", "overview/000", "tilemaps/000"):
        answer = server.get(f"{base}/{url}")
        assert answer.status_code == 409 and "missing" in answer.json()["error"], url
    requests.delete(f"{server.url}/dataset/{dataset}", timeout=9)
    assert server.get(f"{base}/tilemaps/000").status_code == 404


def test_all_of_it_is_described(server: Server) -> None:
    paths = server.get("/openapi.json").json()["paths"]
    for path in ("/maps", "/maps/{hash}", "/maps/{hash}/positions/{reducer}", "/maps/{hash}.png", "/thumbnails"):
        assert paths[path]["get"]["summary"], path
    assert "multipart/form-data" in paths["/maps/{hash}/search"]["post"]["requestBody"]["content"]
    clusters = paths["/maps/{hash}/clusters"]["post"]
    schema = clusters["requestBody"]["content"]["application/json"]["schema"]
    assert "min_cluster_size" in schema["properties"] and {"200", "202", "503"} <= set(clusters["responses"])
    chosen = paths["/maps/{hash}/export.{format}"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert set(chosen["properties"]) == {"rows", "mask"}


def test_a_picture_can_be_fetched_by_any_page(server: Server) -> None:
    answer = server.get("/maps/main/overview/000", headers={"Origin": "https://example.org"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert Image.open(io.BytesIO(answer.content)).size == (160, 1600)
