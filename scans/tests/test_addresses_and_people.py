"""Parts of postal addresses, and people next to contacts: stored, shown, exported, corrected."""

import csv
import io
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from scans.corrections.services import mark_wrong
from scans.corrections.tests.scans import HOME, rescan, scan
from scans.engine.report import Contact as Seen
from scans.engine.report import ContactKind
from scans.models import Domain
from scrapersky.tenants.models import Tenant, User

pytestmark = pytest.mark.django_db

PARTS = {"street": "Musterweg 1", "postcode": "10115", "town": "Berlin", "region": ""}
LINE = "Musterweg 1, 10115, Berlin, DE"
ADDRESS = Seen(
    ContactKind.ADDRESS,
    LINE,
    page_url=HOME,
    snippet="Muster GmbH Musterweg 1",
    method="text",
    address=PARTS | {"country": "DE"},
)
MAIL = Seen(ContactKind.EMAIL, "info@a.example", page_url=HOME, method="mailto")
PERSON = {
    "name": "Anna Müller",
    "position": "Geschäftsführerin",
    "page_url": f"{HOME}impressum",
    "snippet": "Geschäftsführerin: Anna Müller",
    "method": "legal_notice",
}
NAMED = replace(MAIL, person=PERSON)
LOOKED = {"people": True, "pages": True}


@pytest.fixture
def domain(default_tenant: Tenant) -> Domain:
    return scan(default_tenant, contacts=(ADDRESS, NAMED), coverage=LOOKED)


def person(domain: Domain) -> Any:
    return domain.contacts.get(kind="email").person


def exported(console: Client, query: str) -> list[dict[str, str]]:
    answer = console.get(f"/exports/list/contacts/?format=csv&{query}")
    text = b"".join(answer) if answer.streaming else answer.content
    return list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"), newline="")))


def test_the_page_of_a_domain_shows_parts_people_and_evidence(
    domain: Domain, console: Client
) -> None:
    shown = console.get(reverse("domain_detail", args=[domain.pk])).content.decode()
    assert "Musterweg 1<br>10115 Berlin<br>DE" in shown
    assert "Anna Müller, Geschäftsführerin" in shown
    assert "Muster GmbH Musterweg 1" in shown
    assert PERSON["snippet"] in shown
    assert PERSON["page_url"] in shown
    for contact in domain.contacts.all():
        sheet = console.get(reverse("contact_evidence", args=[contact.pk])).content.decode()
        text = "10115 Berlin" if contact.address else PERSON["snippet"]
        assert text in sheet


def test_list_export_and_api_have_a_column_for_each_part(domain: Domain, console: Client) -> None:
    names = ["street", "postcode", "town", "country", "snippet", "method", "page_url"]
    (row,) = exported(console, f"kind=address&columns={','.join(names)}")
    assert set(row.values()) >= {"Musterweg 1", "10115", "Berlin", "DE", "text", HOME}
    about = ["person_name", "person_position", "person_page_url", "person_snippet"]
    (row,) = exported(console, f"kind=email&columns={','.join(about)}")
    assert set(row.values()) == set(PERSON.values()) - {PERSON["method"]}
    (item,) = console.get("/api/v3/contacts?kind=address").json()["items"]
    assert [item[name] for name in names[:4]] == ["Musterweg 1", "10115", "Berlin", "DE"]
    (item,) = console.get("/api/v3/contacts?kind=email").json()["items"]
    assert (item["person_name"], item["person_position"]) == ("Anna Müller", "Geschäftsführerin")
    assert "Anna Müller" in console.get(reverse("contact_list")).content.decode()
    whole = console.get(f"/api/v3/domains/{domain.pk}").json()
    assert {contact["town"] for contact in whole["contacts"]} == {"", "Berlin"}


@pytest.mark.parametrize("query", ["has_address=yes", "has_address=no"])
def test_domains_are_filtered_by_their_addresses(
    domain: Domain, console: Client, query: str
) -> None:
    listed = console.get(f"/api/v3/domains?{query}").json()["items"]
    assert bool(listed) is query.endswith("yes")


def test_an_address_is_matched_by_its_beginning(domain: Domain, console: Client) -> None:
    listed = console.get("/api/v3/contacts?value=Musterweg").json()["items"]
    assert [item["value"] for item in listed] == [LINE]


def test_an_address_marked_as_wrong_stays_hidden(
    domain: Domain, user: User, console: Client
) -> None:
    mark_wrong(domain.contacts.get(kind="address"), user=user)
    rescan(domain, contacts=(ADDRESS, NAMED), coverage=LOOKED)
    assert console.get("/api/v3/contacts?kind=address").json()["items"] == []
    assert console.get("/api/v3/domains?has_address=yes").json()["items"] == []


def test_a_scan_that_did_not_look_for_people_keeps_them(domain: Domain) -> None:
    rescan(domain, days=7, contacts=(MAIL,), coverage={"pages": True})
    assert person(domain) == PERSON
    rescan(domain, days=14, contacts=(MAIL,), coverage=LOOKED)
    assert person(domain) is None
