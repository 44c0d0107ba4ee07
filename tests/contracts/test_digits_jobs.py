"""The training API: what can be done to any job (contract, 1.5, 3.4 to 3.10)."""

import time
from collections.abc import Iterator

import pytest
import requests

from tests.contracts.digits_api import CLASSES, GENERIC, ID, OTHER, UNKNOWN, Digits, check_error
from tests.servers import QuickServer

FAMILIES = ("jobs", "datasets", "models", "pretrained_models")


@pytest.fixture
def mine(digits: Digits) -> Iterator[str]:
    """A finished dataset of the user's own."""
    id = digits.done(digits.gradients(dataset_name="Mine", train_image_count="4", val_image_count="0"))
    yield id
    digits.call("DELETE", f"/jobs/{id}")


@pytest.fixture
def other(digits_server: QuickServer) -> Digits:
    """Somebody else."""
    return Digits(digits_server, OTHER)


@pytest.fixture
def nobody(digits_server: QuickServer) -> Digits:
    """Somebody without a name."""
    return Digits(digits_server, None)


def test_the_state_of_a_job_is_told_under_every_family(digits: Digits, slopes: str) -> None:
    for family in FAMILIES:
        told = digits.json(f"/{family}/{slopes}/status")
        assert told == {"error": None, "status": "Done", "name": "Slopes", "type": "Generic Dataset"}


def test_the_state_of_an_unknown_job_is_200(digits: Digits) -> None:
    for family in FAMILIES:
        for id in (UNKNOWN, "x.y", "%20", "a" * 150):
            assert digits.json(f"/{family}/{id}/status") == {"error": "Job not found."}


def test_a_job_is_found_by_its_id_alone(digits: Digits, slopes: str, trained: str) -> None:
    for id, family in ((slopes, "datasets"), (trained, "models")):
        moved = digits.get(f"/jobs/{id}")
        assert moved.status_code == 302 and moved.headers["Location"] == f"/{family}/{id}"
        detailed = digits.json(f"/jobs/{id}.json")
        assert detailed == digits.json(f"/{family}/{id}.json") == digits.json(f"/jobs/{id}/json")
        assert detailed == digits.json(f"/jobs/{id}", headers={"Accept": "application/json"})
    assert digits.get(f"/jobs/{UNKNOWN}").status_code == 404
    assert check_error(digits.get(f"/jobs/{UNKNOWN}.json"), 404, "NotFound") == "Job not found"


def test_a_job_is_renamed_and_annotated(digits: Digits, mine: str) -> None:
    answer = digits.call("PUT", f"/jobs/{mine}", data={"job_name": "Renamed", "job_notes": "Why"})
    assert answer.status_code == 200 and answer.text == "Generic Dataset updated."
    shown = digits.json(f"/datasets/{mine}.json")
    assert (shown["name"], shown["notes"]) == ("Renamed", "Why")
    assert digits.json(f"/clone/{mine}.json")["form"]["dataset_name"] == "Renamed"
    for blank in ("", " \n"):
        parts = {"job_notes": (None, blank)}  # as `curl -X PUT -F` sends it
        assert digits.call("PUT", f"/jobs/{mine}", files=parts).status_code == 200
        shown = digits.json(f"/datasets/{mine}.json")
        assert (shown["name"], shown["notes"]) == ("Renamed", "")
        assert digits.call("PUT", f"/jobs/{mine}", data={"job_notes": "Why"}).status_code == 200
    assert digits.call("PUT", f"/jobs/{mine}", data={"job_name": "  "}).status_code == 400


def test_only_the_owner_changes_a_job(digits: Digits, other: Digits, nobody: Digits, mine: str) -> None:
    changes = (
        ("PUT", f"/jobs/{mine}", {"job_name": "Stolen"}),
        ("DELETE", f"/jobs/{mine}", {}),
        ("DELETE", f"/datasets/{mine}", {}),
        ("POST", f"/jobs/{mine}/abort", {}),
        ("POST", f"/datasets/{mine}/abort", {}),
        ("POST", f"/jobs/{mine}/resume", {}),
    )
    wanted = {"Accept": "application/json"}
    for method, path, data in changes:
        check_error(nobody.call(method, path, data=data, headers=wanted), 401, "Unauthorized")
        check_error(other.call(method, path, data=data, headers=wanted), 403, "Forbidden")
        wrong = nobody.call(method, path, data={**data, "username": "Not A Name"}, headers=wanted)
        check_error(wrong, 400, "BadRequest")
    assert digits.json(f"/datasets/{mine}.json")["name"] == "Mine"


def test_the_parameter_is_as_good_as_the_cookie_and_wins_also_on_delete(
    other: Digits, nobody: Digits, mine: str
) -> None:
    renamed = other.call("PUT", f"/jobs/{mine}?username=alice", data={"job_name": "By query"})
    assert renamed.status_code == 200
    assert other.call("DELETE", f"/jobs/{mine}").status_code == 403
    # As `curl -X DELETE -F username=alice` sends it.
    deleted = nobody.call("DELETE", f"/jobs/{mine}", files={"username": (None, "alice")})
    assert deleted.status_code == 200 and deleted.text == "Job deleted."
    assert nobody.json(f"/jobs/{mine}/status") == {"error": "Job not found."}


def test_a_deleted_job_is_gone_with_its_folder_whatever_the_family_in_the_path(digits: Digits) -> None:
    id = digits.done(digits.gradients(train_image_count="2", val_image_count="0"))
    folder = digits.server.data / "jobs" / id
    assert folder.is_dir()
    answer = digits.call("DELETE", f"/models/{id}")
    assert (answer.status_code, answer.text) == (200, "Job deleted.")
    assert not folder.exists() and digits.get(f"/datasets/{id}.json").status_code == 404
    assert digits.call("DELETE", f"/datasets/{id}").status_code == 404


def test_a_dataset_with_models_on_it_cannot_be_deleted(digits: Digits, trained: str, slopes: str) -> None:
    answer = digits.call("DELETE", f"/datasets/{slopes}", headers={"Accept": "application/json"})
    assert "Tiny" in check_error(answer, 403, "Forbidden")
    assert digits.status(slopes) == "Done" and digits.status(trained) == "Done"


def test_an_active_job_is_aborted_and_an_ended_one_is_not(digits: Digits, slopes: str) -> None:
    id = digits.training(slopes)
    second = digits.training(slopes, model_name="Endless", train_epochs="50000", snapshot_interval="10")
    digits.done(id)
    digits.wait(second, "Running")
    digits.server.wait_for(lambda: len(digits.json(f"/models/{second}.json")["snapshots"]) > 1, 60)
    begun = time.monotonic()
    answer = digits.post(f"/models/{second}/abort")
    assert (answer.status_code, answer.text) == (200, "Job aborted.")
    assert digits.wait(second) == "Aborted" and time.monotonic() - begun < 8
    shown = digits.json(f"/models/{second}.json")
    assert shown["snapshots"] and shown["exception"] is None and "aborted" in shown["reason"]
    assert digits.post(f"/models/{second}/abort").status_code == 403
    assert digits.post(f"/jobs/{UNKNOWN}/abort").status_code == 404
    assert digits.call("DELETE", "/jobs", data={"job_ids[]": [id, second]}).text == "Jobs deleted."


def test_many_are_deleted_models_before_their_datasets_and_the_others_counted(
    digits: Digits, other: Digits, nobody: Digits
) -> None:
    dataset = digits.done(digits.gradients(train_image_count="4", val_image_count="0"))
    model = digits.training(dataset)
    theirs = other.done(other.gradients(train_image_count="2", val_image_count="0"))
    ids = {"job_ids[]": [dataset, model, theirs, UNKNOWN]}
    wanted = {"Accept": "application/json"}
    check_error(nobody.call("DELETE", "/jobs", data=ids, headers=wanted), 401, "Unauthorized")
    told = check_error(digits.call("DELETE", "/jobs", data=ids, headers=wanted), 400, "BadRequest")
    assert "1 not found" in told and "1 not permitted" in told
    for id in (dataset, model):
        assert "error" in digits.json(f"/jobs/{id}/status") and digits.get(f"/jobs/{id}").status_code == 404
    assert other.status(theirs) == "Done"
    assert other.call("DELETE", "/jobs", data={"job_ids[]": theirs}).text == "Jobs deleted."
    assert digits.call("DELETE", "/jobs").status_code == 400


def test_many_are_aborted(digits: Digits, slopes: str, nobody: Digits) -> None:
    ids = [digits.training(slopes, train_epochs="50000", snapshot_interval="0") for _ in range(2)]
    assert nobody.post("/abort_jobs", {"job_ids[]": ids}).status_code == 401
    answer = digits.post("/abort_jobs", {"job_ids[]": ids})
    assert (answer.status_code, answer.text) == (200, "Jobs aborted.")
    assert [digits.wait(id) for id in ids] == ["Aborted", "Aborted"]
    again = digits.post("/abort_jobs", {"job_ids[]": [*ids, UNKNOWN]})
    assert again.status_code == 400 and "2 failed" in again.text and "1 not found" in again.text
    assert digits.call("DELETE", "/jobs", data={"job_ids[]": ids}).status_code == 200


def test_jobs_are_grouped_and_clones_go_into_the_group(
    digits: Digits, other: Digits, nobody: Digits, mine: str, slopes: str
) -> None:
    answer = digits.post("/group", {"group_name": "Tests", "job_ids[]": [mine, slopes]})
    assert (answer.status_code, answer.text) == (200, "Jobs regrouped.")
    assert digits.json(f"/datasets/{mine}.json")["group"] == "Tests"
    assert digits.json(f"/jobs/{slopes}/table_data.json")["job"]["group"] == "Tests"
    assert digits.json(f"/clone/{mine}.json")["form"]["group_name"] == "Tests"
    theirs = other.post("/group", {"group_name": "Stolen", "job_ids[]": [mine, UNKNOWN]})
    assert theirs.status_code == 400 and "1 not permitted" in theirs.text and "1 not found" in theirs.text
    assert nobody.post("/group", {"group_name": "x", "job_ids[]": mine}).status_code == 400
    assert digits.post("/group", {"job_ids[]": mine}).status_code == 400
    assert digits.get("/group", params={"group_name": "", "job_ids[]": [mine, slopes]}).text == "Jobs regrouped."
    assert digits.json(f"/datasets/{mine}.json")["group"] == ""


def test_a_clone_is_an_exact_twin(digits: Digits, mine: str) -> None:
    shown = digits.json(f"/clone/{mine}.json")
    assert shown["id"] == mine and shown["type"] == "Generic Dataset" and shown["create_url"] == f"{GENERIC}.json"
    assert shown["form"]["train_image_count"] == "4" and "username" not in shown["form"]
    posted = {"dataset_name": "Another", "train_image_count": "9"}
    left_out = {"test_image_count": "3", "dsopts_feature_encoding": "jpg", "group_name": "Others"}
    assert not left_out.keys() & shown["form"].keys() - {"group_name"}
    for fields in ({"clone": mine}, {"clone": mine, **posted}, {"clone": mine, **left_out}):
        twin = digits.created(GENERIC, **fields)
        assert twin["name"] == "Mine" and twin["id"] != mine
        digits.done(twin["id"])
        tasks = digits.json(f"/datasets/{twin['id']}.json")["create_db_tasks"]
        assert [task["entry_count"] for task in tasks] == [4, 0, 0]
        again = digits.json(f"/clone/{twin['id']}.json")["form"]
        assert again == shown["form"]
        digits.call("DELETE", f"/jobs/{twin['id']}")


def test_clones_of_other_kinds_and_of_nothing_are_refused(digits: Digits, mine: str, nobody: Digits) -> None:
    assert check_error(digits.post(f"{CLASSES}.json", {"clone": UNKNOWN}), 404, "NotFound") == "Job not found"
    check_error(digits.post(f"{CLASSES}.json?clone={mine}"), 400, "BadRequest")
    assert digits.get(f"/clone/{UNKNOWN}").status_code == 404
    page = digits.get(f"/clone/{mine}")
    assert page.status_code == 302
    assert page.headers["Location"] == f"/datasets/generic/new/image-gradients?clone={mine}"
    assert nobody.get(f"/clone/{mine}").headers["Location"].startswith("/login?next=")
    check_error(nobody.get(f"/clone/{mine}.json"), 401, "Unauthorized")


def test_an_explorers_job_keeps_its_own_answers(digits: Digits) -> None:
    upload = {"file": ("a.zip", b"no archive")}
    answer = requests.post(
        f"{digits.server.url}/dataset", files=upload, headers={"Prefer": "respond-async"}, timeout=60
    )
    job = answer.headers["Location"].removeprefix("/jobs/").removesuffix(".json") if answer.ok else None
    job = job or digits.server.last_job().id
    assert ID.fullmatch(job)
    digits.server.wait_idle()  # it goes on after the answer
    shown = digits.json(f"/jobs/{job}.json")
    assert shown["id"] == job and shown["kind"] == "dataset" and shown["status"] == "failed"
    assert digits.json(f"/jobs/{job}/json") == shown
    aborted = digits.post(f"/jobs/{job}/abort")
    assert aborted.status_code == 409 and isinstance(aborted.json()["error"], str)
    assert digits.json(f"/jobs/{job}/status") == {"error": "Job not found."}
    assert digits.call("DELETE", f"/jobs/{job}").status_code == 404
    assert job not in digits.get("/index.json").text
