"""What the page of a new model asks for: networks to choose from, their texts and layers, rates (contract, 5.4, 5.11)."""

import json
from dataclasses import replace
from html import escape
from typing import Any

from flask import Response, request
from werkzeug.exceptions import BadRequest

from embedding_explorer.api.digits.answers import answer, markup, wants_json
from embedding_explorer.api.digits.details import FRAMEWORK, NETWORK
from embedding_explorer.api.digits.fields import Form, number_of, read_form, whole_of
from embedding_explorer.api.digits.forms import POLICY
from embedding_explorer.api.digits.routes import Field, Route
from embedding_explorer.errors import LimitExceeded, NotFound
from embedding_explorer.jobs.runtime import Runtime
from embedding_explorer.jobs.training.folders import read_request
from embedding_explorer.jobs.training.records import JobType, TrainingJob
from embedding_explorer.networks.preprocessing import Faults
from embedding_explorer.training.definitions.definition import CLASSES, Definition
from embedding_explorer.training.definitions.reading import read_for_any
from embedding_explorer.training.definitions.shapes import sized_layers
from embedding_explorer.training.definitions.standard import STANDARD
from embedding_explorer.training.figures import snapshot_list, whole
from embedding_explorer.training.forms.fields import Fields
from embedding_explorer.training.forms.model import ITS_OWN_START, MAX_NETWORK_TEXT, NO_SNAPSHOT
from embedding_explorer.training.forms.training import parse_curves
from embedding_explorer.training.snapshot_files import list_snapshots

FRAMEWORK_FIELD = Field("framework", text="Taken and not needed: all of them are trained by PyTorch.")
# Where nothing is said of the images: as most standard networks take them, and ten classes.
SIDE, CHANNELS, LABELS = 256, 3, 10
MAX_SIDE, MAX_LABELS = 65_536, 1_000_000
# What a training adds to the text of its network; another dataset would have others.
FITTED = ("classes", "input_shape")


class Networks:
    """Their routes."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    def routes(self) -> list[Route]:
        """All of them."""
        which = (Field("network", text="A standard network, or the id of a job.", required=True), FRAMEWORK_FIELD)
        epoch = (Field("snapshot_epoch", "number", "0: none; -1: the weights that the model itself began with."),)
        custom = (
            Field("custom_network", required=True),
            Field("input_shape", text="C,H,W"),
            Field("classes", "integer", "How many labels; 10 where nothing is said."),
        )
        return [
            Route("GET", "/models/networks", self.networks, "Networks that a model may begin with", "json"),
            Route("POST", "/models/customize", self.customize, "The text of a network", fields=epoch, query=which),
            Route("POST", "/models/visualize-lr", self.visualize_rates, "Learning rates over a training",
                  fields=POLICY),
            Route("POST", "/models/visualize-network", self.visualize_network, "The layers of a network", "both",
                  custom, (FRAMEWORK_FIELD,)),
        ]  # fmt: skip

    def networks(self) -> Response:
        """Standard, previous, pretrained."""
        standard = [
            {
                "id": each.id,
                "name": each.name,
                "intended": each.intended,
                "batch_size": each.batch_size,
                "val_batch_size": each.val_batch_size,
                "crop_size": each.crop_size,
            }
            for each in STANDARD.values()
        ]
        service = self.runtime.training
        kinds = (JobType.CLASSIFICATION_MODEL, JobType.GENERIC_MODEL)
        epochs = {id: found for kind in kinds for id, found in service.choices(kind).previous.items()}
        previous = [
            named(job) | {"type": str(job.type), "snapshots": snapshot_choices(epochs[job.id])}
            for job in service.list("model")
            if job.id in epochs
        ]
        pretrained = [named(job) for job in service.list("pretrained_model")]
        return answer({"standard": standard, "previous": previous, "pretrained": pretrained})

    def customize(self) -> Response:
        """The text of a network, which may be changed and sent back."""
        form, name = read_form(self.runtime.settings), request.args.get("network", "").strip()
        if not name:
            raise BadRequest("The parameter network is required: a standard network, or the id of a job.")
        if name in STANDARD:
            return answer({"network": text_of(STANDARD[name].definition().to_json())})
        job = self.runtime.training.get(name)
        if job.family == "dataset":
            raise NotFound(f"The job {name} is a dataset and has no network.")
        epoch = number_of(form.get("snapshot_epoch"), "snapshot_epoch", NO_SNAPSHOT)
        snapshot = weights_of(job, NO_SNAPSHOT if epoch is None else epoch)
        return answer({"network": text_of(network_of(job)), "snapshot": snapshot, "python_layer": None})

    def visualize_rates(self) -> Response:
        """A curve for each learning rate."""
        faults = Faults()
        curves = parse_curves(Fields(read_form(self.runtime.settings).values(), faults))
        faults.raise_any()
        return answer({"data": {"columns": curves}})

    def visualize_network(self) -> Response:
        """Its layers, with sizes for the images that are named."""
        form = read_form(self.runtime.settings)
        definition = fitted(read_for_any(custom_network(form)), form)
        try:
            found = self._described(definition)
        except LimitExceeded as error:  # the network is too large, not the request
            raise BadRequest(error.message) from error
        return answer(found) if wants_json() else markup(table_of(found))

    def _described(self, definition: Definition) -> dict[str, Any]:
        if definition.standard:  # only torch knows the sizes of torchvision's networks, and it is in no web process
            return self.runtime.inference.describe(definition)
        return described(definition, self.runtime.settings.max_network_parameters)


def named(job: TrainingJob) -> dict[str, Any]:
    """A job in a list to choose from."""
    return {"id": job.id, "name": job.name, "framework": FRAMEWORK}


def snapshot_choices(epochs: Any) -> list[list[Any]]:
    """Snapshots as a form offers them, the newest first; then none; then what the model itself began with."""
    shown = snapshot_list(epoch for epoch in epochs if epoch not in (NO_SNAPSHOT, ITS_OWN_START))
    own = [[int(ITS_OWN_START), "Previous pretrained model"]] if ITS_OWN_START in epochs else []
    return [*shown, [int(NO_SNAPSHOT), "None"], *own]


def network_of(job: TrainingJob) -> dict[str, Any]:
    """The network of a model, trained or about to be; raises NotFound."""
    path = job.folder / str((job.details.get("files") or {}).get("network", NETWORK))
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
    except FileNotFoundError:  # its training has not begun
        return read_request(job.folder).definition.to_json()
    except (OSError, ValueError) as error:
        raise NotFound(f"The network of the job {job.id} cannot be read; choose another one.") from error
    return found


def text_of(network: dict[str, Any]) -> str:
    """A network as `custom_network` takes it, for any dataset of its kind."""
    return json.dumps({key: value for key, value in network.items() if key not in FITTED}, indent=2)


def weights_of(job: TrainingJob, epoch: float) -> str | None:
    """The path of a snapshot; None for none. Raises BadRequest for an epoch that is not there."""
    if epoch == NO_SNAPSHOT:
        return None
    if epoch == ITS_OWN_START:
        start = read_request(job.folder).start if job.family == "model" else ()
        return str(job.folder / start[-1]) if start else None
    snapshots = list_snapshots(job.folder)
    if epoch not in snapshots:
        known = ", ".join(str(whole(each)) for each in snapshots) or "none"
        raise BadRequest(f"There is no snapshot of epoch {epoch:g}; there are {known[:500]}.")
    return str(snapshots[epoch])


def custom_network(form: Form) -> str:
    """The text of a network; raises BadRequest."""
    text = form.get("custom_network") or ""
    if not text.strip():
        raise BadRequest("The field custom_network is required: the text of a network.")
    if len(text) > MAX_NETWORK_TEXT:
        raise BadRequest(f"The network has {len(text)} characters; at most {MAX_NETWORK_TEXT} are allowed.")
    return text


def fitted(definition: Definition, form: Form) -> Definition:
    """The network for images of the size that is named, else of the size that it was made for."""
    text = form.get("input_shape")
    classes = whole_of(form.get("classes"), "classes", definition.classes or LABELS, least=1)
    if classes > MAX_LABELS:
        raise BadRequest(f"classes is at most {MAX_LABELS}.")
    wanted = classes if counts_classes(definition) else None
    if text is None or not text.strip():
        shape = definition.input_shape or (CHANNELS, SIDE, SIDE)
        return definition.for_data(shape, wanted, None)
    # What is named is what is fed.
    return replace(definition, crop_size=None).for_data(shape_of(text), wanted, None)


def counts_classes(definition: Definition) -> bool:
    """Whether the size of its last layer is that of the labels."""
    if definition.standard or definition.classes:
        return True
    return any(layer.type == "linear" and layer.parameters.get("out_features", CLASSES) == CLASSES
               for layer in definition.layers)  # fmt: skip


def shape_of(text: str) -> tuple[int, int, int]:
    """Channels, height and width; raises BadRequest."""
    sides = [side.strip() for side in text.strip().strip("[]()").split(",")]
    if len(sides) != 3 or not all(side.isascii() and side.isdecimal() and 0 < len(side) < 6 for side in sides):
        raise BadRequest("input_shape must be three whole numbers, C,H,W, such as 3,224,224.")
    channels, height, width = map(int, sides)
    if not all(1 <= side <= MAX_SIDE for side in (channels, height, width)):
        raise BadRequest(f"input_shape must be from 1 to {MAX_SIDE} each.")
    return channels, height, width


def described(definition: Definition, max_parameters: int) -> dict[str, Any]:
    """Layers and parameters of a layer list; raises BadInput, LimitExceeded."""
    found = sized_layers(definition, max_parameters)
    layers = [
        {
            "name": each.spec.name,
            "type": each.spec.type,
            "output_shape": list(each.shape),
            "parameters": each.parameters,
        }
        for each in found
    ]
    return {"layers": layers, "total_parameters": sum(each.parameters for each in found)}


def table_of(found: dict[str, Any]) -> str:
    """The layers as a table."""
    rows = "".join(
        f"<tr><td>{escape(layer['name'])}</td><td>{escape(layer['type'])}</td>"
        f"<td>{', '.join(map(str, layer['output_shape']))}</td><td>{layer['parameters']}</td></tr>\n"
        for layer in found["layers"]
    )
    head = "<tr><th>Layer</th><th>Type</th><th>Output</th><th>Parameters</th></tr>\n"
    return f"<table>\n{head}{rows}</table>\n<p>{found['total_parameters']} parameters</p>\n"
