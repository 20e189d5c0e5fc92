"""The best contacts of a domain through scans, corrections, pins and deletion."""

from random import Random
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django_test_migrations.migrator import Migrator

from scans import best_contacts
from scans.best_contacts import pin, unpin
from scans.corrections.services import mark_wrong, undo
from scans.corrections.tests.scans import ABOUT, HOME, PHONE, RIGHT, WRONG, rescan, scan
from scans.engine import best_contact
from scans.engine.best_contact import Candidate
from scans.engine.report import Contact, ContactKind
from scans.models import Contact as StoredContact
from scans.models import Domain
from scans.removal import ScanRecord, remove_results
from scrapersky.tenants.models import Tenant

pytestmark = pytest.mark.django_db
LOCALS = ("info", "sales", "noreply", "privacy", "anna.baker", "jobs")
SALES = Contact(ContactKind.EMAIL, "sales@a.example", page_url="https://a.example/contact")


@pytest.fixture
def domain(default_tenant: Tenant) -> Domain:
    return scan(default_tenant)


def best(domain: Domain) -> tuple[str | None, str | None]:
    domain.refresh_from_db()
    return domain.best_email, domain.best_phone


def contact(domain: Domain, value: str) -> Any:
    return domain.contacts.get(value=value)


def test_a_scan_chooses_by_the_rule(domain: Domain) -> None:
    assert best(domain) == (RIGHT, PHONE)
    rescan(domain, contacts=(SALES,))
    assert best(domain) == ("sales@a.example", PHONE)
    # what the last scan could not see counts as long as it is there
    rescan(domain, days=8, contacts=(), verdict_evidence="")
    assert best(domain) == ("sales@a.example", PHONE)


def test_a_contact_marked_as_wrong_is_not_the_best(domain: Domain) -> None:
    correction = mark_wrong(contact(domain, RIGHT), user=None)
    assert best(domain) == (WRONG, PHONE)
    rescan(domain)
    assert best(domain) == (WRONG, PHONE)
    undo(correction)
    assert best(domain) == (RIGHT, PHONE)


def test_rescans_keep_a_pin_even_of_a_contact_that_is_gone(domain: Domain) -> None:
    pin(contact(domain, WRONG))
    pin(contact(domain, "+49307654321"))
    assert best(domain) == (WRONG, "+49307654321")
    rescan(domain, contacts=(SALES,), requests=())
    assert best(domain) == (WRONG, "+49307654321")
    domain.contacts.filter(value=WRONG).update(gone_at=domain.last_scanned_at)
    rescan(domain, days=8, contacts=(SALES,))
    assert best(domain)[0] == WRONG
    assert WRONG not in domain.emails
    unpin(contact(domain, WRONG))
    assert best(domain)[0] == "sales@a.example"


def test_one_contact_of_a_kind_is_pinned(domain: Domain) -> None:
    pin(contact(domain, WRONG))
    pin(contact(domain, RIGHT))
    pin(contact(domain, RIGHT))
    assert list(domain.contacts.filter(is_pinned=True).values_list("value", flat=True)) == [RIGHT]


def test_a_wrong_contact_loses_its_pin(domain: Domain) -> None:
    row = contact(domain, WRONG)
    pin(row)
    correction = mark_wrong(row, user=None, in_tenant=True)
    assert best(domain)[0] == RIGHT
    with pytest.raises(ValidationError, match="marked as wrong"):
        pin(row)
    undo(correction)
    assert best(domain)[0] == RIGHT


def test_a_profile_is_not_pinned(domain: Domain) -> None:
    rescan(domain, contacts=(Contact(ContactKind.SOCIAL, "https://x.com/a", label="x"),))
    with pytest.raises(ValidationError, match="Only an e-mail address"):
        pin(contact(domain, "https://x.com/a"))


def test_removing_a_scan_chooses_among_what_is_left(domain: Domain) -> None:
    pin(contact(domain, WRONG))
    record = ScanRecord(domain.pk, domain.latest_scan_id, domain.last_scanned_at)  # type: ignore[arg-type]
    remove_results([record], {}, scanned_later=set())
    assert best(domain) == (WRONG, None)
    assert domain.contacts.count() == 1


def test_one_click_pins_and_unpins(console: Client, domain: Domain) -> None:
    row = contact(domain, WRONG)
    page_url = reverse("domain_detail", args=[domain.pk])
    answer = console.post(reverse("contact_pin", args=[row.pk]), {"next": f"{page_url}?page=1"})
    assert answer["Location"] == f"{page_url}?page=1#contacts"
    assert best(domain)[0] == WRONG
    page = console.get(page_url).content.decode()
    assert f'<a href="mailto:{WRONG}">' in page
    assert f'Unpin<span class="visually-hidden">: {WRONG}</span>' in page
    console.post(reverse("contact_unpin", args=[row.pk]))
    assert best(domain)[0] == RIGHT


def test_the_api_pins_sorts_and_shows(console: Client, domain: Domain) -> None:
    row = contact(domain, WRONG)
    answer = console.put(f"/api/v3/contacts/{row.pk}/pin")
    assert answer.json() == {
        "domain_id": str(domain.pk),
        "best_email": WRONG,
        "best_phone": PHONE,
    }
    items = console.get("/api/v3/domains?sort=-best_email").json()["items"]
    assert [item["best_email"] for item in items] == [WRONG]
    assert console.delete(f"/api/v3/contacts/{row.pk}/pin").json()["best_email"] == RIGHT
    profile = domain.contacts.exclude(kind__in=["email", "phone"]).first()
    assert profile is None


def test_the_rule_chooses_among_stored_contacts(
    default_tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(best_contacts, "CHUNK", 3)
    random = Random(1)
    values = [f"{local}@{at}" for local in LOCALS for at in ("a.example", "gmail.com")]
    phones = ["+1 2", "+1 3"]
    expected = {}
    for number in range(20):
        domain = Domain.objects.create(tenant=default_tenant, host=f"{number}.a.example")
        seen: dict[str, Any] = {"first_seen": domain.created_at, "last_seen": domain.created_at}
        candidates = []
        for value in random.sample([*values, *phones], random.randrange(5)):
            kind = "phone" if value in phones else "email"
            page = random.choice((HOME, ABOUT, "https://a.example/contact"))
            row: dict[str, Any] = {
                "kind": kind,
                "label": "",
                "value": value,
                "page_url": page,
                "confidence": 0.5,
            }
            domain.contacts.create(tenant=default_tenant, **row, **seen)
            candidates.append(Candidate(**row))
        expected[domain.pk] = best_contact.best_contacts(candidates, [domain.host], {})
    best_contacts.choose_for_stored(Domain, StoredContact)
    rows = Domain.objects.values_list("pk", "best_email", "best_phone")
    assert {pk: (email, phone) for pk, email, phone in rows} == expected
    assert len(set(expected.values())) > 10


@pytest.mark.django_db(transaction=True)
def test_the_migration_chooses_for_stored_contacts(migrator: Migrator) -> None:
    old: Any = migrator.apply_initial_migration(("scans", "0012_best_contacts")).apps
    tenant = old.get_model("tenants", "Tenant").objects.create(name="Ours")
    domains = old.get_model("scans", "Domain").objects
    rows = [domains.create(tenant=tenant, host=f"{name}.example") for name in "abc"]
    seen = {"first_seen": rows[0].created_at, "last_seen": rows[0].created_at, "tenant": tenant}
    contacts = old.get_model("scans", "Contact").objects
    for value in ("x@gmail.com", RIGHT):
        contacts.create(domain=rows[0], kind="email", value=value, page_url=HOME, **seen)
    contacts.create(domain=rows[1], kind="phone", value=PHONE, page_url=ABOUT, **seen)
    contacts.create(domain=rows[2], kind="email", value="x@c.example", is_wrong=True, **seen)
    new: Any = migrator.apply_tested_migration(("scans", "0013_choose_best_contacts")).apps
    chosen = new.get_model("scans", "Domain").objects.order_by("host")
    assert list(chosen.values_list("best_email", "best_phone")) == [
        (RIGHT, None),
        (None, PHONE),
        (None, None),
    ]
