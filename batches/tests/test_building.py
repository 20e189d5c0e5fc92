"""Large batches: their lists are read in chunks before any job starts."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django.fixtures import Settings

from batches import building, housekeeping, lanes, large_lists, list_chunks, transitions
from batches.large_lists import LargeList
from batches.models import Batch, BatchList, Job, Worker
from batches.runner.claims import Claimer
from batches.runner.shift import start_pending
from scans.models import Domain
from scrapersky.tenants.models import Tenant, User

pytestmark = pytest.mark.django_db
HOSTS = [f"s{number}.example" for number in range(25)]


@pytest.fixture(autouse=True)
def _small_chunks(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.LIST_DIR = str(tmp_path / "lists")
    for module in (list_chunks, lanes):
        monkeypatch.setattr(module, "CHUNK", 10)


@pytest.fixture
def make(default_tenant: Tenant) -> Any:
    def create(text: str | bytes, **how: Any) -> Batch:
        content = text.encode() if isinstance(text, str) else text
        with large_lists.saved_list(LargeList([content], **how)) as saved:
            return large_lists.create_large_batch(
                saved, tenant=default_tenant, created_by=None, name="Large"
            )

    return create


def step(batch: Batch) -> bool:
    """Read or add one chunk, like a process that is then killed."""
    is_over = building.build(batch.pk, until=0)
    batch.refresh_from_db()
    return is_over


def step_to_jobs(batch: Batch) -> None:
    """Read the list, and add its first chunk of jobs."""
    while not batch.total:
        assert not step(batch)


def hosts_of(batch: Batch) -> list[str]:
    return list(batch.jobs.order_by("position").values_list("domain__host", flat=True))


def files(settings: Settings) -> list[Path]:
    return list(Path(settings.LIST_DIR).iterdir())


@pytest.mark.parametrize(
    ("text", "how"),
    [
        ("\n".join(HOSTS), {}),
        (" ".join(HOSTS), {}),
        ("Name,Website\n" + "\n".join(f"Firm {h},{h}" for h in HOSTS), {"is_table": True}),
        ("note,site\n" + "\n".join(f'"a\nb",{h}' for h in HOSTS), {"column": "site"}),
        ("[" + ", ".join(f'"{h}"' for h in HOSTS) + "]", {}),
        ("\n".join(f'{{"domain": "{h}"}}' for h in HOSTS), {"is_json_lines": True}),
        ("\n".join(f'"{h}"' for h in HOSTS), {"is_json_lines": True}),
        ("\r\n".join(HOSTS).encode("utf-16"), {}),
    ],
)
def test_a_list_resumed_after_every_chunk_loses_and_repeats_nothing(
    make: Any, text: str, how: dict[str, Any]
) -> None:
    batch = make(text, **how)
    steps = 1
    while not step(batch):
        steps += 1
    assert steps >= 3
    assert hosts_of(batch) == HOSTS
    assert (batch.total, batch.is_building, batch.error) == (25, False, "")


def test_the_ids_of_the_jobs_of_a_chunk_follow_the_list(
    make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "CHUNK", 100)
    batch = make("\n".join(reversed(HOSTS)))
    while not step(batch):
        pass
    assert hosts_of(batch) == HOSTS[::-1]
    first, second = batch.jobs.filter(position__in=[0, 1]).order_by("position")
    assert (first.pk.version, first.pk < second.pk) == (7, True)


def test_a_list_is_deleted_once_its_batch_is_complete(
    make: Any, settings: Settings, django_capture_on_commit_callbacks: Any
) -> None:
    batch = make("\n".join(HOSTS))
    assert [path.stat().st_mode & 0o777 for path in files(settings)] == [0o600]
    with django_capture_on_commit_callbacks(execute=True):
        building.build(batch.pk)
    assert not files(settings)
    assert not BatchList.objects.exists()


def test_duplicates_and_rejected_lines_are_counted_over_all_chunks(make: Any) -> None:
    text = "\n".join([*HOSTS, "localhost", *HOSTS, "no domain!", "s1.example"])
    batch = make(text)
    while not step(batch):
        pass
    assert batch.total == 25
    assert batch.metadata["duplicates"] == 26
    assert batch.metadata["refused_count"] == 3
    assert batch.metadata["refused"][0]["line"] == 26


def test_a_chunk_that_fails_leaves_nothing_of_itself(
    make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = make("\n".join(HOSTS))
    step_to_jobs(batch)

    def die(*_: Any, **__: Any) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(type(Batch.objects.all()), "add_built", die)
        with pytest.raises(KeyboardInterrupt):
            building.build(batch.pk)
    batch.refresh_from_db()
    assert batch.total == batch.jobs.count() == 10
    building.build(batch.pk)
    assert hosts_of(batch) == HOSTS


def test_no_job_is_claimed_until_the_list_is_complete(make: Any) -> None:
    batch = make("\n".join(HOSTS))
    worker = Worker.objects.create(host="here")
    step_to_jobs(batch)
    start_pending()
    assert Batch.objects.get().status == Batch.Status.PENDING
    assert Claimer(worker, 4).claim({}) is None
    assert not Job.objects.filter(worker__isnull=False).exists()
    building.build(batch.pk)
    start_pending()
    claim = Claimer(worker, 4).claim({})
    assert claim is not None
    assert claim.jobs


def test_a_batch_cannot_end_pause_or_run_before_its_list_is_complete(make: Any) -> None:
    batch = make("\n".join(HOSTS))
    step_to_jobs(batch)
    for job in batch.jobs.all():
        transitions.cancel_job(job)
    with pytest.raises(transitions.TransitionError):
        transitions.pause_batch(batch)
    with pytest.raises(transitions.TransitionError):
        transitions.retry_batch(batch, reasons=["cancelled"])
    housekeeping.audit()
    batch.refresh_from_db()
    assert (batch.status, batch.is_building, batch.controls) == ("pending", True, ["cancel"])
    building.build(batch.pk)
    batch.refresh_from_db()
    assert (batch.total, batch.cancelled, batch.status) == (25, 10, "pending")


@pytest.mark.parametrize("jobs", [0, 10])
def test_a_cancelled_batch_gets_no_more_jobs(
    make: Any, jobs: int, settings: Settings, django_capture_on_commit_callbacks: Any
) -> None:
    batch = make("\n".join(HOSTS))
    if jobs:
        step_to_jobs(batch)
    transitions.cancel_batch(batch)
    with django_capture_on_commit_callbacks(execute=True):
        building.build(batch.pk)
    batch.refresh_from_db()
    assert (batch.status, batch.total, batch.cancelled) == ("cancelled", jobs, jobs)
    assert Domain.objects.count() == jobs
    assert not files(settings)


def test_a_batch_cancelled_while_a_chunk_is_added_leaves_no_domain_of_it(
    make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = make("\n".join(HOSTS))
    step_to_jobs(batch)
    add = lanes._add

    def be_cancelled(*args: Any) -> int:
        transitions.cancel_batch(batch)
        return add(*args)

    monkeypatch.setattr(lanes, "_add", be_cancelled)
    assert building.build(batch.pk)
    assert Domain.objects.count() == Job.objects.count() == 10


def test_a_list_that_breaks_off_ends_its_batch_as_failed(make: Any) -> None:
    lines = [*(f'"{host}"' for host in HOSTS), "x" * 8_300_000]
    batch = make("\n".join(lines), is_json_lines=True)
    while not step(batch):
        pass
    assert batch.status == Batch.Status.FAILED
    assert batch.error == "A line has more than 8,000,000 characters."
    assert batch.total == batch.jobs.count() == Domain.objects.count() == 0
    assert not BatchList.objects.exists()


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("localhost\n" * 3, "None of the 3 entries is a domain that can be scanned."),
        ("\n# nothing\n", "The list contains no domain."),
        ("a.example,x\nb.example,y", "no column named"),
    ],
)
def test_a_list_without_domains_ends_its_batch_as_failed(make: Any, text: str, error: str) -> None:
    batch = make(text, column="site" if "column" in error else "")
    building.build(batch.pk)
    batch.refresh_from_db()
    assert (batch.status, batch.total) == (Batch.Status.FAILED, 0)
    assert error in batch.error


def test_a_list_over_the_limit_ends_its_batch_as_failed(make: Any, settings: Settings) -> None:
    settings.MAX_DOMAINS_PER_BATCH = 15
    batch = make("\n".join(HOSTS))
    building.build(batch.pk)
    batch.refresh_from_db()
    assert (batch.status, batch.total, Domain.objects.count()) == ("failed", 0, 0)
    assert batch.error == "The list has more than 15 domains. Split it."


def test_a_daily_limit_reached_on_the_way_cancels_the_jobs_so_far(
    make: Any, default_tenant: Tenant
) -> None:
    default_tenant.max_domains_per_day = 15
    default_tenant.save()
    batch = make("\n".join(HOSTS))
    building.build(batch.pk)
    batch.refresh_from_db()
    assert (batch.status, batch.total, batch.cancelled) == ("failed", 13, 13)
    assert "15 domains a day" in batch.error


def test_a_missing_file_ends_its_batch_with_what_to_do(make: Any, settings: Settings) -> None:
    batch = make("\n".join(HOSTS))
    files(settings)[0].unlink()
    building.build(batch.pk)
    batch.refresh_from_db()
    assert batch.status == Batch.Status.FAILED
    assert "Set LIST_DIR" in batch.error


@pytest.mark.parametrize(
    ("module", "step_of"), [(building, "_keep"), (building, "_sort"), (lanes, "_add")]
)
def test_two_processes_at_one_list_add_each_domain_once(
    make: Any, monkeypatch: pytest.MonkeyPatch, module: Any, step_of: str
) -> None:
    batch = make("\n".join(HOSTS))
    original = getattr(module, step_of)

    def after_another_process(*args: Any) -> Any:
        monkeypatch.setattr(module, step_of, original)
        building.build(batch.pk, until=0)
        return original(*args)

    monkeypatch.setattr(module, step_of, after_another_process)
    assert building.build(batch.pk)
    batch.refresh_from_db()
    assert batch.is_building
    building.build(batch.pk)
    assert hosts_of(batch) == HOSTS
    batch.refresh_from_db()
    assert (batch.total, batch.metadata.get("duplicates", 0)) == (25, 0)


def test_the_keeper_queues_a_list_that_nobody_reads(
    make: Any, django_capture_on_commit_callbacks: Any
) -> None:
    batch = make("\n".join(HOSTS))
    OrmQ.objects.all().delete()
    assert building.resume_stalled() == 0
    old = timezone.now() - timedelta(minutes=2)
    BatchList.objects.filter(pk=batch.pk).update(updated_at=old)
    with django_capture_on_commit_callbacks(execute=True):
        assert building.resume_stalled() == 1
        assert building.resume_stalled() == 0
    assert OrmQ.objects.count() == 1


def test_the_keeper_deletes_old_lists_without_a_batch(make: Any, settings: Settings) -> None:
    make("\n".join(HOSTS))
    building.build(Batch.objects.get().pk, until=0)
    orphan = Path(settings.LIST_DIR, "gone.list")
    sorted_part = Path(settings.LIST_DIR, "gone.list.runs")
    for path in (orphan, sorted_part):
        path.write_text("a.example")
    fresh = Path(settings.LIST_DIR, "fresh.list")
    fresh.write_text("a.example")
    old = (timezone.now() - timedelta(days=2)).timestamp()
    kept = [path for path in files(settings) if not path.name.startswith("gone")]
    for path in {*files(settings)} - {fresh}:
        os.utime(path, (old, old))
    large_lists.delete_orphaned_files()
    assert sorted(files(settings)) == sorted(kept)
    assert len(kept) == 3


def test_a_list_whose_batch_is_refused_is_not_kept(
    settings: Settings, default_tenant: Tenant
) -> None:
    with (
        pytest.raises(ValidationError),
        large_lists.saved_list(LargeList([b"a.example"])) as saved,
    ):
        large_lists.create_large_batch(
            saved, tenant=default_tenant, created_by=None, options={"max_pages": 0}
        )
    assert not files(settings)


def test_the_page_shows_how_much_of_the_list_is_read(
    make: Any, client: Client, admin_user: User
) -> None:
    client.force_login(admin_user)
    batch = make("\n".join(HOSTS))
    step_to_jobs(batch)
    address = reverse("batch_detail", args=[batch.pk])
    page = client.get(address).content.decode()
    assert "being created" in page
    assert "10 domains so far" in page
    building.build(batch.pk)
    assert "being created" not in client.get(address).content.decode()
