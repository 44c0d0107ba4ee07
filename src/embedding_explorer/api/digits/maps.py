"""Training seen by the explorer [own addition]: maps of a training dataset's pictures, and of the same by every epoch."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from flask import Response, g

from embedding_explorer.api.digits.answers import answer
from embedding_explorer.api.digits.fields import Values, read_form
from embedding_explorer.api.digits.routes import ID, Field, Route
from embedding_explorer.api.explorer.upload import accepted
from embedding_explorer.datasets.dataset import Dataset
from embedding_explorer.datasets.store import MAX_NAME
from embedding_explorer.errors import BadInput, Busy, DatasetNotFound, InvalidFields, JobNotFound
from embedding_explorer.jobs.runtime import Runtime
from embedding_explorer.jobs.series import series_of
from embedding_explorer.jobs.snapshot_networks import resolved
from embedding_explorer.jobs.training.records import TrainingJob, is_id
from embedding_explorer.networks.preprocessing import Faults
from embedding_explorer.training.datasets.splits import SETS
from embedding_explorer.training.datasets.stored import sets_of
from embedding_explorer.training.figures import whole
from embedding_explorer.training.forms.fields import Fields

DEFAULT_LIMIT = 2000
"""Pictures on a map unless told otherwise: some seconds an epoch on two cores."""
DEFAULT_EPOCHS, MOST_EPOCHS = 12, 100
PREVIOUS = "previous"
POOLINGS = ("avg", "max", "flatten")
MOST_EPOCH = 1e12
LAYERS_WAIT = 5.0
"""Seconds that a question for layers waits for the worker: what it does may have begun after all was free."""

PICTURES = (
    Field("set", text="train, val, test or all; by default val where there is one, else train."),
    Field("limit", "integer", f"At most so many pictures, evenly spread; {DEFAULT_LIMIT} by default."),
    Field(
        "layer", text="A leaf of the network, `input:` and a leaf, or `output`; by default what the last layer reads."
    ),
    Field("pooling", text="avg, max or flatten: what becomes of a layer's maps."),
)
MAP = (
    Field("model", text="Id of a trained model; or name a `network`."),
    Field("snapshot_epoch", "number", "Epoch of its snapshot; by default the last."),
    Field("network", text="Any network of the explorer; by default the server's own."),
    *PICTURES,
    Field("align", text="Id of an explorer dataset of the same pictures to turn the map onto, or `previous`."),
    Field("name", text="Name of the map."),
)
SERIES = (
    Field("epochs", text="Epochs with commas between them, `all`, or how many to spread evenly; 12 by default."),
    *PICTURES,
)


class Picture(NamedTuple):
    """Which pictures, and what is read of the network."""

    set: str
    limit: int
    layer: str | None
    pooling: str | None


def routes(runtime: Runtime) -> list[Route]:
    """All of them."""
    maps = Maps(runtime)
    return [
        Route("POST", f"/datasets/{ID}/map", maps.create_map, "Make a map of a dataset's pictures", "json", MAP),
        Route("POST", f"/models/{ID}/maps", maps.create_series, "Make a map for each epoch", "json", SERIES),
        Route("GET", f"/models/{ID}/maps", maps.list_series, "Maps of a model's epochs", "json"),
        Route("GET", f"/models/{ID}/layers", maps.layers, "Layers that maps can be made of", "json"),
    ]


class Maps:
    """Their views."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    def create_map(self, id: str) -> Response:
        """A map of a dataset's pictures; 202 with the explorer's job."""
        job = self._get(id, "dataset")
        fields = self._form()
        chosen = self._pictures(fields, job.id)
        network = network_of(fields)
        align = self._aligned(fields.text("align", most=40), job.id)
        name = printable(fields.text("name", most=MAX_NAME)) or job.name
        fields.faults.raise_any()
        self.runtime.networks.check_extraction(network, chosen.layer, chosen.pooling)
        arguments = {
            "dataset": job.id,
            "network": {
                "network": resolved(network, self.runtime.settings),
                "layer": chosen.layer,
                "pooling": chosen.pooling,
            },
            "set": chosen.set,
            "limit": chosen.limit,
            "align": align,
            "name": name,
        }
        return self._start("dataset", name, "training_map", arguments)

    def create_series(self, id: str) -> Response:
        """A map for each of some epochs; 202 with the explorer's job."""
        job = self._get(id, "model")
        fields = self._form()
        chosen = self._pictures(fields, str(job.details.get("dataset", "")))
        epochs = epochs_of(fields, self.runtime.training.snapshots(job.id))
        fields.faults.raise_any()
        arguments = {
            "model": job.id,
            "epochs": epochs,
            **chosen._asdict(),
            "recipe": self.runtime.recipe()[2:],  # of the server's own network nothing depends
        }
        return self._start("series", f"{job.name}, {len(epochs)} epochs", "series", arguments)

    def list_series(self, id: str) -> Response:
        """Epochs with the ids of their maps: of the newest series, and all series."""
        found = [each.to_json() for each in series_of(id, self.runtime.store)] if is_id(id) else []
        name = self._name(id, known=bool(found))
        return answer({"model": id, "name": name, "maps": found[0]["maps"] if found else [], "series": found})

    def layers(self, id: str) -> Response:
        """Their names, in order of execution."""
        job = self._get(id, "model")
        if not self.runtime.training.snapshots(job.id):
            raise BadInput("The model has no snapshot yet; wait for the first one.")
        if self.runtime.jobs.busy() is not None and self.runtime.jobs.training() is None:
            raise Busy("Server is busy, please wait")  # with the worker that is to look
        found = self.runtime.worker.call("snapshot_layers", {"model": job.id}, wait=LAYERS_WAIT)
        return answer({"model": job.id, "layers": found})

    def _form(self) -> Fields:
        if self.runtime.jobs.busy() is not None:
            raise Busy("Server is busy, please wait")
        values: Values = read_form(self.runtime.settings).values()
        g.form_page = "map"
        return Fields(values, Faults())

    def _pictures(self, fields: Fields, dataset: str) -> Picture:
        layer, pooling = fields.text("layer", most=1024) or None, fields.text("pooling", most=20) or None
        if pooling not in (None, *POOLINGS):
            fields.faults.add("pooling", f"There is no pooling {pooling!r}; choose one of {', '.join(POOLINGS)}.")
        most = self.runtime.settings.max_map_images
        limit = fields.optional_integer("limit", None, 1, most) or min(DEFAULT_LIMIT, most)
        return Picture(self._set(fields, dataset), limit, layer, pooling)

    def _set(self, fields: Fields, dataset: str) -> str:
        found = self.runtime.training.dataset(dataset)
        wanted = fields.text("set", most=20)
        try:
            for name in sets_of(found, wanted or "all"):
                found.records(name).close()  # raises while it is not finished
            return wanted or next(name for name in ("val", *SETS) if name in sets_of(found, "all"))
        except BadInput as error:
            fields.faults.add("set", error.message)
            return wanted

    def _aligned(self, wanted: str, training: str) -> str | None:
        """The id of the dataset to align to."""
        if wanted != PREVIOUS:
            return self._dataset(wanted).id if wanted else None
        for manifest in self.runtime.store.list():
            if manifest.source.get("training_dataset") == training:
                return manifest.id
        raise refused("align", "There is no earlier map of this dataset to align to; leave `align` out.")

    def _dataset(self, wanted: str) -> Dataset:
        try:
            return self.runtime.store.get(wanted)
        except DatasetNotFound:
            raise refused("align", f"There is no dataset {wanted!r} in the explorer.") from None

    def _start(self, kind: str, name: str, task: str, arguments: dict[str, Any]) -> Response:
        jobs = self.runtime.jobs
        job = jobs.begin(kind, name[:MAX_NAME])
        with jobs.failing(job):
            places = {"staging": str(jobs.staging_of(job) / "maps"), "keep_images": self.runtime.settings.keep_images}
            jobs.start(job, task, arguments | places)
        return accepted(job)

    def _get(self, id: str, family: str) -> TrainingJob:
        job = self.runtime.training.get(id)
        if job.family != family:
            raise JobNotFound(f"The job {id} is no {family}.", job=id)
        return job

    def _name(self, id: str, *, known: bool) -> str | None:
        """The model's name; None for one that was deleted and has left maps."""
        try:
            return self._get(id, "model").name
        except JobNotFound:
            if not known:
                raise
            return None


def network_of(fields: Fields) -> str | None:
    """The network's name: given as such, or by model and epoch. None for the server's own."""
    model, network = fields.text("model", most=40), fields.text("network", most=200)
    epoch = fields.number("snapshot_epoch", -1, -1, MOST_EPOCH) if fields.raw("snapshot_epoch") else -1
    if model and network:
        fields.faults.add("network", "Give either a model or a network.")
    if epoch != -1 and not model:
        fields.faults.add("snapshot_epoch", "An epoch needs a model.")
    if not model:
        return network or None
    return model if epoch == -1 else f"{model}@{whole(epoch)}"


def epochs_of(fields: Fields, there: Sequence[float]) -> list[float]:
    """The epochs that a form wants of those that there are, ascending."""
    text = fields.text("epochs", most=4000)
    if not there:
        fields.faults.add("epochs", "The model has no snapshot yet; wait for the first one.")
        return []
    if "," in text:
        return listed(fields, there)
    count = len(there) if text == "all" else fields.optional_integer("epochs", None, 1, MOST_EPOCHS) or DEFAULT_EPOCHS
    if count > MOST_EPOCHS:
        fields.faults.add("epochs", f"A series has at most {MOST_EPOCHS} maps; there are {count} snapshots.")
    return spread(there, count)


def listed(fields: Fields, there: Sequence[float]) -> list[float]:
    """The epochs of a list; what is no snapshot is a fault."""
    wanted = fields.numbers("epochs", (), 0, MOST_EPOCH)
    if missing := [f"{whole(epoch)}" for epoch in wanted if epoch not in there]:
        known = ", ".join(f"{whole(epoch)}" for epoch in there)
        fields.faults.add(
            "epochs", f"There is no snapshot of epoch {', '.join(missing)[:200]}; there are {known[:500]}."
        )
    return sorted(wanted)


def spread(there: Sequence[float], count: int) -> list[float]:
    """So many of the epochs, evenly spread; the first and the last are among them."""
    if count >= len(there):
        return list(there)
    if count == 1:
        return [there[-1]]
    return [there[number * (len(there) - 1) // (count - 1)] for number in range(count)]


def printable(text: str) -> str:
    """A name as one line of visible characters."""
    return "".join(c for c in text if c.isprintable()).strip()


def refused(field: str, reason: str) -> InvalidFields:
    """One field that cannot be used."""
    return InvalidFields(reason, {field: [reason]})
