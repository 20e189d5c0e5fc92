"""Run the scenarios at large size with strict time limits, and print the results."""

import os
import signal
import sys
import tempfile
import traceback
import uuid
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from time import monotonic
from typing import Any

import redis
from django.core.management import call_command
from rich.console import Console
from rich.table import Table

from batches.tests.sites import serve
from tests.concurrency import redis_server
from tests.concurrency.audit import Account
from tests.concurrency.installation import Installation, pointed_at
from tests.concurrency.scenarios import deaths, exports, order, politeness, supervision
from tests.concurrency.strikes import KINDS
from tests.postgres import EmbeddedPostgres
from tests.settings import DIRECTORY, TEST_REDIS_URL

Scenario = Callable[[Installation, EmbeddedPostgres], dict[str, Any]]
screen = Console(width=None if sys.stdout.isatty() else 120)

SCENARIOS: dict[str, Scenario] = {
    "kills": lambda place, _: deaths.random_kills(
        place,
        KINDS,
        hosts=4,
        jobs=2_000,
        strikes=24,
        within=1_200,
        seed=int(os.urandom(2).hex(), 16),
    ),
    "poison": lambda place, _: deaths.poison_site(place, jobs=200, within=120),
    "database": lambda place, server: order.database_away(
        place, server, jobs=600, seconds=10, within=120
    ),
    "network": lambda place, _: order.network_down(place, jobs=1_000, seconds=70, within=180),
    "queue": lambda place, _: order.queue_filled_twice(place, jobs=300, within=120),
    "fairness": lambda place, _: order.small_beside_large(place, large=50_000, within=5),
    "cancel": lambda place, _: order.cancel_while_running(
        place, jobs=1_000, quiet_after=2, within=10
    ),
    "pause": lambda place, _: order.pause_and_resume(place, jobs=400, within=60),
    "hosts": lambda place, _: deaths.one_of_two_hosts_killed(
        place, jobs=1_500, comes_back=False, within=300
    ),
    "redis": lambda place, _: deaths.one_of_two_hosts_killed(
        place, jobs=1_500, comes_back=False, within=300
    ),
    "flush": lambda place, _: order.queue_flushed(place, flush_of(place), jobs=1_000, within=120),
    "stop": lambda place, _: deaths.cluster_stopped(place, signal.SIGTERM, jobs=500, within=8),
    "interrupt": lambda place, _: deaths.cluster_stopped(place, signal.SIGINT, jobs=500, within=8),
    "export": lambda place, _: deaths.stopped_while_exporting(place, rows=100_000, within=8),
    "keeper": lambda place, _: order.keeper_beside_slow_sites(place, jobs=128, within=150),
    "batches": lambda place, _: order.many_batches(
        place, batches=300, each=20, slots=128, within=600
    ),
    "tenants": lambda place, _: politeness.two_tenants_one_list(place, jobs=500, within=300),
    "address": lambda place, _: politeness.many_hosts_one_address(
        place, jobs=2_000, limit=8, within=600
    ),
    "takeover": lambda place, _: deaths.lone_worker_killed(place, jobs=400),
    "creation": lambda place, _: deaths.creator_killed(place, jobs=100_000),
    "list": lambda place, _: deaths.list_reader_killed(place, domains=250_000, within=300),
    "exports": lambda place, _: exports.exports_under_fire(place, rows=120_000, within=900),
    "web": lambda place, _: supervision.web_killed(place, jobs=400, within=120),
    "hang": lambda place, _: supervision.hung_cluster(place, within=400),
}


# Environment variables required by scenarios.
ENVIRONMENTS = {
    "keeper": {"SCAN_READ_TIMEOUT": "120"},
    "address": {"SCAN_MAX_PER_ADDRESS": "8"},
    "export": {"EXPORT_DIR": "exports"},
}
WITH_REDIS = {"redis", "flush"}


def flush_of(place: Installation) -> Callable[[], object]:
    """Return a function that empties an installation's broker."""
    return redis.Redis.from_url(place.environment["REDIS_URL"]).flushdb


def main(selected: list[str]) -> int:
    """Run the scenarios and print the table; return the exit code."""
    unknown = set(selected) - set(SCENARIOS)
    if unknown:
        names = ", ".join(sorted(unknown))
        screen.print(f"There is no scenario {names}. Choose from {', '.join(SCENARIOS)}.")
        return 2
    server = EmbeddedPostgres(DIRECTORY / "chaos")
    with pointed_at(server.create_database("migrated")):
        call_command("migrate", verbosity=0)
    table = Table("Scenario", "Measurements", "Final audit", show_lines=True)
    broken = 0
    for name in selected or SCENARIOS:
        started = monotonic()
        screen.print(f"{name} ...", end=" ")
        measured, account, ok = run(name, server)
        broken += not ok
        screen.print(f"{'kept' if ok else 'BROKEN'} in {monotonic() - started:.0f} s")
        table.add_row(name, measured, account)
    screen.print(table)
    screen.print("Every promise was kept." if not broken else f"{broken} promises were BROKEN.")
    return int(broken > 0)


def run(name: str, server: EmbeddedPostgres) -> tuple[str, str, bool]:
    """Run a scenario on a fresh database; return its figures, its audit, and whether it passed."""
    needs_redis = name in WITH_REDIS
    broker = redis_server.empty_database(TEST_REDIS_URL) if needs_redis else nullcontext("")
    with broker as redis_url:
        if needs_redis and not redis_url:
            return "skipped: no Redis answers at REDIS_URL or 127.0.0.1:6379", "", True
        url = server.create_database(uuid.uuid4().hex, template="migrated")
        environment = ENVIRONMENTS.get(name, {}) | ({"REDIS_URL": redis_url} if redis_url else {})
        with (
            tempfile.TemporaryDirectory() as folder,
            serve() as sites,
            pointed_at(url),
            Installation(url, Path(folder), sites, **environment) as place,
        ):
            try:
                figures = SCENARIOS[name](place, server)
            except AssertionError as error:
                traceback.print_exc()
                return f"BROKEN: {error}", place.last_words(), False
    account = figures.pop("account", None)
    measured = "\n".join(f"{what}: {value}" for what, value in figures.items())
    return measured, describe(account) if account else "no rows left", True


def describe(account: Account) -> str:
    """Return the counters and rows of a batch as text."""
    return (
        f"{account.status}: {account.completed} complete, {account.failed} failed, "
        f"{account.cancelled} cancelled of {account.total}\n"
        f"rows: {account.jobs_completed}, {account.jobs_failed}, {account.jobs_cancelled} of "
        f"{account.jobs}; active {account.jobs_active}\n"
        f"claims {account.claims}, attempts lost {account.attempts} (most {account.most_attempts})"
        f", duplicate results {account.scans_of_no_job}"
    )
