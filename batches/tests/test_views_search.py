"""The search in the header: grouped results, by name or any id, in the user's tenants only."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from batches.models import Job, LegacyId
from batches.services import create_batch, initiate_scan
from scans.models import Contact, Domain
from scrapersky.tenants.models import Tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def batch(default_tenant: Tenant) -> object:
    created = create_batch(
        tenant=default_tenant, created_by=None, domains=["harbour.example"], name="Harbours"
    )
    now = timezone.now()
    for kind, value in (("email", "info@harbour.example"), ("phone", "+493012345678")):
        Contact.objects.create(
            tenant=default_tenant,
            domain=Domain.objects.get(),
            kind=kind,
            value=value,
            first_seen=now,
            last_seen=now,
        )
    return created


def results(client: Client, text: str) -> str:
    response = client.get("/search/", {"q": text})
    assert response.status_code == 200
    return response.content.decode()


def test_results_are_grouped_by_list(console: Client, batch: object) -> None:
    page = results(console, "harb")
    assert "Batches</h2>" in page
    assert "Domains</h2>" in page
    assert "harbour.example" in page


@pytest.mark.parametrize(
    "text",
    [
        *("Info@Bücher.example", "info@xn--bcher-kva.example", "mailto:info@bücher.example?cc=x"),
        *("Anna Berg <info@bücher.example>", " info@BÜCHER.example; ", "info@"),
    ],
)
@pytest.mark.parametrize("stored", ["info@bücher.example", "info@xn--bcher-kva.example"])
def test_an_email_is_found_in_any_spelling(
    console: Client, batch: object, stored: str, text: str
) -> None:
    Contact.objects.filter(kind="email").update(value=stored)
    assert stored in results(console, text)


def test_all_results_are_linked_only_where_their_list_finds_them(
    console: Client, batch: object
) -> None:
    domain = Domain.objects.get()
    assert 'href="/domains/?q=harb"' in results(console, "harb")
    page = results(console, domain.pk.hex)
    assert "harbour.example" in page
    assert "Show all" not in page


def test_a_contact_is_found_by_its_ids(console: Client, batch: object) -> None:
    contact = Contact.objects.get(kind="email")
    response = console.get("/search/", {"q": f" {contact.pk} "})
    assert response["Location"] == f"/contacts/{contact.pk}/evidence/"
    LegacyId.objects.create(
        kind="contact", original="c-1", uuid=contact.pk, how="derived", made=True
    )
    assert "info@harbour.example" in results(console, "c-1")


@pytest.mark.parametrize(
    "text",
    [
        *("+49 30 12345678", "0049 30 1234 5678", "030/12345678", "(030) 1234-5678", "+4930123"),
        *("+49 (0)30 12345678", "0049 (0) 30 12345678", "Tel.: +49.30.12345678"),
        *("tel:+493012345678", "Fax 030 / 12345678"),
        *("Telefon 030 12345678", "＋49 30 １２３４５６７８", "011 49 30 12345678"),
    ],
)
def test_a_phone_number_is_found_in_any_spelling(console: Client, batch: object, text: str) -> None:
    assert "+493012345678" in results(console, text)


def test_an_email_address_is_found_by_its_beginning(console: Client, batch: object) -> None:
    assert "info@harbour.example" in results(console, "INFO@harb")


def test_an_exact_name_or_id_leads_to_its_page(console: Client, default_tenant: Tenant) -> None:
    job = initiate_scan("a.example", tenant=default_tenant)
    domain = Domain.objects.get()
    by_name = console.get("/search/", {"q": "a.example"})
    by_id = console.get("/search/", {"q": str(domain.pk)})
    assert by_name.headers["Location"] == by_id.headers["Location"] == f"/domains/{domain.pk}/"
    job_page = console.get("/search/", {"q": str(job.pk)})
    assert job_page.headers["Location"] == f"/jobs/{job.pk}/"


def test_a_domain_is_found_by_its_id_in_the_older_system(
    console: Client, default_tenant: Tenant
) -> None:
    initiate_scan("a.example", tenant=default_tenant)
    domain = Domain.objects.get()
    LegacyId.objects.create(
        kind="domain", original="4711-old", uuid=domain.pk, how="alias", made=False
    )
    assert console.get("/search/", {"q": "4711-old"}).status_code == 200
    assert "a.example" in results(console, "4711-old")


def test_ids_of_the_older_system_are_queried_only_if_nothing_else_matches(
    console: Client, batch: object
) -> None:
    table = LegacyId._meta.db_table
    for text in ("harb", "Harbours", "info@harbour.example", str(Domain.objects.get().pk)):
        with CaptureQueriesContext(connection) as queries:
            console.get("/search/", {"q": text})
        assert not [query for query in queries if table in query["sql"]]
    with CaptureQueriesContext(connection) as queries:
        console.get("/search/", {"q": "4711-old"})
    assert [query for query in queries if table in query["sql"]]


def test_nothing_of_another_tenant_is_found(console: Client, other_tenant: Tenant) -> None:
    job = initiate_scan("secret.example", tenant=other_tenant)
    domain = Domain.objects.get()
    create_batch(tenant=other_tenant, created_by=None, domains=["x.example"], name="Secret list")
    for text in ("secret", "secret.example", str(job.pk), str(domain.pk)):
        page = results(console, text)
        assert "No matches" in page
        assert "list</a>" not in page


@pytest.mark.parametrize("text", ["", " ", "\x00", "%", "'", "(", "x" * 2_000, "\u202e"])
def test_any_text_gives_a_page(console: Client, batch: object, text: str) -> None:
    assert "Search" in results(console, text)


def test_a_site_that_is_typed_into_the_search_can_be_scanned_at_once(console: Client) -> None:
    page = console.get("/search/", {"q": "https://www.fresh.example/about"})
    assert page.context["host"] == "fresh.example"
    response = console.post("/scan/", {"q": "fresh.example"})
    job = Job.objects.get()
    assert response["Location"] == f"/jobs/{job.pk}/"
    assert (str(job.domain), job.batch) == ("fresh.example", None)
    assert console.get("/search/", {"q": "fresh"}).context["host"] == ""


def test_what_is_not_a_site_is_not_scanned(console: Client) -> None:
    page = console.post("/scan/", {"q": "localhost"}, follow=True).content.decode()
    assert "Nothing was scanned." in page
    assert not Job.objects.exists()
