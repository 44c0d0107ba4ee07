"""The order, laziness and tidiness of batches in flight."""

from collections.abc import Iterator

import numpy as np
import pytest

from embedding_explorer.errors import BadInput
from embedding_explorer.images.decode import InputSpec
from embedding_explorer.networks.base import Features, Pixels
from embedding_explorer.networks.ordered import check_batch, in_order


class Engine:
    """Counts what is started and finished; a feature is the batch's number."""

    def __init__(self) -> None:
        self.started = self.finished = 0

    def start(self, batch: Pixels) -> Pixels:
        self.started += 1
        return batch

    def finish(self, batch: Pixels) -> Features:
        self.finished += 1
        return batch.astype(np.float32)


def numbered(count: int) -> Iterator[Pixels]:
    return (np.full((1, 1), i, np.uint8) for i in range(count))


@pytest.mark.parametrize("count", [0, 1, 2, 3, 10])
def test_results_come_in_the_order_of_the_batches(count: int) -> None:
    engine = Engine()
    results = [int(r[0, 0]) for r in in_order(numbered(count), engine.start, engine.finish, depth=3)]
    assert results == list(range(count))


def test_no_more_than_depth_batches_are_pulled_ahead() -> None:
    engine, pulled = Engine(), []

    def batches() -> Iterator[Pixels]:
        for i, batch in enumerate(numbered(10)):
            pulled.append(i)
            yield batch

    results = in_order(batches(), engine.start, engine.finish, depth=3)
    assert pulled == []
    next(results)
    assert pulled == [0, 1, 2]
    next(results)
    assert pulled == [0, 1, 2, 3]


def test_several_batches_are_in_flight_at_once() -> None:
    engine = Engine()
    next(in_order(numbered(10), engine.start, engine.finish, depth=3))
    assert engine.started == 3


def test_stopping_early_finishes_what_was_started() -> None:
    engine = Engine()
    results = in_order(numbered(10), engine.start, engine.finish, depth=3)
    next(results)
    results.close()  # type: ignore[attr-defined]
    assert engine.finished == engine.started == 3


def test_an_error_of_the_batches_comes_through_once_all_is_finished() -> None:
    engine = Engine()

    def batches() -> Iterator[Pixels]:
        yield from numbered(2)
        raise RuntimeError("decoding broke")

    with pytest.raises(RuntimeError, match="decoding broke"):
        list(in_order(batches(), engine.start, engine.finish, depth=3))
    assert engine.finished == 2


def test_an_error_in_one_batch_still_finishes_the_others() -> None:
    engine = Engine()

    def finish(batch: Pixels) -> Features:
        engine.finish(batch)
        raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError, match="out of memory"):
        list(in_order(numbered(5), engine.start, finish, depth=3))
    assert engine.finished == 3


@pytest.mark.parametrize(
    "batch",
    [
        np.zeros((2, 16, 16, 3), np.uint8),
        np.zeros((2, 3, 32, 32), np.uint8),
        np.zeros((32, 32, 3), np.uint8),
        np.zeros((2, 32, 32, 3), np.float32),
    ],
)
def test_batch_of_another_shape_or_type_is_refused(batch: Pixels) -> None:
    with pytest.raises(BadInput, match="uint8 pictures"):
        check_batch(batch, InputSpec(size=32, resize=32))
