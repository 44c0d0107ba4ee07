"""What processes owe each other."""

import subprocess
import sys
import time

import psutil

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
