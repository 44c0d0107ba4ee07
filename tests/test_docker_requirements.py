import subprocess
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent


def test_every_package_of_the_pipfile_is_a_requirement_that_pip_understands() -> None:
    command = [sys.executable, ROOT / "docker" / "requirements.py", ROOT / "Pipfile"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    found = {(parsed := Requirement(line)).name: parsed for line in lines}
    wanted = tomllib.loads((ROOT / "Pipfile").read_text())["packages"]
    assert set(found) == set(wanted) - {"embedding-explorer", "torch", "torchvision"}
    assert found["psycopg"].extras == {"binary"} and all(
        str(each.specifier).startswith("==") for each in found.values()
    )
