import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from embedding_explorer.errors import Busy, StartError
from embedding_explorer.jobs.lock import BusyLock, claim_data_folder

HOLD = """
import sys, time
from pathlib import Path
from embedding_explorer.jobs.lock import BusyLock
lock = BusyLock(Path(sys.argv[1]))
lock.acquire()
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def other_process(tmp_path: Path):  # type: ignore[no-untyped-def]
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout and process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_the_lock_excludes_a_second_holder_in_the_same_process(tmp_path: Path) -> None:
    lock = BusyLock(tmp_path)
    lock.acquire()
    with pytest.raises(Busy):
        lock.acquire()
    assert lock.held() and lock.held_here()
    lock.release()
    assert not lock.held()
    lock.acquire()
    lock.release()


def test_another_process_is_seen_and_its_death_frees_the_lock(tmp_path: Path, other_process) -> None:  # type: ignore[no-untyped-def]
    lock = BusyLock(tmp_path)
    assert lock.held() and not lock.held_here()
    with pytest.raises(Busy):
        lock.acquire()
    other_process.kill()
    other_process.wait()
    time.sleep(0.1)
    assert not lock.held()
    lock.acquire()
    lock.release()


def test_looking_never_makes_another_one_fail_to_acquire(tmp_path: Path) -> None:
    looking, taking = BusyLock(tmp_path), BusyLock(tmp_path)
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.0005):
            looking._looked = 0.0
            looking.held()

    thread = threading.Thread(target=look)
    thread.start()
    try:
        for _ in range(300):
            taking.acquire()
            taking.release()
    finally:
        over.set()
        thread.join()


def test_a_second_server_on_one_data_folder_is_refused(tmp_path: Path) -> None:
    lock = claim_data_folder(tmp_path)
    with pytest.raises(StartError, match="Another server"):
        claim_data_folder(tmp_path)
    lock.release()
    claim_data_folder(tmp_path).release()
