"""A complete older database is converted: ids, references, terms, and unexpected data."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from batches.legacy.ids import converted, derived
from batches.legacy.vocabulary import IMPORTED_UNFINISHED
from batches.models import Batch, Job, LegacyId
from batches.tests.legacy import legacy_domains, legacy_oddities
from batches.tests.legacy.converted import check, convert, older_rows, reverse_conversion, state
from batches.tests.legacy.legacy_database import Age, build, create_tables, insert
from batches.tests.legacy.legacy_domains import DOMAINS
from batches.tests.legacy.legacy_ids import (
    BATCHES,
    JOBS,
    MISSING_TENANT,
    OTHER_TENANT,
    TENANT,
    USER,
    OldBatch,
    OldJob,
    uid,
)
from batches.tests.legacy.legacy_oddities import FIRST_STATUS_BATCH, FIRST_STATUS_JOB, LONG_ERROR
from scans.models import Contact, Domain, Technology
from scrapersky.tenants.models import DEFAULT_TENANT_ID, Membership, Tenant, User

AGES: tuple[Age, ...] = ("old", "before", "after")
each_age = pytest.mark.parametrize("age", AGES)


def batch_uuid(batch: OldBatch, age: Age) -> UUID:
    """Return the UUID to which a batch id is converted."""
    if age == "after" and batch.minted:
        return batch.minted
    return batch.becomes if isinstance(batch.becomes, UUID) else derived(batch.becomes)


def job_uuid(job: OldJob, age: Age) -> UUID:
    if isinstance(job.becomes, UUID):
        return job.becomes
    return uid("8", job.number) if age == "after" else derived(job.becomes)


def batch_of(job: OldJob, age: Age) -> UUID | None:
    """Return the batch of a job."""
    if isinstance(job.batch, int):
        return next(batch_uuid(batch, age) for batch in BATCHES if batch.number == job.batch)
    return job.batch if job.batch is None or isinstance(job.batch, UUID) else derived(job.batch)


@each_age
def test_every_batch_becomes_the_uuid_it_should(legacy: Any, age: Age) -> None:
    build(legacy, age)
    convert()
    for batch in BATCHES:
        converted = Batch.objects.get(legacy_id=batch.number)
        assert converted.pk == batch_uuid(batch, age), batch
        assert converted.legacy_batch_id == (batch.text or converted.legacy_batch_id)


@each_age
def test_every_job_keeps_its_batch(legacy: Any, age: Age) -> None:
    build(legacy, age)
    convert()
    for job in JOBS:
        if age in job.ages:
            converted = Job.objects.get(legacy_id=job.number)
            assert converted.pk == job_uuid(job, age), job
            assert converted.batch_id == batch_of(job, age), job


@each_age
def test_every_row_is_brought_over_and_equal_on_both_sides(legacy: Any, age: Age) -> None:
    build(legacy, age)
    before = older_rows(legacy)
    outcome = convert()
    assert outcome.verdict.faults == []
    assert check().faults == []
    assert older_rows(legacy) == before


@each_age
def test_a_second_run_changes_nothing(legacy: Any, age: Age) -> None:
    build(legacy, age)
    convert()
    before, ids = state(), list(LegacyId.objects.values())
    assert convert().converted == 0
    assert state() == before
    assert list(LegacyId.objects.values()) == ids


@each_age
def test_what_was_made_is_taken_back_and_made_again_the_same(legacy: Any, age: Age) -> None:
    build(legacy, age)
    Tenant.objects.get_or_create(pk=DEFAULT_TENANT_ID, defaults={"name": "Default"})
    empty = state()
    convert()
    full = state()
    reverse_conversion()
    assert state() == empty
    assert not LegacyId.objects.exists()
    convert()
    assert state() == full


@pytest.mark.parametrize(
    "tables", [["batch_jobs"], ["batch_jobs", "jobs"], ["batch_jobs", "domains"]]
)
def test_every_table_but_that_of_batches_may_be_missing(legacy: Any, tables: list[str]) -> None:
    build(legacy, "old", tables)
    convert()
    assert check().faults == []
    assert Batch.objects.filter(legacy_id__isnull=False).count() == 51


@each_age
def test_a_domain_is_known_by_its_host_and_by_every_id_it_had(legacy: Any, age: Age) -> None:
    build(legacy, age)
    convert()
    for old in DOMAINS:
        domain_id = LegacyId.objects.resolve(LegacyId.Kind.DOMAIN, old.id)
        assert domain_id
        domain = Domain.objects.get(pk=domain_id)
        assert domain.host == (old.host or domain.host), old
        assert domain.metadata["legacy"].get("host_refused") or old.host


def test_the_newest_facts_of_a_host_win(legacy: Any) -> None:
    build(legacy, "before")
    convert()
    merged = Domain.objects.get(host="merged.example.com")
    assert merged.title == "Newest"
    assert len(merged.metadata["legacy"]["merged"]) == 3


def test_the_facts_of_a_domain_become_its_own(legacy: Any) -> None:
    build(legacy, "before")
    convert()
    rich = Domain.objects.get(host="rich.example.com")
    assert rich.emails == ["info@rich.example.com", "sales@rich.example.com"]
    assert rich.social["x"] == "https://twitter.com/richbakery"
    assert rich.latest_batch_id == uid("b", 1)
    assert (rich.page_count, rich.sitemap_count) == (120, 2)
    assert rich.metadata["score"] == 7
    assert rich.metadata["legacy"]["country_code"] == "GB"
    assert rich.metadata["legacy"]["meta_json"] == {"imported": True}
    named = Technology.objects.filter(domain=rich).values_list("name", "version")
    assert set(named) == {("WordPress", "6.4"), ("Elementor", "3.18"), ("nginx", "")}
    assert set(rich.technologies) == {"WordPress", "Elementor", "nginx"}
    kinds = list(
        Contact.objects.filter(domain=rich).order_by("kind").values_list("kind", flat=True)
    )
    assert kinds == ["email"] * 3 + ["phone"] * 2 + ["social"] * 5
    assert not Contact.objects.exclude(method="legacy_import").filter(snippet="legacy import")


@pytest.mark.parametrize("age", ["before", "after"])
def test_statuses_become_those_of_this_system(legacy: Any, age: Age) -> None:
    build(legacy, age)
    convert()
    for number, (word, becomes) in enumerate(
        legacy_oddities.BATCH_STATUSES.items(), FIRST_STATUS_BATCH
    ):
        batch = Batch.objects.get(legacy_id=number)
        assert (word, batch.status) == (word, becomes)
        assert batch.metadata["legacy"]["status"] == word
        assert (batch.total, batch.ended) == (2, 2)
    for number, (word, becomes) in enumerate(
        legacy_oddities.JOB_STATUSES.items(), FIRST_STATUS_JOB
    ):
        assert (word, Job.objects.get(legacy_id=number).status) == (word, becomes)
    for word, becomes in legacy_domains.STATUSES.items():
        assert Domain.objects.get(host=f"status-{word}.example.com").status == becomes


def test_an_unknown_status_says_so(legacy: Any) -> None:
    build(legacy, "before")
    convert()
    for model in (Batch, Job):
        unknown = model._default_manager.get(metadata__legacy__status="Purple")
        assert "“Purple”" in unknown.error
        assert unknown.status == "failed"


def test_what_had_not_ended_arrives_as_cancelled(legacy: Any) -> None:
    build(legacy, "before")
    convert()
    job = Job.objects.get(legacy_id=FIRST_STATUS_JOB)
    assert (job.status, job.error) == (Job.Status.CANCELLED, IMPORTED_UNFINISHED)
    assert job.metadata["legacy"] == {"status": "pending", "error": "as it was"}
    assert Batch.objects.get(legacy_id=FIRST_STATUS_BATCH).error == IMPORTED_UNFINISHED


def test_counters_are_those_of_the_jobs_and_the_old_figures_are_kept(legacy: Any) -> None:
    build(legacy, "before")
    convert()
    batch = Batch.objects.get(legacy_id=4)
    statuses = list(batch.jobs.values_list("status", flat=True))
    assert batch.total == len(statuses) == 13
    assert batch.completed == statuses.count("complete")
    assert batch.failed == statuses.count("failed")
    assert batch.cancelled == statuses.count("cancelled")
    assert batch.status == Batch.Status.PARTIAL
    assert batch.metadata["legacy"]["total_domains"] == 1
    output = Batch.objects.get(legacy_id=214)
    assert (output.total, output.completed, output.failed) == (2, 1, 1)


def test_odd_data_is_carried(legacy: Any) -> None:
    build(legacy, "before")
    convert()
    batches = {batch.legacy_id: batch for batch in Batch.objects.all()}
    jobs = {job.legacy_id: job for job in Job.objects.all()}
    assert batches[201].started_at is None
    assert batches[201].metadata["legacy"]["start_time"] == "infinity"
    assert batches[202].metadata["legacy"]["created_at"].endswith("BC")
    assert batches[202].created_at == datetime(2025, 1, 1, 11, tzinfo=UTC)
    assert batches[203].metadata["legacy"]["processing_time"] == "NaN"
    assert batches[204].metadata["legacy"]["batch_metadata"] == "a scalar"
    assert batches[207].error == LONG_ERROR
    assert batches[209].metadata["legacy"]["processor_type"] == "places_search"
    assert batches[210].processor_type == Batch.ProcessorType.SITEMAP_IMPORT
    assert (jobs[607].progress, jobs[608].progress, jobs[609].progress) == (1, 0, 1)
    assert jobs[610].error == LONG_ERROR
    assert jobs[611].result == {"imported": "a scalar"}
    assert jobs[611].metadata["legacy"]["job_metadata"] == "x"
    assert jobs[613].finished_at == datetime(2025, 1, 1, 10, 31, tzinfo=UTC)
    assert jobs[619].metadata["attempt"] == 2
    assert jobs[619].metadata["legacy"]["result_data"] == {"pages": 3}


def test_options_are_carried_where_they_mean_the_same(legacy: Any) -> None:
    create_tables(legacy, "before")
    stored = {"max_pages": 50, "max_concurrent": 9_999, "depth": None, "test_mode": "yes"}
    for number, options in enumerate((stored, {"max_pages": "50"}, {"max_concurrent": 7.5}), 1):
        row = OldBatch(number, f"batch-{number}", "").row("before") | {
            "options": json.dumps(options)
        }
        insert(legacy, "before", "batch_jobs", row)
    convert()
    first, second, third = Batch.objects.order_by("legacy_id")
    assert first.options == {"max_pages": 50}
    assert first.metadata["legacy"]["options"] == stored
    assert (second.options, third.options) == ({}, {})


def test_tenants_and_users_are_those_that_were_meant(legacy: Any) -> None:
    build(legacy, "before")
    convert()
    assert Tenant.objects.get(pk=TENANT).name == "Acme"
    assert Tenant.objects.get(pk=MISSING_TENANT).name == f"Tenant {MISSING_TENANT}"
    jobs = {job.legacy_id: job for job in Job.objects.filter(legacy_id__gte=600)}
    assert jobs[604].tenant_id == MISSING_TENANT
    assert jobs[605].tenant_id == DEFAULT_TENANT_ID
    assert jobs[605].metadata["legacy"]["tenant_id"] == "acme"
    assert jobs[606].metadata["legacy"]["created_by"] == str(uid("e", 9))
    assert jobs[607].created_by_id == USER
    assert Batch.objects.get(legacy_id=212).tenant_id == OTHER_TENANT
    ann = User.objects.get(pk=USER)
    assert (ann.username, ann.is_active, ann.has_usable_password()) == (
        "ann@acme.example",
        False,
        False,
    )
    assert Membership.objects.get(user=ann).tenant_id == TENANT
    assert User.objects.filter(email="ann@acme.example").count() == 2


def test_a_batch_that_is_only_referred_to_is_made_up_from_its_jobs(legacy: Any) -> None:
    build(legacy, "before")
    convert()
    lost = Batch.objects.get(pk=derived("lost-batch"))
    assert lost.metadata == {"legacy": {"reconstructed": True}}
    assert (lost.legacy_batch_id, lost.tenant_id, lost.total) == ("lost-batch", TENANT, 1)
    assert lost.status == Batch.Status.COMPLETE
    assert Domain.objects.get(host="of-lost-batch.example.com").latest_batch == lost
    assert Batch.objects.get(pk=uid("b", 900)).jobs.count() == 2


def test_two_jobs_of_a_batch_for_a_domain_are_both_kept(legacy: Any) -> None:
    build(legacy, "before")
    outcome = convert()
    older, newer = (Job.objects.get(legacy_id=number) for number in (601, 602))
    assert newer.domain_id == uid("d", 1)
    assert older.domain is None
    assert older.metadata["legacy"]["domain"] == "rich.example.com"
    assert older.batch_id == newer.batch_id
    assert any("second job" in note.topic for note in outcome.notes)


def test_an_id_is_found_by_its_own_text(legacy: Any) -> None:
    build(legacy, "after")
    convert()
    resolve = LegacyId.objects.resolve
    for batch in BATCHES:
        if batch.text and batch.number not in (18, 21):
            assert resolve(LegacyId.Kind.BATCH, batch.text) == batch_uuid(batch, "after"), batch
    assert resolve(LegacyId.Kind.BATCH, "never heard of") is None
    assert converted("never heard of") == derived("never heard of")
