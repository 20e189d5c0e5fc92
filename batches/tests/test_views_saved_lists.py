"""The pages of saved lists: create, import with a preview, rename, remove, delete."""

import csv
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ

from batches import housekeeping
from scans.bulk import running
from scans.bulk.models import BulkAction
from scans.domain_lists import importing, services
from scans.domain_lists.models import DomainList, ListImport
from scans.domain_lists.tests.hosts import hosts_of
from scans.models import Domain
from scrapersky.tenants.models import Membership, Tenant, User
from scrapersky.web import slices

pytestmark = pytest.mark.django_db


@pytest.fixture
def leads(default_tenant: Tenant, user: User) -> DomainList:
    row = services.create_list(tenant=default_tenant, created_by=user, name="Leads")
    services.add_hosts(row, ["a.example", "b.example"], user=user)
    return row


def page(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def post(client: Client, url: str, **sent: Any) -> str:
    return client.post(url, sent, follow=True).content.decode()


def imported(console: Client, row: DomainList, **sent: Any) -> ListImport:
    """Submit a list to import; return the pending import."""
    response = console.post(f"/lists/{row.pk}/import/", sent)
    waiting = ListImport.objects.get()
    assert response.headers["Location"] == f"/lists/imports/{waiting.pk}/"
    return waiting


def downloaded(console: Client, waiting: ListImport, group: str) -> list[list[str]]:
    response = console.get(f"/lists/imports/{waiting.pk}/{group}.csv")
    return list(csv.reader(io.StringIO(response.content.decode())))


def test_a_list_is_created_from_a_file_after_a_preview(console: Client) -> None:
    file = SimpleUploadedFile(
        "crm.csv", b"name,site\nOne,a.example\nTwo,localhost\nThree,b.example"
    )
    body = post(console, "/lists/new/", name="Leads", file=file, column="site")
    assert "Add 2" in body
    assert "localhost" in body
    row = DomainList.objects.get()
    assert hosts_of(row) == []
    waiting = ListImport.objects.get()
    assert str(waiting) == "crm.csv"
    body = post(console, f"/lists/imports/{waiting.pk}/apply/")
    assert "2 domains added to the list “Leads”." in body
    assert hosts_of(row) == ["a.example", "b.example"]
    assert not ListImport.objects.exists()


def test_a_list_may_begin_empty(console: Client) -> None:
    assert "The list “Leads” is created." in post(console, "/lists/new/", name="Leads")
    assert DomainList.objects.get().domain_count == 0


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"name": "", "domains": "c.example"}, "Enter a name for the list."),
        ({"name": "LEADS"}, "A list named “LEADS” already exists. Choose another name."),
        ({"name": "New", "domains": "localhost"}, "Line 1, “localhost”:"),
    ],
)
def test_what_cannot_be_created_is_said_and_stays_in_the_form(
    console: Client, leads: DomainList, sent: dict[str, str], sentence: str
) -> None:
    body = post(console, "/lists/new/", **sent)
    assert sentence in body
    assert sent.get("domains", "") in body
    assert DomainList.objects.get() == leads


def test_an_import_shows_what_it_would_change_and_changes_nothing(
    console: Client, leads: DomainList
) -> None:
    waiting = imported(console, leads, domains="c.example\na.example\nc.example\nlocalhost")
    body = page(console, f"/lists/imports/{waiting.pk}/")
    for text in (
        "2 domains read; 1 line repeats one of them.",
        "Add 1<",
        "Replace: add 1, remove 1",
    ):
        assert text.rstrip("<") in body
    assert downloaded(console, waiting, "added") == [["host"], ["c.example"]]
    assert downloaded(console, waiting, "present") == [["host"], ["a.example"]]
    assert downloaded(console, waiting, "removed") == [["host"], ["b.example"]]
    assert [row[:2] for row in downloaded(console, waiting, "rejected")] == [
        ["line", "value"],
        ["4", "localhost"],
    ]
    assert hosts_of(leads) == ["a.example", "b.example"]


def test_an_import_adds_replaces_or_is_discarded(console: Client, leads: DomainList) -> None:
    waiting = imported(console, leads, domains="c.example\na.example")
    body = post(console, f"/lists/imports/{waiting.pk}/apply/")
    assert "1 domain added to the list “Leads”; 1 was in it already." in body
    assert hosts_of(leads) == ["a.example", "b.example", "c.example"]
    waiting = imported(console, leads, domains="c.example\nd.example")
    body = post(console, f"/lists/imports/{waiting.pk}/apply/", replace="1")
    assert "1 domain added to the list “Leads”; 1 was in it already; 2 removed." in body
    assert hosts_of(leads) == ["c.example", "d.example"]
    waiting = imported(console, leads, domains="e.example")
    assert "The list is unchanged." in post(console, f"/lists/imports/{waiting.pk}/discard/")
    assert hosts_of(leads) == ["c.example", "d.example"]
    assert not ListImport.objects.exists()
    assert Domain.objects.filter(host="b.example").exists()


@pytest.mark.django_db(transaction=True)
def test_a_large_import_continues_where_another_process_stopped(
    console: Client, leads: DomainList, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "AT_ONCE", 3)
    monkeypatch.setattr(services, "CHUNK", 4)
    monkeypatch.setattr(slices, "SLICE_SECONDS", 0)
    hosts = [f"d{number:02}.example" for number in range(30)]
    waiting = imported(console, leads, domains="\n".join(hosts))
    response = console.post(f"/lists/imports/{waiting.pk}/apply/", {"replace": "1"})
    action = BulkAction.objects.get()
    assert response.headers["Location"] == f"/actions/{action.pk}/"
    running.WORK.run_slice(action.pk)
    leads.refresh_from_db()
    assert leads.domain_count == 6
    OrmQ.objects.all().delete()  # the process and its message are gone
    BulkAction.objects.update(updated_at=timezone.now() - running.STALLED_AFTER * 2)
    assert running.resume_stalled() == 1
    while not running.WORK.run(action.pk, until=0):
        pass
    action.refresh_from_db()
    assert (action.status, action.result["added"], action.result["removed"]) == ("complete", 30, 2)
    assert hosts_of(leads) == hosts
    assert page(console, f"/lists/{leads.pk}/")


def test_an_import_into_a_list_that_is_deleted_meanwhile_says_so(
    console: Client, leads: DomainList, user: User
) -> None:
    waiting = imported(console, leads, domains="c.example")
    action = BulkAction.objects.create(
        tenant=leads.tenant,
        created_by=user,
        list_name="lists",
        operation="import",
        params={"import": str(waiting.pk), "replaces": False, "name": "Leads"},
        total=1,
    )
    services.delete_list(leads)
    running.run_at_once([action])
    assert (action.status, action.error) == ("failed", "The import or its list was deleted.")


def test_imports_that_nobody_applies_are_deleted(
    console: Client, leads: DomainList, schedules_on_time: None
) -> None:
    imported(console, leads, domains="c.example")
    housekeeping.keep()
    assert ListImport.objects.exists()
    ListImport.objects.update(created_at=timezone.now() - importing.KEPT * 2)
    housekeeping.keep()
    assert not ListImport.objects.exists()


def test_a_list_is_renamed_shortened_and_deleted(console: Client, leads: DomainList) -> None:
    url = f"/lists/{leads.pk}/"
    assert "The list is now named “Customers”." in post(console, f"{url}rename/", name="Customers")
    assert "a.example is removed from the list." in post(console, f"{url}remove/", host="a.example")
    body = page(console, url)
    assert ">b.example<" in body
    assert ">a.example<" not in body
    assert "Its domains are kept." in post(console, f"{url}delete/")
    assert Domain.objects.count() == 2
    assert console.get(url).status_code == 404


def test_the_lists_are_listed_with_their_sizes(console: Client, leads: DomainList) -> None:
    body = page(console, "/lists/")
    assert f'href="/lists/{leads.pk}/"' in body
    assert ">Leads<" in body


def test_a_viewer_reads_lists_and_is_offered_no_change(
    leads: DomainList, user: User, client: Client
) -> None:
    Membership.objects.filter(user=user).update(role=Membership.Role.VIEWER)
    client.force_login(user)
    body = page(client, f"/lists/{leads.pk}/")
    assert "a.example" in body
    assert all(text not in body for text in ("Rename", "Delete", "Import", ">Remove<"))
    sent = {"domains": "c.example"}
    assert client.post(f"/lists/{leads.pk}/import/", sent).status_code == 403


def test_the_page_of_a_list_reads_a_constant_number_of_queries(
    console: Client, leads: DomainList, user: User, django_assert_max_num_queries: Any
) -> None:
    services.add_hosts(leads, [f"d{number}.example" for number in range(60)], user=user)
    page(console, f"/lists/{leads.pk}/")
    with django_assert_max_num_queries(14):
        page(console, f"/lists/{leads.pk}/")


def test_the_page_of_no_lists_offers_to_create_one(console: Client) -> None:
    body = console.get("/lists/").text
    empty = body[body.index("No lists yet") :]
    assert 'href="/lists/new/"' in empty
    assert 'href="/batches/new/"' not in empty
