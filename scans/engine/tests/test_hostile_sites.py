"""Whatever a server does, a scan ends in time with the correct result or failure reason."""

import gc
import gzip
import time
from pathlib import Path

import brotli
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scans.engine.errors import FailureReason, ScanError
from scans.engine.fetcher import Fetcher
from scans.engine.limits import Limits
from scans.engine.report import SiteReport, Verdict
from scans.engine.scanner import scan_site
from scans.engine.tests import hostile_server as hostile
from scans.engine.tests.hostile_server import Answer, HostileServer, Visit, page, redirect

QUICK = Limits(connect_timeout=1.0, read_timeout=0.4, site_deadline=8.0)
HOME = "<html><head><title>Acme</title></head><body><p>We make anvils.</p>{}</body></html>"
WORDS = HOME.format("<p>" + "Anvils of every size, made to last. " * 40 + "</p>")
MB = 1_048_576


def scan(
    home: Answer, limits: Limits = QUICK, robots: Answer | None = None, **more: Answer
) -> SiteReport:
    """Scan a site of one homepage; `more` are further pages, `_` in their names read as `/`."""
    answers = {"/": home, **{f"/{name.replace('__', '.')}": page for name, page in more.items()}}
    if robots is not None:
        answers["/robots.txt"] = robots
    with HostileServer(answers) as server:
        return scan_site("acme.test", limits, settings=server.settings())


def failure(home: Answer, limits: Limits = QUICK, **more: Answer) -> ScanError:
    with pytest.raises(ScanError) as caught:
        scan(home, limits, **more)
    return caught.value


class PeakMemory:
    """The peak memory of this process during the measurement (Linux)."""

    def __init__(self) -> None:
        gc.collect()
        Path("/proc/self/clear_refs").write_text("5")  # proc(5): resets the peak
        self._before = self._peak()

    def growth(self) -> int:
        return self._peak() - self._before

    def _peak(self) -> int:
        status = Path("/proc/self/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024


# Time


def test_a_server_that_never_answers_ends_with_a_read_timeout() -> None:
    assert failure(hostile.never).reason is FailureReason.READ_TIMEOUT


def test_a_dripping_page_ends_with_the_deadline() -> None:
    started = time.monotonic()
    error = failure(hostile.drip, Limits(read_timeout=5.0, site_deadline=1.0))
    assert error.reason is FailureReason.DEADLINE_EXCEEDED
    assert time.monotonic() - started < 2.5


def test_dripping_headers_end_with_the_deadline() -> None:
    started = time.monotonic()
    error = failure(hostile.drip_headers, Limits(read_timeout=5.0, site_deadline=1.0))
    assert error.reason is FailureReason.DEADLINE_EXCEEDED
    assert time.monotonic() - started < 2.5


def test_one_dripping_answer_does_not_use_up_the_time_of_the_site() -> None:
    error = failure(hostile.drip, Limits(read_timeout=0.4, site_deadline=20.0))
    assert error.reason is FailureReason.READ_TIMEOUT


def test_a_server_that_hangs_up_was_asked_three_times() -> None:
    error = failure(hostile.hang_up)
    assert error.reason is FailureReason.CONNECTION_REFUSED
    assert "closed the connection" in error.sentence
    assert sum(record.url == "http://acme.test/" for record in error.requests) == 3


def test_a_page_that_hangs_at_its_end_is_read_as_far_as_it_came() -> None:
    def hang_at_the_end(visit: Visit) -> None:
        visit.send(hostile.head(headers={"Content-Type": "text/html"}) + WORDS.encode() * 2)
        visit.hang()

    report = scan(hang_at_the_end)
    assert report.title == "Acme"
    assert any("Only the first" in warning for warning in report.warnings)


# Size


def test_an_endless_body_is_too_large_and_takes_no_memory() -> None:
    memory = PeakMemory()
    assert failure(hostile.endless_body).reason is FailureReason.RESPONSE_TOO_LARGE
    assert memory.growth() < 40 * MB


def test_a_gzip_bomb_is_too_large_and_takes_no_memory() -> None:
    memory = PeakMemory()
    assert failure(hostile.gzip_bomb).reason is FailureReason.RESPONSE_TOO_LARGE
    assert memory.growth() < 40 * MB


def test_a_bomb_within_a_bomb_is_not_unpacked() -> None:
    bomb = gzip.compress(b"".join(hostile.packed_blanks(2_000)))
    memory = PeakMemory()
    error = failure(page(bomb, headers={"Content-Encoding": "gzip, gzip"}))
    assert error.reason is FailureReason.UNSUPPORTED_CONTENT
    assert memory.growth() < 40 * MB


def test_a_brotli_bomb_is_too_large_and_takes_no_memory() -> None:
    packer = brotli.Compressor(quality=1)
    bomb = b"".join(packer.process(b" " * MB) for _ in range(1_000)) + packer.finish()
    memory = PeakMemory()
    error = failure(page(bomb, headers={"Content-Encoding": "br"}))
    assert error.reason is FailureReason.RESPONSE_TOO_LARGE
    assert memory.growth() < 40 * MB


def test_the_endless_body_of_a_redirect_is_not_read() -> None:
    def endless_redirect(visit: Visit) -> None:
        visit.send(hostile.head("302 Found", {"Location": "/there"}))
        while not visit.closing.is_set():
            visit.send(b"x" * 65_536)

    memory = PeakMemory()
    report = scan(endless_redirect, there=page(WORDS))
    assert report.final_url == "http://acme.test/there"
    assert memory.growth() < 40 * MB


def test_endless_headers_cannot_be_read_as_http() -> None:
    # The limit of headers is what ends it, on a busy machine as well.
    patient = Limits(read_timeout=5.0, site_deadline=20.0)
    assert failure(hostile.endless_headers, patient).reason is FailureReason.HTTP_ERROR


def test_a_long_page_is_read_as_far_as_the_limit_goes() -> None:
    report = scan(page(WORDS + "<p>more</p>" * 300_000))
    assert report.title == "Acme"
    assert any("Only the first 2,000,000 bytes" in warning for warning in report.warnings)


# Redirects


def test_a_redirect_loop_is_named() -> None:
    error = failure(redirect("/again"), again=redirect("/"))
    assert error.reason is FailureReason.TOO_MANY_REDIRECTS


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1/",
        "http://127.1/",
        "http://0x7f.1/",
        "http://2130706433/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "http://100.64.0.1/",
        "http://168.63.129.16/",
        "http://0.0.0.0/",
        "http://user@127.0.0.1/",
        "//127.0.0.1/",
    ],
)
def test_a_redirect_to_a_private_address_is_blocked(location: str) -> None:
    error = failure(redirect(location))
    assert error.reason is FailureReason.BLOCKED_ADDRESS
    assert "SCAN_ALLOWED_NETWORKS" in error.sentence


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "ftp://acme.test/", "gopher://acme.test/", "data:,x"]
)
def test_a_redirect_away_from_the_web_is_blocked(location: str) -> None:
    assert failure(redirect(location)).reason is FailureReason.BLOCKED_ADDRESS


@pytest.mark.parametrize("location", ["http://", "http://[", "http://a b/", "/" + "x" * 9_000])
def test_a_redirect_to_nowhere_is_an_error(location: str) -> None:
    assert failure(redirect(location)).reason is FailureReason.HTTP_ERROR


def test_a_redirect_to_another_port_is_blocked() -> None:
    error = failure(redirect("http://acme.test:6379/"))
    assert error.reason is FailureReason.BLOCKED_ADDRESS
    assert "6379" in error.sentence


# Real-world HTTP


def test_a_content_length_beyond_the_end_leaves_the_page_readable() -> None:
    def short(visit: Visit) -> None:
        visit.send(hostile.head(headers={"Content-Length": "99999"}) + WORDS.encode())
        raise hostile.Hangup

    assert scan(short).title == "Acme"


def test_a_content_length_before_the_end_leaves_the_page_readable() -> None:
    def long(visit: Visit) -> None:
        length = str(len(WORDS) // 2)
        visit.send(hostile.head(headers={"Content-Length": length}) + WORDS.encode())

    assert scan(long).title == "Acme"


def test_a_wrong_charset_is_seen_through() -> None:
    home = "<html><title>Müller &amp; Söhne</title><p>Geländer und Tore für Köln.</p></html>"
    report = scan(page(home, headers={"Content-Type": "text/html; charset=us-ascii"}))
    assert report.title == "Müller & Söhne"


def test_http_1_0_is_understood() -> None:
    def old(visit: Visit) -> None:
        visit.send(b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n" + WORDS.encode())
        raise hostile.Hangup

    assert scan(old).title == "Acme"


def test_what_is_not_http_is_an_error() -> None:
    def nonsense(visit: Visit) -> None:
        visit.send(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n")
        raise hostile.Hangup

    assert failure(nonsense).reason is FailureReason.HTTP_ERROR


def test_204_is_an_empty_site() -> None:
    report = scan(page("", "204 No Content"))
    assert (report.http_status, report.verdict) == (204, Verdict.EMPTY)


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden", "404 Not Found"])
def test_an_error_page_is_no_homepage_however_full_it_is(status: str) -> None:
    error = failure(page(WORDS, status))
    assert error.reason is FailureReason.HTTP_ERROR
    assert status[:3] in error.sentence


def test_429_is_asked_again_after_the_time_it_names() -> None:
    busy = page("slow down", "429 Too Many Requests", {"Retry-After": "1"})
    report = scan(hostile.in_turn(busy, page(WORDS)))
    first, second = [record for record in report.requests if record.url.endswith(".test/")]
    assert (first.status, second.status, second.attempt) == (429, 200, 2)
    assert second.at - first.at >= 0.998  # both are rounded to a millisecond


def test_a_retry_after_beyond_the_deadline_is_not_waited_for() -> None:
    started = time.monotonic()
    busy = page("slow down", "429 Too Many Requests", {"Retry-After": "3600"})
    error = failure(busy, Limits(read_timeout=2.0, site_deadline=30.0))
    assert error.reason is FailureReason.HTTP_ERROR
    assert time.monotonic() - started < 5


def test_500_then_200_is_a_site() -> None:
    report = scan(hostile.in_turn(page("oops", "500 Server Error"), page(WORDS)))
    assert report.title == "Acme"


WORDS_OF_HTTP = [
    *(
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 302 Found\r\n",
        b"HTTP/9.9 abc\r\n",
        b"HTTP/1.1 100\r\n\r\n",
    ),
    *(b"Content-Length: 5\r\n", b"Content-Length: -1\r\n", b"Content-Length: 1, 2\r\n", b": \r\n"),
    *(b"Transfer-Encoding: chunked\r\n", b"Content-Encoding: gzip\r\n", b"Location: \xff//x\r\n"),
    *(
        b"Set-Cookie: a=b; expires=never\r\n",
        b"Location: http://\xe4.test/\r\n",
        b"\r\n",
        b"\n",
        b"\x00",
    ),
    *(
        b"5\r\nhello\r\n",
        b"0\r\n\r\n",
        b"ffffffffffff\r\n",
        b"<html><title>x</title>",
        b"\x1f\x8b\x08",
    ),
]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(WORDS_OF_HTTP) | st.binary(max_size=40), max_size=12))
def test_whatever_a_server_says_nothing_but_a_scan_error_is_raised(words: list[bytes]) -> None:
    def say(visit: Visit) -> None:
        visit.send(b"".join(words))
        raise hostile.Hangup

    with HostileServer({"/": say}) as server:
        fetcher = Fetcher(server.settings(), Limits(read_timeout=0.5, site_deadline=3.0, retries=0))
        try:
            fetcher.fetch_page("http://acme.test/")
        except ScanError as error:
            assert error.sentence  # noqa: PT017
        finally:
            fetcher.close()
    assert fetcher.receipt


# Content


@pytest.mark.parametrize("kind", ["text/html", "image/png", "application/octet-stream"])
def test_a_binary_file_is_no_page_whatever_its_header_says(kind: str) -> None:
    image = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)) * 5_000
    error = failure(page(image, headers={"Content-Type": kind}))
    assert error.reason is FailureReason.UNSUPPORTED_CONTENT


def test_a_page_named_octet_stream_is_read() -> None:
    assert scan(page(WORDS, headers={"Content-Type": "application/octet-stream"})).title == "Acme"


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "compress"])
def test_a_body_that_is_not_packed_as_it_says_is_unsupported(encoding: str) -> None:
    error = failure(page(b"\xff\xfe\x01 not packed", headers={"Content-Encoding": encoding}))
    assert error.reason is FailureReason.UNSUPPORTED_CONTENT


def test_three_megabytes_of_attributes_are_read_in_time() -> None:
    attributes = "".join(f' a{number}="x"' for number in range(300_000))
    started = time.monotonic()
    report = scan(page(f"<html><title>Acme</title><body{attributes}><p>We make anvils.</p>"))
    assert report.title == "Acme"
    assert time.monotonic() - started < 6


def test_fifty_thousand_nested_elements_are_read_in_time() -> None:
    started = time.monotonic()
    report = scan(page(HOME.format("<div>" * 50_000 + "deep")))
    assert report.title == "Acme"
    assert time.monotonic() - started < 6


# robots.txt and sitemaps


def test_a_robots_txt_of_ten_megabytes_is_cut() -> None:
    robots = page(b"# nothing here\n" * 700_000, headers={"Content-Type": "text/plain"})
    report = scan(page(WORDS), robots=robots)
    assert len(report.robots.text) <= 512_000
    assert report.robots.note
    assert report.title == "Acme"


def test_a_robots_txt_that_is_a_web_page_has_no_rules() -> None:
    report = scan(page(WORDS), robots=page(HOME.format("Disallow: /")))
    assert report.robots.allowed
    assert report.robots.note


def test_a_homepage_that_robots_txt_disallows_is_not_opened() -> None:
    robots = page("User-agent: *\nDisallow: /\n", headers={"Content-Type": "text/plain"})
    error = failure(page(WORDS), robots=robots)
    assert error.reason is FailureReason.ROBOTS_DISALLOWED
    assert [record.url for record in error.requests] == ["http://acme.test/robots.txt"]


def test_a_redirect_into_what_robots_txt_disallows_is_not_followed() -> None:
    robots = page("User-agent: *\nDisallow: /inside\n", headers={"Content-Type": "text/plain"})
    error = failure(redirect("/inside"), robots=robots, inside=page(WORDS))
    assert error.reason is FailureReason.ROBOTS_DISALLOWED
    assert not any(record.url.endswith("/inside") for record in error.requests)


def test_disallowed_pages_are_opened_where_robots_txt_is_not_obeyed() -> None:
    robots = page("User-agent: *\nDisallow: /\n", headers={"Content-Type": "text/plain"})
    limits = Limits(read_timeout=0.4, site_deadline=8.0, obey_robots=False)
    report = scan(page(WORDS), limits, robots=robots)
    assert report.title == "Acme"
    assert (report.robots.allowed, report.robots.obeyed) == (False, False)
