"""What a search looks up in an index, PostgreSQL's planner does not search for row by row."""

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from scans.lists import DOMAINS
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
    hosts = [f"shop-{number}.example.{ending}" for number in range(3_000) for ending in ("de", "fr")]
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
