"""Clients that send nothing, send too slowly or do not read do not block others."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import pytest

from scrapersky.web_server.tests.processes import (
    Installation,
    WebServer,
    head,
    rest_of,
    status_of,
)
from tests.processes import eventually

# The largest static file, which exceeds the socket buffers between server and client.
SCRIPT = "/static/ninja/swagger-ui-bundle.js"


@pytest.fixture(scope="module")
def hasty(installation: Installation) -> Iterator[WebServer]:
    """Return a server with timeouts of seconds instead of half a minute."""
    with installation.serve(
        header_seconds=2, request_seconds=3, idle_seconds=2, drain_seconds=2, upload_seconds=5
    ) as running:
        yield running


@contextmanager
def trickling(connections: list[socket.socket]) -> Iterator[None]:
    """Repeatedly send a byte on every connection while the block runs."""
    done = threading.Event()

    def trickle() -> None:
        while not done.wait(0.02):
            for connection in connections:
                with suppress(OSError):
                    connection.send(b"x")

    client = threading.Thread(target=trickle)
    client.start()
    try:
        yield
    finally:
        done.set()
        client.join()


@pytest.mark.parametrize(
    "start",
    [
        head("POST", "/login/", content_length=900_000),
        head("POST", "/login/", transfer_encoding="chunked") + b"fffff\r\n",
        head("POST", "/nowhere/", content_length=900_000, cookie="sessionid=" + "a" * 32),
        b"GET /login/ HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
        b"",
    ],
    ids=["bodies", "chunks", "sessions", "headers", "nothing"],
)
def test_pages_are_served_beside_a_hundred_slow_clients(server: WebServer, start: bytes) -> None:
    with ExitStack() as stack:
        clients = [stack.enter_context(server.connect(start)) for _ in range(120)]
        with trickling(clients if start else []):
            for path in ("/login/", SCRIPT, "/healthz", "/login/"):
                started = time.monotonic()
                assert server.get(path).status_code in (200, 503)  # no worker runs here
                assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    ("start", "seconds"),
    [
        (b"GET /login/ HTTP/1.1\r\nX-Slow: ", 2),
        (head("POST", "/login/", content_length=900_000), 3),
        (head("POST", "/login/", transfer_encoding="chunked") + b"fffff\r\n", 3),
    ],
    ids=["headers", "body", "chunks"],
)
def test_no_byte_renews_the_deadline_of_a_request(
    hasty: WebServer, start: bytes, seconds: float
) -> None:
    started = time.monotonic()
    with hasty.connect(start) as connection, trickling([connection]):
        assert status_of(connection) == 408
    assert seconds - 0.1 <= time.monotonic() - started < seconds + 10


def test_a_permitted_upload_has_a_longer_deadline_of_its_own(hasty: WebServer) -> None:
    token = f"Bearer {hasty.installation.token}"
    path = "/api/v3/batch_page_scraper/batch"
    start = head("POST", path, content_length=1_500_000, authorization=token)
    started = time.monotonic()
    with hasty.connect(start) as connection, trickling([connection]):
        assert status_of(connection) == 408
    assert 4.9 <= time.monotonic() - started < 15


@pytest.mark.parametrize("request_first", [True, False])
def test_an_idle_connection_is_closed(hasty: WebServer, request_first: bool) -> None:
    with hasty.connect() as connection:
        if request_first:
            connection.sendall(head("GET", "/static/img/favicon.svg"))
            assert status_of(connection) == 200
        started = time.monotonic()
        rest_of(connection)
        assert time.monotonic() - started < 12


def test_a_client_that_does_not_read_its_response_is_closed(hasty: WebServer) -> None:
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        connection.connect(("127.0.0.1", hasty.port))
        # Exceeds the server's socket buffer.
        connection.sendall(head("GET", SCRIPT) * 20)
        assert connection.recv(1) == b"H"
        eventually(lambda: not hasty.holds(connection))


def test_a_client_that_reads_slowly_but_steadily_gets_its_whole_response(
    hasty: WebServer,
) -> None:
    size = int(hasty.get(SCRIPT, headers={"Accept-Encoding": ""}).headers["Content-Length"])
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        connection.connect(("127.0.0.1", hasty.port))
        connection.sendall(head("GET", SCRIPT, connection="close"))
        assert len(rest_of(connection)) > size


def test_at_the_limit_the_longest_waiting_client_makes_room(installation: Installation) -> None:
    with installation.serve(connections=20) as server, ExitStack() as stack:
        idle = [stack.enter_context(server.connect()) for _ in range(60)]
        assert server.get("/login/").status_code == 200
        assert rest_of(idle[0]) == b""
        idle[-1].sendall(head("GET", "/login/", connection="close"))
        assert status_of(idle[-1]) == 200


def test_the_address_with_most_waiting_clients_makes_room_first(
    installation: Installation,
) -> None:
    with installation.serve(connections=20) as server, ExitStack() as stack:
        somebody = stack.enter_context(server.connect())
        for _ in range(60):
            crowd = socket.create_connection(
                ("127.0.0.1", server.port), source_address=("127.0.0.9", 0)
            )
            stack.enter_context(crowd)
        assert server.get("/login/").status_code == 200
        somebody.sendall(head("GET", "/login/", connection="close"))
        assert status_of(somebody) == 200
