"""Addresses that only hosts in an injected map may reach."""

import pytest

from scans.engine.errors import FailureReason, ScanError
from scans.engine.fetcher import Fetcher
from scans.engine.limits import FetchSettings, Limits
from scans.engine.tests.hostile_server import HostileServer, page, redirect

LIMITS = Limits(connect_timeout=2, read_timeout=2, site_deadline=10)
LOOPBACK = ("127.0.0.0/8",)


def test_networks_of_the_map_are_open_to_its_hosts() -> None:
    with HostileServer({"/": page("mapped")}) as server:
        settings = FetchSettings(host_map=server.map, mapped_networks=LOOPBACK)
        assert Fetcher(settings, LIMITS).fetch_page("http://acme.test/").body == b"mapped"


def test_networks_of_the_map_stay_closed_to_other_hosts() -> None:
    with HostileServer({"/": page("private")}) as server:
        settings = FetchSettings(host_map=server.map, mapped_networks=LOOPBACK, allow_any_port=True)
        fetcher = Fetcher(settings, LIMITS)
        fetcher.allow_port(server.port)
        with pytest.raises(ScanError) as caught:
            fetcher.fetch_page(f"http://{server.address}:{server.port}/")
        assert caught.value.reason is FailureReason.BLOCKED_ADDRESS
        assert server.connections == 0


def test_a_host_of_the_map_cannot_redirect_into_its_networks() -> None:
    with HostileServer({"/": redirect("http://127.0.0.1/")}) as server:
        settings = FetchSettings(host_map=server.map, mapped_networks=LOOPBACK)
        with pytest.raises(ScanError) as caught:
            Fetcher(settings, LIMITS).fetch_page("http://acme.test/")
        assert caught.value.reason is FailureReason.BLOCKED_ADDRESS
        assert server.visits == ["/"]
