"""Give rows their UUIDs, and write them down in the map before any row is made.

A step brings a table of the run of its rows with the columns of `ID_COLUMNS`. `text` is the id as
it was stored, NULL where it is the plain text of `uuid`; a row whose UUID is taken gets a text of
its own, and `stored` is then what it had.
"""

from collections.abc import Iterable, Sequence

from batches.legacy.context import Context
from batches.legacy.ids import derived, sql_kept

ID_COLUMNS = "integer, text, stored, uuid, how, made, created"
# Of two rows with one UUID the first in this order keeps it.
TIES = "t.created NULLS LAST, t.integer NULLS LAST, t.ctid"
CLASH = """
SELECT uuid, bool_or(taken) AS taken FROM (
    SELECT t.uuid, true AS taken FROM {table} t JOIN {target} o ON o.id = t.uuid WHERE t.made
    UNION ALL
    SELECT uuid, false FROM {table} WHERE made GROUP BY uuid HAVING count(*) > 1
) AS found GROUP BY uuid"""
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
# In this order: a text that several rows have means the first of them.
COLLIDED = """(SELECT * FROM {table} t WHERE how = 'collision'
    ORDER BY created NULLS LAST, integer NULLS LAST) AS r"""


def sql_id(text: str, whole: str, integer: str = "NULL::bigint") -> str:
    """Return the SELECT list of `ID_COLUMNS` up to `made`, of a row that is new.

    `text` and `whole` are expressions: the id as it is stored, and the whole UUID it holds. A row
    without an id goes by its integer.
    """
    empty = f"coalesce(btrim({text}), '') = ''"
    return (
        f"{integer} AS integer, CASE WHEN {empty} THEN {integer}::text "
        f"WHEN {text} = {whole}::text THEN NULL ELSE {text} END AS text, NULL::text AS stored, "
        f"CASE WHEN {empty} THEN NULL ELSE {whole} END AS uuid, "
        f"CASE WHEN {empty} THEN 'integer' WHEN {whole} IS NULL THEN 'derived' "
        f"WHEN {text} = {whole}::text THEN 'uuid' ELSE 'prefix' END AS how, true AS made"
    )


def sql_same(row: str, text: str, whole: str, integer: str = "", names: Sequence[str] = ()) -> str:
    """Return the test whether a row of the map is that of a legacy row.

    Two installations may share integers, so the integer counts only together with a name: the
    text, the UUID it holds, or one of the other `names`. The script that made ids UUIDs may have
    run between two conversions, and made up UUIDs for texts that held none; it kept the text under
    another name.
    """
    key = f"coalesce({row}.original, {row}.uuid::text) = {sql_kept(f'({text})')}"
    if not integer:
        return f"({row}.how <> 'alias' AND {key})"
    empty = f"coalesce(btrim({text}), '') = ''"
    stored = f"coalesce({row}.original, {row}.uuid::text)"
    others = "".join(f" OR {stored} = {sql_kept(name)}" for name in names)
    return (
        f"({row}.how <> 'alias' AND {row}.integer = {integer} AND (CASE WHEN {empty} "
        f"THEN {row}.original IS NULL ELSE {row}.uuid = {whole} OR {key} END{others}))"
    )


def sql_run_of(row: str) -> str:
    """Return the SQL of what tells the run that wrote a row of the map."""
    return f"left({row}.id::text, 18)"


def has_map(context: Context, kind: str) -> bool:
    """Return whether an earlier run has brought over rows of a kind."""
    return bool(context.value(f"SELECT EXISTS (SELECT FROM {context.map} WHERE kind = '{kind}')"))


def has_other_runs(context: Context, kind: str) -> bool:
    """Return whether the map has rows of a kind that are not of this run."""
    query = f"SELECT FROM {context.map} m WHERE kind = '{kind}' AND NOT {context.is_fresh()}"
    return bool(context.value(f"SELECT EXISTS ({query})"))


def settle(context: Context, kind: str, table: str, target: str) -> None:
    """Give every row of `table` the UUID it becomes; rows of `target` keep theirs."""
    derive(context, table)
    while part(context, kind, table, target):
        derive(context, table)


def derive(context: Context, table: str) -> None:
    """Derive the UUIDs of texts that hold none; PostgreSQL itself has no SHA-1."""
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
    """Part rows that hold one UUID: all but the first get a text of their own; return how many."""
    context.create("clash", CLASH.format(table=table, target=target))
    return context.execute(PART.format(table=table, kind=kind, ties=TIES))


def write(context: Context, kind: str, table: str) -> None:
    """Write the ids of a table's rows into the map."""
    stored, text = sql_kept("stored"), sql_kept("text")
    for form in (PLAIN, COLLIDED):
        rows = form.format(table=table)
        context.write_map(WRITE.format(kind=kind, rows=rows, stored=stored, text=text))
    # Steps that follow join the map. Of an empty table, which the planner takes it for without
    # this, every row would be compared with every other.
    context.execute(f"ANALYZE {context.map}")
