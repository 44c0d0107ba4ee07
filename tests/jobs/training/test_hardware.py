import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from embedding_explorer.jobs.training import hardware
from embedding_explorer.jobs.training.hardware import Hardware, visible

TABLE = """0, GPU-aa, NVIDIA H100 80GB HBM3, 81559, 1024, 37, 41
1, GPU-bb, Some, Name, 24576, 0, [N/A], [N/A]
"""


def test_the_tools_table_is_read() -> None:
    first, second = visible(TABLE, "all")
    assert first == {
        "index": "0",
        "name": "NVIDIA H100 80GB HBM3",
        "memory_total": 81559 * 2**20,
        "memory_used": 2**30,
        "utilization": 37,
        "temperature": 41,
    }
    assert (second["name"], second["utilization"], second["temperature"]) == ("Some, Name", None, None)
    assert visible("", "all") == [] and visible("No devices were found", "all") == []


@pytest.mark.parametrize(
    ("chosen", "names"), [("1,0", ["Some, Name", "NVIDIA H100 80GB HBM3"]), ("GPU-bb", ["Some, Name"])]
)
def test_what_is_hidden_is_not_shown_and_indices_are_those_of_programs(chosen: str, names: list[str]) -> None:
    shown = visible(TABLE, chosen)
    assert [gpu["name"] for gpu in shown] == names
    assert [gpu["index"] for gpu in shown] == [str(index) for index in range(len(names))]


def test_the_tool_is_asked_once_a_second_and_only_where_there_is_a_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def ask() -> str:
        asked.append(1)
        return TABLE

    monkeypatch.setattr(hardware, "_ask", ask)
    monkeypatch.setattr(hardware, "cuda_possible", lambda: False)
    assert Hardware().gpus() == [] and not asked
    monkeypatch.setattr(hardware, "cuda_possible", lambda: True)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    found = Hardware()
    assert len(found.gpus()) == len(found.gpus()) == 2 and len(asked) == 1


def test_the_processor_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "EVERY", 0.1)
    found = Hardware()
    end = time.monotonic() + 0.3
    while time.monotonic() < end:  # one core at least is at work
        pass
    cpu = found.cpu()
    assert 0 < cpu["cpu_pct"] <= 100 and 0 < cpu["mem_pct"] < 100 and cpu["mem_used"] > 1 << 20


def test_those_who_wait_for_a_slow_tool_share_its_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def ask() -> str:
        asked.append(1)
        time.sleep(0.3)
        return TABLE

    monkeypatch.setattr(hardware, "EVERY", 0.1)  # as a tool that takes longer than the time between two measurements
    monkeypatch.setattr(hardware, "_ask", ask)
    monkeypatch.setattr(hardware, "cuda_possible", lambda: True)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    found = Hardware()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: found.gpus(), range(8)))
    assert len(asked) == 1 and all(len(each) == 2 for each in answers)
