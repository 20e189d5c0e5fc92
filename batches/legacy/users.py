"""Convert profiles to users who cannot log in and are members of their tenant."""

from dataclasses import replace

from batches.legacy import id_map
from batches.legacy.context import Context
from batches.legacy.ids import sql_embedded_uuid, sql_finding_id
from batches.legacy.rows import Keys, join_term, keep_existing, load, read_terms
from batches.legacy.target import Rows, insert_and_compare
from batches.legacy.tenants import DEFAULT_TENANT

KEYS = Keys("user", "old_profiles o LEFT JOIN ref_tenant rt ON rt.ref = o.tenant_id")
FACTS = {
    "email": "btrim(coalesce(o.email, ''))",
    "name": "btrim(coalesce(o.full_name, o.name, ''))",
    "tenant": f"coalesce(rt.uuid, '{DEFAULT_TENANT}')",
    "role": "o.role",
}
_TAKEN = (
    "(r.place > 1 OR EXISTS (SELECT FROM {users} u WHERE u.username = r.login AND u.id <> r.uuid))"
)
USERS = Rows(
    model="tenants.User",
    columns={
        "id": "r.uuid",
        "username": f"CASE WHEN {_TAKEN} THEN r.login || '-' || r.uuid ELSE r.login END",
        "email": "CASE WHEN length(r.email) <= 254 THEN r.email ELSE '' END",
        "first_name": "left(r.name, 150)",
        "last_name": "''",
        "password": "'!imported'",
        "is_active": "false",
        "is_staff": "false",
        "is_superuser": "false",
        "date_joined": "coalesce(r.created, '1970-01-01 00:00Z')",
    },
    source="(SELECT *, row_number() OVER (PARTITION BY login ORDER BY created, uuid) AS place "
    "FROM (SELECT *, left(coalesce(nullif(email, ''), nullif(name, ''), 'imported'), 100) AS login "
    "FROM row_user WHERE made) AS named) AS r",
    settled=("id", "date_joined"),
    touched="",
)
MEMBERSHIP_ID = sql_finding_id("'membership'", "r.uuid", "r.tenant")
MEMBERSHIPS = Rows(
    model="tenants.Membership",
    columns={
        "id": MEMBERSHIP_ID,
        "user_id": "r.uuid",
        "tenant_id": "r.tenant",
        "role": "x.becomes",
    },
    source=f"row_user r {join_term('role', 'r.role', 'x')} WHERE r.made",
    settled=("id", "user_id", "tenant_id"),
    touched="",
)
REFERENCES = f"""
SELECT x.ref, coalesce(m.uuid, x.embedded) AS uuid, coalesce(creation.run_of, '') AS run_of FROM (
    SELECT ref, {sql_embedded_uuid("ref").replace("{", "{{").replace("}", "}}")} AS embedded FROM (
        SELECT created_by AS ref FROM old_batch_jobs UNION SELECT created_by FROM job_facts
    ) AS y WHERE ref <> ''
) AS x LEFT JOIN {{map}} m ON m.kind = 'user' AND m.original = x.ref
LEFT JOIN (
    SELECT k.uuid, min({id_map.sql_run_of("k")}) AS run_of
    FROM {{map}} k WHERE k.kind = 'user' AND k.made GROUP BY 1
) AS creation ON creation.uuid = coalesce(m.uuid, x.embedded)
WHERE coalesce(m.uuid, x.embedded) IN (SELECT id FROM {{users}} UNION SELECT uuid FROM row_user)"""


# Joins the creator of a row `o` planned as `p`, ignoring users of later runs.
SQL_JOIN = "LEFT JOIN ref_user ru ON ru.ref = o.created_by AND ru.run_of <= p.run_of"


def plan(context: Context) -> None:
    """Plan the users and resolve every `created_by`."""
    read_terms(context, "role", "SELECT DISTINCT coalesce(role, '') FROM old_profiles")
    load(context, KEYS, FACTS)
    if not context.verifying:
        keep_existing(context, "row_user", USERS.model)
        id_map.settle(context, "user", "row_user", context.table(USERS.model))
        id_map.write(context, "user", "row_user")
    context.create("ref_user", REFERENCES.format(users=context.table(USERS.model), map=context.map))


def make(context: Context) -> None:
    insert_and_compare(context, _named(context))
    insert_and_compare(context, MEMBERSHIPS)


def _named(context: Context) -> Rows:
    """Return the rows, with usernames made unique among existing users."""
    columns = {
        name: text.format(users=context.table(USERS.model)) for name, text in USERS.columns.items()
    }
    return replace(USERS, columns=columns)
