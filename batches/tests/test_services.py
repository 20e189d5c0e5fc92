"""Creating batches and single scans, inside and outside of the caller's transaction."""

import uuid

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django_q.models import OrmQ

from batches.models import Batch, Job
from batches.services import BatchExistsError, create_batch, initiate_scan
from scans.engine.hostnames import InvalidDomain
from scans.models import Domain
from scrapersky.tenants.models import Tenant, User

pytestmark = pytest.mark.django_db


def test_a_batch_has_a_pending_job_for_every_domain_in_the_order_given(
    default_tenant: Tenant, user: User
) -> None:
    batch = create_batch(
        tenant=default_tenant, created_by=user, domains=["z.example", "a.example"], name=" Two "
    )
    jobs = list(batch.jobs.order_by("position").values_list("domain__host", "status", "tenant"))
    pending = Job.Status.PENDING
    assert jobs == [(h, pending, default_tenant.pk) for h in ("z.example", "a.example")]
    assert (batch.total, batch.name, batch.status) == (2, "Two", Batch.Status.PENDING)


def test_known_domains_keep_their_place_in_the_order_given(default_tenant: Tenant) -> None:
    create_batch(tenant=default_tenant, created_by=None, domains=["b.example", "d.example"])
    hosts = ["d.example", "c.example", "b.example", "a.example"]
    batch = create_batch(tenant=default_tenant, created_by=None, domains=hosts)
    jobs = batch.jobs.order_by("position").values_list("position", "domain__host")
    assert list(jobs) == list(enumerate(hosts))


def test_a_domain_given_twice_is_counted_once(default_tenant: Tenant) -> None:
    batch = create_batch(tenant=default_tenant, created_by=None, domains=["a.example"] * 3)
    assert batch.total == batch.jobs.count() == 1


@pytest.mark.parametrize("domains", [[], [f"d{n}.example" for n in range(100_001)]])
def test_no_domain_and_too_many_are_refused(default_tenant: Tenant, domains: list[str]) -> None:
    with pytest.raises(ValidationError, match="1 to 100,000 domains"):
        create_batch(tenant=default_tenant, created_by=None, domains=domains)
    assert not Batch.objects.exists()


def test_bad_options_are_named_and_nothing_is_made(default_tenant: Tenant) -> None:
    with pytest.raises(ValidationError) as caught:
        create_batch(
            tenant=default_tenant,
            created_by=None,
            domains=["a.example"],
            options={"max_concurrent": 501, "speed": 9, "sitemaps": "yes"},
        )
    assert caught.value.message_dict.keys() == {"max_concurrent", "speed", "sitemaps"}
    assert not Batch.objects.exists()
    assert not Domain.objects.exists()


def test_a_batch_id_that_is_taken_is_refused(default_tenant: Tenant) -> None:
    first = create_batch(tenant=default_tenant, created_by=None, domains=["a.example"])
    with pytest.raises(BatchExistsError, match=str(first.pk)):
        create_batch(
            tenant=default_tenant, created_by=None, domains=["b.example"], batch_id=first.pk
        )
    assert Job.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_shift_is_queued_when_the_outer_transaction_commits(default_tenant: Tenant) -> None:
    with transaction.atomic():
        create_batch(tenant=default_tenant, created_by=None, domains=["a.example"])
        initiate_scan("b.example", tenant=default_tenant)
        assert not OrmQ.objects.exists()
    assert OrmQ.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_caller_leaves_no_work_and_no_message(default_tenant: Tenant) -> None:
    with transaction.atomic():
        create_batch(tenant=default_tenant, created_by=None, domains=["a.example"])
        transaction.set_rollback(True)
    assert (Batch.objects.count(), Job.objects.count(), OrmQ.objects.count()) == (0, 0, 0)


def test_a_scan_needs_no_batch(default_tenant: Tenant) -> None:
    job = initiate_scan("https://www.Example.com/about", tenant=default_tenant)
    job.refresh_from_db()
    assert (job.batch_id, job.batch, job.domain and job.domain.host) == (None, None, "example.com")


def test_a_scan_in_a_batch_points_to_it_by_uuid_and_the_batch_grows(
    default_tenant: Tenant,
) -> None:
    batch = create_batch(tenant=default_tenant, created_by=None, domains=["a.example"])
    job = initiate_scan("b.example", batch)
    batch.refresh_from_db()
    assert (job.batch_id, type(job.batch_id), batch.total) == (batch.pk, uuid.UUID, 2)
    assert job.position == 1


def test_a_scan_of_a_domain_that_is_in_the_batch_returns_its_job(default_tenant: Tenant) -> None:
    batch = create_batch(tenant=default_tenant, created_by=None, domains=["a.example"])
    assert initiate_scan("a.example", batch) == batch.jobs.get()
    batch.refresh_from_db()
    assert batch.total == 1


def test_an_ended_batch_takes_no_more_domains(default_tenant: Tenant) -> None:
    batch = create_batch(tenant=default_tenant, created_by=None, domains=["a.example"])
    Batch.objects.start()
    Batch.objects.count_jobs({batch.pk: {"completed": 1}})
    with pytest.raises(ValidationError, match="no more domains"):
        initiate_scan("b.example", batch)
    assert batch.jobs.count() == 1


def test_scan_now_twice_returns_the_job_that_waits(default_tenant: Tenant) -> None:
    first = initiate_scan("a.example", tenant=default_tenant)
    domain = Domain.objects.get()
    assert initiate_scan(domain) == first
    assert Job.objects.count() == 1


def test_a_text_that_is_no_domain_is_refused_with_a_sentence(default_tenant: Tenant) -> None:
    with pytest.raises(InvalidDomain, match=r"\w+ \w+"):
        initiate_scan("localhost", tenant=default_tenant)


def test_two_tenants_have_their_own_domain_rows(
    default_tenant: Tenant, other_tenant: Tenant
) -> None:
    first = initiate_scan("a.example", tenant=default_tenant)
    second = initiate_scan("a.example", tenant=other_tenant)
    assert first.domain_id != second.domain_id


def test_a_hundred_domains_cost_as_many_queries_as_ten(
    default_tenant: Tenant, django_assert_max_num_queries
) -> None:
    for size in (10, 100):
        with django_assert_max_num_queries(20):
            create_batch(
                tenant=default_tenant,
                created_by=None,
                domains=[f"d{n}-{size}.example" for n in range(size)],
            )
