"""What the steps of a conversion share: the database, the models' state, and notes."""

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
# Of the advisory lock that keeps a second conversion out.
LOCK = 5_020_615_904
# The schema of a run's own tables, which is gone when the run ends. Temporary tables would do, but
# PostgreSQL reads them with one process alone; they take its place for a user who may create no
# schema.
WORKPLACE = "scrapersky_conversion"
SETTINGS = (
    # PostgreSQL refuses if rows would be hidden from the role.
    "row_security = off",
    # Detect within seconds that the command was killed.
    "client_connection_check_interval = '5s'",
    "work_mem = '256MB'",
    "maintenance_work_mem = '256MB'",
    "jit = off",
    "parallel_setup_cost = 100",
    "parallel_tuple_cost = 0.01",
)
# Ends a subquery whose expressions are to be worked out once, not at each of their uses. A bare 0
# would do so, too, but PostgreSQL would leave the subquery to one process.
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
    """One conversion or verification, inside a transaction of the default database.

    `apps` is the state of the models that the tables are in: in a migration that of its time.
    """

    connection: BaseDatabaseWrapper
    apps: Apps
    cursor: Any
    # Whether rows are only compared: then all that the map tells of, not what is new.
    verifying: bool = False
    # Whether this system's tables are the run's own, in a database that has none yet.
    is_preview: bool = False
    # The first 16 digits of the ids of all rows of the map that this run writes.
    prefix: str = field(default_factory=lambda: uuid7().hex[:16])
    # How many rows of the map this run has written.
    numbered: int = 0
    # Where the database looks for tables outside of the run.
    path: str = ""
    place: str = WORKPLACE
    # The tables and views of this run.
    own: list[str] = field(default_factory=list)
    # Kind -> how many older rows it knows.
    loaded: dict[str, int] = field(default_factory=dict)
    # Kind and how -> how many ids were written into the map.
    tally: dict[tuple[str, str], int] = field(default_factory=dict)
    # How each column of the older tables is converted (`columns.Fate`).
    fates: list[Any] = field(default_factory=list)
    # What is wrong, in sentences.
    faults: list[str] = field(default_factory=list)
    # The result of comparing each table (`target.Difference`).
    differences: list[Any] = field(default_factory=list)
    # Called with the progress of a step.
    show_progress: Callable[[str], None] = field(default=lambda detail: None)
    _sizes: dict[str, int] = field(default_factory=dict)

    @property
    def stamp(self) -> str:
        """What `sql_run_of` finds in the rows of this run; a later run's is greater."""
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
        """Return how many rows an older table has; it is held still, so it is counted once."""
        if older not in self._sizes:
            self._sizes[older] = self.value(f"SELECT count(*) FROM old_{older}")
        return self._sizes[older]

    def create(self, table: str, query: str) -> int:
        """Make a table of the run of what a query finds; return how many rows it has.

        One of that name is replaced.
        """
        rows = self.execute(f"{self._anew(table)} AS {query}")
        self.execute(f"ANALYZE {table}")
        return rows

    def define(self, table: str, columns: str) -> None:
        """Make an empty table of the run of these columns (`name type, ...`)."""
        self.execute(f"{self._anew(table)} ({columns})")

    def clear(self, table: str) -> None:
        """Give back the room of a table of the run that is needed no more."""
        self.execute(f"TRUNCATE {self.place}.{table}")

    def show(self, view: str, query: str) -> None:
        """Make a view of the run."""
        kind = "VIEW" if self.place == WORKPLACE else "TEMP VIEW"
        self.own.append(f"VIEW {view}")
        self.execute(f"CREATE {kind} {self.place}.{view} AS {query}")

    def _anew(self, table: str) -> str:
        """Drop a table of the run; return the SQL that begins to make it."""
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
        """Yield what a query finds in lists, through a cursor of the database."""
        name = f"reading_{uuid7().hex}"
        self.execute(f"DECLARE {name} NO SCROLL CURSOR FOR {query}")
        while rows := self.rows(f"FETCH {CHUNK} FROM {name}"):
            yield rows
        self.execute(f"CLOSE {name}")

    def literal(self, value: Any) -> str:
        """Return a value as SQL."""
        return sql.Literal(value).as_string(self.cursor.connection)

    def write_map(self, rows: str) -> None:
        """Write the rows of a SELECT into the map, in their order.

        Their ids are UUIDs of version 7, the time of the run and a number, so that the index of
        the ids grows at its end.
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
        """Return the SQL that a row of the map is of this run."""
        return f"{row}.id >= '{UUID(self.prefix + '8' + '0' * 15)}'"

    def start(self) -> None:
        """Prepare the tables that every plan fills."""
        for table, columns in NOTES.items():
            self.define(table, columns)

    def open(self) -> None:
        """Prepare the transaction: memory, constraints at each statement, a place, no other run."""
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
        """Drop what is the run's own."""
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
        """Run a statement that the user may lack the right to; return whether it ran."""
        try:
            with transaction.atomic(using=self.connection.alias):
                self.execute(statement)
        except DatabaseError:
            return False
        return True

    def note(self, topic: str, query: str) -> int:
        """Note what a query finds: kind, integer, original, detail; return how many."""
        return self.execute(
            "INSERT INTO note SELECT %s, kind, integer, left(original, 400), left(detail, 400) "
            f"FROM ({query}) AS found (kind, integer, original, detail)",
            [topic],
        )


@contextmanager
def at_work(connection: BaseDatabaseWrapper, apps: Apps) -> Iterator[Context]:
    """Yield a run. To be used inside a transaction, which an error must end."""
    with connection.cursor() as cursor:
        context = Context(connection, apps, cursor)
        context.open()
        yield context
        context.close()
