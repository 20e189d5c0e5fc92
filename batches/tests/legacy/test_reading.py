"""The older tables are read completely by a read-only role, or the run stops with a message.

Uses real roles, schemas and connections, in separate databases.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from urllib.parse import quote, urlsplit
from uuid import uuid4

import psycopg
import pytest
from django.db import connection

from batches.tests.legacy.databases import ROOT, another_database, migrated_database
from batches.tests.legacy.legacy_database import TABLES, build, create_tables

pytestmark = pytest.mark.django_db


@dataclass
class Installation:
    """A database whose owner is not a superuser, and an operator's actions on it."""

    server: str
    url: str
    owner: str

    def url_of(self, role: str, *, schema: str = "") -> str:
        parts = urlsplit(self.url)
        place = f"{role}@{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}"
        query = parts.query
        if schema:
            query = "&".join(filter(None, [query, f"options={quote(f'-csearch_path={schema}')}"]))
        return parts._replace(netloc=place, query=query).geturl()

    def sql(self, statement: str, role: str = "") -> list[tuple]:
        with psycopg.connect(self.url_of(role) if role else self.url, autocommit=True) as opened:
            cursor = opened.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def manage(self, *arguments: str, url: str = "", legacy: str = "") -> tuple[int, str]:
        """Run `manage.py` as the owner; return its exit code and what it printed."""
        env = os.environ | {
            "DATABASE_URL": url or self.url_of(self.owner),
            "LEGACY_DATABASE_URL": legacy,
            "DJANGO_SETTINGS_MODULE": "scrapersky.settings",
        }
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=env,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def tables(self) -> set[str]:
        query = (
            "SELECT schemaname || '.' || tablename FROM pg_tables "
            "WHERE schemaname !~ '^(pg_|information)'"
        )
        return {name for (name,) in self.sql(query)}


def is_superuser() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('is_superuser')")
        return cursor.fetchone()[0] == "on"


@contextmanager
def role(server: str) -> Iterator[str]:
    """Create a role that may only log in; drop it with everything it owns."""
    name = f"role_{uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as opened:
        opened.execute(f"CREATE ROLE {name} LOGIN")
        try:
            yield name
        finally:
            opened.execute(f"DROP ROLE {name}")


@pytest.fixture
def place() -> Iterator[Installation]:
    """Return an empty database whose owner is not a superuser."""
    if connection.vendor != "postgresql" or not is_superuser():
        pytest.skip("needs a PostgreSQL on which roles can be created")
    server = os.environ["TEST_DATABASE_URL"]
    with role(server) as owner, another_database() as url:
        installation = Installation(server, url, owner)
        installation.sql(f"GRANT ALL ON SCHEMA public TO {owner}")
        installation.sql(f'GRANT ALL ON DATABASE "{urlsplit(url).path[1:]}" TO {owner}')
        yield installation
        installation.sql(f"DROP OWNED BY {owner} CASCADE")


@pytest.fixture
def reader(place: Installation) -> Iterator[str]:
    """Return a role that may read the schema public of the database."""
    with role(place.server) as name:
        place.sql(f"GRANT USAGE ON SCHEMA public TO {name}")
        place.sql(f"ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO {name}")
        place.sql(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {name}")
        yield name
        place.sql(f"DROP OWNED BY {name} CASCADE")


def fill(place: Installation, age: str = "before") -> None:
    with psycopg.connect(place.url) as opened:
        build(opened.cursor(), age)  # type: ignore[arg-type]


def give_to(place: Installation, owner: str) -> None:
    for table in TABLES:
        place.sql(f"ALTER TABLE {table} OWNER TO {owner}")


def one_sentence(output: str) -> str:
    """Return the one-line error with which a command exited."""
    assert "Traceback" not in output
    line = output.strip().splitlines()[-1]
    assert line.startswith("CommandError: "), output
    return line


def test_an_operator_tries_converts_verifies_and_takes_back(
    place: Installation, tmp_path: Path
) -> None:
    fill(place, "after")
    give_to(place, place.owner)
    older = place.tables()

    code, output = place.manage("up")
    assert code == 1
    assert "convert_legacy_batch_ids --dry-run`" in one_sentence(output)
    assert "`manage.py migrate`" in output
    assert place.tables() == older

    report = tmp_path / "report.csv"
    code, output = place.manage("convert_legacy_batch_ids", "--dry-run", "--report", str(report))
    assert (code, place.tables()) == (0, older), output
    assert "A dry run: nothing was written." in output
    assert report.read_text().count("\n") > 50

    code, output = place.manage("migrate", "--verbosity", "0")
    assert code == 0, output
    assert "batch_jobs: 51 rows" in output
    assert "Verified: both sides are equal" in output
    assert place.sql("SELECT count(*) FROM batches_batch") == [(53,)]

    assert place.manage("convert_legacy_batch_ids", "--verify")[0] == 0
    code, output = place.manage("migrate", "batches", "0019", "--verbosity", "0")
    assert code == 0, output
    assert place.sql("SELECT count(*) FROM batches_batch") == [(0,)]
    code, output = place.manage("migrate", "--verbosity", "0")
    assert "Verified: both sides are equal" in output


def test_row_level_security_that_would_hide_rows_stops_everything(place: Installation) -> None:
    fill(place)
    for table in TABLES:
        place.sql(f"GRANT SELECT ON {table} TO {place.owner}")
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


def test_a_role_that_may_only_read_the_older_tables_converts_them(place: Installation) -> None:
    fill(place)
    for table in TABLES:
        place.sql(f"GRANT SELECT ON {table} TO {place.owner}")
    code, output = place.manage("migrate", "--verbosity", "0")
    assert code == 0, output
    assert "Verified: both sides are equal" in output
    assert place.manage("convert_legacy_batch_ids", "--verify")[0] == 0
    assert place.sql("SELECT count(*) FROM batches_job") == place.sql("SELECT count(*) FROM jobs")


def test_older_tables_in_another_schema_are_converted(place: Installation) -> None:
    place.sql("CREATE SCHEMA older")
    url = place.url_of(place.owner, schema="public,older")
    with psycopg.connect(place.url, options="-csearch_path=older") as opened:
        build(opened.cursor(), "after")
    place.sql(f"GRANT USAGE ON SCHEMA older TO {place.owner}")
    place.sql(f"GRANT SELECT ON ALL TABLES IN SCHEMA older TO {place.owner}")

    code, output = place.manage("convert_legacy_batch_ids", "--dry-run")
    assert code == 1
    assert "in the schema older" in one_sentence(output)

    code, output = place.manage("migrate", "--verbosity", "0", url=url)
    assert code == 0, output
    assert "The schema older holds the tables" in output
    assert place.sql("SELECT count(*) FROM public.batches_batch") == [(53,)]


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
    give_to(place, place.owner)
    code, output = place.manage("convert_legacy_batch_ids", "--dry-run")
    assert code == 1
    assert "1 rows of the legacy table jobs have an id that is not an integer, such as 'a7'" in (
        one_sentence(output)
    )


def test_a_part_of_the_tables_is_migrated_without_a_queue(place: Installation) -> None:
    code, output = place.manage("migrate", "batches", "0006", "--verbosity", "0")
    assert (code, output) == (0, "")


def test_converting_before_migrating_is_refused(place: Installation) -> None:
    fill(place)
    give_to(place, place.owner)
    for arguments in ((), ("--verify",)):
        code, output = place.manage("convert_legacy_batch_ids", *arguments)
        assert code == 1
        assert "run `manage.py migrate` first" in one_sentence(output)


def test_options_that_exclude_each_other_and_missing_folders_are_said_first(
    place: Installation, tmp_path: Path
) -> None:
    fill(place)
    give_to(place, place.owner)
    code, output = place.manage("convert_legacy_batch_ids", "--dry-run", "--verify")
    assert (code, "Use either --dry-run" in one_sentence(output)) == (1, True)
    missing = tmp_path / "missing" / "report.csv"
    code, output = place.manage("convert_legacy_batch_ids", "--dry-run", "--report", str(missing))
    assert (code, "No such file or directory" in one_sentence(output)) == (1, True)
