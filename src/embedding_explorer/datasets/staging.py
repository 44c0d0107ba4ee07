"""What is where in the staging folder of a dataset under construction, beside what the finished one keeps."""

from pathlib import Path

PARTS, RECORD = "parts", "range.json"
SPOOL = "spool"  # what came out of an archive that cannot be read in any order


def has_ranges(staging: Path) -> bool:
    """Whether a range is finished, so that a second attempt can go on with it."""
    return any(staging.glob(f"{PARTS}/*/{RECORD}"))
