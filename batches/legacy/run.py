"""What the steps of a conversion share: the database, the models' state, and what is noted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from django.apps.registry import Apps
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import sql
from uuid_utils.compat import uuid7

CHUNK = 50_000


class LegacyError(Exception):
    """Why older rows cannot be brought over, in one sentence for an operator."""


@dataclass
class Run:
    """One conversion or verification, inside a transaction of the default database.

    `apps` is the state of the models that the tables are in: in a migration that of its time.
    """

    connection: BaseDatabaseWrapper
    apps: Apps
    cursor: Any
    verifying: bool = False
    """Whether rows are only compared: then all that the map tells of, not what is new."""

    @cached_property
    def prefix(self) -> str:
        """The first 16 digits of the ids of all rows of the map that this run writes."""
        return uuid7().hex[:16]

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
        found: list[tuple] = self.cursor.fetchall()
        return found

    def value(self, statement: str, values: Sequence[Any] | None = None) -> Any:
        return self.rows(statement, values)[0][0]

    def create(self, table: str, query: str) -> None:
        """Make a temporary table of what a query finds; one of that name is replaced."""
        self.execute(f"DROP TABLE IF EXISTS pg_temp.{table}")
        self.execute(f"CREATE TEMP TABLE {table} ON COMMIT DROP AS {query}")
        self.execute(f"ANALYZE {table}")

    def copy(self, table: str, columns: str, rows: Iterable[Sequence[Any]]) -> None:
        """Copy rows into a temporary table of these columns (`name type, ...`)."""
        self.execute(f"CREATE TEMP TABLE IF NOT EXISTS {table} ({columns}) ON COMMIT DROP")
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

    def next_id(self) -> str:
        """Return the SQL of the next id of the map, in order, so that its index grows at its end.

        A UUID of version 7: the time of the run, then a counter.
        """
        counter = "lpad(to_hex(nextval('pg_temp.map_counter')), 15, '0')"
        return f"('{self.prefix}8' || {counter})::uuid"

    def is_fresh(self, row: str = "m") -> str:
        """Return the SQL that a row of the map is of this run."""
        return f"{row}.id >= '{UUID(self.prefix + '8' + '0' * 15)}'"

    def start(self) -> None:
        """Prepare the transaction: memory for joins, constraints at each statement, notes."""
        for setting in ("work_mem = '256MB'", "maintenance_work_mem = '256MB'", "jit = off"):
            self.execute(f"SET LOCAL {setting}")
        self.execute("SET CONSTRAINTS ALL IMMEDIATE")
        self.execute("DROP SEQUENCE IF EXISTS pg_temp.map_counter")
        self.execute("CREATE TEMP SEQUENCE map_counter")
        for table, columns in TEMPORARY.items():
            self.execute(f"DROP TABLE IF EXISTS pg_temp.{table}")
            self.execute(f"CREATE TEMP TABLE {table} ({columns}) ON COMMIT DROP")

    def note(self, topic: str, query: str) -> int:
        """Note what a query finds: kind, integer, original, detail; return how many."""
        return self.execute(
            "INSERT INTO note SELECT %s, kind, integer, left(original, 400), left(detail, 400) "
            f"FROM ({query}) AS found (kind, integer, original, detail)",
            [topic],
        )


TEMPORARY = {
    "note": "topic text, kind text, integer bigint, original text, detail text",
    "derived": "text text, uuid uuid",
    "word": "vocabulary text, original text, becomes text, known bool",
}
