"""Lookups against name servers on loopback: their answers and failures."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dns.message
import dns.rcode
import pytest

from scans.engine.dns.cache import Answer, AnswerCache
from scans.engine.dns.lookup import DnsResolver, shared_resolver
from scans.engine.dns.pace import MAX_LOOKUPS, MIN_LOOKUPS, Pace
from scans.engine.dns.servers import NameServer, parse_server
from scans.engine.errors import FailureReason, ScanError
from scans.engine.session.budget import Budget, Stop
from scans.engine.tests.name_server import LoopbackNameServer, failing, silent

TIMEOUT = 1.0


def resolver(*servers: LoopbackNameServer, hosts: str = "/nonexistent") -> DnsResolver:
    return DnsResolver(
        tuple(NameServer(server.address, server.port) for server in servers), hosts_file=hosts
    )


def resolve(host: str, *servers: LoopbackNameServer) -> tuple[str, ...]:
    return resolver(*servers).resolve(host, Budget(20), TIMEOUT)


def failure(host: str, *servers: LoopbackNameServer, timeout: float = TIMEOUT) -> ScanError:
    with pytest.raises(ScanError) as caught:
        resolver(*servers).resolve(host, Budget(20), timeout)
    return caught.value


# Answers


def test_both_kinds_of_address_are_asked_for_and_ipv4_comes_first() -> None:
    zone = {"acme.test": ["AAAA 2606:4700::1", "A 1.1.1.1", "A 1.0.0.1"]}
    with LoopbackNameServer(zone) as server:
        *ipv4, last = resolve("acme.test", server)
        assert (sorted(ipv4), last) == (["1.0.0.1", "1.1.1.1"], "2606:4700::1")
        assert sorted(server.asked) == ["acme.test A", "acme.test AAAA"]


def test_a_host_with_ipv6_alone_has_its_address() -> None:
    with LoopbackNameServer({"six.test": ["AAAA 2606:4700::1"]}) as server:
        assert resolve("six.test", server) == ("2606:4700::1",)


@pytest.mark.parametrize("partial", [False, True])
def test_aliases_are_followed_whether_or_not_the_server_does_it(partial: bool) -> None:
    zone = {f"n{number}.test": [f"CNAME n{number + 1}.test"] for number in range(9)}
    zone["n9.test"] = ["A 1.1.1.1"]
    with LoopbackNameServer(zone, partial=partial) as server:
        assert resolve("n0.test", server) == ("1.1.1.1",)


@pytest.mark.parametrize("partial", [False, True])
def test_aliases_in_a_circle_lead_nowhere(partial: bool) -> None:
    zone = {"a.test": ["CNAME b.test"], "b.test": ["CNAME a.test"]}
    with LoopbackNameServer(zone, partial=partial) as server:
        assert failure("a.test", server).reason is FailureReason.DNS_NOT_FOUND
        assert len(server.asked) < 50


def test_an_alias_of_a_name_that_does_not_exist_names_it() -> None:
    with LoopbackNameServer({"shop.test": ["CNAME gone.cdn.test"]}) as server:
        error = failure("shop.test", server)
    assert error.reason is FailureReason.DNS_NOT_FOUND
    assert "alias of gone.cdn.test" in error.sentence


@pytest.mark.parametrize(
    ("host", "cause"), [("gone.test", "no such name"), ("mail.test", "has no address")]
)
def test_a_name_without_an_address_is_dns_not_found(host: str, cause: str) -> None:
    with LoopbackNameServer({"mail.test": ["MX 10 mx.test."]}) as server:
        error = failure(host, server)
    assert error.reason is FailureReason.DNS_NOT_FOUND
    assert host in error.sentence
    assert cause in error.sentence


def test_an_answer_too_long_for_udp_is_asked_for_over_tcp() -> None:
    addresses = [f"1.1.{number // 250}.{number % 250}" for number in range(300)]
    with LoopbackNameServer({"large.test": [f"A {address}" for address in addresses]}) as server:
        assert sorted(resolve("large.test", server)) == sorted(addresses)
        assert server.over_tcp == 1


def test_an_answer_of_4_kb_over_udp_is_read_whole() -> None:
    addresses = [f"1.1.{number // 250}.{number % 250}" for number in range(260)]
    zone = {"large.test": [f"A {address}" for address in addresses]}
    with LoopbackNameServer(zone, cuts_udp=False) as server:
        assert sorted(resolve("large.test", server)) == sorted(addresses)
        assert server.over_tcp == 0


def test_responses_that_answer_another_question_are_dropped() -> None:
    def reply(query: dns.message.Message) -> bytes:
        forged = dns.message.make_query("other.test.", "A")
        forged.id = query.id
        return dns.message.make_response(forged).to_wire()

    with LoopbackNameServer(reply=reply) as server:
        assert failure("acme.test", server, timeout=0.2).reason is FailureReason.DNS_ERROR


def test_datagrams_that_are_no_dns_are_dropped() -> None:
    with LoopbackNameServer(reply=lambda query: b"\x00" * 7) as server:
        assert failure("acme.test", server, timeout=0.2).reason is FailureReason.DNS_ERROR


@pytest.mark.parametrize("host", ["a" * 64 + ".test", ".".join(["a" * 60] * 5), "a..test"])
def test_a_name_that_the_dns_cannot_hold_is_not_asked_for(host: str) -> None:
    with LoopbackNameServer() as server:
        assert failure(host, server).reason is FailureReason.DNS_NOT_FOUND
        assert server.asked == []


# Failures


def test_a_silent_server_is_a_dns_error_and_not_a_dead_domain() -> None:
    started = time.monotonic()
    with LoopbackNameServer(reply=silent) as server:
        error = failure("acme.test", server, timeout=0.4)
        assert sorted(server.asked) == ["acme.test A"] * 2 + ["acme.test AAAA"] * 2
    assert error.reason is FailureReason.DNS_ERROR
    assert "did not answer in time" in error.sentence
    assert time.monotonic() - started < 3


@pytest.mark.parametrize("code", ["SERVFAIL", "REFUSED", "FORMERR", "NOTIMP"])
def test_a_server_that_cannot_answer_is_a_dns_error_that_says_so(code: str) -> None:
    with LoopbackNameServer(reply=failing(dns.rcode.from_text(code))) as server:
        error = failure("acme.test", server)
    assert error.reason is FailureReason.DNS_ERROR
    assert code in error.sentence


def test_nobody_at_the_port_of_the_server_is_a_dns_error() -> None:
    with LoopbackNameServer() as server:
        pass
    started = time.monotonic()
    assert failure("acme.test", server, timeout=20).reason is FailureReason.DNS_ERROR
    assert time.monotonic() - started < 5


def test_another_server_is_asked_where_one_fails_and_is_the_first_from_then_on() -> None:
    zone = {"a.test": ["A 1.1.1.1"], "b.test": ["A 1.1.1.2"]}
    with LoopbackNameServer(reply=silent) as dead, LoopbackNameServer(zone) as alive:
        names = resolver(dead, alive)
        assert names.resolve("a.test", Budget(20), 0.4) == ("1.1.1.1",)
        asked = len(dead.asked)
        assert names.resolve("b.test", Budget(20), 0.4) == ("1.1.1.2",)
        assert len(dead.asked) == asked


def test_what_one_server_answered_is_not_asked_of_the_next() -> None:
    def half(query: dns.message.Message) -> bytes | None:
        return server.answer(query).to_wire() if query.question[0].rdtype == 28 else None

    zone = {"half.test": ["A 1.1.1.1", "AAAA 2606:4700::1"]}
    with LoopbackNameServer(zone, reply=half) as server, LoopbackNameServer(zone) as other:
        assert resolver(server, other).resolve("half.test", Budget(20), 0.4) == (
            "1.1.1.1",
            "2606:4700::1",
        )
        assert other.asked == ["half.test A"]


def test_a_server_that_ignores_ipv6_questions_costs_little() -> None:
    def only_ipv4(query: dns.message.Message) -> bytes | None:
        return server.answer(query).to_wire() if query.question[0].rdtype == 1 else None

    started = time.monotonic()
    with LoopbackNameServer({"four.test": ["A 1.1.1.1"]}, reply=only_ipv4) as server:
        assert resolver(server).resolve("four.test", Budget(60), 30) == ("1.1.1.1",)
    assert time.monotonic() - started < 5


def test_a_cancelled_scan_does_not_wait_for_name_servers() -> None:
    started, stop = time.monotonic(), Stop()

    def stopping(*_: object) -> None:
        stop.set()

    with LoopbackNameServer(reply=stopping) as server, pytest.raises(ScanError) as caught:
        resolver(server).resolve("acme.test", Budget(60, stop), 60)
    assert caught.value.reason is FailureReason.CANCELLED
    assert time.monotonic() - started < 3


def test_the_deadline_ends_a_lookup() -> None:
    with LoopbackNameServer(reply=silent) as server, pytest.raises(ScanError) as caught:
        resolver(server).resolve("acme.test", Budget(0.2), 60)
    assert caught.value.reason is FailureReason.DEADLINE_EXCEEDED


# The hosts file, and names without a dot


def test_the_hosts_file_goes_before_name_servers_and_is_read_again(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text(
        "# ours\n::1 acme.test\n127.0.0.5\tAcme.Test www.acme.test # both\nnonsense x\n"
    )
    with LoopbackNameServer({"acme.test": ["A 1.1.1.1"]}) as server:
        names = resolver(server, hosts=str(hosts))
        assert names.resolve("acme.test", Budget(5), TIMEOUT) == ("127.0.0.5", "::1")
        assert names.resolve("www.acme.test", Budget(5), TIMEOUT) == ("127.0.0.5",)
        assert server.asked == []
        hosts.write_text("127.0.0.6 elsewhere.test\n")
        assert names.resolve("acme.test", Budget(5), TIMEOUT) == ("1.1.1.1",)


def test_localhost_is_this_machine_without_any_file() -> None:
    with LoopbackNameServer() as server:
        assert resolve("localhost", server) == ("127.0.0.1", "::1")
        assert resolve("app.localhost", server) == ("127.0.0.1", "::1")
        assert server.asked == []


def test_search_domains_are_for_names_without_a_dot_alone(tmp_path: Path) -> None:
    conf = tmp_path / "resolv.conf"
    zone = {"intern.corp.test": ["A 10.0.0.5"], "*.corp.test": ["A 10.0.0.6"]}
    with LoopbackNameServer(zone) as server:
        conf.write_text(f"search corp.test\nnameserver {server.address}\n")
        names = DnsResolver(hosts_file="/nonexistent", resolv_conf=str(conf))
        system = names.system_servers()
        assert (system.servers, system.search) == ((NameServer(server.address),), ("corp.test",))
        names = DnsResolver(
            (NameServer(server.address, server.port),),
            hosts_file="/nonexistent",
            resolv_conf=str(conf),
        )
        assert names.resolve("intern", Budget(5), TIMEOUT) == ("10.0.0.5",)
        with pytest.raises(ScanError) as caught:
            names.resolve("dead.example", Budget(5), TIMEOUT)
    assert caught.value.reason is FailureReason.DNS_NOT_FOUND


@pytest.mark.parametrize(
    ("text", "servers", "search"),
    [
        ("nameserver 9.9.9.9\nnameserver 8.8.8.8 # ours\n", ["9.9.9.9", "8.8.8.8"], ()),
        ("; none\n# nameserver 1.1.1.1\nnameserver bogus\nnameserver\n", ["127.0.0.1"], ()),
        ("nameserver fe80::1%eth0\noptions rotate edns0\n", ["fe80::1%eth0"], ()),
        ("search a.test B.test.\nnameserver ::1\n", ["::1"], ("a.test", "b.test")),
        ("domain a.test\nsearch .\nnameserver 1.1.1.1\n", ["1.1.1.1"], ()),
        (
            "".join(f"nameserver 1.1.1.{n}\n" for n in range(1, 6)),
            ["1.1.1.1", "1.1.1.2", "1.1.1.3"],
            (),
        ),
    ],
)
def test_resolv_conf_is_read_as_the_c_library_reads_it(
    tmp_path: Path, text: str, servers: list[str], search: tuple[str, ...]
) -> None:
    conf = tmp_path / "resolv.conf"
    conf.write_text(text)
    system = DnsResolver(resolv_conf=str(conf)).system_servers()
    assert [server.address for server in system.servers] == servers
    assert system.search == search


def test_a_machine_without_resolv_conf_asks_itself(tmp_path: Path) -> None:
    names = DnsResolver(resolv_conf=str(tmp_path / "missing"))
    assert names.system_servers().servers == (NameServer("127.0.0.1"),)


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("9.9.9.9", NameServer("9.9.9.9", 53)),
        ("127.0.0.1:5353", NameServer("127.0.0.1", 5353)),
        ("2620:fe::fe", NameServer("2620:fe::fe", 53)),
        ("[::1]:5353", NameServer("::1", 5353)),
    ],
)
def test_name_servers_are_read_as_settings_write_them(text: str, server: NameServer) -> None:
    assert parse_server(text) == server
    assert parse_server(str(server)) == server


@pytest.mark.parametrize("text", ["", "dns.example", "1.1.1.1:dns", "1.1.1.1:0", "1.1.1.1:70000"])
def test_what_is_no_name_server_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_server(text)


# The cache


def test_an_answer_is_kept_for_its_ttl_and_a_missing_name_too() -> None:
    with LoopbackNameServer({"acme.test": ["A 1.1.1.1"]}) as server:
        names = resolver(server)
        for _ in range(3):
            assert names.resolve("acme.test", Budget(5), TIMEOUT) == ("1.1.1.1",)
            with pytest.raises(ScanError):
                names.resolve("gone.test", Budget(5), TIMEOUT)
        assert server.asked.count("acme.test A") == server.asked.count("gone.test A") == 1


def test_an_answer_that_must_not_be_kept_is_not() -> None:
    with LoopbackNameServer({"acme.test": ["A 1.1.1.1"]}, ttl=0) as server:
        names = resolver(server)
        for _ in range(3):
            names.resolve("acme.test", Budget(5), TIMEOUT)
        assert server.asked.count("acme.test A") == 3


def test_a_dns_error_is_not_kept() -> None:
    with LoopbackNameServer({"acme.test": ["A 1.1.1.1"]}) as server:
        server.reply = failing(dns.rcode.SERVFAIL)
        names = resolver(server)
        with pytest.raises(ScanError):
            names.resolve("acme.test", Budget(5), TIMEOUT)
        server.reply = None
        assert names.resolve("acme.test", Budget(5), TIMEOUT) == ("1.1.1.1",)


def test_a_kept_answer_ends_with_its_ttl() -> None:
    now = 100.0
    cache = AnswerCache(clock=lambda: now)
    cache.keep("acme.test", Answer(("1.1.1.1",), 30))
    cache.keep("old.test", Answer(("1.1.1.1",), 10**9))
    now = 129.0
    assert cache.get("acme.test") == Answer(("1.1.1.1",), 30)
    now = 131.0
    assert cache.get("acme.test") is None
    now = 4_000.0
    assert cache.get("old.test") is None


def test_the_cache_has_an_end() -> None:
    cache = AnswerCache(most=3)
    for number in range(10):
        cache.keep(f"{number}.test", Answer(("1.1.1.1",), 60))
    kept = [number for number in range(10) if cache.get(f"{number}.test")]
    assert kept == [7, 8, 9]


def test_a_process_has_one_resolver_for_its_name_servers() -> None:
    assert shared_resolver(("127.0.0.1:5353",)) is shared_resolver(("127.0.0.1:5353",))
    assert shared_resolver() is not shared_resolver(("127.0.0.1:5353",))


# Parallel lookups


def test_lookups_at_once_are_limited_and_the_others_wait_their_turn() -> None:
    seen = _Concurrency()
    with ThreadPoolExecutor(40) as pool:
        done = list(pool.map(lambda _: seen.look_up(), range(80)))
    assert done == [True] * 80
    assert seen.most <= MAX_LOOKUPS


class _Concurrency:
    """Lookups that wait for each other, so that the maximum runs in parallel."""

    def __init__(self) -> None:
        self.most = 0
        self._pace = Pace()
        self._active = 0
        self._lock = threading.Lock()
        self._full = threading.Barrier(MAX_LOOKUPS)

    def look_up(self) -> bool:
        with self._pace.turn(Budget(30), 20) as has_turn:
            with self._lock:
                self._active += 1
                self.most = max(self.most, self._active)
            self._full.wait(10)
            with self._lock:
                self._active -= 1
            return has_turn


def test_silence_makes_the_lookups_fewer_and_answers_make_them_more_again() -> None:
    now = 100.0
    pace = Pace(clock=lambda: now)
    for _ in range(10):
        pace.note_failure()  # one stall counts once
    assert pace.limit == MAX_LOOKUPS / 2
    for _ in range(10):
        now += 2
        pace.note_failure()
    assert pace.limit == MIN_LOOKUPS
    assert pace.pause == 2.0
    for _ in range(500):
        pace.note_answer()
    assert (pace.limit, pace.pause) == (MAX_LOOKUPS, 0.0)


def test_a_lookup_that_never_gets_its_turn_is_a_dns_error() -> None:
    names = DnsResolver((NameServer("127.0.0.3", 9),), pace=Pace(most=1, least=1))
    with names.pace.turn(Budget(5), 1), pytest.raises(ScanError) as caught:
        names.resolve("acme.test", Budget(5), 0.05)
    assert caught.value.reason is FailureReason.DNS_ERROR


def test_a_stalled_server_that_recovers_loses_nobody() -> None:
    """Names above the limit wait while the server stalls, and are queried when it is back."""
    zone = {"*.test": ["A 1.1.1.1"]}
    with LoopbackNameServer(zone, reply=silent) as server:
        names = DnsResolver((NameServer(server.address, server.port),), pace=Pace(most=4, least=1))

        def look_up(number: int) -> str:
            if number == 6:
                server.reply = None
            try:
                return names.resolve(f"n{number}.test", Budget(30), 1.0)[0]
            except ScanError as error:
                return error.reason.value

        with ThreadPoolExecutor(8) as pool:
            results = list(pool.map(look_up, range(40)))
    assert set(results) <= {"1.1.1.1", "dns_error"}
    assert results.count("1.1.1.1") >= 32
