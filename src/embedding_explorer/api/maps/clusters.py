"""Finding clusters: a job whose result is a column."""

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint

from embedding_explorer.api.bodies import receive_json
from embedding_explorer.api.explorer.models import BusyError, Error, HashPath, JobStarted
from embedding_explorer.api.maps.manifest import column_json
from embedding_explorer.api.maps.models import ClustersRequest, ColumnMade
from embedding_explorer.api.wire import ResponseCache
from embedding_explorer.datasets.clusters import known_clusters, least_size
from embedding_explorer.jobs.records import Job
from embedding_explorer.jobs.runtime import Runtime

MOST_JSON = 4096  # bytes of the request
KIND = "clusters"


def add_routes(bp: APIBlueprint, runtime: Runtime, cache: ResponseCache) -> None:
    """Clusters."""

    @bp.post(
        "/maps/<hash>/clusters",
        responses={200: ColumnMade, 202: JobStarted, 400: Error, 404: Error, 409: Error, 503: BusyError},
        summary="Find clusters of the features: a job; 200 with the column where these are known",
    )
    def clusters(path: HashPath) -> Response:
        dataset = runtime.store.get(path.hash)
        body = receive_json(ClustersRequest, stall=runtime.settings.upload_stall_seconds, most=MOST_JSON)
        least = least_size(dataset, body.min_cluster_size)
        column = known_clusters(dataset, least)
        if column is not None:
            return jsonify({"column": column_json(dataset, column)})
        job = runtime.jobs.begin(KIND, dataset.manifest.name)
        runtime.jobs.start(job, "cluster", {"dataset": dataset.id, "least": least})
        return started(job)


def started(job: Job) -> Response:
    """202 with the job."""
    response = jsonify({"job": job.to_json()})
    response.status_code = 202
    response.headers["Location"] = f"/jobs/{job.id}.json"
    return response
