"""Every planner uses the indexes of lists."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.utils import timezone

from scans import storage
from scans.lists import CONTACTS, DOMAINS, PAGES, SITEMAPS, related_rows
from scans.lists.related_rows import MOST
from scans.models import Contact, Domain, Page, Sitemap, Technology
from scans.services import ensure_domains
from scrapersky.tenants.models import Tenant, User
from scrapersky.web.lists import ListDefinition, ListQuery
from scrapersky.web.lists.deadline import deadline

pytestmark = pytest.mark.django_db
on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="its own plans")
on_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="its own plans")


def read_page(query: ListQuery) -> None:
    query.page([query.definition.columns[0]])


def plans(
    definition: ListDefinition,
    user: User,
    params: str,
    read: Callable[[ListQuery], Any] = read_page,
) -> list[str]:
    """Return the plans of the queries that read the first page of a list."""
    query = ListQuery(definition, QueryDict(params), user)
    table = f'FROM "{definition.model._meta.db_table}"'
    statements: list[tuple[str, Any]] = []

    def record(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if table in sql:
            statements.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(record):
        read(query)
    explain = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
    rows = []
    with deadline(), connection.cursor() as cursor:
        for sql, values in statements:
            cursor.execute(f"{explain} {sql}", values)
            rows.append("\n".join(str(line[-1]) for line in cursor.fetchall()))
    return rows


@pytest.fixture
def many_domains(default_tenant: Tenant) -> None:
    hosts = [
        f"shop-{number}.example.{ending}" for number in range(3_000) for ending in ("de", "fr")
    ]
    ensure_domains(tenant=default_tenant, hosts=hosts)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE scans_domain")


@pytest.fixture
def few_scanned(many_domains: None, default_tenant: Tenant) -> None:
    """A few of the domains are scanned, half of these with results."""
    scanned = Domain.objects.filter(tenant=default_tenant, host__startswith="shop-77")
    scanned.update(status="scanned", last_scanned_at=timezone.now())
    scanned.filter(host__endswith="de").update(
        page_count=3, best_email="a@a.example", best_phone="+4930123456", title="Zebras"
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE scans_domain")


ORDERS = {
    "page_count": "domain_by_page_count",
    "last_scanned_at": "domain_by_last_scan",
    "best_email": "domain_by_best_email",
    "best_phone": "domain_by_best_phone",
}


@pytest.mark.parametrize("sort", [sign + name for name in ORDERS for sign in ("", "-")])
def test_domains_without_results_are_read_without_a_sort(
    few_scanned: None, user: User, sort: str
) -> None:
    read = plans(DOMAINS, user, f"sort={sort}")
    (rest,) = [plan for plan in read if ORDERS[sort.removeprefix("-")] not in plan]
    # Domains without pages fill the first page of the ascending order alone.
    assert len(read) > 1 or sort == "page_count"
    assert "Sort" not in rest
    assert "TEMP B-TREE" not in rest


def test_few_domains_without_results_are_looked_up_by_their_status(
    many_domains: None, user: User
) -> None:
    Domain.objects.exclude(host__startswith="shop-77").update(status="scanned", page_count=3)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE scans_domain")
    query = ListQuery(DOMAINS, QueryDict("sort=-page_count"), user)
    last = query.order.segments()[-1]
    rows = query.rows.filter(last.condition).order_by(*last.fields)[:50]
    assert "domain_by_status" in rows.explain()


@on_postgresql
def test_a_new_domain_enters_only_the_indexes_that_lists_need_it_in(many_domains: None) -> None:
    entered = set()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexrelid::regclass::text, pg_get_expr(indpred, indrelid) FROM pg_index "
            "WHERE indrelid = 'scans_domain'::regclass"
        )
        for name, condition in cursor.fetchall():
            cursor.execute(f"SELECT EXISTS (SELECT FROM scans_domain WHERE {condition or 'true'})")
            entered |= {name} if cursor.fetchone()[0] else set()
    assert entered == {
        "scans_domain_pkey",
        "domain_once_a_tenant",
        "domain_by_first_seen",
        "domain_by_status",
        "domain_by_ending",
        "domain_labels",
    }


@on_postgresql
def test_words_are_looked_up_in_the_index_of_domains_with_words(
    few_scanned: None, user: User
) -> None:
    _, plan = plans(DOMAINS, user, "words=zebra")
    assert "domain_words" in plan


@on_postgresql
def test_words_that_many_domains_have_are_tested_in_the_order_of_the_list(
    many_domains: None, user: User
) -> None:
    Domain.objects.filter(host__contains="7").update(title="Zebras/Bücher")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE scans_domain")
    for definition in (DOMAINS, CONTACTS):
        *_, plan = plans(definition, user, "words=zebra")
        assert "domain_words" not in plan
    for words in ("zebra", "ZEB büch"):
        query = ListQuery(DOMAINS, QueryDict(f"words={words}"), user)
        page = query.page([DOMAINS.columns[0]])
        assert [row.host for row in page.rows] == list(
            query.rows.order_by("host").values_list("host", flat=True)[:50]
        )


@on_postgresql
@pytest.mark.parametrize(
    ("filled", "params", "index"),
    [
        ({"best_email": "a@a.example"}, "has_email=no", "domain_by_best_email"),
        ({"best_phone": "+4930123456"}, "has_phone=no", "domain_by_best_phone"),
        ({"page_count": 9}, "pages_max=5", "domain_by_page_count"),
        ({}, "pages_min=5", "domain_by_page_count"),
        ({}, "scanned_after=7d", "domain_by_last_scan"),
    ],
)
def test_few_scanned_domains_are_looked_up_whatever_they_have(
    many_domains: None, user: User, filled: dict[str, Any], params: str, index: str
) -> None:
    Domain.objects.update(status="scanned", **filled)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE scans_domain")
    (plan,) = plans(DOMAINS, user, params)
    assert index in plan


@on_postgresql
def test_hosts_that_begin_with_a_name_are_looked_up_in_their_unique_index(
    many_domains: None, user: User
) -> None:
    *_, rest = plans(DOMAINS, user, "q=shop-777.example.d")
    assert "domain_once_a_tenant" in rest
    assert "domain_by_ending" in rest


@on_postgresql
def test_a_rare_label_is_looked_up_in_its_index(many_domains: None, user: User) -> None:
    _, rest = plans(DOMAINS, user, "q=zebra")
    assert "domain_labels" in rest


@on_postgresql
def test_hosts_that_begin_with_a_search_are_read_in_the_order_of_the_list(
    many_domains: None, user: User
) -> None:
    (first,) = plans(DOMAINS, user, "q=shop")
    assert "domain_once_a_tenant" in first
    assert "Sort" not in first


@on_postgresql
def test_hosts_with_a_common_ending_are_read_in_the_order_of_the_list(
    many_domains: None, user: User
) -> None:
    _, rest = plans(DOMAINS, user, "q=de")
    assert "Sort" not in rest


@on_postgresql
def test_a_url_is_looked_up_by_its_beginning(default_tenant: Tenant, user: User) -> None:
    (domain,) = ensure_domains(tenant=default_tenant, hosts=["a.example"]).values()
    urls = [f"https://a.example/{number}" for number in range(3_000)]
    seen = {"first_seen": timezone.now(), "last_seen": timezone.now()}
    storage.upsert(
        Page,
        ("url", "url_hash"),
        [(url, storage.url_hash(url)) for url in urls],
        key=["domain_id", "url_hash"],
        constants={"tenant_id": default_tenant.pk, "domain_id": domain, **seen},
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE scans_page")
    for rare in ("https://a.example/77", f"https://a.example/77{'x' * 60}"):
        *_, rest = plans(PAGES, user, f"url={rare}")
        assert "page_by_url" in rest


@on_postgresql
def test_urls_on_the_hosts_of_a_prefix_are_read_in_the_order_of_domains(
    many_domains: None, user: User, default_tenant: Tenant
) -> None:
    ids = Domain.objects.filter(tenant=default_tenant).values_list("host", "pk")
    rows = [
        (pk, url, storage.url_hash(url))
        for host, pk in ids
        for url in (f"https://{host}/", f"https://{host}/contact")
    ]
    seen = {"first_seen": timezone.now(), "last_seen": timezone.now()}
    storage.upsert(
        Page,
        ("domain_id", "url", "url_hash"),
        rows,
        key=["domain_id", "url_hash"],
        constants={"tenant_id": default_tenant.pk, **seen},
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE scans_page")
    (first,) = plans(PAGES, user, "url=https://shop")
    assert "domain_once_a_tenant" in first


@pytest.fixture
def many_contacts(default_tenant: Tenant) -> None:
    (domain,) = ensure_domains(tenant=default_tenant, hosts=["a.example"]).values()
    seen = {"first_seen": timezone.now(), "last_seen": timezone.now()}
    storage.upsert(
        Contact,
        ("value",),
        [(f"info-{number}@a.example",) for number in range(3_000)],
        key=["domain_id", "kind", "value"],
        constants={"tenant_id": default_tenant.pk, "domain_id": domain, "kind": "email", **seen},
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE scans_contact")


@pytest.mark.parametrize("text", ["info-7", "info"])
def test_contacts_that_begin_with_a_search_are_read_in_the_order_of_their_values(
    many_contacts: None, user: User, text: str
) -> None:
    (plan,) = plans(CONTACTS, user, f"value={text}")
    assert "contact_by_value" in plan
    assert "Sort" not in plan
    assert "TEMP B-TREE" not in plan


@on_postgresql
def test_a_count_does_not_read_a_whole_table_before_its_first_row(
    many_domains: None, many_contacts: None, user: User
) -> None:
    (plan,) = plans(DOMAINS, user, "has_email=no", read=ListQuery.count)
    assert "Hash" not in plan


@on_sqlite
@pytest.mark.parametrize(
    ("definition", "params", "index"),
    [
        (DOMAINS, "status=failed", "domain_by_status"),
        (DOMAINS, "reason=dns_error", "domain_by_failure_reason"),
        (DOMAINS, "reason=dns_error&reason=tls_error", "domain_by_failure_reason"),
        (DOMAINS, "verdict=parked", "domain_by_verdict"),
        (DOMAINS, "language=de", "domain_by_language"),
        (DOMAINS, "curation=selected", "domain_by_curation"),
        (DOMAINS, "sitemaps=queued", "domain_by_sitemap_state"),
        (PAGES, "curation=selected", "page_by_curation"),
        (CONTACTS, "curation=maybe", "contact_by_curation"),
        (CONTACTS, "country=DE", "contact_by_country"),
    ],
)
def test_sqlite_uses_indexes_that_leave_a_common_value_out(
    many_domains: None, user: User, definition: ListDefinition, params: str, index: str
) -> None:
    *_, plan = plans(definition, user, params)  # after the one that counts a range
    assert f"USING INDEX {index}" in plan


@pytest.fixture
def many_sitemaps(default_tenant: Tenant) -> None:
    (domain,) = ensure_domains(tenant=default_tenant, hosts=["a.example"]).values()
    urls = [f"https://a.example/{number}.xml" for number in range(3_000)]
    seen = {"first_seen": timezone.now(), "last_seen": timezone.now()}
    storage.upsert(
        Sitemap,
        ("url", "url_hash", "url_count"),
        [(url, storage.url_hash(url), number) for number, url in enumerate(urls)],
        key=["domain_id", "url_hash"],
        constants={"tenant_id": default_tenant.pk, "domain_id": domain, **seen},
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE scans_sitemap")


@on_sqlite
@pytest.mark.parametrize(
    ("definition", "params"),
    [
        (SITEMAPS, "entries_min=5"),
        (DOMAINS, "tld=de"),
        (DOMAINS, "first_seen_after=7d"),
        (DOMAINS, "q=.de"),
    ],
)
def test_sqlite_sorts_no_wide_range_of_an_index(
    many_domains: None,
    many_sitemaps: None,
    user: User,
    definition: ListDefinition,
    params: str,
) -> None:
    *_, plan = plans(definition, user, params)
    assert "TEMP B-TREE FOR ORDER BY" not in plan


@on_sqlite
def test_sqlite_starts_from_the_domains_if_each_has_one_row(
    many_domains: None, user: User, default_tenant: Tenant
) -> None:
    seen = {"first_seen": timezone.now(), "last_seen": timezone.now()}
    Sitemap.objects.bulk_create(
        Sitemap(tenant=default_tenant, domain=domain, url_hash=b"1", **seen)
        for domain in Domain.objects.all()
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE scans_sitemap")
    *_, plan = plans(SITEMAPS, user, "domain=.de")
    assert plan.startswith("SEARCH scans_domain")
    assert "TEMP B-TREE FOR ORDER BY" not in plan


@on_sqlite
def test_sqlite_reads_a_narrow_range_of_an_index(many_domains: None, user: User) -> None:
    *_, plan = plans(DOMAINS, user, "tld=fi")
    assert "domain_by_ending" in plan


@on_sqlite
def test_sqlite_reads_the_range_of_the_order_itself(many_sitemaps: None, user: User) -> None:
    *_, plan = plans(SITEMAPS, user, "entries_min=5&sort=url_count")
    assert "sitemap_by_size (tenant_id=? AND url_count>?)" in plan


@on_postgresql
def test_many_domains_with_a_rare_technology_are_tested_in_the_order_of_the_list(
    many_domains: None, user: User, default_tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now()
    use = {"tenant": default_tenant, "name": "Drupal", "first_seen": now, "last_seen": now}
    domains = list(Domain.objects.filter(host__startswith="shop-77"))
    Technology.objects.bulk_create(Technology(domain=domain, **use) for domain in domains)
    monkeypatch.setattr(related_rows, "MANY", len(domains) - 1)
    for params, is_tested in (("technology=Drupal", True), ("technology=Drupal&q=shop", False)):
        *_, plan = plans(DOMAINS, user, params)
        assert (") IS TRUE" in plan) is is_tested
    query = ListQuery(DOMAINS, QueryDict("technology=Drupal"), user)
    hosts = [row.host for row in query.page((), size=1_000).rows]
    assert hosts == sorted(domain.host for domain in domains)


@pytest.mark.parametrize(
    "params", ["technology=Drupal@10", "category=CMS", "technology=Drupal&q=s"]
)
@pytest.mark.parametrize("is_few", [True, False])
def test_domains_that_use_a_rare_technology_are_read_first(
    many_domains: None,
    user: User,
    default_tenant: Tenant,
    monkeypatch: pytest.MonkeyPatch,
    params: str,
    is_few: bool,
) -> None:
    now = timezone.now()
    domain = Domain.objects.get(host="shop-7.example.de")
    use = {"tenant": default_tenant, "name": "Drupal", "category": "CMS", "version": "10.1"}
    Technology.objects.create(domain=domain, **use, first_seen=now, last_seen=now)
    monkeypatch.setitem(MOST, connection.vendor, 1 if is_few else 0)
    query = ListQuery(DOMAINS, QueryDict(params), user)
    assert [row.host for row in query.page(()).rows] == [domain.host]
    one_by_one = "CORRELATED" if connection.vendor == "sqlite" else "scans_technology"
    assert (one_by_one not in plans(DOMAINS, user, params)[-1]) is is_few
