"""What a search looks up in an index, PostgreSQL's planner does not search for row by row."""

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from scans import storage
from scans.lists import DOMAINS, PAGES
from scans.models import Page
from scans.services import ensure_domains
from scrapersky.tenants.models import Tenant, User
from scrapersky.web.lists import ListDefinition, ListQuery
from scrapersky.web.lists.deadline import deadline

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="reads PostgreSQL's plans"),
]


def plans(definition: ListDefinition, user: User, params: str) -> list[str]:
    """Return the plans of the queries that read the first page of a list."""
    query = ListQuery(definition, QueryDict(params), user)
    table = f'FROM "{definition.model._meta.db_table}"'
    with CaptureQueriesContext(connection) as queries:
        query.page([definition.columns[0]])
    with deadline(), connection.cursor() as cursor:
        rows = []
        for sql in (query["sql"] for query in queries if table in query["sql"]):
            cursor.execute(f"EXPLAIN {sql}")
            rows.append("\n".join(line for (line,) in cursor.fetchall()))
    return rows


@pytest.fixture
def many_domains(default_tenant: Tenant) -> None:
    hosts = [
        f"shop-{number}.example.{ending}" for number in range(3_000) for ending in ("de", "fr")
    ]
    ensure_domains(tenant=default_tenant, hosts=hosts)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE scans_domain")


def test_a_rare_label_is_looked_up_in_its_index(many_domains: None, user: User) -> None:
    _, rest = plans(DOMAINS, user, "q=zebra")
    assert "domain_labels" in rest


def test_hosts_with_a_common_ending_are_read_in_the_order_of_the_list(
    many_domains: None, user: User
) -> None:
    _, rest = plans(DOMAINS, user, "q=de")
    assert "Sort" not in rest


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
        (plan,) = plans(PAGES, user, f"url={rare}")
        assert "page_by_url" in plan
