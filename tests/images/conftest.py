from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from embedding_explorer.images.limits import Limits
from embedding_explorer.images.source import Source, open_source

Opener = Callable[..., Source]


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.fixture
def opening(spool: Path) -> Iterator[Opener]:
    """`open_source` with defaults; what it opens is closed at the end of the test."""
    with ExitStack() as opened:

        def open_(path: Path, **options: object) -> Source:
            return opened.enter_context(open_source(path, **{"limits": Limits(), "spool": spool, **options}))

        yield open_
