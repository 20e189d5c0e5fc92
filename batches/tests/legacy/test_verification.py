"""A verification detects every wrong row and reference."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from batches.legacy import conversion
from batches.legacy.steps import Step
from batches.models import Batch, LegacyId
from batches.tests.legacy.converted import check, convert, older_rows, spoil, state
from batches.tests.legacy.legacy_database import build
from scrapersky.tenants.models import DEFAULT_TENANT_ID, Tenant

CORRUPTIONS = {
    "a batch's counter": "UPDATE batches_batch SET total = total + 1, failed = failed + 1 "
    "WHERE legacy_id = 214",
    "a batch's status": "UPDATE batches_batch SET status = 'cancelled' WHERE legacy_id = 7",
    "a batch's original": "UPDATE batches_batch SET legacy_batch_id = 'x' WHERE legacy_id = 7",
    "a batch's metadata": "UPDATE batches_batch SET metadata = '{}' WHERE legacy_id = 7",
    "a batch's tenant": f"UPDATE batches_batch SET tenant_id = '{DEFAULT_TENANT_ID}' "
    "WHERE legacy_id = 7",
    "a job's batch": "UPDATE batches_job SET batch_id = (SELECT id FROM batches_batch "
    "WHERE legacy_id = 8) WHERE legacy_id = 7",
    "a job without its batch": "UPDATE batches_job SET batch_id = NULL WHERE legacy_id = 7",
    "a job's domain": "UPDATE batches_job SET domain_id = NULL WHERE legacy_id = 602",
    "a job's error": "UPDATE batches_job SET error = 'x' WHERE legacy_id = 7",
    "a job's result": "UPDATE batches_job SET result = NULL WHERE legacy_id = 7",
    "a job's time": "UPDATE batches_job SET created_at = now() WHERE legacy_id = 7",
    "a job that is gone": "DELETE FROM batches_job WHERE legacy_id = 7",
    "a domain's title": "UPDATE scans_domain SET title = 'x' WHERE host = 'rich.example.com'",
    "a domain's batch": "UPDATE scans_domain SET latest_batch_id = NULL "
    "WHERE host = 'rich.example.com'",
    "a domain's host": "UPDATE scans_domain SET host = 'x.example' WHERE host = 'rich.example.com'",
    "a contact that is gone": "DELETE FROM scans_contact WHERE kind = 'phone'",
    "a technology that is gone": "DELETE FROM scans_technology WHERE name = 'nginx'",
    "a row of the map": "DELETE FROM batches_legacyid WHERE kind = 'job' AND integer = 7",
    "an id of the map": "UPDATE batches_legacyid SET uuid = gen_random_uuid() "
    "WHERE kind = 'batch' AND integer = 7",
    "a constraint": "ALTER TABLE batches_job DROP CONSTRAINT {job_batch}",
}


def batch_key(cursor: Any) -> str:
    """Return the name of the constraint from jobs to batches."""
    cursor.execute(
        "SELECT conname FROM pg_constraint WHERE conrelid = 'batches_job'::regclass "
        "AND confrelid = 'batches_batch'::regclass"
    )
    name: str = cursor.fetchone()[0]
    return name


@pytest.mark.parametrize("what", CORRUPTIONS)
def test_what_is_not_as_it_should_be_is_named(legacy: Any, what: str) -> None:
    build(legacy, "before")
    convert()
    assert check().faults == []
    statement = CORRUPTIONS[what].replace("{job_batch}", batch_key(legacy))
    legacy.execute("SET CONSTRAINTS ALL IMMEDIATE")
    legacy.execute(statement)
    assert check().faults
    with pytest.raises(CommandError, match="differ") as raised:
        call_command("convert_legacy_batch_ids", verify=True)
    assert raised.value.returncode == 1


def test_a_crash_in_the_middle_leaves_nothing(legacy: Any, monkeypatch: Any) -> None:
    build(legacy, "before")
    Tenant.objects.get_or_create(pk=DEFAULT_TENANT_ID, defaults={"name": "Default"})
    before, older = state(), older_rows(legacy)

    def fail(context: Any) -> None:
        assert context.value("SELECT count(*) FROM batches_job") > 0
        raise RuntimeError("the power went out")

    steps = (*conversion.MAKE, Step("failing", fail))
    monkeypatch.setattr(conversion, "MAKE", steps)
    with pytest.raises(RuntimeError):
        convert()
    assert state() == before
    assert not LegacyId.objects.exists()
    assert older_rows(legacy) == older


def test_sides_that_differ_leave_nothing(legacy: Any) -> None:
    build(legacy, "before")
    spoil(7, "NEW.error := 'spoilt'")
    with pytest.raises(CommandError, match="nothing was converted"):
        call_command("convert_legacy_batch_ids")
    assert not LegacyId.objects.exists()
    assert not Batch.objects.exists()


def test_keys_that_lead_nowhere_are_found_where_the_database_does_not_look(legacy: Any) -> None:
    legacy.execute("SELECT current_setting('is_superuser')")
    if legacy.fetchone()[0] != "on":
        pytest.skip("a superuser alone may put the database's own checks off")
    build(legacy, "before")
    spoil(7, "NEW.batch_id := gen_random_uuid()")
    with pytest.raises(CommandError, match="leads nowhere"):
        call_command("convert_legacy_batch_ids")
    assert not LegacyId.objects.exists()


def test_a_database_that_is_no_postgresql_is_refused_in_a_sentence(db: None) -> None:
    if connection.vendor == "postgresql":
        pytest.skip("this is one")
    with pytest.raises(CommandError, match="PostgreSQL database only"):
        call_command("convert_legacy_batch_ids")
