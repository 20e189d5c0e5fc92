"""No column of the older system's dump is lost without notice."""

import csv
import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.management import call_command
from django.db import connection

from batches.legacy.columns import DROPPED, LOST, NOTHING_LIKE_IT, fate_of
from batches.models import LegacyId
from batches.tests.legacy.converted import check, convert
from batches.tests.legacy.legacy_database import create_tables, insert
from batches.tests.legacy.legacy_ids import TENANT, uid
from batches.tests.legacy.legacy_schema import ENUMS, TABLES, Age, Table, table_of
from scans.models import Contact, Domain, Page, Sitemap
from scrapersky.tenants.models import Membership

AGES: tuple[Age, ...] = ("old", "before", "after")
OURS = (
    *("tenants_tenant", "tenants_user", "tenants_membership", "batches_batch", "batches_job"),
    *("scans_domain", "scans_sitemap", "scans_page", "scans_contact", "scans_technology"),
    "batches_legacyid",
)
# One related row per table; all other columns get unique values.
FIXED: dict[str, dict[str, Any]] = {
    "tenants": {"id": TENANT, "name": "Mark of name"},
    "profiles": {"id": uid("e", 1), "tenant_id": TENANT, "role": "GLOBAL_ADMIN"},
    "batch_jobs": {"id": 987_654, "tenant_id": TENANT, "status": "completed"},
    "domains": {"id": uid("d", 1), "tenant_id": TENANT, "domain": "mark.example.com"},
    "jobs": {
        "id": 987_655,
        "tenant_id": str(TENANT),
        "status": "failed",
        "domain_id": uid("d", 1),
        "job_type": "odd type of job",
    },
    "sitemap_files": {
        "id": uid("5", 1),
        "domain_id": uid("d", 1),
        "url": "https://mark.example.com/sitemap.xml",
    },
    "sitemap_urls": {
        "id": uid("4", 1),
        "domain_id": uid("d", 1),
        "url": "https://mark.example.com/listed",
    },
    "pages": {
        "id": uid("3", 1),
        "domain_id": uid("d", 1),
        "url": "https://mark.example.com/page",
    },
    "contacts": {"id": uid("2", 1), "domain_id": uid("d", 1), "email": "mark@mark.example.com"},
}
# Values for columns with these names, whose values have a different form here.
STANDS_FOR = {"wordpress_version": "6.4.1", "elementor_version": "3.18.1", "priority_value": "0.37"}


def every_column() -> Iterator[tuple[str, str]]:
    for name in TABLES:
        for column in {column for age in AGES for column in table_of(name, age).columns}:
            yield name, column


@pytest.mark.parametrize(("table", "column"), sorted(every_column()))
def test_every_column_of_the_dump_is_carried_kept_or_dropped_for_a_reason(
    table: str, column: str
) -> None:
    fate = fate_of(table, column)
    assert fate.reason != NOTHING_LIKE_IT
    assert (fate.group == DROPPED) == bool(fate.reason)


def marked(table: Table, number: int) -> dict[str, Any]:
    """Return a row whose values are distinct from those of every other column."""
    row = dict(FIXED[table.name])
    for place, (column, kind) in enumerate(table.columns.items()):
        if column not in row:
            row[column] = mark(column, kind, number * 1_000 + place)
    return row


def mark(column: str, kind: str, number: int) -> Any:
    """Return a value of a column's type that no other column has."""
    base = kind.split()[0].split("(")[0].strip('"')
    if column in STANDS_FOR:
        return STANDS_FOR[column]
    if base in ENUMS:
        return ENUMS[base].split()[-1].replace("_a_", " a ")
    if base == "uuid":
        return UUID(int=uuid4().int)
    if base == "bool":
        return True
    if base == "jsonb":
        return json.dumps({f"mark-{number}": 1})
    if base.startswith("timestamp"):
        return f"2019-03-{number % 28 + 1:02d} 01:02:{number % 60:02d}.{number:06d}+00"
    if base in ("int", "float8", "numeric"):
        return 3 if base == "numeric" else 1_000_000 + number
    return [f"mark {number}"] if base == "text[]" or "[]" in kind else f"mark {number}"


def stored() -> str:
    """Return every row of this system as one text."""
    parts = []
    with connection.cursor() as cursor:
        for table in OURS:
            cursor.execute(
                f"SELECT coalesce(string_agg(to_jsonb(t)::text, ' '), '') FROM {table} t"
            )
            parts.append(cursor.fetchone()[0] or "")
    return " ".join(parts)


def traces(value: Any) -> list[str]:
    """Return the possible stored forms of a value."""
    if isinstance(value, list):
        return traces(value[0])
    text = str(value)
    if text.startswith("2019-"):
        return [text.removesuffix("+00").replace(" ", "T").rstrip("0"), text.removesuffix("+00")]
    if text.startswith("{"):
        return [text.strip("{}").partition(":")[0].strip('"')]
    return [text, text.lower()]


# Values without a stored form, and the test that covers them.
ELSEWHERE = {
    "tenant_id": "test_tenants_and_users_are_those_that_were_meant",
    "jobs.tenant_id_uuid": "test_the_note_on_a_tenant_says_where_its_rows_went",
    "profiles.role": "test_curation_roles_and_notes_are_carried_over",
    "batch_jobs.status": "test_statuses_become_those_of_this_system",
    "jobs.status": "test_statuses_become_those_of_this_system",
    "domains.status": "test_statuses_become_those_of_this_system",
    "domains.has_elementor": "test_the_facts_of_a_domain_become_its_own",
    "domains.is_wordpress": "test_the_facts_of_a_domain_become_its_own",
    "contacts.email_type": "test_a_contact_keeps_its_evidence",
}


@pytest.mark.parametrize("age", AGES)
def test_every_value_of_a_row_is_found_again(legacy: Any, age: Age) -> None:
    create_tables(legacy, age)
    rows = {}
    for number, name in enumerate(TABLES):
        rows[name] = marked(table_of(name, age), number)
        insert(legacy, age, name, rows[name])
    convert()
    text = stored()
    lost = [
        f"{name}.{column} = {value}"
        for name, row in rows.items()
        for column, value in row.items()
        if column not in LOST.get(name, {})
        and not {column, f"{name}.{column}"} & ELSEWHERE.keys()
        and not any(trace in text for trace in traces(value))
    ]
    assert lost == []
    assert check().faults == []


def test_curation_roles_and_notes_are_carried_over(legacy: Any) -> None:
    create_tables(legacy, "after")
    rows: dict[str, dict[str, Any]] = {
        "tenants": {"id": TENANT, "name": "Acme"},
        "profiles": {"id": uid("e", 1), "tenant_id": TENANT, "role": "SUPER_ADMIN"},
        "domains": FIXED["domains"]
        | {"sitemap_curation_status": "Not a Fit", "notes": "Call them", "status": "active"},
        "sitemap_files": FIXED["sitemap_files"]
        | {"deep_scrape_curation_status": "Archived", "tags": ["a", "b"], "notes": "Large"},
        "pages": FIXED["pages"]
        | {"title": "About", "description": "Us", "page_curation_status": "Skipped"},
        "contacts": FIXED["contacts"]
        | {
            "page_id": uid("3", 1),
            "contact_curation_status": "Complete",
            "hubspot_sync_status": "Selected",
            "phone_number": "+49 30 1234567",
            "name": "Ann",
        },
    }
    for name, row in rows.items():
        insert(legacy, "after", name, row)
    convert()
    assert Membership.objects.get(user_id=uid("e", 1)).role == "admin"
    domain = Domain.objects.get(pk=uid("d", 1))
    assert (domain.curation, domain.note) == ("not_a_fit", "Call them")
    assert Sitemap.objects.get().curation == "archived"
    assert Sitemap.objects.get().metadata == {"legacy": {"tags": ["a", "b"], "notes": "Large"}}
    page = Page.objects.get()
    assert page.metadata is not None
    assert page.curation == "not_a_fit"
    assert page.metadata["legacy"] == {
        "title": "About",
        "description": "Us",
        "page_curation_status": "Skipped",
    }
    contact = Contact.objects.get()
    assert (contact.curation, contact.page_url) == ("selected", "https://mark.example.com/page")
    assert contact.metadata is not None
    assert contact.metadata["legacy"] == {
        "page_id": str(uid("3", 1)),
        "name": "Ann",
        "phone_number": "+49 30 1234567",
        "hubspot_sync_status": "Selected",
        "contact_curation_status": "Complete",
    }
    assert LegacyId.objects.resolve("page", contact.metadata["legacy"]["page_id"]) == page.pk


def test_what_rows_kept_that_became_one_is_kept_of_each(legacy: Any) -> None:
    create_tables(legacy, "after")
    insert(legacy, "after", "domains", FIXED["domains"])
    for number, title in enumerate(("Older", "Newer")):
        when = f"2025-01-0{number + 1} 00:00:00+00"
        row = {"id": uid("3", number), "title": title, "created_at": when, "updated_at": when}
        insert(legacy, "after", "pages", FIXED["pages"] | row)
    convert()
    metadata = Page.objects.get().metadata
    assert metadata == {"legacy": {"title": "Newer"}, "merged": [{"title": "Older"}]}
    assert check().faults == []


def test_the_report_lists_every_column_and_the_output_those_that_are_dropped(
    legacy: Any, tmp_path: Path
) -> None:
    create_tables(legacy, "after")
    legacy.execute("CREATE TABLE local_businesses (id uuid, business_name text)")
    path, out = tmp_path / "report.csv", StringIO()
    insert(legacy, "after", "tenants", FIXED["tenants"])
    call_command("convert_legacy_batch_ids", "--dry-run", "--report", str(path), stdout=out)
    with path.open(newline="") as file:
        lines = [line for line in csv.DictReader(file) if line["what"] == "column"]
    listed = {(line["kind"], line["original"]) for line in lines}
    others = {("local_businesses", "id"), ("local_businesses", "business_name")}
    converted = {(name, c) for name in TABLES for c in table_of(name, "after").columns}
    assert listed == converted | others
    assert {line["how"] for line in lines if line["kind"] == "local_businesses"} == {DROPPED}
    assert {line["how"] for line in lines} == {"carried over", "kept in metadata", "dropped"}
    printed = out.getvalue()
    assert "carried over, " in printed
    assert "  tables that are not converted: local_businesses\n" in printed
    for table, reasons in LOST.items():
        for column, reason in reasons.items():
            assert f"{table}.{column} is dropped: {reason}" in printed
