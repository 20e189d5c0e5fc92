"""Recipes: each writes the columns documented by its vendor, filled from a list."""

import csv
import io
import itertools
import tomllib
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from scans.lists import CONTACTS, DOMAINS
from scans.models import Contact, Domain
from scans.services import ensure_domains
from scrapersky.tenants.models import Tenant
from scrapersky.web.lists.recipes import Recipe, e164

DOCUMENTED: dict[str, Any] = tomllib.loads(
    (Path(__file__).parent / "recipe_columns.toml").read_text("utf-8")
)
RECIPES = [(d.name, recipe) for d in (DOMAINS, CONTACTS) for recipe in d.recipes]
IDS = [f"{recipe.name} of {name}" for name, recipe in RECIPES]


@pytest.fixture
def site(default_tenant: Tenant) -> Domain:
    """Return a domain with two contacts of each kind; another domain has none."""
    ensure_domains(tenant=default_tenant, hosts=["bakery.example", "empty.example"])
    domain = Domain.objects.get(host="bakery.example")
    domain.title, domain.final_url = "Bakery Müller", "https://bakery.example/"
    domain.emails = ["info@bakery.example", "shop@bakery.example"]
    domain.phones = ["+49301234567", "+493076543210"]
    domain.social = {"linkedin": "https://linkedin.com/company/bakery"}
    domain.save()
    seen = {"first_seen": timezone.now(), "last_seen": timezone.now()}
    for kind, values in (("email", domain.emails), ("phone", domain.phones)):
        for value in values:
            Contact.objects.create(
                tenant=default_tenant, domain=domain, kind=kind, value=value, **seen
            )
    Contact.objects.update(page_url="https://bakery.example/contact", snippet="Write to us")
    Contact.objects.create(
        tenant=default_tenant, domain=domain, kind="address", value="Am Markt 1, Berlin", **seen
    )
    person = {"name": "Anna Müller", "position": "Owner"}
    Contact.objects.filter(value="shop@bakery.example").update(person=person)
    old = {**seen, "gone_at": timezone.now()}
    Contact.objects.create(
        tenant=default_tenant, domain=domain, kind="email", value="old@bakery.example", **old
    )
    return domain


def exported(console: Client, list_name: str, recipe: Recipe) -> list[dict[str, str]]:
    response: Any = console.get(f"/exports/list/{list_name}/?format={recipe.name}")
    text = b"".join(response.streaming_content).decode()
    assert f"{list_name}-{recipe.name}-" in response.headers["Content-Disposition"]
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_every_vendor_has_a_recipe_of_both_lists() -> None:
    for definition in (DOMAINS, CONTACTS):
        assert {recipe.name for recipe in definition.recipes} == set(DOCUMENTED)


@pytest.mark.parametrize("vendor", DOCUMENTED.values(), ids=list(DOCUMENTED))
def test_the_required_columns_stand_in_what_the_vendor_says(vendor: dict[str, Any]) -> None:
    said = " ".join(vendor["quotes"]).lower()
    for name in itertools.chain(*vendor["required"].values()):
        assert name in vendor["columns"]
        assert name.replace(" - Name", " name").lower() in said  # Pipedrive: category and field


@pytest.mark.django_db
@pytest.mark.parametrize(("list_name", "recipe"), RECIPES, ids=IDS)
def test_a_recipe_writes_what_its_vendor_documents(
    console: Client, site: Domain, list_name: str, recipe: Recipe
) -> None:
    documented = DOCUMENTED[recipe.name]
    rows = exported(console, list_name, recipe)
    assert recipe.source == documented["source"]
    assert set(rows[0]) <= set(documented["columns"])
    for row in rows:
        assert all(row[name] for name in documented["required"][list_name])
    full = next(row for row in rows if "+49301234567" in row.values())
    phones = [value for name, value in full.items() if "hone" in name and "Label" not in name]
    assert phones == ["+49301234567"]
    assert not any("; " in value for value in full.values())


@pytest.mark.django_db
@pytest.mark.parametrize("recipe", CONTACTS.recipes, ids=[r.name for r in CONTACTS.recipes])
def test_a_recipe_of_contacts_has_a_row_for_each_address_that_is_there(
    console: Client, site: Domain, recipe: Recipe
) -> None:
    rows = exported(console, "contacts", recipe)
    values = {value for row in rows for value in row.values() if "@" in value}
    assert len(rows) == 2
    assert values == set(site.emails)


@pytest.mark.django_db
def test_a_recipe_has_the_people_and_addresses_of_a_site(console: Client, site: Domain) -> None:
    google = {recipe.name: recipe for recipe in CONTACTS.recipes}["google_contacts"]
    people = {row["First Name"]: row for row in exported(console, "contacts", google)}
    assert set(people) == {"", "Anna Müller"}
    assert people["Anna Müller"]["Organization Title"] == "Owner"
    addresses = [row["Address 1 - Formatted"] for row in exported(console, "domains", google)]
    assert addresses == ["Am Markt 1, Berlin", ""]


@pytest.mark.parametrize(
    ("phone", "written"),
    [
        ("+49301234567", "+49301234567"),
        ("+1 (555) 123-4567", "+15551234567"),
        ("+49 (0)30 / 1234-567", "+49301234567"),
        ("0049 30 1234567", "+49301234567"),
        ("030 1234567", ""),
        ("+49 30 1234567 ext. 5", ""),
        ("+0301234567", ""),
        ("+1234567890123456", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_phone_numbers_are_bare_e164_or_left_out(phone: str | None, written: str) -> None:
    assert e164(phone) == written


@pytest.mark.django_db
def test_a_number_without_its_country_gives_way_to_one_with_it(
    console: Client, site: Domain
) -> None:
    Domain.objects.filter(pk=site.pk).update(
        best_phone="030 1234567", phones=["030 1234567", "+49 30 7654321"]
    )
    (hubspot,) = (recipe for recipe in DOMAINS.recipes if recipe.name == "hubspot")
    phones = [row["Phone number"] for row in exported(console, "domains", hubspot)]
    assert phones == ["+49307654321", ""]


@pytest.mark.django_db
def test_the_filter_of_the_list_narrows_a_recipe(console: Client, site: Domain) -> None:
    response: Any = console.get("/exports/list/contacts/?format=mailchimp&value=shop")
    rows = list(csv.DictReader(b"".join(response.streaming_content).decode().splitlines()))
    assert [row["Email Address"] for row in rows] == ["shop@bakery.example"]
    assert rows[0]["Company"] == "Bakery Müller"
