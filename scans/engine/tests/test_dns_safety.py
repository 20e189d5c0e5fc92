"""No DNS answer makes a scan connect to a forbidden address."""

from collections.abc import Iterator
from itertools import chain, repeat
from pathlib import Path

import dns.message
import pytest

from scans.engine.dns.lookup import DnsResolver
from scans.engine.dns.servers import NameServer
from scans.engine.errors import FailureReason, ScanError
from scans.engine.fetcher import Fetcher
from scans.engine.limits import FetchSettings, Limits
from scans.engine.scanner import scan_site
from scans.engine.tests.hostile_server import ADDRESS, HostileServer, page, redirect
from scans.engine.tests.name_server import LoopbackNameServer, silent

LIMITS = Limits(connect_timeout=1.0, read_timeout=1.0, site_deadline=10.0)
FORBIDDEN = "127.0.0.1"


@pytest.fixture
def web() -> Iterator[HostileServer]:
    """Serve a page at the only address that may be scanned."""
    with HostileServer({"/": page("public"), "/inside": redirect("http://inside.test/")}) as server:
        yield server


def fetcher(web: HostileServer, names: LoopbackNameServer, **more: object) -> Fetcher:
    settings = web.settings(host_map=(), allow_any_port=True, dns_servers=(names.place,), **more)
    fetcher = Fetcher(settings, LIMITS)
    fetcher.allow_port(web.port)
    return fetcher


def refused(web: HostileServer, host: str, *records: str, **server: object) -> ScanError:
    """Fetch from a host with these records; return why it was refused, without a connection."""
    zone = {host: list(records)}
    with LoopbackNameServer(zone, **server) as names, pytest.raises(ScanError) as caught:  # type: ignore[arg-type]
        fetcher(web, names).fetch_page(f"http://{host}:{web.port}/")
    assert web.connections == 0
    return caught.value


def test_a_host_is_found_by_the_name_servers_of_the_settings(web: HostileServer) -> None:
    zone = {"acme.test": ["CNAME edge.cdn.test"], "edge.cdn.test": [f"A {ADDRESS}"]}
    with LoopbackNameServer(zone) as names:
        answer = fetcher(web, names).fetch_page(f"http://acme.test:{web.port}/")
    assert (answer.body, answer.address) == (b"public", ADDRESS)
    assert web.hosts == [f"acme.test:{web.port}"]


def test_a_name_cannot_be_rebound_during_a_scan(web: HostileServer) -> None:
    answers = chain([ADDRESS, ADDRESS], repeat(FORBIDDEN))

    def rebind(query: dns.message.Message) -> bytes:
        names.zone = {"rebind.test": [f"A {next(answers)}"]}
        return names.answer(query).to_wire()

    with LoopbackNameServer(reply=rebind, ttl=0) as names:
        scan = fetcher(web, names)
        for _ in range(3):
            answer = scan.fetch_page(f"http://rebind.test:{web.port}/")
            assert (answer.body, answer.address) == (b"public", ADDRESS)
            scan.drop_connections()
        assert names.asked.count("rebind.test A") == 1
        with pytest.raises(ScanError) as caught:  # the next scan resolves and checks again
            fetcher(web, names).fetch_page(f"http://rebind.test:{web.port}/")
    assert caught.value.reason is FailureReason.BLOCKED_ADDRESS
    assert web.connections == 3


def test_a_kept_answer_is_checked_by_every_scan(web: HostileServer) -> None:
    with LoopbackNameServer({"acme.test": [f"A {ADDRESS}"]}) as names:
        fetcher(web, names).fetch_page(f"http://acme.test:{web.port}/")
        with pytest.raises(ScanError) as caught:
            fetcher(web, names, allowed_networks=()).fetch_page(f"http://acme.test:{web.port}/")
        assert names.asked.count("acme.test A") == 1
    assert caught.value.reason is FailureReason.BLOCKED_ADDRESS


@pytest.mark.parametrize(
    "forbidden",
    [
        f"A {FORBIDDEN}",
        "A 10.0.0.1",
        "A 169.254.169.254",
        "A 0.0.0.0",
        "AAAA ::1",
        "AAAA ::ffff:127.0.0.1",
        "AAAA 64:ff9b::7f00:1",
        "AAAA fd00:ec2::254",
        "AAAA fe80::1",
    ],
)
def test_mixed_answers_are_refused(web: HostileServer, forbidden: str) -> None:
    error = refused(web, "mixed.test", f"A {ADDRESS}", forbidden)
    assert error.reason is FailureReason.BLOCKED_ADDRESS
    assert "mixed.test" in error.sentence


def test_an_alias_does_not_lead_inside(web: HostileServer) -> None:
    zone = {
        "a.test": ["CNAME b.test"],
        "b.test": ["CNAME c.internal.test"],
        "c.internal.test": ["A 10.0.0.1"],
    }
    for partial in (False, True):
        with LoopbackNameServer(zone, partial=partial) as names, pytest.raises(ScanError) as caught:
            fetcher(web, names).fetch_page(f"http://a.test:{web.port}/")
        assert caught.value.reason is FailureReason.BLOCKED_ADDRESS
    assert web.connections == 0


@pytest.mark.parametrize("cuts_udp", [False, True])
def test_one_forbidden_address_in_4_kb_of_others_is_seen(
    web: HostileServer, cuts_udp: bool
) -> None:
    records = [f"A 1.1.{number}.1" for number in range(250)] + [f"A {FORBIDDEN}"]
    assert refused(web, "many.test", *records, cuts_udp=cuts_udp).reason is (
        FailureReason.BLOCKED_ADDRESS
    )


def test_a_resolver_that_gives_dead_names_its_own_address_does_not_lead_inside(
    web: HostileServer,
) -> None:
    with LoopbackNameServer({"*": ["A 192.168.1.1"]}) as names, pytest.raises(ScanError) as caught:
        fetcher(web, names).fetch_page(f"http://dead.example:{web.port}/")
    assert caught.value.reason is FailureReason.BLOCKED_ADDRESS


def test_addresses_of_names_beside_the_question_are_not_used(web: HostileServer) -> None:
    def poison(query: dns.message.Message) -> bytes:
        names.zone = {"other.test": [f"A {ADDRESS}"]}
        response = names.answer(query)
        other = dns.message.make_query("other.test.", "A")
        response.answer += names.answer(other).answer
        response.set_rcode(dns.rcode.NOERROR)
        return response.to_wire()

    with LoopbackNameServer(reply=poison) as names, pytest.raises(ScanError) as caught:
        fetcher(web, names).fetch_page(f"http://acme.test:{web.port}/")
    assert caught.value.reason is FailureReason.DNS_NOT_FOUND


def test_a_redirect_is_looked_up_and_checked(web: HostileServer) -> None:
    zone = {"acme.test": [f"A {ADDRESS}"], "inside.test": ["A 10.0.0.1"]}
    with LoopbackNameServer(zone) as names, pytest.raises(ScanError) as caught:
        fetcher(web, names).fetch_page(f"http://acme.test:{web.port}/inside")
    assert caught.value.reason is FailureReason.BLOCKED_ADDRESS


def test_the_hosts_file_does_not_get_round_the_guard(web: HostileServer, tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text(f"{FORBIDDEN} acme.test\n{ADDRESS} fine.test\n")
    with LoopbackNameServer() as names:
        server = NameServer(names.address, names.port)
        resolver = DnsResolver((server,), hosts_file=str(hosts))
        scan = Fetcher(web.settings(host_map=(), allow_any_port=True), LIMITS, resolver=resolver)
        scan.allow_port(web.port)
        assert scan.fetch_page(f"http://fine.test:{web.port}/").body == b"public"
        with pytest.raises(ScanError) as caught:
            scan.fetch_page(f"http://acme.test:{web.port}/")
    assert caught.value.reason is FailureReason.BLOCKED_ADDRESS


def test_a_stalled_resolver_is_a_dns_error_of_the_site() -> None:
    limits = Limits(connect_timeout=0.4, site_deadline=20.0)
    with LoopbackNameServer(reply=silent) as names, pytest.raises(ScanError) as caught:
        scan_site("acme.example", limits, settings=FetchSettings(dns_servers=(names.place,)))
    assert names.asked.count("acme.example A") == names.asked.count("www.acme.example A") == 2
    assert caught.value.reason is FailureReason.DNS_ERROR
    assert caught.value.reason.retry_may_help


def test_a_missing_name_is_dns_not_found_of_the_site() -> None:
    with LoopbackNameServer() as names, pytest.raises(ScanError) as caught:
        scan_site("acme.example", LIMITS, settings=FetchSettings(dns_servers=(names.place,)))
    assert caught.value.reason is FailureReason.DNS_NOT_FOUND
    assert sorted(set(names.asked)) == [
        "acme.example A",
        "acme.example AAAA",
        "www.acme.example A",
        "www.acme.example AAAA",
    ]
