"""Print the Pipfile's pinned packages as pip requirements, without this package and torch, which come on their own."""

import sys
import tomllib
from pathlib import Path

OWN = ("embedding-explorer", "torch", "torchvision")

packages = tomllib.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["packages"]
for name, version in packages.items():
    if name not in OWN:
        print(f"{name}{version}")
