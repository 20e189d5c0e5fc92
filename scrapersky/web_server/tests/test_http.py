"""Responses on a shared connection, and to malformed requests."""

import re
import signal
import socket

import pytest
import requests

from scrapersky.web_server.tests.processes import (
    Installation,
    WebServer,
    head,
    rest_of,
    status_of,
)


def test_pages_files_and_the_api_are_served_over_one_connection(server: WebServer) -> None:
    session = requests.Session()
    page = session.get(f"{server.url}/login/", timeout=20)
    assert (page.status_code, page.headers["Server"]) == (200, "ScraperSky")
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    style = session.get(f"{server.url}/static/css/scrapersky.css", timeout=20)
    assert style.headers["Content-Type"].startswith("text/css")
    assert session.get(f"{server.url}/api/v3/openapi.json", timeout=20).json()["openapi"]
    assert session.head(f"{server.url}/static/css/scrapersky.css", timeout=20).text == ""
    unchanged = {"If-Modified-Since": style.headers["Last-Modified"]}
    again = session.get(f"{server.url}/static/css/scrapersky.css", headers=unchanged, timeout=20)
    assert again.status_code == 304


def test_a_part_of_a_file_is_served(server: WebServer) -> None:
    part = server.get("/static/css/scrapersky.css", headers={"Range": "bytes=10-19"})
    assert (part.status_code, len(part.content)) == (206, 10)


def test_requests_sent_ahead_are_answered_in_their_order(server: WebServer) -> None:
    with server.connect(
        head("GET", "/static/img/favicon.svg")
        + head("GET", "/nowhere/")
        + head("POST", "/login/", content_length=3)
        + b"x=1"
        + head("GET", "/login/", connection="close")
    ) as connection:
        received = rest_of(connection)
    statuses = re.findall(rb"HTTP/1.1 (\d+) ", received)
    assert statuses == [b"200", b"404", b"403", b"200"]


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET http://[::1 HTTP/1.1\r\n\r\n", 400),
        (head("POST", "/login/", content_length="-1"), 400),
        (head("POST", "/login/", content_length="1, 2"), 400),
        (head("POST", "/login/", content_length="9" * 5_000), 400),
        (head("POST", "/login/", transfer_encoding="chunked") + b"nonsense\r\n", 400),
        (head("POST", "/login/", transfer_encoding="chunked") + b"1;" + b"a" * 5_000, 400),
        (head("POST", "/login/", transfer_encoding="chunked") + b"0\r\n" + b"a" * 5_000, 400),
        (b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n", 400),
        (head("POST", "/login/", transfer_encoding="gzip"), 501),
        (head("GET", "/login/", cookie="a" * 40_000), 431),
    ],
    ids=range(11),
)
def test_a_broken_request_is_refused_in_a_sentence(
    server: WebServer, request_bytes: bytes, status: int
) -> None:
    with server.connect(request_bytes) as connection:
        connection.shutdown(socket.SHUT_WR)
        received = rest_of(connection)
    assert re.match(rb"HTTP/1.[01] %d " % status, received)
    assert b"Connection: close" in received
    assert b"waitress" not in received


def test_a_request_refused_in_the_middle_of_a_connection_ends_it(server: WebServer) -> None:
    smuggled = head("GET", "/login/")
    refused = head("POST", "/nowhere/", content_length=2_000_000) + smuggled
    with server.connect(head("GET", "/static/img/favicon.svg") + refused) as connection:
        connection.shutdown(socket.SHUT_WR)
        received = rest_of(connection)
    assert received.count(b"HTTP/1.1 ") == 2
    assert b"HTTP/1.1 413 " in received


def test_a_server_that_is_asked_to_end_answers_what_it_has_received(
    installation: Installation,
) -> None:
    with installation.serve() as server, server.connect() as idle:
        assert server.get("/login/").status_code == 200
        with server.connect(head("GET", "/login/", connection="close")) as last:
            assert status_of(last) == 200
            server.process.send_signal(signal.SIGTERM)
            assert rest_of(last)
        assert server.process.wait(10) == 0
        assert rest_of(idle) == b""
