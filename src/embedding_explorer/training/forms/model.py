"""The form that creates a model (contract, 5.1 to 5.8), parsed and checked as a whole."""

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

from embedding_explorer.errors import BadInput, LimitExceeded
from embedding_explorer.networks.preprocessing import Faults
from embedding_explorer.training.definitions.definition import Definition
from embedding_explorer.training.definitions.reading import read_definition
from embedding_explorer.training.definitions.shapes import MAX_PARAMETERS, sized_layers
from embedding_explorer.training.definitions.standard import STANDARD
from embedding_explorer.training.figures import whole
from embedding_explorer.training.forms.fields import Fields
from embedding_explorer.training.forms.training import Shape, Swept, check_fit, parse_options, shown
from embedding_explorer.training.options import Options

FRAMEWORKS = ("pytorch", "caffe", "torch", "tensorflow")
METHODS = ("standard", "previous", "pretrained", "custom")
MAX_NETWORK_TEXT = 4 << 20
MAX_NAME = 1000
# Fresh weights; those that the previous model itself started from (contract, 5.4).
NO_SNAPSHOT, ITS_OWN_START = 0.0, -1.0
REFUSED = ("python_layer_client_file", "python_layer_server_file")
_FIELDS = {"standard": "standard_networks", "custom": "custom_network"}  # what names the network, by method


@dataclass(frozen=True)
class Choices:
    """What a form may choose from; whoever calls fills it from the jobs there are.

    Attributes:
        datasets: ids of usable datasets of the right kind (active or Done).
        previous: id of a model of the same kind → epochs of its snapshots; `ITS_OWN_START` among them where it applies.
        pretrained: ids of pretrained models.
        gpus: how many GPUs there are.
        weights_file: whether a path that a client names is a readable file of weights in an allowed folder.
        classification: False for generic models.
        shape_of: what the pictures of a dataset are, None where that is not known yet.
        classes_of: how many labels a dataset has, None where that is not known yet.
        max_parameters: most weights and biases of a network.
    """

    datasets: Collection[str]
    previous: Mapping[str, Collection[float]]
    pretrained: Collection[str]
    gpus: int
    weights_file: Callable[[str], bool]
    classification: bool = True
    shape_of: Callable[[str], Shape | None] = lambda _: None
    classes_of: Callable[[str], int | None] = lambda _: None
    max_parameters: int = MAX_PARAMETERS


@dataclass(frozen=True)
class NetworkChoice:
    """Where the network and its weights come from.

    Attributes:
        method: of `METHODS`.
        id: standard network, model or pretrained model; empty for `custom`.
        snapshot: epoch of a previous model's weights; `NO_SNAPSHOT` for none, `ITS_OWN_START`.
        definition: what a standard or custom network is; None where a job holds it.
        weights: paths of weights for a custom network.
    """

    method: str
    id: str = ""
    snapshot: float = NO_SNAPSHOT
    definition: Definition | None = None
    weights: tuple[str, ...] = ()


@dataclass(frozen=True)
class ModelForm:
    """A checked form. `gpus` are wanted indices, or empty for any."""

    name: str
    group: str
    dataset: str
    framework: str
    network: NetworkChoice
    options: Options
    swept: Swept
    gpus: tuple[int, ...] = ()

    def jobs(self) -> list["ModelForm"]:
        """One form per combination of swept values; this one alone where nothing is swept (contract, 5.8)."""
        rates, sizes = self.swept.learning_rates, self.swept.batch_sizes
        jobs = []
        for rate, size in product(rates, sizes):
            name = self.name + (f" learning_rate:{shown(rate)}" if len(rates) > 1 else "")
            name += f" batch_size:{size}" if len(sizes) > 1 else ""
            options = self.options.with_values(learning_rate=rate, batch_size=size)
            jobs.append(replace(self, name=name, options=options, swept=Swept((rate,), (size,))))
        return jobs


def parse_model_form(
    form: Mapping[str, str | Sequence[str]], choices: Choices, files: Collection[str] = ()
) -> ModelForm:
    """The form that creates a model.

    Args:
        files: names of the fields that came as files.

    Raises:
        InvalidFields: `fields` names every field that breaks a rule, with all that is wrong with it.
    """
    faults = Faults()
    fields = Fields(form, faults)
    options, swept = parse_options(fields)
    parsed = ModelForm(
        name=fields.text("model_name", required=True, most=MAX_NAME),
        group=fields.text("group_name", most=MAX_NAME),
        dataset=_dataset(fields, choices, options),
        framework=fields.select("framework", "pytorch", FRAMEWORKS),
        network=_network(fields, choices),
        options=options,
        swept=swept,
        gpus=_gpus(fields, choices.gpus),
    )
    _check_parameters(fields, parsed, choices)
    for name in REFUSED:
        if name in files or fields.text(name):
            faults.add(name, "Python layers are not run here; leave this empty and use the layers of the layer list.")
    faults.raise_any()
    return parsed


def _dataset(fields: Fields, choices: Choices, options: Options) -> str:
    value = fields.text("dataset", required=True)
    if value in choices.datasets:
        check_fit(fields, options, choices.shape_of(value))
    elif value:
        kind = "classification" if choices.classification else "generic"
        fields.faults.add("dataset", f"{value[:80]!r} is no {kind} dataset that is finished or being made.")
    return value


def _check_parameters(fields: Fields, parsed: ModelForm, choices: Choices) -> None:
    """Note a layer list that is too large for the dataset's pictures, where they are known; else its training does."""
    definition, field = parsed.network.definition, _FIELDS.get(parsed.network.method)
    shape = choices.shape_of(parsed.dataset) if parsed.dataset in choices.datasets else None
    if definition is None or not definition.layers or field is None or shape is None:
        return
    height, width, channels = shape
    classes = (choices.classes_of(parsed.dataset) or 1) if choices.classification else None
    try:
        fitted = definition.for_data((channels, height, width), classes, parsed.options.crop_size)
        sized_layers(fitted, choices.max_parameters)
    except LimitExceeded as error:
        fields.faults.add(field, error.message)
    except BadInput:
        return  # a network that does not fit is told of by its training, with the layer's name


def _gpus(fields: Fields, total: int) -> tuple[int, ...]:
    if fields.raw("select_gpu") == "":
        fields.faults.add("select_gpu", "This field is blank: give next, or the index of a GPU.")
    for name in ("select_gpus_list", "select_gpus", "select_gpu"):
        values = fields.all(name)
        if name == "select_gpus_list":
            values = [item for value in values for item in value.split(",")]
        wanted = [value.strip() for value in values if value.strip() not in ("", "next")]
        for value in wanted:
            if value not in {str(index) for index in range(total)}:
                fields.faults.add(name, f"{value[:80]!r} is no GPU of this server; it has {total}.")
        if wanted:
            return tuple(dict.fromkeys(int(value) for value in wanted if value.isdecimal() and len(value) < 6))
    fields.optional_integer("select_gpu_count", 1, 1, max(1, total))  # a training uses one of them, whatever it says
    return ()


def _network(fields: Fields, choices: Choices) -> NetworkChoice:
    method = fields.select("method", "standard", METHODS)
    readers = {"standard": _standard, "previous": _previous, "pretrained": _pretrained, "custom": _custom}
    return readers[method](fields, choices)


def _standard(fields: Fields, choices: Choices) -> NetworkChoice:
    name = fields.text("standard_networks", required=True)
    if not choices.classification:
        fields.faults.add("standard_networks", "Standard networks classify; use method=custom for generic datasets.")
    elif name and name not in STANDARD:
        fields.faults.add("standard_networks", f"{name[:80]!r} is unknown; choose one of {', '.join(STANDARD)}.")
    return NetworkChoice("standard", name, definition=STANDARD[name].definition() if name in STANDARD else None)


def _previous(fields: Fields, choices: Choices) -> NetworkChoice:
    name = fields.text("previous_networks", required=True)
    if not name:
        return NetworkChoice("previous")
    if name not in choices.previous:
        fields.faults.add("previous_networks", f"{name[:80]!r} is no model of this kind.")
        return NetworkChoice("previous", name)
    field = f"{name}-snapshot"
    if not fields.raw(field):
        fields.faults.add(field, "Give the epoch of a snapshot, or 0 for the network without its weights.")
        return NetworkChoice("previous", name)
    epoch = fields.number(field, NO_SNAPSHOT, ITS_OWN_START, 1e9)
    if epoch != NO_SNAPSHOT and epoch not in choices.previous[name]:
        fields.faults.add(field, f"There is no snapshot of epoch {whole(epoch)}.")
    return NetworkChoice("previous", name, epoch)


def _pretrained(fields: Fields, choices: Choices) -> NetworkChoice:
    name = fields.text("pretrained_networks", required=True)
    if name and name not in choices.pretrained:
        fields.faults.add("pretrained_networks", f"{name[:80]!r} is no pretrained model.")
    return NetworkChoice("pretrained", name)


def _custom(fields: Fields, choices: Choices) -> NetworkChoice:
    text = fields.text("custom_network", required=True, most=MAX_NETWORK_TEXT)
    definition = None
    if text:
        try:
            definition = read_definition(fields.sent("custom_network"), classification=choices.classification)
        except BadInput as error:
            fields.faults.add("custom_network", error.message)
    paths = tuple(path for path in fields.text("custom_network_snapshot").split(os.pathsep) if path.strip())
    for path in paths:
        if not choices.weights_file(path):
            fields.faults.add("custom_network_snapshot", f"{path[:200]!r} is no file of weights that may be read.")
    return NetworkChoice("custom", definition=definition, weights=paths)
