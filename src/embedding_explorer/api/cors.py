"""Which pages of other origins may read this server's answers."""

from collections.abc import Sequence

from flask import Flask, Response
from flask_cors import CORS

EXPOSED = ["ETag", "Location", "Retry-After", "X-Total", "X-Tilemap-Ids", "X-Dataset-Skipped", "X-Dataset-Total"]


def install(app: Flask, origins: Sequence[str]) -> None:
    """Let pages of these origins read; `*` stands for all."""
    everybody = "*" in origins
    CORS(app, origins=origins, send_wildcard=everybody, methods=["GET", "HEAD", "OPTIONS"], expose_headers=EXPOSED)
    if everybody:
        return

    @app.after_request
    def vary(response: Response) -> Response:
        # Some answers may be kept for ever, by caches that many origins share.
        response.vary.add("Origin")
        return response
