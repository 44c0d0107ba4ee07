"""Names of files that no file system has."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from embedding_explorer.api.digits.files import file_of, is_public
from embedding_explorer.errors import NotFound

JOB = "20200101-000000-0000"


@pytest.mark.parametrize("name", [f"{'é' * 200}.txt", f"{'a' * 200}/" * 30 + "b.txt", "gone.txt"])
def test_files_of_overlong_names_are_not_there(tmp_path: Path, name: str) -> None:
    service: Any = SimpleNamespace(get=lambda _: SimpleNamespace(folder=tmp_path))
    with pytest.raises(NotFound, match="There is no file"):
        file_of(service, f"{JOB}/{name}")


def test_the_length_of_a_name_is_that_of_its_bytes() -> None:
    assert is_public([JOB, f"{'é' * 125}.txt"]) and not is_public([JOB, f"{'é' * 126}.txt"])
