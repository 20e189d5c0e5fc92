"""Which address counts as the client's, and which proxies are trusted to state it."""

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from scrapersky.web.client_address import (
    ForwardedHeadersMiddleware,
    address_group,
    client_address,
)

PROXIES = ("10.0.0.0/8", "2001:db8:1::/48")


def request_from(peer: str, forwarded: str = "") -> HttpRequest:
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    return RequestFactory().get("/", REMOTE_ADDR=peer, headers=headers)


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.7", "", "203.0.113.7"),
        ("203.0.113.7", "198.51.100.1", "203.0.113.7"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "192.0.2.99, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "192.0.2.99, 198.51.100.1, 10.3.2.1", "198.51.100.1"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "198.51.100.1, unknown", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1,", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1:5312", "198.51.100.1"),
        ("10.0.0.1", "[2001:db8:2::5]:443", "2001:db8:2::5"),
        ("2001:db8:1::1", "2001:DB8:2:0::5", "2001:db8:2::5"),
        ("::ffff:10.0.0.1", "::ffff:198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "<script>", "10.0.0.1"),
        ("", "198.51.100.1", "unknown"),
    ],
)
def test_the_client_is_the_rightmost_hop_that_is_no_trusted_proxy(
    settings: Any, peer: str, forwarded: str, client: str
) -> None:
    settings.TRUSTED_PROXIES = PROXIES
    assert client_address(request_from(peer, forwarded)) == client


@pytest.mark.parametrize("peer", ["127.0.0.1", "10.0.0.1", "::1"])
def test_without_trusted_proxies_no_header_changes_the_address(settings: Any, peer: str) -> None:
    settings.TRUSTED_PROXIES = ()
    assert client_address(request_from(peer, "198.51.100.1")) == peer


def test_the_addresses_of_one_ipv6_network_count_as_one_client() -> None:
    assert address_group("2001:db8:2:3:4::5") == "2001:db8:2:3::/64"
    assert address_group("198.51.100.1") == "198.51.100.1"
    assert address_group("unknown") == "unknown"


def forwarded_headers(request: HttpRequest) -> set[str]:
    ForwardedHeadersMiddleware(lambda request: HttpResponse())(request)
    return {name for name in request.META if name.startswith("HTTP_X_FORWARDED")}


@pytest.mark.parametrize(
    ("proxies", "peer", "kept"),
    [(PROXIES, "203.0.113.7", False), (PROXIES, "10.0.0.1", True), ((), "203.0.113.7", True)],
)
def test_forwarded_headers_of_who_is_no_trusted_proxy_are_dropped(
    settings: Any, proxies: tuple[str, ...], peer: str, kept: bool
) -> None:
    settings.TRUSTED_PROXIES = proxies
    sent = {f"X-Forwarded-{name}": "x" for name in ("For", "Proto", "Host", "Port")}
    request = RequestFactory().get("/", REMOTE_ADDR=peer, headers=sent)
    assert len(forwarded_headers(request)) == (len(sent) if kept else 0)


def test_a_client_past_the_proxy_cannot_claim_https(settings: Any, client: Any) -> None:
    settings.TRUSTED_PROXIES = PROXIES
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    claim = {"X-Forwarded-Proto": "https"}
    assert client.get("/login/", REMOTE_ADDR="203.0.113.7", headers=claim).status_code == 301
    assert client.get("/login/", REMOTE_ADDR="10.0.0.1", headers=claim).status_code == 200
