"""The state that the steps of a conversion share: database, models and notes."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.apps.registry import Apps
from django.db import DatabaseError, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import sql
from uuid_utils.compat import uuid7

CHUNK = 50_000
# Key of the advisory lock that prevents a second conversion.
LOCK = 5_020_615_904
# The schema of a run's own tables, dropped when the run ends. PostgreSQL does not read temporary
# tables in parallel, so they are only the fallback for a role that may not create a schema.
WORKPLACE = "scrapersky_conversion"
SETTINGS = (
    # With this, PostgreSQL raises an error instead of hiding rows from the role.
    "row_security = off",
    # Notice within seconds that the command was killed.
    "client_connection_check_interval = '5s'",
    "work_mem = '256MB'",
    "maintenance_work_mem = '256MB'",
    "jit = off",
    "parallel_setup_cost = 100",
    "parallel_tuple_cost = 0.01",
)
# Appended to a subquery so that its expressions are computed once, not at every use. A bare 0 has
# the same effect but prevents a parallel plan.
ONCE = "OFFSET '0'::bigint"
NOTES = {
    "note": "topic text, kind text, integer bigint, original text, detail text",
    "derived": "text text, uuid uuid",
    "term": "vocabulary text, original text, becomes text, known bool",
}


class LegacyError(Exception):
    """Older rows cannot be converted; the message is for an operator."""


@dataclass
class Context:
    """A conversion or verification inside a transaction of the default database.

    `apps` holds the models as of the current schema: in a migration, the historical ones.
    """

    connection: BaseDatabaseWrapper
    apps: Apps
    cursor: Any
    # Whether to compare all rows in the map instead of converting new ones.
    verifying: bool = False
    # Whether the run created its own target tables because the database has none yet.
    is_preview: bool = False
    # The first 16 hex digits of the ids that this run writes to the map.
    prefix: str = field(default_factory=lambda: uuid7().hex[:16])
    # Number of rows that this run has written to the map.
    numbered: int = 0
    # The search path outside the run.
    path: str = ""
    place: str = WORKPLACE
    # The tables and views of this run.
    own: list[str] = field(default_factory=list)
    # Kind -> number of older rows loaded.
    loaded: dict[str, int] = field(default_factory=dict)
    # (kind, how) -> number of ids written to the map.
    tally: dict[tuple[str, str], int] = field(default_factory=dict)
    # How each column of the older tables is converted (`columns.Fate`).
    fates: list[Any] = field(default_factory=list)
    # Problems, as sentences.
    faults: list[str] = field(default_factory=list)
    # The result of comparing each table (`target.Difference`).
    differences: list[Any] = field(default_factory=list)
    # The definitions of indexes that are built again after the rows.
    dropped_indexes: list[str] = field(default_factory=list)
    # Called with the progress of a step.
    show_progress: Callable[[str], None] = field(default=lambda detail: None)
    _sizes: dict[str, int] = field(default_factory=dict)

    @property
    def stamp(self) -> str:
        """The value of `sql_run_of` for rows of this run; later runs have greater values."""
        return str(UUID(self.prefix + "0" * 16))[:18]

    @property
    def map(self) -> str:
        return self.table("batches.LegacyId")

    def table(self, model: str) -> str:
        return self.connection.ops.quote_name(self.apps.get_model(model)._meta.db_table)

    def execute(self, statement: str, values: Sequence[Any] | None = None) -> int:
        """Run a statement; return how many rows it wrote."""
        self.cursor.execute(statement, values)
        written: int = self.cursor.rowcount
        return written

    def rows(self, statement: str, values: Sequence[Any] | None = None) -> list[tuple]:
        self.cursor.execute(statement, values)
        rows: list[tuple] = self.cursor.fetchall()
        return rows

    def value(self, statement: str, values: Sequence[Any] | None = None) -> Any:
        return self.rows(statement, values)[0][0]

    def size(self, older: str) -> int:
        """Return the number of rows of an older table; it is locked, so the count is cached."""
        if older not in self._sizes:
            self._sizes[older] = self.value(f"SELECT count(*) FROM old_{older}")
        return self._sizes[older]

    def create(self, table: str, query: str) -> int:
        """Create a table of the run from a query; return its number of rows.

        Replaces a table of the same name.
        """
        rows = self.execute(f"{self._anew(table)} AS {query}")
        self.execute(f"ANALYZE {table}")
        return rows

    def define(self, table: str, columns: str) -> None:
        """Create an empty table of the run with these columns (`name type, ...`)."""
        self.execute(f"{self._anew(table)} ({columns})")

    def clear(self, table: str) -> None:
        """Free the disk space of a table of the run that is no longer needed."""
        self.execute(f"TRUNCATE {self.place}.{table}")

    def show(self, view: str, query: str) -> None:
        """Create a view of the run."""
        kind = "VIEW" if self.place == WORKPLACE else "TEMP VIEW"
        self.own.append(f"VIEW {view}")
        self.execute(f"CREATE {kind} {self.place}.{view} AS {query}")

    def _anew(self, table: str) -> str:
        """Drop a table of the run; return the start of the statement that creates it."""
        self.execute(f"DROP TABLE IF EXISTS {self.place}.{table}")
        self.own.append(f"TABLE {table}")
        kind = "UNLOGGED" if self.place == WORKPLACE else "TEMP"
        return f"CREATE {kind} TABLE {self.place}.{table}"

    def copy(self, table: str, rows: Iterable[Sequence[Any]]) -> None:
        """Copy rows into a table of the run."""
        with self.cursor.copy(f"COPY {table} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    def chunks(self, query: str) -> Iterable[list[tuple]]:
        """Yield the rows of a query in lists, through a server-side cursor."""
        name = f"reading_{uuid7().hex}"
        self.execute(f"DECLARE {name} NO SCROLL CURSOR FOR {query}")
        while rows := self.rows(f"FETCH {CHUNK} FROM {name}"):
            yield rows
        self.execute(f"CLOSE {name}")

    def literal(self, value: Any) -> str:
        """Return a value as SQL."""
        return sql.Literal(value).as_string(self.cursor.connection)

    def write_map(self, rows: str) -> None:
        """Write the rows of a SELECT to the map, in order.

        Their ids are version 7 UUIDs of the run's time and a counter, so that the primary key
        index grows only at its end.
        """
        number = f"lpad(to_hex({self.numbered} + row_number() OVER ()), 15, '0')"
        columns = "id, kind, original, integer, uuid, how, made"
        written = self.rows(
            f"WITH written AS (INSERT INTO {self.map} ({columns}) "
            f"SELECT ('{self.prefix}8' || {number})::uuid, x.* FROM ({rows}) AS x "
            "RETURNING kind, how) SELECT kind, how, count(*) FROM written GROUP BY 1, 2"
        )
        for kind, how, count in written:
            self.tally[kind, how] = self.tally.get((kind, how), 0) + count
            self.numbered += count

    def is_fresh(self, row: str = "m") -> str:
        """Return the SQL condition that a row of the map belongs to this run."""
        return f"{row}.id >= '{UUID(self.prefix + '8' + '0' * 15)}'"

    def start(self) -> None:
        """Create the tables that every plan fills."""
        for table, columns in NOTES.items():
            self.define(table, columns)

    def open(self) -> None:
        """Prepare the transaction: lock out other runs, set options, create the schema."""
        for setting in SETTINGS:
            self.execute(f"SET LOCAL {setting}")
        self.execute("SET CONSTRAINTS ALL IMMEDIATE")
        self.execute(f"SELECT pg_advisory_xact_lock({LOCK})")
        self.path = self.value("SHOW search_path")
        if self.is_allowed(f"CREATE SCHEMA {WORKPLACE}"):
            self._look_in(f"{WORKPLACE}, {self.path}")
        else:
            self.place = "pg_temp"

    def close(self) -> None:
        """Drop the run's own tables."""
        if self.place == WORKPLACE:
            self._look_in(self.path)
            self.execute(f"DROP SCHEMA {WORKPLACE} CASCADE")
            return
        for name in dict.fromkeys(reversed(self.own)):
            kind, _, of = name.partition(" ")
            self.execute(f"DROP {kind} IF EXISTS pg_temp.{of} CASCADE")

    def _look_in(self, path: str) -> None:
        self.execute("SELECT set_config('search_path', %s, true)", [path])

    def is_allowed(self, statement: str) -> bool:
        """Run a statement that the role may not be permitted to run; return whether it ran."""
        try:
            with transaction.atomic(using=self.connection.alias):
                self.execute(statement)
        except DatabaseError:
            return False
        return True

    def note(self, topic: str, query: str) -> int:
        """Add a query's rows (kind, integer, original, detail) to the notes; return how many."""
        return self.execute(
            "INSERT INTO note SELECT %s, kind, integer, left(original, 400), left(detail, 400) "
            f"FROM ({query}) AS noted (kind, integer, original, detail)",
            [topic],
        )


@contextmanager
def at_work(connection: BaseDatabaseWrapper, apps: Apps) -> Iterator[Context]:
    """Yield a run. Call it inside a transaction that is rolled back on any error."""
    with connection.cursor() as cursor:
        context = Context(connection, apps, cursor)
        context.open()
        yield context
        context.close()
