"""Every list of the admin: its columns, search and filters, and the pages of its rows."""

import pytest
from django.contrib import admin
from django.contrib.admin.filters import AllValuesFieldListFilter, RelatedFieldListFilter
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth.models import Group, Permission
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django_q.models import OrmQ

from batches.models import BatchRow, Job, Worker
from batches.services import create_batch
from batches.tests.outcomes import fail
from batches.tests.running import running_batch
from scans.models import Page, Sitemap
from scrapersky.tenants.models import Tenant, User
from scrapersky.tenants.owned_admin import ReadOnlyAdmin, TenantFilter

pytestmark = pytest.mark.django_db
admin.autodiscover()
MODELS = pytest.mark.parametrize("model", list(admin.site._registry), ids=lambda m: m.__name__)
# The payloads of waiting tasks are signed, and there are only a few.
NOT_SEARCHED = (OrmQ,)


def list_of(client: Client, model: type[Model], **query: str) -> ChangeList:
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    changes: ChangeList = client.get(url, query).context["cl"]
    return changes


@MODELS
def test_every_list_has_columns_and_a_search_and_reads_no_values_for_its_filters(
    admin_client: Client, model: type[Model]
) -> None:
    changes = list_of(admin_client, model)
    assert len(changes.list_display) > 1 or model is Group
    assert changes.search_fields or model in NOT_SEARCHED
    for item in changes.filter_specs:
        assert not isinstance(item, AllValuesFieldListFilter)
        assert (
            not isinstance(item, RelatedFieldListFilter)
            or isinstance(item, TenantFilter)
            or (item.field.name == "groups")
        )


@MODELS
def test_a_page_that_is_only_read_shows_every_column(model: type[Model]) -> None:
    """Django leaves out what no form may set, such as the status of a job."""
    own = admin.site._registry[model]
    if not isinstance(own, ReadOnlyAdmin) or own.fields:
        return
    hidden = set(own.exclude or ())
    columns = {field.name for field in model._meta.concrete_fields}
    assert columns - set(own.get_fields(None)) == hidden & columns  # type: ignore[arg-type]


def test_the_page_of_a_job_says_why_it_failed(
    admin_client: Client, user: User, default_tenant: Tenant
) -> None:
    batch = create_batch(tenant=default_tenant, created_by=None, domains=["a.com"])
    job = fail(batch.jobs.get(), "dns_not_found", "There is no such name.")
    Job.objects.filter(pk=job.pk).update(private_address="10.20.30.40")
    User.objects.filter(pk=user.pk).update(is_staff=True)
    user.user_permissions.set(Permission.objects.all())
    staff = Client()
    staff.force_login(user)
    for client in (admin_client, staff):
        body = client.get(f"/admin/batches/job/{job.pk}/change/").content.decode()
        for text in ("Failed", "DNS not found", "There is no such name.", "https://example/"):
            assert text in body
        assert ("10.20.30.40" in body) == (client is admin_client)


def test_the_jobs_and_lines_of_a_batch_are_in_its_order(
    admin_client: Client, default_tenant: Tenant
) -> None:
    hosts = ["c.com", "a.com", "b.com"]
    batch = create_batch(tenant=default_tenant, created_by=None, domains=hosts, name="Spring list")
    create_batch(tenant=default_tenant, created_by=None, domains=["z.com"], name="Autumn")
    jobs = list_of(admin_client, Job, batch__id__exact=str(batch.pk)).result_list
    assert [job.domain.host for job in jobs] == hosts
    for position in (1, 0):
        BatchRow.objects.create(batch=batch, position=position, line=position + 2, values=[])
    for text in ("spring", str(batch.pk)):
        assert [row.line for row in list_of(admin_client, BatchRow, q=text).result_list] == [2, 3]
    assert not list_of(admin_client, BatchRow, q="autumn").result_list


def test_jobs_are_filtered_by_status_and_reason(
    admin_client: Client, default_tenant: Tenant
) -> None:
    batch = running_batch(default_tenant)
    waiting = list(batch.jobs.filter(status="pending").order_by("-pk"))
    Job.objects.filter(pk=waiting[0].pk).update(worker=Worker.objects.get())
    assert list(list_of(admin_client, Job, status__exact="pending").result_list) == waiting
    (failed,) = list_of(admin_client, Job, failure_reason__exact="dns_not_found").result_list
    assert failed.status == "failed"
    assert not list_of(admin_client, Job, failure_reason__exact="tls_error").result_list
    assert list_of(admin_client, Job, status__exact="complete").result_count == 2


def test_results_are_filtered_by_the_values_of_the_console(admin_client: Client) -> None:
    for model, query, name in (
        (Page, {"page_type__exact": "contact"}, "Contact"),
        (Sitemap, {"kind__exact": "urlset"}, "List of pages"),
    ):
        changes = list_of(admin_client, model, **query)
        choices = changes.filter_specs[0].choices(changes)
        assert [choice["display"] for choice in choices if choice["selected"]] == [name]
