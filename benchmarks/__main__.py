"""python -m benchmarks [--photos ZIP] [--runs N] [pipeline] [serving] [memory] [page] [training]: prints a Markdown table with ratios.

Everything runs on this machine: a real server process, its real clients, and for comparison the naive version of the
same work (`naive.py`) in the same run. Medians of `--runs` runs.
"""

import argparse
import os
import platform
from pathlib import Path

from benchmarks import memory, page, pipeline, serving, training
from benchmarks.table import Row, print_table

PARTS = {
    "pipeline": pipeline.measure,
    "serving": serving.measure,
    "memory": memory.measure,
    "page": page.measure,
    "training": training.measure,
}
NEED_PHOTOS = {"pipeline", "memory"}
PHOTOS = Path(os.environ.get("TEST_DATA", "../shared/data")) / "photos-1000.zip"


def main() -> None:
    """Measure the parts asked for, all by default."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS])
    parser.add_argument("--photos", type=Path, default=PHOTOS, help="a ZIP of 1000 photographs")
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    wanted = arguments.parts or list(PARTS)
    if not arguments.photos.exists() and NEED_PHOTOS & set(wanted):
        parser.error(f"{arguments.photos} does not exist; give a ZIP of 1000 photographs with --photos")
    rows: list[Row] = []
    for name in wanted:
        rows += PARTS[name](arguments.photos, arguments.runs)
    print(f"\n{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}\n")
    print_table(rows)


if __name__ == "__main__":
    main()
