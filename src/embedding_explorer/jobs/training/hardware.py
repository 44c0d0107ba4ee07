"""GPUs and processor, as users watch them during a training (contract, 3.3). No torch: its driver's own tool is asked."""

import os
import shutil
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

from embedding_explorer.networks.devices import cuda_possible

EVERY = 1.0  # seconds between two measurements
TOOL, PATIENCE = "nvidia-smi", 5.0
FIELDS = ("index", "uuid", "name", "memory.total", "memory.used", "utilization.gpu", "temperature.gpu")
MiB = 1 << 20


class Hardware:
    """Measures at most once a second. Methods may be called from any thread."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._measured = float("-inf")
        self._gpus: list[dict[str, Any]] = []
        self._times = _cpu_times()
        self._percent: float | None = None

    def gpus(self) -> list[dict[str, Any]]:
        """`index`, `name`, `memory_total` and `memory_used` in bytes, `utilization` in percent, `temperature` in °C."""
        asked = time.monotonic()
        with self._mutex:
            self._measure(asked)
            return [dict(gpu) for gpu in self._gpus]

    def cpu(self) -> dict[str, Any]:
        """`cpu_pct` of all cores since the last measurement, `mem_used` in bytes, `mem_pct`; None where unknown."""
        asked = time.monotonic()
        with self._mutex:
            self._measure(asked)
            return {"cpu_pct": self._percent, **_memory()}

    def _measure(self, asked: float) -> None:
        """Measure, unless that was done since somebody asked, or shortly before: those who wait share one answer."""
        if asked - self._measured < EVERY:
            return
        self._gpus = visible(_ask()) if cuda_possible() else []
        times = _cpu_times()
        if times and self._times and (total := times[1] - self._times[1]) > 0:
            self._percent = round(100 * (times[0] - self._times[0]) / total, 1)
        self._times = times
        self._measured = time.monotonic()


def _ask() -> str:
    if shutil.which(TOOL) is None:
        return ""
    command = [TOOL, f"--query-gpu={','.join(FIELDS)}", "--format=csv,noheader,nounits"]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return ""  # a driver that does not answer: no GPU can be told of


def visible(table: str, chosen: str | None = None) -> list[dict[str, Any]]:
    """The GPUs of the tool's table that programs here may use, with the indices that torch has for them.

    `chosen`: what `CUDA_VISIBLE_DEVICES` says; None takes it from the environment.
    """
    rows = [[cell.strip() for cell in line.split(",")] for line in table.splitlines() if line.count(",") >= 6]
    wanted = os.environ.get("CUDA_VISIBLE_DEVICES", "all") if chosen is None else chosen
    if wanted != "all":
        by_name = {name: row for row in rows for name in (row[0], row[1])}
        rows = [by_name[name] for each in wanted.split(",") if (name := each.strip()) in by_name]
    return [_gpu(str(index), row) for index, row in enumerate(rows)]


def _gpu(index: str, row: list[str]) -> dict[str, Any]:
    # A comma in a name would shift what follows, so the numbers are taken from the end.
    total, used, utilization, temperature = (_number(cell) for cell in row[-4:])
    return {
        "index": index,
        "name": ", ".join(row[2:-4]),
        "memory_total": None if total is None else total * MiB,
        "memory_used": None if used is None else used * MiB,
        "utilization": utilization,
        "temperature": temperature,
    }


def _number(cell: str) -> int | None:
    return int(cell) if cell.isdecimal() else None


def _cpu_times() -> tuple[int, int] | None:
    """Ticks that all cores have worked, and all that there were."""
    try:
        values = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    except (OSError, ValueError):
        return None
    total = sum(values)
    return total - values[3] - values[4], total


def _memory() -> dict[str, Any]:
    try:
        lines = (line.split() for line in Path("/proc/meminfo").read_text().splitlines())
        sizes = {line[0].rstrip(":"): int(line[1]) * 1024 for line in lines if len(line) > 1}
        used = sizes["MemTotal"] - sizes["MemAvailable"]
    except (OSError, KeyError, ValueError):
        return {"mem_used": None, "mem_pct": None}
    return {"mem_used": used, "mem_pct": round(100 * used / sizes["MemTotal"], 1)}
