"""Contacts and technologies marked as wrong are hidden immediately and permanently."""

import json
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from batches.models import Batch, Job
from batches.services import create_batch
from batches.tests.outcomes import complete
from scans.corrections import services
from scans.corrections.reading import stored_contact
from scans.corrections.services import mark_wrong, undo
from scans.corrections.tests.scans import FACTS, PHONE, RIGHT, WRONG, rescan, scan
from scans.engine.report import Contact as SeenContact
from scans.engine.report import ContactKind
from scans.engine.report import Technology as SeenTechnology
from scans.models import Contact, Correction, Domain, Technology, TechnologyCount
from scans.technology_counts import count_technologies
from scrapersky.tenants.models import Tenant, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def domain(default_tenant: Tenant) -> Domain:
    return scan(default_tenant)


def contact(domain: Domain, value: str = WRONG) -> Contact:
    return domain.contacts.get(value=value)


def shopify(domain: Domain) -> Technology:
    return domain.technology_rows.get(name="Shopify")


def emails(domain: Domain) -> list[str]:
    rows = domain.contacts.visible().filter(kind="email").order_by("value")
    return list(rows.values_list("value", flat=True))


def page(client: Client, domain: Domain) -> str:
    return client.get(reverse("domain_detail", args=[domain.pk])).content.decode()


def test_a_wrong_contact_disappears_at_once(domain: Domain, user: User, console: Client) -> None:
    mark_wrong(contact(domain), user=user)
    domain.refresh_from_db()
    assert emails(domain) == domain.emails == [RIGHT]
    listed = console.get(reverse("contact_list")).content.decode()
    assert RIGHT in listed
    assert WRONG not in listed


def test_a_wrong_technology_disappears_at_once(domain: Domain, user: User, console: Client) -> None:
    mark_wrong(shopify(domain), user=user)
    domain.refresh_from_db()
    assert domain.technologies == ["WordPress"]
    listed = console.get(reverse("technology_use_list")).content.decode()
    assert "WordPress" in listed
    assert "Shopify</td>" not in listed
    filtered = console.get(reverse("domain_list"), {"technology": "Shopify"})
    assert domain.host not in filtered.content.decode()


def test_the_domain_page_names_it_as_a_correction_only(
    domain: Domain, user: User, console: Client
) -> None:
    mark_wrong(contact(domain), user=user)
    shown = page(console, domain)
    assert shown.count(WRONG) == 2  # that it is wrong, and the label of the button that undoes it
    undo(Correction.objects.get())
    assert 'id="corrections"' not in page(console, domain)


@pytest.fixture
def batch(default_tenant: Tenant, user: User) -> Batch:
    batch = create_batch(tenant=default_tenant, created_by=user, domains=["a.example"])
    complete(batch.jobs.get(), **FACTS)
    return batch


def test_exports_and_the_api_leave_out_what_is_wrong(
    batch: Batch, user: User, console: Client
) -> None:
    domain = Domain.objects.get()
    mark_wrong(contact(domain), user=user)
    mark_wrong(shopify(domain), user=user)
    job = batch.jobs.get()
    answers = [
        console.get(reverse("batch_csv", args=[batch.pk])),
        console.get(reverse("batch_json", args=[batch.pk])),
        console.get(f"/api/v3/batch_page_scraper/status/{job.pk}"),
        console.get(f"/api/v3/scans/{job.scan_id}"),
        console.get(f"/api/v3/domains/{domain.pk}"),
    ]
    for answer in answers:
        body = b"".join(answer) if answer.streaming else answer.content
        assert RIGHT in body.decode()
        assert WRONG not in body.decode()
        assert "Shopify" not in body.decode()


def test_a_rescan_does_not_restore_it(domain: Domain, user: User) -> None:
    mark_wrong(contact(domain), user=user)
    mark_wrong(shopify(domain), user=user)
    rescan(domain)
    assert emails(domain) == domain.emails == [RIGHT]
    assert domain.technologies == ["WordPress"]
    assert contact(domain).last_seen.day == 27


def test_one_that_is_gone_and_comes_back_stays_hidden(domain: Domain, user: User) -> None:
    mark_wrong(contact(domain), user=user)
    rescan(domain, days=7, contacts=())
    rescan(domain, days=14)
    assert emails(domain) == domain.emails == [RIGHT]


def test_undo_restores_it_with_its_first_seen(domain: Domain, user: User) -> None:
    seen = contact(domain).first_seen
    correction = mark_wrong(contact(domain), user=user)
    rescan(domain)
    undo(correction)
    domain.refresh_from_db()
    assert emails(domain) == domain.emails == [RIGHT, WRONG]
    assert contact(domain).first_seen == seen
    assert not Correction.objects.exists()


def test_a_restored_contact_returns_to_its_place(domain: Domain, user: User) -> None:
    correction = mark_wrong(contact(domain, RIGHT), user=user)
    undo(correction)
    domain.refresh_from_db()
    assert domain.emails == [RIGHT, WRONG]
    assert domain.technologies == ["WordPress", "Shopify"]
    assert domain.phones == [PHONE, "+49307654321"]


def test_marking_twice_is_one_mark(domain: Domain, user: User) -> None:
    first = mark_wrong(contact(domain), user=user)
    assert mark_wrong(contact(domain), user=user) == first
    assert first.created_by == user
    assert Correction.objects.get().url == "https://a.example/"


def test_a_mark_on_one_domain_leaves_the_others(
    domain: Domain, default_tenant: Tenant, user: User
) -> None:
    other = scan(default_tenant, "b.example")
    mark_wrong(contact(domain), user=user)
    assert emails(other) == [RIGHT, WRONG]


@pytest.fixture
def many(default_tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> list[Domain]:
    monkeypatch.setattr(services, "CHUNK", 2)
    return [scan(default_tenant, f"s{number}.example") for number in range(5)]


def test_a_mark_everywhere_hides_it_on_every_domain_of_the_tenant(
    many: list[Domain], other_tenant: Tenant, user: User
) -> None:
    foreign = scan(other_tenant, "s1.example")
    mark_wrong(contact(many[0]), user=user, in_tenant=True)
    mark_wrong(shopify(many[0]), user=user, in_tenant=True)
    for domain in many:
        domain.refresh_from_db()
        assert emails(domain) == domain.emails == [RIGHT]
        assert domain.technologies == ["WordPress"]
    assert emails(foreign) == [RIGHT, WRONG]


def test_a_mark_everywhere_hides_what_is_scanned_later(
    domain: Domain, default_tenant: Tenant, other_tenant: Tenant, user: User
) -> None:
    mark_wrong(contact(domain), user=user, in_tenant=True)
    mark_wrong(shopify(domain), user=user, in_tenant=True)
    later, foreign = scan(default_tenant, "late.example"), scan(other_tenant, "late.example")
    assert emails(later) == later.emails == [RIGHT]
    assert later.technologies == ["WordPress"]
    assert foreign.emails == [RIGHT, WRONG]


def test_undoing_a_mark_everywhere_restores_every_domain(many: list[Domain], user: User) -> None:
    seen = contact(many[3]).first_seen
    undo(mark_wrong(contact(many[0]), user=user, in_tenant=True))
    for domain in many:
        domain.refresh_from_db()
        assert emails(domain) == domain.emails == [RIGHT, WRONG]
    assert contact(many[3]).first_seen == seen


def counted(tenant: Tenant) -> dict[str, int]:
    counts = TechnologyCount.objects.filter(tenant=tenant)
    return dict(counts.values_list("name", "domain_count"))


def test_the_list_of_technologies_counts_what_is_visible(
    many: list[Domain], default_tenant: Tenant, user: User
) -> None:
    mark_wrong(shopify(many[0]), user=user)
    assert counted(default_tenant) == {}  # nothing is counted yet
    count_technologies()
    assert counted(default_tenant) == {"WordPress": 5, "Shopify": 4}
    one = mark_wrong(shopify(many[1]), user=user)
    assert counted(default_tenant) == {"WordPress": 5, "Shopify": 3}
    everywhere = mark_wrong(shopify(many[0]), user=user, in_tenant=True)
    assert counted(default_tenant) == {"WordPress": 5}
    undo(everywhere)
    undo(one)
    assert counted(default_tenant) == {"WordPress": 5, "Shopify": 4}
    assert TechnologyCount.objects.get(name="Shopify").category == "E-commerce"


@pytest.mark.parametrize("everywhere_first", [True, False])
def test_undo_leaves_hidden_what_another_mark_hides(
    domain: Domain, user: User, everywhere_first: bool
) -> None:
    orders = [True, False] if everywhere_first else [False, True]
    first, second = [mark_wrong(contact(domain), user=user, in_tenant=far) for far in orders]
    undo(first)
    assert emails(domain) == [RIGHT]
    undo(second)
    assert emails(domain) == [RIGHT, WRONG]


def test_a_mark_everywhere_outlives_the_domain_it_was_seen_on(
    domain: Domain, default_tenant: Tenant, user: User
) -> None:
    correction = mark_wrong(contact(domain), user=user, in_tenant=True)
    Job.objects.all().delete()
    domain.delete()
    correction.refresh_from_db()
    assert (correction.domain, correction.seen_on) == (None, None)
    assert scan(default_tenant, "b.example").emails == [RIGHT]


def test_the_same_value_of_another_kind_is_not_hidden(domain: Domain, user: User) -> None:
    row = contact(domain, PHONE)
    Contact.objects.filter(pk=row.pk).update(kind="social")
    rescan(domain)
    mark_wrong(domain.contacts.get(kind="social"), user=user)
    assert domain.contacts.visible().get(value=PHONE).kind == "phone"


def test_values_are_hidden_as_they_are_stored(default_tenant: Tenant, user: User) -> None:
    long = "https://social.example/" + "x" * 600
    facts: dict[str, Any] = {
        "contacts": tuple(
            SeenContact(ContactKind.EMAIL, value)
            for value in ("nul\x00@a.example", f"{long}/1", f"{long}/2")
        ),
        "technologies": (SeenTechnology("y" * 120, "CMS"), SeenTechnology("Nul\x00", "CMS")),
    }
    domain = scan(default_tenant, "long.example", **facts)
    for value in ("nul@a.example", stored_contact(f"{long}/2")):
        mark_wrong(contact(domain, value), user=user)
    for row in domain.technology_rows.all():
        mark_wrong(row, user=user)
    rescan(domain, **facts)
    assert domain.contacts.visible().get().value == stored_contact(f"{long}/1")
    assert domain.emails == [f"{long}/1"]
    assert domain.technologies == []


def test_a_mark_takes_as_many_queries_for_two_domains_as_for_ten(
    default_tenant: Tenant, user: User
) -> None:
    counts = []
    for hosts in ([f"t{n}.example" for n in range(2)], [f"u{n}.example" for n in range(10)]):
        domains = [scan(default_tenant, host) for host in hosts]
        with CaptureQueriesContext(connection) as queries:
            correction = mark_wrong(shopify(domains[0]), user=user, in_tenant=True)
        counts.append(len(queries))
        undo(correction)
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "colour"},
        {"kind": "contact", "right_value": "ok"},
        {"kind": "verdict", "right_value": ""},
        {"kind": "verdict", "right_value": "ok", "domain": None},
        {"kind": "page_type", "right_value": "blog", "domain": None},
    ],
    ids=lambda fields: " ".join(f"{name}={value}" for name, value in fields.items()),
)
def test_the_database_refuses_a_correction_that_makes_no_sense(
    domain: Domain, fields: dict[str, Any]
) -> None:
    row = {"tenant": domain.tenant, "domain": domain, "value": "x"} | fields
    with pytest.raises(IntegrityError), transaction.atomic():
        Correction.objects.create(**row)


@pytest.mark.parametrize("far", [True, False])
def test_the_database_refuses_the_same_mark_twice(domain: Domain, far: bool) -> None:
    row = {"tenant": domain.tenant, "domain": None if far else domain, "kind": "technology"}
    Correction.objects.create(**row, value="Shopify")
    with pytest.raises(IntegrityError), transaction.atomic():
        Correction.objects.create(**row, value="Shopify")


def test_a_failed_job_has_nothing_to_correct(batch: Batch, user: User, console: Client) -> None:
    job = batch.jobs.get()
    mark_wrong(contact(Domain.objects.get()), user=user)
    type(job).objects.filter(pk=job.pk).update(scan=None, result={"requests": []})
    answer = console.get(f"/api/v3/batch_page_scraper/status/{job.pk}")
    assert json.loads(answer.content)["result"] == {"requests": []}
