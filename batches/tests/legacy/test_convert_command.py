"""`manage.py convert_legacy_batch_ids`: its output, its effects, and what it leaves alone."""

import csv
from collections.abc import Iterator
from importlib import import_module
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, connections

from batches.legacy import conversion
from batches.legacy.steps import Step
from batches.models import Batch, Job, LegacyId
from batches.services import create_batch
from batches.tests.legacy.converted import older_rows, spoil, state
from batches.tests.legacy.databases import another_database
from batches.tests.legacy.legacy_database import build
from batches.tests.legacy.legacy_ids import TENANT, uid
from scans.models import Domain
from scrapersky import env
from scrapersky.tenants.models import Tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def older(legacy: Any) -> Any:
    """Return a cursor of the default database, which contains older tables."""
    build(legacy, "before")
    return legacy


@pytest.fixture
def elsewhere(legacy: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Yield the URL of a database with older tables, known as `legacy`."""
    with another_database() as url:
        with psycopg.connect(url) as opened:
            build(opened.cursor(), "after")
        monkeypatch.setenv("LEGACY_DATABASE_URL", url)
        settings = connections.databases["default"] | env.database("LEGACY_DATABASE_URL")
        monkeypatch.setitem(connections.databases, "legacy", settings)
        connections["legacy"].connect()  # where Django's tests would let nobody connect later
        yield url
        connections["legacy"].close()
        del connections["legacy"]


def convert(*arguments: str) -> str:
    out = StringIO()
    call_command("convert_legacy_batch_ids", *arguments, stdout=out)
    return out.getvalue()


def refusal(*arguments: str) -> str:
    """Return the error message of a command that exits with 1."""
    with pytest.raises(CommandError) as output:
        convert(*arguments)
    assert output.value.returncode == 1
    return str(output.value)


def test_the_best_contacts_of_converted_domains_are_chosen(older: Any) -> None:
    convert()
    rich = Domain.objects.get(host="rich.example.com")
    assert (rich.best_email, rich.best_phone) == ("sales@rich.example.com", "+44 20 7946 0018")


def test_a_run_says_what_became_of_each_table_and_that_it_is_verified(older: Any) -> None:
    printed = convert()
    assert "batch_jobs: 51 rows" in printed
    assert "jobs: 65 rows" in printed
    assert "collisions" in printed
    assert "Verified: both sides are equal" in printed
    assert "DIFFERS" not in printed


def test_a_second_run_changes_nothing_and_says_so(older: Any) -> None:
    convert()
    before = state()
    assert convert().startswith("Nothing to convert")
    assert state() == before


def test_a_dry_run_tells_the_same_with_the_formats_of_ids_and_writes_nothing(older: Any) -> None:
    before = state()
    printed = convert("--dry-run")
    assert "A dry run: nothing was written." in printed
    assert "'batch_<32 hex>'" in printed
    assert "batch_jobs: 51 rows" in printed
    assert "lost-batch" in printed
    assert state() == before
    assert not LegacyId.objects.exists()


def test_a_dry_run_works_before_the_database_is_up_to_date(older: Any) -> None:
    older.execute("DELETE FROM django_migrations WHERE app = 'scans'")
    older.execute("ALTER TABLE scans_page DROP COLUMN curation")
    assert "A dry run: nothing was written." in convert("--dry-run")
    assert refusal().startswith("This database is not up to date: run `manage.py migrate` first.")


def test_the_report_has_a_line_for_each_id_that_was_no_plain_uuid(
    older: Any, tmp_path: Path
) -> None:
    file = tmp_path / "report.csv"
    convert("--report", str(file))
    with file.open(newline="") as opened:
        lines = {(line["kind"], line["original"]): line for line in csv.DictReader(opened)}
    assert lines["batch", "test-batch"]["how"] == "derived"
    assert lines["batch", f"batch_{uid('b', 1).hex}"]["uuid"] == str(uid("b", 1))
    assert lines["job", "job_1a2b3c4d"]
    assert ("batch", str(uid("b", 2))) not in lines


def test_a_report_that_cannot_be_written_leaves_nothing(older: Any, tmp_path: Path) -> None:
    before = state()
    assert "No such file" in refusal("--report", str(tmp_path / "missing" / "report.csv"))
    assert state() == before


def test_rows_that_were_left_behind_are_not_called_converted(older: Any) -> None:
    convert()
    assert "4 rows were left behind" in convert()
    for table in ("contacts", "pages", "sitemap_urls", "sitemap_files"):
        older.execute(f"DELETE FROM {table}")
    assert convert().startswith(
        "Nothing to convert: every row of the legacy tables is already here"
    )


def test_the_note_on_a_tenant_says_where_its_rows_went(legacy: Any) -> None:
    build(legacy, "after")
    change = "UPDATE jobs SET tenant_id_uuid = %s WHERE tenant_id = 'acme'"
    legacy.execute(change, [None])
    assert "'acme' its rows went to the default tenant" in convert("--dry-run")
    legacy.execute(change, [TENANT])
    assert "'acme' its jobs went to the tenant of their tenant_id_uuid" in convert()
    assert Job.objects.get(legacy_id=605).tenant_id == TENANT


def test_the_older_tables_are_never_changed(older: Any) -> None:
    before = older_rows(older)
    convert("--requeue-unfinished")
    convert("--verify")
    assert older_rows(older) == before


def test_a_materialized_view_is_read_like_a_table(older: Any) -> None:
    older.execute("ALTER TABLE contacts RENAME TO contacts_of_view")
    older.execute("CREATE MATERIALIZED VIEW contacts AS SELECT * FROM contacts_of_view")
    assert "contacts: 3 rows" in convert()


def test_a_later_run_keeps_what_is_new_and_fails_where_the_rest_differs(older: Any) -> None:
    convert()
    older.execute("UPDATE batches_batch SET legacy_batch_id = 'x' WHERE legacy_id = 7")
    older.execute("INSERT INTO batch_jobs (id, status) VALUES (90001, 'failed')")
    with pytest.raises(CommandError, match="differ"):
        convert()
    assert Batch.objects.filter(legacy_id=90001).exists()


@pytest.mark.parametrize(
    ("harm", "fault"),
    [
        ("DELETE FROM batches_job WHERE legacy_id = 4", "batches.Job"),
        ("UPDATE batches_job SET batch_id = NULL WHERE legacy_id = 3", "batches.Job"),
        ("UPDATE batches_job SET error = 'another' WHERE legacy_id = 3", "batches.Job"),
        ("UPDATE batches_batch SET legacy_batch_id = 'x' WHERE legacy_id = 7", "batches.Batch"),
        ("UPDATE batches_batch SET completed = 0, status = 'failed', failed = total "
         "WHERE legacy_id = 2", "batches.Batch"),
        ("UPDATE scans_domain SET title = 'x' WHERE host = 'rich.example.com'", "scans.Domain"),
        ("DELETE FROM scans_technology", "scans.Technology"),
        ("DELETE FROM batches_legacyid WHERE kind = 'job' AND integer = 3", "jobs the map has 64"),
    ],
)  # fmt: skip
def test_a_verification_names_what_differs_and_fails(older: Any, harm: str, fault: str) -> None:
    convert()
    assert "Verified" in convert("--verify")
    older.execute(harm)
    out = StringIO()
    with pytest.raises(CommandError, match="differ"):
        call_command("convert_legacy_batch_ids", "--verify", stdout=out)
    assert any(fault in line for line in out.getvalue().splitlines() if "DIFFERS" in line)


def test_a_row_that_was_lost_on_its_way_undoes_the_whole_run(older: Any) -> None:
    spoil(4, "RETURN NULL")
    before = state()
    assert "nothing was converted" in refusal()
    assert state() == before


@pytest.mark.parametrize("failure", [RuntimeError("out of luck"), KeyboardInterrupt()])
def test_a_crash_near_the_end_leaves_nothing(
    older: Any, monkeypatch: pytest.MonkeyPatch, failure: BaseException
) -> None:
    def fail(context: Any) -> None:
        raise failure

    monkeypatch.setattr(conversion, "MAKE", (*conversion.MAKE, Step("failing", fail)))
    before = state()
    with pytest.raises((RuntimeError, SystemExit)):
        convert()
    assert state() == before
    assert not LegacyId.objects.exists()


def test_an_error_of_the_database_is_said_without_its_statement(
    older: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(context: Any) -> None:
        context.execute("SELECT nothing FROM jobs")

    monkeypatch.setattr(conversion, "MAKE", (Step("failing", fail),))
    reason = 'column "nothing" does not exist'
    assert refusal() == f"The database reported an error and nothing was changed: {reason}"
    migration = import_module("batches.migrations.0020_convert_legacy_data")
    with pytest.raises(CommandError) as error:
        migration.convert(apps, SimpleNamespace(connection=connection))
    assert str(error.value) == f"The older tables were not converted: {reason}"


def test_ctrl_c_is_answered_in_a_sentence(
    older: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(context: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(conversion, "PLAN", (Step("stopping", stop),))
    with pytest.raises(SystemExit) as ended:
        convert()
    assert ended.value.code == 130
    assert "nothing was changed" in capsys.readouterr().err


def test_unfinished_work_is_put_back_in_line_where_that_is_asked(older: Any) -> None:
    convert("--requeue-unfinished")
    waiting = Job.objects.get(legacy_id=501)  # of a batch, but without a domain to scan
    assert waiting.status == "cancelled"
    Job.objects.all().delete()
    Batch.objects.all().delete()
    LegacyId.objects.all().delete()
    older.execute(f"UPDATE jobs SET domain_id = '{uid('d', 5)}' WHERE id = 501")
    convert("--requeue-unfinished")
    assert Job.objects.get(legacy_id=501).status == "pending"
    assert Batch.objects.get(jobs__legacy_id=501).status == "pending"


def test_rows_that_were_here_before_are_not_overwritten(older: Any) -> None:
    tenant = Tenant.objects.create(pk=TENANT, name="Ours")
    batch = create_batch(
        tenant=tenant, created_by=None, domains=["rich.example.com"], batch_id=uid("b", 1)
    )
    Domain.objects.update(title="Our own")
    before = Batch.objects.values().get(pk=batch.pk)
    convert()
    assert Batch.objects.values().get(pk=batch.pk) == before
    assert Domain.objects.get(host="rich.example.com").title == "Our own"
    assert Tenant.objects.get(pk=TENANT).name == "Ours"
    assert Batch.objects.get(legacy_id=1).pk != batch.pk


def test_rows_that_came_since_are_converted_by_a_later_run(older: Any) -> None:
    convert()
    older.execute("INSERT INTO batch_jobs (id, batch_id, status) VALUES (9001, 'later', 'done')")
    older.execute(
        "INSERT INTO jobs (id, job_id, batch_id, status) VALUES (9001, 'j', 'later', 'Completed')"
    )
    assert "2 ids" not in convert()
    batch = Batch.objects.get(jobs__legacy_id=9001)
    assert batch.legacy_batch_id == "later"
    assert (batch.total, batch.completed) == (1, 1)
    assert convert().startswith("Nothing to convert")


def test_a_job_that_came_since_is_counted_in_its_batch(older: Any) -> None:
    convert()
    total = Batch.objects.get(legacy_id=12).total
    older.execute(
        "INSERT INTO jobs (id, job_id, batch_id, status) "
        "VALUES (9001, 'j', 'test-batch', 'Completed')"
    )
    convert()
    assert Batch.objects.get(legacy_id=12).total == total + 1


def test_another_database_is_read_and_left_as_it_is(elsewhere: str) -> None:
    with psycopg.connect(elsewhere) as opened:
        before = older_rows(opened.cursor())
    printed = convert()
    assert "batch_jobs: 51 rows" in printed
    assert Batch.objects.get(legacy_id=12).pk == uid("f", 12)
    assert "Verified" in convert("--verify")
    assert convert("--database", "legacy").startswith("Nothing to convert")
    with psycopg.connect(elsewhere) as opened:
        assert older_rows(opened.cursor()) == before


def test_the_other_database_is_not_needed_once_it_is_read(
    elsewhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose(context: Any) -> None:
        name = connections.databases["legacy"]["NAME"]
        query = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = %s"
        assert context.value(query, [name]) == 1

    monkeypatch.setattr(conversion, "MAKE", (*conversion.MAKE, Step("losing it", lose)))
    assert "Verified" in convert()
    assert Batch.objects.filter(legacy_id=12).exists()


def test_a_database_without_older_tables_is_refused(legacy: Any) -> None:
    assert refusal() == "There is no table batch_jobs in the legacy database."


def test_an_unknown_database_is_refused_with_the_names_of_those_there_are() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("refused for another reason on SQLite")
    assert refusal("--database", "nowhere") == "There is no database 'nowhere'; there are: default."


def test_a_target_that_is_no_postgresql_is_refused() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("a thing of SQLite")
    assert refusal() == "Legacy data can be converted into a PostgreSQL database only."
