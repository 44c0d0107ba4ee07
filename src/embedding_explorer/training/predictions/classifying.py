"""Answers of classifications: one image, a list, the best images of each class (contract, 6.2 to 6.4)."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from embedding_explorer.errors import BadInput
from embedding_explorer.training.predictions.answer import Answer, shown
from embedding_explorer.training.predictions.model import Model
from embedding_explorer.training.predictions.reading import Listed, Reader, batches
from embedding_explorer.training.predictions.visuals import Look, data_address, grid_of, tile_of
from embedding_explorer.training.scores import BestPictures, Tally, best
from embedding_explorer.training.source import Pixels

# A table of more classes is larger than any answer may be.
MAX_CONFUSION = 4000
_TILES_KEPT = 512


def classify_one(model: Model, pixels: Pixels, answer: Answer, look: bool) -> None:
    """The best five classes of one picture uint8 (H, W, C), and with `look` all that happens on the way."""
    model.check_classes()
    if not look:
        return answer.member("predictions", best(model.predictor.run(pixels[None]), model.labels)[0])
    seen = Look(model, pixels)
    answer.member("predictions", best(seen.output[None], model.labels)[0])
    write_look(seen, answer)


def write_look(seen: Look, answer: Answer) -> None:
    """The keys that `show_visualizations` adds."""
    answer.member("image", data_address(seen.pixels))
    answer.array("visualizations", seen.entries())
    answer.member("total_parameters", seen.total)


class Skipped:
    """The images that could not be read, for the end of the answer."""

    def __init__(self) -> None:
        self.entries: list[dict[str, str]] = []

    def __call__(self, line: Listed, reason: str) -> None:
        """Note one."""
        self.entries.append({"path": shown(line.name), "reason": reason})

    def refuse_all(self, read: int) -> None:
        """Raise BadInput where not a single image could be read."""
        if read:
            return
        first = f" The first: {self.entries[0]['path'][:200]}: {self.entries[0]['reason']}." if self.entries else ""
        raise BadInput(f"None of the {len(self.entries)} images of the list can be read.{first}")


def classify_many(model: Model, lines: Iterable[Listed], reader: Reader, answer: Answer) -> None:
    """The best five classes of every image of a list; where it names classes, how well they were recognised.

    Raises BadInput when not a single image can be read.
    """
    model.check_classes()
    labels, skipped, truths = model.labels, Skipped(), dict[str, int]()
    tally, read = Tally(len(labels), MAX_CONFUSION), 0
    answer.open("classifications")
    for items, pixels in batches(lines, lambda line: reader(line.name), skipped):
        scores, read = model.predictor.run(pixels), read + len(items)
        tally.add(scores, [line.label for line in items])
        for line, pairs in zip(items, best(scores, labels), strict=True):
            answer.member(shown(line.name), pairs)
            truths[shown(line.name)] = -1 if line.label is None or line.label >= len(labels) else line.label
    answer.shut()
    skipped.refuse_all(read)
    if any(label >= 0 for label in truths.values()):
        _judge(truths, labels, tally, answer)
    answer.member("skipped", skipped.entries)


def _judge(truths: dict[str, int], labels: list[str], tally: Tally, answer: Answer) -> None:
    answer.member("labels", labels)
    answer.open("ground_truths")
    for name, label in truths.items():
        answer.member(name, labels[label] if label >= 0 else None)
    answer.shut()
    judgement = tally.judgement()
    answer.member("top1_accuracy", judgement.top1_accuracy)
    answer.member("top5_accuracy", judgement.top5_accuracy)
    answer.array("confusion_matrix", (row for row in judgement.confusion_matrix))
    answer.member("per_class_accuracy", judgement.per_class_accuracy)


def top_n(model: Model, lines: Iterable[Listed], reader: Reader, answer: Answer, count: int) -> None:
    """The `count` images of a list with the highest scores for each class, and a picture of them."""
    model.check_classes()
    classes = min(len(model.labels), model.predictor.definition.classes or 0)
    found, skipped, read = BestPictures(classes, count), Skipped(), 0
    for items, pixels in batches(lines, lambda line: reader(line.name), skipped):
        found.add(model.predictor.run(pixels), [line.name for line in items])
        read += len(items)
    skipped.refuse_all(read)
    answer.member("top_n", count)
    answer.array("results", _best_of_each(model.labels[:classes], found, reader))
    answer.member("skipped", skipped.entries)


def _best_of_each(labels: Sequence[str], found: BestPictures, reader: Reader) -> Iterator[dict[str, Any]]:
    tile = lru_cache(_TILES_KEPT)(lambda name: tile_of(reader(name)))
    for label, category in enumerate(labels):
        pairs = found.of(label)
        images = [{"path": shown(name), "confidence": confidence} for name, confidence in pairs]
        sheet = grid_of([tile(name) for name, _ in pairs])
        yield {"category": category, "images": images, "image": data_address(sheet)}
