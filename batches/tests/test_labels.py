"""Failure reasons, verdicts and kinds have the same names on every page, in lists and the admin."""

from typing import Any

import pytest
from django.test import Client

from batches.lists import JOBS
from batches.models import Job
from batches.services import create_batch
from batches.tests.outcomes import complete, fail
from scans.models import Contact, Domain, Scan
from scans.names import readable
from scrapersky.tenants.models import Tenant


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (Job, "failure_reason"),
        (Domain, "failure_reason"),
        (Domain, "verdict"),
        (Scan, "verdict"),
        (Contact, "kind"),
    ],
)
def test_the_choices_of_a_field_have_the_names_of_the_console(model: Any, name: str) -> None:
    choices = model._meta.get_field(name).choices
    assert choices
    assert [label for _, label in choices] == [readable(value) for value, _ in choices]


@pytest.mark.django_db
def test_the_admin_and_the_console_show_the_same_names(
    admin_client: Client, default_tenant: Tenant
) -> None:
    batch = create_batch(tenant=default_tenant, created_by=None, domains=["a.com", "b.com"])
    first, second = batch.jobs.select_related("domain")
    fail(first, "dns_not_found", "")
    complete(second)
    for url in ("/admin/batches/job/", f"/batches/{batch.pk}/", "/admin/scans/domain/"):
        body = admin_client.get(url).content.decode()
        name = "OK" if "domain" in url else "DNS not found"
        assert name in body
        assert "Dns not found" not in body
    assert ("tls_error", "TLS error") in JOBS.filter_by_name["reason"].choices
