"""The limits of a tenant at once and per day, and the messages when they are reached."""

import threading
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from pytest_django.fixtures import Settings

from batches import building, tenant_limits
from batches.large_lists import LargeList, create_large_batch, saved_list
from batches.models import Batch, DailyCount, Job
from batches.services import create_batch, initiate_scan
from batches.statistics import statistics
from batches.tenant_limits import LimitReachedError, usage_of
from batches.tests.outcomes import fail
from batches.tests.running import run_shift
from batches.tests.sites import Sites
from batches.transitions import TransitionError, cancel_batch, retry_after_outage, retry_batch
from scrapersky.tenants.models import Tenant, User

pytestmark = pytest.mark.django_db

ONE_BATCH = "may have 1 batch at once, and 1 has not ended yet"
NONE_LEFT = "may submit 3 domains a day, and 0 are left today."


def limit(tenant: Tenant, **limits: int) -> Tenant:
    Tenant.objects.filter(pk=tenant.pk).update(**limits)
    tenant.refresh_from_db()
    return tenant


def make(tenant: Tenant, count: int, of: str = "a") -> Batch:
    hosts = [f"{of}{number}.example" for number in range(count)]
    return create_batch(tenant=tenant, created_by=None, domains=hosts)


@pytest.fixture
def full(default_tenant: Tenant) -> Tenant:
    """Return a tenant that has reached all of its limits."""
    limit(default_tenant, max_batches=1, max_sites=20, max_domains_per_day=3)
    make(default_tenant, 3)
    return default_tenant


def test_a_batch_beyond_those_at_once_is_refused_until_one_ends(default_tenant: Tenant) -> None:
    limit(default_tenant, max_batches=1)
    first = make(default_tenant, 1)
    with pytest.raises(LimitReachedError, match=ONE_BATCH):
        make(default_tenant, 1, "b")
    assert Batch.objects.count() == 1
    cancel_batch(first)
    assert make(default_tenant, 1, "b")


def test_a_batch_that_has_ended_is_not_retried_beyond_the_limit(default_tenant: Tenant) -> None:
    first = make(default_tenant, 1)
    fail(first.jobs.get(), "dns_error", "")
    make(default_tenant, 1, "b")
    limit(default_tenant, max_batches=1)
    with pytest.raises(TransitionError, match=ONE_BATCH):
        retry_batch(Batch.objects.get(pk=first.pk))
    claims = dict(first.jobs.values_list("pk", "claim_no"))
    assert retry_after_outage(claims) == 1


def test_domains_count_until_the_day_ends(
    default_tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(default_tenant, max_domains_per_day=3)
    make(default_tenant, 2)
    with pytest.raises(LimitReachedError, match=r"1 is left today\. The list has 2\."):
        make(default_tenant, 2, "b")
    assert Job.objects.count() == 2
    initiate_scan("c.example", tenant=default_tenant)
    with pytest.raises(LimitReachedError, match=NONE_LEFT):
        initiate_scan("d.example", tenant=default_tenant)
    today = tenant_limits._today()
    monkeypatch.setattr(tenant_limits, "_today", lambda: today.replace(year=today.year + 1))
    assert make(default_tenant, 3, "d")


def test_deleting_batches_gives_no_domains_back(full: Tenant) -> None:
    Batch.objects.all().delete()
    with pytest.raises(LimitReachedError, match=NONE_LEFT):
        make(full, 1, "b")


def test_a_tenant_without_limits_is_not_counted(default_tenant: Tenant) -> None:
    make(default_tenant, 5)
    assert usage_of(default_tenant) == []
    assert not DailyCount.objects.exists()


def test_submitted_domains_are_no_results_in_the_statistics(full: Tenant, user: User) -> None:
    assert DailyCount.objects.exists()
    assert statistics(user).is_empty


def test_limits_of_others_do_not_matter(full: Tenant) -> None:
    other = Tenant.objects.create(name="Other")
    assert make(other, 5, "b")


def test_the_page_shows_limits_and_their_use_in_advance(full: Tenant, console: Client) -> None:
    body = console.get("/batches/new/").content.decode()
    assert "Limits of your organisation" in body
    for text in ("1 of 1, none left", "up to 20", "3 of 3, none left"):
        assert text in body


def test_without_limits_the_page_shows_none(console: Client, default_tenant: Tenant) -> None:
    assert "Limits of your organisation" not in console.get("/batches/new/").content.decode()


def test_form_api_and_command_say_which_limit_is_reached(
    full: Tenant, console: Client, tmp_path: Path
) -> None:
    body = console.post("/batches/new/", {"domains": "new.example"}).content.decode()
    assert ONE_BATCH in body
    assert "new.example" in body
    path = "/api/v3/batch_page_scraper/batch"
    response = console.post(path, {"domains": ["new.example"]}, content_type="application/json")
    assert response.status_code == 422
    assert ONE_BATCH in response.json()["detail"]
    file = tmp_path / "list.txt"
    file.write_text("new.example")
    with pytest.raises(CommandError, match=ONE_BATCH):
        call_command("create_batch", str(file), stdout=StringIO())
    assert Batch.objects.count() == 1


def test_a_single_scan_says_so_too(full: Tenant, console: Client) -> None:
    body = console.post("/scan/", {"q": "new.example"}, follow=True).content.decode()
    assert NONE_LEFT in body


def test_a_large_list_that_exceeds_the_day_fails_and_its_domains_are_not_counted(
    default_tenant: Tenant, settings: Settings, tmp_path: Path
) -> None:
    settings.LIST_DIR = str(tmp_path)
    limit(default_tenant, max_domains_per_day=3)
    lines = [f"n{number}.example\n".encode() for number in range(5)]
    with saved_list(LargeList(lines, is_table=False)) as saved:
        batch = create_large_batch(saved, tenant=default_tenant, created_by=None)
    building.build(batch.pk)
    batch.refresh_from_db()
    assert batch.status == "failed"
    assert "may submit 3 domains a day" in batch.error
    assert make(default_tenant, 3)


def test_only_superusers_change_limits(admin_client: Client, full: Tenant) -> None:
    page = f"/admin/tenants/tenant/{full.pk}/change/"
    assert 'name="max_sites"' in admin_client.get(page).content.decode()
    staff = User.objects.create_user("staff", is_staff=True)
    staff.memberships.create(tenant=full, role="admin")
    staff.user_permissions.set(_permissions("change_tenant", "view_tenant"))
    client = Client()
    client.force_login(staff)
    body = client.get(page).content.decode()
    assert 'name="name"' in body
    assert 'name="max_sites"' not in body


def _permissions(*codenames: str) -> list:
    from django.contrib.auth.models import Permission

    return list(Permission.objects.filter(codename__in=codenames))


@pytest.mark.django_db(transaction=True)
def test_of_many_batches_created_at_once_no_more_than_allowed_remain(
    default_tenant: Tenant,
) -> None:
    limit(default_tenant, max_batches=2, max_domains_per_day=100)
    refused = []

    def create(number: int) -> None:
        try:
            make(Tenant.objects.get(pk=default_tenant.pk), 1, f"t{number}-")
        except LimitReachedError as error:
            refused.append(str(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=create, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (Batch.objects.count(), len(refused)) == (2, 4)


@pytest.mark.django_db(transaction=True)
def test_a_tenants_batches_together_scan_no_more_sites_than_its_limit(
    default_tenant: Tenant, sites: Sites
) -> None:
    limit(default_tenant, max_sites=3)
    gate = threading.Barrier(3)
    sites.before = lambda host: _wait_at(gate)
    options = {"sitemaps": False, "follow": False, "site_deadline": 20}
    for name in "abc":
        hosts = [f"{name}{number}.site.test" for number in range(4)]
        create_batch(tenant=default_tenant, created_by=None, domains=hosts, options=options)
    run_shift()
    assert set(Batch.objects.values_list("status", flat=True)) == {"complete"}
    assert sites.most == 3


def _wait_at(gate: threading.Barrier) -> None:
    gate.wait(timeout=15)
