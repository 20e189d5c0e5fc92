"""The fetcher against real servers on loopback: addresses, connections, TLS, throttling."""

import gzip
import ssl
import time
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import brotli
import pytest
import trustme

from scans.engine.errors import FailureReason, ScanError
from scans.engine.fetcher import Fetcher
from scans.engine.limits import FetchSettings, Limits
from scans.engine.session.budget import Budget, Stop
from scans.engine.tests import hostile_server as hostile
from scans.engine.tests.hostile_server import ADDRESS, HostileServer, Visit, page, redirect

LIMITS = Limits(connect_timeout=1.0, read_timeout=1.0, site_deadline=10.0)


class StubResolver:
    """A resolver that gives each answer once and then repeats the last."""

    def __init__(self, *answers: tuple[str, ...]) -> None:
        self.answers = answers
        self.asked = 0

    def resolve(self, host: str, budget: Budget, timeout: float) -> tuple[str, ...]:
        self.asked += 1
        return self.answers[min(self.asked, len(self.answers)) - 1]


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


def tls_server(authority: trustme.CA, name: str, **more: object) -> HostileServer:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name, **more).configure_cert(context)  # type: ignore[arg-type]
    return HostileServer({"/": page("secure")}, tls=context)


def ca_file(authority: trustme.CA, folder: Path) -> str:
    path = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


def reason_of(fetcher: Fetcher, url: str) -> FailureReason:
    with pytest.raises(ScanError) as caught:
        fetcher.fetch_page(url)
    return caught.value.reason


# Addresses


def test_a_name_is_resolved_once_so_that_it_cannot_be_rebound() -> None:
    with (
        HostileServer({"/": page("public")}) as public,
        HostileServer({"/": page("secret")}, address="127.0.0.1", port=public.port) as private,
    ):
        resolver = StubResolver((ADDRESS,), ("127.0.0.1",))
        settings = public.settings(host_map=(), allow_any_port=True)
        fetcher = Fetcher(settings, LIMITS, resolver=resolver)
        fetcher.allow_port(public.port)
        for _ in range(3):
            answer = fetcher.fetch_page(f"http://rebind.test:{public.port}/")
            assert (answer.body, answer.address) == (b"public", ADDRESS)
            fetcher.drop_connections()
        assert resolver.asked == 1
        assert (public.connections, private.connections) == (3, 0)


def test_mixed_answers_are_refused_without_a_connection() -> None:
    with HostileServer({"/": page("public")}) as server:
        settings = server.settings(host_map=(), allow_any_port=True)
        fetcher = Fetcher(settings, LIMITS, resolver=StubResolver((ADDRESS, "10.0.0.1")))
        fetcher.allow_port(server.port)
        url = f"http://mixed.test:{server.port}/"
        assert reason_of(fetcher, url) is FailureReason.BLOCKED_ADDRESS
        assert server.connections == 0


def test_the_map_does_not_get_round_the_guard() -> None:
    with HostileServer({"/": page("private")}) as server:
        fetcher = Fetcher(FetchSettings(host_map=server.map), LIMITS)
        assert reason_of(fetcher, "http://acme.test/") is FailureReason.BLOCKED_ADDRESS
        assert server.connections == 0


def test_each_redirect_is_checked_anew() -> None:
    with HostileServer({"/": redirect("http://inside.example/")}) as server:
        fetcher = Fetcher(server.settings(), LIMITS, resolver=StubResolver(("10.0.0.1",)))
        assert reason_of(fetcher, "http://acme.test/") is FailureReason.BLOCKED_ADDRESS
        assert server.visits == ["/"]


def test_the_next_address_is_tried_where_the_first_is_dead() -> None:
    with HostileServer({"/": page("alive")}) as server:
        settings = server.settings(
            host_map=(), allow_any_port=True, allowed_networks=("127.0.0.0/8",)
        )
        fetcher = Fetcher(settings, LIMITS, resolver=StubResolver(("127.0.0.77", ADDRESS)))
        fetcher.allow_port(server.port)
        answer = fetcher.fetch_page(f"http://two.test:{server.port}/")
        assert answer.address == ADDRESS


def test_a_port_must_be_the_users_own_and_allowed() -> None:
    with HostileServer({"/": page("here")}) as server:
        url = f"http://acme.test:{server.port}/"
        cautious = Fetcher(server.settings(), LIMITS)
        cautious.allow_port(server.port)
        assert reason_of(cautious, url) is FailureReason.BLOCKED_ADDRESS
        unasked = Fetcher(server.settings(allow_any_port=True), LIMITS)
        assert reason_of(unasked, url) is FailureReason.BLOCKED_ADDRESS
        fetcher = Fetcher(server.settings(allow_any_port=True), LIMITS)
        fetcher.allow_port(server.port)
        assert fetcher.fetch_page(url).body == b"here"


def test_proxies_of_the_environment_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    with HostileServer({"/": page("direct")}) as server:
        assert Fetcher(server.settings(), LIMITS).fetch_page("http://acme.test/").body == b"direct"


def test_nobody_listening_is_connection_refused() -> None:
    with HostileServer({}) as server:
        settings = server.settings()
    assert reason_of(Fetcher(settings, LIMITS), "http://acme.test/") is (
        FailureReason.CONNECTION_REFUSED
    )


@pytest.mark.parametrize("url", ["ftp://acme.test/", "javascript:alert(1)", "http://", "acme"])
def test_what_is_no_web_address_is_not_fetched(url: str) -> None:
    assert reason_of(Fetcher(FetchSettings(), LIMITS), url) is FailureReason.HTTP_ERROR


# Connections and TLS


def test_one_connection_serves_a_whole_scan() -> None:
    answers = {"/": redirect("/home"), "/home": page("home"), "/contact": page("contact")}
    with HostileServer(answers) as server:
        fetcher = Fetcher(server.settings(), LIMITS)
        for path in ("/", "/contact", "/contact", "/missing"):
            fetcher.fetch_page(f"http://acme.test{path}")
        assert server.connections == 1
        assert server.hosts[0] == "acme.test"


def test_a_kept_connection_that_was_closed_meanwhile_is_opened_again() -> None:
    def answer_and_close(visit: Visit) -> None:
        visit.reply(b"once")
        raise hostile.Hangup

    with HostileServer({"/": answer_and_close}) as server:
        fetcher = Fetcher(server.settings(), LIMITS)
        assert [fetcher.fetch_page("http://acme.test/").body for _ in range(3)] == [b"once"] * 3


def test_a_trusted_certificate_is_accepted_for_its_own_name(
    authority: trustme.CA, tmp_path: Path
) -> None:
    with tls_server(authority, "acme.test") as server:
        fetcher = Fetcher(server.settings(ca_file=ca_file(authority, tmp_path)), LIMITS)
        assert fetcher.fetch_page("https://acme.test/").body == b"secure"
        assert reason_of(fetcher, "https://other.test/") is FailureReason.TLS_ERROR


def test_an_unknown_authority_is_a_tls_error(authority: trustme.CA) -> None:
    with tls_server(authority, "acme.test") as server, pytest.raises(ScanError) as caught:
        Fetcher(server.settings(), LIMITS).fetch_page("https://acme.test/")
    assert caught.value.reason is FailureReason.TLS_ERROR
    assert "certificate of acme.test is not valid" in caught.value.sentence


def test_an_expired_certificate_is_a_tls_error(authority: trustme.CA, tmp_path: Path) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    with tls_server(authority, "acme.test", not_after=yesterday) as server:
        fetcher = Fetcher(server.settings(ca_file=ca_file(authority, tmp_path)), LIMITS)
        with pytest.raises(ScanError) as caught:
            fetcher.fetch_page("https://acme.test/")
    assert caught.value.reason is FailureReason.TLS_ERROR
    assert "expired" in caught.value.sentence


def test_plain_http_on_the_tls_port_is_a_tls_error() -> None:
    def complain(visit: Visit) -> None:
        visit.send(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\nThis is HTTP.")

    with HostileServer({}, on_connect=complain) as server:
        mapped = (("*.test", f"{ADDRESS}:0:{server.port}"),)
        fetcher = Fetcher(server.settings(host_map=mapped), LIMITS)
        assert reason_of(fetcher, "https://acme.test/") is FailureReason.TLS_ERROR


def test_a_stalled_tls_handshake_ends_in_time() -> None:
    with HostileServer({}, on_connect=hostile.never) as server:
        mapped = (("*.test", f"{ADDRESS}:0:{server.port}"),)
        fetcher = Fetcher(server.settings(host_map=mapped), Limits(connect_timeout=0.3))
        started = time.monotonic()
        assert reason_of(fetcher, "https://acme.test/") is FailureReason.CONNECTION_TIMEOUT
        assert time.monotonic() - started < 2


def test_a_dripping_tls_handshake_ends_in_time() -> None:
    def drip(visit: Visit) -> None:
        while not visit.closing.wait(0.05):
            visit.send(b"\x16")

    with HostileServer({}, on_connect=drip) as server:
        mapped = (("*.test", f"{ADDRESS}:0:{server.port}"),)
        fetcher = Fetcher(server.settings(host_map=mapped), Limits(connect_timeout=0.5))
        started = time.monotonic()
        assert reason_of(fetcher, "https://acme.test/") in (
            FailureReason.CONNECTION_TIMEOUT,
            FailureReason.TLS_ERROR,
        )
        assert time.monotonic() - started < 2


def test_a_tls_page_that_drips_ends_with_the_deadline(
    authority: trustme.CA, tmp_path: Path
) -> None:
    server = tls_server(authority, "acme.test")
    server.answers["/"] = hostile.drip
    with server:
        limits = Limits(read_timeout=5, site_deadline=0.8)
        fetcher = Fetcher(server.settings(ca_file=ca_file(authority, tmp_path)), limits)
        assert reason_of(fetcher, "https://acme.test/") is FailureReason.DEADLINE_EXCEEDED


# Bodies


def packed(body: bytes, encoding: str) -> hostile.Answer:
    return page(body, headers={"Content-Encoding": encoding})


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(b"hello" * 9_000)),
        ("x-gzip", gzip.compress(b"hello" * 9_000)),
        ("deflate", zlib.compress(b"hello" * 9_000)),
        ("deflate", zlib.compress(b"hello" * 9_000)[2:-4]),
        ("br", brotli.compress(b"hello" * 9_000)),
        ("utf-8", b"hello" * 9_000),
    ],
)
def test_packed_bodies_are_unpacked(encoding: str, body: bytes) -> None:
    with HostileServer({"/": packed(body, encoding)}) as server:
        answer = Fetcher(server.settings(), LIMITS).fetch_page("http://acme.test/")
    assert answer.body == b"hello" * 9_000


def test_a_chunked_body_is_put_together() -> None:
    def chunked(visit: Visit) -> None:
        visit.send(hostile.head(headers={"Transfer-Encoding": "chunked"}))
        visit.send(b"5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nX-Trailer: 1\r\n\r\n")

    with HostileServer({"/": chunked}) as server:
        fetcher = Fetcher(server.settings(), LIMITS)
        bodies = [fetcher.fetch_page("http://acme.test/").body for _ in range(2)]
        assert bodies == [b"hello world"] * 2
        assert server.connections == 1


def test_a_stream_gives_its_body_in_chunks_and_its_bytes_to_the_receipt() -> None:
    with HostileServer({"/big": page(b"x" * 1_000_000)}) as server:
        fetcher = Fetcher(server.settings(), LIMITS)
        stream = fetcher.open_stream("http://acme.test/big")
        assert sum(len(chunk) for chunk in stream.chunks) == 1_000_000
        fetcher.close()
        assert fetcher.receipt[0].bytes == 1_000_000


def test_a_stream_left_unread_does_not_disturb_the_next_request() -> None:
    with HostileServer({"/big": page(b"x" * 1_000_000), "/": page("home")}) as server:
        fetcher = Fetcher(server.settings(), LIMITS)
        next(fetcher.open_stream("http://acme.test/big").chunks)
        assert fetcher.fetch_page("http://acme.test/").body == b"home"


# Throttling


def test_cookies_last_as_long_as_the_scan() -> None:
    seen: list[str] = []

    def home(visit: Visit) -> None:
        seen.append(visit.headers.get("cookie", ""))
        visit.reply(b"home", headers={"Set-Cookie": "session=42; Path=/"})

    with HostileServer({"/": home}) as server:
        fetcher = Fetcher(server.settings(), LIMITS)
        answers = [fetcher.fetch_page("http://acme.test/") for _ in range(2)]
        Fetcher(server.settings(), LIMITS).fetch_page("http://acme.test/")
    assert seen == ["", "session=42", ""]
    assert answers[1].cookies == {"session": "42"}


def test_a_site_that_sets_a_megabyte_of_cookies_gets_none_back() -> None:
    def home(visit: Visit) -> None:
        assert len(visit.headers.get("cookie", "")) < 20_000
        lines = "".join(f"Set-Cookie: c{n}={'x' * 20_000}\r\n" for n in range(50))
        visit.send(f"HTTP/1.1 200 OK\r\n{lines}Content-Length: 2\r\n\r\nok".encode())

    with HostileServer({"/": home}) as server:
        fetcher = Fetcher(server.settings(), LIMITS)
        assert [fetcher.fetch_page("http://acme.test/").body for _ in range(2)] == [b"ok", b"ok"]


def test_we_say_who_we_are() -> None:
    agents: list[str] = []

    def home(visit: Visit) -> None:
        agents.append(visit.headers["user-agent"])
        visit.reply(b"home")

    with HostileServer({"/": home}) as server:
        settings = server.settings(user_agent="Anvils/2.0")
        Fetcher(settings, LIMITS).fetch_page("http://acme.test/")
    assert agents == ["Anvils/2.0"]


def test_the_gap_between_two_requests_is_kept() -> None:
    with HostileServer({"/": page("home")}) as server:
        limits = Limits(request_delay=0.3)
        fetcher = Fetcher(server.settings(), limits)
        fetcher.fetch_page("http://acme.test/")
        fetcher.fetch_page("http://acme.test/")
        fetcher.close()
    first, second = fetcher.receipt
    assert second.at - (first.at + first.ms / 1000) >= 0.29


def test_a_gap_beyond_the_deadline_ends_the_scan_at_once() -> None:
    with HostileServer({"/": page("home")}) as server:
        fetcher = Fetcher(server.settings(), Limits(request_delay=60, site_deadline=30))
        fetcher.fetch_page("http://acme.test/")
        started = time.monotonic()
        assert reason_of(fetcher, "http://acme.test/") is FailureReason.DEADLINE_EXCEEDED
        assert time.monotonic() - started < 1


def test_a_site_that_asks_to_be_left_alone_is_not_asked_for_anything_else() -> None:
    busy = page("busy", "503 Unavailable", {"Retry-After": "3600"})
    with HostileServer({"/": busy, "/contact": page("contact")}) as server:
        fetcher = Fetcher(server.settings(), LIMITS)
        assert fetcher.fetch_page("http://acme.test/").status == 503
        with pytest.raises(ScanError) as caught:
            fetcher.fetch_page("http://acme.test/contact")
        assert "a pause of 3600 s" in caught.value.sentence
        assert server.visits == ["/"]


def test_the_receipt_names_every_request() -> None:
    answers = {
        "/": redirect("/home"),
        "/home": hostile.in_turn(page("busy", "503 Unavailable"), page("home")),
    }
    with HostileServer(answers) as server:
        fetcher = Fetcher(server.settings(), LIMITS)
        answer = fetcher.fetch_page("http://acme.test/")
        fetcher.close()
    lines = [(record.url, record.status, record.attempt) for record in fetcher.receipt]
    assert lines == [
        ("http://acme.test/", 302, 1),
        ("http://acme.test/home", 503, 1),
        ("http://acme.test/home", 200, 2),
    ]
    assert (answer.url, answer.redirects) == ("http://acme.test/home", ("http://acme.test/",))


def test_a_cancelled_scan_sends_no_further_request_and_ends_the_running_one() -> None:
    stop = Stop()

    def home(visit: Visit) -> None:
        stop.set()
        visit.hang()

    with HostileServer({"/": home}) as server:
        fetcher = Fetcher(server.settings(), Limits(read_timeout=30), stop=stop)
        started = time.monotonic()
        assert reason_of(fetcher, "http://acme.test/") is FailureReason.CANCELLED
        assert reason_of(fetcher, "http://acme.test/") is FailureReason.CANCELLED
        assert time.monotonic() - started < 2
        assert server.visits == ["/"]
