"""Tasks as answers show them. Results are sent from their files: they may be large, and a page holds a thousand."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from flask import Response, request

from embedding_explorer.api.networks.answers import answer, page_in_pieces, streamed
from embedding_explorer.api.networks.pages import Page
from embedding_explorer.api.wire import read_section
from embedding_explorer.errors import InvalidFields, TaskNotFound
from embedding_explorer.jobs.task_records import INFERENCE, SUCCESS, Task, TaskRecords
from embedding_explorer.numbers import MOST_DIGITS

MAX_IDS = 10_000
WHOLE = re.compile(r"\s*-?[0-9]+\s*")


def one(tasks: TaskRecords, task_id: int) -> Response:
    """One task; raises TaskNotFound."""
    task = tasks.get(task_id)
    if not has_file(task):
        return answer(described(task))
    try:
        size = tasks.result(task.id).stat().st_size
    except FileNotFoundError:  # deleted for its age a moment ago
        raise TaskNotFound(f"There is no task {task_id}.", task=task_id) from None
    head = opening(task)
    return streamed(pieces(tasks, task), len(head) + size + len(CLOSING))


def listed(tasks: TaskRecords) -> Response:
    """The page of tasks that the current request asks for."""
    page, ids = Page.asked_for(), wanted_ids()
    if ids is None:
        return page_of(tasks, page, tasks.count(), tasks.page(page.offset, page.limit))
    known = tasks.known(ids)
    return page_of(tasks, page, len(known), tasks.some(known[page.offset : page.offset + page.limit]))


def page_of(tasks: TaskRecords, page: Page, count: int, found: Sequence[Task]) -> Response:
    """A page, sent piece by piece where results are in it."""
    if not any(map(has_file, found)):
        return answer(page.to_json(count, [described(task) for task in found]))
    return page_in_pieces(page.head(count), (pieces(tasks, task) for task in found))


CLOSING = b"}"


def pieces(tasks: TaskRecords, task: Task) -> Iterator[bytes]:
    """A task as JSON; raises FileNotFoundError before the first piece where its result is gone."""
    if not has_file(task):
        yield json.dumps(described(task)).encode()
        return
    path = tasks.result(task.id)
    data = read_section(path, 0, path.stat().st_size)
    first = next(data, b"")
    yield opening(task) + first
    yield from data
    yield CLOSING


def has_file(task: Task) -> bool:
    """Whether the data of a task are in a file."""
    return task.kind == INFERENCE and task.status == SUCCESS


def described(task: Task) -> dict[str, Any]:
    """A task whose data are in its row, if anywhere."""
    return head_fields(task) | {"data": json.loads(task.data) if task.data else None}


def opening(task: Task) -> bytes:
    """A task up to its data."""
    return json.dumps(head_fields(task)).encode()[:-1] + b', "data": '


def head_fields(task: Task) -> dict[str, Any]:
    """A task without its data."""
    return {
        "id": task.id,
        "status": task.status,
        "error": task.error,
        "date_created": task.date_created,
        "date_updated": task.date_updated,
        "subtasks": None,
    }


def wanted_ids() -> list[int] | None:
    """The ids in the query, each once: repeated, with commas, or as a JSON array. None: not asked for any."""
    texts = request.args.getlist("task_ids")
    if not texts:
        return None
    found = [each for text in texts for each in split_ids(text)]
    if len(found) > MAX_IDS or not all(map(WHOLE.fullmatch, found)):
        raise InvalidFields(
            f"task_ids must be at most {MAX_IDS} whole numbers.", fields={"task_ids": ["must be whole numbers"]}
        )
    # No task has a number below nought, or one of more digits: it is left out like any other that is not there.
    numbers = (each.strip().lstrip("0") or "0" for each in found)
    return list(dict.fromkeys(int(each) for each in numbers if each[0] != "-" and len(each) <= MOST_DIGITS))


def split_ids(text: str) -> list[str]:
    """The ids in one value of the query, as texts."""
    if text.lstrip().startswith("["):
        try:
            values = json.loads(text, parse_int=str)
        except (ValueError, RecursionError):
            return ["?"]
        return [str(value) for value in values]
    return [each for each in text.split(",") if each.strip()]
