"""The size limit of requests, checked before the body is read."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from scrapersky.web_server.tests.processes import (
    Installation,
    WebServer,
    head,
    rest_of,
    status_of,
)

HUGE = 300_000_000
LIST = 1_500_000
PATHS = ["/login/", "/nowhere/", "/admin/login/", "/api/v3/batch_page_scraper/scan", "/domains/"]
UPLOADS = ["/batches/new/", "/api/v3/batch_page_scraper/batch", "/admin/batches/batch/add/"]


def pieces(size: int) -> Iterator[bytes]:
    for _ in range(size // 100_000):
        yield b"x" * 100_000


def chunked(size: int) -> Iterator[bytes]:
    for piece in pieces(size):
        yield b"%x\r\n%s\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


@pytest.mark.parametrize("path", PATHS + UPLOADS)
@pytest.mark.parametrize("method", ["POST", "PUT", "GET"])
def test_a_large_body_is_refused_before_any_of_it_arrives(
    server: WebServer, path: str, method: str
) -> None:
    with server.connect(head(method, path, content_length=HUGE)) as connection:
        assert status_of(connection) == 413


@pytest.mark.parametrize("path", ["/login/", "/nowhere/", "/batches/new/"])
def test_a_large_body_that_comes_in_chunks_is_refused_at_the_limit(
    server: WebServer, path: str
) -> None:
    with server.connect(head("POST", path, transfer_encoding="chunked")) as connection:
        for piece in chunked(LIST):
            connection.sendall(piece)
        assert status_of(connection) == 413


def written_meanwhile(
    server: WebServer, path: str, size: int, **headers: str
) -> tuple[int, set[str]]:
    """Post a body; return the status and the temporary files that the server used for it."""
    statuses: list[int] = []

    def post() -> None:
        body = pieces(size)
        response = requests.post(server.url + path, data=body, headers=headers, timeout=30)
        statuses.append(response.status_code)

    client = threading.Thread(target=post)
    client.start()
    files: set[str] = set()
    while client.is_alive():
        files |= server.temporary_files()
    return statuses[0], files


@pytest.mark.parametrize("path", ["/login/", "/nowhere/"])
def test_nothing_of_300_megabytes_is_written_to_disk(server: WebServer, path: str) -> None:
    assert written_meanwhile(server, path, HUGE) == (413, set())


def test_a_permitted_list_is_kept_on_the_disk_while_it_arrives(server: WebServer) -> None:
    token = by_token(server)
    status, files = written_meanwhile(server, UPLOADS[1], 19_000_000, **token)
    assert status == 422
    assert files


def test_a_refused_client_that_goes_on_sending_reads_why(server: WebServer) -> None:
    page = requests.post(f"{server.url}/login/", data=b"x" * 20_000_000, timeout=20)
    assert page.status_code == 413
    assert "1 MB is the limit, or 20 MB for a list" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    path = "/api/v3/batch_page_scraper/batch"
    problem = requests.post(server.url + path, data=b"x" * 20_000_000, timeout=20)
    assert problem.status_code == 413
    assert set(problem.json()) == {"detail", "errors", "invalid"}


def test_an_ordinary_body_up_to_one_megabyte_is_taken_everywhere(server: WebServer) -> None:
    for data in (b"x" * 1_000_000, pieces(1_000_000)):
        response = requests.post(f"{server.url}/nowhere/", data=data, timeout=20)
        assert response.status_code in (403, 404)


def by_session(server: WebServer) -> dict[str, str]:
    return {"cookie": server.log_in()}


def by_token(server: WebServer) -> dict[str, str]:
    return {"authorization": f"Bearer {server.installation.token}"}


@pytest.mark.parametrize("credentials", [by_session, by_token])
@pytest.mark.parametrize("transfer", ["fixed", "chunked"])
@pytest.mark.parametrize("path", UPLOADS)
def test_who_is_logged_in_may_send_a_list_where_lists_are_taken(
    server: WebServer, path: str, transfer: str, credentials: Any
) -> None:
    body = b"x" * LIST if transfer == "fixed" else pieces(LIST)
    response = requests.post(
        server.url + path, data=body, headers=credentials(server), timeout=20, allow_redirects=False
    )
    assert response.status_code in (302, 403, 422)  # the console's own response to such a body


@pytest.mark.parametrize("credentials", [by_session, by_token])
@pytest.mark.parametrize("path", PATHS)
def test_who_is_logged_in_sends_no_large_body_elsewhere(
    server: WebServer, path: str, credentials: Any
) -> None:
    own = credentials(server)
    with server.connect(head("POST", path, content_length=LIST, **own)) as connection:
        assert status_of(connection) == 413


@pytest.mark.parametrize(
    "made_up",
    [
        {"cookie": "sessionid=abcdefghijklmnopqrstuvwxyz012345"},
        {"cookie": 'sessionid="\\000\\000\\000\\000\\000\\000\\000\\000"'},
        {"cookie": "csrftoken=abc"},
        {"authorization": "Bearer ssky_madeup"},
        {"authorization": "Basic bWVtYmVyOnNlY3JldA=="},
    ],
)
@pytest.mark.parametrize("transfer", ["fixed", "chunked"])
def test_made_up_credentials_are_refused(
    server: WebServer, made_up: dict[str, str], transfer: str
) -> None:
    length = {"content_length": LIST} if transfer == "fixed" else {"transfer_encoding": "chunked"}
    with server.connect(head("POST", "/batches/new/", **length, **made_up)) as connection:
        if transfer == "chunked":
            for piece in chunked(LIST):
                connection.sendall(piece)
        assert status_of(connection) == 413


def test_a_list_beyond_the_limit_of_uploads_is_refused(server: WebServer) -> None:
    own = by_token(server)
    with server.connect(head("POST", UPLOADS[1], content_length=20_000_001, **own)) as connection:
        assert status_of(connection) == 413


def test_a_client_that_asks_first_is_told_to_continue_only_with_permission(
    server: WebServer,
) -> None:
    asks = {"content_length": LIST, "expect": "100-continue"}
    with server.connect(head("POST", "/login/", **asks)) as connection:
        assert status_of(connection) == 413
    own = by_token(server)
    with server.connect(head("POST", UPLOADS[1], **asks, **own)) as connection:
        assert status_of(connection) == 100
        connection.sendall(b"x" * LIST)
        assert b"HTTP/1.1 422" in rest_until(connection, b"422")


def rest_until(connection: Any, mark: bytes) -> bytes:
    received = b""
    while mark not in received:
        data = connection.recv(65_536)
        assert data
        received += data
    return bytes(received)


def test_bodies_of_many_clients_take_no_more_memory_than_allowed(
    installation: Installation,
) -> None:
    with installation.serve(held_bytes=3_000_000) as server:
        first = head("POST", "/login/", content_length=1_000_000) + b"x" * 900_000
        clients = [server.connect(first) for _ in range(6)]
        assert rest_of(clients[0]) == b""
        assert server.get("/login/").status_code == 200
        clients[-1].sendall(b"x" * 100_000)
        assert status_of(clients[-1]) == 403


def test_uploads_at_the_same_time_are_limited(installation: Installation) -> None:
    with installation.serve(uploads=1) as server:
        request = head(
            "POST", UPLOADS[1], content_length=LIST, expect="100-continue", **by_token(server)
        )
        with server.connect(request) as first, server.connect() as second:
            assert status_of(first) == 100
            second.sendall(request)
            assert status_of(second) == 503
