"""For those who run the server: is it alive, is it ready, and figures for Prometheus."""

import time
from typing import Any

from flask import Flask, Response, g, jsonify, request
from flask_openapi3 import APIBlueprint, Tag
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from embedding_explorer.jobs.runtime import Runtime

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
TAG = Tag(name="health", description="For probes and Prometheus.")


def make(runtime: Runtime, metrics: "Metrics") -> APIBlueprint:
    """The blueprint. None of it is guarded by the busy lock."""
    bp = APIBlueprint("health", __name__, abp_tags=[TAG])

    @bp.get("/health/live", summary="200 while the web process answers")
    def live() -> dict[str, Any]:
        return {"status": "alive"}

    @bp.get("/health/ready", summary="200 when the worker is warm, 503 before")
    def ready() -> Response:
        trouble = runtime.worker.trouble
        if runtime.worker.is_ready():
            return jsonify({"status": "ready"})
        response = jsonify({"status": "unusable" if trouble else "warming up", "error": trouble and trouble.message})
        response.status_code = 503
        return response

    @bp.get("/metrics", summary="Figures for Prometheus")
    def figures() -> Response:
        return Response(metrics.render(), content_type=CONTENT_TYPE_LATEST)

    return bp


class Metrics:
    """Counts of requests, and gauges that are read when asked for."""

    def __init__(self, runtime: Runtime) -> None:
        registry = self.registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self.requests = Counter("explorer_requests_total", "Requests answered", labels, registry=registry)
        self.seconds = Histogram(
            "explorer_request_seconds", "Until the answer's head is ready", ("route",), registry=registry
        )
        gauges: dict[str, tuple[str, Any]] = {
            "explorer_busy": ("1 while a job holds the lock", lambda: runtime.jobs.busy() is not None),
            "explorer_worker_ready": ("1 while the worker is warm", runtime.worker.is_ready),
            "explorer_worker_restarts": ("Workers started after the first", lambda: runtime.worker.restarts),
            "explorer_datasets": ("Datasets", runtime.count),
        }
        for name, (text, read) in gauges.items():
            Gauge(name, text, registry=registry).set_function(read)

    def install(self, app: Flask) -> None:
        """Count every request."""

        @app.before_request
        def begin() -> None:
            g.began = time.perf_counter()

        @app.after_request
        def end(response: Response) -> Response:
            route = request.url_rule.rule if request.url_rule else "none"
            method = request.method if request.method in METHODS else "other"  # clients may make up any number of them
            self.requests.labels(method, route, response.status_code).inc()
            self.seconds.labels(route).observe(time.perf_counter() - g.began)
            return response

    def render(self) -> bytes:
        """The Prometheus text format."""
        return generate_latest(self.registry)
