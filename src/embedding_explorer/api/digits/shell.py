"""The HTML of the training pages: what is there without any script, and where the scripts find their place."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape

HEAD = (
    '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    "<title>{title}</title>\n"
    '<link rel="icon" href="/web/icon.svg">\n'
    '<link rel="stylesheet" href="/web/style/base.css">\n'
    '<link rel="stylesheet" href="/web/charts/style.css">\n'
    '<link rel="stylesheet" href="/web/training/style.css">\n'
    '<script src="/web/ui/theme.js"></script>\n'
    '<script type="module" src="/web/training/main.js"></script>\n</head>\n<body>\n'
)
NAVIGATION = '<nav><a href="/training">Training</a> <a href="/">Map</a> <a href="/login">Log in</a></nav>\n'


def page(title: str, inner: str = "", *, page: str, job: str = "", data: Mapping[str, str] | None = None) -> str:
    """A whole page.

    Args:
        title: text, escaped here, as are the values of all attributes.
        inner: markup, escaped by whoever made it.
        page: what scripts make of it.
        job: id of the job that it shows.
        data: more `data-…` attributes of `main`.
    """
    attributes = {"page": page, "job": job} | dict(data or {})
    shown = "".join(f' data-{name}="{escape(value)}"' for name, value in attributes.items())
    body = f'<main id="app"{shown}>\n<h1>{escape(title)}</h1>\n{inner}</main>\n</body>\n</html>\n'
    return HEAD.format(title=escape(title)) + NAVIGATION + body


def facts(rows: Iterable[tuple[str, object]]) -> str:
    """Names with their values; those without one are left out."""
    shown = (
        f"<dt>{escape(name)}</dt><dd>{escape(str(value))}</dd>\n" for name, value in rows if value not in (None, "")
    )
    return f"<dl>\n{''.join(shown)}</dl>\n"


def links(rows: Iterable[tuple[str, str]]) -> str:
    """A list of (address, text)."""
    shown = "".join(f'<li><a href="{escape(address)}">{escape(text)}</a></li>\n' for address, text in rows)
    return f"<ul>\n{shown}</ul>\n"


def reasons(fields: Mapping[str, Sequence[str]]) -> str:
    """What is wrong with a form."""
    return facts((name, " ".join(texts)) for name, texts in fields.items())


def form_page(name: str, fields: Mapping[str, Sequence[str]]) -> str:
    """The page of a form that was refused."""
    inner = f'<section class="errors" role="alert">\n{reasons(fields)}</section>\n'
    return page("This cannot be created yet", inner, page=name)


def error_page(status: int, text: str) -> str:
    """The page of an error."""
    return page(f"Error {status}", f'<p role="alert">{escape(text)}</p>\n', page="error")


def login_page(following: str = "", reason: str = "") -> str:
    """A form with one text field."""
    alert = f'<p role="alert">{escape(reason)}</p>\n' if reason else ""
    form = (
        '<form method="post" action="/login">\n'
        f'<input type="hidden" name="next" value="{escape(following)}">\n'
        '<label>Name <input name="username" required maxlength="200" pattern="[a-z][a-z0-9._\\-]*" autofocus></label>\n'
        "<button>Log in</button>\n</form>\n"
        "<p>A name is a convenience: it says whose jobs are whose, and protects nothing.</p>\n"
    )
    return page("Log in", alert + form, page="login")
