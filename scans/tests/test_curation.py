"""Curation: statuses, tags and notes with user and time, which no scan resets."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone
from uuid_utils.compat import uuid7

from batches.services import initiate_scan
from batches.tests.outcomes import ENDED, complete, report_of
from conftest import member_of
from scans import curating, results
from scans.engine.report import PageEntry
from scans.latest_facts import SiteFailure, SiteResult
from scans.models import Contact, Domain, DomainTag, Page, Sitemap, Tag
from scrapersky.tenants.models import Membership, Tenant, User

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def domain(default_tenant: Tenant) -> Domain:
    """Return a scanned domain: with contacts, a sitemap and pages."""
    return scanned(default_tenant, "a.example")


def scanned(tenant: Tenant, host: str, **facts: Any) -> Domain:
    domain, _ = Domain.objects.get_or_create(tenant=tenant, host=host)
    complete(initiate_scan(domain), **facts)
    domain.refresh_from_db()
    return domain


def rows_of(domain: Domain) -> list[tuple[str, Any]]:
    """Return a row of each curatable kind, with its URL."""
    return [
        ("domains", domain),
        ("contacts", domain.contacts.get(kind="email")),
        ("pages", domain.pages.order_by("url")[0]),
        ("sitemaps", domain.sitemaps.get()),
    ]


def body_of(client: Client, url: str) -> str:
    return client.get(url).content.decode()


def test_the_admin_finds_tagged_domains_by_tag_or_domain(
    console: Client, user: User, default_tenant: Tenant, other_tenant: Tenant
) -> None:
    user.is_staff = True
    user.save()
    user.user_permissions.set(Permission.objects.all())
    for tenant, name in ((default_tenant, "Bakery"), (other_tenant, "sweets")):
        tag = Tag.objects.create(tenant=tenant, name=name)
        for host in ("sweets.example", "tools.example"):
            domain, _ = Domain.objects.get_or_create(tenant=tenant, host=host)
            if (name, host) != ("Bakery", "tools.example"):
                DomainTag.objects.create(domain=domain, tag=tag)
    for text, expected in (("bakery", 1), ("sweets", 1), ("tools", 0), ("", 1)):
        page: Any = console.get("/admin/scans/domaintag/", {"q": text})
        rows = page.context_data["cl"].result_list
        assert [row.tag.name for row in rows] == ["Bakery"] * expected


# Statuses


def test_one_click_sets_a_status_and_the_page_says_who_and_when(
    console: Client, user: User, domain: Domain
) -> None:
    for name, row in rows_of(domain):
        response = console.post(f"/{name}/{row.pk}/curation/", {"curation": "selected"})
        assert response.headers["Location"] == f"/domains/{domain.pk}/#row-{row.pk}"
        row.refresh_from_db()
        assert (row.curation, row.curated_by) == ("selected", user)
        assert timezone.now() - row.curated_at < timedelta(minutes=1)
    domains = "/domains/?columns=host,curation"
    for url in (f"/domains/{domain.pk}/", domains, "/contacts/", "/pages/", "/sitemaps/"):
        body = body_of(console, url)
        assert "Selected" in body
        assert "member, <time" in body


def test_the_current_status_is_marked_and_offers_the_way_back(
    console: Client, domain: Domain
) -> None:
    curating.set_curation(Domain.objects.filter(pk=domain.pk), curation="maybe", user=None)
    buttons = body_of(console, "/domains/?columns=host,curation").split('class="curate ')[1:]
    pressed = [button for button in buttons if 'aria-pressed="true"' in button]
    assert len(pressed) == 1
    assert pressed[0].startswith("curate-maybe")
    assert 'value="new"' in pressed[0]


def test_htmx_exchanges_the_control_alone(console: Client, domain: Domain) -> None:
    sent = {"curation": "archived"}
    response = console.post(f"/domains/{domain.pk}/curation/", sent, headers=HTMX)
    body = response.content.decode()
    assert body.startswith('<div class="curation">')
    assert "Archived" in body
    assert "<html" not in body


def test_a_click_leads_back_to_where_the_button_stood(console: Client, domain: Domain) -> None:
    contact = domain.contacts.get(kind="email")
    here = "/contacts/?kind=email&cursor=abc"
    for url, expected in ((here, here), ("https://evil.example/", f"/domains/{domain.pk}/")):
        sent = {"curation": "maybe", "next": url}
        response = console.post(f"/contacts/{contact.pk}/curation/", sent)
        assert response.headers["Location"] == f"{expected}#row-{contact.pk}"


@pytest.mark.parametrize("curation", ["", "nonsense", "Selected"])
def test_a_status_that_does_not_exist_changes_nothing(
    console: Client, domain: Domain, curation: str
) -> None:
    response = console.post(f"/domains/{domain.pk}/curation/", {"curation": curation}, follow=True)
    assert "Choose one of the curation statuses." in response.content.decode()
    domain.refresh_from_db()
    assert (domain.curation, domain.curated_at) == ("new", None)


def test_setting_a_status_again_keeps_who_set_it(user: User, domain: Domain) -> None:
    rows = Domain.objects.filter(pk=domain.pk)
    assert curating.set_curation(rows, curation="maybe", user=user) == 1
    assert curating.set_curation(rows, curation="maybe", user=None) == 0
    assert rows.get().curated_by == user


# Tags and notes


def tags_of(domain: Domain) -> list[str]:
    return list(domain.tags.order_by("name").values_list("name", flat=True))


def test_tags_are_added_by_commas_and_removed_one_by_one(
    console: Client, user: User, domain: Domain
) -> None:
    url = f"/domains/{domain.pk}/tags/"
    response = console.post(url, {"add": " to call ,  VIP, to call,"})
    assert response.headers["Location"] == f"/domains/{domain.pk}/#curation"
    assert tags_of(domain) == ["VIP", "to call"]
    assert {row.created_by for row in DomainTag.objects.all()} == {user}
    page = body_of(console, f"/domains/{domain.pk}/")
    assert "Remove the tag VIP" in page
    assert '<option value="to call">' in page
    console.post(url, {"remove": "to call"})
    assert tags_of(domain) == ["VIP"]


def test_a_tag_in_another_case_is_the_same_tag(console: Client, domain: Domain) -> None:
    console.post(f"/domains/{domain.pk}/tags/", {"add": "Größe"})
    console.post(f"/domains/{domain.pk}/tags/", {"add": "GRÖSSE, größe"})
    assert tags_of(domain) == ["Größe"]
    console.post(f"/domains/{domain.pk}/tags/", {"remove": "größe"})
    assert tags_of(domain) == []


def test_tags_belong_to_a_tenant_each(
    console: Client, domain: Domain, stranger: User, other_tenant: Tenant
) -> None:
    theirs = Domain.objects.create(tenant=other_tenant, host="b.example")
    console.post(f"/domains/{domain.pk}/tags/", {"add": "VIP"})
    curating.add_tags(Domain.objects.all(), ["VIP", "secret"], user=None)
    assert Tag.objects.count() == 4
    assert tags_of(theirs) == ["VIP", "secret"]
    assert {tag.tenant_id for tag in theirs.tags.all()} == {other_tenant.pk}
    assert curating.remove_tags(Domain.objects.filter(pk=theirs.pk), ["secret"]) == 1
    assert tags_of(domain) == ["VIP", "secret"]
    assert curating.tag_names(stranger) == ["VIP"]


@pytest.mark.parametrize("text", ["", " , ;", "x" * 65, ",".join(map(str, range(21)))])
def test_tags_that_cannot_be_are_refused_with_a_reason(
    console: Client, domain: Domain, text: str
) -> None:
    with pytest.raises(ValidationError):
        curating.read_tags(text)
    page = console.post(f"/domains/{domain.pk}/tags/", {"add": text}, follow=True)
    assert "alert-danger" in page.content.decode()
    assert not Tag.objects.exists()


def test_tags_are_suggested_in_the_filter_and_shown_in_the_list(
    console: Client, domain: Domain, default_tenant: Tenant, django_assert_max_num_queries: Any
) -> None:
    for number in range(20):
        Domain.objects.create(tenant=default_tenant, host=f"{number}.example")
    console.post(f"/domains/{domain.pk}/tags/", {"add": "VIP, to call"})
    curating.add_tags(Domain.objects.all(), ["everywhere"], user=None)
    Tag.objects.create(tenant=default_tenant, name="unused")
    with django_assert_max_num_queries(20):
        page = body_of(console, "/domains/?columns=title,tags,note")
    assert 'list="suggest-tag"' in page
    assert '<option value="to call">' in page
    assert "unused" not in page
    assert page.count("everywhere") == 22
    assert "20.example" not in body_of(console, "/domains/?tag=VIP")


def test_a_note_is_kept_with_who_wrote_it(console: Client, user: User, domain: Domain) -> None:
    url = f"/domains/{domain.pk}/note/"
    console.post(url, {"note": " Call\r\nagain <b>"})
    domain.refresh_from_db()
    assert (domain.note, domain.noted_by) == ("Call\nagain <b>", user)
    page = body_of(console, f"/domains/{domain.pk}/")
    assert "again &lt;b&gt;" in page
    assert not curating.set_note(domain, "Call\nagain <b>", user=None)
    assert (
        "at most 20,000" in console.post(url, {"note": "x" * 20_001}, follow=True).content.decode()
    )
    assert Domain.objects.get(pk=domain.pk).note == "Call\nagain <b>"


# What scans leave alone


def test_no_scan_resets_a_status_a_tag_or_a_note(user: User, domain: Domain) -> None:
    for _, row in rows_of(domain):
        curating.set_curation(type(row).objects.filter(pk=row.pk), curation="selected", user=user)
    curating.add_tags(Domain.objects.filter(pk=domain.pk), ["VIP"], user=user)
    curating.set_note(domain, "Call them", user=user)
    before = decisions()
    nothing = {"contacts": (), "technologies": (), "sitemaps": (), "pages": ()}
    rescan(domain, 1, title="Another title")
    rescan(domain, 2, **nothing)
    for model in (Page, Sitemap):
        assert not model.objects.filter(gone_at=None).exists()
    failure = SiteFailure(domain.pk, None, "tls_error")
    results.save([], [failure], now=ENDED + timedelta(days=3))
    rescan(domain, 4, pages=(PageEntry("https://a.example/", "sitemap"),))
    assert decisions() == before


def rescan(domain: Domain, days: int, **facts: Any) -> None:
    """Store a scan that ended some days after the first."""
    report = report_of(domain.host, **facts).as_dict()
    result = SiteResult(domain.tenant_id, domain.pk, None, report, uuid7())
    results.save([result], [], now=ENDED + timedelta(days=days))


def decisions() -> dict[str, Any]:
    names = ("pk", "curation", "curated_by", "curated_at")
    matching: dict[str, Any] = {
        model.__name__: list(model.objects.exclude(curation="new").order_by("pk").values(*names))
        for model in (Domain, Contact, Page, Sitemap)
    }
    assert all(len(rows) == 1 for rows in matching.values())
    matching["tags"] = list(DomainTag.objects.values())
    matching["notes"] = list(Domain.objects.values("note", "noted_by", "noted_at"))
    return matching


# Who may


def test_a_stranger_curates_nothing_and_a_viewer_is_offered_no_button(
    domain: Domain, stranger: User, default_tenant: Tenant
) -> None:
    viewer = member_of(default_tenant, "viewer")
    Membership.objects.filter(user=viewer).update(role=Membership.Role.VIEWER)
    addresses = [f"/{name}/{row.pk}/curation/" for name, row in rows_of(domain)]
    addresses += [f"/domains/{domain.pk}/tags/", f"/domains/{domain.pk}/note/"]
    sent = {"curation": "selected", "add": "VIP", "note": "Mine"}
    for user, status in ((stranger, 404), (viewer, 403)):
        client = Client()
        client.force_login(user)
        for url in addresses:
            assert client.post(url, sent).status_code == status
    page = client.get(f"/domains/{domain.pk}/").content.decode()
    for offer in ('class="curate ', 'id="add-tags"', 'id="note"'):
        assert offer not in page
    domain.refresh_from_db()
    assert (domain.curation, domain.note, tags_of(domain)) == ("new", "", [])
