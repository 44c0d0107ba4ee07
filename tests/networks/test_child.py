"""Errors of the child process, and what stays out of the calling one."""

import subprocess
import sys
from pathlib import Path

import pytest

from embedding_explorer.errors import NetworkUnavailable, UnknownNetwork
from embedding_explorer.networks import child, conversion
from embedding_explorer.networks.registry import plan_network


def test_error_in_the_child_comes_back_as_itself(data: Path) -> None:
    plan = plan_network("embedded", layer="nowhere", data=data)
    with pytest.raises(UnknownNetwork) as caught:
        conversion.converted(plan, data)
    assert "blocks.7" in str(caught.value.facts["layers"])


def test_unexpected_end_of_the_child_names_its_last_words() -> None:
    with pytest.raises(NetworkUnavailable, match="KeyError: 'no such task'"):
        child.run("no such task", {})


def test_use_of_the_network_is_reported_to_nobody(data: Path) -> None:
    assert any((data / "cache" / "networks").iterdir())
    assert not any((data / "home").iterdir())


def test_neither_torch_nor_nncf_enters_the_process_that_uses_a_network(data: Path) -> None:
    code = (
        "import sys, numpy as np; from pathlib import Path; from embedding_explorer.networks import registry;"
        f"data = Path({str(data)!r}); registry.list_networks(data);"
        "assert 'openvino' not in sys.modules;"
        "network = registry.open_network('embedded', device='cpu', data=data);"
        "print(len(list(network.features([np.zeros((2, 32, 32, 3), np.uint8)]))));"
        "assert not {'torch', 'nncf'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], env=child.environment(), capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr
