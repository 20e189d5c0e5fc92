"""When a worker considers its network down and up again, and what it retries."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from batches.outages.breaker import NEARLY_ALL, PROBE_EVERY, WINDOW, Breaker
from batches.scanning.messages import ClaimKey

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
TIMED_OUT = "connection_timeout"


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, time: timedelta) -> None:
        self.now += time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(clock)


def claims(numbers: Iterable[int], claim_no: int = 1) -> list[ClaimKey]:
    return [(UUID(int=number), claim_no) for number in numbers]


def end(breaker: Breaker, numbers: Iterable[int], reason: str = TIMED_OUT, no: int = 1) -> None:
    for claim in claims(numbers, no):
        breaker.note(claim, reason, NOON)


def take_retries(breaker: Breaker) -> list[ClaimKey]:
    retries, breaker.retries = breaker.retries, []
    return retries


def test_it_opens_when_nearly_all_of_the_last_jobs_failed_by_the_network(breaker: Breaker) -> None:
    end(breaker, range(WINDOW - NEARLY_ALL), "")
    end(breaker, range(100, 100 + NEARLY_ALL - 1))
    assert not breaker.is_open
    end(breaker, [200])
    assert breaker.is_open


@pytest.mark.parametrize("reason", ["http_error", "robots_disallowed", "tls_error", "worker_lost"])
def test_failures_of_the_sites_never_open_it(breaker: Breaker, reason: str) -> None:
    end(breaker, range(200), reason)
    assert not breaker.is_open


def test_cancelled_jobs_say_nothing(breaker: Breaker) -> None:
    end(breaker, range(WINDOW - 1))
    end(breaker, range(100, 200), "cancelled")
    assert not breaker.is_open
    end(breaker, [300])
    assert breaker.is_open


def test_one_site_in_five_that_answers_keeps_it_closed(breaker: Breaker) -> None:
    for number in range(500):
        end(breaker, [number], "" if number % 5 == 0 else TIMED_OUT)
    assert not breaker.is_open


def test_it_probes_at_once_and_then_once_a_minute(breaker: Breaker, clock: Clock) -> None:
    assert not breaker.is_probe_due()
    end(breaker, range(WINDOW))
    assert [breaker.is_probe_due(), breaker.is_probe_due()] == [True, False]
    clock.pass_by(PROBE_EVERY - timedelta(seconds=1))
    assert not breaker.is_probe_due()
    clock.pass_by(timedelta(seconds=1))
    assert breaker.is_probe_due()


def test_after_an_outage_all_jobs_that_failed_in_it_are_retried_once(
    breaker: Breaker, clock: Clock
) -> None:
    end(breaker, range(WINDOW))
    breaker.note_probe(answered=False)
    end(breaker, range(100, 110))
    end(breaker, [200], "http_error")
    clock.pass_by(PROBE_EVERY)
    breaker.note_probe(answered=True)
    assert not breaker.is_open
    failed = claims([*range(WINDOW), *range(100, 110), 200])
    assert set(take_retries(breaker)) == set(failed)
    assert take_retries(breaker) == []


def test_other_failures_as_the_outage_began_are_retried_too(breaker: Breaker, clock: Clock) -> None:
    end(breaker, [900], "tls_error")
    clock.pass_by(timedelta(hours=1))
    end(breaker, range(100, 120), "tls_error")
    end(breaker, range(200, 205), "")
    end(breaker, range(WINDOW))
    breaker.note_probe(answered=True)
    assert take_retries(breaker) == claims([*range(100, 120), *range(WINDOW)])


def test_a_scan_that_began_in_the_outage_and_fails_after_it_is_retried(
    breaker: Breaker, clock: Clock
) -> None:
    end(breaker, range(WINDOW))
    breaker.note_probe(answered=False)
    clock.pass_by(PROBE_EVERY)
    breaker.note_probe(answered=True)
    take_retries(breaker)
    end(breaker, [500])
    assert take_retries(breaker) == claims([500])


def test_what_fails_again_after_a_second_outage_is_retried_again(
    breaker: Breaker, clock: Clock
) -> None:
    for no in (1, 2):
        for claim in claims(range(WINDOW), no):
            breaker.note(claim, TIMED_OUT, clock.now)
        breaker.note_probe(answered=False)
        breaker.note_probe(answered=True)
        assert set(take_retries(breaker)) == set(claims(range(WINDOW), no))
        clock.pass_by(timedelta(seconds=1))


def test_a_list_of_dead_sites_is_retried_once_and_then_ends(breaker: Breaker, clock: Clock) -> None:
    for no, retried in ((1, WINDOW), (2, 0)):
        for claim in claims(range(WINDOW), no):
            breaker.note(claim, "dns_not_found", clock.now)
        assert breaker.is_open
        breaker.note_probe(answered=True)
        assert len(take_retries(breaker)) == retried
        clock.pass_by(PROBE_EVERY)


def test_after_a_false_alarm_it_stays_closed_for_a_minute_and_forgets_nothing(
    breaker: Breaker, clock: Clock
) -> None:
    end(breaker, range(WINDOW))
    breaker.note_probe(answered=True)
    take_retries(breaker)
    clock.pass_by(timedelta(seconds=1))
    later = claims(range(1_000, 1_400))
    for claim in later:
        breaker.note(claim, TIMED_OUT, clock.now)
    assert not breaker.is_open
    clock.pass_by(PROBE_EVERY)
    breaker.check()
    assert breaker.is_open
    breaker.note_probe(answered=False)
    breaker.note_probe(answered=True)
    assert take_retries(breaker) == later


@pytest.mark.parametrize(
    ("reason", "is_open"),
    [("", False), ("http_error", False), ("dns_not_found", False), (TIMED_OUT, True)],
)
def test_a_job_that_is_tried_meanwhile_closes_it_by_any_answer(
    breaker: Breaker, clock: Clock, reason: str, is_open: bool
) -> None:
    end(breaker, range(WINDOW))
    clock.pass_by(timedelta(seconds=1))
    breaker.note((UUID(int=700), 1), reason, clock.now)
    assert breaker.is_open == is_open


def test_a_scan_that_began_before_it_opened_does_not_close_it(breaker: Breaker) -> None:
    end(breaker, range(WINDOW))
    end(breaker, [700], "")
    assert breaker.is_open


def test_the_outage_of_an_earlier_shift_continues(breaker: Breaker, clock: Clock) -> None:
    breaker.reopen(NOON - timedelta(hours=1), claims(range(3)))
    assert breaker.is_probe_due()
    breaker.note_probe(answered=True)
    assert take_retries(breaker) == claims(range(3))


def test_more_retries_than_are_remembered_are_made_too(
    breaker: Breaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batches.outages.breaker.MOST_REMEMBERED", 60)
    breaker.reopen(NOON, claims(range(100)))
    breaker.note_probe(answered=True)
    assert take_retries(breaker) == claims(range(100))
    # Of the first 40, it no longer knows that they were retried.
    breaker.reopen(NOON, claims(range(100)))
    breaker.note_probe(answered=True)
    assert take_retries(breaker) == claims(range(40))
