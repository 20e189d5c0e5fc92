"""SQLite's query planner knows the sizes of the tables."""

import pytest
from django.db import connection

from scans.services import ensure_domains
from scrapersky.tenants.models import Tenant
from scrapersky.web.lists.statistics import refresh_statistics

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has autovacuum"),
]
TABLE = "scans_domain"


@pytest.fixture(autouse=True)
def unknown_sizes(db: None) -> None:
    """Forget the counts of earlier tests: a rollback keeps those that were committed."""
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {TABLE}")  # creates sqlite_stat1
        cursor.execute("DELETE FROM sqlite_stat1")


def known_rows() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT max(CAST(stat AS integer)) FROM sqlite_stat1 WHERE tbl = %s", [TABLE]
        )
        return cursor.fetchone()[0]


def test_a_table_is_analysed_when_it_has_doubled(default_tenant: Tenant) -> None:
    ensure_domains(tenant=default_tenant, hosts=[f"a{n}.example" for n in range(20)])
    assert TABLE in refresh_statistics()
    assert known_rows() == 20
    ensure_domains(tenant=default_tenant, hosts=["b.example"])
    assert refresh_statistics() == []
    ensure_domains(tenant=default_tenant, hosts=[f"c{n}.example" for n in range(20)])
    assert refresh_statistics() == [TABLE]
    assert known_rows() == 41


def test_after_a_migration_every_table_is_analysed(default_tenant: Tenant) -> None:
    ensure_domains(tenant=default_tenant, hosts=["a.example"])
    refresh_statistics()
    assert TABLE in refresh_statistics(all_tables=True)


def test_the_minutes_housekeeping_keeps_the_statistics_current(default_tenant: Tenant) -> None:
    from batches.housekeeping import keep

    ensure_domains(tenant=default_tenant, hosts=[f"a{n}.example" for n in range(20)])
    keep()
    assert known_rows() == 20
