"""A later run converts what the older system has written in the meantime."""

from typing import Any

import pytest
from django.utils import timezone

from batches.models import Batch, Job, LegacyId
from batches.tests.legacy.converted import check, convert, reverse_conversion
from batches.tests.legacy.legacy_database import build, create_tables, run_older_script
from batches.tests.legacy.legacy_domains import GONE
from batches.tests.legacy.legacy_ids import MISSING_TENANT, TENANT, uid
from scans.models import Contact, Domain, Technology
from scrapersky.tenants.models import Tenant

JOB = (
    "INSERT INTO jobs (id, job_id, tenant_id, status, job_type, batch_id, domain_id, created_at) "
    "VALUES (%s, %s, %s, 'Completed', 'scan', %s, %s, '2026-01-01')"
)


def test_rows_that_have_come_since_are_brought_over(legacy: Any) -> None:
    build(legacy, "before")
    convert()
    earlier = Batch.objects.get(legacy_id=12)
    legacy.execute(JOB, [9001, "x9001", str(TENANT), "test-batch", uid("d", 1)])
    outcome = convert()
    assert outcome.converted == 1
    assert outcome.since is not None
    assert outcome.since.faults == []
    later = Batch.objects.get(legacy_id=12)
    assert Job.objects.get(legacy_id=9001).batch == later
    assert (later.total, later.completed) == (earlier.total + 1, earlier.completed + 1)
    assert later.status == Batch.Status.COMPLETE


def test_a_domain_that_has_come_since_gets_the_jobs_that_missed_it(legacy: Any) -> None:
    build(legacy, "before", ["batch_jobs", "jobs", "domains", "tenants", "profiles"])
    convert()
    assert Job.objects.get(legacy_id=603).domain is None
    legacy.execute(
        "INSERT INTO domains (id, tenant_id, domain) VALUES (%s, %s, 'gone.example.com')",
        [GONE, TENANT],
    )
    convert()
    assert Job.objects.get(legacy_id=603).domain == Domain.objects.get(host="gone.example.com")
    assert check().faults == []


def test_a_job_that_was_here_first_keeps_its_domain(legacy: Any) -> None:
    build(legacy, "before")
    convert()
    legacy.execute(JOB, [9001, "x9001", str(TENANT), f"batch_{uid('b', 3)}", uid("d", 1)])
    convert()
    assert Job.objects.get(legacy_id=602).domain_id == uid("d", 1)
    assert Job.objects.get(legacy_id=9001).domain is None
    assert check().faults == []


def test_a_tenant_that_was_made_up_gets_its_name(legacy: Any) -> None:
    build(legacy, "before")
    convert()
    legacy.execute("INSERT INTO tenants (id, name) VALUES (%s, 'Found')", [MISSING_TENANT])
    convert()
    assert Tenant.objects.get(pk=MISSING_TENANT).name == "Found"
    assert check().faults == []


BATCH = (
    "INSERT INTO batch_jobs (id, batch_id, status, tenant_id, processor_type, options, created_at) "
    "VALUES (%s, %s, 'completed', %s, 'domain_scan', '{\"max_pages\": 7}', '2024-05-01')"
)


def test_a_row_that_arrives_after_its_reconstructed_batch_becomes_that_batch(legacy: Any) -> None:
    build(legacy, "before")
    convert()
    for number, text, uuid in (
        (9001, "lost-batch", Batch.objects.get(legacy_batch_id="lost-batch").pk),
        (9002, str(uid("b", 900)), uid("b", 900)),
    ):
        jobs = list(Job.objects.filter(batch=uuid).order_by("pk"))
        legacy.execute(BATCH, [number, text, str(TENANT)])
        outcome = convert()
        assert outcome.since is not None
        assert outcome.since.faults == []
        batch = Batch.objects.get(legacy_id=number)
        assert (batch.pk, batch.options, batch.total) == (uuid, {"max_pages": 7}, len(jobs))
        assert (batch.created_at.year, batch.status) == (2024, Batch.Status.COMPLETE)
        assert "reconstructed" not in batch.metadata["legacy"]
        assert list(batch.jobs.order_by("pk")) == jobs
        assert check().faults == []
    assert LegacyId.objects.resolve(LegacyId.Kind.BATCH, f"batch_{uid('b', 900).hex}") == uuid
    assert convert().converted == 0
    assert not Batch.objects.filter(metadata__legacy__reconstructed=True).exists()
    reverse_conversion()
    assert not Batch.objects.filter(legacy_id__isnull=False).exists()


def test_a_second_row_of_the_name_becomes_a_batch_of_its_own(legacy: Any) -> None:
    build(legacy, "before")
    convert()
    lost = Batch.objects.get(legacy_batch_id="lost-batch").pk
    for number in (9001, 9002):
        legacy.execute(BATCH, [number, "lost-batch", str(TENANT)])
    convert()
    assert Batch.objects.get(legacy_id=9001).pk == lost
    assert Batch.objects.get(legacy_id=9002).pk != lost
    assert check().faults == []


def test_a_reconstructed_batch_that_is_at_work_keeps_its_status(legacy: Any) -> None:
    build(legacy, "before")
    convert()
    lost = Batch.objects.get(legacy_batch_id="lost-batch")
    now = timezone.now()
    Job.objects.filter(batch=lost).update(status="pending", finished_at=None, updated_at=now)
    Batch.objects.filter(pk=lost.pk).update(
        status="running", completed=0, finished_at=None, updated_at=now
    )
    legacy.execute(BATCH, [9001, "lost-batch", str(TENANT)])
    convert()
    batch = Batch.objects.get(legacy_id=9001)
    assert (batch.pk, batch.status, batch.completed) == (lost.pk, "running", 0)
    assert check().faults == []


@pytest.mark.parametrize("with_new_rows", [False, True])
def test_the_script_that_makes_ids_uuids_may_run_between_two_conversions(
    legacy: Any, with_new_rows: bool
) -> None:
    build(legacy, "before")
    convert()
    before = {batch.pk: batch.legacy_id for batch in Batch.objects.all()}
    run_older_script(legacy)
    legacy.execute("SELECT batch_id FROM batch_jobs WHERE batch_id_original = 'test-batch'")
    minted = str(legacy.fetchone()[0])
    if with_new_rows:
        legacy.execute(JOB, [9001, "x9001", str(TENANT), minted, uid("d", 1)])
    outcome = convert()
    assert outcome.since is not None
    assert outcome.since.faults == []
    assert outcome.converted == int(with_new_rows)
    assert {batch.pk: batch.legacy_id for batch in Batch.objects.all()} == before
    test_batch = Batch.objects.get(legacy_batch_id="test-batch")
    for name in ("test-batch", minted):
        assert LegacyId.objects.resolve(LegacyId.Kind.BATCH, name) == test_batch.pk
    if with_new_rows:
        assert Job.objects.get(legacy_id=9001).batch == test_batch
    assert check().faults == []


def test_what_comes_later_changes_nothing_that_is_expected_of_the_first_run(legacy: Any) -> None:
    first = uid("d", 700)
    create_tables(legacy, "before")
    legacy.execute(JOB, [9001, "x9001", str(TENANT), "never-seen", first])
    legacy.execute("UPDATE jobs SET created_by = %s", [uid("e", 7)])
    convert()
    for number, tenant in ((700, TENANT), (701, uid("a", 9))):
        legacy.execute(
            "INSERT INTO domains (id, tenant_id, domain, batch_id, created_at) "
            "VALUES (%s, %s, %s, 'never-seen', '2020-01-01')",
            [uid("d", number), tenant, f"later-{number}.example.com"],
        )
    legacy.execute(
        "INSERT INTO profiles (id, tenant_id, name) VALUES (%s, %s, 'Late')", [uid("e", 7), TENANT]
    )
    legacy.execute(JOB, [9002, "x9002", str(TENANT), "never-seen", first])
    outcome = convert()
    assert outcome.since is not None
    assert outcome.since.faults == []
    assert check().faults == []
    # The later job came with its domain, so it keeps it; a batch has one job per domain.
    assert Job.objects.get(legacy_id=9002).domain_id == first
    assert Job.objects.get(legacy_id=9001).domain_id is None
    assert Job.objects.get(legacy_id=9001).created_by_id is None


def test_findings_that_an_earlier_run_brought_are_left_as_they_are(legacy: Any) -> None:
    domain = (
        "INSERT INTO domains (id, tenant_id, domain, tech_stack, email_addresses, last_scan, "
        "created_at) VALUES (%s, %s, %s, %s, %s, '2025-01-01Z', '2025-01-01')"
    )
    create_tables(legacy, "before")
    emails, php = ["a@example.com"], '[{"name": "PHP", "version": "7"}]'
    legacy.execute(domain, [uid("d", 1), TENANT, "one.example.com", php, emails])
    convert()
    facts = '[{"name": "PHP", "version": "8"}, "nginx"]'
    legacy.execute(domain, [uid("d", 2), TENANT, "https://one.example.com", facts, emails])
    outcome = convert()
    assert outcome.since is not None
    assert outcome.since.faults == []
    versions = dict(Technology.objects.values_list("name", "version"))
    assert versions == {"PHP": "7", "nginx": ""}
    assert Domain.objects.get().technologies == ["PHP"]


def test_one_address_in_two_columns_is_one_contact(legacy: Any) -> None:
    create_tables(legacy, "before")
    page = "https://example.com/we"
    legacy.execute(
        "INSERT INTO domains (id, tenant_id, domain, facebook_url, twitter_url) "
        "VALUES (%s, %s, 'one.example.com', %s, %s)",
        [uid("d", 1), TENANT, page, page],
    )
    convert()
    assert Contact.objects.get().value == page
    assert check().faults == []


def test_what_has_changed_since_is_told_and_keeps_nothing_new_away(legacy: Any) -> None:
    build(legacy, "before")
    convert()
    legacy.execute("UPDATE jobs SET status = 'Completed' WHERE id = 501")
    legacy.execute(JOB, [9001, "x9001", str(TENANT), "test-batch", None])
    outcome = convert()
    assert outcome.converted == 1
    assert outcome.since is not None
    assert outcome.since.faults
    assert Job.objects.filter(legacy_id=9001).exists()
