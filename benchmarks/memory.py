"""Resident memory: the web process before its first request, the warm worker, and an ingest of 10 000 pictures."""

import os
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import psutil

from benchmarks.pipeline import NETWORK, post
from benchmarks.servers import free_port, running, wait
from benchmarks.table import Row, say

MB = 1_000_000


def measure(photos: Path, runs: int) -> list[Row]:
    """Megabytes (10^6) resident."""
    with tempfile.TemporaryDirectory() as folder:
        web, worker, after = server_memory(Path(folder) / "data", photos)
        peak = ingest_peak(Path(folder), photos)
    return [
        Row("web process before the first request", f"{web:.0f} MB", "", "", "< 120 MB"),
        Row("worker with ResNet-50 and UMAP warm", f"{worker:.0f} MB", "", "", "< 1500 MB"),
        Row("worker after 1000 photos", f"{after:.0f} MB", "", "", "< 1500 MB"),
        Row("ingest of 10 000 photos, peak", f"{peak:.0f} MB", "", "", "< 2000 MB"),
    ]


def server_memory(data: Path, photos: Path) -> tuple[float, float, float]:
    """Web process, worker warm, worker after an upload."""
    port = free_port()
    command = [sys.executable, "-m", "embedding_explorer", "serve", "--port", str(port), "--data", str(data)]
    with running(command, {"EXPLORER_NETWORK": NETWORK, "EXPLORER_STARTER": "no"}) as process:
        worker = find_worker(process.pid)
        web = resident(worker.parent())
        wait(port, "/health/ready")
        warm = resident(worker)
        post(port, photos)
        return web, warm, resident(worker)


def find_worker(pid: int) -> psutil.Process:
    """The worker among a server's processes, when the web process has loaded the application as well."""
    while True:
        for child in psutil.Process(pid).children(recursive=True):
            if "embedding_explorer.jobs.worker" in " ".join(child.cmdline()):
                time.sleep(3)
                return child
        time.sleep(0.1)


def resident(process: psutil.Process | None) -> float:
    """Megabytes."""
    assert process is not None
    size = process.memory_info().rss / MB
    say(f"{' '.join(process.cmdline())[-60:]}: {size:.0f} MB")
    return size


def ingest_peak(folder: Path, photos: Path) -> float:
    """Peak of an `ingest` of ten copies of the photographs, which have ten different names."""
    pictures = folder / "pictures"
    with zipfile.ZipFile(photos) as source:
        for name in source.namelist():
            source.extract(name, pictures / "0")
    for copy in range(1, 10):
        (pictures / str(copy)).mkdir()
        for file in (pictures / "0").iterdir():
            os.link(file, pictures / str(copy) / file.name)
    command = [sys.executable, "-m", "embedding_explorer", "ingest", str(pictures), "--data", str(folder / "ingested")]
    variables = {"EXPLORER_NETWORK": "embedded", "EXPLORER_KEEP_IMAGES": "no"}
    with subprocess.Popen(command, env=os.environ | variables, stderr=subprocess.DEVNULL) as process:
        peak = 0.0
        while process.poll() is None:
            peak = max(peak, psutil.Process(process.pid).memory_info().rss / MB)
            try:
                process.wait(0.2)
            except subprocess.TimeoutExpired:
                continue
    say(f"ingest: {peak:.0f} MB")
    return peak
