"""Batches of saved lists, saved views and filters: by form, API and command."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client

from batches.models import Batch, Draft
from batches.sources import find_source
from scans.domain_lists import services
from scans.domain_lists.models import DomainList
from scans.services import ensure_domains
from scrapersky.tenants.models import Tenant, User
from scrapersky.tenants.preferences import SavedView
from scrapersky.tenants.saved_views import create_view

pytestmark = pytest.mark.django_db


@pytest.fixture
def leads(default_tenant: Tenant, user: User) -> DomainList:
    """A list of two of the tenant's four domains."""
    ensure_domains(tenant=default_tenant, hosts=["c.example", "d.test"])
    row = services.create_list(tenant=default_tenant, created_by=user, name="Leads")
    services.add_hosts(row, ["b.example", "a.example"], user=user)
    return row


@pytest.fixture
def view(leads: DomainList, user: User) -> SavedView:
    query = "no_list=Leads&sort=-host"
    return create_view(
        owner=user, list_name="domains", name="Not yet", query=query, columns=["host"]
    )


def hosts_of(batch: Batch) -> list[str]:
    return list(batch.jobs.order_by("position").values_list("domain__host", flat=True))


def keys(leads: DomainList, view: SavedView) -> dict[str, tuple[list[str], str]]:
    """Return the key of each kind of source, with its hosts and its name."""
    return {
        f"list:{leads.pk}": (["a.example", "b.example"], "Leads"),
        f"view:{view.pk}": (["c.example", "d.test"], "Not yet"),
        "filter:q=.test": (["d.test"], "Domain: .test"),
        "filter:": (["a.example", "b.example", "c.example", "d.test"], "All domains"),
    }


def test_every_source_names_the_domains_of_the_moment(
    leads: DomainList, view: SavedView, user: User, default_tenant: Tenant
) -> None:
    for key, (hosts, name) in keys(leads, view).items():
        source = find_source(key, user=user, tenant=default_tenant)
        assert (source.hosts(), source.name, source.key) == (hosts, name, key)
    services.add_hosts(leads, ["c.example"], user=user)
    source = find_source(f"view:{view.pk}", user=user, tenant=default_tenant)
    assert source.hosts() == ["d.test"]


def test_a_source_that_is_not_the_users_does_not_exist(
    leads: DomainList, view: SavedView, stranger: User, other_tenant: Tenant
) -> None:
    ensure_domains(tenant=other_tenant, hosts=["theirs.example"])
    for key in (f"list:{leads.pk}", f"view:{view.pk}", "list:x", "nonsense"):
        with pytest.raises(ValidationError, match="does not exist any more"):
            find_source(key, user=stranger, tenant=other_tenant)
    assert find_source("filter:", user=stranger, tenant=other_tenant).hosts() == ["theirs.example"]
    with pytest.raises(ValidationError, match=r"Pages, at least: “many” is not a whole number"):
        find_source("filter:pages_min=many", user=stranger, tenant=other_tenant)
    with pytest.raises(ValidationError, match="no filter “hosts”"):
        find_source("filter:hosts=a", user=stranger, tenant=other_tenant)


def test_the_form_checks_and_scans_a_source(
    console: Client, leads: DomainList, view: SavedView
) -> None:
    for key, (hosts, name) in keys(leads, view).items():
        form = console.get("/batches/new/", {"source": key}).content.decode()
        assert "selected" in form.partition('name="source"')[2].partition("</select>")[0]
        checked = console.post("/batches/new/", {"source": key, "check": "1"}, follow=True)
        assert all(f">{host}<" in checked.content.decode() for host in hosts)
        draft = Draft.objects.get()
        assert draft.domain_count == len(hosts)
        lines = console.get(f"/batches/drafts/{draft.pk}/older.csv").content.decode()
        assert [line.split(",")[1] for line in lines.split()[1:]] == hosts
        response = console.post("/batches/new/", {"source": key, "draft": draft.pk})
        batch = Batch.objects.latest("created_at")
        assert response.headers["Location"] == f"/batches/{batch.pk}/"
        assert hosts_of(batch) == hosts
        assert name in console.get(f"/batches/{batch.pk}/settings/").content.decode()


def test_a_source_and_a_pasted_list_are_not_mixed(console: Client, leads: DomainList) -> None:
    sent = {"source": f"list:{leads.pk}", "domains": "z.example"}
    assert "not both." in console.post("/batches/new/", sent).content.decode()
    services.remove_hosts(leads, ["a.example", "b.example"])
    sent = {"source": f"list:{leads.pk}"}
    assert "“Leads” holds no domain now." in console.post("/batches/new/", sent).content.decode()
    assert not Batch.objects.exists()


def test_a_long_list_is_created_in_the_background(
    console: Client, leads: DomainList, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batches.services.MAX_DOMAINS", 1)
    console.post("/batches/new/", {"source": f"list:{leads.pk}"})
    batch = Batch.objects.get()
    assert batch.is_building
    assert batch.metadata["source"]["name"] == "Leads"


def test_the_api_takes_a_source_instead_of_domains(
    console: Client, leads: DomainList, view: SavedView
) -> None:
    def create(**sent: Any) -> Any:
        url = "/api/v3/batch_page_scraper/batch"
        return console.post(url, sent, content_type="application/json")

    for key, (hosts, name) in keys(leads, view).items():
        created = create(source=key).json()
        batch = Batch.objects.get(pk=created["batch_id"])
        assert (created["job_count"], hosts_of(batch)) == (len(hosts), hosts)
        assert batch.metadata["source"]["name"] == name
    for sent in ({}, {"source": "filter:", "domains": ["a.example"]}, {"source": "list:x"}):
        assert create(**sent).status_code == 422


def test_the_command_takes_a_saved_list(leads: DomainList, user: User) -> None:
    out = StringIO()
    call_command("create_batch", list="leads", user="member", json=True, stdout=out)
    batch = Batch.objects.get(pk=json.loads(out.getvalue())["batch_id"])
    assert hosts_of(batch) == ["a.example", "b.example"]
    with pytest.raises(CommandError, match="There is no list named “Others”"):
        call_command("create_batch", list="Others")
    with pytest.raises(CommandError, match="Name a file, or a saved list"):
        call_command("create_batch")
