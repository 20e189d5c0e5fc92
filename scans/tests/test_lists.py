"""The lists of results: every filter, every order, paging in both directions, and host search."""

import re
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.utils import timezone

from batches.models import Batch, BatchRow, Job
from scans.lists import DOMAINS, TECHNOLOGY_NAMES
from scans.models import (
    Contact,
    Domain,
    DomainList,
    Page,
    Scan,
    Sitemap,
    Technology,
    TechnologyCount,
)
from scans.services import ensure_domains
from scans.storage import url_hash
from scrapersky.tenants.models import Tenant, User
from scrapersky.web.lists import ListDefinition, ListQuery, all_lists, get_list
from scrapersky.web.lists.definition import value_or_none

pytestmark = pytest.mark.django_db
LISTS = all_lists()
OF_DOMAINS = ("contacts", "pages", "technologies", "sitemaps", "scans", "jobs")
MOST_PAGES = 40
# Characters that quote, separate or match any text in one of the databases' own search syntaxes.
SIGNS = ("\\", "'", '"', "@", "*", "%", ":", "(")


def query(definition: ListDefinition, user: User, **params: str | list[str]) -> ListQuery:
    query_dict = QueryDict(mutable=True)
    for name, value in params.items():
        query_dict.setlist(name, [value] if isinstance(value, str) else value)
    return ListQuery(definition, query_dict, user)


def hosts(user: User, **params: str | list[str]) -> list[str]:
    matching = query(DOMAINS, user, **params)
    assert matching.errors == {}
    return [row.host for row in matching.page(DOMAINS.columns).rows]


@pytest.fixture
def results(default_tenant: Tenant, other_tenant: Tenant) -> None:
    """Thirty domains with results of every kind, and one of another tenant."""
    now = timezone.now()
    names = ["shop.example.com", "example.org", "exam.co.uk", "xn--bcher-kva.example"]
    names += [f"s{number}.site.test" for number in range(26)]
    for tenant, some in ((default_tenant, names), (other_tenant, ["foreign.example"])):
        ids = ensure_domains(tenant=tenant, hosts=some)
        for number, pk in enumerate(ids.values()):
            common = {"tenant": tenant, "domain_id": pk, "first_seen": now, "last_seen": now}
            url = f"https://host{number}.example/contact"
            Contact.objects.create(kind="email", value=f"a{number}@example.com", **common)
            Technology.objects.create(name="WordPress", version="6.4.1", category="cms", **common)
            Page.objects.create(url=url, url_hash=url_hash(url), page_type="contact", **common)
            Sitemap.objects.create(url=url, url_hash=url_hash(url), kind="urlset", **common)
            Scan.objects.create(
                tenant=tenant,
                domain_id=pk,
                verdict="ok",
                report={},
                started_at=now - timedelta(seconds=number),
                finished_at=now,
            )
            Job.objects.create(
                tenant=tenant, domain_id=pk, status="complete", finished_at=now, started_at=now
            )
            DomainList.objects.create(tenant=tenant, name=f"List {number}", domain_count=number)
            batch = Batch.objects.create(tenant=tenant, name=f"Batch {some[0]}", total=1)
            BatchRow.objects.create(batch=batch, position=0, line=2, domain_id=pk, values=["exam"])
            if number % 2:
                Domain.objects.filter(pk=pk).update(
                    last_scanned_at=now - timedelta(days=number),
                    page_count=number % 3,
                    status="scanned" if number % 4 == 1 else "unscanned",
                )
        TechnologyCount.objects.create(
            tenant=tenant, name="WordPress", domain_count=len(ids), counted_at=now
        )


def in_order(values: list[Any], *, is_descending: bool) -> bool:
    """Return whether numbers and times are sorted, and come before rows without one."""
    present = [value for value in values if value is not None]
    if any(isinstance(value, str) for value in present):
        return True  # the database sorts texts
    missing = len(values) - len(present)
    return values == sorted(present, reverse=is_descending) + [None] * missing


@pytest.mark.parametrize("definition", LISTS, ids=lambda item: item.name)
def test_every_order_shows_every_row_once_and_leads_back(
    definition: ListDefinition, results: None, user: User
) -> None:
    for sort in definition.sorts:
        for name in (sort.name, f"-{sort.name}"):
            list_query = query(definition, user, sort=name)
            ids, pages, values = [], [], []
            cursor = ""
            for number in count():
                assert number < MOST_PAGES
                page = list_query.page(definition.columns, size=7, cursor=cursor)
                pages.append([row.pk for row in page.rows])
                ids += pages[-1]
                values += [value_or_none(row, list_query.order.sort.fields[0]) for row in page.rows]
                cursor = page.next
                if not cursor:
                    break
            assert len(ids) == len(set(ids)) == list_query.count().rows
            assert in_order(values, is_descending=list_query.order.is_descending)
            previous = page.previous
            for expected in reversed(pages[:-1]):
                page = list_query.page(definition.columns, size=7, cursor=previous)
                assert [row.pk for row in page.rows] == expected
                previous = page.previous
            assert previous == ""


@pytest.mark.parametrize("definition", LISTS, ids=lambda item: item.name)
def test_every_filter_can_be_read_and_run_in_every_order(
    definition: ListDefinition, results: None, user: User
) -> None:
    for item in definition.filters:
        typed = ["7d", "5", "DE", str(user.pk), "exam", *SIGNS]
        texts = [value for value, _ in item.choices] or typed
        ran = 0
        for text in texts:
            list_query = query(definition, user, **{item.name: text})
            if not list_query.errors:
                list_query.page(definition.columns)
                list_query.count()
                ran += 1
            for order in () if list_query.errors or text not in SIGNS else list_query.sorts:
                by = {item.name: text, "sort": order.name}
                query(definition, user, **by).page(definition.columns)
        assert ran, f"{definition.name}: no value for {item.name}"


@pytest.mark.parametrize("definition", LISTS, ids=lambda item: item.name)
def test_a_list_reads_a_constant_number_of_queries(
    definition: ListDefinition,
    results: None,
    console: Client,
    django_assert_max_num_queries,
) -> None:
    console.get(definition.url)
    columns = ",".join(column.name for column in definition.columns)
    with django_assert_max_num_queries(24):
        page = console.get(definition.url, {"columns": columns})
    assert page.status_code == 200
    assert page.content.decode().count("<tr id=") >= (1 if definition is TECHNOLOGY_NAMES else 30)


@pytest.mark.parametrize("definition", LISTS, ids=lambda item: item.name)
def test_no_list_shows_rows_of_another_tenant(
    definition: ListDefinition, results: None, user: User, stranger: User, console: Client
) -> None:
    mine = {row.pk for row in query(definition, user).page(definition.columns).rows}
    theirs = {row.pk for row in query(definition, stranger).page(definition.columns).rows}
    assert mine
    assert theirs
    assert not mine & theirs
    assert query(definition, stranger).count().rows == len(theirs) == 1
    assert "foreign.example" not in console.get(definition.url).content.decode()


def test_a_superuser_sees_all_tenants_page_by_page(results: None, user: User) -> None:
    user.is_superuser = True
    user.save()
    list_query = query(DOMAINS, user)
    count, cursor = 0, ""
    for _ in range(MOST_PAGES):
        page = list_query.page(DOMAINS.columns, size=4, cursor=cursor)
        count, cursor = count + len(page.rows), page.next
        if not cursor:
            break
    assert count == list_query.count().rows == 31


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("example", ["example.org", "shop.example.com", "xn--bcher-kva.example"]),
        ("exam.", ["exam.co.uk"]),
        ("shop.exam", ["shop.example.com"]),
        ("SHOP", ["shop.example.com"]),
        (".org", ["example.org"]),
        ("*.co.uk", ["exam.co.uk"]),
        ("example.com", ["shop.example.com"]),
        ("https://www.example.org/imprint?x=1", ["example.org"]),
        ("info@example.org", ["example.org"]),
        ("Jane Doe <INFO@Example.org>", ["example.org"]),
        ("mailto:info@example.org", ["example.org"]),
        ("bücher.example", ["xn--bcher-kva.example"]),
        ("xn--bcher", ["xn--bcher-kva.example"]),
        ("ample", []),
        ("%", []),
        ("'", []),
        ('"', []),
        ("\\", []),
    ],
)
def test_a_host_is_searched_by_beginning_label_and_ending(
    results: None, user: User, text: str, expected: list[str]
) -> None:
    assert hosts(user, q=text) == expected


@pytest.mark.parametrize("text", ["@", "*", "<>@"])
def test_a_search_without_a_host_matches_every_domain_in_every_order(
    results: None, user: User, text: str
) -> None:
    assert len(hosts(user, q=text)) == len(hosts(user, q=text, sort="-last_scanned_at")) == 30


def test_hosts_that_begin_with_a_search_come_first_in_their_order(
    default_tenant: Tenant, user: User
) -> None:
    ensure_domains(tenant=default_tenant, hosts=["a.zoo.de", "b.zoo.de", "zoo.de", "zoo-2.de"])
    expected = ["zoo-2.de", "zoo.de", "a.zoo.de", "b.zoo.de"]
    assert hosts(user, q="zoo") == expected
    assert hosts(user, q="zoo", sort="-host") == [*expected[1::-1], *expected[:1:-1]]
    list_query = query(DOMAINS, user, q="zoo")
    first = list_query.page(DOMAINS.columns, size=2)
    second = list_query.page(DOMAINS.columns, size=2, cursor=first.next)
    assert [row.host for row in (*first.rows, *second.rows)] == expected
    back = list_query.page(DOMAINS.columns, size=2, cursor=second.previous)
    assert [row.host for row in back.rows] == expected[:2]


def test_an_order_that_an_index_has_only_with_a_filter_is_offered_only_there(
    results: None, user: User, console: Client
) -> None:
    batch = {"batch": str(Batch.objects.all()[0].pk)}
    domain = {"domain": "example.org"}
    orders = [("jobs", "position", batch), ("contacts", "domain", batch)]
    orders += [("contacts", "value", {"value": "a1"}), ("contacts", "domain", {"words": "wine"})]
    orders += [("pages", "domain", {"url": "https://host"})]
    for name, order, needs in [*orders, *((name, "domain", domain) for name in OF_DOMAINS)]:
        definition = get_list(name)
        assert query(definition, user, sort=order).sort == definition.default_sort
        assert query(definition, user, **needs).sort == order
        path = "technologies/domains" if name == "technologies" else name
        assert console.get(f"/api/v3/{path}", {"sort": order}).status_code == 422
        assert console.get(f"/api/v3/{path}", {"sort": order, **needs}).status_code == 200


def test_the_contacts_of_a_batch_keep_their_order_in_a_search_by_domain(
    default_tenant: Tenant, user: User
) -> None:
    domains = ensure_domains(tenant=default_tenant, hosts=["b.example", "c.b.example", "b.a.b.de"])
    batch = Batch.objects.create(tenant=default_tenant, name="One", total=3)
    seen = {"first_seen": timezone.now(), "last_seen": timezone.now()}
    for host, pk in domains.items():
        Job.objects.create(tenant=default_tenant, batch=batch, domain_id=pk, position=len(host))
        Contact.objects.create(
            tenant=default_tenant, domain_id=pk, kind="email", value=f"a@{host}", **seen
        )
    contacts = get_list("contacts")
    for sort in ("domain", "-domain"):
        found = query(contacts, user, batch=str(batch.pk), domain="b", sort=sort)
        ids = [row.domain_id for row in found.page(contacts.columns).rows]
        assert ids == sorted(domains.values(), reverse=sort.startswith("-"))


@pytest.mark.parametrize("name", OF_DOMAINS)
@pytest.mark.parametrize("order", ["domain", "-domain"])
def test_what_a_search_by_domain_finds_comes_domain_by_domain(
    results: None, user: User, default_tenant: Tenant, name: str, order: str
) -> None:
    definition = get_list(name)
    expected = Domain.objects.filter(tenant=default_tenant, host__startswith="s")
    list_query = query(definition, user, domain="s", sort=order)
    pages: list[list[str]] = []
    cursor = ""
    while not pages or cursor:
        page = list_query.page(definition.columns, size=4, cursor=cursor)
        pages.append([row.domain.host for row in page.rows])
        cursor = page.next
    in_order = expected.order_by("host" if order == "domain" else "-host")
    assert [host for hosts in pages for host in hosts] == [row.host for row in in_order]
    for hosts_before in reversed(pages[:-1]):
        page = list_query.page(definition.columns, size=4, cursor=page.previous)
        assert [row.domain.host for row in page.rows] == hosts_before
    assert page.previous == ""


def test_the_contacts_of_a_domain_come_newest_first_on_every_page(
    results: None, user: User
) -> None:
    definition = get_list("contacts")
    first = Contact.objects.get(domain__host="s1.site.test")
    seen = {"first_seen": timezone.now(), "last_seen": timezone.now()}
    for number in range(4):
        Contact.objects.create(
            tenant=first.tenant, domain=first.domain, kind="phone", value=f"+49{number}", **seen
        )
    list_query = query(definition, user, domain="s1.site.test")
    newest = list(Contact.objects.filter(domain=first.domain).order_by("-pk"))
    page = list_query.page(definition.columns, size=3)
    after = list_query.page(definition.columns, size=3, cursor=page.next)
    assert [*page.rows, *after.rows] == newest
    assert list_query.page(definition.columns, size=3, cursor=after.previous).rows == page.rows


def test_a_batch_is_searched_by_words_of_its_name_and_by_its_id(user: User, results: None) -> None:
    batch = Batch.objects.filter(tenant__memberships__user=user)[0]
    Batch.objects.filter(pk=batch.pk).update(name="Spring-list (O'Hara): Bücher")
    for text in ("spring", "LIST spr", "o'hara", "büch", "hara list", str(batch.pk)):
        matching = query(get_list("batches"), user, q=text).page(get_list("batches").columns).rows
        assert [row.pk for row in matching] == [batch.pk], text
    assert query(get_list("batches"), user, q="ring").count().rows == 0


def test_pages_are_searched_by_the_beginning_of_their_urls(results: None, user: User) -> None:
    definition, long = get_list("pages"), "https://long.example/" + "a" * 100
    domain = Domain.objects.get(host="example.org")
    seen = {"first_seen": timezone.now(), "last_seen": timezone.now()}
    for url in (f"{long}b", f"{long}c", "https://long.example/100%_[a]*"):
        Page.objects.create(
            tenant=domain.tenant, domain=domain, url=url, url_hash=url_hash(url), **seen
        )
    counts = {"https://long.example": 3, long: 2, f"{long}b": 1, f"{long}d": 0, "long.example": 0}
    counts |= {"https://long.example/100%_[a]*": 1, "https://long.example/1%": 0}
    for text, expected in counts.items():
        list_query = query(definition, user, url=text)
        assert len(list_query.page(definition.columns).rows) == expected, text


def test_a_search_by_url_lists_the_host_in_it_first_and_then_others_domain_by_domain(
    default_tenant: Tenant, user: User
) -> None:
    ids = ensure_domains(tenant=default_tenant, hosts=["a.example", "shop.example", "shop2.test"])
    urls = [
        ("a.example", "https://shop.example/from-a"),
        ("a.example", "https://a.example/"),
        ("shop.example", "https://www.shop.example/x"),
        ("shop.example", "https://shop.example/y"),
        ("shop2.test", "https://shop2.test/z"),
    ]
    seen = {"first_seen": timezone.now(), "last_seen": timezone.now()}
    for host, url in urls:
        Page.objects.create(
            tenant=default_tenant, domain_id=ids[host], url=url, url_hash=url_hash(url), **seen
        )
    expected = {
        "https://shop": ["y", "z", "from-a"],
        "https://www.shop": ["x"],
        "https://shop.example/f": ["from-a"],
        "https://": ["", "from-a", "y", "x", "z"],
        "http": ["", "from-a", "y", "x", "z"],
        "https://shop.example:443": [],
        "shop": [],
    }
    for text, paths in expected.items():
        list_query = query(get_list("pages"), user, url=text)
        found: list[str] = []
        cursor = ""
        while not found or cursor:
            page = list_query.page((), size=2, cursor=cursor)
            found += [row.url.rpartition("/")[2] for row in page.rows]
            if not (cursor := page.next):
                break
        assert found == paths, text
        assert list_query.count().rows == len(paths), text


def test_a_search_for_contacts_lists_them_by_value(results: None, user: User) -> None:
    contacts = get_list("contacts")
    for sort in ("", "-value"):
        list_query = query(contacts, user, value="a1", **({"sort": sort} if sort else {}))
        first = list_query.page(contacts.columns, size=4)
        second = list_query.page(contacts.columns, size=40, cursor=first.next)
        values = [row.value for row in (*first.rows, *second.rows)]
        assert len(values) == list_query.count().rows == 11
        assert values == sorted(values, reverse=bool(sort))


def test_words_of_title_and_description_are_searched_by_their_beginnings(
    results: None, user: User
) -> None:
    Domain.objects.filter(host="example.org").update(title="Fine wines", description="Bücher & Ä")
    assert hosts(user, words="wine") == ["example.org"]
    assert hosts(user, words="FINE büch") == ["example.org"]
    assert hosts(user, words="fine beer") == []
    Domain.objects.filter(host="example.org").update(title="Beer", description="")
    assert hosts(user, words="wine") == []
    Job.objects.filter(domain__host="example.org").delete()
    Domain.objects.filter(host="example.org").delete()
    assert hosts(user, words="beer") == []


def test_filters_are_combined_with_and_and_their_values_with_or(results: None, user: User) -> None:
    Domain.objects.filter(host="example.org").update(verdict="ok", language="de")
    Domain.objects.filter(host="exam.co.uk").update(verdict="parked", language="en")
    assert hosts(user, verdict=["ok", "parked"]) == ["exam.co.uk", "example.org"]
    assert hosts(user, verdict=["ok", "parked"], language="de") == ["example.org"]


def test_a_technology_is_filtered_by_name_and_version(results: None, user: User) -> None:
    Technology.objects.filter(domain__host="example.org").update(version="5.9")
    assert hosts(user, technology="WordPress@5", tld="org") == ["example.org"]
    assert hosts(user, technology="WordPress@6", tld="org") == []
    assert hosts(user, no_technology="WordPress") == []
    assert hosts(user, no_technology="WordPress@6") == ["example.org"]


def test_a_filter_that_excludes_leaves_out_what_has_any_of_its_values(
    results: None, user: User
) -> None:
    Technology.objects.filter(domain__host="example.org").update(name="Shopify")
    Technology.objects.filter(domain__host="exam.co.uk").delete()
    both = hosts(user, no_technology=["WordPress", "Shopify"])
    assert both == ["exam.co.uk"]
    assert hosts(user, no_technology="WordPress") == ["exam.co.uk", "example.org"]
    assert len(hosts(user, no_technology="Shopify")) == 29


def test_several_values_of_a_text_filter_can_be_typed(results: None, console: Client) -> None:
    url = "/domains/?technology=WordPress&technology=Shopify"
    page = console.get(url).content.decode()
    inputs = re.findall(r'<input[^>]* name="technology"[^>]*>', page)
    values = [re.search(r' value="([^"]*)"', text) for text in inputs]
    assert [match and match[1] for match in values] == ["WordPress", "Shopify", ""]


def test_a_value_that_cannot_be_read_is_reported_and_narrows_nothing(
    results: None, console: Client, user: User
) -> None:
    list_query = query(DOMAINS, user, verdict="nonsense", pages_min="-1", scanned_after="soon")
    assert list_query.errors.keys() == {"verdict", "pages_min", "scanned_after"}
    assert list_query.count().rows == 30
    page = console.get("/domains/", {"pages_min": "many"}).content.decode()
    assert "“many” is not a whole number" in page


def test_a_cursor_of_another_list_is_refused_with_a_message(results: None, console: Client) -> None:
    for cursor in ("x", "bm8", "WyIiLFsxXSxmYWxzZV0", "WyJhIixbXSxmYWxzZV0"):
        page = console.get("/domains/", {"cursor": cursor})
        assert page.status_code == 200
        assert "cursor is not one of this list" in page.content.decode()


def test_columns_are_stored_for_the_user(results: None, console: Client) -> None:
    console.post("/columns/domains/", {"column": ["host", "language"], "query": "verdict=ok"})
    page = console.get("/domains/").content.decode()
    assert "Language</th>" in page
    assert "Technologies</th>" not in page
    console.post("/columns/domains/", {"reset": "1"})
    assert "Technologies</th>" in console.get("/domains/").content.decode()


def test_the_count_is_a_fragment(results: None, console: Client) -> None:
    counted = console.get("/domains/count/", headers={"HX-Request": "true"})
    assert counted.content.decode().strip() == "30"


def test_a_page_without_scripts_counts_its_rows_on_request(results: None, console: Client) -> None:
    page = console.get("/domains/", {"q": "site.test"}).content.decode()
    assert '<noscript><a class="list-count" href="/domains/?q=site.test&amp;count=yes">' in page
    page = console.get("/domains/", {"q": "site.test", "count": "yes"}).content.decode()
    assert '<span class="list-count" id="list-count">26' in page
