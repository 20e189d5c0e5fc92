"""The older tables are read completely by a read-only role, or the run stops with a message.

Uses real roles, schemas and connections, in separate databases.
"""

import threading
from pathlib import Path
from time import monotonic

import psycopg
import pytest

from batches.tests.legacy.databases import migrated_database
from batches.tests.legacy.installations import (
    Installation,
    as_reader,
    fill,
    in_another_schema,
    one_sentence,
)
from batches.tests.legacy.legacy_database import TABLES, create_tables

pytestmark = pytest.mark.django_db


def test_older_tables_outside_the_search_path_are_pointed_at(place: Installation) -> None:
    in_another_schema(place)
    before = place.tables()
    for arguments in (("up",), ("convert_legacy_batch_ids", "--dry-run")):
        code, output = place.manage(*arguments)
        assert code == 1
        assert "?options=-csearch_path%3Dpublic,older" in one_sentence(output)
    assert place.tables() == before


def test_a_schema_that_the_role_may_not_use_stops_everything(place: Installation) -> None:
    url = in_another_schema(place)
    place.sql(f"REVOKE USAGE ON SCHEMA older FROM {place.owner}")
    before = place.tables()
    for arguments in (("up",), ("migrate",), ("convert_legacy_batch_ids", "--dry-run")):
        code, output = place.manage(*arguments, url=url)
        assert code == 1
        assert "grant it USAGE on the schema" in one_sentence(output)
    assert place.tables() == before


def test_row_level_security_that_would_hide_rows_stops_everything(place: Installation) -> None:
    as_reader(place)
    place.sql("ALTER TABLE pages ENABLE ROW LEVEL SECURITY")
    place.sql("CREATE POLICY none_of_them ON pages USING (false)")
    before = place.tables()
    for arguments in (("migrate",), ("convert_legacy_batch_ids", "--dry-run")):
        code, output = place.manage(*arguments)
        assert code == 1
        assert "The legacy table pages cannot be read" in one_sentence(output)
        assert "BYPASSRLS" in output
    assert place.tables() == before


@pytest.mark.parametrize("table", ["contacts", "jobs"])
def test_a_table_that_the_role_may_not_read_stops_everything(
    place: Installation, table: str
) -> None:
    fill(place)
    for each in TABLES:
        if each != table:
            place.sql(f"GRANT SELECT ON {each} TO {place.owner}")
    before = place.tables()
    code, output = place.manage("migrate")
    assert code == 1
    assert f"The legacy table {table} cannot be read" in one_sentence(output)
    assert "Nothing was migrated." in output
    assert place.tables() == before


def test_another_database_is_read_by_a_role_that_may_only_read(
    place: Installation, reader: str
) -> None:
    fill(place)
    with migrated_database() as url:
        code, output = place.manage(
            "convert_legacy_batch_ids", url=url, legacy=place.url_of(reader)
        )
        assert code == 0, output
        assert "Verified: both sides are equal" in output

        place.sql(f"REVOKE SELECT ON contacts FROM {reader}")
        code, output = place.manage(
            "convert_legacy_batch_ids", url=url, legacy=place.url_of(reader)
        )
        assert code == 1
        assert "The legacy table contacts cannot be read: permission denied" in one_sentence(output)


def test_a_connection_that_drops_while_a_table_is_read_is_said_in_a_sentence(
    place: Installation, reader: str
) -> None:
    fill(place)
    place.sql("ALTER TABLE contacts RENAME TO slow")
    place.sql("CREATE VIEW contacts AS SELECT slow.* FROM slow, pg_sleep(60)")
    with migrated_database() as target:
        cut = threading.Thread(target=cut_off, args=[place])
        cut.start()
        code, output = place.manage(
            "convert_legacy_batch_ids", url=target, legacy=place.url_of(reader)
        )
        cut.join()
        assert code == 1
        assert "The legacy table contacts cannot be read:" in one_sentence(output)
        with psycopg.connect(target) as opened:
            assert opened.execute("SELECT count(*) FROM batches_legacyid").fetchone() == (0,)


def cut_off(place: Installation) -> None:
    """End the connection that reads the slow table as soon as it does."""
    statement = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE wait_event = 'PgSleep' AND datname = current_database()"
    )
    deadline = monotonic() + 60
    while monotonic() < deadline and not place.sql(statement):
        threading.Event().wait(0.1)


def test_ids_that_are_no_integers_stop_the_run_with_an_example(place: Installation) -> None:
    with psycopg.connect(place.url) as opened:
        create_tables(opened.cursor(), "before")
    place.sql("ALTER TABLE jobs ALTER id TYPE text")
    place.sql("INSERT INTO jobs (id, status) VALUES ('7', 'failed'), ('a7', 'failed')")
    place.own()
    code, output = place.manage("convert_legacy_batch_ids", "--dry-run")
    assert code == 1
    assert "table jobs has ids that are not integers, such as 'a7' (1 in all)" in (
        one_sentence(output)
    )


def test_a_part_of_the_tables_is_migrated_without_a_queue(place: Installation) -> None:
    code, output = place.manage("migrate", "batches", "0006", "--verbosity", "0")
    assert (code, output) == (0, "")


def test_converting_before_migrating_is_refused(place: Installation) -> None:
    fill(place)
    place.own()
    for arguments in ((), ("--verify",)):
        code, output = place.manage("convert_legacy_batch_ids", *arguments)
        assert code == 1
        assert "run `manage.py migrate` first" in one_sentence(output)


def test_options_that_exclude_each_other_and_missing_folders_are_said_first(
    place: Installation, tmp_path: Path
) -> None:
    fill(place)
    place.own()
    code, output = place.manage("convert_legacy_batch_ids", "--dry-run", "--verify")
    assert (code, "Use either --dry-run" in one_sentence(output)) == (1, True)
    missing = tmp_path / "missing" / "report.csv"
    code, output = place.manage("convert_legacy_batch_ids", "--dry-run", "--report", str(missing))
    assert (code, "No such file or directory" in one_sentence(output)) == (1, True)
