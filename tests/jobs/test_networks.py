"""Registered networks of a server: tasks in their order, the busy lock, restarts, deletions. The worker is a fake."""

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from embedding_explorer.database import Database
from embedding_explorer.errors import (
    InvalidFields,
    NetworkUnusable,
    NotDeployed,
    RegisteredNetworkNotFound,
    TooManyTasks,
)
from embedding_explorer.jobs.inference import Picture, without_paths
from embedding_explorer.jobs.lock import BusyLock
from embedding_explorer.jobs.networks import RESTARTED, NetworkService
from embedding_explorer.jobs.task_records import Task
from embedding_explorer.networks.frameworks import FRAMEWORKS
from embedding_explorer.networks.preprocessing import Region
from embedding_explorer.networks.registered.loading import load_network
from embedding_explorer.networks.registered.records import Draft, Network
from embedding_explorer.settings import Settings
from tests.picture_host import content, web

FAKE = (sys.executable, str(Path(__file__).parent / "fake_inference_worker.py"))
IMAGE = {"dimension_order": "NCHW", "resize_type": "SQUASH", "target_size": "8", "color_channels": "RGB"}
Make = Callable[..., NetworkService]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Servers on one data folder, one after the other."""
    made: list[NetworkService] = []

    def start(host: str = "127.0.0.1", **more: Any) -> NetworkService:
        settings = Settings(data=tmp_path, host=host, **({"inference_seconds": 2} | more))
        service = NetworkService(settings, Database.of(settings), BusyLock(tmp_path), FAKE)
        made.append(service)
        service.start()
        return service

    yield start
    for service in made:
        service.stop()


def create(service: NetworkService, how: str = "fine") -> Network:
    draft = Draft("n", "", {}, "onnx", {"inputs": [{"tensor_name": "data", "image": IMAGE}]}, [])
    with service.receiving() as folder:
        folder.mkdir(parents=True)
        (folder / "part-1").write_text(how)
        return service.create(draft, {"model.onnx": folder / "part-1"}, folder)


def infer(service: NetworkService, network: Network, *names: str, url: str | None = None, size: int = 10) -> int:
    with service.receiving() as folder:
        pictures = folder / "pictures"
        pictures.mkdir(parents=True)
        if url is None:
            (pictures / "input-0").write_bytes(b"x" * size)
        service.check_inference(network, names or None)
        picture = Picture(pictures / "input-0", Region(), url)
        return service.infer(network, [picture], list(names) or None, pictures)


def wait(service: NetworkService, task: int) -> Task:
    deadline = time.monotonic() + 30
    while (found := service.tasks.get(task)).status == "pending":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


def tensors(service: NetworkService, task: int) -> dict[str, Any]:
    assert wait(service, task).status == "success", service.tasks.get(task)
    return {each["name"]: each["data"] for each in json.loads(service.tasks.result(task).read_text())["tensors"]}


def test_a_network_is_deployed_and_its_inferences_give_results(make: Make) -> None:
    service = make()
    network = create(service)
    first = infer(service, network, "size", size=42)
    assert tensors(service, first) == {"size": [42.0]}
    deployment = service.tasks.get(network.task_id)
    assert (deployment.status, json.loads(deployment.data or "")) == ("success", {"network_id": network.id})
    assert next(layer["name"] for layer in service.layers(network)) == "data"
    deadline = time.monotonic() + 30
    while service.tasks.inputs(first).exists() and time.monotonic() < deadline:  # they go after the result is shown
        time.sleep(0.01)
    assert not service.tasks.inputs(first).exists() and not list(service.staging.glob("*"))


def test_what_a_deployed_network_does_not_have_is_refused_with_near_names(make: Make) -> None:
    service = make()
    network = create(service)
    wait(service, network.task_id)
    with pytest.raises(InvalidFields, match=r"sizes.*size"):
        infer(service, network, "data", "sizes")
    assert "size" in tensors(service, infer(service, network, "size"))


def test_a_task_that_cannot_be_queued_ends(make: Make) -> None:
    service = make()
    network = create(service)
    last = infer(service, network)
    wait(service, last)
    inputs = service.tasks.inputs(last).parent
    inputs.rename(inputs.with_name("aside"))
    inputs.write_text("no folder can be made here")
    with pytest.raises(OSError):
        infer(service, network)
    with pytest.raises(OSError):
        create(service)
    assert [task.status for task in service.tasks.some([last + 1, last + 2])] == ["error", "error"]


def test_a_failed_deployment_is_a_reason_and_nothing_waits_for_it(make: Make, tmp_path: Path) -> None:
    service = make()
    network = create(service, "sleep")
    waiting = infer(service, network)
    failed = wait(service, network.task_id)
    assert failed.status == "error" and "EXPLORER_INFERENCE_SECONDS" in (failed.error or "")
    begin = time.monotonic()
    assert "could not be deployed" in (wait(service, waiting).error or "") and time.monotonic() - begin < 1.5
    for refused in (lambda: infer(service, network), lambda: service.layers(network)):
        with pytest.raises(NotDeployed, match="EXPLORER_INFERENCE_SECONDS") as error:
            refused()
        assert error.value.facts["code"] == "deployment_failed"


def test_errors_are_one_line_without_paths_of_the_server(make: Make, tmp_path: Path) -> None:
    service = make()
    refused = wait(service, create(service, "refuse").task_id)
    assert refused.error == "It is broken, says model.onnx."
    bug = wait(service, create(service, "bug").task_id)
    assert bug.error == "The network failed: ZeroDivisionError: oops"
    died = wait(service, create(service, "die").task_id)
    assert "SIGSEGV" in (died.error or "")


@pytest.mark.parametrize("name", ["sleep", "hog", "die", "refuse", "bug"])
def test_a_bad_inference_ends_itself_and_the_others_go_on(make: Make, name: str) -> None:
    service = make(inference_memory=1 << 30)
    network = create(service)
    tasks = [infer(service, network, each) for each in ("size", name, "size")]
    assert [wait(service, task).status for task in tasks] == ["success", "error", "success"]
    assert (service.tasks.get(tasks[1]).error or "").strip()


def test_tasks_are_worked_on_in_the_order_they_came(make: Make, tmp_path: Path) -> None:
    service = make()
    network = create(service)
    tasks = [infer(service, network) for _ in range(20)]
    wait(service, tasks[-1])
    assert (tmp_path / "order.log").read_text().split() == [str(task) for task in tasks]


def test_while_a_job_holds_the_lock_everything_is_taken_and_nothing_runs(make: Make, tmp_path: Path) -> None:
    service = make()
    job = service.queue.lock
    job.acquire()
    network = create(service)
    tasks = [infer(service, network, "nobody can know whether there is such a layer"), infer(service, network)]
    with pytest.raises(NotDeployed) as error:
        service.layers(network)
    assert error.value.facts["code"] == "not_ready"
    time.sleep(0.5)
    assert [service.tasks.get(task).status for task in (network.task_id, *tasks)] == ["pending"] * 3
    job.release()
    assert [wait(service, task).status for task in (network.task_id, tasks[1])] == ["success"] * 2


def test_a_network_whose_framework_was_removed_stays_and_says_what_to_install(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = make()
    network = create(service)
    wait(service, network.task_id)
    monkeypatch.setitem(FRAMEWORKS, "onnx", replace(FRAMEWORKS["onnx"], extra="onnx", packages=("no_such_package",)))
    assert service.store.page(0, 10) == [network]
    with pytest.raises(NotDeployed, match=r"pip install .embedding-explorer\[onnx\]"):
        infer(service, network)
    where = service.store.folder(int(network.id)).path
    with pytest.raises(NetworkUnusable, match='optional extra "onnx"'):
        load_network(str(where), service.settings)


def test_layers_of_a_network_that_is_just_being_deleted_are_not_found(make: Make) -> None:
    service = make()
    network = create(service)
    wait(service, network.task_id)
    service.delete(int(network.id))
    for asked in (lambda: service.layers(network), lambda: service.check_inference(network, ["size"])):
        with pytest.raises(RegisteredNetworkNotFound):
            asked()


def test_deleting_a_network_ends_its_tasks_and_removes_its_files(make: Make, tmp_path: Path) -> None:
    service = make()
    job = service.queue.lock
    network, other = create(service), create(service)
    done = infer(service, network)
    wait(service, done)
    job.acquire()
    pending, others = infer(service, network), infer(service, other)
    service.delete(int(network.id))
    assert service.tasks.get(pending).status == "error" and "deleted" in (service.tasks.get(pending).error or "")
    assert not service.store.folder(network.id).path.exists()
    with pytest.raises(RegisteredNetworkNotFound):
        service.get(network.id)
    with pytest.raises(RegisteredNetworkNotFound):
        service.delete(int(network.id))
    job.release()
    assert wait(service, others).status == "success" and service.tasks.get(done).status == "success"
    assert not service.tasks.inputs(pending).exists()


def test_deleting_a_network_while_it_works_ends_in_an_error_too(make: Make) -> None:
    service = make()
    network = create(service)
    wait(service, network.task_id)
    running = infer(service, network, "sleep")
    time.sleep(0.3)
    service.delete(int(network.id))
    assert "deleted" in (service.tasks.get(running).error or "")
    time.sleep(2.5)
    assert "deleted" in (service.tasks.get(running).error or "")


def test_a_restart_ends_pending_inferences_and_deploys_again(make: Make, tmp_path: Path) -> None:
    service = make()
    job = service.queue.lock
    done = create(service)
    finished = infer(service, done)
    wait(service, finished)
    job.acquire()
    network = create(service)
    pending = infer(service, network)
    service.stop()
    job.release()
    again = make()
    assert again.tasks.get(pending).error == again.tasks.get(network.task_id).error == RESTARTED
    deployed = again.get(network.id)
    assert deployed.task_id > pending and wait(again, deployed.task_id).status == "success"
    assert tensors(again, infer(again, deployed)) and tensors(again, finished)
    assert again.get(done.id) == done


def test_what_a_crash_leaves_in_folders_goes_at_the_next_start(make: Make, tmp_path: Path) -> None:
    service = make()
    network = create(service)
    service.stop()
    for leftover in (tmp_path / "staging" / "network-x", tmp_path / "networks" / "77"):
        leftover.mkdir(parents=True)
        (leftover / "unfinished").touch()
    (service.store.folder(network.id).path / "unfinished").touch()
    (tmp_path / "networks" / "78").mkdir()
    again = make()
    assert not (tmp_path / "staging" / "network-x").exists() and not (tmp_path / "networks" / "77").exists()
    assert again.store.folder(network.id).files() and (tmp_path / "networks" / "78").is_dir()


def test_a_folder_of_another_catalog_is_put_aside_and_not_lost(make: Make, tmp_path: Path) -> None:
    (tmp_path / "networks" / "1").mkdir(parents=True)
    (tmp_path / "networks" / "1" / "precious").touch()
    network = create(make())
    assert network.id == 1 and (tmp_path / "networks" / "1" / "network.json").exists()
    assert [path.name for path in tmp_path.glob("networks/1-of-another-catalog-*/*")] == ["precious"]


def test_a_picture_is_fetched_while_others_overtake(make: Make, tmp_path: Path) -> None:
    service = make()
    network = create(service)
    go = threading.Event()

    def slow(handler: Any) -> None:
        go.wait(20)
        content(b"x" * 7)(handler)

    with web({"/slow": slow, "/no": content(b"", 404)}) as site:
        late, missing = (infer(service, network, url=site + path) for path in ("/slow", "/no"))
        assert tensors(service, infer(service, network)) == {"size": [10.0]}
        assert "status 404" in (wait(service, missing).error or "")
        assert service.tasks.get(late).status == "pending"
        go.set()
        assert tensors(service, late) == {"size": [7.0]}


@pytest.mark.parametrize(("host", "allowed", "status"), [("0.0.0.0", False, "error"), ("0.0.0.0", True, "success"), ("::1", False, "success")])  # fmt: skip
def test_private_addresses_are_for_servers_that_only_this_machine_hears(
    make: Make, host: str, allowed: bool, status: str
) -> None:
    service = make(host, allow_private_urls=allowed)
    with web({"/": content(b"x")}) as site:
        task = wait(service, infer(service, create(service), url=site + "/"))
    assert task.status == status and (status == "success" or "EXPLORER_ALLOW_PRIVATE_URLS" in (task.error or ""))


def test_no_more_than_so_many_tasks_wait(make: Make, tmp_path: Path) -> None:
    service = make(max_pending_tasks=3)
    service.queue.lock.acquire()
    network = create(service)
    tasks = [infer(service, network) for _ in range(2)]
    with pytest.raises(TooManyTasks, match="EXPLORER_MAX_PENDING_TASKS"):
        infer(service, network)
    assert service.tasks.count() == 3
    service.queue.lock.release()
    assert [wait(service, task).status for task in tasks] == ["success"] * 2
    assert tensors(service, infer(service, network))


def test_results_of_a_day_are_kept_even_where_they_fill_the_space(make: Make) -> None:
    service = make(task_bytes=250)
    network = create(service)
    first = infer(service, network, size=10)
    wait(service, first)
    second, third = infer(service, network), infer(service, network)
    assert wait(service, second).status == "success"
    assert "EXPLORER_TASK_BYTES" in (wait(service, third).error or "")
    assert tensors(service, first) and tensors(service, second)


def test_pictures_that_wait_count_as_well(make: Make, tmp_path: Path) -> None:
    service = make(task_bytes=1000)
    job = service.queue.lock
    network = create(service)
    wait(service, network.task_id)
    job.acquire()
    task = infer(service, network, size=1001)
    with pytest.raises(TooManyTasks, match="EXPLORER_TASK_BYTES"):
        infer(service, network)
    job.release()
    wait(service, task)


def test_ids_are_never_used_again(make: Make) -> None:
    service = make()
    first = create(service)
    service.delete(int(first.id))
    service.stop()
    again = make()
    second = create(again)
    assert (first.id, second.id) == (1, 2) and second.task_id > first.task_id


def test_a_request_that_ends_early_leaves_nothing(make: Make) -> None:
    service = make()
    with pytest.raises(KeyError), service.receiving() as folder:
        folder.mkdir(parents=True)
        (folder / "part-1").write_bytes(b"x")
        raise KeyError
    assert list(service.staging.iterdir()) == [] and service.store.count() == 0


def test_paths_are_shortened_and_names_of_layers_are_not() -> None:
    text = "cannot open /data/networks/1/files/m.onnx (no layer '/layer1/conv'; see https://example.org/a/b)"
    assert without_paths(text, ["/data"]) == text.replace("/data/networks/1/files/", "")
