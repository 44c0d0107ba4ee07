"""What can be done to any job, whatever it makes (contract, 3.4 to 3.10)."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from flask import Response, request
from werkzeug.exceptions import BadRequest

from embedding_explorer.api.digits.answers import answer, line, moved, wants_json
from embedding_explorer.api.digits.clones import clone_of, new_page_of
from embedding_explorer.api.digits.details import Details
from embedding_explorer.api.digits.fields import Form, read_form
from embedding_explorer.api.digits.identity import asked_to_log_in, check_owner, may_change, user_of, user_or_none
from embedding_explorer.api.digits.routes import ID, Field, Route
from embedding_explorer.errors import ExplorerError, JobNotFound
from embedding_explorer.jobs.runtime import Runtime
from embedding_explorer.jobs.training.records import TrainingJob

FAMILIES = ("jobs", "datasets", "models", "pretrained_models")
MAX_NAME, MAX_NOTES, MAX_GROUP = 1000, 100_000, 1000
USER = Field("username", text="Who asks, where there is no cookie.")
IDS = Field("job_ids[]", text="Ids of jobs.", repeated=True, required=True)


class Jobs:
    """Routes for single jobs and for many."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    def routes(self) -> list[Route]:
        """All of them."""
        changes = (Field("job_name"), Field("job_notes", text="Blank: none any more."), USER)
        group = (Field("group_name", text="Blank: out of all groups.", required=True), IDS, USER)
        several = (IDS, USER)
        return [
            *(
                Route("GET", f"/{family}/<string(maxlength=200):id>/status", self.status, "The state of a job")
                for family in FAMILIES
            ),
            *(Route("DELETE", f"/{family}/{ID}", self.delete, "Delete a job", fields=(USER,)) for family in FAMILIES),
            Route("PUT", f"/jobs/{ID}", self.edit, "Rename a job, or note something", fields=changes),
            Route("DELETE", "/jobs", self.delete_many, "Delete several jobs", fields=several),
            *(
                Route("POST", f"/{family}/{ID}/abort", self.abort, "End a job", fields=(USER,))
                for family in FAMILIES[1:]
            ),
            Route("POST", "/abort_jobs", self.abort_many, "End several jobs", fields=several),
            Route("GET POST", "/group", self.group, "Put jobs into a group", fields=group),
            Route("GET POST", f"/clone/{ID}", self.clone, "The form of a job, to make another like it", "both"),
            Route("POST", f"/jobs/{ID}/resume", self.resume, "Go on with an aborted or failed job", fields=(USER,)),
        ]

    def status(self, id: str) -> Response:
        """Always 200 (contract, 3.4)."""
        try:
            job = self.runtime.training.get(id)
        except JobNotFound:
            return answer({"error": "Job not found."})
        return answer({"error": None, "status": str(job.state), "name": job.name, "type": str(job.type)})

    def edit(self, id: str) -> Response:
        """New name, new notes."""
        form = read_form(self.runtime.settings)
        job = self._owned(id, form)
        name, notes = form.get("job_name"), form.get("job_notes")
        if name is not None and not name.strip():
            raise BadRequest("job_name must not be blank.")
        for field, value, most in (("job_name", name, MAX_NAME), ("job_notes", notes, MAX_NOTES)):
            if value is not None and len(value) > most:
                raise BadRequest(f"{field} has {len(value)} characters; at most {most} are allowed.")
        if notes is not None and not notes.strip():
            notes = ""
        self.runtime.training.edit(id, name=name and name.strip(), notes=notes)
        return line(f"{job.type} updated.")

    def delete(self, id: str) -> Response:
        """End it, then remove it."""
        self._owned(id, read_form(self.runtime.settings))
        self.runtime.training.delete(id)
        return line("Job deleted.")

    def abort(self, id: str) -> Response:
        """End it."""
        self._owned(id, read_form(self.runtime.settings))
        self.runtime.training.abort(id)
        return line("Job aborted.")

    def resume(self, id: str) -> Response:
        """Queue it again."""
        self._owned(id, read_form(self.runtime.settings))
        self.runtime.training.resume(id)
        return line("Job resumed.")

    def delete_many(self) -> Response:
        """Models before the datasets that they are on."""
        form = read_form(self.runtime.settings)
        return self._many(form, user_of(form), self.runtime.training.delete, "deleted")

    def abort_many(self) -> Response:
        """End all of them."""
        form = read_form(self.runtime.settings)
        return self._many(form, user_of(form), self.runtime.training.abort, "aborted")

    def group(self) -> Response:
        """Whoever has no name may change none of them (contract, 1.5)."""
        form = read_form(self.runtime.settings)
        name = form.get("group_name")
        if name is None:
            raise BadRequest("The field group_name is required.")
        if len(name) > MAX_GROUP:
            raise BadRequest(f"group_name has {len(name)} characters; at most {MAX_GROUP} are allowed.")
        group = name.strip()
        return self._many(form, user_or_none(form), lambda id: self.runtime.training.regroup(id, group), "regrouped")

    def clone(self, id: str) -> Response:
        """The form, or the page that shows it."""
        refused = asked_to_log_in(read_form(self.runtime.settings))
        if refused is not None:
            return refused
        job = self.runtime.training.get(id)
        cloned = clone_of(job)
        return answer(cloned) if wants_json() else moved(f"{new_page_of(job)}?clone={id}")

    def show(self, id: str) -> Response:
        """The detailed JSON, or the way to its page."""
        job = self.runtime.training.get(id)
        if wants_json():
            return answer(Details(self.runtime.training).of(job))
        return moved(f"/{job.family}s/{id}")

    def _owned(self, id: str, form: Form) -> TrainingJob:
        job = self.runtime.training.get(id)
        check_owner(job, user_of(form))
        return job

    def _many(self, form: Form, user: str | None, change: Callable[[str], Any], done: str) -> Response:
        """Change all that can be changed; raises BadRequest with counts of the others."""
        ids = list(dict.fromkeys(form.all("job_ids[]") or request.args.getlist("job_ids[]")))
        if not ids:
            raise BadRequest("The field job_ids[] is required: one id or several.")
        counts = Counter(self._change(id, user, change) for id in self._models_first(ids))
        if counts[""] == len(ids):
            return line(f"Jobs {done}.")
        told = "; ".join(f"{counts[kind]} {kind}" for kind in ("not found", "not permitted", "failed") if counts[kind])
        raise BadRequest(f"{counts['']} of {len(ids)} jobs {done}: {told}.")

    def _models_first(self, ids: Sequence[str]) -> list[str]:
        datasets = {job.id for job in self.runtime.training.list("dataset")}
        return sorted(ids, key=lambda id: id in datasets)

    def _change(self, id: str, user: str | None, change: Callable[[str], Any]) -> str:
        """Empty when it went well, else the reason."""
        try:
            if not may_change(self.runtime.training.get(id), user):
                return "not permitted"
            change(id)
        except JobNotFound:
            return "not found"
        except ExplorerError:
            return "failed"
        return ""
