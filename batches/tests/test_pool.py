"""The pool: how many sites at one server are scanned at once, and its processes."""

import threading
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from pytest_django.fixtures import Settings

from batches.models import Job
from batches.options import BatchOptions
from batches.scanning import addresses, pool, processes
from batches.scanning.addresses import AddressLimits, limit_of
from batches.scanning.child import Child
from batches.scanning.messages import ClaimedJob, Kind, Outcome, Scan
from batches.scanning.pool import Pool
from batches.scanning.processes import Processes
from batches.tests.sites import Sites
from tests.processes import eventually, is_running

TENANT = uuid4()


def claimed(host: str, **options: Any) -> ClaimedJob:
    chosen = BatchOptions(**{"sitemaps": False, "follow": False, "site_deadline": 20} | options)
    job_type = Job.Type.WEBSITE_SCAN
    return ClaimedJob(uuid4(), 1, 0, TENANT, None, uuid4(), host, job_type, chosen)


@contextmanager
def running(*jobs: ClaimedJob, processes: int = 1, ceiling: int = 50) -> Iterator[Pool]:
    workers = Pool(processes=processes, ceiling=ceiling)
    try:
        workers.offer(jobs, {None: ceiling})
        yield workers
    finally:
        workers.close()


def outcomes(workers: Pool, count: int, within: float = 60) -> list[Outcome]:
    ended: list[Outcome] = []

    def have_ended() -> bool:
        ended.extend(take(workers))
        return len(ended) >= count

    eventually(have_ended, within=within)
    return ended


def take(workers: Pool) -> list[Outcome]:
    """Take the outcomes and mark them as written."""
    started, ended = workers.take()
    workers.written(started, ended)
    return ended


def waiting(wait: Callable[[float], object], seconds: float) -> Callable[[str], None]:
    """Make each homepage wait for an event, up to some seconds."""

    def before(host: str) -> None:
        wait(seconds)

    return before


def hosts(count: int) -> list[str]:
    return [f"s{n}.site.test" for n in range(count)]


def test_no_more_sites_at_one_address_are_scanned_than_the_setting_says(
    sites: Sites, settings: Settings
) -> None:
    settings.SCAN_MAX_PER_ADDRESS = 2
    gate = threading.Barrier(2)
    sites.before = waiting(gate.wait, 20)
    with running(*map(claimed, hosts(6))) as workers:
        reports = outcomes(workers, 6)
    assert {outcome.kind for outcome in reports} == {Kind.REPORT}
    assert sites.most == 2


def test_in_the_operators_own_networks_there_is_no_limit_unless_it_is_set(
    sites: Sites, settings: Settings
) -> None:
    settings.SCAN_MAX_PER_ADDRESS = None
    gate = threading.Barrier(12)
    sites.before = waiting(gate.wait, 20)
    with running(*map(claimed, hosts(12))) as workers:
        outcomes(workers, 12)
    assert sites.most == 12


def test_a_wait_for_a_server_is_on_the_receipt_and_not_in_the_time_of_the_scan(
    sites: Sites, settings: Settings
) -> None:
    settings.SCAN_MAX_PER_ADDRESS = 1
    hold = threading.Event()
    sites.before = waiting(hold.wait, 20)
    first, second = map(claimed, hosts(2))
    with running(first, second) as workers:
        eventually(lambda: workers.loads()[None].blocked == 1)
        started, _ = workers.take()
        assert len(started) == 1
        waited = threading.Timer(1.5, hold.set)
        waited.start()
        reports = {outcome.job.id: outcome.result for outcome in outcomes(workers, 2)}
    (running_id,) = [key for key, _ in started]
    other = reports[second.id if running_id == first.id else first.id]
    assert other["requests"][0]["waited"] >= 1
    assert "waited" not in reports[running_id]["requests"][0]
    assert sum(other["timings"].values()) < 1
    assert other["started_at"] >= reports[running_id]["finished_at"]


def test_a_wait_for_a_server_does_not_count_towards_the_deadline(
    sites: Sites, settings: Settings
) -> None:
    settings.SCAN_MAX_PER_ADDRESS = 1
    hold = threading.Event()
    sites.before = waiting(hold.wait, 20)
    first = claimed("s0.site.test")
    with running(first) as workers:
        eventually(lambda: sites.now == 1)
        workers.offer([claimed("s1.site.test", site_deadline=1)], {None: 50})
        eventually(lambda: workers.loads()[None].blocked == 1)
        threading.Timer(pool.TICK + 3.5, hold.set).start()  # its deadline, the grace and more
        assert {outcome.kind for outcome in outcomes(workers, 2)} == {Kind.REPORT}


def test_jobs_that_wait_for_a_server_can_be_taken_back(sites: Sites, settings: Settings) -> None:
    settings.SCAN_MAX_PER_ADDRESS = 1
    hold = threading.Event()
    sites.before = waiting(hold.wait, 20)
    with running(*map(claimed, hosts(4))) as workers:
        eventually(lambda: workers.loads()[None].blocked == 3)
        assert len(workers.take_blocked(keep=2)) == 1
        assert len(workers.take_waiting()) == 2
        hold.set()
        assert len(outcomes(workers, 1)) == 1
        assert workers.is_idle()


def test_a_job_that_waits_for_a_server_occupies_no_thread_and_no_slot(
    sites: Sites, settings: Settings
) -> None:
    settings.SCAN_MAX_PER_ADDRESS = 1
    hold = threading.Event()
    sites.before = waiting(hold.wait, 60)
    with running(*map(claimed, hosts(2)), ceiling=2) as workers:
        eventually(lambda: workers.loads()[None].blocked == 1)
        elsewhere = claimed("elsewhere.none.test")
        workers.offer([elsewhere], {None: 2})
        (ended,) = outcomes(workers, 1)
        assert ended.job == elsewhere
        hold.set()
        outcomes(workers, 2)


def test_a_job_that_waited_for_a_server_keeps_the_answer_of_its_name_server() -> None:
    scan = Scan(claimed("a.example"))
    assert "answers" not in scan.begin()
    scan.answers = {"a.example": ["203.0.113.1"]}
    assert scan.begin()["answers"] == {"a.example": ["203.0.113.1"]}


@pytest.mark.parametrize(
    ("address", "limit"),
    [
        ("203.0.113.5", 8),
        ("2001:db8::5", 8),
        ("104.16.132.229", 64),  # Cloudflare
        ("2606:4700::6810:84e5", 64),
        ("198.185.159.144", 64),  # Squarespace
        ("185.199.108.153", 64),  # GitHub Pages
        ("10.1.2.3", float("inf")),
        ("127.0.0.1", float("inf")),
    ],
)
def test_each_address_has_its_limit(settings: Settings, address: str, limit: float) -> None:
    settings.SCAN_ALLOWED_NETWORKS = ("10.0.0.0/8",)
    settings.SCAN_MAPPED_NETWORKS = ("127.0.0.0/8",)
    assert limit_of(address) == limit


@pytest.mark.parametrize(
    ("chosen", "own", "shared", "front_end"), [(2, 2, 2, 64), (100, 100, 100, 100)]
)
def test_a_limit_that_is_set_holds_everywhere(
    settings: Settings, chosen: int, own: int, shared: int, front_end: int
) -> None:
    settings.SCAN_ALLOWED_NETWORKS = ("10.0.0.0/8",)
    settings.SCAN_MAX_PER_ADDRESS = chosen
    limits = [limit_of(address) for address in ("10.1.2.3", "203.0.113.5", "104.16.132.229")]
    assert limits == [own, shared, front_end]


def test_a_site_counts_at_all_of_its_addresses_until_it_ends(settings: Settings) -> None:
    settings.SCAN_MAX_PER_ADDRESS = 1
    limits = AddressLimits()
    assert limits.take("a", ["203.0.113.1", "2001:db8::1"])
    assert limits.take("a", ["203.0.113.1"])  # asked again
    assert not limits.take("b", ["203.0.113.2", "2001:db8::1"])
    assert limits.take("c", ["203.0.113.2"])
    assert limits.release("a")
    assert not limits.release("a")
    assert limits.take("d", ["203.0.113.1"])
    assert not limits.take("b", ["203.0.113.2", "2001:db8::1"])


def test_the_networks_of_shared_front_ends_are_valid_and_say_where_they_are_from() -> None:
    networks = addresses._front_ends()
    assert len(networks) > 100
    assert len(set(networks)) == len(networks)
    for provider in tomllib.loads(addresses.FRONT_ENDS.read_text())["provider"]:
        assert provider["source"].startswith("https://")
        assert provider["confirmed"]


def test_processes_end_when_there_is_nothing_to_do_and_start_again(
    sites: Sites, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "IDLE_AFTER", 0.5)
    with running(claimed("s0.site.test")) as workers:
        (first,) = eventually(lambda: pids_of(workers))
        outcomes(workers, 1)
        eventually(lambda: not is_running(first))
        workers.offer([claimed("s1.site.test")], {None: 50})
        assert len(outcomes(workers, 1)) == 1
        assert pids_of(workers) != [first]


def test_a_worn_out_process_is_replaced_and_no_scan_is_lost(
    sites: Sites, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "RECYCLE_AFTER", 3)
    sites.before = waiting(threading.Event().wait, 0.2)
    seen: set[int] = set()
    with running(*map(claimed, hosts(12)), ceiling=2) as workers:
        reports: list[Outcome] = []

        def all_ended() -> bool:
            seen.update(pids_of(workers))
            reports.extend(take(workers))
            return len(reports) == 12

        eventually(all_ended, within=90)
    assert {outcome.kind for outcome in reports} == {Kind.REPORT}
    assert len(seen) > 1


def test_worn_out_processes_are_replaced_one_at_a_time(
    sites: Sites, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "RECYCLE_AFTER", 2)
    retiring: list[int] = []
    adjust = Processes.adjust

    def note_retiring(self: Processes, jobs: dict[bool, int]) -> None:
        adjust(self, jobs)
        retiring.append(sum(child.retiring for child in self))

    monkeypatch.setattr(Processes, "adjust", note_retiring)
    sites.before = waiting(threading.Event().wait, 0.2)
    with running(*map(claimed, hosts(24)), processes=2, ceiling=4) as workers:
        outcomes(workers, 24)
    assert set(retiring) <= {0, 1}


def test_a_worn_out_process_takes_jobs_until_its_replacement_is_ready(
    sites: Sites, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "RECYCLE_AFTER", 2)
    replaced = threading.Event()
    retiring: list[bool] = []
    ready = Processes.ready

    def note_ready(self: Processes, child: Child) -> None:
        retiring.append(any(other.retiring for other in self))
        if len(retiring) > 1:
            replaced.set()
        ready(self, child)

    monkeypatch.setattr(Processes, "ready", note_ready)
    sites.before = waiting(replaced.wait, 60)
    with running(*map(claimed, hosts(8)), ceiling=2) as workers:
        outcomes(workers, 8)
    assert retiring[:2] == [False, False]


def test_scans_start_little_by_little_and_are_replaced_at_once(
    sites: Sites, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "TICK", 1_000.0)  # no second tick
    monkeypatch.setattr(pool, "GROWTH", 2 / 1_000.0)
    gate = threading.Barrier(2)
    sites.before = waiting(gate.wait, 20)
    with running(*map(claimed, hosts(6))) as workers:
        outcomes(workers, 6)
    assert sites.most == 2


def test_no_more_jobs_run_than_the_pool_may_run(sites: Sites) -> None:
    sites.before = waiting(threading.Event().wait, 0.05)
    with running(*map(claimed, hosts(20)), processes=2, ceiling=3) as workers:
        outcomes(workers, 20)
    assert sites.most <= 3


def pids_of(workers: Pool) -> list[int]:
    return [child.pid for child in workers._processes]
