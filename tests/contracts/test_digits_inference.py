"""The training API: what trained models say of pictures (contract, 6)."""

import base64
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.contracts.digits_api import UNKNOWN, Digits, check_error
from tests.servers import QuickServer

CLASSIFY, TOP = "/models/images/classification", "/models/images/classification/top_n"
INFER = "/models/images/generic"
ALL = (*(f"{CLASSIFY}/{name}" for name in ("classify_one", "classify_many", "top_n")),
       *(f"{INFER}/{name}" for name in ("infer_one", "infer_many", "infer_db", "infer_extension")))  # fmt: skip


@pytest.fixture
def anyone(digits_server: QuickServer) -> Digits:
    """Somebody without a name: inference needs none."""
    return Digits(digits_server, None)


def asked(user: Digits, path: str, fields: Mapping[str, Any], files: Mapping[str, Any] | None = None) -> Any:
    """The answer of a route, which is JSON and 200."""
    answer = user.post(f"{path}.json", fields, files=files)
    assert answer.status_code == 200, (answer.status_code, answer.text)
    assert answer.headers["Content-Type"] == "application/json"
    return answer.json()


def decoded(address: str) -> Image.Image:
    head, _, data = address.partition(",")
    assert head == "data:image/png;base64"
    return Image.open(io.BytesIO(base64.b64decode(data)))


def gradient(gx: float, gy: float, side: int = 32) -> bytes:
    """The picture of two slopes, as the contract describes it."""
    steps = np.arange(side) - side // 2
    pixels = 127.5 + gx * 255 / side * steps[None, :] + gy * 255 / side * steps[:, None]
    buffer = io.BytesIO()
    Image.fromarray(np.trunc(pixels).astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def val_list(digits: Digits, coloured: str) -> tuple[bytes, list[list[str]]]:
    """`val.txt` of the dataset, from its folder, and its lines in two parts."""
    data = (Path(digits.json(f"/datasets/{coloured}.json")["directory"]) / "val.txt").read_bytes()
    return data, [line.rsplit(" ", 1) for line in data.decode().splitlines()]


def test_one_image_by_upload_and_by_path(anyone: Digits, classifier: str, pictures: Path) -> None:
    path = pictures / "red_things" / "000.png"
    sent = asked(anyone, f"{CLASSIFY}/classify_one", {"job_id": classifier}, {"image_file": path.read_bytes()})
    assert set(sent) == {"predictions"}
    assert {label for label, _ in sent["predictions"]} == {"red things", "green things"}
    values = [value for _, value in sent["predictions"]]
    assert values == sorted(values, reverse=True) and sum(values) == pytest.approx(100, abs=0.02)
    assert all(round(value, 2) == value for value in values)
    named = asked(anyone, f"{CLASSIFY}/classify_one", {"job_id": classifier, "image_path": str(path)},
                  {"image_file": b"the path wins"})  # fmt: skip
    assert named == sent


def test_both_spellings_and_the_page_answer_alike(anyone: Digits, classifier: str, pictures: Path) -> None:
    fields = {"job_id": classifier, "image_path": str(pictures / "green_things" / "001.png")}
    answers = [anyone.post(f"{CLASSIFY}/classify_one{end}", fields) for end in (".json", "/json", "", "/")]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    query = anyone.post(f"{CLASSIFY}/classify_one.json?job_id={classifier}", {"image_path": fields["image_path"]})
    assert query.json() == answers[0].json()


def test_a_look_inside_the_network(anyone: Digits, classifier: str, pictures: Path) -> None:
    fields = {"job_id": classifier, "image_path": str(pictures / "red_things" / "002.png"), "show_visualizations": "on"}
    found = asked(anyone, f"{CLASSIFY}/classify_one", fields)
    assert decoded(found["image"]).size == (16, 16)
    seen = found["visualizations"]
    assert [each["id"] for each in seen] == list(range(len(seen)))
    assert (seen[0]["name"], seen[1]["name"]) == ("data", "scaled")
    assert {each["vis_type"] for each in seen} == {"Activation", "Weights"}
    weights = [each for each in seen if each["vis_type"] == "Weights"]
    assert found["total_parameters"] == sum(each["param_count"] for each in weights)
    for each in seen:
        stats = each["data_stats"]
        assert {"shape", "mean", "stddev", "histogram"} <= set(stats)
        assert [len(part) for part in stats["histogram"]] == [20, 20, 3]
        if "image_html" in each:
            assert min(decoded(each["image_html"]).size) >= 100
    linear = [each for each in weights if each["name"] == "ip1"]
    assert linear and "image_html" not in linear[0] and linear[0]["layer_type"]


def test_a_validation_list_as_it_is(digits: Digits, anyone: Digits, classifier: str, coloured: str) -> None:
    data, lines = val_list(digits, coloured)
    found = asked(anyone, f"{CLASSIFY}/classify_many", {"job_id": classifier}, {"image_list": data})
    assert list(found["classifications"]) == [path for path, _ in lines]
    labels = found["labels"]
    best = {path: pairs[0][0] for path, pairs in found["classifications"].items()}
    truth = {path: labels[int(index)] for path, index in lines}
    assert found["ground_truths"] == truth
    right = sum(best[path] == truth[path] for path in truth)
    assert found["top1_accuracy"] == round(100 * right / len(lines), 2) and found["top5_accuracy"] == 100.0
    matrix = np.array(found["confusion_matrix"])
    assert matrix.shape == (2, 2) and matrix.sum() == len(lines) and matrix.trace() == right
    assert len(found["per_class_accuracy"]) == 2 and found["skipped"] == []


def test_lists_with_a_folder_a_number_and_what_is_missing(anyone: Digits, classifier: str, pictures: Path) -> None:
    text = b"000.png\nnone.png\n\n001.png\n/etc/hostname 1\n../../../../etc/passwd\n002.png\n"
    fields = {"job_id": classifier, "image_folder": str(pictures / "red_things")}
    found = asked(anyone, f"{CLASSIFY}/classify_many", fields, {"image_list": text})
    folder = pictures / "red_things"
    assert list(found["classifications"]) == [f"{folder}/00{n}.png" for n in range(3)]
    assert [each["path"] for each in found["skipped"]] == [
        f"{folder}/none.png", "/etc/hostname", f"{folder}/../../../../etc/passwd"
    ]  # fmt: skip
    assert "top1_accuracy" not in found
    few = asked(anyone, f"{CLASSIFY}/classify_many", fields | {"num_test_images": "3"}, {"image_list": text})
    assert list(few["classifications"]) == [f"{folder}/000.png", f"{folder}/001.png"]


def test_the_best_images_of_each_class(digits: Digits, anyone: Digits, classifier: str, coloured: str) -> None:
    data, lines = val_list(digits, coloured)
    fields = {"job_id": classifier, "top_n": "2"}
    found = asked(anyone, TOP, fields, {"image_list": data})
    scores = asked(anyone, f"{CLASSIFY}/classify_many", {"job_id": classifier}, {"image_list": data})["classifications"]
    assert found["top_n"] == 2 and [each["category"] for each in found["results"]] == ["green things", "red things"]
    for result in found["results"]:
        by_score = sorted(scores, key=lambda path: -dict(map(tuple, scores[path]))[result["category"]])
        confidences = [dict(map(tuple, scores[path]))[result["category"]] for path in by_score[:2]]
        assert [each["confidence"] for each in result["images"]] == confidences
        assert decoded(result["image"]).size[0] >= 16
    many = asked(anyone, TOP, {"job_id": classifier}, {"image_list": data})
    assert many["top_n"] == 9 and all(len(each["images"]) == min(9, len(lines)) for each in many["results"])


@pytest.mark.parametrize("epoch", ["1", "1.0", "2", "-1", ""])
def test_epochs(anyone: Digits, classifier: str, pictures: Path, epoch: str) -> None:
    fields = {"job_id": classifier, "image_path": str(pictures / "red_things" / "003.png")}
    found = asked(anyone, f"{CLASSIFY}/classify_one", fields | {"snapshot_epoch": epoch})
    last = asked(anyone, f"{CLASSIFY}/classify_one", fields)
    assert (found == last) is (not epoch.startswith("1"))


def test_outputs_of_a_generic_model(anyone: Digits, trained: str, tmp_path: Path) -> None:
    files = {"image_file": gradient(0.4, -0.3)}
    one = asked(anyone, f"{INFER}/infer_one", {"job_id": trained}, files)
    assert set(one) == {"outputs"} and np.shape(one["outputs"]["output"]) == (1, 2)
    shown = asked(anyone, f"{INFER}/infer_one", {"job_id": trained, "show_visualizations": "1"}, files)
    assert np.allclose(shown["outputs"]["output"], one["outputs"]["output"], atol=1e-5)
    assert {"image", "visualizations", "total_parameters"} <= set(shown)
    made = asked(anyone, f"{INFER}/infer_extension", {"job_id": trained, "gradient_x": "0.4", "gradient_y": "-0.3"})
    assert list(made["outputs"]) == ["000000000"]
    assert np.allclose(made["outputs"]["000000000"]["output"], one["outputs"]["output"][0], atol=1e-5)
    steepest = {"job_id": trained, "gradient_x": "0.5", "gradient_y": "-0.5"}
    assert list(asked(anyone, f"{INFER}/infer_extension", steepest)["outputs"]) == ["000000000"]
    drawn = asked(anyone, f"{INFER}/infer_extension", {"job_id": trained, "test_image_count": "3"})
    assert list(drawn["outputs"]) == [f"{n:09d}" for n in range(3)]


def test_a_stored_set(digits: Digits, anyone: Digits, trained: str, slopes: str) -> None:
    dataset = digits.json(f"/datasets/{slopes}.json")
    task = dataset["create_db_tasks"][1]
    path = Path(dataset["directory"]) / task["feature_db_path"]
    assert path.exists()
    found = asked(anyone, f"{INFER}/infer_db", {"job_id": trained, "db_path": str(path)})["outputs"]
    assert list(found) == [f"{n:09d}" for n in range(task["entry_count"])]
    assert all(np.shape(each["output"]) == (2,) for each in found.values())
    explored = digits.json(f"/datasets/generic/explore.json?job_id={slopes}&db=val_db/features&size=1")
    picture = io.BytesIO()
    decoded(explored["images"][0]["image"]).save(picture, "PNG")
    one = asked(anyone, f"{INFER}/infer_one", {"job_id": trained}, {"image_file": picture.getvalue()})
    assert np.allclose(one["outputs"]["output"][0], found["000000000"]["output"], atol=1e-5)


def test_a_classification_model_on_the_generic_routes(anyone: Digits, classifier: str, pictures: Path) -> None:
    path = pictures / "red_things" / "000.png"
    lines = f"{path} 1\n{path.with_name('001.png')}\n".encode()
    found = asked(anyone, f"{INFER}/infer_many", {"job_id": classifier}, {"image_list": lines})
    assert list(found["outputs"]) == [str(path), str(path.with_name("001.png"))]
    assert sum(found["outputs"][str(path)]["softmax"]) == pytest.approx(1, abs=1e-5)


def test_wrong_requests(anyone: Digits, classifier: str, trained: str, coloured: str, pictures: Path) -> None:
    image = {"image_path": str(pictures / "red_things" / "000.png")}
    listed = {"image_list": b"x.png\n"}

    def refused(path: str, fields: dict[str, str], files: Any = None) -> str:
        return check_error(anyone.post(f"{path}.json", fields, files=files), 400, "BadRequest")

    for path in ALL:
        assert "job_id" in refused(path, {})
        check_error(anyone.post(f"{path}.json", {"job_id": UNKNOWN}), 404, "NotFound")
        assert "dataset" in refused(path, {"job_id": coloured})
    one, many = f"{CLASSIFY}/classify_one", f"{CLASSIFY}/classify_many"
    assert "image_file" in refused(one, {"job_id": classifier})
    assert "generic" in refused(one, {"job_id": trained} | image)
    assert "epoch 7" in refused(one, {"job_id": classifier, "snapshot_epoch": "7"} | image)
    assert "number" in refused(one, {"job_id": classifier, "snapshot_epoch": "x"} | image)
    assert "cannot be read" in refused(one, {"job_id": classifier}, {"image_file": b"no picture"})
    assert refused(one, {"job_id": classifier, "image_path": "/etc/hostname"}) == refused(
        one, {"job_id": classifier, "image_path": "/not/there"}
    )
    assert "image_list" in refused(many, {"job_id": classifier})
    assert "None of the 1" in refused(many, {"job_id": classifier}, listed)
    assert "no folder" in refused(many, {"job_id": classifier, "image_folder": "/etc"}, listed)
    assert "num_test_images" in refused(many, {"job_id": classifier, "num_test_images": "x"}, listed)
    assert "top_n" in refused(TOP, {"job_id": classifier, "top_n": "0"}, listed)
    db, extension = f"{INFER}/infer_db", f"{INFER}/infer_extension"
    assert "db_path" in refused(db, {"job_id": trained})
    for path in ("/etc", "/not/there", "train_db/features", str(pictures)):
        assert "no set" in refused(db, {"job_id": trained, "db_path": path})
    assert "gradient_x" in refused(extension, {"job_id": trained})
    assert "gradient_x" in refused(extension, {"job_id": trained, "gradient_x": "0.51", "gradient_y": "0"})
    assert "test_image_count" in refused(extension, {"job_id": trained, "test_image_count": "-1"})
    assert "extension" in refused(extension, {"job_id": classifier, "gradient_x": "0", "gradient_y": "0"})
    assert anyone.get(f"{one}.json").status_code == 405


def test_a_model_without_a_snapshot_is_told(digits: Digits, slopes: str) -> None:
    id = digits.training(slopes, train_epochs="100000", snapshot_interval="0", model_name="Long")
    try:
        digits.wait(id, "Running")
        answer = digits.post(f"{INFER}/infer_one.json", {"job_id": id}, files={"image_file": gradient(0, 0)})
        assert "no snapshot" in check_error(answer, 400, "BadRequest")
    finally:
        digits.call("DELETE", f"/models/{id}")


def test_inference_works_beside_a_training_and_on_it(
    digits: Digits, slopes: str, classifier: str, pictures: Path
) -> None:
    id = digits.training(slopes, train_epochs="9000", snapshot_interval="1", model_name="Long")
    try:
        digits.wait(id, "Running")
        fields = {"job_id": classifier, "image_path": str(pictures / "red_things" / "000.png")}
        assert asked(digits, f"{CLASSIFY}/classify_one", fields)["predictions"]
        digits.server.wait_for(lambda: bool(digits.json(f"/models/{id}.json")["snapshots"]), 60)
        files = {"image_file": gradient(0.1, 0.2)}
        assert asked(digits, f"{INFER}/infer_one", {"job_id": id, "snapshot_epoch": "1"}, files)["outputs"]
        assert digits.status(id) == "Running"
    finally:
        digits.call("DELETE", f"/models/{id}")


def test_nothing_of_a_request_stays(digits_server: QuickServer, digits: Digits, classifier: str) -> None:
    before = digits.json("/completed_jobs.json")
    digits.post(f"{CLASSIFY}/classify_one.json", {"job_id": classifier}, files={"image_file": b"x"})
    assert digits.json("/completed_jobs.json") == before
    assert not list((digits_server.data / "staging").glob("prediction-*"))
