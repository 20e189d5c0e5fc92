"""Remove exactly the rows that the id map lists as created by conversions.

A row that this system's own rows refer to by now (a new job in a converted batch, a scan of a
converted domain) stays, together with its row of the map.
"""

from django.apps.registry import Apps
from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from batches.legacy import best_contacts, contacts_and_technologies, foreign_keys
from batches.legacy.context import Context, at_work
from batches.legacy.ids import sql_finding_id

# The models that conversions write.
MODELS = (
    "batches.LegacyId",
    "tenants.Tenant",
    "tenants.User",
    "tenants.Membership",
    "batches.Batch",
    "scans.Domain",
    "batches.Job",
    "scans.Contact",
    "scans.Technology",
    "scans.Sitemap",
    "scans.Page",
)
# Children before their parents.
CREATED = (
    ("contact", "scans.Contact"),
    ("page", "scans.Page"),
    ("sitemap", "scans.Sitemap"),
    ("job", "batches.Job"),
    ("domain", "scans.Domain"),
    ("batch", "batches.Batch"),
    ("user", "tenants.User"),
    ("tenant", "tenants.Tenant"),
)
REFERRING = """
SELECT c.conrelid::regclass::text, a.attname FROM pg_constraint c
JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
WHERE c.confrelid = to_regclass(%s) AND c.contype = 'f'"""
# A reference that is set to NULL when its batch is deleted; any other one keeps its row.
LATEST = ("scans_domain", "latest_batch_id")
GOING = """
SELECT DISTINCT m.uuid FROM {map} m JOIN {table} t ON t.id = m.uuid
WHERE m.kind = '{kind}' AND m.made {unless}"""
FINDINGS = """
DELETE FROM {table} f USING (SELECT DISTINCT uuid FROM {map} WHERE kind = 'domain') AS m
WHERE f.domain_id = m.uuid AND {imported} AND f.id = {id}"""
MEMBERSHIPS = """
DELETE FROM {table} f USING {map} m
WHERE m.kind = 'user' AND m.made AND f.user_id = m.uuid AND f.id = {id}"""
SPENT = """
DELETE FROM {map} m WHERE m.kind = '{kind}' AND NOT EXISTS (
    SELECT FROM {map} k JOIN {table} t ON t.id = k.uuid
    WHERE k.kind = '{kind}' AND k.made AND k.uuid = m.uuid)"""


def reverse(connection: BaseDatabaseWrapper, apps: Apps) -> dict[str, int]:
    """Remove the rows that conversions created; return the number by kind."""
    with transaction.atomic(using=connection.alias), at_work(connection, apps) as context:
        return _reverse(context)


def _reverse(context: Context) -> dict[str, int]:
    for model in MODELS:
        context.execute(f"ANALYZE {context.table(model)}")
    if contacts_and_technologies.has_counts(context):
        context.execute(f"DELETE FROM {contacts_and_technologies.COUNTS}")
    foreign_keys.relax(context)
    removed = {"finding": _remove_findings(context)}
    for kind, model in CREATED:
        if kind == "user":
            _remove_memberships(context)
        removed[kind] = _remove(context, kind, model)
    best_contacts.forget_removed(context)
    for kind, model in CREATED:
        context.execute(SPENT.format(map=context.map, kind=kind, table=context.table(model)))
    for model in MODELS:
        foreign_keys.check(context, model)
    foreign_keys.hold(context)
    return removed


def _remove_findings(context: Context) -> int:
    """Remove converted contacts and technologies that no scan has seen since."""
    contact = sql_finding_id("'contact'", "f.domain_id", "f.kind", "f.value")
    technology = sql_finding_id("'technology'", "f.domain_id", "f.name")
    imported = {
        "scans.Contact": (f"f.method = '{contacts_and_technologies.METHOD}'", contact),
        "scans.Technology": (f"f.evidence = '{contacts_and_technologies.EVIDENCE}'", technology),
    }
    return sum(
        context.execute(
            FINDINGS.format(
                map=context.map, table=context.table(model), imported=test, id=finding_id
            )
        )
        for model, (test, finding_id) in imported.items()
    )


def _remove_memberships(context: Context) -> None:
    finding_id = sql_finding_id("'membership'", "f.user_id", "f.tenant_id")
    table = context.table("tenants.Membership")
    context.execute(MEMBERSHIPS.format(map=context.map, table=table, id=finding_id))


def _remove(context: Context, kind: str, model: str) -> int:
    """Remove the rows of a kind that have no references."""
    table = context.table(model)
    referring = [pair for pair in context.rows(REFERRING, [table]) if pair != LATEST]
    unless = " ".join(
        f'AND NOT EXISTS (SELECT FROM {child} c WHERE c."{column}" = t.id)'
        for child, column in referring
    )
    context.create("going", GOING.format(map=context.map, table=table, kind=kind, unless=unless))
    if kind == "batch":
        child, column = LATEST
        context.execute(
            f"UPDATE {child} c SET {column} = NULL FROM going g WHERE c.{column} = g.uuid"
        )
    return context.execute(f"DELETE FROM {table} t USING going g WHERE t.id = g.uuid")
