"""The guard allows only public addresses and explicitly allowed networks."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scans.engine.errors import FailureReason, ScanError
from scans.engine.guard import AddressGuard


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "168.63.129.16",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "203.0.113.9",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:10.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:0:127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
    ],
)
def test_private_reserved_and_metadata_addresses_are_refused(address: str) -> None:
    assert not AddressGuard().allows(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:1.1.1.1"]
)
def test_public_addresses_are_allowed(address: str) -> None:
    assert AddressGuard().allows(address)


def test_one_private_answer_refuses_the_host() -> None:
    with pytest.raises(ScanError) as caught:
        AddressGuard().check("mixed.example", ("93.184.216.34", "10.0.0.1"))
    assert caught.value.reason is FailureReason.BLOCKED_ADDRESS
    assert caught.value.private_address == "10.0.0.1"
    assert "SCAN_ALLOWED_NETWORKS" in caught.value.sentence


def test_an_allowed_network_is_allowed_and_its_neighbours_are_not() -> None:
    guard = AddressGuard(("10.1.0.0/16", "fd00::/64"))
    assert guard.allows("10.1.255.1")
    assert guard.allows("::ffff:10.1.0.1")
    assert guard.allows("fd00::5")
    assert not guard.allows("10.2.0.1")
    assert not guard.allows("fd00:0:0:1::5")


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_judged_alike_however_ipv6_writes_it(
    address: ipaddress.IPv4Address,
) -> None:
    guard = AddressGuard()
    assert guard.allows(f"::ffff:{address}") == guard.allows(str(address))
    for embedded in (f"::{address}", f"::ffff:0:{address}", f"64:ff9b::{address}"):
        assert not guard.allows(embedded)


def test_the_sentence_names_no_answer_of_a_name_server_but_an_address_that_was_typed() -> None:
    with pytest.raises(ScanError) as refusal:
        AddressGuard().check("intra.example", ["93.184.216.34", "10.1.2.3"])
    assert "intra.example has a private or reserved address" in refusal.value.sentence
    assert "10.1.2.3" not in refusal.value.sentence
    assert refusal.value.private_address == "10.1.2.3"
    with pytest.raises(ScanError, match=r"10\.1\.2\.3 is a private or reserved address"):
        AddressGuard().check("10.1.2.3", ["10.1.2.3"])
