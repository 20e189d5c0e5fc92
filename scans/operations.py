"""Migration operations for tables too large to lock while every row is checked."""

from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation, OperationCategory
from django.db.migrations.state import ProjectState
from django.db.models import CheckConstraint, Model


class ReplaceCheck(Operation):
    """Replace a check constraint of the same name, for new rows only where the database can.

    On PostgreSQL the table is locked for a moment, since existing rows are not read; follow it
    with `ValidateCheck` in a migration of its own, so that the lock ends first. SQLite rewrites
    the table, which checks every row. Reversed, the former constraint holds for new rows again.
    """

    category = OperationCategory.ALTERATION

    def __init__(self, model_name: str, constraint: CheckConstraint) -> None:
        self.model_name = model_name
        self.constraint = constraint

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        values = {"model_name": self.model_name, "constraint": self.constraint}
        return type(self).__name__, [], values

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        state.remove_constraint(app_label, self.model_name.lower(), self.constraint.name)
        state.add_constraint(app_label, self.model_name.lower(), self.constraint)

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        former = self._constraint_of(from_state.apps.get_model(app_label, self.model_name))
        current = self._constraint_of(model)
        schema_editor.remove_constraint(model, former)
        if schema_editor.connection.vendor == "postgresql":
            added = current.create_sql(model, schema_editor)
            schema_editor.execute(f"{added} NOT VALID", params=None)
        else:
            schema_editor.add_constraint(model, current)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        self.database_forwards(app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        return f"Replace the check {self.constraint.name} on {self.model_name}"

    def _constraint_of(self, model: type[Model]) -> CheckConstraint:
        named = (item for item in model._meta.constraints if item.name == self.constraint.name)
        return next(item for item in named if isinstance(item, CheckConstraint))


class ValidateCheck(Operation):
    """Check the existing rows against a constraint; PostgreSQL lets others write meanwhile."""

    reversible = True
    category = OperationCategory.ALTERATION

    def __init__(self, model_name: str, name: str) -> None:
        self.model_name = model_name
        self.name = name

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return type(self).__name__, [], {"model_name": self.model_name, "name": self.name}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Leave the state alone: validation changes no model."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        connection = schema_editor.connection
        if connection.vendor != "postgresql" or not self.allow_migrate_model(
            connection.alias, model
        ):
            return
        table = schema_editor.quote_name(model._meta.db_table)
        name = schema_editor.quote_name(self.name)
        schema_editor.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}", params=None)

    def database_backwards(self, *_args: Any) -> None:
        """Do nothing: a validated constraint may stay so."""

    def describe(self) -> str:
        return f"Validate the check {self.name} on {self.model_name}"
