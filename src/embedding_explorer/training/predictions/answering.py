"""The kinds of answers by name, each with what it takes: the seam between requests and models."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embedding_explorer.errors import BadInput, LimitExceeded, UnreadableImage
from embedding_explorer.training.datasets.bounds import Bounds
from embedding_explorer.training.datasets.places import Places
from embedding_explorer.training.predictions import classifying, inferring
from embedding_explorer.training.predictions.answer import Answer
from embedding_explorer.training.predictions.model import Model
from embedding_explorer.training.predictions.reading import Listed, Reader, listed
from embedding_explorer.training.source import Pixels


@dataclass(frozen=True)
class Request:
    """What all kinds of answers need.

    Attributes:
        places: where images may lie.
        max_pixels: most of an image's file.
        max_bytes: of the answer.
        result: the file that it is written to.
    """

    places: Places
    max_pixels: int
    max_bytes: int
    result: Path

    def answer(self) -> Answer:
        """The file, open."""
        return Answer(self.result, self.max_bytes)

    def reader(self, model: Model, resize: bool = True) -> Reader:
        """What prepares pictures."""
        return model.reader(self.places, self.max_pixels, resize)

    def picture(self, image: str, model: Model, resize: bool = True) -> Pixels:
        """The pixels (H, W, C) of the only image of a request; raises BadInput, LimitExceeded."""
        try:
            return self.reader(model, resize)(image)
        except UnreadableImage as error:
            reason = error.message.removesuffix(".")
            raise BadInput(f"The image cannot be read: {reason}.") from error
        except LimitExceeded as error:
            raise LimitExceeded(error.message.replace(image, Path(image).name), **error.facts) from error


def _lines(list: str, folder: str, most: int | None) -> Iterator[Listed]:
    return listed(Path(list), folder, most, Bounds())


def classify_one(model: Model, request: Request, *, image: str, look: bool) -> None:
    """See 6.2."""
    with request.answer() as answer:
        classifying.classify_one(model, request.picture(image, model), answer, look)


def classify_many(model: Model, request: Request, *, list: str, folder: str, most: int | None) -> None:
    """See 6.3."""
    with request.answer() as answer:
        classifying.classify_many(model, _lines(list, folder, most), request.reader(model), answer)


def top_n(model: Model, request: Request, *, list: str, folder: str, most: int | None, count: int) -> None:
    """See 6.4."""
    with request.answer() as answer:
        classifying.top_n(model, _lines(list, folder, most), request.reader(model), answer, count)


def infer_one(model: Model, request: Request, *, image: str, look: bool, resize: bool) -> None:
    """See 6.5."""
    with request.answer() as answer:
        inferring.infer_one(model, request.picture(image, model, resize), answer, look)


def infer_many(model: Model, request: Request, *, list: str, folder: str, most: int | None, resize: bool) -> None:
    """See 6.6."""
    with request.answer() as answer:
        inferring.infer_many(model, _lines(list, folder, most), request.reader(model, resize), answer)


def infer_stored(model: Model, request: Request, *, dataset: str, set: str, resize: bool) -> None:
    """See 6.7."""
    with request.answer() as answer:
        inferring.infer_stored(model, Path(dataset), set, request.reader(model, resize), answer)


def infer_gradients(model: Model, request: Request, *, slopes: Sequence[float] | None, count: int, look: bool) -> None:
    """See 6.8."""
    with request.answer() as answer:
        inferring.infer_gradients(model, slopes, count, request.reader(model), answer, look)


KINDS: dict[str, Callable[..., Any]] = {
    each.__name__: each
    for each in (classify_one, classify_many, top_n, infer_one, infer_many, infer_stored, infer_gradients)
}
