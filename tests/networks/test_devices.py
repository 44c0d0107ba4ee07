"""Asking for a GPU without torch, and counting processors."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from embedding_explorer.networks import devices
from embedding_explorer.networks.child import environment


def test_torch_is_not_imported_to_find_that_there_is_no_driver(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from embedding_explorer.networks import devices;"
        f"devices.DRIVER_FILES = (Path({str(tmp_path / 'driver')!r}),);"
        "assert not devices.cuda_available(); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=environment())


@pytest.mark.parametrize(("visible", "possible"), [(None, True), ("0", True), ("", False), ("-1", False)])
def test_driver_file_makes_a_gpu_possible_unless_hidden(
    visible: str | None, possible: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "DRIVER_FILES", (tmp_path,))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert devices.cuda_possible() == possible


@pytest.mark.parametrize(
    ("limit", "expected"),
    [("max 100000", 8), ("150000 100000", 2), ("50000 100000", 1), ("9900000 100000", 8), ("", 8)],
)
def test_container_quota_bounds_the_processors(
    limit: str, expected: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cpu.max").write_text(limit)
    monkeypatch.setattr(devices, "CPU_LIMIT", tmp_path / "cpu.max")
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)))
    assert devices.usable_cpus() == expected
