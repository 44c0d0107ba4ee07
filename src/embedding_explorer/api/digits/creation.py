"""What all routes that create jobs do first: the busy answer, a draft, the form with its files, the user, the clone."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flask import Response, g

from embedding_explorer.api.digits.answers import answer, moved, wants_json
from embedding_explorer.api.digits.clones import with_clone
from embedding_explorer.api.digits.details import brief
from embedding_explorer.api.digits.fields import Form, Values, received
from embedding_explorer.api.digits.forms import known_values
from embedding_explorer.api.digits.identity import user_of
from embedding_explorer.jobs.runtime import Runtime
from embedding_explorer.jobs.training.records import Draft, JobType, State, TrainingJob


@dataclass(frozen=True)
class Creation:
    """A request that creates a job."""

    draft: Draft
    form: Form
    user: str
    values: Values


@contextmanager
def creating(runtime: Runtime, page: str, type: JobType, extension: str = "") -> Iterator[Creation]:
    """A request that creates a job of some type. InvalidFields raised inside is answered as the form's errors.

    Args:
        page: the page that shows the form again.

    Raises:
        Busy: a dataset upload has the lock; nothing of the body is read then.
        Unauthorized, BadRequest: of the user. JobNotFound: the job to be cloned. And as `received`.
    """
    service = runtime.training
    service.check_free()
    with service.drafting() as draft, received(runtime.settings, draft.uploads) as form:
        user, values = user_of(form), form.values()
        if clone := form.get("clone"):
            values = with_clone(values, service.get(clone), type, extension)
        g.form_page = page
        yield Creation(draft, form, user, known_values(values, type))


def created_dataset(job: TrainingJob) -> Response:
    """The answer of a route that creates datasets; their work begins a little later."""
    if not wants_json():
        return moved(f"/datasets/{job.id}")
    return answer(brief(job) | {"status": str(State.INITIALIZED)})
