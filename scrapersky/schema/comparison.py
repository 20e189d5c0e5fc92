"""Compare the models with the tables of a live database."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import AutoField, Field, Model, UniqueConstraint

from scrapersky.schema.introspection import models_of, table_named, tables_of
from scrapersky.schema.types import Column, SchemaError, Table

Fields = dict[str, Field]
_ALIASES = {
    "character varying": "varchar",
    "character": "char",
    "time without time zone": "time",
    "timestamp without time zone": "timestamp",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference between a model and the database."""

    table: str
    column: str
    problem: str

    def __str__(self) -> str:
        return f"{self.table}{'.' if self.column else ''}{self.column}: {self.problem}"


def differences(connection: BaseDatabaseWrapper, table: str = "") -> list[Difference]:
    """Compare one table with its model, or all of them."""
    models = models_of(connection)
    if table:
        if table not in models:
            raise SchemaError(f"{table} is not the table of a model: there is nothing to compare.")
        models = {table: models[table]}
    there = {size.name for size in tables_of(connection)}
    return [
        difference
        for name, model in sorted(models.items())
        for difference in _of_model(connection, model, is_there=name in there)
    ]


def _of_model(
    connection: BaseDatabaseWrapper, model: type[Model], *, is_there: bool
) -> Iterator[Difference]:
    name = model._meta.db_table
    if not is_there:
        yield Difference(name, "", "the table is missing")
        return
    table = table_named(connection, name)
    fields = {str(field.column): field for field in model._meta.local_concrete_fields}
    yield from _of_columns(connection, table, fields)
    with connection.cursor() as cursor:
        existing = connection.introspection.get_constraints(cursor, name)
    yield from _of_constraints(name, fields, list(existing.values()))
    yield from _of_names(model, existing)


def _of_columns(
    connection: BaseDatabaseWrapper, table: Table, fields: Fields
) -> Iterator[Difference]:
    columns = {column.name: column for column in table.columns}
    for name in sorted(fields.keys() - columns.keys()):
        expected = fields[name].db_type(connection)
        yield Difference(table.name, name, f"the column is missing ({expected})")
    for name in sorted(columns.keys() - fields.keys()):
        yield Difference(table.name, name, f"no field of the model ({columns[name].type})")
    for name in sorted(fields.keys() & columns.keys()):
        for problem in _of_column(connection, fields[name], columns[name]):
            yield Difference(table.name, name, problem)


def _of_column(connection: BaseDatabaseWrapper, field: Field, column: Column) -> Iterator[str]:
    expected = normal_type(field.db_type(connection) or "")
    there = normal_type(column.type)
    # Django's own migrations give some tables wider keys than its models declare.
    wider = isinstance(field, AutoField) and there == "bigint"
    if expected != there and not wider:
        yield f"the type is {column.type}, not {expected}"
    if column.null and not field.null and not field.primary_key:
        yield "may be NULL, and must not"
    if field.null and not column.null:
        yield "must not be NULL, and may"


def _of_constraints(table: str, fields: Fields, existing: list[Any]) -> Iterator[Difference]:
    """Compare one column."""
    unique = [rule["columns"] for rule in existing if rule["unique"] or rule["primary_key"]]
    first = [rule["columns"][:1] for rule in existing if rule["index"] or rule["unique"]]
    targets = {rule["columns"][0]: rule["foreign_key"] for rule in existing if rule["foreign_key"]}
    for name, field in fields.items():
        if field.unique and [name] not in unique:
            yield Difference(table, name, "the unique constraint is missing")
        if getattr(field, "db_index", False) and not field.unique and [name] not in first:
            yield Difference(table, name, "the index is missing")
        target = _target(field)
        if target and targets.get(name) != target:
            yield Difference(table, name, f"the foreign key to {target[0]} is missing")


def _target(field: Field) -> tuple[str, str] | None:
    """Return the table and column that a field references, if the database enforces it."""
    if not getattr(field, "db_constraint", False) or not field.remote_field:
        return None
    target: Any = field.target_field  # type: ignore[attr-defined]
    return target.model._meta.db_table, target.column


def _of_names(model: type[Model], existing: Mapping[str, Any]) -> Iterator[Difference]:
    """Compare named objects: indexes, unique and check constraints."""
    table = model._meta.db_table
    for index in model._meta.indexes:
        if index.name not in existing:
            yield Difference(table, "", f"the index {index.name} is missing")
    for constraint in model._meta.constraints:
        if constraint.name not in existing:
            kind = "unique" if isinstance(constraint, UniqueConstraint) else "check"
            yield Difference(table, "", f"the {kind} constraint {constraint.name} is missing")


def normal_type(text: str) -> str:
    """Return the portable name of a type, such as `varchar(200)`."""
    name, _, size = text.lower().replace(", ", ",").partition("(")
    name = _ALIASES.get(name.strip(), name.strip())
    return re.sub(r"\s+", " ", f"{name}({size}" if size else name)
