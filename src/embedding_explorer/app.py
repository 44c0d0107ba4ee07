"""The composition root: blueprints, errors and documentation become one application. Nothing else."""

from flask import Flask
from flask_cors import CORS

from embedding_explorer.api import digits, docs, errors, explorer, health, jobs, maps, networks, page, run_logs
from embedding_explorer.api.event_streams import EventStreams
from embedding_explorer.api.networks.answers import failure
from embedding_explorer.api.networks.description import describe as describe_networks
from embedding_explorer.api.run_logs import pages as log_pages
from embedding_explorer.api.run_logs.description import describe as describe_run_logs
from embedding_explorer.jobs.runtime import Runtime

EXPOSED = ["ETag", "Location", "Retry-After", "X-Total", "X-Tilemap-Ids", "X-Dataset-Skipped", "X-Dataset-Total"]


def create_app(runtime: Runtime) -> Flask:
    """The WSGI application of a server."""
    settings = runtime.settings
    app = docs.make_app()
    app.url_map.merge_slashes = False  # an address is the one that was asked for, or none
    metrics = health.Metrics(runtime)
    metrics.install(app)
    most = max(settings.max_upload_bytes, settings.max_network_bytes)
    shapes = (
        (networks.concerns, failure),
        (digits.concerns, digits.failure),
        (run_logs.concerns, run_logs.failure),
    )
    errors.install(app, most, shapes)
    networks.install(app, settings.api_key)
    app.register_api(explorer.make(runtime))
    app.register_api(maps.make(runtime))
    streams = EventStreams(runtime)
    training = digits.Training(runtime, streams)
    app.register_api(jobs.make(runtime, training, streams))
    app.register_api(networks.make(runtime))
    app.register_api(health.make(runtime, metrics))
    app.register_blueprint(training.make())
    app.register_blueprint(run_logs.make(runtime))
    app.register_blueprint(log_pages.make(runtime))
    app.register_blueprint(page.make(other=training.home))
    docs.install(app)
    app.additions = (describe_networks, training.describe, describe_run_logs)
    origins = [origin.strip() for origin in settings.cors_origins.split(",") if origin.strip()]
    CORS(app, origins=origins, send_wildcard="*" in origins, methods=["GET", "HEAD", "OPTIONS"], expose_headers=EXPOSED)
    run_logs.install(app, origins)
    return app
