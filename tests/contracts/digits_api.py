"""A user of the training API who has `requests` and nothing else."""

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import requests

from tests.conftest import encoded, picture
from tests.servers import Server

ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{4}")
UNKNOWN = "20200101-000000-abcd"
USER, OTHER = "alice", "bob"
ENDED = ("Done", "Aborted", "Error")
COLOURS = {"red_things": (220, 30, 30), "green_things": (30, 220, 30)}
TINY = '{"layers": [{"type": "scale", "factor": 0.004}, {"type": "flatten"}, {"type": "linear", "out_features": 2}]}'
IMAGE_FIELDS = {"resize_width": "16", "resize_height": "16", "resize_channels": "3"}
CLASSES, GENERIC = "/datasets/images/classification", "/datasets/generic/create/image-gradients"
CLASS_MODEL, GENERIC_MODEL = "/models/images/classification", "/models/images/generic"
EXPLORER_CLASSES = "/datasets/images/classification/explore"


def refuse(name: str) -> None:
    """Fail for what Python's parser takes and others do not."""
    raise AssertionError(f"{name} is no JSON")


class Digits:
    """The addresses of a server as one user sees them; redirects are looked at, not followed."""

    def __init__(self, server: Server, user: str | None = USER) -> None:
        self.server, self.user = server, user
        self.session = requests.Session()
        if user:
            self.session.cookies.set("username", user)

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        """A request."""
        return self.session.request(method, self.server.url + path, timeout=60, allow_redirects=False, **more)

    def get(self, path: str, **more: Any) -> requests.Response:
        return self.call("GET", path, **more)

    def post(self, path: str, data: Any = None, **more: Any) -> requests.Response:
        return self.call("POST", path, data=data, **more)

    def json(self, path: str, **more: Any) -> Any:
        """What a path answers, with 200."""
        answer = self.get(path, **more)
        assert answer.status_code == 200, (path, answer.status_code, answer.text)
        assert answer.headers["Content-Type"].startswith("application/json")
        return json.loads(answer.content, parse_constant=refuse)

    def created(self, path: str, **fields: Any) -> dict[str, Any]:
        """A new job."""
        answer = self.post(f"{path}.json", fields)
        assert answer.status_code == 200, (answer.status_code, answer.text)
        made: dict[str, Any] = answer.json()
        return made

    def status(self, id: str) -> str:
        """The state of a job."""
        state: str = self.json(f"/jobs/{id}/status")["status"]
        return state

    def wait(self, id: str, *states: str, seconds: float = 600) -> str:
        """The state of a job once it is one of these; by default once it has ended."""
        deadline = time.monotonic() + seconds
        while (state := self.status(id)) not in (states or ENDED):
            assert time.monotonic() < deadline, (id, state, self.get(f"/jobs/{id}.json").text)
            assert states or state not in ENDED
            time.sleep(0.1)
        return state

    def done(self, id: str, seconds: float = 600) -> str:
        """A job, once it has ended well."""
        assert self.wait(id, seconds=seconds) == "Done", self.get(f"/jobs/{id}.json").text
        return id

    def gradients(self, **fields: Any) -> str:
        """A small generic dataset, not waited for."""
        few = {"dataset_name": "Slopes", "train_image_count": "24", "val_image_count": "8"}
        id: str = self.created(GENERIC, **few | fields)["id"]
        return id

    def classes(self, folder: Path, **fields: Any) -> str:
        """A classification dataset of a folder, not waited for."""
        given = {"dataset_name": "Colours", "folder_train": str(folder), **IMAGE_FIELDS} | fields
        id: str = self.created(CLASSES, **given)["id"]
        return id

    def training(self, dataset: str, **fields: Any) -> str:
        """A tiny model on gradients, not waited for."""
        given = {"model_name": "Tiny", "dataset": dataset, "method": "custom", "custom_network": TINY}
        id: str = self.created(GENERIC_MODEL, **given | {"train_epochs": "2"} | fields)["id"]
        return id

    def delete_only(self, *names: str) -> None:
        """Delete the models whose names begin so."""
        models = self.json("/index.json")["models"]
        ids = [job["id"] for job in models if job["name"].startswith(names)]
        assert ids and self.call("DELETE", "/jobs", data={"job_ids[]": ids}).status_code == 200


def write_colours(folder: Path, each: int = 12) -> Path:
    """Folders of red and of green pictures."""
    for label, colour in COLOURS.items():
        (folder / label).mkdir(parents=True)
        for n in range(each):
            (folder / label / f"{n:03d}.png").write_bytes(encoded(picture(colour, (20 + n, 16), n)))
    return folder


def check_error(answer: requests.Response, status: int, kind: str) -> str:
    """An error of the second shape; its description."""
    assert answer.status_code == status, (answer.status_code, answer.text)
    assert answer.headers["Content-Type"].startswith("application/json")
    error = answer.json()["error"]
    assert error["type"] == kind and isinstance(error["message"], str) and error["description"]
    assert "trace" not in error and "Traceback" not in answer.text
    described: str = error["description"]
    return described


def check_refused(answer: requests.Response, *fields: str) -> Mapping[str, Sequence[str]]:
    """An error of the first shape, for exactly these fields; its reasons."""
    assert answer.status_code == 400, (answer.status_code, answer.text)
    errors: dict[str, list[str]] = answer.json()["errors"]
    assert set(errors) == set(fields), errors
    assert all(texts and all(isinstance(text, str) and text for text in texts) for texts in errors.values())
    return errors


def events(answer: requests.Response) -> Iterator[tuple[str, str]]:
    """Name and data of server-sent events, one after the other."""
    name = ""
    for line in answer.iter_lines(chunk_size=1, decode_unicode=True):
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, line.removeprefix("data: ")
