"""Load the rows of an older table into a table of the run: their ids and the columns needed next.

A conversion loads the rows that no run has converted; a verification loads those in the map.
"""

from dataclasses import dataclass

from batches.legacy import id_map
from batches.legacy.context import Context
from batches.legacy.sources import TABLES_OF
from batches.legacy.vocabulary import VOCABULARIES


@dataclass(frozen=True)
class Keys:
    """The SQL expressions, over a row `o`, that identify the rows of an older table."""

    kind: str
    source: str
    text: str = "o.id"
    embedded: str = "o.id_u"
    integer: str = ""
    # Earlier names of a row.
    names: tuple[str, ...] = ()
    created: str = "o.created_at"


def load(context: Context, keys: Keys, facts: dict[str, str]) -> None:
    """Create `row_<kind>` from older rows, with additional columns.

    `run_of` identifies the run that converted a row: it resolved its references without the rows
    of later runs.
    """
    named = "".join(f", {text} AS {column}" for column, text in facts.items())
    query = _of_map(context, keys, named) if context.verifying else _of_source(context, keys, named)
    context.loaded[keys.kind] = context.create(f"row_{keys.kind}", query)
    for older in TABLES_OF[keys.kind]:  # while the table is cached
        context.size(older)


def _of_source(context: Context, keys: Keys, named: str) -> str:
    ids = id_map.sql_id(keys.text, keys.embedded, keys.integer or "NULL::bigint")
    facts = f"{keys.created} AS created, '{context.stamp}' AS run_of{named}"
    query = f"SELECT {ids}, {facts} FROM {keys.source}"
    if not id_map.has_map(context, keys.kind):
        return query
    return f"{query} WHERE NOT EXISTS (SELECT FROM {context.map} m WHERE {sql_is_same(keys)})"


def _of_map(context: Context, keys: Keys, named: str) -> str:
    return (
        "SELECT m.integer, m.original AS text, NULL::text AS stored, m.uuid, m.how, m.made, "
        f"{keys.created} AS created, {id_map.sql_run_of('m')} AS run_of{named} "
        f"FROM {keys.source} JOIN {context.map} m ON {sql_is_same(keys)}"
    )


def sql_is_same(keys: Keys) -> str:
    same = id_map.sql_same("m", keys.text, keys.embedded, keys.integer, keys.names)
    return f"m.kind = '{keys.kind}' AND {same}"


def keep_existing(context: Context, table: str, model: str) -> None:
    """Mark rows whose UUID exists in the target already, so that they are not written."""
    context.execute(
        f"UPDATE {table} r SET how = 'existing', made = false "
        f"FROM {context.table(model)} t WHERE t.id = r.uuid"
    )


def merge(context: Context, table: str, model: str, *, there: str, same: str) -> None:
    """Merge rows of the same thing into the existing row, or else into the first of them.

    `there` matches a row `t` of `model` with a row `r` of `table`; `same` lists the columns that
    merged rows share. `follow` sets their UUID once the first row has its own.
    """
    stored = "text = coalesce(r.text, r.uuid::text), made = false"
    context.execute(f"ALTER TABLE {table} ADD leads text")
    context.execute(
        f"UPDATE {table} r SET {stored}, uuid = t.id, how = 'existing' "
        f"FROM {context.table(model)} t WHERE {there}"
    )
    context.execute(
        f"UPDATE {table} r SET {stored}, how = 'merged', leads = x.leads FROM ("
        "SELECT ctid AS at, first_value(own) OVER same AS leads, row_number() OVER same AS place "
        f"FROM {table} WHERE made WINDOW same AS (PARTITION BY {same} "
        "ORDER BY created NULLS LAST, own)) AS x WHERE r.ctid = x.at AND x.place > 1"
    )


def follow(context: Context, table: str) -> None:
    """Give merged rows the UUID of the row they are part of."""
    context.execute(
        f"UPDATE {table} r SET uuid = t.uuid FROM {table} t "
        "WHERE r.how = 'merged' AND t.made AND t.own = r.leads"
    )
    context.execute(f"UPDATE {table} SET text = NULL WHERE NOT made AND text = uuid::text")


def read_terms(context: Context, vocabulary: str, texts: str) -> None:
    """Translate the distinct terms that a query returns."""
    missing = [text for (text,) in context.rows(texts)]
    read = VOCABULARIES[vocabulary].read
    context.copy("term", ((vocabulary, text, *read(text)) for text in missing))
    context.execute("ANALYZE term")


def join_term(vocabulary: str, text: str, alias: str) -> str:
    """Return the JOIN that translates a term; `text` is an expression.

    Every term has a row; a LEFT JOIN keeps the planner from underestimating the result.
    """
    return (
        f"LEFT JOIN term {alias} ON {alias}.vocabulary = '{vocabulary}' "
        f"AND {alias}.original = coalesce({text}, '')"
    )
