"""`manage.py inspect_schema` shows a database's schema and how it differs from the models."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from batches.models import MaintenanceRun
from batches.services import create_batch
from scrapersky.schema.comparison import normal_type
from scrapersky.schema.secrets_in_rows import is_secret, masked
from scrapersky.tenants.models import ApiToken, Tenant, User

pytestmark = pytest.mark.django_db
on_postgres = pytest.mark.skipif(connection.vendor != "postgresql", reason="a thing of PostgreSQL")


def inspect(*arguments: str) -> str:
    out = StringIO()
    call_command("inspect_schema", *arguments, stdout=out)
    return out.getvalue()


def inspect_json(*arguments: str) -> Any:
    return json.loads(inspect(*arguments, "--json"))


def check(*arguments: str) -> str:
    """Return the output of a check that finds differences."""
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("inspect_schema", "--check", *arguments, stdout=out)
    assert ended.value.code == 1
    return out.getvalue()


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def line_of(printed: str, name: str) -> str:
    """Return the line of a printed table whose first word is a name."""
    return next(line for line in printed.splitlines() if line.split()[:1] == [name])


def test_tables_are_listed_with_rows_and_size() -> None:
    assert line_of(inspect(), "TABLE").split() == ["TABLE", "ROWS", "(ESTIMATED)", "SIZE"]
    tables = {table["name"]: table for table in inspect_json()}
    assert {"batches_batch", "batches_job", "scans_domain", "tenants_user"} <= tables.keys()
    assert all(table["rows"] >= 0 for table in tables.values())
    assert tables["batches_batch"]["bytes"] > 0


def test_rows_are_estimated_for_a_table_that_has_some(default_tenant: Tenant) -> None:
    for number in range(50):
        MaintenanceRun.objects.create(name=f"chore {number}")
    run("ANALYZE batches_maintenancerun")
    assert line_of(inspect(), "batches_maintenancerun").split()[1] == "50"


def test_a_table_is_shown_with_its_columns() -> None:
    printed = inspect("batches_batch")
    assert line_of(printed, "COLUMN").split() == ["COLUMN", "TYPE", "NULL", "DEFAULT", "PK", "FK"]
    uuid = "uuid" if connection.vendor == "postgresql" else "char(32)"
    assert line_of(printed, "id").split() == ["id", uuid, "no", "yes"]
    assert line_of(printed, "tenant_id").split() == ["tenant_id", uuid, "no", "tenants_tenant.id"]
    assert line_of(printed, "legacy_batch_id").split()[1:] == [line_of(printed, "error").split()[1],
                                                               "yes"]  # fmt: skip


def test_a_table_is_shown_with_its_indexes() -> None:
    table = inspect_json("batches_job")
    indexes = {index["name"]: index for index in table["indexes"]}
    assert not indexes["job_in_order"]["unique"]
    assert "position" in indexes["job_in_order"]["over"]
    assert "WHERE" in indexes["job_claimable"]["over"]
    assert any(index["unique"] and "domain_id" in index["over"] for index in table["indexes"])


def test_a_table_is_shown_with_some_rows(default_tenant: Tenant) -> None:
    for number in range(4):
        create_batch(
            tenant=default_tenant, created_by=None, domains=["a.example"], name=f"n{number}"
        )
    assert len(inspect_json("batches_batch")["rows"]) == 3
    assert len(inspect_json("batches_batch", "--limit", "4")["rows"]) == 4
    printed = inspect("batches_batch", "--limit", "1")
    assert "ROW 1" in printed
    assert "ROW 2" not in printed
    assert "ROW" not in inspect("batches_batch", "--limit", "0")


def test_what_is_piped_is_whole_and_in_no_box(default_tenant: Tenant) -> None:
    create_batch(tenant=default_tenant, created_by=None, domains=["a.example"], name="x" * 90)
    printed = inspect("batches_batch")
    assert "x" * 90 in printed
    assert printed.isascii()


def test_a_long_value_is_cut_and_none_steers_the_terminal(default_tenant: Tenant) -> None:
    MaintenanceRun.objects.create(name="noisy", note="\x1b[31m" + "y" * 500)
    printed = inspect("batches_maintenancerun")
    assert "\x1b" not in printed
    assert "(505 characters)" in printed


def test_secrets_are_masked(user: User) -> None:
    token, _ = ApiToken.create(user=user, name="robot")
    [row] = inspect_json("tenants_apitoken")["rows"]
    assert row["token_hash"] == "***"
    assert row["name"] == "robot"
    [person] = inspect_json("tenants_user")["rows"]
    assert person["password"] == "***"
    printed = inspect("tenants_apitoken") + inspect("tenants_user") + inspect("django_session")
    assert token.token_hash not in printed
    assert user.password not in printed


def test_sessions_are_masked(client: Any, user: User) -> None:
    client.force_login(user)
    [row] = inspect_json("django_session")["rows"]
    assert row["session_key"] == row["session_data"] == "***"


@pytest.mark.parametrize("name", ["api_key", "apiKey", "token_hash", "passwd", "sessionid",
                                  "client_secret", "Authorization", "cookies"])  # fmt: skip
def test_names_of_secrets_are_known(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize("name", ["id", "domain", "monkey", "keywords", "author", "url_hash"])
def test_names_of_other_things_are_no_secrets(name: str) -> None:
    assert not is_secret(name)


def test_secrets_within_values_are_masked() -> None:
    text = '{"a": [{"api_key": "s3cret", "b": 1}], "password": null}'
    assert masked(text, "metadata") == '{"a": [{"api_key": "***", "b": 1}], "password": null}'
    assert masked('{"token": "s3cret", "cut', "metadata") == '{"token": "***", "cut'
    assert masked("postgres://me:s3cret@host/db", "url") == "postgres://me:***@host/db"
    assert masked(None, "password") is None
    assert masked("s3cret", "t1", "api_token") == "***"


def test_an_unknown_table_is_answered_with_the_names_that_come_near() -> None:
    with pytest.raises(
        CommandError, match=r"no table named batch_batch\. .*batches_batch"
    ) as error:
        inspect("batch_batch")
    assert error.value.returncode == 2
    with pytest.raises(CommandError, match=r"^There is no table named xyzzyx\.$"):
        inspect("xyzzyx")


def test_the_models_agree_with_a_fresh_database() -> None:
    assert inspect("--check") == "The models and the database agree.\n"
    assert inspect_json("--check", "batches_job") == []


def test_a_check_names_a_missing_column() -> None:
    run("ALTER TABLE batches_maintenancerun DROP COLUMN note")
    assert check() == "batches_maintenancerun.note: the column is missing (text)\n"
    assert check("batches_maintenancerun") == check()
    [error] = json.loads(check("--json"))
    assert (error["table"], error["column"]) == ("batches_maintenancerun", "note")


def test_a_check_names_a_column_that_no_model_has() -> None:
    run("ALTER TABLE batches_maintenancerun ADD COLUMN extra varchar(7)")
    kind = "character varying(7)" if connection.vendor == "postgresql" else "varchar(7)"
    assert check() == f"batches_maintenancerun.extra: no field of the model ({kind})\n"


def test_a_check_names_a_column_of_another_type() -> None:
    run("ALTER TABLE batches_maintenancerun DROP COLUMN note")
    run("ALTER TABLE batches_maintenancerun ADD COLUMN note varchar(50) NOT NULL DEFAULT ''")
    there = "character varying(50)" if connection.vendor == "postgresql" else "varchar(50)"
    assert check() == f"batches_maintenancerun.note: the type is {there}, not text\n"


def test_a_check_names_a_column_that_may_be_null() -> None:
    run("ALTER TABLE batches_maintenancerun DROP COLUMN note")
    run("ALTER TABLE batches_maintenancerun ADD COLUMN note text")
    assert check() == "batches_maintenancerun.note: may be NULL, and must not\n"


def test_a_check_names_a_missing_index() -> None:
    run("DROP INDEX batch_newest")
    assert check() == "batches_batch: the index batch_newest is missing\n"


def test_a_check_names_a_missing_table() -> None:
    run("DROP TABLE batches_maintenancerun")
    assert check() == "batches_maintenancerun: the table is missing\n"


def test_a_check_of_a_table_that_is_no_models_is_refused() -> None:
    with pytest.raises(CommandError, match="not the table of a model"):
        inspect("django_migrations", "--check")


@on_postgres
@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("ALTER TABLE batches_batch DROP CONSTRAINT batch_counters",
         "batches_batch: the check constraint batch_counters is missing"),
        ("ALTER TABLE batches_job DROP CONSTRAINT job_once_a_batch",
         "batches_job: the unique constraint job_once_a_batch is missing"),
        ("ALTER TABLE batches_maintenancerun DROP CONSTRAINT batches_chore_name_key",
         "batches_maintenancerun.name: the unique constraint is missing"),
        ("DROP INDEX batches_batch_created_by_id_932d1662",
         "batches_batch.created_by_id: the index is missing"),
    ],
)  # fmt: skip
def test_a_check_names_a_missing_rule(statement: str, problem: str) -> None:
    run(statement)
    assert check() == f"{problem}\n"


@on_postgres
def test_a_check_names_a_missing_foreign_key() -> None:
    query = "SELECT conname FROM pg_constraint WHERE conrelid = 'batches_job'::regclass " \
        "AND contype = 'f' AND confrelid = 'batches_worker'::regclass"  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(query)
        [(name,)] = cursor.fetchall()
    run(f"ALTER TABLE batches_job DROP CONSTRAINT {name}")
    assert check() == "batches_job.worker_id: the foreign key to batches_worker is missing\n"


@on_postgres
def test_a_table_of_another_schema_is_found_by_its_whole_name() -> None:
    run("CREATE SCHEMA elsewhere")
    run('CREATE TABLE elsewhere."Odd name" (id int PRIMARY KEY, "50%" text)')
    run("""INSERT INTO elsewhere."Odd name" VALUES (7, 'half')""")
    assert inspect_json("elsewhere.Odd name")["rows"] == [{"id": "7", "50%": "half"}]
    assert "elsewhere.Odd name" in {table["name"] for table in inspect_json()}
    assert inspect_json("public.batches_batch")["columns"][0]["type"] == "uuid"


@on_postgres
def test_a_table_that_may_not_be_read_is_answered_in_a_sentence() -> None:
    run("CREATE ROLE onlooker")
    run("SET LOCAL ROLE onlooker")
    with pytest.raises(CommandError, match="cannot be read: permission denied") as error:
        inspect("batches_batch")
    assert error.value.returncode == 2


@on_postgres
def test_enum_types_are_named_with_their_values() -> None:
    run("CREATE TYPE mood AS ENUM ('Glad', 'Sad')")
    run("CREATE TABLE moods (id int, mood mood, moods mood[])")
    printed = inspect("moods")
    assert printed.count("Glad, Sad") == 2
    assert line_of(printed, "moods").split()[1] == "mood[]"


@on_postgres
def test_times_that_python_does_not_know_are_shown() -> None:
    run("CREATE TABLE times (a timestamp, b timestamptz, c date)")
    run("INSERT INTO times VALUES ('infinity', '-infinity', '0044-03-15 BC')")
    [row] = inspect_json("times")["rows"]
    assert list(row.values()) == ["infinity", "-infinity", "0044-03-15 BC"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("character varying(200)", "varchar(200)"),
        ("numeric(5,2)", "numeric(5, 2)"),
        ("time without time zone", "TIME"),
        ("character(32)", "char(32)"),
    ],
)
def test_a_type_may_be_written_in_two_ways(one: str, other: str) -> None:
    assert normal_type(one) == normal_type(other)
    assert normal_type("varchar(200)") != normal_type("varchar(201)")
