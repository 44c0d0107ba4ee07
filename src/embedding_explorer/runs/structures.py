"""Endpoints of embeddings, tensors, graphs, hyper-parameters and the secondary ones of the contract's chapter 9."""

import threading
from collections.abc import Callable
from functools import wraps

from embedding_explorer.runs import patience
from embedding_explorer.runs.attention import transformer_image, transformer_text
from embedding_explorer.runs.exceptions import exception, exception_box, exception_data, exception_hist
from embedding_explorer.runs.featuremaps import featuremap
from embedding_explorer.runs.graphs import graph
from embedding_explorer.runs.hparams import hyperparm
from embedding_explorer.runs.pictures_and_sounds import text
from embedding_explorer.runs.projections import projector, projector_raw, projector_rows, projector_sample
from embedding_explorer.runs.states import state, state_select

Endpoint = Callable[..., object]
AT_ONCE = 2  # answers that are made of whole tensors or texts: each may take gigabytes
_TURNS = threading.BoundedSemaphore(AT_ONCE)


def in_turn(endpoint: Endpoint) -> Endpoint:
    """The endpoint, waiting while as many as may are at work; raises TooManyTasks where that takes too long."""

    @wraps(endpoint)
    def waiting(*logs: object, **arguments: object) -> object:
        patience.take(_TURNS)
        try:
            return endpoint(*logs, **arguments)
        finally:
            _TURNS.release()

    return waiting


ENDPOINTS: dict[str, Endpoint] = {
    each.__name__: in_turn(each)
    for each in (
        projector,
        projector_raw,
        projector_rows,
        projector_sample,
        graph,
        exception,
        exception_data,
        exception_hist,
        exception_box,
        hyperparm,
        featuremap,
        transformer_text,
        transformer_image,
        state,
        state_select,
        text,
    )
}
