"""Fixtures of the runner's tests: sites on loopback, and shifts that end without lingering."""

from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings

from batches.runner import shift
from batches.tests.sites import Sites, serve


@pytest.fixture
def sites(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sites]:
    """Serve `*.site.test`, reached by every scan of the test; `*.none.test` has no address."""
    monkeypatch.setattr(shift, "LINGER", 0.3)
    settings.SCAN_ALLOWED_NETWORKS = ("127.0.0.0/8",)
    settings.SCAN_CONNECT_TIMEOUT = 2
    settings.SCAN_READ_TIMEOUT = 5
    settings.SCAN_PROCESSES = 2
    with serve() as served:
        settings.SCAN_HOST_MAP = served.host_map
        yield served
