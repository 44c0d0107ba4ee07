"""The training API: datasets (contract, 4)."""

import base64
import html
import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.contracts.digits_api import (
    CLASSES,
    EXPLORER_CLASSES,
    GENERIC,
    ID,
    IMAGE_FIELDS,
    UNKNOWN,
    Digits,
    check_error,
    check_refused,
)

EXAMPLE = "/datasets/images/resize-example"


def opened(uri: str) -> Image.Image:
    """The picture in a data URI."""
    head, _, text = uri.partition(",")
    assert head == "data:image/png;base64"
    return Image.open(io.BytesIO(base64.b64decode(text)))


def test_creating_a_dataset_answers_at_once_and_the_work_follows(digits: Digits, pictures: Path) -> None:
    made = digits.created(CLASSES, dataset_name="Now", folder_train=str(pictures), group_name="g", **IMAGE_FIELDS)
    assert made == {"id": made["id"], "name": "Now", "status": "Initialized"} and ID.fullmatch(made["id"])
    early = digits.json(f"/datasets/{made['id']}.json")
    assert early["status"] in ("Initialized", "Running")
    if early["status"] == "Initialized":
        names = ["label_count", "train_count", "val_count", "test_count"]
        assert early["ParseFolderTasks"] == [{"name": "Parse Folder (train/val)", **dict.fromkeys(names)}]
        assert [task["entries"] for task in early["CreateDbTasks"]] == [None, None]
    digits.done(made["id"])
    assert digits.call("DELETE", f"/datasets/{made['id']}").status_code == 200


def test_without_json_the_client_is_led_to_the_page(digits: Digits) -> None:
    answer = digits.post(GENERIC, {"dataset_name": "Page", "train_image_count": "2", "val_image_count": "0"})
    assert answer.status_code == 302
    id = re.fullmatch(r"/datasets/(.*)", answer.headers["Location"])
    assert id and ID.fullmatch(id[1])
    page = digits.get(answer.headers["Location"])
    assert page.status_code == 200 and "Page" in page.text and id[1] in page.text
    digits.done(id[1])
    assert "Done" in digits.get(f"/datasets/{id[1]}").text
    assert digits.call("DELETE", f"/datasets/{id[1]}").status_code == 200


def test_a_finished_classification_dataset_tells_of_its_tasks(digits: Digits, coloured: str) -> None:
    shown = digits.json(f"/datasets/{coloured}.json")
    assert (shown["name"], shown["status"], shown["username"]) == ("Colours", "Done", "alice")
    assert shown["resize_mode"] == "squash" and shown["group"] == "" and shown["exception"] is None
    (parsed,) = shown["ParseFolderTasks"]
    # Twelve pictures a class: 6 for training, 3 and 3 for the others.
    assert parsed == {
        "name": "Parse Folder (train/val/test)", "label_count": 2, "train_count": 12, "val_count": 6, "test_count": 6,
    }  # fmt: skip
    names = [task["name"] for task in shown["CreateDbTasks"]]
    assert names == ["Create DB (train)", "Create DB (val)", "Create DB (test)"]
    assert [task["entries"] for task in shown["CreateDbTasks"]] == [12, 6, 6]
    first = shown["CreateDbTasks"][0]
    assert (first["backend"], first["encoding"], first["compression"]) == ("lmdb", "png", "none")
    assert (first["image_width"], first["image_height"], first["image_channels"]) == (16, 16, 3)
    folder = Path(shown["directory"])
    assert folder.is_absolute() and folder.name == coloured
    lines = (folder / "train.txt").read_text().splitlines()
    assert len(lines) == 12 and all(Path(line.rsplit(" ", 1)[0]).is_file() for line in lines)


def test_a_generic_dataset_tells_of_three_tasks(digits: Digits, slopes: str) -> None:
    shown = digits.json(f"/datasets/{slopes}.json")
    assert shown["feature_dims"] == [32, 32, 1] and shown["extension"] == "image-gradients"
    tasks = shown["create_db_tasks"]
    assert [task["name"] for task in tasks] == ["Create train_db DB", "Create val_db DB", "Create test_db DB"]
    assert [task["stage"] for task in tasks] == ["train_db", "val_db", "test_db"]
    assert [task["entry_count"] for task in tasks] == [24, 8, 0]
    assert [task["feature_db_path"] for task in tasks] == ["train_db/features", "val_db/features", None]
    assert [task["label_db_path"] for task in tasks] == ["train_db/labels", "val_db/labels", None]
    assert (Path(shown["directory"]) / "train_db/features").exists()


def test_a_generic_dataset_that_has_not_begun_has_three_tasks_as_well(digits: Digits) -> None:
    id = digits.gradients(dataset_name="Fresh", train_image_count="4")
    shown = digits.json(f"/datasets/{id}.json")
    assert [task["stage"] for task in shown["create_db_tasks"]] == ["train_db", "val_db", "test_db"]
    digits.done(id)
    assert digits.call("DELETE", f"/datasets/{id}").status_code == 200


def test_lists_may_be_uploaded(digits: Digits, pictures: Path) -> None:
    lines = [f"{label}/{n:03d}.png {k}\n" for k, label in enumerate(("green_things", "red_things")) for n in range(12)]
    files = {
        "textfile_train_images": ("train.txt", "".join(lines[::2])),
        "textfile_val_images": ("val.txt", "".join(lines[1::2])),
        "textfile_labels_file": ("labels.txt", "green\nred\n"),
    }
    fields = {
        "dataset_name": "Lists", "method": "textfile", "textfile_train_folder": str(pictures), "textfile_use_val": "y",
        "textfile_val_folder": str(pictures), "textfile_shuffle": "0", **IMAGE_FIELDS,
    }  # fmt: skip
    answer = digits.post(f"{CLASSES}.json", fields, files=files)
    assert answer.status_code == 200, answer.text
    id = digits.done(answer.json()["id"])
    shown = digits.json(f"/datasets/{id}.json")
    assert shown["ParseFolderTasks"] == [] and [task["entries"] for task in shown["CreateDbTasks"]] == [12, 12]
    file = digits.get(f"/files/{id}/labels.txt")
    assert (file.text, file.headers["Content-Type"]) == ("green\nred\n", "text/plain; charset=utf-8")
    assert digits.get(f"/files/{id}/train.txt").text.splitlines()[0] == f"{pictures}/green_things/000.png 0"
    # The files are not kept: a clone has to send them again.
    check_refused(digits.post(f"{CLASSES}.json", {"clone": id}),
                  "textfile_train_images", "textfile_val_images", "textfile_labels_file")  # fmt: skip
    again = digits.post(f"{CLASSES}.json", {"clone": id}, files=files)
    assert again.status_code == 200 and digits.done(again.json()["id"])
    ids = [id, again.json()["id"]]
    assert digits.call("DELETE", "/jobs", data={"job_ids[]": ids}).status_code == 200


def test_a_failure_before_there_is_a_log_has_a_traceback_too(digits: Digits) -> None:
    files = {"textfile_train_images": ("a.txt", b"a.png 0\n"), "textfile_labels_file": ("labels.txt", b" \n\n")}
    fields = {"method": "textfile", "dataset_name": "No labels", **IMAGE_FIELDS}
    id = digits.post(f"{CLASSES}.json", fields, files=files).json()["id"]
    assert digits.wait(id) == "Error"
    shown = digits.json(f"/datasets/{id}.json")
    assert "labels" in shown["exception"] and shown["traceback"]
    assert digits.call("DELETE", f"/datasets/{id}").status_code == 200


def test_files_without_a_name_are_no_files(digits: Digits) -> None:
    parts = {"method": (None, "textfile"), "dataset_name": (None, "x"), "textfile_train_images": ("", b"a 0\n"),
             "textfile_labels_file": ("labels.txt", b"a\n")}  # fmt: skip
    check_refused(digits.post(f"{CLASSES}.json", files=parts), "textfile_train_images")


def test_keys_of_a_bucket_are_neither_shown_nor_cloned_nor_logged(digits: Digits) -> None:
    fields = {
        "dataset_name": "Bucket", "method": "s3", "s3_endpoint_url": "http://127.0.0.1:9", "s3_bucket": "b",
        "s3_path": "p", "s3_accesskey": "AKIA-access", "s3_secretkey": "very-secret", **IMAGE_FIELDS,
    }  # fmt: skip
    id = digits.created(CLASSES, **fields)["id"]
    assert digits.wait(id) == "Error"
    shown = digits.get(f"/datasets/{id}.json")
    assert shown.json()["exception"] and shown.json()["status"] == "Error"
    cloned = digits.get(f"/clone/{id}.json")
    assert cloned.json()["form"]["s3_bucket"] == "b"
    told = shown.text + cloned.text + digits.get(f"/datasets/{id}").text + digits.server.log.read_text()
    for path in digits.server.data.rglob("*"):  # the catalog, too
        told += path.read_text(errors="replace") if path.is_file() else ""
    assert "AKIA-access" not in told and "very-secret" not in told
    page = digits.get(f"/datasets/{id}")
    assert "Error" in page.text and shown.json()["exception"][:20] in html.unescape(page.text)
    assert digits.call("DELETE", f"/datasets/{id}").status_code == 200


def test_statistics_count_images_of_every_class_in_every_set(digits: Digits, coloured: str, slopes: str) -> None:
    found = digits.json(f"/datasets/{coloured}/statistics.json")
    assert found["id"] == coloured and found["status"] == "Done"
    assert found["labels"] == ["green things", "red things"]
    assert [each["db"] for each in found["sets"]] == ["train", "val", "test"]
    train = found["sets"][0]
    assert train["task"] == "Create DB (train)" and (train["entries"], train["failed"]) == (12, 0)
    assert sorted(each["count"] for each in train["classes"]) == [6, 6]
    assert {each["label"] for each in train["classes"]} == {"green things", "red things"}
    assert digits.get(train["mean_image"]).headers["Content-Type"] == "image/jpeg"
    assert "mean_image" not in found["sets"][1]
    generic = digits.json(f"/datasets/{slopes}/statistics.json")
    assert generic["labels"] is None and [each["classes"] for each in generic["sets"]] == [[], []]


def test_images_are_browsed_by_set_page_and_class(digits: Digits, coloured: str) -> None:
    def page(**query: Any) -> dict[str, Any]:
        found: dict[str, Any] = digits.json(f"{EXPLORER_CLASSES}.json", params={"job_id": coloured, **query})
        return found

    first = page(size=5)
    assert (first["job_id"], first["db"], first["page"], first["size"]) == (coloured, "train", 0, 5)
    assert first["total_entries"] == 12 and first["pages"] == [0, 1, 2] and first["label"] is None
    assert len(first["images"]) == 5 and [each["index"] for each in first["images"]] == [0, 1, 2, 3, 4]
    assert len(page(size=5, page=2)["images"]) == 2 and page(page=99)["images"] == []
    red = page(label=1, db="val")
    assert red["total_entries"] == 3 and {each["label"] for each in red["images"]} == {"red things"}
    picture = opened(red["images"][0]["image"])
    colour = np.asarray(picture.convert("RGB")).mean((0, 1))
    assert picture.size == (16, 16) and colour[0] > 180 > 80 > colour[1]
    assert page(label="all")["total_entries"] == 12 and page(size=100_000)["size"] == 500


def test_generic_images_are_browsed_with_their_values(digits: Digits, slopes: str) -> None:
    query = {"job_id": slopes, "db": "train_db/features", "size": "3"}
    found = digits.json("/datasets/generic/explore.json", params=query)
    assert found["labels"] is None and found["total_entries"] == 24 and len(found["images"]) == 3
    for each in found["images"]:
        assert len(each["label"]) == 2 and all(-0.5 <= value < 0.5 for value in each["label"])
        assert opened(each["image"]).size == (32, 32)


def test_pages_that_are_not_there_are_told_apart(digits: Digits, coloured: str, slopes: str) -> None:
    explore, generic = f"{EXPLORER_CLASSES}.json", "/datasets/generic/explore.json"
    check_error(digits.get(explore), 400, "BadRequest")
    check_error(digits.get(explore, params={"job_id": UNKNOWN}), 404, "NotFound")
    for path, query in (
        (explore, {"job_id": coloured, "db": "nonsense"}),
        (explore, {"job_id": coloured, "page": "-1"}),
        (explore, {"job_id": coloured, "size": "many"}),
        (explore, {"job_id": slopes}),
        (generic, {"job_id": coloured}),
        (generic, {"job_id": slopes, "db": "test_db/features"}),
        (generic, {"job_id": slopes, "db": "../../../catalog.sqlite"}),
    ):
        check_error(digits.get(path, params=query), 400, "BadRequest")


@pytest.mark.parametrize(
    ("fields", "size", "mode"),
    [
        ({"width": "32", "height": "20"}, (32, 20), "RGB"),
        ({"width": "7", "height": "30", "channels": "1", "resize_mode": "crop"}, (7, 30), "L"),
        ({"width": "40", "height": "40", "resize_mode": "fill", "encoding": "jpg"}, (40, 40), "RGB"),
        ({"width": "40", "height": "40", "resize_mode": "half_crop", "encoding": "none"}, (40, 40), "RGB"),
    ],
)
def test_an_example_shows_what_a_resize_mode_does(
    digits: Digits, fields: dict[str, str], size: tuple[int, int], mode: str
) -> None:
    found = digits.post(f"{EXAMPLE}.json", fields).json()
    picture = opened(found["image"])
    assert (picture.size, picture.mode) == (size, mode) and found["bytes"] > 0
    if fields.get("encoding") == "none":
        assert found["bytes"] == 40 * 40 * 3
    fragment = digits.post(EXAMPLE, fields)
    assert fragment.status_code == 200 and re.search(r"<p>\d+ bytes</p>", fragment.text)


def test_a_bad_example_is_an_error_of_the_second_shape(digits: Digits) -> None:
    for fields in ({"width": "0"}, {"width": "x"}, {"resize_mode": "stretch"}, {"channels": "4"}, {"width": "99999"}):
        check_error(digits.post(f"{EXAMPLE}.json", fields), 400, "BadRequest")


def test_summaries_and_extensions(digits: Digits, coloured: str) -> None:
    assert digits.json(f"/datasets/summary.json?job_id={coloured}") == digits.json(f"/datasets/{coloured}.json")
    fragment = digits.get(f"/datasets/summary?job_id={coloured}").text
    assert "Colours" in fragment and "Create DB (train)" in fragment and "<html" not in fragment
    found = digits.json("/datasets/extensions.json")
    assert {"id": "image-gradients", "title": "Gradients", "category": "Images"} in found["data"]
    assert found["view"] and all({"id", "title"} <= each.keys() for each in found["view"])


def test_a_failed_dataset_says_why(digits: Digits, pictures: Path) -> None:
    id = digits.classes(pictures / "red_things", dataset_name="<b>Flat</b>")
    assert digits.wait(id) == "Error"
    shown = digits.json(f"/datasets/{id}.json")
    assert shown["exception"] and digits.json(f"/jobs/{id}/status")["error"] is None
    row = digits.json(f"/jobs/{id}/table_data.json")["job"]
    assert (row["status"], row["status_css"]) == ("Error", "danger")
    page = digits.get(f"/datasets/{id}").text
    assert "&lt;b&gt;Flat" in page and "<b>Flat" not in page
    assert digits.call("DELETE", f"/datasets/{id}").status_code == 200
