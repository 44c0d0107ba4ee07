from collections.abc import Iterator

import pytest

from tests.servers import Server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One real server with the embedded network and the digits as main dataset, for all tests that leave it so."""
    running = Server(tmp_path_factory.mktemp("contract") / "data", network="embedded")
    yield running
    running.kill()
