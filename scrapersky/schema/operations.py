"""Migration operations for tables that are too large to be locked while they are read."""

from django.db import NotSupportedError, models, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation, OperationCategory
from django.db.migrations.state import ProjectState


class SetCheckConstraint(Operation):
    """Add a check constraint, or replace the one of the same name, without blocking writers.

    Use it for every change of a choice list (failure reasons, verdicts, statuses) on a table that
    may be large. On PostgreSQL the constraint is added NOT VALID, which checks new rows only and
    holds its lock for a moment, and is then validated in a second transaction, beside readers
    and writers. This needs `atomic = False` on the migration. Both steps can be run again after a
    crash. SQLite rebuilds the table, in one transaction.

    Reversing puts the former constraint back, or fails if rows violate it.
    """

    category = OperationCategory.ALTERATION
    atomic = False

    def __init__(self, model_name: str, constraint: models.CheckConstraint) -> None:
        self.model_name = model_name
        self.constraint = constraint

    def deconstruct(self) -> tuple[str, list, dict]:
        kwargs = {"model_name": self.model_name, "constraint": self.constraint}
        return self.__class__.__qualname__, [], kwargs

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        key = app_label, self.model_name.lower()
        others = [
            constraint
            for constraint in state.models[key].options.get("constraints", [])
            if constraint.name != self.constraint.name
        ]
        state.models[key].options["constraints"] = [*others, self.constraint]
        state.reload_model(*key, delay=True)

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            self._bring_in_line(schema_editor, model)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        self.database_forwards(app_label, schema_editor, from_state, to_state)

    def _bring_in_line(
        self, schema_editor: BaseDatabaseSchemaEditor, model: type[models.Model]
    ) -> None:
        """Make the table's constraint match the model; drop it if the model has none."""
        constraints = {constraint.name: constraint for constraint in model._meta.constraints}
        constraint = constraints.get(self.constraint.name)
        if schema_editor.connection.vendor == "postgresql":
            self._replace(schema_editor, model, constraint)
            return
        with transaction.atomic(schema_editor.connection.alias):
            if constraint is None:
                schema_editor.remove_constraint(model, self.constraint)
            else:
                schema_editor.add_constraint(model, constraint)  # rebuilds with all of the model's

    def _replace(
        self,
        schema_editor: BaseDatabaseSchemaEditor,
        model: type[models.Model],
        constraint: models.BaseConstraint | None,
    ) -> None:
        if schema_editor.connection.in_atomic_block:
            raise NotSupportedError(
                f"Set atomic = False on the migration that changes {self.constraint.name}: "
                "in one transaction, validating would block every writer of the table."
            )
        table = schema_editor.quote_name(model._meta.db_table)
        name = schema_editor.quote_name(self.constraint.name)
        drop = f"DROP CONSTRAINT IF EXISTS {name}"
        if constraint is None:
            schema_editor.execute(f"ALTER TABLE {table} {drop}")
            return
        addition = str(constraint.create_sql(model, schema_editor)).removeprefix(
            f"ALTER TABLE {table} "
        )
        # create_sql has inlined the values; without params=None, % would be interpreted.
        schema_editor.execute(f"ALTER TABLE {table} {drop}, {addition} NOT VALID", params=None)
        schema_editor.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")

    def describe(self) -> str:
        return f"Set check constraint {self.constraint.name} on model {self.model_name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"{self.model_name.lower()}_{self.constraint.name.lower()}"
