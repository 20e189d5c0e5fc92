"""Assign UUIDs to rows and record them in the id map before any row is created.

Each step provides a table of its rows with the columns of `ID_COLUMNS`. `text` is the original id,
NULL if it is the plain text of `uuid`. A row whose UUID is taken gets a text of its own; `stored`
then holds the original.
"""

from collections.abc import Iterable, Sequence

from batches.legacy.context import Context
from batches.legacy.ids import derived, sql_stored_original

ID_COLUMNS = "integer, text, stored, uuid, how, made, created"
# If two rows share a UUID, the first in this order keeps it.
TIES = "t.created NULLS LAST, t.integer NULLS LAST, t.ctid"
CLASH = """
SELECT uuid, bool_or(taken) AS taken FROM (
    SELECT t.uuid, true AS taken FROM {table} t JOIN {target} o ON o.id = t.uuid WHERE t.made
    UNION ALL
    SELECT uuid, false FROM {table} WHERE made GROUP BY uuid HAVING count(*) > 1
) AS clashing GROUP BY uuid"""
PART = """
UPDATE {table} r SET uuid = NULL, how = 'collision',
    stored = CASE r.how WHEN 'integer' THEN NULL WHEN 'collision' THEN r.stored
             ELSE coalesce(r.text, r.uuid::text) END,
    text = coalesce(r.text, r.uuid::text) || '#' || coalesce(r.integer::text, '{kind}')
FROM (
    SELECT t.ctid AS at, c.taken, row_number() OVER (PARTITION BY t.uuid ORDER BY {ties}) AS place
    FROM {table} t JOIN clash c USING (uuid) WHERE t.made
) AS later
WHERE r.ctid = later.at AND (later.taken OR later.place > 1)"""
WRITE = """
SELECT '{kind}',
    CASE how WHEN 'integer' THEN NULL WHEN 'collision' THEN {stored} ELSE {text} END,
    integer, uuid, how, made
FROM {rows}"""
PLAIN = "{table} WHERE how <> 'collision'"
# Ordered, because a text that several rows share refers to the first of them.
COLLIDED = """(SELECT * FROM {table} t WHERE how = 'collision'
    ORDER BY created NULLS LAST, integer NULLS LAST) AS r"""


def sql_id(text: str, embedded: str, integer: str = "NULL::bigint") -> str:
    """Return the SELECT list of `ID_COLUMNS`, up to `made`, for a new row.

    `text` and `embedded` are expressions: the id as it is stored, and the UUID in it. A row
    without an id is identified by its integer.
    """
    empty = f"coalesce(btrim({text}), '') = ''"
    return (
        f"{integer} AS integer, CASE WHEN {empty} THEN {integer}::text "
        f"WHEN {text} = {embedded}::text THEN NULL ELSE {text} END AS text, NULL::text AS stored, "
        f"CASE WHEN {empty} THEN NULL ELSE {embedded} END AS uuid, "
        f"CASE WHEN {empty} THEN 'integer' WHEN {embedded} IS NULL THEN 'derived' "
        f"WHEN {text} = {embedded}::text THEN 'uuid' ELSE 'prefix' END AS how, true AS made"
    )


def sql_same(
    row: str, text: str, embedded: str, integer: str = "", names: Sequence[str] = ()
) -> str:
    """Return the SQL condition that a row of the map belongs to a legacy row.

    Two installations may share integers, so the integer counts only together with a name: the
    text, the UUID in it, or one of the other `names`. The script that converts ids to UUIDs may
    have run between two conversions; it generates UUIDs for other texts and keeps the text under
    another name.
    """
    key = f"coalesce({row}.original, {row}.uuid::text) = {sql_stored_original(f'({text})')}"
    if not integer:
        return f"({row}.how <> 'alias' AND {key})"
    empty = f"coalesce(btrim({text}), '') = ''"
    stored = f"coalesce({row}.original, {row}.uuid::text)"
    others = "".join(f" OR {stored} = {sql_stored_original(name)}" for name in names)
    return (
        f"({row}.how <> 'alias' AND {row}.integer = {integer} AND (CASE WHEN {empty} "
        f"THEN {row}.original IS NULL ELSE {row}.uuid = {embedded} OR {key} END{others}))"
    )


def sql_run_of(row: str) -> str:
    """Return the SQL that identifies the run that wrote a row of the map."""
    return f"left({row}.id::text, 18)"


def has_map(context: Context, kind: str) -> bool:
    """Return whether an earlier run has converted rows of a kind."""
    return bool(context.value(f"SELECT EXISTS (SELECT FROM {context.map} WHERE kind = '{kind}')"))


def has_other_runs(context: Context, kind: str) -> bool:
    """Return whether the map has rows of a kind from other runs."""
    query = f"SELECT FROM {context.map} m WHERE kind = '{kind}' AND NOT {context.is_fresh()}"
    return bool(context.value(f"SELECT EXISTS ({query})"))


def settle(context: Context, kind: str, table: str, target: str) -> None:
    """Assign every row of `table` its UUID; rows of `target` keep theirs."""
    derive(context, table)
    while part(context, kind, table, target):
        derive(context, table)


def derive(context: Context, table: str) -> None:
    """Derive UUIDs for texts that contain none, in Python because PostgreSQL lacks SHA-1."""
    context.execute("TRUNCATE derived")
    odd = f"SELECT DISTINCT text FROM {table} WHERE uuid IS NULL AND text IS NOT NULL"
    for rows in context.chunks(odd):
        context.copy("derived", _derived(rows))
    context.execute("ANALYZE derived")
    context.execute(
        f"UPDATE {table} r SET uuid = d.uuid FROM derived d "
        "WHERE r.uuid IS NULL AND r.text = d.text"
    )


def _derived(rows: Iterable[tuple]) -> Iterable[tuple]:
    return ((text, derived(text)) for (text,) in rows)


def part(context: Context, kind: str, table: str, target: str) -> int:
    """Resolve UUID collisions: all rows but the first get their own text; return how many."""
    context.create("clash", CLASH.format(table=table, target=target))
    return context.execute(PART.format(table=table, kind=kind, ties=TIES))


def write(context: Context, kind: str, table: str) -> None:
    """Write the ids of a table's rows to the map."""
    stored, text = sql_stored_original("stored"), sql_stored_original("text")
    for form in (PLAIN, COLLIDED):
        rows = form.format(table=table)
        context.write_map(WRITE.format(kind=kind, rows=rows, stored=stored, text=text))
    # Later steps join the map; without statistics the planner would choose nested loops.
    context.execute(f"ANALYZE {context.map}")
