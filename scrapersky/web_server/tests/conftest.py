"""Servers shared by the tests of this package."""

from collections.abc import Iterator

import pytest

from scrapersky.web_server.tests.processes import Installation, WebServer


@pytest.fixture(scope="package")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return Installation.create(tmp_path_factory.mktemp("console"))


@pytest.fixture(scope="package")
def server(installation: Installation) -> Iterator[WebServer]:
    """Return a server with the limits of production."""
    with installation.serve() as running:
        assert running.get("/login/").status_code == 200  # the first request imports many modules
        yield running
