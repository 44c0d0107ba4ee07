"""What processes owe each other."""

import subprocess
import sys
import time

import psutil
import pytest

from embedding_explorer.networks.child import environment

CHILD = (
    "import signal; from embedding_explorer.processes import die_with_parent;"
    "die_with_parent(); print('ready', flush=True); signal.pause()"
)
PARENT = (
    "import signal, subprocess, sys;"
    f"child = subprocess.Popen([sys.executable, '-c', {CHILD!r}], stdout=subprocess.PIPE);"
    "child.stdout.readline(); print(child.pid, flush=True); signal.pause()"
)


def test_child_ends_when_its_parent_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], env=environment(), stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        assert child.is_running()
        parent.kill()
    deadline = time.monotonic() + 10
    while child.is_running() and child.status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize(("parent", "status"), [("os.getppid()", 0), ("os.getppid() + 1", 1)])
def test_child_ends_at_once_where_its_parent_has_ended_before(parent: str, status: int) -> None:
    code = f"import os; from embedding_explorer.processes import die_with_parent; die_with_parent({parent})"
    assert subprocess.run([sys.executable, "-c", code], env=environment(), check=False).returncode == status


def test_worker_ends_with_its_server_even_while_it_warms_up() -> None:
    code = (
        "import time; from embedding_explorer.jobs.worker import work; from types import SimpleNamespace;"
        "work(lambda settings: SimpleNamespace(warm_up=lambda: time.sleep(60)), {})"
    )
    with subprocess.Popen([sys.executable, "-c", code], env=environment(), stdin=subprocess.PIPE) as worker:
        assert worker.stdin is not None
        worker.stdin.close()
        assert worker.wait(20) == 0
