"""Corrections made while a runner stores scans: neither overwrites the other."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, transaction

from scans.corrections.services import correct_verdict, mark_wrong
from scans.corrections.tests.scans import WRONG, rescan, scan
from scans.engine.report import Verdict
from scans.models import Correction, Domain
from scrapersky.tenants.models import Tenant, User
from tests.processes import eventually

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer"),
]


@contextmanager
def stored_but_not_committed(domain: Domain) -> Iterator[None]:
    """Store a scan of a domain; commit once the thread in the block waits for its locks."""
    with transaction.atomic():
        rescan(domain)
        yield
        eventually(_somebody_waits)


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_locks WHERE NOT granted")
        return cursor.fetchone() is not None


@contextmanager
def thread(target: object, *args: object, **options: object) -> Iterator[threading.Thread]:
    def run() -> None:
        try:
            target(*args, **options)  # type: ignore[operator]
        finally:
            connection.close()

    running = threading.Thread(target=run)
    yield running
    running.join(30)
    assert not running.is_alive()


def test_a_mark_everywhere_hides_what_is_being_stored(default_tenant: Tenant, user: User) -> None:
    seen, fresh = scan(default_tenant), scan(default_tenant, "b.example", contacts=())
    row = seen.contacts.get(value=WRONG)
    mark = thread(mark_wrong, row, user=user, in_tenant=True)
    with mark as waiting, stored_but_not_committed(fresh):
        waiting.start()
    assert fresh.contacts.get(value=WRONG).is_wrong
    fresh.refresh_from_db()
    assert WRONG not in fresh.emails


def test_a_verdict_is_chosen_for_the_scan_that_is_being_stored(
    default_tenant: Tenant, user: User
) -> None:
    domain = scan(default_tenant)
    choice = thread(correct_verdict, domain, Verdict.PARKED, user=user)
    with choice as waiting, stored_but_not_committed(domain):
        waiting.start()
    assert set(domain.scans.values_list("verdict", flat=True)) == {"parked"}
    assert Correction.objects.get().right_value == "parked"


def test_two_marks_at_once_are_one(default_tenant: Tenant, user: User) -> None:
    domain = scan(default_tenant)
    row = domain.contacts.get(value=WRONG)
    one, two = thread(mark_wrong, row, user=user), thread(mark_wrong, row, user=user)
    with one as first, two as second, stored_but_not_committed(domain):
        first.start()
        second.start()
    assert Correction.objects.count() == 1
    assert domain.contacts.get(value=WRONG).is_wrong
