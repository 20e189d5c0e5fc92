"""Insert rows of several tables from one temporary table, in one statement each.

The statements look up what the rows refer to, so that no ids travel to Python and back.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

from django.db import IntegrityError, connection, models, transaction

from scans import storage

ROWS_AT_ONCE = 5_000


class Stage:
    """A temporary table; `columns` have the types of these attributes of models."""

    def __init__(self, name: str, columns: Mapping[str, tuple[type[models.Model], str]]) -> None:
        self.name = connection.ops.quote_name(name)
        self._columns = columns

    @contextmanager
    def filled(self, rows: Iterable[storage.Row]) -> Iterator[int]:
        """Hold rows for a block inside a transaction, and yield their number.

        They are read some at a time, so that many of them take no memory; their values are stored
        unchanged.
        """
        remaining, number = iter(rows), 0
        with connection.cursor() as cursor:
            self._create(cursor)
            while some := list(islice(remaining, ROWS_AT_ONCE)):
                self._add(cursor, some)
                number += len(some)
            yield number
            cursor.execute(f"DELETE FROM {self.name}")

    def _create(self, cursor: Any) -> None:
        types = ", ".join(f"{name} {_type_of(*of)}" for name, of in self._columns.items())
        # Nothing vacuums a temporary table, so dead rows would be read again and again.
        tail = " ON COMMIT DELETE ROWS" if connection.vendor == "postgresql" else ""
        cursor.execute(f"CREATE TEMP TABLE IF NOT EXISTS {self.name} ({types}){tail}")

    def _add(self, cursor: Any, rows: Sequence[storage.Row]) -> None:
        if connection.vendor == "postgresql":
            storage.copy_rows(cursor, self.name, rows)
        else:
            marks = ", ".join(["%s"] * len(self._columns))
            cursor.executemany(f"INSERT INTO {self.name} VALUES ({marks})", rows)


def insert_from(
    source: str,
    model: type[models.Model],
    values: Mapping[str, str],
    *,
    params: Sequence[Any] = (),
    constants: Mapping[str, Any] = storage.NOTHING,
) -> int:
    """Insert the rows that a SELECT reads, and return how many were written.

    `source` is what follows FROM, with a WHERE clause, and `params` are its parameters. `values`
    maps attribute names to the expressions selected; `constants` and defaults are as for
    `storage.upsert`. Rows that would break a unique constraint are left out.
    """
    insert, constant_params = storage.insert_select(model, values, constants)
    statement, all_params = f"{insert} {source}", [*constant_params, *params]
    with connection.cursor() as cursor:
        try:
            with transaction.atomic():
                cursor.execute(statement, all_params)
        except IntegrityError:  # looking each row up in every unique index takes longer
            cursor.execute(f"{statement} ON CONFLICT DO NOTHING", all_params)
        return int(cursor.rowcount)


def _type_of(model: type[models.Model], name: str) -> str:
    field: Any = model._meta.get_field(name)
    params = field.db_parameters(connection)
    collation = params.get("collation")
    return f'{params["type"]} COLLATE "{collation}"' if collation else str(params["type"])
