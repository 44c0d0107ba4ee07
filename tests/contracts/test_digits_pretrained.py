"""The training API: downloads of models, and pretrained models (contract, 5.12 and 7.1 to 7.4)."""

import io
import json
import re
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load, save

from tests.contracts.digits_api import ID, OTHER, UNKNOWN, Digits, check_error, check_refused
from tests.servers import QuickServer

CLASSIFY = "/models/images/classification/classify_one.json"
NEW, ARCHIVE = "/pretrained_models/new", "/pretrained_models/upload_archive"
KINDS = {"tar": "r:", "tar.gz": "r:gz", "tgz": "r:gz", "tar.bz2": "r:bz2", "zip": ""}
NEEDED = {"snapshot file", "model file", "framework", "name", "image dimensions", "image resize mode", "labels file"}


@pytest.fixture
def nobody(digits_server: QuickServer) -> Digits:
    """Somebody without a name."""
    return Digits(digits_server, None)


@pytest.fixture
def made(digits: Digits) -> Iterator[list[str]]:
    """Ids of jobs that are deleted at the end."""
    ids: list[str] = []
    yield ids
    for id in ids:
        assert digits.call("DELETE", f"/pretrained_models/{id}").text == "Job deleted."


def content_of(data: bytes, kind: str) -> dict[str, bytes]:
    """Name → bytes of an archive, read by Python's own readers."""
    if kind == "zip":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    with tarfile.open(fileobj=io.BytesIO(data), mode=KINDS[kind]) as tar:  # type: ignore[call-overload]
        return {member.name: tar.extractfile(member).read() for member in tar}


def downloaded(digits: Digits, id: str, query: str = "") -> bytes:
    answer = digits.get(f"/models/{id}/download{query}")
    assert answer.status_code == 200, answer.text
    return answer.content


def sent_archive(digits: Digits, data: bytes) -> Any:
    return digits.post(ARCHIVE, files={"archive": ("model.bin", data)})


def first_class(digits: Digits, id: str, pictures: Path) -> Any:
    fields = {"job_id": id, "image_path": str(pictures / "green_things" / "000.png")}
    answer = digits.post(CLASSIFY, fields)
    assert answer.status_code == 200, answer.text
    return answer.json()["predictions"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_model_as_an_archive(nobody: Digits, classifier: str, kind: str, method: str) -> None:
    answer = nobody.call(method, f"/models/{classifier}/download.{kind}")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == f"attachment; filename={classifier}_epoch_-1.{kind}"
    files = content_of(answer.content, kind)
    info = json.loads(files["info.json"])
    assert set(info) >= NEEDED and list(info) == sorted(info) and b'\n    "' in files["info.json"]
    assert {info[key] for key in ("snapshot file", "model file", "labels file", "mean file", "solver file")} | {
        "info.json"
    } == set(files)
    assert info["snapshot file"] == "snapshot_epoch_2.safetensors" and info["image dimensions"] == [16, 16, 3]
    assert files["labels.txt"] == b"green things\nred things\n" and load(files[info["snapshot file"]])
    assert not {"directory", "snapshots"} & set(info)


@pytest.mark.parametrize(
    ("query", "name", "epoch"),
    [("", "-1", 2), ("?epoch=1", "1.0", 1), ("?epoch=-1", "-1.0", 2), ("?epoch=2.0", "2.0", 2)],
)
def test_the_epoch_of_a_download(digits: Digits, classifier: str, query: str, name: str, epoch: int) -> None:
    answer = digits.get(f"/models/{classifier}/download{query}")
    assert answer.headers["Content-Disposition"] == f"attachment; filename={classifier}_epoch_{name}.tar.gz"
    assert f"snapshot_epoch_{epoch}.safetensors" in content_of(answer.content, "tar.gz")
    form = digits.post(f"/models/{classifier}/download", {"snapshot_epoch": query.partition("=")[2]})
    assert form.headers["Content-Disposition"] == answer.headers["Content-Disposition"]


def test_downloads_that_are_refused(digits: Digits, classifier: str, coloured: str) -> None:
    accept = {"headers": {"Accept": "application/json"}}
    check_error(digits.get(f"/models/{classifier}/download.rar", **accept), 400, "BadRequest")
    check_error(digits.get(f"/models/{classifier}/download.tar?epoch=5", **accept), 400, "BadRequest")
    check_error(digits.get(f"/models/{classifier}/download.tar?epoch=x", **accept), 400, "BadRequest")
    for id in (UNKNOWN, coloured):
        check_error(digits.get(f"/models/{id}/download", **accept), 404, "NotFound")


@pytest.mark.parametrize("kind", KINDS)
def test_an_archive_is_taken_as_it_was_downloaded(
    digits: Digits, classifier: str, pictures: Path, made: list[str], kind: str
) -> None:
    answer = sent_archive(digits, downloaded(digits, classifier, f".{kind}"))
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"status", "id"} and answer.json()["status"] == "success"
    id = answer.json()["id"]
    made.append(id)
    assert digits.status(id) == "Done"
    assert first_class(digits, id, pictures) == first_class(digits, classifier, pictures)
    shown = digits.json(f"/pretrained_models/{id}.json")
    assert (shown["name"], shown["framework"], shown["username"]) == ("Classes", "pytorch", digits.user)
    assert (shown["width"], shown["height"], shown["resize_mode"]) == (16, 16, "squash") and shown["has_labels"]
    assert int(shown["image_type"]) == 3
    folder = Path(shown["directory"])
    assert (folder / shown["model file"]).is_file() and (folder / shown["snapshot file"]).is_file()
    assert not (folder / "uploads").exists()


def test_a_generic_model_goes_round_too(digits: Digits, trained: str, made: list[str]) -> None:
    answer = sent_archive(digits, downloaded(digits, trained))
    assert answer.status_code == 200, answer.text
    made.append(answer.json()["id"])
    assert digits.json(f"/pretrained_models/{made[0]}.json")["has_labels"] is False
    fields = {"image_file": (Path(__file__).parent / "x").name.encode()}
    refused = digits.post("/models/images/generic/infer_one.json", {"job_id": made[0]}, files=fields)
    check_error(refused, 400, "BadRequest")


def tar_of(files: Mapping[str, bytes], link: bool = False) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = 0 if link else len(data)
            if link:
                info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def test_archives_that_are_refused(digits: Digits, digits_server: QuickServer, classifier: str) -> None:
    files = content_of(downloaded(digits, classifier), "tar.gz")
    info = json.loads(files["info.json"])
    before = digits.json("/pretrained_models.json")

    def reason(data: bytes) -> str:
        answer = sent_archive(digits, data)
        assert answer.status_code == 400, answer.text
        assert set(answer.json()) == {"status"}
        return str(answer.json()["status"])

    def changed(**changes: Any) -> bytes:
        return tar_of(files | {"info.json": json.dumps(info | changes).encode()})

    assert "not an archive" in reason(b"hello")
    assert "info.json" in reason(tar_of({"x": b"y"}))
    assert "info.json" in reason(tar_of({"info.json": b"["}))
    without = {key: value for key, value in info.items() if key != "snapshot file"}
    assert "snapshot file" in reason(tar_of(files | {"info.json": json.dumps(without).encode()}))
    assert "missing" in reason(changed(**{"labels file": "other.txt"}))
    assert "unsafe" in reason(changed(**{"snapshot file": "../../x"}))
    assert "Accepted are" in reason(changed(framework="torch"))
    assert "cannot be used" in reason(tar_of(files | {info["snapshot file"]: b"damaged"}))
    assert "unsafe" in reason(tar_of(files | {"../evil": b"x"}))
    assert "link" in reason(tar_of({"info.json": b""}, link=True))
    assert reason(tar_of({"zeros": bytes(300 << 20)}))
    answer = digits.post(ARCHIVE, {"x": "y"}, files={"other": b"x"})
    assert answer.status_code == 400 and "archive" in answer.json()["status"]
    assert digits.json("/pretrained_models.json") == before
    folders = {path.name for path in (digits_server.data / "jobs").iterdir() if ID.fullmatch(path.name)}
    assert all(digits.get(f"/jobs/{name}.json").status_code == 200 for name in folders)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_snapshot_is_kept(digits: Digits, classifier: str, pictures: Path, made: list[str], method: str) -> None:
    before = {row["id"] for row in digits.json("/pretrained_models.json")["pretrained_models"]}
    answer = digits.call(method, f"/models/{classifier}/to_pretrained?epoch=1")
    assert answer.status_code == 302 and answer.headers["Location"] == "/?tab=3"
    rows = digits.json("/pretrained_models.json")["pretrained_models"]
    (row,) = [row for row in rows if row["id"] not in before]
    made.append(row["id"])
    assert {"name", "group", "status", "status_css", "submitted", "elapsed", "progress", "type", "framework",
            "username", "has_labels", "image_type", "resize_mode", "width", "height"} <= set(row)  # fmt: skip
    assert (row["name"], row["status"], row["type"], row["has_labels"]) == ("Classes", "Done", "pretrained_model", True)
    fields = {"job_id": classifier, "snapshot_epoch": "1", "image_path": str(pictures / "green_things" / "000.png")}
    assert first_class(digits, row["id"], pictures) == digits.post(CLASSIFY, fields).json()["predictions"]


def test_a_snapshot_is_kept_by_json(digits: Digits, trained: str, nobody: Digits, made: list[str]) -> None:
    path, wanted = f"/models/{trained}/to_pretrained", {"Accept": "application/json"}
    for answer in (digits.post(f"{path}.json"), digits.get(f"{path}.json"), digits.get(path, headers=wanted)):
        assert answer.status_code == 200 and set(answer.json()) == {"id", "name", "status"}
        made.append(answer.json()["id"])
        assert re.fullmatch(ID, made[-1]) and answer.json()["status"] == "Done"
    assert len(set(made)) == 3
    check_error(digits.post(f"/models/{trained}/to_pretrained.json?epoch=9"), 400, "BadRequest")
    check_error(digits.post(f"/models/{UNKNOWN}/to_pretrained.json"), 404, "NotFound")
    check_error(nobody.post(f"/models/{trained}/to_pretrained.json"), 401, "Unauthorized")
    assert nobody.get(f"/models/{trained}/to_pretrained").status_code == 401


def single_files(digits: Digits, classifier: str) -> dict[str, Any]:
    files = content_of(downloaded(digits, classifier), "tar.gz")
    network = json.loads(files["network.json"])
    plain = {key: network[key] for key in ("layers", "name")}  # as somebody writes it who trained elsewhere
    return {
        "weights_file": ("w.safetensors", files["snapshot_epoch_2.safetensors"]),
        "model_def_file": ("net.json", json.dumps(plain)),
        "labels_file": ("labels.txt", files["labels.txt"]),
    }


FORM = {"job_name": "Sent", "width": "16", "height": "16"}


def test_single_files(digits: Digits, classifier: str, made: list[str]) -> None:
    files = single_files(digits, classifier)
    page = digits.post(NEW, FORM, files=files)
    assert page.status_code == 302 and page.headers["Location"] == "/?tab=3"
    answer = digits.post(f"{NEW}.json", FORM, files=files)
    assert answer.status_code == 200 and answer.json() | {"id": ""} == {"id": "", "name": "Sent", "status": "Done"}
    rows = digits.json("/pretrained_models.json")["pretrained_models"]
    made += [row["id"] for row in rows if row["name"] == "Sent"]
    assert len(made) == 2 and all(row["has_labels"] for row in rows if row["id"] in made)


def test_an_empty_file_of_labels_counts_as_one(digits: Digits, classifier: str, made: list[str]) -> None:
    files = single_files(digits, classifier) | {"labels_file": ("labels.txt", b"")}
    made.append(digits.post(f"{NEW}.json", FORM, files=files).json()["id"])
    assert digits.json(f"/pretrained_models/{made[0]}.json")["has_labels"] is True
    del files["labels_file"]
    made.append(digits.post(f"{NEW}.json", FORM, files=files).json()["id"])
    assert digits.json(f"/pretrained_models/{made[1]}.json")["has_labels"] is False


def test_single_files_that_are_refused(digits: Digits, nobody: Digits, classifier: str) -> None:
    files = single_files(digits, classifier)

    def sent(changes: Mapping[str, str] = {}, **other: Any) -> Any:
        given = {name: value for name, value in (files | other).items() if value is not None}
        return digits.post(f"{NEW}.json", FORM | dict(changes), files=given)

    check_refused(sent({"job_name": " "}), "job_name")
    check_refused(sent(weights_file=None), "weights_file")
    check_refused(sent(model_def_file=None, weights_file=None), "weights_file", "model_def_file")
    check_refused(sent(weights_file=("w.t7", b"x")), "weights_file")
    check_refused(sent({"framework": "tensorflow"}), "framework")
    check_refused(sent({"image_type": "4", "width": "0"}), "image_type", "width")
    check_error(sent(weights_file=("w.pt", b"x" * 100)), 400, "BadRequest")
    check_error(sent(model_def_file=("n.json", b"import os")), 400, "BadRequest")
    huge = b'{"layers": [{"type": "linear", "out_features": 1048576}, {"type": "linear"}]}'  # of 768 values each
    reason = check_error(sent(model_def_file=("n.json", huge)), 400, "BadRequest")
    assert "EXPLORER_MAX_NETWORK_PARAMETERS" in reason
    foreign = save({"other.weight": np.ones((3, 3), np.float32)})
    labels = ("labels.txt", b"a\nb\n")
    reason = check_error(sent(weights_file=("w.safetensors", foreign), labels_file=labels), 400, "BadRequest")
    assert "None of the weights" in reason
    check_error(nobody.post(f"{NEW}.json", FORM, files=files), 401, "Unauthorized")
    assert nobody.post(ARCHIVE, files={"archive": b"x"}).status_code == 401


def test_pretrained_models_are_jobs_like_others(digits: Digits, digits_server: QuickServer, classifier: str) -> None:
    id = digits.post(f"/models/{classifier}/to_pretrained.json").json()["id"]
    assert id in {row["id"] for row in digits.json("/completed_jobs.json")["pretrained_models"]}
    assert digits.json(f"/jobs/{id}.json")["id"] == digits.json(f"/pretrained_models/{id}/json")["id"] == id
    assert {"id": id, "name": "Classes"}.items() <= digits.json("/models/networks.json")["pretrained"][0].items()
    other = Digits(digits_server, OTHER)
    assert other.call("DELETE", f"/pretrained_models/{id}").status_code == 403
    assert digits.call("PUT", f"/jobs/{id}", data={"job_name": "Better"}).text == "Pretrained Model updated."
    assert digits.json(f"/pretrained_models/{id}.json")["name"] == "Better"
    assert digits.call("DELETE", f"/pretrained_models/{id}").text == "Job deleted."
    check_error(digits.get(f"/pretrained_models/{id}.json"), 404, "NotFound")
    check_error(digits.get(f"/pretrained_models/{classifier}.json"), 404, "NotFound")


def test_a_training_starts_from_a_pretrained_model(
    digits: Digits, classifier: str, coloured: str, made: list[str]
) -> None:
    made.append(sent_archive(digits, downloaded(digits, classifier)).json()["id"])
    fields = {"model_name": "Further", "dataset": coloured, "method": "pretrained", "pretrained_networks": made[0],
              "train_epochs": "1", "learning_rate": "0"}  # fmt: skip
    id = digits.created("/models/images/classification", **fields)["id"]
    try:
        digits.done(id)
        shown = digits.json(f"/models/{id}.json")
        after = load((Path(shown["directory"]) / shown["snapshot file"]).read_bytes())
        before = load(content_of(downloaded(digits, classifier), "tar.gz")["snapshot_epoch_2.safetensors"])
        assert after.keys() == before.keys() and all((after[key] == before[key]).all() for key in before)
    finally:
        digits.call("DELETE", f"/models/{id}")
