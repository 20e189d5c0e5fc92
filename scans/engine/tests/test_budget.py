"""Stopping scans: every wait ends at once, and none begins."""

import socket
import threading
from collections.abc import Iterator

import pytest

from scans.engine.errors import FailureReason, ScanError
from scans.engine.session.budget import Budget, Stop
from scans.engine.session.sockets import BudgetedSocket, dial

PATIENCE = 60.0


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def connect(listener: socket.socket, budget: Budget) -> BudgetedSocket:
    sock, _ = dial("acme.test", ("127.0.0.1",), listener.getsockname()[1], 5.0, budget)
    sock.budget, sock.read_timeout = budget, PATIENCE
    return sock


def stop_while(stop: Stop, wait: threading.Thread) -> None:
    """Start a thread that waits, stop its scan, and see the thread end."""
    wait.start()
    stop.set()
    wait.join(PATIENCE / 2)
    assert not wait.is_alive()


def test_a_stop_ends_a_read(listener: socket.socket) -> None:
    budget = Budget(PATIENCE)
    caught: list[ScanError] = []

    def read() -> None:
        try:
            sock.recv_into(bytearray(1))
        except ScanError as error:
            caught.append(error)

    with connect(listener, budget) as sock:
        stop_while(budget.stop, threading.Thread(target=read))
    assert [error.reason for error in caught] == [FailureReason.CANCELLED]


def test_a_stop_ends_a_pause() -> None:
    budget = Budget(PATIENCE)
    caught: list[ScanError] = []

    def pause() -> None:
        try:
            budget.sleep(PATIENCE / 2)
        except ScanError as error:
            caught.append(error)

    stop_while(budget.stop, threading.Thread(target=pause))
    assert [error.reason for error in caught] == [FailureReason.CANCELLED]


def test_a_socket_opened_after_the_stop_is_shut_down(listener: socket.socket) -> None:
    stop = Stop()
    stop.set()
    with socket.create_connection(listener.getsockname()) as sock:
        stop.watch(sock)
        assert sock.recv(1) == b""


def test_scans_with_one_stop_end_together(listener: socket.socket) -> None:
    stop = Stop()
    with (
        connect(listener, Budget(PATIENCE, stop)) as a,
        connect(listener, Budget(PATIENCE, stop)) as b,
    ):
        stop.set()
        for sock in (a, b):
            with pytest.raises(ScanError):
                sock.recv_into(bytearray(1))


def test_a_closed_socket_does_not_disturb_a_stop(listener: socket.socket) -> None:
    budget = Budget(PATIENCE)
    with connect(listener, budget) as sock:
        pass
    budget.stop.set()
    assert sock.fileno() == -1


def test_the_end_of_a_response_is_not_a_stop(listener: socket.socket) -> None:
    with connect(listener, Budget(PATIENCE)) as sock:
        listener.accept()[0].close()
        assert sock.recv_into(bytearray(1)) == 0


def test_a_silent_server_is_a_time_out_and_a_request_that_is_over_names_itself(
    listener: socket.socket,
) -> None:
    budget = Budget(PATIENCE)
    with connect(listener, budget) as sock:
        sock.read_timeout = 0.01
        with pytest.raises(TimeoutError):
            sock.recv_into(bytearray(1))
        sock.read_timeout = PATIENCE
        budget.begin_request(0.01)
        with pytest.raises(ScanError) as caught:
            sock.recv_into(bytearray(1))
    assert caught.value.reason is FailureReason.READ_TIMEOUT


def test_a_pause_longer_than_the_scan_may_take_is_refused_at_once() -> None:
    with pytest.raises(ScanError) as caught:
        Budget(1.0).sleep(PATIENCE)
    assert caught.value.reason is FailureReason.DEADLINE_EXCEEDED
