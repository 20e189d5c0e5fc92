"""What a shift is told of its network: when it may claim, and what is retried."""

from collections.abc import Callable

import pytest
from django.db import OperationalError
from django.utils import timezone

from batches.models import Worker
from batches.outages import watch
from batches.outages.breaker import WINDOW
from batches.outages.probe import AnsweringHosts
from batches.outages.watch import NetworkWatch
from batches.scanning.messages import Kind, Outcome, failure
from batches.tests.test_pool import claimed

pytestmark = pytest.mark.django_db


class Shift:
    """A shift as far as its network goes."""

    def __init__(self) -> None:
        worker = Worker.begin(host="h", pid=1)
        assert worker
        self.worker = worker
        self.calls: list[str] = []
        self.network = NetworkWatch(
            worker, on_down=self.call("down"), on_up=self.call("processes replaced")
        )

    def call(self, name: str) -> Callable[[], None]:
        return lambda: self.calls.append(name)

    def fail(self, reason: str = "connection_timeout", count: int = WINDOW) -> None:
        jobs = [claimed(f"s{number}.example") for number in range(count)]
        self.network.note(failure(job, reason, "Failed.", timezone.now()) for job in jobs)
        self.network.step()


@pytest.fixture
def shift() -> Shift:
    return Shift()


def test_a_network_that_works_limits_no_claim(shift: Shift) -> None:
    shift.fail("http_error")
    assert shift.network.claim_limit() is None
    assert shift.calls == []


def test_waiting_jobs_are_released_once_and_then_one_job_is_tried(shift: Shift) -> None:
    shift.fail()
    shift.network.step()
    assert shift.calls == ["down"]
    assert [shift.network.claim_limit() for _ in range(2)] == [1, 1]  # until a job was claimed
    shift.network.note_claim()
    assert shift.network.claim_limit() == 0
    shift.worker.refresh_from_db()
    assert shift.worker.network_down_since
    assert len(shift.worker.suspects) == WINDOW


def test_jobs_are_retried_although_the_database_was_away_at_first(
    shift: Shift, monkeypatch: pytest.MonkeyPatch
) -> None:
    retried: list[int] = []

    def away_at_first(claims: dict) -> int:
        retried.append(len(claims))
        if len(retried) == 1:
            raise OperationalError("away")
        return len(claims)

    monkeypatch.setattr(watch, "retry_after_outage", away_at_first)
    shift.fail()
    shift.network.note([failure(claimed("new.example"), "http_error", "Failed.", timezone.now())])
    with pytest.raises(OperationalError):
        shift.network.step()
    shift.network.step()
    shift.network.step()
    assert retried == [WINDOW + 1, WINDOW + 1]
    assert not shift.network.is_down
    shift.worker.refresh_from_db()
    assert shift.worker.network_down_since is None


def test_a_scan_whose_process_died_does_not_end_an_outage(shift: Shift) -> None:
    shift.fail()
    shift.network.note([Outcome(claimed("new.example"), Kind.LOST, b"", timezone.now())])
    shift.network.step()
    assert shift.network.is_down


def test_an_outcome_that_is_not_json_is_passed_over(shift: Shift) -> None:
    shift.network.note([Outcome(claimed("a.example"), Kind.REPORT, b"{", timezone.now())])
    assert shift.network.claim_limit() is None


def report(number: int, address: str, status: int = 200) -> dict:
    url = f"https://s{number}.example/robots.txt"
    return {"robots": {"url": url, "status": status}, "server_address": address}


def test_hosts_of_several_networks_are_probed_first() -> None:
    hosts = AnsweringHosts()
    assert not hosts
    hosts.add(report(0, "203.0.113.9", status=0))
    assert not hosts
    for number in range(6):
        hosts.add(report(number, f"203.0.113.{number}"))
    hosts.add(report(6, "2001:db8::1"))
    hosts.add(report(7, "203.0.113.77"))
    names = [url.split("/")[2] for url in hosts.urls()]
    assert names == ["s7.example", "s6.example", "s5.example", "s4.example", "s3.example"]


def test_only_the_latest_hosts_are_remembered() -> None:
    hosts = AnsweringHosts()
    for number in range(100):
        hosts.add(report(number % 30, f"198.51.{number % 30}.1"))
    names = {url.split("/")[2] for url in hosts.urls()}
    assert names == {f"s{number}.example" for number in range(5, 10)}
