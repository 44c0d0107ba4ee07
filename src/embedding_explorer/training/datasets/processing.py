"""The extension `image-processing`: pairs of images with the same base names (contract, 4.9.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

import numpy as np

from embedding_explorer.errors import BadInput, LimitExceeded
from embedding_explorer.training.datasets.bounds import MAX_PAIRS, Bounds
from embedding_explorer.training.datasets.folders import Tell, Walk, walk_images
from embedding_explorer.training.datasets.images import order_of
from embedding_explorer.training.datasets.loading import load_picture
from embedding_explorer.training.datasets.places import Places
from embedding_explorer.training.datasets.recipe import Recipe, Values, plan_of
from embedding_explorer.training.datasets.resizing import Pixels
from embedding_explorer.training.datasets.spec import GenericOptions, Pairs, Processing

Pair = tuple[str, str]


@dataclass(frozen=True)
class PairMaker:
    """Makes the entries of a list of pairs."""

    pairs: Sequence[Pair]
    places: Places
    channels: int | None
    bounds: Bounds

    def __call__(self, line: int) -> Values:
        """See `Recipe.make`."""
        features, labels = (self._load(name) for name in self.pairs[line])
        return features, labels

    def _load(self, name: str) -> Pixels:
        data = self.places.read(name, self.bounds.of_images)
        pixels = np.asarray(load_picture(data, self.channels, self.bounds.max_pixels))
        return pixels.reshape(pixels.shape[0], pixels.shape[1], -1)


def list_pairs(spec: Processing, walk: Walk, seed: Sequence[int], tell: Tell) -> dict[str, list[Pair]]:
    """The pairs of each set; floor(n * pct / 100) of a shuffled list for validation, where it has no folders.

    Raises:
        BadInput: no pair, or files that do not pair.
        LimitExceeded: too many.
    """
    train = _pairs(spec.train, walk, tell)
    if spec.val is not None:
        return {"train": train, "val": _pairs(spec.val, walk, tell)}
    order = np.random.default_rng(seed).permutation(len(train))
    count = len(train) * spec.pct_val // 100
    return {"train": [train[n] for n in order[count:]], "val": [train[n] for n in order[:count]]}


def recipe_of_pairs(
    pairs: Sequence[Pair], spec: Processing, options: GenericOptions, walk: Walk, seed: Sequence[int], *, mean: bool
) -> Recipe:
    """A set of pairs, in random order."""
    encodings = (options.feature_encoding, options.label_encoding)
    return Recipe(
        plan=plan_of("pairs", pairs, spec.channels, encodings, options.same_shape, list(seed), mean),
        order=order_of(len(pairs), seed, shuffled=True),
        make=PairMaker(pairs, walk.places, spec.channels, walk.bounds),
        name=lambda line: pairs[line][0],
        encoding=options.feature_encoding,
        label_encoding=options.label_encoding,
        label_dtype="uint8",
        mean=mean,
        same_shape=options.same_shape,
    )


def _pairs(given: Pairs, walk: Walk, tell: Tell) -> list[Pair]:
    features, labels = (_files(folder, walk, tell) for folder in (given.features, given.labels))
    if len(features) != len(labels) or not features:
        raise BadInput(
            f"{given.features} has {len(features)} images and {given.labels} {len(labels)}. "
            "Both need the same images, one at least: an input and a wanted output of the same name each."
        )
    for feature, label in zip(features, labels, strict=True):
        if PurePath(feature).stem != PurePath(label).stem:
            raise BadInput(f"{feature!r} and {label!r} do not pair: give them the same name, but for the ending.")
    return list(zip(features, labels, strict=True))


def _files(folder: Path, walk: Walk, tell: Tell) -> list[str]:
    files: list[str] = []
    for path in walk_images(folder, walk, tell):
        files.append(path)
        if len(files) > min(MAX_PAIRS, walk.bounds.max_images):
            raise LimitExceeded(f"{folder} has more than {len(files) - 1} images; split the dataset.")
    return sorted(files)
