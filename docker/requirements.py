"""Print the Pipfile's pinned packages as pip requirements, without this package and torch, which come on their own."""

import sys
import tomllib
from pathlib import Path

OWN = ("embedding-explorer", "torch", "torchvision")


def requirement(name: str, pin: str | dict[str, object]) -> str:
    """A line for pip; a pin is a version, or a table with a version and extras."""
    if isinstance(pin, str):
        return f"{name}{pin}"
    extras = pin.get("extras", [])
    return f"{name}{'[' + ','.join(extras) + ']' if isinstance(extras, list) and extras else ''}{pin['version']}"


packages = tomllib.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["packages"]
print("\n".join(requirement(name, pin) for name, pin in packages.items() if name not in OWN))
