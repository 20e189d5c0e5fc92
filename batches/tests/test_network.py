"""A worker whose network goes down claims nothing, and every site gets its own result."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db.models import Max
from django.utils import timezone
from pytest_django.fixtures import Settings

from batches.models import Batch, Job, Worker
from batches.outages import breaker, watch
from batches.outages.notice import outage_notice
from batches.services import create_batch, initiate_scan
from batches.tests.running import run_shift
from batches.tests.sites import Sites
from batches.transitions import cancel_batch, retry_after_outage, retry_batch
from scans.engine.tests.name_server import LoopbackNameServer, silent
from scrapersky.tenants.models import Tenant

pytestmark = pytest.mark.django_db(transaction=True)

QUICK = {"sitemaps": False, "follow": False, "site_deadline": 20}


class Net:
    """Sites and their name server, both of which can be cut off."""

    def __init__(self, sites: Sites, names: LoopbackNameServer) -> None:
        self.sites = sites
        self.names = names
        self.down_at_probes: list[bool] = []

    def hosts(self, count: int, of: str = "s") -> list[str]:
        return [f"{of}{number}.site.test:{self.sites.port}" for number in range(count)]

    def cut_off(self) -> None:
        self.sites.is_cut_off = True
        self.names.reply = silent

    def restore(self) -> None:
        self.sites.is_cut_off = False
        self.names.reply = None

    def probes(self) -> list[str]:
        """Return the hosts whose robots.txt was requested more often than the homepage."""
        hosts = [host for _, host, path in self.sites.requested if path == "/robots.txt"]
        return [host for host in set(hosts) if hosts.count(host) > self.sites.asked.count(host)]


@pytest.fixture
def net(sites: Sites, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Net]:
    """Serve the sites under names that a real name server answers; probes follow quickly."""
    with LoopbackNameServer(zone={"*.site.test": ["A 127.0.0.1"]}) as names:
        settings.SCAN_HOST_MAP = ()
        settings.SCAN_DNS_SERVERS = (names.place,)
        settings.SCAN_ALLOW_ANY_PORT = True
        settings.SCAN_CONNECT_TIMEOUT = 0.4
        monkeypatch.setattr(breaker, "PROBE_EVERY", timedelta(seconds=0.5))
        yield Net(sites, names)


def make(tenant: Tenant, hosts: list[str]) -> Batch:
    return create_batch(tenant=tenant, created_by=None, domains=hosts, options=QUICK)


def watch_probes(monkeypatch: pytest.MonkeyPatch, react: Callable[[bool], None]) -> None:
    """Call a function with the result of each probe."""

    class Watched(watch.Probe):
        def result(self) -> bool | None:
            answered = super().result()
            if answered is not None:
                react(answered)
            return answered

    monkeypatch.setattr(watch, "Probe", Watched)


def reasons(batch: Batch) -> dict[str, str]:
    rows = batch.jobs.exclude(status=Job.Status.COMPLETE)
    return dict(rows.values_list("domain__host", "failure_reason"))


def test_sites_end_with_their_own_results_after_an_outage_of_sites_and_resolver(
    default_tenant: Tenant, net: Net, monkeypatch: pytest.MonkeyPatch
) -> None:
    hosts = net.hosts(110)
    dead = [host.partition(":")[0] for host in hosts[80:82]]
    net.names.zone |= {name: ["MX 10 mail.test."] for name in dead}
    batch = make(default_tenant, hosts)

    def cut_off_once(host: str) -> None:
        if len(net.sites.asked) == 10:
            net.cut_off()

    def restore_after_silence(answered: bool) -> None:
        net.down_at_probes.append(bool(outage_notice()))
        # Once no scan is left: the answer to one would end the outage before the next probe.
        if not answered and not Job.objects.filter(worker__isnull=False).exists():
            net.restore()

    net.sites.before = cut_off_once
    watch_probes(monkeypatch, restore_after_silence)
    run_shift()
    batch.refresh_from_db()
    assert reasons(batch) == dict.fromkeys(hosts[80:82], "dns_not_found")
    assert (batch.status, batch.completed, batch.failed) == ("partial", 108, 2)
    assert net.down_at_probes[0]
    assert net.probes()
    assert Worker.objects.get().network_down_since is None
    assert Job.objects.count() == 110


@pytest.mark.parametrize("count", [breaker.WINDOW, 120], ids=["none left to try", "some left"])
def test_a_list_of_dead_domains_ends_although_no_host_ever_answered(
    default_tenant: Tenant, net: Net, settings: Settings, count: int
) -> None:
    settings.SCAN_CONNECT_TIMEOUT = 10.0  # the name server answers, however busy the machine is
    net.names.zone = {}
    batch = make(default_tenant, net.hosts(count))
    run_shift()
    batch.refresh_from_db()
    assert (batch.status, batch.failed) == ("failed", count)
    assert Worker.objects.get().network_down_since is None
    assert set(reasons(batch).values()) == {"dns_not_found"}


def test_sites_that_refuse_while_others_answer_are_retried_once_only(
    default_tenant: Tenant, net: Net, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[bool] = []
    watch_probes(monkeypatch, answers.append)
    good = make(default_tenant, net.hosts(3))
    run_shift()
    monkeypatch.setattr(breaker, "PROBE_EVERY", timedelta(hours=1))
    dead = [f"dead{number}.site.test:1" for number in range(70)]
    batch = make(default_tenant, dead)
    run_shift()
    for row in (good, batch):
        row.refresh_from_db()
    assert (good.status, batch.status, batch.failed) == ("complete", "failed", 70)
    assert answers == [True]
    assert batch.jobs.aggregate(most=Max("claim_no"))["most"] <= 4


def test_an_outage_in_which_the_shift_ended_is_continued_by_the_next(
    default_tenant: Tenant, net: Net, settings: Settings
) -> None:
    make(default_tenant, net.hosts(1))
    run_shift()
    net.cut_off()
    batch = make(default_tenant, net.hosts(2, "t"))
    run_shift()
    net.restore()
    suspects = [[str(pk), no] for pk, no in batch.jobs.values_list("pk", "claim_no")]
    Worker.objects.create(
        host=settings.SCAN_WORKER_NAME,
        status=Worker.Status.LOST,
        network_down_since=timezone.now(),
        suspects=suspects,
    )
    run_shift()
    batch.refresh_from_db()
    assert (batch.status, batch.completed) == ("complete", 2)
    assert not Worker.objects.exclude(network_down_since=None).exists()


@pytest.fixture
def failed(default_tenant: Tenant, net: Net) -> Batch:
    """Return a batch whose sites failed while the network was down."""
    net.cut_off()
    batch = make(default_tenant, net.hosts(3))
    run_shift()
    batch.refresh_from_db()
    assert batch.failed == 3
    return batch


def claims_of(batch: Batch) -> dict:
    return dict(batch.jobs.values_list("pk", "claim_no"))


def test_what_users_retried_or_cancelled_meanwhile_is_left_alone(failed: Batch) -> None:
    claims = claims_of(failed)
    retry_batch(failed)
    assert retry_after_outage(claims) == 0
    cancel_batch(failed)
    assert retry_after_outage(claims_of(failed)) == 0
    failed.refresh_from_db()
    assert failed.status == "cancelled"


def test_a_retry_after_an_outage_keeps_the_options_of_the_jobs(failed: Batch) -> None:
    job = failed.jobs.first()
    assert job
    Job.objects.filter(pk=job.pk).update(options={"site_deadline": 33.0})
    assert retry_after_outage(claims_of(failed)) == 3
    job.refresh_from_db()
    failed.refresh_from_db()
    assert (job.status, job.options) == ("pending", {"site_deadline": 33.0})
    assert (failed.status, failed.failed) == ("running", 0)


def test_a_single_scan_is_repeated_after_an_outage(default_tenant: Tenant, net: Net) -> None:
    net.cut_off()
    first = initiate_scan(net.hosts(1)[0], tenant=default_tenant, options=QUICK)
    run_shift()
    net.restore()
    first.refresh_from_db()
    assert retry_after_outage({first.pk: first.claim_no}) == 1
    run_shift()
    assert Job.objects.latest("created_at").status == "complete"
