"""Training jobs from their creation to their end, with a real worker process."""

import json
import time
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from embedding_explorer.errors import BadInput, Busy, Conflict, JobNotFound
from embedding_explorer.jobs.catalog import Catalog
from embedding_explorer.jobs.client import WorkerClient
from embedding_explorer.jobs.lock import BusyLock
from embedding_explorer.jobs.records import Status
from embedding_explorer.jobs.service import JobService
from embedding_explorer.jobs.training import queue
from embedding_explorer.jobs.training.records import JobType, State, TrainingJob, is_id
from embedding_explorer.training.forms.model import parse_model_form
from tests.jobs.training.helpers import CLASSES, MODEL, ONE_LAYER, Jobs, running
from tests.training.datasets.test_buckets import bucket, endpoint  # noqa: F401

GENERIC = JobType.GENERIC_MODEL


def test_a_dataset_is_made_in_the_folder_of_its_job(jobs: Jobs, data: Path) -> None:
    created = jobs.make_dataset(data / "pictures", group_name="tries")
    assert created.state is State.INITIALIZED and is_id(created.id)
    assert [state for _, state in jobs.tasks(created)] == [State.INITIALIZED] * 3
    job = jobs.done(created)
    assert job.folder == data.absolute() / "jobs" / job.id
    assert (job.folder / "labels.txt").read_text() == "shade 0\nshade 1\n"
    assert len((job.folder / "train.txt").read_text().splitlines()) == 18
    assert jobs.tasks(job) == [
        ("Parse Folder (train/val)", State.DONE),
        ("Create DB (train)", State.DONE),
        ("Create DB (val)", State.DONE),
    ]
    assert (job.progress, job.username, job.group, job.exception) == (100, "bob", "tries", None)
    assert job.created <= (job.started or 0) <= (job.finished or 0) <= time.time()
    assert jobs.dataset(job.id).labels == ["shade 0", "shade 1"]
    assert not jobs.lock.held() and jobs.shown() is None


def test_run_logs_show_a_training_that_has_begun_wherever_else_they_look(tmp_path: Path) -> None:
    for roots in ({}, {"logs_root": str(tmp_path / "else")}):
        with running(tmp_path, **roots) as service:
            for run in ("begun", "prepared"):  # the second has pictures of its sample, and nothing to show yet
                (service.runs / run / "features").mkdir(parents=True, exist_ok=True)
            (service.runs / "begun" / "events.out.tfevents.1.host").touch()
            assert not service.in_run_logs("prepared")
            assert (service.in_run_logs("begun"), service.in_run_logs("waiting")) == (True, False)
            assert service.runs in service.settings.log_roots


def test_uploaded_lists_make_a_dataset_and_do_not_stay(jobs: Jobs, data: Path) -> None:
    lines = [f"{path} {path.parent.name[-1]}" for path in sorted((data / "pictures").glob("*/*.png"))]
    form = {"dataset_name": "lists", "method": "textfile", "resize_width": "16", "resize_height": "16"}
    with jobs.drafting() as draft:
        texts = {"textfile_train_images": "\n".join(lines), "textfile_labels_file": "dark\nbright\n"}
        files = {name: draft.uploads / name for name in texts}
        for name, path in files.items():
            path.write_text(texts[name])
        job = jobs.create_dataset(draft, CLASSES, form, "bob", files=files)
    assert (job.folder / "uploads").is_dir()
    assert jobs.done(job).id == job.id and not (job.folder / "uploads").exists()
    state = jobs.dataset(job.id).state("train")
    assert state is not None and state.entries == 24


def test_a_network_of_one_layer_learns_a_classification(jobs: Jobs, shades: TrainingJob) -> None:
    created = jobs.make_model(
        shades, train_epochs="6", learning_rate="0.0001", lr_policy="fixed", framework="caffe", random_seed="1"
    )
    assert jobs.snapshots(created.id) == [] and not jobs.figures(created.id).points
    job = jobs.done(created)
    assert jobs.snapshots(job.id) == [1, 2, 3, 4, 5, 6] and jobs.tasks(job) == [("Train Model", State.DONE)]
    summary = jobs.figures(job.id).summary()
    assert summary["accuracy (val) last"] == 1 and summary["loss (train) last"] < summary["loss (train) max"]
    assert job.details["dataset"] == shades.id and job.details["framework"] == "caffe"
    files = {path.name for path in job.folder.iterdir()}
    assert {"network.json", "solver.json", "mean.npy", "labels.txt", "train.log", "figures.jsonl"} <= files
    assert list((jobs.runs / job.id).glob("events.out.tfevents.*"))
    assert "kept snapshot_epoch_6.safetensors" in (job.folder / "train.log").read_text()


def test_lenet_trains_and_its_snapshots_grow_meanwhile(jobs: Jobs, shades: TrainingJob) -> None:
    job = jobs.make_model(shades, method="standard", standard_networks="lenet", train_epochs="60")
    seen, progress = set(), set()
    while jobs.get(job.id).state.active:
        seen.add(len(jobs.snapshots(job.id)))
        progress.add(jobs.get(job.id).progress)
        jobs.wait_change(1)
    assert jobs.done(job).progress == 100
    assert len(seen) > 2 and sorted(progress)[1] < 100 and max(seen) <= 60


def test_a_generic_dataset_is_regressed(jobs: Jobs) -> None:
    dataset = jobs.make_gradients()
    job = jobs.done(jobs.make_model(dataset, train_epochs="2"))
    assert jobs.done(dataset).details["extension"] == job.details["extension"] == "image-gradients"
    assert set(jobs.figures(job.id).summary()) == {
        f"{metric} {which}"
        for metric in ("loss (train)", "loss (val)", "learning_rate (train)")
        for which in ("last", "min", "max")
    }
    assert [name for name, _ in jobs.tasks(jobs.get(dataset.id))] == [
        "Create train_db DB",
        "Create val_db DB",
        "Create test_db DB",
    ]


def test_a_sweep_makes_a_job_of_each_combination_that_can_be_cloned(jobs: Jobs, shades: TrainingJob) -> None:
    made = jobs.make_models(shades, learning_rate="0.01, 0.001", batch_size="4,8", train_epochs="1")
    names = [f"m learning_rate:{rate} batch_size:{size}" for rate in ("0.01", "0.001") for size in (4, 8)]
    assert [job.name for job in made] == names
    last = jobs.done(made[-1])
    assert [jobs.get(job.id).state for job in made] == [State.DONE] * 4
    assert (last.form["model_name"], last.form["learning_rate"], last.form["batch_size"]) == (names[-1], "0.001", "8")
    assert json.loads((last.folder / "solver.json").read_text())["batch_size"] == 8
    listed = [job.id for job in jobs.list("model")]
    assert [listed.index(job.id) for job in made] == sorted((listed.index(job.id) for job in made), reverse=True)


@pytest.mark.usefixtures("with_pause")
def test_work_begins_a_while_after_the_answer_and_others_wait(jobs: Jobs, data: Path) -> None:
    dataset = jobs.make_dataset(data / "pictures")
    model = jobs.make_model(dataset, train_epochs="300")
    behind = jobs.make_dataset(data / "pictures")
    assert {jobs.get(job.id).state for job in (dataset, model, behind)} == {State.INITIALIZED}
    jobs.wait_for(lambda: jobs.get(dataset.id).state is not State.INITIALIZED)
    assert time.time() - jobs.get(dataset.id).created > queue.PAUSE - 0.1
    jobs.wait_for(lambda: jobs.get(model.id).state is State.RUNNING and jobs.get(behind.id).state is State.WAITING)
    jobs.abort(model.id)
    jobs.done(behind)


def test_inference_on_many_images_is_work_of_the_training_family(jobs: Jobs, data: Path) -> None:
    with jobs.inference():
        shown = jobs.shown()
        assert jobs.lock.held_here() and shown and (shown.id, shown.kind) == ("", "Inference")
        with jobs.inference():
            dataset = jobs.make_dataset(data / "pictures")
        assert jobs.done(dataset)
        assert jobs.lock.held_here()
    assert not jobs.lock.held() and jobs.shown() is None


def test_the_lock_is_held_from_the_creation_to_the_end_of_the_last_job(jobs: Jobs, data: Path) -> None:
    dataset = jobs.make_dataset(data / "pictures")
    assert jobs.lock.held_here()
    model = jobs.make_long_model(dataset)
    jobs.wait_snapshots(model, 1)
    shown = jobs.shown()
    assert shown is not None and (shown.id, shown.kind, shown.stage) == (model.id, MODEL.value, "train")
    assert 0 < shown.done < shown.total
    jobs.abort(model.id)
    jobs.ended(model)
    assert not jobs.lock.held()


def test_an_abort_ends_a_training_within_three_seconds_and_its_snapshots_serve(jobs: Jobs, shades: TrainingJob) -> None:
    job = jobs.make_long_model(shades)
    jobs.wait_snapshots(job, 2)
    begun = time.monotonic()
    jobs.abort(job.id)
    ended = jobs.ended(job)
    assert time.monotonic() - begun < 3
    assert ended.state is State.ABORTED and ended.exception and 0 < ended.progress < 100
    with pytest.raises(Conflict, match="Aborted"):
        jobs.abort(job.id)
    choice = {"method": "previous", "previous_networks": job.id, f"{job.id}-snapshot": "2"}
    # No step changes anything at this rate, so what comes out is what went in.
    kept = {"train_epochs": "1", "learning_rate": "0"}
    heir = jobs.make_model(shades, **choice, **kept)
    weights = load_file(job.folder / "snapshot_epoch_2.safetensors")
    jobs.delete(job.id)
    jobs.done(heir)
    inherited = load_file(heir.folder / "snapshot_epoch_1.safetensors")
    assert weights.keys() == inherited.keys() and all(np.array_equal(weights[k], inherited[k]) for k in weights)
    again = {"method": "previous", "previous_networks": heir.id, f"{heir.id}-snapshot": "-1"}
    third = jobs.done(jobs.make_model(shades, **again, **kept))
    same = load_file(third.folder / "snapshot_epoch_1.safetensors")
    assert all(np.array_equal(weights[k], same[k]) for k in weights)


def test_a_job_that_waits_is_aborted_at_once_and_the_others_go_on(jobs: Jobs, shades: TrainingJob) -> None:
    first = jobs.make_long_model(shades)
    second, third = (jobs.make_model(shades, train_epochs="2") for _ in range(2))
    jobs.abort(second.id)
    assert jobs.get(second.id).state is State.ABORTED
    jobs.abort(first.id)
    assert jobs.ended(first).state is State.ABORTED and jobs.done(third).id == third.id
    assert jobs.snapshots(second.id) == [] and jobs.get(second.id).started is None


@pytest.mark.usefixtures("with_pause")
def test_a_dataset_that_fails_keeps_the_reason_and_ends_the_models_that_wait_for_it(jobs: Jobs, data: Path) -> None:
    (data / "lonely" / "one").mkdir(parents=True, exist_ok=True)
    dataset = jobs.make_dataset(data / "lonely", "lonely")
    models = [jobs.make_model(dataset, train_epochs="1") for _ in range(2)]
    failed = jobs.ended(dataset)
    assert failed.state is State.ERROR and failed.exception and "two" in failed.exception
    assert failed.traceback and failed.exception[:40] in failed.traceback
    for model in models:
        ended = jobs.ended(model)
        assert ended.state is State.ABORTED and ended.exception and "'lonely'" in ended.exception
    with pytest.raises(Conflict, match="Resume that first"):
        jobs.resume(models[0].id)


def test_a_dataset_that_is_aborted_ends_its_models_too(jobs: Jobs, data: Path, shades: TrainingJob) -> None:
    before = jobs.make_long_model(shades)
    dataset = jobs.make_dataset(data / "pictures")
    model = jobs.make_model(dataset)
    jobs.abort(dataset.id)
    assert (jobs.get(dataset.id).state, jobs.get(model.id).state) == (State.ABORTED, State.ABORTED)
    assert jobs.get(before.id).state.active
    jobs.abort(before.id)
    jobs.ended(before)


def test_an_error_of_the_training_keeps_reason_and_log(jobs: Jobs, shades: TrainingJob) -> None:
    # The first step makes weights of 1e12, the second no numbers of them.
    job = jobs.ended(jobs.make_model(shades, train_epochs="9", learning_rate="1000000", batch_size="2"))
    assert job.state is State.ERROR and job.exception and "Lower the learning rate" in job.exception
    assert job.traceback and "training on cpu: 18 pictures" in job.traceback


def test_deleting_ends_an_active_job_and_leaves_nothing(jobs: Jobs, data: Path) -> None:
    dataset = jobs.make_dataset(data / "pictures")
    model = jobs.make_long_model(dataset)
    jobs.wait_snapshots(model, 1)
    with pytest.raises(Conflict, match="'m'"):
        jobs.delete(dataset.id)
    assert [job.id for job in jobs.dependants(dataset.id)] == [model.id]
    jobs.delete(model.id)
    for gone in (model.folder, jobs.runs / model.id):
        assert not gone.exists()
    with pytest.raises(JobNotFound):
        jobs.get(model.id)
    jobs.delete(dataset.id)
    assert not dataset.folder.exists() and not jobs.lock.held()
    assert not [path for path in jobs.jobs_dir.iterdir() if path.name.startswith(".")]


def test_names_and_groups_are_those_of_a_clone_too(jobs: Jobs, shades: TrainingJob) -> None:
    job = jobs.done(jobs.make_model(shades, train_epochs="1", clone="x", username="eve"))
    jobs.edit(job.id, name="new name", notes="of interest")
    jobs.regroup(job.id, "ours")
    found = jobs.get(job.id)
    assert (found.name, found.notes, found.group) == ("new name", "of interest", "ours")
    assert (found.form["model_name"], found.form["group_name"]) == ("new name", "ours")
    assert not {"clone", "username"} & found.form.keys()
    jobs.edit(job.id, notes="")
    assert (jobs.get(job.id).notes, jobs.get(job.id).name) == ("", "new name")
    with pytest.raises(JobNotFound):
        jobs.edit("20200101-000000-abcd", name="x")


def test_custom_weights_are_copied_when_the_model_is_created(jobs: Jobs, shades: TrainingJob, data: Path) -> None:
    trained = jobs.done(jobs.make_model(shades, train_epochs="1"))
    path = data / "mine.safetensors"
    weights = load_file(trained.folder / "snapshot_epoch_1.safetensors")
    save_file(weights, path)
    job = jobs.make_model(shades, custom_network_snapshot=str(path), train_epochs="1", learning_rate="0")
    path.unlink()
    jobs.done(job)
    same = load_file(job.folder / "snapshot_epoch_1.safetensors")
    assert all(np.array_equal(weights[k], same[k]) for k in weights)


def test_a_choice_that_went_after_the_form_was_read_is_told(jobs: Jobs, shades: TrainingJob) -> None:
    job = jobs.done(jobs.make_model(shades, train_epochs="1"))
    form = {"model_name": "m", "dataset": shades.id, "method": "previous", "previous_networks": job.id}
    form |= {f"{job.id}-snapshot": "1"}
    parsed = parse_model_form(form, jobs.choices(MODEL))
    jobs.delete(job.id)
    before = set(jobs.jobs_dir.iterdir())
    with pytest.raises(BadInput, match="just been deleted"):
        jobs.create_models(parsed, form, "bob", MODEL)
    assert set(jobs.jobs_dir.iterdir()) == before and not jobs.lock.held()


def test_what_forms_may_choose_from(jobs: Jobs, shades: TrainingJob, data: Path) -> None:
    model = jobs.done(jobs.make_model(shades, train_epochs="2"))
    choices = jobs.choices(MODEL)
    assert shades.id in choices.datasets and list(choices.previous[model.id]) == [1, 2]
    assert model.id not in jobs.choices(GENERIC).previous and shades.id not in jobs.choices(GENERIC).datasets
    assert choices.weights_file(str(model.folder / "snapshot_epoch_1.safetensors"))
    assert not choices.weights_file(str(model.folder / "train.log")) and not choices.weights_file("/etc/passwd")


def test_a_draft_that_is_not_created_leaves_nothing(jobs: Jobs) -> None:
    with pytest.raises(RuntimeError), jobs.drafting() as draft:
        (draft.uploads / "file").write_bytes(b"x")
        raise RuntimeError
    assert not draft.folder.exists()


def test_pretrained_models_are_done_at_once_and_survive_any_lock(jobs: Jobs, shades: TrainingJob) -> None:
    model = jobs.done(jobs.make_model(shades, train_epochs="1"))
    jobs.lock.acquire()
    try:
        with jobs.drafting() as draft:
            for name in ("network.json", "snapshot_epoch_1.safetensors"):
                (draft.folder / name).write_bytes((model.folder / name).read_bytes())
            made = jobs.create_pretrained(draft, "mine", "bob", {"framework": "pytorch", "labels": False})
    finally:
        jobs.lock.release()
    assert jobs.get(made.id).state is State.DONE and jobs.list("pretrained_model")[0].id == made.id
    kept = {"train_epochs": "1", "learning_rate": "0"}
    heir = jobs.done(jobs.make_model(shades, method="pretrained", pretrained_networks=made.id, **kept))
    one, two = (load_file(each.folder / "snapshot_epoch_1.safetensors") for each in (model, heir))
    assert all(np.array_equal(one[k], two[k]) for k in one)


def test_nothing_is_created_while_another_has_the_lock(jobs: Jobs, data: Path, shades: TrainingJob) -> None:
    other, before = BusyLock(data), set(jobs.jobs_dir.iterdir())
    other.acquire()
    try:
        with pytest.raises(Busy):
            jobs.check_free()
        with pytest.raises(Busy):
            jobs.make_dataset(data / "pictures")
        with pytest.raises(Busy):
            jobs.make_model(shades)
    finally:
        other.release()
    assert set(jobs.jobs_dir.iterdir()) == before
    jobs.check_free()


def test_a_patient_server_queues_behind_another(data: Path, tmp_path: Path) -> None:
    with running(tmp_path, training_when_busy="queue", data_roots=str(data)) as patient:
        other = BusyLock(tmp_path)
        other.acquire()
        job = patient.make_dataset(data / "pictures")
        patient.wait_for(lambda: patient.get(job.id).state is State.WAITING)
        assert patient.shown() is None
        other.release()
        patient.done(job)
        assert not patient.lock.held()


def test_a_worker_without_work_is_ended(jobs: Jobs, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "WARM_SECONDS", 0.2)
    jobs.done(jobs.make_dataset(data / "pictures"))
    jobs.wait_for(lambda: jobs._queue._worker is None, 10)
    jobs.done(jobs.make_dataset(data / "pictures"))


def test_the_custom_network_of_a_model_that_has_not_begun_can_be_used(jobs: Jobs, shades: TrainingJob) -> None:
    first = jobs.make_long_model(shades)
    waits = jobs.make_model(shades, train_epochs="1")
    choice = {"method": "previous", "previous_networks": waits.id, f"{waits.id}-snapshot": "0"}
    third = jobs.make_model(shades, **choice, train_epochs="1")
    jobs.abort(first.id)
    jobs.done(third)
    network = json.loads((third.folder / "network.json").read_text())
    assert [each["type"] for each in network["layers"]] == [e["type"] for e in json.loads(ONE_LAYER)["layers"]]


def test_a_bucket_is_fetched_with_keys_that_only_the_memory_has(
    bucket: str,  # noqa: F811
    jobs: Jobs,
) -> None:
    form = {"dataset_name": "pets", "method": "s3", "s3_endpoint_url": bucket, "s3_bucket": "pets", "s3_path": "sets"}
    size = {"resize_width": "8", "resize_height": "8", "s3_accesskey": "some-access", "s3_secretkey": "some-secret"}
    with jobs.drafting() as draft:
        created = jobs.create_dataset(draft, CLASSES, form | size, "bob", files={})
    job = jobs.done(created)
    assert jobs.dataset(job.id).labels == ["big_cats", "dogs"]
    assert "s3_secretkey" not in job.form and not jobs._creation.secrets.get(job.id)


def test_the_explorer_sees_who_has_the_lock(jobs: Jobs, shades: TrainingJob, data: Path) -> None:
    explorer = JobService(data, Catalog(jobs.database), jobs.lock, WorkerClient({}))
    explorer.training = jobs.shown
    assert explorer.busy() is None
    model = jobs.make_long_model(shades)
    jobs.wait_snapshots(model, 1)
    busy = explorer.busy()
    assert busy is not None and busy.brief().items() >= {"id": model.id, "kind": MODEL.value, "stage": "train"}.items()
    with pytest.raises(Busy):
        explorer.begin("dataset")
    assert explorer.get(model.id).status is Status.RUNNING  # it is not taken for that of a process that died
    jobs.abort(model.id)
    jobs.ended(model)
    assert explorer.busy() is None
    begun = explorer.begin("dataset")
    with pytest.raises(Busy):
        jobs.make_model(shades)
    explorer.finish(begun)
    jobs.done(jobs.make_model(shades, train_epochs="1"))
