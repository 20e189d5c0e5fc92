"""The head of a response is parsed as in browsers."""

import io
from http.client import HTTPException

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scans.engine.session.response_head import MAX_HEAD, MAX_INTERIM, Head, read_head

OK = b"HTTP/1.1 200 OK\r\n"


def read(data: bytes) -> Head:
    return read_head(io.BytesIO(data).readline)


def headers(*lines: bytes) -> dict[str, str]:
    """Return the headers of a response with these lines, names in lower case."""
    parsed = read(OK + b"".join(line + b"\r\n" for line in lines) + b"\r\n").headers
    return {name.lower(): value for name, value in parsed.itermerged()}


@pytest.mark.parametrize(
    "line",
    [
        b"broken header line",
        b"My Param: none",
        b": no name",
        b"N\xc3\xa4me: latin",
        b'"Quoted": x',
        b"<b>Warning</b>: header() in /a.php on line 3",
        b"\xff\xfe\x00",
        b"Name{}: x",
        b"HTTP/1.1 200 OK",
    ],
)
def test_a_line_that_cannot_be_read_is_skipped_and_the_others_are_kept(line: bytes) -> None:
    for lines in ([line, b"Location: /a"], [b"Location: /a", line]):
        assert headers(b"Server: x", *lines, b"ETag: y") == {
            "server": "x",
            "location": "/a",
            "etag": "y",
        }


def test_a_line_that_continues_an_unreadable_one_goes_with_it() -> None:
    assert headers(b"broken", b" Location: /b", b"Location: /a") == {"location": "/a"}


def test_blanks_around_name_and_value_do_not_count() -> None:
    assert headers(b"Location \t: \t/a\t ", b"ETag:x") == {"location": "/a", "etag": "x"}


def test_a_folded_line_is_one_value() -> None:
    assert headers(b"Link: </a>;", b"\trel=preload", b"  ; as=style") == {
        "link": "</a>; rel=preload ; as=style"
    }


def test_a_first_line_that_continues_nothing_is_skipped() -> None:
    assert headers(b" Location: /b", b"Location: /a") == {"location": "/a"}


def test_lines_may_end_with_a_line_feed_alone() -> None:
    head = read(b"HTTP/1.1 302 Found\nLocation: /a\n\nbody")
    assert (head.status, dict(head.headers)) == (302, {"Location": "/a"})


def test_nul_and_carriage_return_are_no_part_of_a_value() -> None:
    assert headers(b"X-A: a\0b\rc") == {"x-a": "ab c"}


def test_names_are_alike_in_any_case() -> None:
    assert read(OK + b"LOCATION: /a\r\n\r\n").headers["location"] == "/a"


@pytest.mark.parametrize("status", [b"100 Continue", b"102 Processing", b"103 Early Hints", b"199"])
def test_interim_responses_are_passed_over(status: bytes) -> None:
    interim = b"HTTP/1.1 " + status + b"\r\nLink: </a.css>; rel=preload\r\n\r\n"
    head = read(interim * 3 + b"HTTP/1.1 404 Not Found\r\nServer: x\r\n\r\n")
    assert (head.status, dict(head.headers)) == (404, {"Server": "x"})


def test_switching_protocols_is_final() -> None:
    assert read(b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + OK + b"\r\n").status == 101


def test_interim_responses_without_end_are_refused() -> None:
    with pytest.raises(HTTPException, match="interim"):
        read(b"HTTP/1.1 103 Early Hints\r\n\r\n" * (MAX_INTERIM + 1) + OK + b"\r\n")


@pytest.mark.parametrize(
    ("line", "version", "status", "reason"),
    [
        (b"HTTP/1.1 200 OK", 11, 200, "OK"),
        (b"HTTP/1.0 200 OK", 10, 200, "OK"),
        (b"HTTP/0.9 200 OK", 10, 200, "OK"),
        (b"HTTP/2 200", 11, 200, ""),
        (b"HTTP/1.1 404", 11, 404, ""),
        (b"HTTP/1.1  200  All is well ", 11, 200, "All is well"),
        (b"HTTP 200 OK", 10, 200, "OK"),
        (b"http/1.1 200 ok", 11, 200, "ok"),
        (b"\r\n\r\nHTTP/1.1 200 OK", 11, 200, "OK"),
        (b"HTTP/1.1 200OK", 11, 200, "OK"),
    ],
)
def test_status_lines_are_read_as_servers_write_them(
    line: bytes, version: int, status: int, reason: str
) -> None:
    head = read(line + b"\r\nServer: x\r\n\r\n")
    assert head[:3] == (version, status, reason)
    assert dict(head.headers) == {"Server": "x"}


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-OpenSSH_9.2p1\r\n",
        b"HTTP/9.9 abc\r\n\r\n",
        b"HTTP/1.1 099 Low\r\n\r\n",
        b"HTTP/1.1 2000 Long\r\n\r\n",
        b"<!doctype html><p>HTTP/1.1 200 OK",
        b"\r\n" * 40 + OK,
        b"",
    ],
)
def test_what_is_no_http_is_refused(data: bytes) -> None:
    with pytest.raises(HTTPException):
        read(data)


def test_headers_without_end_are_refused() -> None:
    with pytest.raises(HTTPException, match="bytes of headers"):
        read(OK + b"X-A: " + b"a" * MAX_HEAD)
    with pytest.raises(HTTPException, match="bytes of headers"):
        read(OK + b"X-A: a\r\n" * (MAX_HEAD // 7))


def test_headers_that_the_connection_ends_are_kept() -> None:
    assert dict(read(OK + b"Server: x\r\nETag: y").headers) == {"Server": "x", "ETag": "y"}


# Headers sent more than once.


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (b"Location", b"http://a.test/home"),
        (b"Content-Type", b"text/html"),
        (b"Content-Length", b"42"),
        (b"Content-Encoding", b"gzip"),
        (b"Transfer-Encoding", b"chunked"),
        (b"Refresh", b"0; url=/a"),
        (b"Retry-After", b"30"),
    ],
)
def test_a_header_repeated_with_its_value_is_one(name: bytes, value: bytes) -> None:
    line = name + b": " + value
    assert headers(line, line.lower(), name.upper() + b":" + value) == {
        name.decode().lower(): value.decode()
    }


def test_headers_with_several_values_keep_them_all() -> None:
    parsed = read(OK + b"Set-Cookie: a=1\r\nset-cookie: b=2\r\nVary: A\r\nVary: B\r\n\r\n").headers
    assert parsed.getlist("Set-Cookie") == ["a=1", "b=2"]
    assert parsed["vary"] == "A, B"


def test_the_last_content_type_counts_and_the_first_refresh() -> None:
    lines = (b"Content-Type: text/plain", b"Content-Type: text/html", b"Content-Type: none")
    refresh = (b"Refresh: 0; url=/a", b"Refresh: 0; url=/b")
    assert headers(*lines[:2], *refresh) == {"content-type": "text/html", "refresh": "0; url=/a"}


def test_a_header_without_a_value_is_none() -> None:
    assert headers(b"Location:", b"Location: /a", b"Content-Encoding: \t") == {"location": "/a"}


def test_places_that_differ_are_all_kept() -> None:
    lines = b"Location: /a\r\nLocation: /b\r\nLocation: /a\r\n\r\n"
    assert read(b"HTTP/1.1 301 Moved\r\n" + lines).headers.getlist("location") == ["/a", "/b"]


@pytest.mark.parametrize("lines", [[b"5", b"6"], [b"5, 6"]])
def test_two_lengths_are_refused_with_their_cause(lines: list[bytes]) -> None:
    sent = b"".join(b"Content-Length: " + line + b"\r\n" for line in lines)
    with pytest.raises(HTTPException, match="several Content-Length headers that differ"):
        read(OK + sent + b"\r\n")
    assert read(OK + sent + b"Transfer-Encoding: chunked\r\n\r\n").status == 200


PIECES = st.sampled_from(
    [
        b"HTTP/1.1 200 OK",
        b"HTTP/1.1 103",
        b"\r\n",
        b"\n",
        b":",
        b" ",
        b"Location",
        b"\0",
        b"\t",
        b"1",
    ]
)


@given(st.lists(PIECES | st.binary(max_size=9), max_size=30).map(b"".join))
def test_any_bytes_are_a_head_or_an_http_exception(data: bytes) -> None:
    try:
        head = read(data)
    except HTTPException:
        return
    assert 100 <= head.status <= 999
    assert all("\n" not in value for value in head.headers.values())
