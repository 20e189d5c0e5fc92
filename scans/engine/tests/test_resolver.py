"""A host is located by the map, or else by DNS."""

import pytest

from scans.engine.errors import FailureReason, ScanError
from scans.engine.resolver import Directory, Target
from scans.engine.session.budget import Budget

DEMO = (
    ("*.demo.test", "127.0.0.1:8123"),
    ("safe.demo.test", "127.0.0.1:8123:8443"),
    ("tls.demo.test", "127.0.0.1:0:8443"),
    ("six.demo.test", "[::1]:8123"),
    ("gone.demo.test", "nxdomain"),
    ("*.deep.demo.test", "127.0.0.9:80"),
    ("*.dead.test", "nxdomain"),
)


class OneAddress:
    """A resolver with one answer for everything."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def resolve(self, host: str, budget: Budget, timeout: float) -> tuple[str, ...]:
        self.asked.append(host)
        return ("93.184.216.34",)


def locate(host: str, scheme: str = "http", port: int = 80) -> Target:
    return Directory(DEMO, OneAddress()).locate(scheme, host, port, Budget(5), 1.0)


def test_a_mapped_host_is_where_the_map_says() -> None:
    assert locate("shop.demo.test") == Target(("127.0.0.1",), 8123, mapped=True)
    assert locate("a.b.demo.test") == Target(("127.0.0.1",), 8123, mapped=True)
    assert locate("six.demo.test") == Target(("::1",), 8123, mapped=True)


def test_the_closest_entry_of_the_map_counts() -> None:
    assert locate("safe.demo.test", "https", 443) == Target(("127.0.0.1",), 8443, mapped=True)
    assert locate("x.deep.demo.test") == Target(("127.0.0.9",), 80, mapped=True)


@pytest.mark.parametrize(
    ("host", "scheme"), [("shop.demo.test", "https"), ("tls.demo.test", "http")]
)
def test_a_scheme_without_a_port_in_the_map_is_refused(host: str, scheme: str) -> None:
    with pytest.raises(ScanError) as caught:
        locate(host, scheme)
    assert caught.value.reason is FailureReason.CONNECTION_REFUSED


@pytest.mark.parametrize("host", ["gone.demo.test", "www.gone.demo.test", "any.dead.test"])
def test_a_name_mapped_to_nothing_is_not_found_nor_is_what_lies_below_it(host: str) -> None:
    resolver = OneAddress()
    with pytest.raises(ScanError) as caught:
        Directory(DEMO, resolver).locate("http", host, 80, Budget(5), 1.0)
    assert caught.value.reason is FailureReason.DNS_NOT_FOUND
    assert resolver.asked == []


def test_the_map_matches_at_the_dot() -> None:
    assert locate("evildemo.test", port=80) == Target(("93.184.216.34",), 80)


def test_an_address_needs_no_lookup() -> None:
    resolver = OneAddress()
    target = Directory((), resolver).locate("http", "1.1.1.1", 80, Budget(5), 1.0)
    assert target == Target(("1.1.1.1",), 80)
    assert resolver.asked == []


def test_a_host_is_looked_up_once_a_scan() -> None:
    resolver = OneAddress()
    directory = Directory((), resolver)
    for scheme, port in (("https", 443), ("http", 80), ("http", 80)):
        directory.locate(scheme, "a.example", port, Budget(5), 1.0)
    assert resolver.asked == ["a.example"]
