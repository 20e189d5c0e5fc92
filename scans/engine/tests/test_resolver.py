"""Hosts are found in the map or by look-up; a look-up that hangs is left behind."""

import socket
import threading
import time
from typing import Any

import pytest

from scans.engine.errors import FailureReason, ScanError
from scans.engine.resolver import Directory, SystemResolver, Target
from scans.engine.session.budget import Budget

DEMO = (
    ("*.demo.test", "127.0.0.1:8123"),
    ("safe.demo.test", "127.0.0.1:8123:8443"),
    ("tls.demo.test", "127.0.0.1:0:8443"),
    ("six.demo.test", "[::1]:8123"),
    ("gone.demo.test", "nxdomain"),
    ("*.deep.demo.test", "127.0.0.9:80"),
)


def answers(*addresses: str) -> Any:
    """Return what getaddrinfo would for these addresses."""
    return lambda *_args, **_more: [(0, 0, 0, "", (address, 0)) for address in addresses]


def failing(error: Exception) -> Any:
    def look_up(*_args: Any, **_more: Any) -> list[Any]:
        raise error

    return look_up


def answering_after(silence: threading.Event) -> Any:
    def look_up(*_args: Any, **_more: Any) -> list[Any]:
        silence.wait(30)
        return []

    return look_up


def locate(host: str, scheme: str = "http", port: int = 80) -> Target:
    return Directory(DEMO, SystemResolver(answers("93.184.216.34"))).locate(
        scheme, host, port, Budget(5), 1.0
    )


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


@pytest.mark.parametrize("host", ["gone.demo.test", "www.gone.demo.test"])
def test_a_name_mapped_to_nothing_is_not_found_nor_is_what_lies_below_it(host: str) -> None:
    with pytest.raises(ScanError) as caught:
        locate(host)
    assert caught.value.reason is FailureReason.DNS_NOT_FOUND


def test_the_map_matches_at_the_dot() -> None:
    assert locate("evildemo.test", port=80) == Target(("93.184.216.34",), 80)


def test_an_address_needs_no_look_up() -> None:
    directory = Directory((), SystemResolver(failing(AssertionError("looked up"))))
    assert directory.locate("http", "1.1.1.1", 80, Budget(5), 1.0) == Target(("1.1.1.1",), 80)


def test_ipv4_comes_before_ipv6_and_each_address_once() -> None:
    resolver = SystemResolver(answers("2606:4700::1", "1.1.1.1", "1.1.1.1"))
    assert resolver.resolve("a.example", Budget(5), 1.0) == ("1.1.1.1", "2606:4700::1")


@pytest.mark.parametrize(
    "error",
    [
        socket.gaierror(socket.EAI_NONAME, "unknown"),
        socket.gaierror(socket.EAI_AGAIN, "try again"),
        UnicodeError("label too long"),
        OSError("no resolver"),
    ],
)
def test_a_look_up_that_fails_is_dns_not_found(error: Exception) -> None:
    with pytest.raises(ScanError) as caught:
        SystemResolver(failing(error)).resolve("a.example", Budget(5), 1.0)
    assert caught.value.reason is FailureReason.DNS_NOT_FOUND


def test_silent_name_servers_are_given_up_in_time() -> None:
    silence = threading.Event()
    resolver = SystemResolver(answering_after(silence))
    began = time.monotonic()
    with pytest.raises(ScanError) as caught:
        resolver.resolve("silent.example", Budget(20), 0.2)
    assert caught.value.reason is FailureReason.DNS_NOT_FOUND
    assert "did not answer in time" in caught.value.sentence
    assert time.monotonic() - began < 2
    silence.set()


def test_a_cancelled_scan_does_not_wait_for_name_servers() -> None:
    silence = threading.Event()
    resolver = SystemResolver(answering_after(silence))
    began = time.monotonic()
    with pytest.raises(ScanError) as caught:
        resolver.resolve("silent.example", Budget(20, lambda: True), 20)
    assert caught.value.reason is FailureReason.CANCELLED
    assert time.monotonic() - began < 2
    silence.set()


def test_the_deadline_ends_a_look_up() -> None:
    silence = threading.Event()
    resolver = SystemResolver(answering_after(silence))
    with pytest.raises(ScanError) as caught:
        resolver.resolve("silent.example", Budget(0.1), 20)
    assert caught.value.reason is FailureReason.DEADLINE_EXCEEDED
    silence.set()
