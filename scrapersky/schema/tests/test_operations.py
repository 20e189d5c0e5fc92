"""A check constraint of a large table is replaced without blocking writers."""

from collections.abc import Iterable, Iterator

import pytest
from django.db import IntegrityError, NotSupportedError, connection, models, transaction
from django.db.migrations import AddConstraint, Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import CreateModel
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.test.utils import CaptureQueriesContext

from scrapersky.schema.operations import SetCheckConstraint

pytestmark = pytest.mark.django_db(transaction=True)
on_postgres = pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL only")

APP = "tenants"


def one_of(*values: str) -> models.CheckConstraint:
    return models.CheckConstraint(condition=models.Q(reason__in=values), name="outage_reason")


def migration_of(operations: Iterable[Operation], atomic: bool) -> Migration:
    attributes = {"operations": list(operations), "atomic": atomic}
    return type("Migration", (Migration,), attributes)("0001", APP)


def apply(state: ProjectState, *operations: Operation, atomic: bool = False) -> ProjectState:
    migration = migration_of(operations, atomic)
    with connection.schema_editor(atomic=atomic) as editor:
        return migration.apply(state, editor)


def reverse(state: ProjectState, operation: SetCheckConstraint) -> None:
    migration = migration_of([operation], atomic=False)
    with connection.schema_editor(atomic=False) as editor:
        migration.unapply(state, editor)


@pytest.fixture
def outages() -> Iterator[ProjectState]:
    """Return the state of a database that has a table of outages and one row, "50% off"."""
    fields: list[tuple[str, models.Field]] = [
        ("id", models.BigAutoField(primary_key=True)),
        ("reason", models.CharField(max_length=32)),
    ]
    create = CreateModel("Outage", fields, {"constraints": [one_of("timeout", "50% off")]})
    state = apply(ProjectState(), create)
    insert(state, "50% off")
    yield state
    with connection.schema_editor() as editor:
        editor.delete_model(state.apps.get_model(APP, "Outage"))


def insert(state: ProjectState, reason: str) -> None:
    state.apps.get_model(APP, "Outage").objects.create(reason=reason)


def refuses(state: ProjectState, reason: str) -> bool:
    try:
        with transaction.atomic():
            insert(state, reason)
    except IntegrityError:
        return True
    return False


def test_a_new_value_is_accepted_and_other_values_still_are_not(outages: ProjectState) -> None:
    assert refuses(outages, "dns_error")

    state = apply(outages, SetCheckConstraint("outage", one_of("timeout", "50% off", "dns_error")))

    assert not refuses(state, "dns_error")
    assert refuses(state, "other")
    constraints = state.models[APP, "outage"].options["constraints"]
    assert constraints == [one_of("timeout", "50% off", "dns_error")]


def test_reversing_puts_the_former_constraint_back(outages: ProjectState) -> None:
    operation = SetCheckConstraint("outage", one_of("timeout", "50% off", "dns_error"))
    apply(outages.clone(), operation)

    reverse(outages, operation)

    assert refuses(outages, "dns_error")
    assert not refuses(outages, "timeout")


def test_a_constraint_that_is_added_goes_again_when_reversed(outages: ProjectState) -> None:
    short = models.CheckConstraint(
        condition=~models.Q(reason=""), name="outage_reason_is_not_empty"
    )
    wide = apply(outages, SetCheckConstraint("outage", one_of("", "timeout", "50% off")))
    operation = SetCheckConstraint("outage", short)
    state = apply(wide.clone(), operation)
    assert refuses(state, "")

    reverse(wide, operation)

    assert not refuses(wide, "")


def test_rows_that_violate_the_constraint_stop_the_migration(outages: ProjectState) -> None:
    with pytest.raises(IntegrityError):
        apply(outages.clone(), SetCheckConstraint("outage", one_of("timeout")))


@on_postgres
def test_it_can_run_again_after_a_crash(outages: ProjectState) -> None:
    operation = SetCheckConstraint("outage", one_of("timeout", "50% off", "dns_error"))
    apply(outages.clone(), operation)

    state = apply(outages.clone(), operation)

    assert not refuses(state, "dns_error")


@on_postgres
def test_existing_rows_are_read_after_the_lock_is_gone(outages: ProjectState) -> None:
    with CaptureQueriesContext(connection) as queries:
        apply(outages, SetCheckConstraint("outage", one_of("timeout", "50% off", "dns_error")))

    alter, validate = [query["sql"] for query in queries if query["sql"].startswith("ALTER")]
    assert alter.endswith("NOT VALID")
    assert "VALIDATE CONSTRAINT" in validate


@on_postgres
def test_a_migration_in_one_transaction_is_refused(outages: ProjectState) -> None:
    with pytest.raises(NotSupportedError, match="atomic = False"):
        apply(outages.clone(), SetCheckConstraint("outage", one_of("timeout")), atomic=True)


# Tables that may have millions of rows.
LARGE = {"job", "domain", "scan", "page", "contact", "sitemap", "technology", "change"}
# From before there was `SetCheckConstraint`.
EARLIER = {("batches", "0002_jobs"), ("scans", "0006_curation_and_list_columns")}


def test_no_migration_checks_all_rows_of_a_large_table_while_it_is_locked() -> None:
    blocking = {
        key
        for key, migration in MigrationLoader(None).disk_migrations.items()
        for operation in migration.operations
        if isinstance(operation, AddConstraint)
        and isinstance(operation.constraint, models.CheckConstraint)
        and operation.model_name in LARGE
        and not is_created_in(migration, operation.model_name)
    }
    assert blocking == EARLIER


def is_created_in(migration: Migration, model: str) -> bool:
    created = (item for item in migration.operations if isinstance(item, CreateModel))
    return any(item.name_lower == model for item in created)
