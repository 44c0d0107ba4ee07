"""The composition root: blueprints, errors and documentation become one application. Nothing else."""

from flask import Flask

from embedding_explorer.api import (
    bodies,
    cors,
    digits,
    docs,
    errors,
    explorer,
    health,
    jobs,
    maps,
    networks,
    page,
    run_logs,
)
from embedding_explorer.api.event_streams import EventStreams
from embedding_explorer.api.explorer.description import describe as describe_explorer
from embedding_explorer.api.networks.answers import failure
from embedding_explorer.api.networks.description import describe as describe_networks
from embedding_explorer.api.run_logs import pages as log_pages
from embedding_explorer.api.run_logs.description import describe as describe_run_logs
from embedding_explorer.jobs.runtime import Runtime


def create_app(runtime: Runtime) -> Flask:
    """The WSGI application of a server."""
    settings = runtime.settings
    most = max(settings.max_upload_bytes, settings.max_network_bytes)
    app = docs.make_app(most)
    app.url_map.merge_slashes = False  # an address is the one that was asked for, or none
    metrics = health.Metrics(runtime)
    metrics.install(app)
    shapes = (
        (networks.concerns, failure),
        (digits.concerns, digits.failure),
        (run_logs.concerns, run_logs.failure),
    )
    bodies.install(app, settings.web_threads)
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
    app.additions = (describe_explorer, describe_networks, training.describe, describe_run_logs)
    origins = [origin.strip() for origin in settings.cors_origins.split(",") if origin.strip()]
    cors.install(app, origins)
    run_logs.install(app, origins)
    return app
