"""Databases whose owner is not a superuser, and an operator's actions on them."""

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import quote, urlsplit
from uuid import uuid4

import psycopg

from batches.tests.legacy.databases import ROOT
from batches.tests.legacy.legacy_database import TABLES, build, run_older_script


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
            timeout=600,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def own(self) -> None:
        """Make the owner that of the older tables."""
        for table in TABLES:
            self.sql(f"ALTER TABLE {table} OWNER TO {self.owner}")

    def checksums(self, url: str, tables: Iterable[str]) -> dict[str, tuple[int, str]]:
        """Return the number of rows and a checksum of each table."""
        query = "SELECT count(*), coalesce(sum(hashtext(t::text)), 0)::text FROM"
        with psycopg.connect(url) as opened:
            rows = {table: opened.execute(f"{query} {table} t").fetchone() for table in tables}
        return {table: row for table, row in rows.items() if row}

    def tables(self) -> set[str]:
        query = (
            "SELECT schemaname || '.' || tablename FROM pg_tables "
            "WHERE schemaname !~ '^(pg_|information)'"
        )
        return {name for (name,) in self.sql(query)}


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


def fill(place: Installation, age: str = "before") -> None:
    with psycopg.connect(place.url) as opened:
        build(opened.cursor(), age)  # type: ignore[arg-type]


def as_owner(place: Installation) -> str:
    """Fill tables in the shape of the dump; return the URL of their owner."""
    fill(place, "after")
    place.own()
    return place.url_of(place.owner)


def as_reader(place: Installation) -> str:
    """Fill tables in the shape before the script; return the URL of a role that only reads them."""
    fill(place, "before")
    for table in TABLES:
        place.sql(f"GRANT SELECT ON {table} TO {place.owner}")
    return place.url_of(place.owner)


def in_another_schema(place: Installation) -> str:
    """Fill tables of another schema and run the older script on them; return a reader's URL."""
    place.sql("CREATE SCHEMA older")
    with psycopg.connect(place.url, options="-csearch_path=older") as opened:
        build(opened.cursor(), "before")
        run_older_script(opened.cursor())
    place.sql(f"GRANT USAGE ON SCHEMA older TO {place.owner}")
    place.sql(f"GRANT SELECT ON ALL TABLES IN SCHEMA older TO {place.owner}")
    return place.url_of(place.owner, schema="public,older")


def one_sentence(output: str) -> str:
    """Return the one-line error with which a command exited."""
    assert "Traceback" not in output
    line = output.strip().splitlines()[-1]
    assert line.startswith("CommandError: "), output
    return line
