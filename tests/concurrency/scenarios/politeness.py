"""No host or server gets more load than guaranteed, however many batches need it."""

import threading
from collections import Counter

from batches.models import Batch
from batches.services import create_batch
from scrapersky.tenants.models import Tenant
from tests.concurrency.audit import audit, problems
from tests.concurrency.installation import QUICK, Installation
from tests.concurrency.scenarios.common import Figures, audited, ended, latency, names
from tests.processes import eventually


class Visits:
    """Counts overlapping visits per host."""

    def __init__(self, seconds: float) -> None:
        self.most: Counter[str] = Counter()
        self._now: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._wait = latency(seconds)

    def visit(self, host: str) -> None:
        with self._lock:
            self._now[host] += 1
            self.most[host] = max(self.most[host], self._now[host])
        self._wait(host)
        with self._lock:
            self._now[host] -= 1


def two_tenants_one_list(installation: Installation, *, jobs: int, within: float) -> Figures:
    """Let two tenants scan the same hosts on two workers: each host is visited by one at a time."""
    visits = Visits(0.2)
    installation.sites.before = visits.visit
    installation.start_hosts(2)
    one = installation.create(names(jobs))
    tenant = Tenant.objects.create(name="Another organisation")
    other = create_batch(tenant=tenant, created_by=None, domains=names(jobs), options=QUICK)
    violations: list[str] = []

    def both_ended() -> bool:
        violations.extend(problems())
        return ended(one) and ended(other)

    eventually(both_ended, within=within)
    assert violations == []
    assert {one.status, other.status} == {"complete"}
    assert len(visits.most) == jobs
    assert set(visits.most.values()) == {1}
    return {"visits of a host at once": max(visits.most.values()), "account": audit()[-1]}


def many_hosts_one_address(
    installation: Installation, *, jobs: int, limit: int, within: float
) -> Figures:
    """Scan many hosts on one address: all of them, with at most the configured number at a time."""
    installation.sites.before = latency(0.02)
    installation.start_hosts(1)
    batch = installation.create(names(jobs), max_concurrent=100)
    account = audited(batch, within=within)
    assert (account.status, account.completed) == ("complete", jobs)
    assert installation.sites.most <= limit
    stored = Batch.objects.get(pk=batch.pk)
    return {
        "sites at once": installation.sites.most,
        "ran for": f"{stored.seconds:.0f} s",
        "account": account,
    }
