"""Two datasets of the same pictures, compared: how far they agree, and which row of one is which of the other."""

from functools import partial
from typing import Any

from flask import Response
from flask_openapi3 import APIBlueprint

from embedding_explorer.api.explorer.models import Error
from embedding_explorer.api.maps.models import AgreementAnswer, AgreementQuery, PairPath
from embedding_explorer.api.wire import (
    BINARY,
    FOR_EVER,
    REVALIDATE,
    ResponseCache,
    etag_of,
    json_answer,
    not_modified,
    tagged,
)
from embedding_explorer.datasets.agreement import VERSION, Agreement, agreement
from embedding_explorer.datasets.dataset import Dataset
from embedding_explorer.datasets.matching import Rows, matches
from embedding_explorer.jobs.runtime import Runtime

REFUSALS: dict[Any, Any] = {400: Error, 404: Error, 409: Error}
MOST_BYTES = 256 << 20  # disk space for agreements: a few bytes an image


def add_routes(bp: APIBlueprint, runtime: Runtime, cache: ResponseCache) -> None:
    """Agreement, its column, and matches."""
    store = runtime.store
    # Of its own, with one maker: pictures need not wait while this computes for seconds.
    kept = ResponseCache(runtime.settings.data / "cache" / "agreement", MOST_BYTES)

    @bp.get(
        "/maps/<a>/agreement/<b>",
        responses={200: AgreementAnswer, **REFUSALS},
        summary="How far two datasets of the same pictures agree",
    )
    def agreement_of(path: PairPath, query: AgreementQuery) -> Response:
        found = known(kept, store.get(path.a), store.get(path.b), query.k)
        return json_answer(found.figures, freshness_of(path))

    @bp.get(
        "/maps/<a>/agreement/<b>/overlap",
        responses=REFUSALS,
        summary="Of each image, the share of its neighbours that it has in both: float32",
    )
    def overlap_of(path: PairPath, query: AgreementQuery) -> Response:
        found = known(kept, store.get(path.a), store.get(path.b), query.k)
        body, keep = found.overlap.astype("<f4").tobytes(), freshness_of(path)
        etag = etag_of(body)
        return not_modified(etag, keep) or tagged(Response(body, mimetype=BINARY), etag, keep)

    @bp.get(
        "/maps/<a>/matches/<b>",
        responses=REFUSALS,
        summary="Of each image, the row of the other dataset with the same picture: uint32, 0xFFFFFFFF for none",
    )
    def matches_of(path: PairPath) -> Response:
        a, b = store.get(path.a), store.get(path.b)
        make = partial(packed, a, b)
        return kept.answer(("matches", *parts(a, b)), BINARY, make, freshness_of(path), owner=owner(a, b))


def known(cache: ResponseCache, a: Dataset, b: Dataset, k: int) -> Agreement:
    """The agreement of two datasets, computed when it is asked for the first time."""
    path = cache.kept_file(
        etag_of("agreement", *parts(a, b), k), lambda path: agreement(a, b, k).write(path), owner(a, b)
    )
    return Agreement.read(path)


def packed(a: Dataset, b: Dataset) -> bytes:
    """Matching rows, little-endian."""
    rows: Rows = matches(a, b)
    return rows.astype("<u4").tobytes()


def parts(a: Dataset, b: Dataset) -> tuple[object, ...]:
    """What determines all that is computed of a pair."""
    return (VERSION, a.id, a.manifest.created, b.id, b.manifest.created)


def owner(a: Dataset, b: Dataset) -> str:
    """Folder of what is kept of a pair: it goes with either dataset, as its name holds both ids."""
    return f"{a.id}-{b.id}"


def freshness_of(path: PairPath) -> str:
    """How long an answer may be kept: for ever, unless one was asked for by `main`."""
    return REVALIDATE if "main" in (path.a, path.b) else FOR_EVER
