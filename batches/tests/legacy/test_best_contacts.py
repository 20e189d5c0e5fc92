"""Converted domains have the best contacts that the scanner's rule would choose."""

from random import Random
from typing import Any

import pytest

from batches.legacy import best_contacts as conversion_of_best
from batches.legacy import context as run
from batches.tests.legacy.converted import check, convert, reverse_conversion
from batches.tests.legacy.legacy_database import create_tables, insert
from batches.tests.legacy.legacy_ids import TENANT, uid
from scans.engine.best_contact import Candidate, best_contacts, hosts_of
from scans.models import Contact, Domain, Technology, TechnologyCount
from scans.technology_counts import count_technologies
from scrapersky.tenants.models import Tenant

LOCALS = ("info", "sales", "noreply", "privacy", "anna.baker", "jobs")
PAGES = ("contact", "impressum", "", "about")


def fill(cursor: Any, seed: int, domains: int) -> None:
    """Create older tables with contacts of every rank, in both places that list them."""
    random = Random(seed)
    create_tables(cursor, "after")
    for number in range(domains):
        host = f"site-{number}.example.com"
        addresses = [f"{local}@{at}" for local in LOCALS for at in (host, "gmail.com", "b.example")]
        row = {
            "id": uid("d", number),
            "tenant_id": TENANT,
            "domain": random.choice((host, f"https://{host}")),
            "email_addresses": random.sample(addresses, random.randrange(3)),
            "phone_numbers": random.sample(["+1 2", "+1 3", "+1 4"], random.randrange(3)),
        }
        insert(cursor, "after", "domains", row)
        for place, email in enumerate(random.sample(addresses, random.randrange(4))):
            page = f"https://{host}/{random.choice(PAGES)}"
            add_contact(cursor, number * 10 + place, number, email, page)


def add_contact(cursor: Any, number: int, domain: int, email: str, page: str) -> None:
    row = {"id": uid("2", number), "domain_id": uid("d", domain), "email": email}
    insert(cursor, "after", "contacts", row | {"source_url": page})


def chosen() -> dict[str, tuple[str | None, str | None]]:
    rows = Domain.objects.values_list("host", "best_email", "best_phone")
    return {host: (email, phone) for host, email, phone in rows}


def expected() -> dict[str, tuple[str | None, str | None]]:
    """Return what the rule chooses from the stored contacts of each domain."""
    return {
        domain.host: best_contacts(
            [
                Candidate(*row)
                for row in domain.contacts.order_by("pk").values_list(*Candidate._fields)
            ],
            hosts_of(domain.host, domain.final_url),
            {},
        )
        for domain in Domain.objects.all()
    }


@pytest.mark.parametrize("seed", range(3))
def test_the_rule_of_the_scanner_chooses(
    legacy: Any, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    for module in (run, conversion_of_best):
        monkeypatch.setattr(module, "CHUNK", 7)
    fill(legacy, seed, 30)
    convert()
    assert chosen() == expected()
    assert len({email for email, _ in chosen().values()}) > 10
    assert check().faults == []


def test_contacts_that_come_later_are_chosen_for_domains_without_any(legacy: Any) -> None:
    fill(legacy, 0, 0)
    tenant = Tenant.objects.create(pk=TENANT, name="Ours")
    ours = Domain.objects.create(tenant=tenant, host="ours.example.com")
    hosts = ("ours.example.com", "older.example.com")
    for number, host in enumerate(hosts):
        row = {"id": uid("d", number), "tenant_id": TENANT, "domain": host}
        insert(legacy, "after", "domains", row)
    convert()
    assert chosen() == dict.fromkeys(hosts, (None, None))
    for number, host in enumerate(hosts):
        add_contact(legacy, number, number, f"info@{host}", "")
    convert()
    assert chosen() == {host: (f"info@{host}", None) for host in hosts}
    reverse_conversion()
    assert [(row.pk, row.best_email) for row in Domain.objects.all()] == [(ours.pk, None)]


def domain_of_our_own(legacy: Any) -> tuple[Domain, dict[str, Any]]:
    """Return a domain from before the conversion, and what its results have in common."""
    fill(legacy, 0, 0)
    tenant = Tenant.objects.create(pk=TENANT, name="Ours")
    ours = Domain.objects.create(tenant=tenant, host="ours.example.com")
    seen: dict[str, Any] = {
        "first_seen": ours.created_at,
        "last_seen": ours.created_at,
        "tenant": tenant,
    }
    return ours, seen


def test_a_contact_of_our_own_is_chosen_again_once_the_conversion_is_taken_back(
    legacy: Any,
) -> None:
    ours, seen = domain_of_our_own(legacy)
    row = {"id": uid("d", 1), "tenant_id": TENANT, "domain": "ours.example.com"}
    insert(legacy, "after", "domains", row | {"phone_numbers": ["+1 2"]})
    convert()
    assert chosen() == {"ours.example.com": (None, "+1 2")}
    Contact.objects.create(domain=ours, kind="phone", value="+1 9", **seen)
    reverse_conversion()
    assert chosen() == {"ours.example.com": (None, "+1 9")}


def test_each_kind_is_chosen_and_taken_back_alone(legacy: Any) -> None:
    ours, seen = domain_of_our_own(legacy)
    email = Contact.objects.create(domain=ours, kind="email", value="info@ours.example.com", **seen)
    Domain.objects.update(best_email=email.value)
    row = {"id": uid("d", 1), "tenant_id": TENANT, "domain": "ours.example.com"}
    addresses = {"email_addresses": ["sales@ours.example.com"], "phone_numbers": ["+1 2"]}
    insert(legacy, "after", "domains", row | addresses)
    convert()
    assert chosen() == {"ours.example.com": (email.value, "+1 2")}
    Contact.objects.create(domain=ours, kind="phone", value="+1 9", **seen)
    reverse_conversion()
    assert chosen() == {"ours.example.com": (email.value, "+1 9")}


def test_technologies_are_counted_again_after_a_conversion_and_after_its_reversal(
    legacy: Any,
) -> None:
    ours, seen = domain_of_our_own(legacy)
    Technology.objects.create(domain=ours, name="Apache", **seen)
    count_technologies()
    row = {"id": uid("d", 1), "tenant_id": TENANT, "domain": "older.example.com"}
    insert(legacy, "after", "domains", row | {"tech_stack": '["nginx"]'})
    for work, names in ((convert, ["Apache", "nginx"]), (reverse_conversion, ["Apache"])):
        work()
        count_technologies()
        counted = TechnologyCount.objects.order_by("name").values_list("name", flat=True)
        assert list(counted) == names
