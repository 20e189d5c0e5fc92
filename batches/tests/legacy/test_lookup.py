"""Batches, jobs and domains are found by every id they had in the older system."""

from io import StringIO
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.urls import reverse

from batches.legacy.ids import derived
from batches.models import Batch, Job, LegacyId, LookupKeyError
from batches.services import create_batch
from batches.tests.api_clients import ROOT, program_of
from batches.tests.outcomes import complete
from scans.models import Domain
from scrapersky.tenants.models import Tenant, User

pytestmark = pytest.mark.django_db
# The UUID that prefixed originals hold.
HELD = UUID("bb000001-cafe-4bad-9ace-000000000001")
ORIGINALS = [
    f"batch_{HELD.hex}",
    f"BATCH_{HELD}".upper(),
    f"  batch_{HELD.hex}",
    "test-batch",
    "  Test Batch ",
    "domain_batch_20250920_101112",
    f"batch_{HELD}_1a2b3c4d",
    "310",
    "x" * 450,
    "import/2024/07",
]


@pytest.fixture
def program(user: User) -> Client:
    return program_of(user)


def brought_over(tenant: Tenant, original: str, how: str = "derived", number: int = 7) -> Batch:
    """Return a batch as left by a conversion: with its original ids and a row in the id map."""
    batch = create_batch(tenant=tenant, created_by=None, domains=[f"a{uuid4().hex}.example"])
    Batch.objects.filter(pk=batch.pk).update(legacy_batch_id=original, legacy_id=number)
    remember("batch", original, batch.pk, how)
    return batch


def remember(kind: str, original: str, became: UUID, how: str) -> None:
    from batches.legacy.ids import stored_original

    LegacyId.objects.create(
        kind=kind, original=stored_original(original), uuid=became, how=how, made=True
    )


def status_of(program: Client, key: object) -> Any:
    answer = program.get(reverse("api:batch_status", args=[key]))
    return answer.json() if answer.status_code == 200 else answer.status_code


@pytest.mark.parametrize("original", ORIGINALS)
def test_the_status_of_a_batch_is_the_same_by_its_original(
    program: Client, default_tenant: Tenant, original: str
) -> None:
    batch = brought_over(default_tenant, original)
    output = status_of(program, batch.pk)
    assert output["batch_id"] == str(batch.pk)
    assert status_of(program, original) == output
    assert status_of(program, 7) == output


@pytest.mark.parametrize("original", ORIGINALS)
def test_a_batch_is_searched_by_its_original(
    console: Client, default_tenant: Tenant, original: str
) -> None:
    batch = brought_over(default_tenant, original)
    create_batch(tenant=default_tenant, created_by=None, domains=["other.example"])
    page = console.get("/batches/", {"q": original}).context["list"].objects
    assert [row.pk for row in page] == [batch.pk]


def test_a_batch_is_searched_by_its_integer_and_by_its_uuid_in_any_spelling(
    console: Client, default_tenant: Tenant
) -> None:
    batch = brought_over(default_tenant, "test-batch", number=311)
    for vocabulary in ("311", str(batch.pk), str(batch.pk).upper(), f"batch_{batch.pk.hex}"):
        page = console.get("/batches/", {"q": vocabulary}).context["list"].objects
        assert [row.pk for row in page] == [batch.pk]


def test_an_original_comes_before_an_integer(program: Client, default_tenant: Tenant) -> None:
    named = brought_over(default_tenant, "310", number=11)
    brought_over(default_tenant, "test-batch", number=310)
    assert status_of(program, "310")["batch_id"] == str(named.pk)


def test_an_original_of_two_rows_is_the_one_that_kept_the_uuid(
    program: Client, console: Client, default_tenant: Tenant
) -> None:
    later = brought_over(default_tenant, "twice-named", how="collision")
    first = brought_over(default_tenant, "twice-named")
    assert status_of(program, "twice-named")["batch_id"] == str(first.pk)
    page = console.get("/batches/", {"q": "twice-named"}).context["list"].objects
    assert {row.pk for row in page} == {first.pk, later.pk}


def test_a_string_that_holds_the_uuid_of_another_row_is_itself(
    program: Client, default_tenant: Tenant
) -> None:
    first = brought_over(default_tenant, "first")
    second = brought_over(default_tenant, f"batch_{first.pk.hex}", how="collision")
    assert status_of(program, f"batch_{first.pk.hex}")["batch_id"] == str(second.pk)
    assert status_of(program, f"{first.pk}")["batch_id"] == str(first.pk)
    assert status_of(program, f"sitemap_{first.pk.hex}")["batch_id"] == str(first.pk)


def test_a_row_is_found_by_its_own_uuid_before_any_other_name(
    program: Client, default_tenant: Tenant
) -> None:
    batch = brought_over(default_tenant, "one")
    other = brought_over(default_tenant, "two")
    remember("batch", str(batch.pk), other.pk, "alias")
    assert status_of(program, batch.pk)["batch_id"] == str(batch.pk)


def test_another_uuid_of_a_batch_leads_to_it_everywhere(
    program: Client, console: Client, default_tenant: Tenant
) -> None:
    batch, alias = brought_over(default_tenant, "one"), uuid4()
    remember("batch", str(alias), batch.pk, "alias")
    assert status_of(program, alias) == status_of(program, batch.pk)
    assert status_of(program, f"batch_{alias.hex}") == status_of(program, batch.pk)
    for name in ("batch_detail", "batch_csv", "batch_json"):
        assert console.get(reverse(name, args=[alias])).status_code == 200
    assert console.post(reverse("batch_cancel", args=[alias])).status_code == 302
    assert Batch.objects.get(pk=batch.pk).status != Batch.Status.PENDING


@pytest.mark.parametrize("original", ["job_1a2b3c4d", f"batch_{HELD}_1a2b3c4d", "x.y z", "a/b"])
def test_a_job_is_found_by_its_original(
    program: Client, console: Client, default_tenant: Tenant, original: str
) -> None:
    job = complete(brought_over(default_tenant, "one").jobs.get())
    Job.objects.filter(pk=job.pk).update(legacy_job_id=original, legacy_id=4711)
    remember("job", original, job.pk, "derived")
    output = program.get(reverse("api:job_status", args=[job.pk])).json()
    for key in (original, 4711, f"job_{job.pk.hex}"):
        assert program.get(reverse("api:job_status", args=[key])).json() == output
        answer = console.get("/batches/", {"q": str(key)})
        assert answer.headers["Location"] == reverse("job_detail", args=[job.pk])


def test_the_admin_finds_batches_and_jobs_by_their_originals(
    admin_client: Client, default_tenant: Tenant
) -> None:
    job = brought_over(default_tenant, "test-batch").jobs.get()
    remember("job", "job_1a2b3c4d", job.pk, "derived")
    create_batch(tenant=default_tenant, created_by=None, domains=["other.example"])
    assert job.batch
    for model, key, row in (
        ("batch", "test-batch", job.batch),
        ("batch", str(job.batch.pk), job.batch),
        ("job", "job_1a2b3c4d", job),
        ("job", str(job.pk), job),
        ("job", job.domain.host if job.domain else "", job),
    ):
        changelist = admin_client.get(f"/admin/batches/{model}/", {"q": key}).context["cl"]
        assert list(changelist.result_list) == [row]


def test_both_ids_of_domains_that_became_one_lead_to_it(
    program: Client, console: Client, default_tenant: Tenant
) -> None:
    merged = uuid4()
    job = brought_over(default_tenant, "one").jobs.get()
    assert job.domain
    remember("domain", str(merged), job.domain.pk, "merged")
    answer = console.get(f"/domains/{merged}/")
    assert answer.context["domain"] == job.domain
    body = {"ids": [str(merged), str(job.domain.pk)]}
    url = "/api/v3/domains/sitemaps"
    output = program.post(url, body, content_type="application/json").json()
    assert (output["queued"], output["unknown"]) == (1, [])
    assert Domain.objects.get().sitemap_analysis_status == "queued"


def test_originals_of_another_tenant_do_not_exist(
    other_tenant: Tenant, program: Client, console: Client
) -> None:
    batch = brought_over(other_tenant, "test-batch")
    job, alias = batch.jobs.get(), uuid4()
    remember("job", "job_1a2b3c4d", job.pk, "derived")
    remember("batch", str(alias), batch.pk, "alias")
    assert status_of(program, "test-batch") == status_of(program, "never-heard-of") == 422
    assert status_of(program, alias) == status_of(program, uuid4()) == 404
    unknown = program.get(f"{ROOT}/status/job_ffffffff").status_code
    assert program.get(f"{ROOT}/status/job_1a2b3c4d").status_code == unknown
    for vocabulary in ("test-batch", "job_1a2b3c4d", str(alias)):
        answer = console.get("/batches/", {"q": vocabulary})
        assert (answer.status_code, list(answer.context["list"].objects)) == (200, [])
    assert console.get(reverse("batch_detail", args=[alias])).status_code == 404


def test_an_id_of_one_kind_is_none_of_another(program: Client, default_tenant: Tenant) -> None:
    batch = brought_over(default_tenant, "one")
    remember("domain", "shared", batch.pk, "derived")
    assert status_of(program, "shared") == 422
    assert status_of(program, derived("shared")) == 404


@pytest.mark.parametrize("key", [None, "None", "", "test", "a\x00b", "\ud800", 3.5, True])
def test_what_is_no_id_is_a_clear_error(default_tenant: Tenant, key: object) -> None:
    brought_over(default_tenant, "test-batch")
    with pytest.raises(LookupKeyError, match="neither a UUID nor a legacy id"):
        Batch.objects.by_key(key)


def test_the_command_takes_an_original(default_tenant: Tenant) -> None:
    batch = brought_over(default_tenant, "test-batch")
    out = StringIO()
    call_command("batch", "test-batch", "status", stdout=out)
    assert str(batch.pk) in out.getvalue()
    with pytest.raises(CommandError, match="There is no batch"):
        call_command("batch", str(uuid4()), "status")


def test_a_blank_search_narrows_nothing(console: Client, default_tenant: Tenant) -> None:
    batch = brought_over(default_tenant, "one")
    page = console.get("/batches/", {"q": "  "}).context["list"].objects
    assert [row.pk for row in page] == [batch.pk]
