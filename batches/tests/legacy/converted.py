"""Run conversions in tests, and read both sides."""

from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import Model

from batches.legacy import conversion, reversal
from batches.legacy.conversion import ConversionOptions, Outcome
from batches.legacy.verification import Verdict
from batches.models import Batch, Job
from batches.tests.legacy.legacy_schema import TABLES
from scans.models import Contact, Domain, Page, Sitemap, Technology
from scrapersky.tenants.models import Membership, Tenant, User

MODELS: tuple[type[Model], ...] = (
    *(Tenant, User, Membership, Batch, Job),
    *(Domain, Contact, Technology, Sitemap, Page),
)
State = dict[str, list[dict[str, Any]]]


def convert(**options: Any) -> Outcome:
    return conversion.convert(connection, apps, options=ConversionOptions(**options))


def check() -> Verdict:
    return conversion.check(connection, apps)


def reverse_conversion() -> dict[str, int]:
    return reversal.reverse(connection, apps)


def spoil(number: int, change: str) -> None:
    """Install a trigger that changes a job on insertion, even if triggers are disabled."""
    statements = (
        "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF NEW.legacy_id = {number} THEN {change}; END IF; RETURN NEW; END $$",
        "CREATE TRIGGER spoil BEFORE INSERT ON batches_job FOR EACH ROW EXECUTE FUNCTION spoil()",
        "ALTER TABLE batches_job ENABLE ALWAYS TRIGGER spoil",
    )
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def state() -> State:
    """Return every row that a conversion could create or change."""
    return {
        model._meta.label: list(model._default_manager.order_by("pk").values()) for model in MODELS
    }


def older_rows(cursor: Any) -> list[Any]:
    """Return a checksum of each existing older table."""
    tables = []
    for table in TABLES:
        cursor.execute("SELECT to_regclass(%s)", [table])
        if cursor.fetchone()[0]:
            cursor.execute(
                f"SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table} t"
            )
            tables.append((table, *cursor.fetchone()))
    return tables
