"""An operator converts each shape of an older database, as its owner or as one who may only read.

Roles, schemas and connections are real ones, in databases of their own.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from batches.tests.legacy.databases import migrated_database
from batches.tests.legacy.installations import (
    Installation,
    as_owner,
    as_reader,
    in_another_schema,
    one_sentence,
)
from batches.tests.legacy.legacy_database import TABLES

pytestmark = pytest.mark.django_db
OURS = ("batches_batch", "batches_job", "scans_domain", "scans_contact", "scans_technology")
# The migration before the conversion.
BEFORE = "0019"


@pytest.mark.parametrize("prepare", [as_owner, as_reader, in_another_schema])
def test_an_operator_tries_converts_verifies_and_takes_back(
    place: Installation, tmp_path: Path, prepare: Callable[[Installation], str]
) -> None:
    url = prepare(place)
    tables, older = place.tables(), place.checksums(url, TABLES)

    code, output = place.manage("up", url=url)
    assert code == 1
    assert "convert_legacy_batch_ids --dry-run`" in one_sentence(output)
    assert "`manage.py migrate`" in output
    assert place.tables() == tables

    report = tmp_path / "report.csv"
    dry_run = ("convert_legacy_batch_ids", "--dry-run", "--report", str(report))
    code, output = place.manage(*dry_run, url=url)
    assert (code, place.tables()) == (0, tables), output
    assert "A dry run: nothing was written." in output
    assert report.read_text().count("\n") > 50

    code, output = place.manage("migrate", "--verbosity", "0", url=url)
    assert code == 0, output
    assert "batch_jobs: 51 rows" in output
    assert "Verified: both sides are equal" in output
    converted = place.checksums(url, OURS)
    counts = [converted[table][0] for table in ("batches_batch", "batches_job")]
    assert counts == [53, older["jobs"][0]]  # two batches are only referred to

    code, output = place.manage("convert_legacy_batch_ids", "--verify", url=url)
    assert code == 0, output
    code, output = place.manage("migrate", "batches", BEFORE, "--verbosity", "0", url=url)
    assert code == 0, output
    assert {count for count, _ in place.checksums(url, OURS).values()} == {0}
    code, output = place.manage("migrate", "--verbosity", "0", url=url)
    assert "Verified: both sides are equal" in output
    again = place.checksums(url, OURS)
    for table in ("batches_job", "scans_domain"):
        assert again[table] == converted[table]
    assert place.checksums(url, TABLES) == older


def test_where_there_are_no_older_tables_nothing_is_converted(place: Installation) -> None:
    with migrated_database() as url:
        assert {count for count, _ in place.checksums(url, OURS).values()} == {0}
        checked = place.manage("inspect_schema", "--check", url=url)[1]
        assert checked.startswith("The models and the database")
        assert "legacy_batch_id" in place.manage("inspect_schema", "batches_batch", url=url)[1]
