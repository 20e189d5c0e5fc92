"""Read the schema of any supported database."""

from difflib import get_close_matches
from types import ModuleType

from django.apps import apps
from django.db import router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model

from scrapersky.schema import postgres, sqlite
from scrapersky.schema.secrets_in_rows import masked
from scrapersky.schema.types import SchemaError, Table, TableSize

READERS: dict[str, ModuleType] = {"postgresql": postgres, "sqlite": sqlite}


def tables_of(connection: BaseDatabaseWrapper) -> list[TableSize]:
    """Return the tables of a database."""
    result: list[TableSize] = _reader(connection).tables(connection)
    return result


def table_named(connection: BaseDatabaseWrapper, name: str) -> Table:
    """Return a table; raise SchemaError with similar names if there is none."""
    result: Table | None = _reader(connection).describe(connection, name)
    if result is None:
        raise SchemaError(f"There is no table named {name}.{_suggestion(connection, name)}")
    return result


def rows_of(
    connection: BaseDatabaseWrapper, table: Table, limit: int
) -> list[dict[str, str | None]]:
    """Return up to `limit` rows of a table as texts, with secrets masked."""
    rows = _reader(connection).sample(connection, table, limit) if limit else []
    names = [column.name for column in table.columns]
    fields = _fields_of(connection, table)
    return [
        {
            name: masked(value, name, fields.get(name, ""))
            for name, value in zip(names, row, strict=True)
        }
        for row in rows
    ]


def _fields_of(connection: BaseDatabaseWrapper, table: Table) -> dict[str, str]:
    """Return the model field of each column; its name may be clearer."""
    model = models_of(connection).get(table.name)
    fields = model._meta.local_concrete_fields if model else []
    return {str(field.column): field.name for field in fields}


def models_of(connection: BaseDatabaseWrapper) -> dict[str, type[Model]]:
    """Return the models with a table in this database, by table name."""
    models = apps.get_models(include_auto_created=True)
    return {
        model._meta.db_table: model
        for model in models
        if model._meta.can_migrate(connection)
        and router.allow_migrate_model(connection.alias, model)
    }


def _reader(connection: BaseDatabaseWrapper) -> ModuleType:
    if connection.vendor not in READERS:
        raise SchemaError(f"{connection.display_name} is not read, only PostgreSQL and SQLite.")
    return READERS[connection.vendor]


def _suggestion(connection: BaseDatabaseWrapper, name: str) -> str:
    names = [table.name for table in tables_of(connection)]
    term = name.lower().rpartition(".")[2]
    similar = get_close_matches(term, names, n=5, cutoff=0.6)
    similar += [other for other in names if term in other.lower() and other not in similar]
    return f" Did you mean {' or '.join(similar[:5])}?" if similar else ""
