"""The guarantees of the batch engine with real clusters: small scenarios, in about a minute.

`make chaos` runs the same ones larger. Times are asserted there; here the bounds are loose enough
for a busy machine.
"""

import signal

import pytest
from django_q.models import OrmQ

from tests.concurrency import redis_server
from tests.concurrency.conftest import Install
from tests.concurrency.scenarios import deaths, order, politeness, supervision
from tests.postgres import EmbeddedPostgres
from tests.settings import TEST_REDIS_URL

PATIENCE = 120.0


def test_random_kills_lose_nothing_and_double_nothing(install: Install) -> None:
    kinds = ("scanning process", "shift", "whole host")
    figures = deaths.random_kills(install(), kinds, hosts=2, jobs=300, strikes=3, within=PATIENCE)
    assert figures["account"].status == "complete"


def test_a_poison_site_fails_alone(install: Install) -> None:
    deaths.poison_site(install(), jobs=30, within=PATIENCE)


def test_a_stopped_database_is_waited_for(install: Install, server: EmbeddedPostgres) -> None:
    order.database_away(install(), server, jobs=150, seconds=10, within=PATIENCE)


def test_a_queue_filled_twice_does_each_job_once(install: Install) -> None:
    order.queue_filled_twice(install(), jobs=60, within=PATIENCE)


def test_a_small_batch_does_not_wait_for_a_large_one(install: Install) -> None:
    order.small_beside_large(install(), large=3_000, within=30)


def test_cancel_stops_the_requests_and_the_running_sites(install: Install) -> None:
    order.cancel_while_running(install(), jobs=200, quiet_after=5, within=30)


def test_pause_holds_and_resume_goes_on(install: Install) -> None:
    order.pause_and_resume(install(), jobs=100, within=PATIENCE)


def test_two_hosts_share_a_batch_and_one_is_killed(install: Install) -> None:
    # Enough that the first host cannot finish before a slow second one has started.
    deaths.one_of_two_hosts_killed(install(), jobs=700, comes_back=True, within=PATIENCE)


def test_a_killed_creator_leaves_no_half_batch(install: Install) -> None:
    deaths.creator_killed(install(), jobs=40_000)


def test_the_work_of_the_only_worker_is_taken_over(install: Install) -> None:
    deaths.lone_worker_killed(install(), jobs=150)


def test_two_hosts_with_redis_as_broker_and_one_is_killed(install: Install) -> None:
    with redis_server.empty_database(TEST_REDIS_URL) as url:
        if not url:
            pytest.skip("no Redis answers at REDIS_URL or 127.0.0.1:6379")
        installation = install(REDIS_URL=url)
        deaths.one_of_two_hosts_killed(installation, jobs=300, comes_back=True, within=PATIENCE)


def test_the_death_of_the_console_does_not_touch_a_batch(install: Install) -> None:
    supervision.web_killed(install(), jobs=200, within=PATIENCE)


def test_the_keeper_runs_beside_slow_sites(install: Install) -> None:
    installation = install(SCAN_MAX_CONCURRENT="40", SCAN_READ_TIMEOUT="120")
    order.keeper_beside_slow_sites(installation, jobs=40, within=PATIENCE)


def test_two_workers_share_many_batches_and_hoard_none(install: Install) -> None:
    installation = install(SCAN_MAX_CONCURRENT="10")
    order.many_batches(installation, batches=60, each=5, slots=10, within=PATIENCE)


def test_an_emptied_broker_stops_nothing(install: Install) -> None:
    flush = OrmQ.objects.all().delete
    order.queue_flushed(install(), flush, jobs=150, within=PATIENCE)


def test_two_tenants_never_visit_a_host_at_once(install: Install) -> None:
    politeness.two_tenants_one_list(install(), jobs=60, within=PATIENCE)


def test_many_hosts_on_one_address_are_scanned_a_few_at_a_time(install: Install) -> None:
    installation = install(SCAN_MAX_PER_ADDRESS="4")
    politeness.many_hosts_one_address(installation, jobs=300, limit=4, within=PATIENCE)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_cluster_that_is_stopped_releases_every_job(
    install: Install, number: signal.Signals
) -> None:
    deaths.cluster_stopped(install(), number, jobs=100, within=20)
