"""Responses over a real connection: bodies, chunks and failures."""

import gzip

import pytest

from scans.engine.errors import FailureReason, ScanError
from scans.engine.fetcher import Fetcher, Response
from scans.engine.limits import Limits
from scans.engine.report import RequestRecord, SiteReport
from scans.engine.scanner import scan_site
from scans.engine.tests.hostile_server import Answer, Hangup, HostileServer, Visit, page

LIMITS = Limits(connect_timeout=20.0, read_timeout=20.0, site_deadline=60.0)
# For a server that hangs after its last byte.
HASTY = Limits(connect_timeout=20.0, read_timeout=1.0, site_deadline=60.0)
BODY = b"<html><title>Acme</title><p>" + b"We make anvils. " * 40 + b"</p></html>"
HTML = b"Content-Type: text/html\r\n"


def raw(*parts: bytes, hang: bool = False) -> Answer:
    """Return a response that sends these bytes and then closes or hangs."""

    def send(visit: Visit) -> None:
        visit.send(b"".join(parts))
        if hang:
            visit.hang()
        raise Hangup

    return send


def chunk(data: bytes, size: bytes = b"") -> bytes:
    return (size or b"%x" % len(data)) + b"\r\n" + data + b"\r\n"


def fetch(
    answer: Answer, limits: Limits = LIMITS, **more: Answer
) -> tuple[Response, list[RequestRecord]]:
    answers = {"/": answer, **{f"/{name}": answer for name, answer in more.items()}}
    with HostileServer(answers) as server:
        fetcher = Fetcher(server.settings(), limits)
        response = fetcher.fetch_page("http://acme.test/")
        fetcher.close()
        return response, fetcher.receipt


def scan(answer: Answer, limits: Limits = LIMITS) -> SiteReport:
    with HostileServer({"/": answer}) as server:
        return scan_site("acme.test", limits, settings=server.settings())


def failure(answer: Answer, limits: Limits = LIMITS) -> ScanError:
    with pytest.raises(ScanError) as caught:
        fetch(answer, limits)
    return caught.value


CHUNKED = b"HTTP/1.1 200 OK\r\n" + HTML + b"Transfer-Encoding: chunked\r\n\r\n"


def test_an_interim_response_is_not_the_page() -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"
    length = b"Content-Length: %d\r\n\r\n" % len(BODY)
    response, _ = fetch(raw(early, b"HTTP/1.1 200 OK\r\n", HTML, length, BODY))
    assert (response.status, response.body) == (200, BODY)


def test_an_unreadable_line_does_not_cost_the_redirect() -> None:
    lost = raw(b"HTTP/1.1 302 Found\r\nMy Param: x\r\nLocation: /home\r\nContent-Length: 0\r\n\r\n")
    response, _ = fetch(lost, home=page(BODY))
    assert (response.url, response.body) == ("http://acme.test/home", BODY)


@pytest.mark.parametrize("second", ["/home", "http://acme.test/home", "HTTP://ACME.test/./home#x"])
def test_two_spellings_of_one_place_are_one_redirect(second: str) -> None:
    lines = f"Location: /home\r\nLocation: {second}\r\nContent-Length: 0\r\n\r\n"
    response, _ = fetch(raw(b"HTTP/1.1 302 Found\r\n", lines.encode()), home=page(BODY))
    assert (response.url, response.body) == ("http://acme.test/home", BODY)


def test_chunks_may_end_with_a_line_feed_alone() -> None:
    half = len(BODY) // 2
    chunks = b"".join(b"%x\n%s\n" % (len(part), part) for part in (BODY[:half], BODY[half:]))
    response, receipt = fetch(raw(CHUNKED, chunks, b"0\n\n"))
    assert (response.body, receipt[0].error) == (BODY, "")


def test_an_unreadable_line_does_not_cost_the_decoding() -> None:
    lines = b"broken header line\r\nContent-Encoding: gzip\r\n\r\n"
    response, _ = fetch(raw(b"HTTP/1.1 200 OK\r\n", HTML, lines, gzip.compress(BODY)))
    assert response.body == BODY


def test_a_content_encoding_sent_twice_is_unpacked_once() -> None:
    lines = b"Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n\r\n"
    response, _ = fetch(raw(b"HTTP/1.1 200 OK\r\n", HTML, lines, gzip.compress(BODY)))
    assert response.body == BODY


@pytest.mark.parametrize(
    "line",
    [b"Transfer-Encoding: Chunked", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
     b"Transfer-Encoding: identity, chunked", b"Transfer-Encoding: chunked\r\nContent-Length: 7"],
)  # fmt: skip
def test_a_chunked_body_is_read_however_it_is_announced(line: bytes) -> None:
    sent = raw(b"HTTP/1.1 200 OK\r\n", HTML, line, b"\r\n\r\n", chunk(BODY), chunk(b"", b"0"))
    response, receipt = fetch(sent)
    assert (response.body, response.truncated) == (BODY, False)
    assert receipt[0].error == ""


@pytest.mark.parametrize(
    "end",
    [
        b"",
        b"0",
        b"0\r\n",
        b"1f",
        b"1f\r\n",
        b"1f\r\nhalf of it",
        b"not a size\r\n",
        b"-5\r\nhello\r\n",
        b"3\r\nfour\r\n",
    ],
)
def test_a_chunked_body_without_its_end_is_kept_and_said_to_be_incomplete(end: bytes) -> None:
    report = scan(raw(CHUNKED, chunk(BODY), end))
    assert report.title == "Acme"
    record = next(record for record in report.requests if record.url == "http://acme.test/")
    warned = [warning for warning in report.warnings if "http://acme.test/ were read" in warning]
    if end == b"0\r\n":  # the last chunk, without the blank line after it
        assert (record.error, warned) == ("", [])
    else:
        assert record.error == "incomplete"
        assert len(warned) == 1
        assert "acme.test closed" in warned[0] or "not chunked as declared" in warned[0]


def test_a_chunked_body_that_hangs_at_its_end_is_kept() -> None:
    report = scan(raw(CHUNKED, chunk(BODY), hang=True), HASTY)
    assert report.title == "Acme"
    assert any("were read: acme.test stopped sending" in warning for warning in report.warnings)


def test_a_body_shorter_than_its_length_is_said_to_be_incomplete() -> None:
    report = scan(raw(b"HTTP/1.1 200 OK\r\n", HTML, b"Content-Length: 99999\r\n\r\n", BODY))
    assert report.title == "Acme"
    assert any("closed the connection before" in warning for warning in report.warnings)


@pytest.mark.parametrize(
    "length", [b"", b"Content-Length:\r\n", b"Content-Length: -5\r\n", b"Content-Length: 5 kB\r\n"]
)
def test_a_length_that_cannot_be_read_is_none(length: bytes) -> None:
    response, receipt = fetch(raw(b"HTTP/1.1 200 OK\r\n", HTML, length, b"\r\n", BODY))
    assert (response.body, response.truncated) == (BODY, False)
    assert receipt[0].error == ""


def test_one_length_written_twice_is_one() -> None:
    length = b"Content-Length: %d, %d\r\n\r\n" % (len(BODY), len(BODY))
    response, _ = fetch(raw(b"HTTP/1.1 200 OK\r\n", HTML, length, BODY, b"more"))
    assert response.body == BODY


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
def test_a_status_without_a_body_has_none(status: bytes) -> None:
    response, _ = fetch(raw(b"HTTP/1.1 ", status, b"\r\n", HTML, b"\r\n", hang=True))
    assert response.body == b""


# The reported cause is the actual one.


@pytest.mark.parametrize(
    ("answer", "reason", "cause"),
    [
        (raw(b""), FailureReason.CONNECTION_REFUSED, "closed the connection without a response"),
        (raw(CHUNKED), FailureReason.CONNECTION_REFUSED, "before its response ended"),
        (
            raw(CHUNKED, b"nonsense\r\n"),
            FailureReason.CONNECTION_REFUSED,
            "not chunked as declared",
        ),
        (raw(b"SSH-2.0-x\r\n"), FailureReason.HTTP_ERROR, "cannot be read as HTTP (SSH-2.0-x)"),
        (
            raw(b"HTTP/1.1 301 Moved\r\nLocation: /a\r\nLocation: /b\r\n\r\n"),
            FailureReason.HTTP_ERROR,
            "redirects to several addresses at once: http://acme.test/a, http://acme.test/b",
        ),
        (
            raw(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nnot packed"),
            FailureReason.UNSUPPORTED_CONTENT,
            "cannot be decompressed",
        ),
        (raw(b"HTTP/1.1 200 OK\r\n", hang=True), FailureReason.READ_TIMEOUT, "sent nothing for"),
    ],
)
def test_the_cause_is_what_happened(answer: Answer, reason: FailureReason, cause: str) -> None:
    error = failure(answer, HASTY if reason is FailureReason.READ_TIMEOUT else LIMITS)
    assert error.reason is reason
    assert cause in error.sentence
