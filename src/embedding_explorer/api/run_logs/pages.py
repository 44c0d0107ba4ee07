"""The pages of run logs: shells with what can be said without any script, for scripts to fill."""

from html import escape
from urllib.parse import quote

from flask import Blueprint, Response

from embedding_explorer.api.page import HEADERS, POLICY
from embedding_explorer.api.wire import REVALIDATE
from embedding_explorer.errors import NotFound
from embedding_explorer.jobs.runtime import Runtime
from embedding_explorer.runs.listing import Listing, listing

# Sounds are played from the API of this server.
PAGE_HEADERS = {
    **HEADERS,
    "Content-Security-Policy": f"{POLICY}; media-src 'self'",
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": REVALIDATE,
}
TITLE = "Run logs"
SHELL = (
    '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    '<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">\n'
    '<meta name="color-scheme" content="light dark">\n'
    "<title>{title}</title>\n"
    '<link rel="icon" href="/web/icon.svg" type="image/svg+xml">\n'
    '<link rel="stylesheet" href="/web/style/base.css">\n'
    '<link rel="stylesheet" href="/web/charts/style.css">\n'
    '<link rel="stylesheet" href="/web/logs/style.css">\n'
    '<script src="/web/ui/theme.js"></script>\n'
    '<script type="module" src="/web/logs/main.js"></script>\n</head>\n<body>\n'
    '<nav><a href="/">Map</a> <a href="/logs">Run logs</a></nav>\n'
    '<main id="app" data-user="{user}" data-job="{job}" data-whole="{whole}">\n<h1>{title}</h1>\n{inner}</main>\n'
    "<noscript><p>The charts are drawn by JavaScript, which is switched off here.</p></noscript>\n</body>\n</html>\n"
)
NONE = (
    '<p>There are no run logs yet. <a href="/training">Train a network</a> and watch its curves here, or put folders '
    "with event files under the log root (EXPLORER_LOGS_ROOT, or <code>runs</code> in the data folder).</p>\n"
)


def make(runtime: Runtime) -> Blueprint:
    """The blueprint. None of it is guarded by the busy lock, and none of it is part of the described API."""
    bp = Blueprint("log_pages", __name__)

    @bp.get("/logs")
    def home() -> Response:
        return page(TITLE, links(listing(runtime.settings)))

    @bp.get("/logs/<path:name>", merge_slashes=False)
    def dataset(name: str) -> Response:
        user, slash, job = name.partition("/")
        if not (user and slash and job) or "/" in job:
            raise NotFound("A page of run logs is /logs, or /logs/<user>/<job>.")
        return page(f"{user} / {job}", links(listing(runtime.settings)), user=user, job=job)

    return bp


def page(title: str, found: tuple[str, bool], *, user: str = "", job: str = "") -> Response:
    """A whole page; texts are escaped here."""
    inner, whole = found
    texts = {"title": escape(title), "user": escape(user), "job": escape(job), "whole": "yes" if whole else "no"}
    return Response(SHELL.format(**texts, inner=inner), headers=PAGE_HEADERS)


def links(found: Listing) -> tuple[str, bool]:
    """The list of datasets as markup, and whether the log root is itself one."""
    rows = (
        f'<li><a href="/logs/{quote(user, safe="")}/{quote(job, safe="")}">{escape(user)} / {escape(job)}</a></li>\n'
        for user, job in found.datasets
    )
    listed = f'<ul id="datasets">\n{"".join(rows)}</ul>\n'
    return (listed if found.datasets or found.whole else NONE + listed), found.whole
