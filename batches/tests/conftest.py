"""Fixtures of the runner's tests: sites on loopback."""

from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings

from batches.tests.sites import Sites, serve


@pytest.fixture
def sites(settings: Settings) -> Iterator[Sites]:
    """Serve `*.site.test`, reached by every scan of the test; `*.none.test` has no address."""
    settings.SCAN_ALLOWED_NETWORKS = ("127.0.0.0/8",)
    settings.SCAN_CONNECT_TIMEOUT = 2
    settings.SCAN_READ_TIMEOUT = 5
    settings.SCAN_PROCESSES = 2
    with serve() as served:
        settings.SCAN_HOST_MAP = served.host_map
        yield served
