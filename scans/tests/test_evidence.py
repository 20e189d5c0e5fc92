"""Evidence sheets: source pages of contacts, robots.txt rules and requests."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from scans import evidence
from scans.models import Contact, Domain, Page, Scan, Technology
from scans.services import ensure_domains
from scans.storage import url_hash
from scrapersky.tenants.models import Tenant

pytestmark = pytest.mark.django_db
NOW = timezone.now()
PAGE = "https://bakery.example/contact"


def report(**facts: Any) -> dict[str, Any]:
    robots = {
        "url": "https://bakery.example/robots.txt",
        "status": 200,
        "text": "User-agent: *",
        "note": "It was read.",
    }
    requests = [{"url": "https://bakery.example/", "status": 200}, {"url": PAGE, "status": 200}]
    return {
        "domain": "bakery.example",
        "started_at": "",
        "finished_at": "",
        "verdict": "ok",
        "contacts": [],
        "robots": robots,
        "requests": requests,
        **facts,
    }


@pytest.fixture
def contact(default_tenant: Tenant) -> Contact:
    """Return a contact that the first of two scans read."""
    ensure_domains(tenant=default_tenant, hosts=["bakery.example"])
    domain = Domain.objects.get()
    seen = NOW - timedelta(days=2)
    own: dict[str, Any] = {"tenant": default_tenant, "domain": domain}
    for finished, facts in ((seen, {}), (NOW, {"requests": [], "robots": {"allowed": False}})):
        times = {"started_at": finished - timedelta(seconds=3), "finished_at": finished}
        domain.latest_scan = Scan.objects.create(
            verdict="ok", report=report(**facts), **times, **own
        )
    domain.save()
    times = {"first_seen": seen, "last_seen": seen}
    Technology.objects.create(name="WordPress", evidence="generator: WordPress", **times, **own)
    Page.objects.create(
        url=PAGE, url_hash=url_hash(PAGE), disallowed_by="Disallow: /contact", **times, **own
    )
    return Contact.objects.create(
        kind="email",
        value="info@bakery.example",
        page_url=PAGE,
        snippet="Write to <b>info@bakery.example</b>",
        method="mailto",
        confidence=0.9,
        **times,
        **own,
    )


def test_the_sheet_of_a_contact_names_its_source(console: Client, contact: Contact) -> None:
    page = console.get(f"/contacts/{contact.pk}/evidence/").content.decode()
    for text in (
        "info@bakery.example",
        PAGE,
        "Write to &lt;b&gt;info@bakery.example&lt;/b&gt;",
        "E-mail link, confidence 90",
        "It allows the scan.",
        "Disallow: /contact",
        "User-agent: *",
        "(the page of this contact)",
    ):
        assert text in page
    assert page.count("(the page of this contact)") == 1
    assert 'media="print"' in page


def test_the_scan_of_a_sheet_is_the_one_that_saw_the_contact_last(
    console: Client, contact: Contact
) -> None:
    sheet = console.get(f"/api/v3/contacts/{contact.pk}/evidence").json()
    first = Scan.objects.order_by("finished_at")[0]
    assert sheet["scan"]["id"] == str(first.pk)
    assert [request["is_source"] for request in sheet["requests"]] == [False, True]
    [evidence] = sheet["contacts"]
    assert (evidence["method"], evidence["page_url"]) == ("mailto", PAGE)
    assert evidence["first_seen"] == evidence["last_seen"]
    assert sheet["robots"]["page_disallowed_by"] == "Disallow: /contact"


def test_what_robots_txt_says_about_the_page_is_a_column_read_in_one_query(
    console: Client, contact: Contact
) -> None:
    own: dict[str, Any] = {"tenant": contact.tenant, "domain": contact.domain, "kind": "email"}
    times = {"first_seen": NOW, "last_seen": NOW}
    for page_url in ("", "https://bakery.example/"):
        Contact.objects.create(value=f"{page_url}@x.example", page_url=page_url, **own, **times)
    columns = "columns=value,page_disallowed_by&format=jsonl&sort=first_seen"
    with CaptureQueriesContext(connection) as queries:
        response: Any = console.get(f"/exports/list/contacts/?{columns}")
        lines = b"".join(response.streaming_content).splitlines()
    rules = [json.loads(line)["page_disallowed_by"] for line in lines]
    assert rules == ["Disallow: /contact", "", ""]
    assert len([query for query in queries if "scans_page" in query["sql"]]) == 1


def test_the_sheet_of_a_domain_has_all_of_its_evidence(console: Client, contact: Contact) -> None:
    url = f"/domains/{contact.domain_id}/evidence/"
    page = console.get(url).content.decode()
    for text in ("info@bakery.example", "generator: WordPress", "It disallows the scan."):
        assert text in page
    sheet = console.get(f"/api/v3/domains/{contact.domain_id}/evidence").json()
    assert sheet["technologies"][0]["evidence"] == "generator: WordPress"
    assert [row["value"] for row in sheet["contacts"]] == ["info@bakery.example"]
    assert url in console.get(f"/domains/{contact.domain_id}/").content.decode()


def test_the_person_of_a_contact_is_named_once_with_the_evidence(
    console: Client, contact: Contact
) -> None:
    person = {
        "name": "Anna Müller",
        "position": "Owner",
        "page_url": "https://bakery.example/team",
        "snippet": "Anna Müller, Owner",
        "method": "heading",
    }
    Contact.objects.update(person=person)
    page = console.get(f"/contacts/{contact.pk}/evidence/").content.decode()
    assert page.count("<dt>Person</dt>") == 1
    for text in ("Anna Müller, Owner", "https://bakery.example/team", "Heading"):
        assert text in page


def test_a_sheet_that_has_not_every_contact_says_so(
    console: Client, contact: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"/domains/{contact.domain_id}/evidence/"
    assert "has all of them" not in console.get(url).content.decode()
    monkeypatch.setattr(evidence, "MOST", 0)
    assert "has all of them" in console.get(url).content.decode()
    sheet = console.get(f"/api/v3/domains/{contact.domain_id}/evidence").json()
    assert (sheet["contacts"], sheet["is_truncated"]) == ([], True)


def test_a_sheet_that_has_not_every_technology_says_so(
    console: Client, contact: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Technology.objects.get()
    for name in ("Matomo", "Nginx"):
        Technology.objects.create(
            name=name,
            tenant=first.tenant,
            domain=first.domain,
            first_seen=first.first_seen,
            last_seen=first.last_seen,
        )
    for most, rest in ((3, False), (2, True)):
        monkeypatch.setattr(evidence, "MOST", most)
        sheet = console.get(f"/api/v3/domains/{contact.domain_id}/evidence").json()
        assert (len(sheet["technologies"]), sheet["has_more_technologies"]) == (most, rest)
        assert sheet["is_truncated"] is False
        page = console.get(f"/domains/{contact.domain_id}/evidence/").content.decode()
        link = '<a href="/technologies/domains/?domain=bakery.example">The list of technologies</a>'
        assert (link in page) is rest


def test_what_is_marked_wrong_has_no_evidence(console: Client, contact: Contact) -> None:
    url = f"/contacts/{contact.pk}/evidence/"
    assert url in console.get("/contacts/").content.decode()
    Contact.objects.update(is_wrong=True)
    assert console.get(url).status_code == 404
    assert "info@" not in console.get(f"/domains/{contact.domain_id}/evidence/").content.decode()


def test_a_domain_without_a_scan_has_a_sheet_that_says_so(
    console: Client, default_tenant: Tenant
) -> None:
    ensure_domains(tenant=default_tenant, hosts=["fresh.example"])
    page = console.get(f"/domains/{Domain.objects.get().pk}/evidence/").content.decode()
    assert "No scan of this domain is stored" in page


def test_the_person_of_a_contact_is_named_once(console: Client, contact: Contact) -> None:
    person = {
        "name": "Anna Baker",
        "position": "Owner",
        "snippet": "Anna Baker, owner",
        "method": "json_ld",
        "page_url": PAGE,
    }
    Contact.objects.filter(pk=contact.pk).update(person=person)
    page = console.get(f"/contacts/{contact.pk}/evidence/").text
    assert page.count("<dt>Person</dt>") == 1
    assert "Anna Baker, Owner" in page
