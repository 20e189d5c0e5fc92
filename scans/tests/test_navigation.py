"""The page of a domain within the list that the user came from, and its parts."""

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from batches.services import create_batch
from batches.tests.outcomes import complete
from scans.domain_lists.services import add_domains, create_list
from scans.models import Domain, Sitemap
from scans.sitemap_tree import sitemap_tree
from scans.storage import url_hash
from scrapersky.tenants.models import Tenant

pytestmark = pytest.mark.django_db


def make(tenant: Tenant, host: str, **facts: Any) -> Domain:
    return Domain.objects.create(tenant=tenant, host=host, **facts)


def neighbours(client: Client, url: str) -> dict[str, str]:
    """Return rel -> host of the links to the previous and next domain."""
    body = client.get(url).text
    links = re.findall(r'<a rel="(prev|next)" href="/domains/([^/]+)/', body)
    return {rel: Domain.objects.get(pk=pk).host for rel, pk in links}


def test_previous_and_next_follow_the_filter_and_order_of_the_list(
    console: Client, default_tenant: Tenant, other_tenant: Tenant
) -> None:
    for host, verdict in (("a", "ok"), ("b", "parked"), ("c", "ok"), ("d", "ok")):
        make(default_tenant, f"{host}.example", verdict=verdict)
    make(other_tenant, "b2.example", verdict="ok")
    body = console.get("/domains/?verdict=ok&sort=host").text
    link = next(url for url in re.findall(r'href="(/domains/[^"]+)"', body) if "from=" in url)
    assert neighbours(console, link) == {"next": "c.example"}
    middle = Domain.objects.get(host="c.example")
    url = f"/domains/{middle.pk}/?from=domains%3Fverdict%3Dok%26sort%3D-host"
    assert neighbours(console, url) == {"prev": "d.example", "next": "a.example"}
    assert 'href="/domains/?verdict=ok&amp;sort=-host"' in console.get(url).text
    searched = f"/domains/{middle.pk}/?from=domains%3Fq%3Dexample%26sort%3Dhost"
    assert neighbours(console, searched) == {"prev": "b.example", "next": "d.example"}


def test_previous_and_next_follow_the_results_of_a_batch(
    console: Client, default_tenant: Tenant
) -> None:
    hosts = ["z.example", "a.example", "m.example"]
    batch = create_batch(tenant=default_tenant, created_by=None, domains=hosts)
    for job in batch.jobs.select_related("domain"):
        complete(job)
    body = console.get(f"/batches/{batch.pk}/").text
    links = re.findall(r'href="(/domains/[^"]+from=[^"]+)"', body)
    assert neighbours(console, links[1]) == {"prev": "z.example", "next": "m.example"}
    assert f'href="/batches/{batch.pk}/?sort=position"' in console.get(links[1]).text


def test_previous_and_next_follow_the_rows_of_other_lists_to_other_domains(
    console: Client, default_tenant: Tenant
) -> None:
    hosts = ["a.example", "b.example", "c.example"]
    batch = create_batch(tenant=default_tenant, created_by=None, domains=hosts)
    for job in batch.jobs.select_related("domain"):
        complete(job)
    body = console.get("/contacts/?kind=email").text
    links = [unescape(link) for link in re.findall(r'href="(/domains/[^"]+from=[^"]+)"', body)]
    assert len(links) == 3
    first, middle, last = (Domain.objects.get(pk=link.split("/")[2]).host for link in links)
    assert neighbours(console, links[1]) == {"prev": first, "next": last}
    page = console.get(links[1]).text
    assert 'href="/contacts/?kind=email' in page
    onwards = unescape(re.findall(r'rel="next" href="([^"]+)"', page)[0])
    assert neighbours(console, onwards) == {"prev": middle}
    phones = console.get("/contacts/?kind=phone").text  # two of each domain
    top = unescape(re.findall(r'href="(/domains/[^"]+from=[^"]+)"', phones)[0])
    assert set(neighbours(console, top)) == {"next"}


def test_links_of_a_filtered_list_to_people_are_left_alone(
    console: Client, default_tenant: Tenant
) -> None:
    make(default_tenant, "a.example", best_email="info@a.example")
    assert 'href="mailto:info@a.example"' in console.get("/domains/?q=a.example").text


def test_previous_and_next_follow_a_saved_list(console: Client, default_tenant: Tenant) -> None:
    for host in ("a.example", "b.example", "c.example"):
        make(default_tenant, host)
    saved = create_list(tenant=default_tenant, name="Leads & more", created_by=None)
    add_domains(saved, Domain.objects.exclude(host="b.example"), user=None)
    body = console.get(f"/lists/{saved.pk}/").text
    link = unescape(re.findall(r'href="(/domains/[^"]+from=[^"]+)"', body)[0])
    assert neighbours(console, link) == {"next": "c.example"}


@pytest.mark.parametrize(
    "origin", ["jobs?batch=x", "nonsense", "jobs", "domains?cursor=x&sort=x", "contacts", "lists"]
)
def test_an_origin_that_means_nothing_breaks_nothing(
    console: Client, default_tenant: Tenant, origin: str
) -> None:
    domain = make(default_tenant, "a.example")
    assert console.get(f"/domains/{domain.pk}/", {"from": origin, "at": "x"}).status_code == 200


def test_an_idn_is_shown_as_people_write_it_with_its_punycode(
    console: Client, default_tenant: Tenant
) -> None:
    domain = make(default_tenant, "xn--bcher-kva.example")
    body = console.get(f"/domains/{domain.pk}/").text
    assert "<title>bücher.example" in body
    assert '<small class="text-secondary">xn--bcher-kva.example</small>' in body
    url, now = f"https://{domain.host}/sitemap.xml", timezone.now()
    seen: dict[str, Any] = {"url": url, "url_hash": url_hash(url), "first_seen": now}
    Sitemap.objects.create(tenant=default_tenant, domain=domain, last_seen=now, **seen)
    rows = console.get("/sitemaps/").text
    assert 'title="xn--bcher-kva.example">bücher.example</a>' in rows


def test_every_list_of_results_can_be_reached(console: Client) -> None:
    assert 'href="/scans/">Scans</a>' in console.get("/domains/").text
    assert 'href="/sitemaps/">Sitemaps</a>' in console.get("/pages/").text
    body = console.get("/technologies/").text
    assert 'href="/technologies/domains/">Technologies by domain</a>' in body
    assert 'href="/actions/"' in body


def test_sitemaps_form_a_tree_and_the_page_says_what_was_read(
    console: Client, default_tenant: Tenant, django_assert_max_num_queries: Any
) -> None:
    job = create_batch(tenant=default_tenant, created_by=None, domains=["a.example"]).jobs.get()
    domain: Any = complete(job, sitemaps=()).domain
    now = job.created_at
    for name, parent, error in (("index", "", ""), ("b", "index", ""), ("c", "index", "Broken.")):
        url = f"https://a.example/{name}.xml"
        Sitemap.objects.create(
            tenant=default_tenant,
            domain=domain,
            url=url,
            url_hash=url_hash(url),
            kind="index" if name == "index" else "" if error else "urlset",
            parent_url=parent and f"https://a.example/{parent}.xml",
            url_count=2,
            error=error,
            first_seen=now,
            last_seen=now,
        )
    body = console.get(f"/domains/{domain.pk}/").text
    assert "Read 2 of 3 sitemaps, with 2 URLs." in body
    assert body.count('<ul class="sitemap-tree">') == 2


def test_sitemaps_that_name_each_other_are_all_shown() -> None:
    rows = [Sitemap(url="a", parent_url="b"), Sitemap(url="b", parent_url="a")]
    (top,) = sitemap_tree(rows)
    assert [branch.row.url for branch in top.branches] == ["a"]


def test_pages_are_filtered_by_url_type_and_place(console: Client, default_tenant: Tenant) -> None:
    job = create_batch(tenant=default_tenant, created_by=None, domains=["a.example"]).jobs.get()
    domain: Any = complete(job).domain
    domain.pages.filter(url__endswith="/contact").update(is_linked=True)
    for query, shown in (("find=CONT", True), ("where=linked", True), ("where=gone", False)):
        body = console.get(f"/domains/{domain.pk}/?{query}").text
        assert ("https://a.example/contact</a>" in body) is shown
        assert ">https://a.example/</a></td>" not in body.partition('id="pages"')[2]
