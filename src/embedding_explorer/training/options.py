"""Everything that decides how a training goes, apart from the network and the data: `solver.json` of a job."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from embedding_explorer.errors import BadInput
from embedding_explorer.training.policies import DEFAULTS, Policy

SOLVERS = ("SGD", "NESTEROV", "ADAGRAD", "RMSPROP", "ADADELTA", "ADAM")
MEANS = ("none", "image", "pixel")
FLIPS = ("none", "fliplr", "flipud", "fliplrud")
TURNS = ("none", "rot90", "rot180", "rotall")
PRECISIONS = ("auto", "float32", "bfloat16")


@dataclass(frozen=True)
class Augmentation:
    """Random changes of training pictures (contract, 5.5). Nothing is changed by default.

    Attributes:
        flip, turn: of `FLIPS`, `TURNS`.
        rotation: uniform angle in plus or minus that many degrees.
        scale: standard deviation of the zoom factor.
        noise: standard deviation of Gaussian noise, for pixels from 0 to 1.
        contrast: factors are uniform in 1 plus or minus this.
        whitening: every picture gets mean 0 and deviation 1, at inference as well.
        hsv: standard deviations of shifts of hue, saturation, value, each from 0 to 1; None leaves colours alone.
    """

    flip: str = "none"
    turn: str = "none"
    rotation: int = 0
    scale: float = 0.0
    noise: float = 0.0
    contrast: float = 0.0
    whitening: bool = False
    hsv: tuple[float, float, float] | None = None


@dataclass(frozen=True)
class Options:
    """How to train.

    Attributes:
        snapshot_interval, val_interval: in epochs; 0 means only one snapshot at the end, and no validation.
        seed: None draws one; what was drawn is kept, so that a training can be resumed.
        batch_size, val_batch_size, crop_size: None takes the network's own.
        accumulation: batches whose gradients make one step.
        mean: what is subtracted, of `MEANS`.
        precision: of `PRECISIONS`; `auto` is bfloat16 where that is faster.
    """

    epochs: int = 30
    snapshot_interval: float = 1.0
    val_interval: float = 1.0
    seed: int | None = None
    batch_size: int | None = None
    val_batch_size: int | None = None
    accumulation: int = 1
    solver: str = "SGD"
    rms_decay: float = 0.99
    learning_rate: float = 0.01
    policy: Policy = field(default_factory=Policy)
    shuffle: bool = True
    mean: str = "image"
    crop_size: int | None = None
    augmentation: Augmentation = field(default_factory=Augmentation)
    precision: str = "auto"

    def to_json(self) -> dict[str, Any]:
        """JSON types; `options_from_json` reads them back."""
        return asdict(self)

    def with_values(self, **values: Any) -> "Options":
        """A copy with other values."""
        return replace(self, **values)


def options_from_json(value: Mapping[str, Any]) -> Options:
    """What `Options.to_json` gave; raises BadInput where it is something else (a file that was edited)."""
    try:
        values = dict(value)
        policy, augmentation = dict(values.pop("policy")), dict(values.pop("augmentation"))
        parameters = {k: tuple(v) if isinstance(v, list) else v for k, v in policy["parameters"].items()}
        if policy["name"] not in DEFAULTS or values["solver"] not in SOLVERS:
            raise ValueError("unknown policy or solver")
        augmentation["hsv"] = tuple(augmentation["hsv"]) if augmentation.get("hsv") else None
        return Options(**values, policy=Policy(policy["name"], parameters), augmentation=Augmentation(**augmentation))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadInput(
            "The training options cannot be read. Use the solver.json that was written when the model was created, "
            f"or create the model anew. ({type(error).__name__}: {str(error)[:200]})"
        ) from error


def options_from_text(text: str) -> Options:
    """The options in the text of a `solver.json`; raises BadInput."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput("The training options are no JSON; create the model anew.") from error
    return options_from_json(value if isinstance(value, dict) else {})
