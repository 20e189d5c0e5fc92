"""Foreign keys of many rows: checked at once, and never left unchecked."""

from uuid import UUID

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from uuid_utils.compat import uuid7

from batches.models import Job
from batches.services import create_batch
from scans import key_checks, storage
from scans.key_checks import keys_checked_at_once
from scans.models import Domain
from scrapersky.tenants.models import Tenant

on_postgres = pytest.mark.skipif(connection.vendor != "postgresql", reason="its own keys")
pytestmark = [pytest.mark.django_db(transaction=True), on_postgres]


@pytest.fixture(autouse=True)
def _always_worthwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_checks, "WORTHWHILE", 1)


def setting() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW session_replication_role")
        return str(cursor.fetchone()[0])


def add_domain(tenant_id: UUID) -> None:
    rows = [("a.example", uuid7())]
    constants = {"tenant_id": tenant_id}
    storage.upsert(Domain, ("host", "id"), rows, key=["tenant_id", "host"], constants=constants)


def test_a_batch_is_created_with_its_keys_checked_at_once(default_tenant: Tenant) -> None:
    seen: list[str] = []

    def watch(execute, sql, params, many, context):
        if sql.startswith("INSERT INTO") and '"batches_job"' in sql:
            seen.append(setting())
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        create_batch(tenant=default_tenant, created_by=None, domains=["a.example", "b.example"])
    assert seen == ["replica"]
    assert setting() == "origin"
    assert Job.objects.count() == 2


def test_a_missing_row_is_refused_by_the_database(default_tenant: Tenant) -> None:
    missing = uuid7()

    def add() -> None:
        with keys_checked_at_once({Tenant: [missing]}, 1):
            assert setting() == "origin"
            add_domain(missing)

    with pytest.raises(IntegrityError):
        add()
    assert not Domain.objects.exists()


def test_a_role_that_may_not_switch_the_checks_off_inserts_all_the_same(
    default_tenant: Tenant,
) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE ROLE writer")
        cursor.execute("GRANT pg_read_all_data, pg_write_all_data TO writer")
        cursor.execute("SET LOCAL ROLE writer")
        with keys_checked_at_once({Tenant: [default_tenant.pk]}, 1):
            assert setting() == "origin"
            add_domain(default_tenant.pk)
        assert Domain.objects.exists()
        transaction.set_rollback(True)


def test_triggers_of_others_are_not_silenced(default_tenant: Tenant) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "CREATE TRIGGER audit BEFORE INSERT ON scans_domain FOR EACH ROW "
            "EXECUTE FUNCTION suppress_redundant_updates_trigger()"
        )
        with keys_checked_at_once({Tenant: [default_tenant.pk]}, 1):
            assert setting() == "origin"
        transaction.set_rollback(True)


def test_an_error_leaves_the_checks_on(default_tenant: Tenant) -> None:
    def fail() -> None:
        with keys_checked_at_once({Tenant: [default_tenant.pk]}, 1):
            assert setting() == "replica"
            raise KeyError

    with transaction.atomic():
        with pytest.raises(KeyError):
            fail()
        assert setting() == "origin"


def test_what_the_rows_refer_to_cannot_be_deleted_before_the_commit(
    default_tenant: Tenant,
) -> None:
    other = connection.copy()
    with (
        transaction.atomic(),
        keys_checked_at_once({Tenant: [default_tenant.pk]}, 1),
        pytest.raises(OperationalError),
        other.cursor() as cursor,
    ):
        cursor.execute("SELECT FROM tenants_tenant FOR UPDATE NOWAIT")
    other.close()
