"""Who asks (contract, 1.4 and 1.5). A name, not a proof: whoever can reach the server may take any."""

import re
from urllib.parse import quote, urlsplit

from flask import Response, request
from werkzeug.exceptions import BadRequest, Forbidden, Unauthorized

from embedding_explorer.api.digits.answers import moved, wants_json
from embedding_explorer.api.digits.fields import Form
from embedding_explorer.jobs.training.records import TrainingJob

COOKIE = "username"
NAME = re.compile(r"[a-z][a-z0-9._-]*")
MAX_NAME = 200
INVALID = "A user name begins with a letter from a to z; letters, digits, dots, underscores and hyphens may follow."


def is_name(text: str) -> bool:
    """Whether this is a user's name."""
    return len(text) <= MAX_NAME and NAME.fullmatch(text) is not None


def user_or_none(form: Form) -> str | None:
    """Who asks: the parameter, else the cookie; raises BadRequest for what is no name."""
    name = form.get("username") or request.cookies.get(COOKIE) or None
    if name is not None and not is_name(name):
        raise BadRequest(INVALID)
    return name


def user_of(form: Form) -> str:
    """Who asks; raises Unauthorized where nobody is named, BadRequest for what is no name."""
    name = user_or_none(form)
    if name is None:
        raise Unauthorized("Say who you are: log in at /login, or send the field username.")
    return name


def may_change(job: TrainingJob, user: str | None) -> bool:
    """Whether a user may change a job; one without an owner may be changed by anybody who has a name."""
    return user is not None and job.username in (None, user)


def check_owner(job: TrainingJob, user: str) -> None:
    """Raise Forbidden unless the user may change the job."""
    if not may_change(job, user):
        raise Forbidden(f"The job belongs to {job.username}; only its owner may do this.")


def asked_to_log_in(form: Form) -> Response | None:
    """For pages that need a user: the way to the login where there is none, Unauthorized where JSON is wanted."""
    if wants_json():
        user_of(form)
    elif user_or_none(form) is None:
        return moved(f"/login?next={quote(request.full_path.rstrip('?'), safe='/')}")
    return None


def inside(address: str | None) -> str | None:
    """The part of an address that lies on this host; None where it leads elsewhere, or is no address."""
    if not address or not address.isprintable() or "\\" in address:
        return None
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    if parts.scheme not in ("", "http", "https") or parts.netloc not in ("", request.host):
        return None
    path = parts.path or "/"
    if not path.startswith("/") or path.startswith("//") or (parts.scheme and not parts.netloc):
        return None
    return path + (f"?{parts.query}" if parts.query else "")
