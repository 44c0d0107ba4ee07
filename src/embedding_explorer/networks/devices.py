"""What this machine offers, found out without importing torch."""

import importlib
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from embedding_explorer.processes import allowed_cpus

# Any of these is there wherever an NVIDIA driver is: bare metal, containers, WSL.
DRIVER_FILES = (Path("/proc/driver/nvidia/version"), Path("/dev/nvidia0"), Path("/dev/dxg"))
CPU_LIMIT = Path("/sys/fs/cgroup/cpu.max")


def cuda_possible() -> bool:
    """Whether it is worth the seconds of importing torch to ask it for a GPU."""
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES", "all") in ("", "-1")
    return not hidden and any(path.exists() for path in DRIVER_FILES)


def cuda_available() -> bool:
    """Whether torch can use a GPU; imports torch only when there is a driver."""
    if not cuda_possible():
        return False
    import torch

    return torch.cuda.is_available()


def openvino_installed() -> bool:
    """Whether the CPU engine is there."""
    return find_spec("openvino") is not None


def import_openvino() -> Any:
    """The module openvino. By itself it, and NNCF, would report every import to their maker over the network."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    return importlib.import_module("openvino")


def usable_cpus() -> int:
    """Processors that this process may use, a container's quota included (OpenVINO does not look at it)."""
    allowed = allowed_cpus()
    try:
        quota, period = CPU_LIMIT.read_text().split()
    except (OSError, ValueError):
        return allowed
    return allowed if quota == "max" else max(1, min(allowed, -(-int(quota) // int(period))))


def cpu_has_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 in hardware."""
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags
