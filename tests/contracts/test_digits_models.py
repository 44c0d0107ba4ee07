"""The training API: models (contract, 5.1 to 5.11)."""

import json
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.contracts.digits_api import (
    CLASS_MODEL,
    GENERIC_MODEL,
    ID,
    TINY,
    UNKNOWN,
    Digits,
    check_error,
    check_refused,
)

LENET = {"model_name": "Lenet", "method": "standard", "standard_networks": "lenet", "train_epochs": "2",
         "framework": "caffe", "learning_rate": "0.001"}  # fmt: skip
PLAIN = '{"layers": [{"type": "flatten"}, {"type": "linear"}]}'
SOON = ("Initialized", "Waiting", "Running", "Done")


@pytest.fixture(scope="session")
def lenet(coloured: str, digits_server: Any) -> str:
    """A finished classification model."""
    user = Digits(digits_server)
    return user.done(user.created(CLASS_MODEL, dataset=coloured, **LENET)["id"])


def test_the_answer_to_a_creation_is_the_models_short_form(digits: Digits, coloured: str) -> None:
    made = digits.created(CLASS_MODEL, dataset=coloured, **LENET)
    id = made["id"]
    assert ID.fullmatch(id) and made["job id"] == id
    assert {key: made[key] for key in ("name", "status", "dataset_id", "username", "framework")} == {
        "name": "Lenet", "status": "Initialized", "dataset_id": coloured, "username": "alice", "framework": "pytorch",
    }  # fmt: skip
    assert made["requested framework"] == "caffe" and made["snapshot file"] == "no snapshots"
    assert made["image dimensions"] == [16, 16, 3] and made["image resize mode"] == "squash"
    assert (
        made["labels file"] == "labels.txt" and made["mean file"] == "mean.npy" and made["mean subtraction"] == "image"
    )
    assert made["model file"] == made["network file"] == "network.json" and made["solver file"] == "solver.json"
    created = datetime.strptime(made["creation time"], "%Y-%m-%d %H:%M:%S.%f")
    assert abs((datetime.now() - created).total_seconds()) < 60
    assert made["digits version"] == digits.json("/index.json")["version"]
    assert "snapshots" not in made
    shown = digits.json(f"/models/{id}.json")
    assert shown["snapshots"] == [] and shown["status"] in SOON and shown["directory"].endswith(id)
    assert {key: value for key, value in shown.items() if key in made and key not in ("status", "snapshot file")} == {
        key: value for key, value in made.items() if key not in ("status", "snapshot file")
    }
    assert digits.call("DELETE", f"/models/{id}").text == "Job deleted."


def test_a_finished_model_has_its_snapshots_and_files(digits: Digits, lenet: str) -> None:
    shown = digits.json(f"/models/{lenet}.json")
    assert shown["status"] == "Done" and shown["snapshots"] == [1, 2] and shown["progress"] == 100
    assert shown["snapshot file"] == "snapshot_epoch_2.safetensors"
    for key in ("labels file", "mean file", "model file", "snapshot file", "solver file"):
        assert digits.get(f"/files/{lenet}/{shown[key]}").status_code == 200, key


def test_a_generic_model_has_neither_labels_nor_a_resize_mode(digits: Digits, trained: str) -> None:
    shown = digits.json(f"/models/{trained}.json")
    assert "labels file" not in shown and "image resize mode" not in shown
    assert shown["image dimensions"] == [32, 32, 1] and shown["requested framework"] == "pytorch"


def test_a_model_says_where_its_run_logs_are(digits: Digits, lenet: str) -> None:
    address = digits.json(f"/models/{lenet}.json")["run_logs"]
    assert digits.get(address).status_code == 200
    [run] = parse_qs(urlsplit(address).query)["run"]
    assert "loss/train" in digits.json("/api/getCategory")["data"][run]["scalar"]["loss"]


def test_graphs_are_in_the_shape_of_the_pages(digits: Digits, lenet: str) -> None:
    found = digits.json(f"/models/{lenet}/graph.json")
    assert (found["id"], found["status"], found["progress"], found["epoch"]) == (lenet, "Done", 100, 2)
    assert found["eta"] is None and found["hardware"] is None
    assert found["snapshots"] == [[2, "Epoch #2"], [1, "Epoch #1"]]
    graph = found["combined_graph"]
    columns = {column[0]: column[1:] for column in graph["columns"]}
    assert {"loss-train", "train_epochs", "loss-val", "accuracy-val", "val_epochs"} <= columns.keys()
    assert graph["xs"]["accuracy-val"] == "val_epochs" and graph["axes"] == {"accuracy-val": "y2"}
    assert graph["names"]["loss-train"] == "loss (train)"
    assert len(columns["val_epochs"]) == len(columns["accuracy-val"])
    assert all(0 <= value <= 100 for value in columns["accuracy-val"])
    row = digits.json(f"/jobs/{lenet}/table_data.json")["job"]
    assert row["accuracy (val) last"] * 100 == pytest.approx(columns["accuracy-val"][-1])
    rates = {column[0]: column[1:] for column in found["lr_graph"]["columns"]}
    assert rates["lr"][0] == pytest.approx(0.001) and len(rates["epoch"]) == len(rates["lr"])


def test_graphs_are_thinned_unless_all_points_are_wanted(digits: Digits, slopes: str) -> None:
    fields = {"train_epochs": "300", "batch_size": "8", "val_interval": "0", "snapshot_interval": "0"}
    id = digits.done(digits.training(slopes, **fields))

    def points(query: str) -> int:
        return len(digits.json(f"/models/{id}/graph.json{query}")["combined_graph"]["columns"][0]) - 1

    assert points("") == 200 < points("?cull=0")
    assert len(digits.json(f"/jobs/{id}/table_data.json")["job"]["sparkline"]) <= 200
    assert digits.json(f"/models/{id}.json")["snapshots"] == [300]
    assert digits.call("DELETE", f"/models/{id}").status_code == 200


def test_a_model_that_has_not_begun_has_no_graphs(digits: Digits, slopes: str) -> None:
    id = digits.training(slopes)
    found = digits.json(f"/models/{id}/graph.json")
    if found["status"] in ("Initialized", "Waiting"):
        assert found["combined_graph"] is None and found["lr_graph"] is None and found["snapshots"] == []
        assert found["epoch"] is None or found["epoch"] == 0
    assert digits.call("DELETE", f"/models/{id}").status_code == 200


def test_several_values_make_a_model_for_each_combination(digits: Digits, slopes: str) -> None:
    made = digits.created(GENERIC_MODEL, model_name="Sweep", dataset=slopes, method="custom", custom_network=TINY,
                          train_epochs="1", learning_rate="[0.01, 0.001]", batch_size="8,16")  # fmt: skip
    names = [job["name"] for job in made["jobs"]]
    assert sorted(names) == sorted(
        f"Sweep learning_rate:{rate} batch_size:{size}" for rate in ("0.01", "0.001") for size in (8, 16)
    )
    ids = [job["id"] for job in made["jobs"]]
    assert len(set(ids)) == 4 and all(job["status"] == "Initialized" for job in made["jobs"])
    clone = digits.json(f"/clone/{ids[0]}.json")["form"]
    assert clone["model_name"] == names[0] and "," not in str(clone["learning_rate"])
    page = digits.post(GENERIC_MODEL, {"model_name": "S", "dataset": slopes, "method": "custom", "custom_network": TINY,
                                       "learning_rate": "0.1,0.2"})  # fmt: skip
    assert page.status_code == 302 and page.headers["Location"] == "/"
    digits.delete_only("Sweep", "S ")


def test_one_model_leads_to_its_page(digits: Digits, slopes: str) -> None:
    answer = digits.post(GENERIC_MODEL, {"model_name": "Paged", "dataset": slopes, "method": "custom",
                                         "custom_network": TINY, "train_epochs": "1"})  # fmt: skip
    assert answer.status_code == 302 and answer.headers["Location"].startswith("/models/")
    page = digits.get(answer.headers["Location"])
    assert "Paged" in page.text and any(state in page.text for state in SOON)
    digits.delete_only("Paged")


def test_an_extension_in_the_path_offers_its_datasets_alone(digits: Digits, slopes: str, coloured: str) -> None:
    fields = {"model_name": "Ext", "method": "custom", "custom_network": TINY, "train_epochs": "1"}
    assert digits.created(f"{GENERIC_MODEL}/image-gradients", dataset=slopes, **fields)["dataset_id"] == slopes
    check_refused(digits.post(f"{GENERIC_MODEL}/image-processing.json", {**fields, "dataset": slopes}), "dataset")
    check_refused(digits.post(f"{GENERIC_MODEL}.json", {**fields, "dataset": coloured}), "dataset")
    check_error(digits.post(f"{GENERIC_MODEL}/nonsense.json", fields), 404, "NotFound")
    digits.delete_only("Ext")


def test_a_model_is_accepted_on_a_dataset_that_is_being_made_and_waits(digits: Digits) -> None:
    dataset = digits.gradients(dataset_name="Slow", train_image_count="3000")
    model = digits.training(dataset, model_name="Waits", train_epochs="1")
    seen = digits.json(f"/models/{model}.json")
    assert seen["status"] in ("Initialized", "Waiting") and seen["snapshots"] == []
    digits.done(model)
    assert digits.status(dataset) == "Done"
    assert digits.json(f"/models/{model}.json")["image dimensions"] == [32, 32, 1]
    digits.delete_only("Waits")
    assert digits.call("DELETE", f"/datasets/{dataset}").status_code == 200


def test_a_model_whose_dataset_is_aborted_is_aborted_too(digits: Digits) -> None:
    dataset = digits.gradients(dataset_name="Never", train_image_count="200000")
    model = digits.training(dataset, model_name="Orphan")
    assert digits.post(f"/datasets/{dataset}/abort").status_code == 200
    assert digits.wait(model) == "Aborted" and digits.wait(dataset) == "Aborted"
    fields = {"model_name": "Late", "dataset": dataset, "method": "custom", "custom_network": TINY}
    check_refused(digits.post(f"{GENERIC_MODEL}.json", fields), "dataset")
    digits.delete_only("Orphan")
    assert digits.call("DELETE", f"/datasets/{dataset}").status_code == 200


def test_faults_of_a_model_form_are_all_named(digits: Digits, coloured: str) -> None:
    fields = {
        "dataset": UNKNOWN, "framework": "theano", "method": "previous", "previous_networks": UNKNOWN,
        "train_epochs": "28.0", "snapshot_interval": "-1", "learning_rate": "fast", "solver_type": "MAGIC",
        "lr_policy": "up", "use_mean": "some", "crop_size": "0", "aug_rot": "200", "select_gpus_list": "7",
        "python_layer_server_file": "/x.py", "random_seed": "-1",
    }  # fmt: skip
    found = check_refused(digits.post(f"{CLASS_MODEL}.json", fields), "model_name", *fields.keys() - {"method"})
    assert all(found.values())
    named = {"model_name": "x", "dataset": coloured, "standard_networks": "skynet"}
    check_refused(digits.post(f"{CLASS_MODEL}.json", named), "standard_networks")


def test_options_that_do_not_suit_the_dataset_are_refused_once_its_pictures_are_known(
    digits: Digits, coloured: str, slopes: str
) -> None:
    fields = {"model_name": "Large", "method": "custom", "custom_network": TINY, "aug_hsv_use": "y"}
    found = digits.post(f"{GENERIC_MODEL}.json", {**fields, "dataset": slopes, "crop_size": "33"})
    check_refused(found, "crop_size", "aug_hsv_use")
    coloured_fields = {**fields, "dataset": coloured, "custom_network": PLAIN, "crop_size": "17"}
    check_refused(digits.post(f"{CLASS_MODEL}.json", coloured_fields), "crop_size")


def test_a_program_as_a_layer_is_refused_however_it_comes(digits: Digits, coloured: str) -> None:
    fields = {"model_name": "Program", "dataset": coloured, "standard_networks": "lenet", "train_epochs": "1"}
    for name, kind in (("layer.py", "client"), ("", "server")):
        part = {f"python_layer_{kind}_file": (name, b"import os")}
        given = {f"python_layer_{kind}_file": "/layer.py"} if kind == "server" else {}
        answer = digits.post(f"{CLASS_MODEL}.json", fields | given, files=part)
        check_refused(answer, f"python_layer_{kind}_file")
    blank = {"python_layer_client_file": ("", b"")}
    assert digits.post(f"{CLASS_MODEL}.json", fields, files=blank).status_code == 200
    digits.delete_only("Program")


@pytest.mark.parametrize("solver", ["SGD", "NESTEROV", "ADAGRAD", "RMSPROP", "ADADELTA", "ADAM"])
def test_every_option_of_a_training_is_taken(digits: Digits, coloured: str, solver: str) -> None:
    fields = {
        "train_epochs": "1", "snapshot_interval": "0.5", "val_interval": "0.5", "random_seed": "4294967295",
        "batch_size": "4", "batch_accumulation": "2", "solver_type": solver, "rms_decay": "0.9", "shuffle": "false",
        "learning_rate": "1e-05", "lr_policy": "multistep", "lr_multistep_values": "50,85", "lr_multistep_gamma": "0.5",
        "use_mean": "pixel", "crop_size": "12", "aug_flip": "fliplrud", "aug_quad_rot": "rotall", "aug_rot": "10",
        "aug_scale": "0.07", "aug_noise": "0.03", "aug_contrast": "0.8", "aug_whitening": "y", "aug_hsv_use": "y",
        "aug_hsv_h": "0.02", "select_gpu": "next", "select_gpu_count": "1", "python_layer_server_file": "",
    }  # fmt: skip
    made = digits.created(CLASS_MODEL, model_name="Options", dataset=coloured, method="custom", custom_network=PLAIN,
                          **fields)  # fmt: skip
    assert made["mean subtraction"] == "pixel" and made["image dimensions"] == [16, 16, 3]
    shown = digits.json(f"/models/{digits.done(made['id'])}.json")
    # 12 pictures, 8 a step: two steps.
    assert shown["snapshots"] == [0.5, 1]
    form = digits.json(f"/clone/{made['id']}.json")["form"]
    assert {name: form[name] for name in fields} == fields
    digits.delete_only("Options")


@pytest.mark.parametrize("text", ["import os", "nn = function() end", '{"layers": []}', '{"layers": [{"type": "x"}]}'])
def test_a_network_that_is_none_is_refused(digits: Digits, coloured: str, text: str) -> None:
    fields = {"model_name": "x", "dataset": coloured, "method": "custom", "custom_network": text}
    check_refused(digits.post(f"{CLASS_MODEL}.json", fields), "custom_network")


def test_a_network_of_too_many_parameters_is_refused_where_its_dataset_is_known(digits: Digits, coloured: str) -> None:
    text = '{"layers": [{"type": "linear", "out_features": 1048576}, {"type": "linear"}]}'  # of 768 values each
    fields = {"model_name": "x", "dataset": coloured, "method": "custom", "custom_network": text}
    (told,) = check_refused(digits.post(f"{CLASS_MODEL}.json", fields), "custom_network")["custom_network"]
    assert "EXPLORER_MAX_NETWORK_PARAMETERS" in told
    form = {"custom_network": text, "input_shape": "3,16,16"}
    assert "500000000" in check_error(digits.post("/models/visualize-network.json", form), 400, "BadRequest")


@pytest.mark.parametrize(
    "text",
    [
        "    layers:\n      - type: flatten\n      - type: linear\n        init: normal\n",
        "\ufeff---\r\nname: 'indented'\r\nlayers: [{type: scale, factor: 1e-2}, {type: linear}]\r\nmirror: true\r\n",
    ],
)
def test_networks_in_yaml_are_taken_as_they_are_written(digits: Digits, coloured: str, text: str) -> None:
    fields = {"model_name": "Yaml", "dataset": coloured, "method": "custom", "custom_network": text}
    id = digits.created(CLASS_MODEL, **fields, train_epochs="1")["id"]
    kept = json.loads(digits.post(f"/models/customize?network={id}").json()["network"])
    assert kept["layers"][-1]["type"] == "linear" and kept.get("mirror", False) is ("mirror" in text)
    digits.delete_only("Yaml")


def test_networks_to_begin_with_are_listed(digits: Digits, lenet: str, trained: str) -> None:
    found = digits.json("/models/networks.json")
    first = found["standard"][0]
    assert first == {"id": "lenet", "name": "LeNet", "intended": "28x28 (gray)", "batch_size": 64,
                     "val_batch_size": 32, "crop_size": None}  # fmt: skip
    assert {"alexnet", "googlenet", "resnet18", "resnet50"} <= {each["id"] for each in found["standard"]}
    previous = {each["id"]: each for each in found["previous"]}
    assert {lenet, trained} <= previous.keys()
    assert previous[lenet]["snapshots"] == [[2, "Epoch #2"], [1, "Epoch #1"], [0, "None"]]
    assert previous[lenet]["name"] == "Lenet" and previous[lenet]["framework"] == "pytorch"


def test_a_model_goes_on_from_a_previous_one_with_its_weights(digits: Digits, lenet: str, coloured: str) -> None:
    fields = {"model_name": "Next", "dataset": coloured, "method": "previous", "previous_networks": lenet,
              "train_epochs": "1", "learning_rate": "0"}  # fmt: skip
    check_refused(digits.post(f"{CLASS_MODEL}.json", fields), f"{lenet}-snapshot")
    check_refused(digits.post(f"{CLASS_MODEL}.json", {**fields, f"{lenet}-snapshot": "7"}), f"{lenet}-snapshot")
    last = digits.json(f"/jobs/{lenet}/table_data.json")["job"]["accuracy (val) last"]
    id = digits.done(digits.created(CLASS_MODEL, **fields, **{f"{lenet}-snapshot": "2"})["id"])
    # A rate of 0 leaves the weights as they were.
    assert digits.json(f"/jobs/{id}/table_data.json")["job"]["accuracy (val) last"] == pytest.approx(last)
    listed = {each["id"]: each for each in digits.json("/models/networks.json")["previous"]}
    assert [-1, "Previous pretrained model"] in listed[id]["snapshots"]
    assert digits.post(f"/models/customize?network={id}", {"snapshot_epoch": "-1"}).json()["snapshot"]
    digits.delete_only("Next")


def test_the_text_of_a_network_may_be_changed_and_sent_back(digits: Digits, coloured: str, lenet: str) -> None:
    standard = digits.post("/models/customize?network=lenet&framework=caffe").json()
    job = digits.post(f"/models/customize?network={lenet}&framework=caffe", {"snapshot_epoch": "1"}).json()
    assert job["snapshot"].endswith(f"{lenet}/snapshot_epoch_1.safetensors") and job["python_layer"] is None
    for text in (standard["network"], job["network"]):
        layers = json.loads(text)["layers"]
        assert [layer["type"] for layer in layers] == [
            "scale", "conv2d", "max_pool2d", "conv2d", "max_pool2d", "linear", "relu", "linear",
        ]  # fmt: skip
    fields = {"model_name": "Custom", "dataset": coloured, "method": "custom", "custom_network": job["network"],
              "custom_network_snapshot": job["snapshot"], "train_epochs": "1", "learning_rate": "0.001"}  # fmt: skip
    digits.done(digits.created(CLASS_MODEL, **fields)["id"])
    digits.delete_only("Custom")


def test_customize_knows_what_is_there(digits: Digits, lenet: str, slopes: str) -> None:
    assert digits.post(f"/models/customize?network={lenet}").json()["snapshot"] is None
    standard = json.loads(digits.post("/models/customize?network=resnet18").json()["network"])
    assert standard["standard"] == "resnet18" and standard["mirror"] is True and standard["crop_size"] == 224
    check = {"headers": {"Accept": "application/json"}}
    check_error(digits.post("/models/customize", **check), 400, "BadRequest")
    check_error(digits.post(f"/models/customize?network={UNKNOWN}", **check), 404, "NotFound")
    check_error(digits.post(f"/models/customize?network={slopes}", **check), 404, "NotFound")
    check_error(digits.post(f"/models/customize?network={lenet}", {"snapshot_epoch": "9"}, **check), 400, "BadRequest")


def test_customize_answers_for_a_model_that_has_not_begun(digits: Digits, slopes: str) -> None:
    id = digits.training(slopes, model_name="Unbegun")
    text = digits.post(f"/models/customize?network={id}").json()["network"]
    assert [layer["type"] for layer in json.loads(text)["layers"]] == ["scale", "flatten", "linear"]
    digits.delete_only("Unbegun")


def test_rates_are_shown_over_the_whole_training(digits: Digits) -> None:
    form = {"lr_policy": "step", "learning_rate": "0.1,0.01", "lr_step_size": "50", "lr_step_gamma": "0.5"}
    columns = digits.post("/models/visualize-lr", form).json()["data"]["columns"]
    assert [column[0] for column in columns] == ["Learning Rate 0", "Learning Rate 1"]
    assert columns[0][1:] == pytest.approx([0.1] * 50 + [0.05] * 50 + [0.025])
    assert len(columns[1]) == 102
    assert digits.post("/models/visualize-lr", {"lr_policy": "up"}).status_code == 400
    assert digits.post("/models/visualize-lr", {"learning_rate": "fast"}).status_code == 400


def test_layers_of_a_network_are_listed(digits: Digits) -> None:
    text = digits.post("/models/customize?network=lenet").json()["network"]
    found = digits.post("/models/visualize-network.json", {"custom_network": text, "input_shape": "1,28,28"}).json()
    # The classic LeNet of ten classes.
    assert found["total_parameters"] == 431_080
    assert [layer["output_shape"] for layer in found["layers"]][1:3] == [[20, 24, 24], [20, 12, 12]]
    assert {"name", "type", "output_shape", "parameters"} <= found["layers"][0].keys()
    page = digits.post("/models/visualize-network?framework=caffe", {"custom_network": text, "input_shape": "1,28,28"})
    assert page.headers["Content-Type"].startswith("text/html") and "conv1" in page.text and "431080" in page.text
    wide = {"custom_network": text, "input_shape": "1,28,28", "classes": "3"}
    assert digits.post("/models/visualize-network.json", wide).json()["total_parameters"] == 431_080 - 7 * 501


def test_layers_of_a_generic_network_are_listed(digits: Digits) -> None:
    text = json.dumps({"loss": "mse", "layers": [{"type": "flatten"}, {"type": "linear", "out_features": 2}]})
    form = {"custom_network": text, "input_shape": "1,4,4"}
    found = digits.post("/models/visualize-network.json", form).json()
    assert found["total_parameters"] == 34 and found["layers"][-1]["output_shape"] == [2]
    wrong = json.dumps({"loss": "mse", "layers": [{"type": "flatten"}, {"type": "linear"}]})
    told = check_error(digits.post("/models/visualize-network.json", {"custom_network": wrong}), 400, "BadRequest")
    assert "out_features" in told and "cross_entropy" not in told


@pytest.mark.slow
def test_layers_of_a_standard_network_are_listed_by_a_process_that_has_torch(digits: Digits) -> None:
    form = {"custom_network": '{"standard": "resnet18"}', "input_shape": "3,64,64", "classes": "1000"}
    found = digits.post("/models/visualize-network.json", form).json()
    assert found["total_parameters"] == 11_689_512 and found["layers"][0]["output_shape"] == [64, 32, 32]


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"custom_network": "import os"},
        {"custom_network": '{"layers": [{"type": "nonsense"}]}'},
        {"custom_network": TINY, "input_shape": "1,28"},
        {"custom_network": TINY, "input_shape": "1,0,28"},
        {"custom_network": TINY, "input_shape": "99999,99999,99999"},
        {"custom_network": '{"layers": [{"type": "conv2d", "out_channels": 3, "kernel_size": 9}]}',
         "input_shape": "3,4,4"},
        {"custom_network": '{"layers": [{"type": "linear"}], "input_scale": 1' + "0" * 400 + "}"},
        {"custom_network": '{"layers": [{"type": "linear"}], "\\ud800": 1}'},
        {"custom_network": "standard: 0x" + "f" * 5000},
        {"custom_network": "layers: [{type: 0x" + "f" * 5000 + "}]"},
        {"custom_network": "layers: !!timestamp abc"},
        {"custom_network": "layers: !!bool abc"},
    ],
)  # fmt: skip
def test_bad_texts_of_networks_are_400(digits: Digits, form: dict[str, str]) -> None:
    check_error(digits.post("/models/visualize-network.json", form), 400, "BadRequest")


def test_a_diverging_training_ends_with_a_reason_that_advises(digits: Digits, slopes: str) -> None:
    network = '{"layers": [{"type": "flatten"}, {"type": "linear", "out_features": 2}]}'
    id = digits.training(slopes, model_name="Wild", custom_network=network, learning_rate="1000", train_epochs="40")
    assert digits.wait(id) == "Error"
    shown = digits.json(f"/models/{id}.json")
    assert "learning rate" in shown["exception"].lower()
    assert shown["exception"].split(".")[0] in digits.get(f"/models/{id}").text
    digits.delete_only("Wild")


def test_an_aborted_training_goes_on_from_its_last_snapshot(digits: Digits, slopes: str) -> None:
    id = digits.training(slopes, model_name="Resumed", train_epochs="3000", snapshot_interval="20", val_interval="0")
    digits.server.wait_for(lambda: len(digits.json(f"/models/{id}.json")["snapshots"]) > 2, 60)
    assert digits.post(f"/models/{id}/abort").status_code == 200
    assert digits.wait(id) == "Aborted"
    before = digits.json(f"/models/{id}.json")["snapshots"]
    assert digits.post(f"/jobs/{id}/resume").text == "Job resumed."
    digits.done(id)
    after = digits.json(f"/models/{id}.json")["snapshots"]
    assert after[-1] == 3000 and after[: len(before)] == before
    assert digits.post(f"/jobs/{id}/resume").status_code == 403
    digits.delete_only("Resumed")
