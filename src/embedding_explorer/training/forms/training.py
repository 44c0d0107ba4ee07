"""The fields of a model form that say how to train (contract, 5.1 to 5.3 and 5.5)."""

import math
from dataclasses import dataclass
from typing import Any

from embedding_explorer.training.forms.fields import Fields
from embedding_explorer.training.options import FLIPS, MEANS, SOLVERS, TURNS, Augmentation, Options
from embedding_explorer.training.policies import DEFAULTS, Policy

MAX_EPOCHS = 100_000
MAX_BATCH = 65_536
MAX_SEED = 2**63 - 1
# Beyond this a folder of snapshots serves nobody, and fills any disk.
MAX_SNAPSHOTS = 10_000
MAX_PARAMETER = 1e6
MAX_SWEPT = 100  # jobs that one form may make
Shape = tuple[int, int, int]  # of pictures: height, width, channels


@dataclass(frozen=True)
class Swept:
    """Values that make one job per combination (contract, 5.8); `batch_sizes` has None for the network's own."""

    learning_rates: tuple[float, ...]
    batch_sizes: tuple[int | None, ...]


def parse_options(fields: Fields) -> tuple[Options, Swept]:
    """The options of the first combination, and all values that are swept."""
    rates = fields.numbers("learning_rate", (0.01,), 0.0, MAX_PARAMETER)
    sizes: tuple[int | None, ...] = fields.integers("batch_size", 1, MAX_BATCH) or (None,)
    if len(rates) * len(sizes) > MAX_SWEPT:
        many = f"{len(rates)} learning rates with {len(sizes)} batch sizes"
        fields.faults.add("learning_rate", f"At most {MAX_SWEPT} models are made of one form, not {many}.")
    options = Options(
        epochs=fields.integer("train_epochs", 30, 1, MAX_EPOCHS),
        snapshot_interval=fields.number("snapshot_interval", 1.0, 0.0, MAX_PARAMETER),
        val_interval=fields.number("val_interval", 1.0, 0.0, MAX_PARAMETER),
        seed=fields.optional_integer("random_seed", None, 0, MAX_SEED),
        batch_size=sizes[0],
        accumulation=fields.optional_integer("batch_accumulation", None, 1, MAX_BATCH) or 1,
        solver=fields.select("solver_type", "SGD", SOLVERS),
        rms_decay=fields.number("rms_decay", 0.99, 0.0, MAX_PARAMETER),
        learning_rate=rates[0],
        policy=parse_policy(fields),
        shuffle=fields.flag("shuffle", default=True),
        mean=fields.select("use_mean", "image", MEANS),
        crop_size=fields.optional_integer("crop_size", None, 1, 65_535),
        augmentation=parse_augmentation(fields),
    )
    interval = options.snapshot_interval
    if interval and options.epochs / interval > MAX_SNAPSHOTS:
        fields.faults.add("snapshot_interval", f"Gives more than {MAX_SNAPSHOTS} snapshots; make it larger.")
    return options, Swept(rates, sizes)


def check_fit(fields: Fields, options: Options, shape: Shape | None) -> None:
    """Note what cannot be done to pictures of that shape, where it is known."""
    if shape is None:
        return
    height, width, channels = shape
    if options.crop_size is not None and options.crop_size > min(height, width):
        fields.faults.add("crop_size", f"{options.crop_size} is more than the {width}x{height} pictures have.")
    if options.augmentation.hsv and channels != 3:
        fields.faults.add("aug_hsv_use", f"Needs pictures of three channels; those of the dataset have {channels}.")


def parse_policy(fields: Fields) -> Policy:
    """`lr_policy` with the fields of that policy alone."""
    name = fields.select("lr_policy", "step", tuple(DEFAULTS))
    return Policy(name, {key: _parameter(fields, name, key, default) for key, default in DEFAULTS[name].items()})


def _parameter(fields: Fields, policy: str, key: str, default: Any) -> Any:
    name = f"lr_{policy}_{key}"
    if isinstance(default, tuple):
        return fields.numbers(name, default, -MAX_PARAMETER, MAX_PARAMETER)
    value = fields.number(name, default, -MAX_PARAMETER, MAX_PARAMETER)
    if (policy, key) == ("step", "size") and value <= 0:
        fields.faults.add(name, "Must be greater than 0: the rate changes every so many percent of the training.")
    elif key == "gamma" and value < 0:
        fields.faults.add(name, "Must not be negative: rates would be negative or no numbers.")
    return value


def parse_augmentation(fields: Fields) -> Augmentation:
    """The `aug_…` fields."""
    shifts = (("h", 0.02), ("s", 0.04), ("v", 0.06))
    hue, saturation, value = (fields.number(f"aug_hsv_{name}", default, 0.0, 0.5) for name, default in shifts)
    return Augmentation(
        flip=fields.select("aug_flip", "none", FLIPS),
        turn=fields.select("aug_quad_rot", "none", TURNS),
        rotation=fields.integer("aug_rot", 0, 0, 180),
        scale=fields.number("aug_scale", 0.0, 0.0, 1.0),
        noise=fields.number("aug_noise", 0.0, 0.0, 1.0),
        contrast=fields.number("aug_contrast", 0.0, 0.0, 5.0),
        whitening=fields.flag("aug_whitening"),
        hsv=(hue, saturation, value) if fields.flag("aug_hsv_use") else None,
    )


def parse_curves(fields: Fields) -> list[list[Any]]:
    """`visualize-lr` (contract, 5.11): one list per learning rate, its name and the rates at 0 … 100 percent."""
    policy = parse_policy(fields)
    rates = fields.numbers("learning_rate", (0.01,), 0.0, MAX_PARAMETER)
    return [[f"Learning Rate {number}", *policy.curve(rate)] for number, rate in enumerate(rates)]


def shown(value: float) -> str:
    """A swept value as names of jobs show it: whole numbers without a point."""
    return str(int(value)) if math.isfinite(value) and value == int(value) else repr(value)
