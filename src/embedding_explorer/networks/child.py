"""Short-lived child processes for what needs torch once, so that the calling process never holds it in memory."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from embedding_explorer import errors
from embedding_explorer.processes import die_with_parent

TIMEOUT = 3600.0  # seconds; ResNet-50 takes under a minute, this only ends a hang
TASKS = {
    "convert": "embedding_explorer.networks.conversion",
    "quantise": "embedding_explorer.networks.int8",
}


def run(task: str, request: dict[str, Any]) -> dict[str, Any]:
    """Run the function `<task>` of its module in a child process: JSON in, JSON out; its errors are raised here."""
    command = [sys.executable, "-m", __name__, task, str(os.getpid())]
    text, env = json.dumps(request), environment()
    try:
        done = subprocess.run(command, input=text, env=env, capture_output=True, text=True, timeout=TIMEOUT, check=True)
    except subprocess.SubprocessError as error:
        raise errors.NetworkUnavailable(
            f"The network could not be prepared: {_last_words(error)}. If the process for it was killed, free some "
            "memory (it needs about 1.5 GB) and try again.",
            task=task,
        ) from error
    answer: dict[str, Any] = json.loads(done.stdout)
    if "error" in answer:
        raise getattr(errors, answer["error"])(answer["message"], **answer["facts"])
    return answer


def environment() -> dict[str, str]:
    """This process's environment, in which the child finds the same package."""
    root = str(Path(errors.__file__).parents[1])
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | {"PYTHONPATH": os.pathsep.join(paths)}


def _last_words(error: subprocess.SubprocessError) -> str:
    lines = (getattr(error, "stderr", None) or "").strip().splitlines()
    return f"{error.__class__.__name__}, {(lines or [str(error)])[-1][:300]}"


def main() -> None:
    """Answer one request of `run`."""
    die_with_parent(int(sys.argv[2]))
    answers = os.dup(1)
    os.dup2(2, 1)  # what libraries print must not mix with the answer
    task = sys.argv[1]
    try:
        answer = getattr(importlib.import_module(TASKS[task]), task)(json.load(sys.stdin))
    except errors.ExplorerError as error:
        answer = {"error": type(error).__name__, "message": error.message, "facts": error.facts}
    with os.fdopen(answers, "w") as out:
        json.dump(answer, out)


if __name__ == "__main__":
    main()
