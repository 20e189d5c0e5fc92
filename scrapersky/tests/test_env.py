"""Every reader of the environment: accepted values, and the message for others."""

import os
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from scrapersky import env

NAME = "SCRAPERSKY_TEST_VALUE"


@pytest.fixture
def patch(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.delenv(NAME, raising=False)
    return monkeypatch


def give(monkeypatch: pytest.MonkeyPatch, value: str) -> str:
    monkeypatch.setenv(NAME, value)
    return NAME


def refusal(reader: object, *arguments: object, **options: object) -> str:
    with pytest.raises(ImproperlyConfigured) as caught:
        reader(NAME, *arguments, **options)  # type: ignore[operator]
    return str(caught.value)


@pytest.mark.parametrize(
    ("value", "meaning"),
    [("true", True), ("Yes", True), ("1", True), ("off", False), ("0", False), (" ", True)],
)
def test_a_switch_is_on_or_off(patch: pytest.MonkeyPatch, value: str, meaning: bool) -> None:
    assert env.boolean(give(patch, value), default=True) is meaning


def test_a_switch_in_between_is_refused(patch: pytest.MonkeyPatch) -> None:
    give(patch, "maybe")
    assert refusal(env.boolean, default=True) == (
        f"{NAME}='maybe' cannot be used: expected true or false."
    )


@pytest.mark.parametrize("value", ["0.05", "61", "nan", "inf", "eight", "1,5"])
def test_a_number_outside_its_bounds_is_refused(patch: pytest.MonkeyPatch, value: str) -> None:
    give(patch, value)
    assert "expected a number from 0.1 to 60" in refusal(env.number, 8, low=0.1, high=60)


def test_a_level_is_one_that_logging_knows(patch: pytest.MonkeyPatch) -> None:
    assert env.level(give(patch, "debug"), "INFO") == "DEBUG"
    give(patch, "loud")
    assert refusal(env.level, "INFO").endswith("expected one of DEBUG, INFO, WARNING, ERROR.")


def test_a_number_that_is_not_given_is_the_default(patch: pytest.MonkeyPatch) -> None:
    assert env.number(NAME, 8, low=0.1, high=60) == 8
    assert env.integer(give(patch, "12"), 8, low=1, high=60) == 12


def test_half_a_whole_number_is_refused(patch: pytest.MonkeyPatch) -> None:
    give(patch, "2.5")
    assert "expected a whole number from 1 to 9" in refusal(env.integer, 8, low=1, high=9)


def test_words_are_separated_by_commas(patch: pytest.MonkeyPatch) -> None:
    assert env.items(give(patch, " one, two ,,three ")) == ["one", "two", "three"]


def test_networks_are_read_with_or_without_host_bits(patch: pytest.MonkeyPatch) -> None:
    give(patch, "10.1.2.3/8, ::1")
    assert env.networks(NAME) == ("10.0.0.0/8", "::1/128")


def test_a_network_that_is_none_is_refused(patch: pytest.MonkeyPatch) -> None:
    give(patch, "10.0.0.0/64")
    assert "expected networks such as 10.0.0.0/8" in refusal(env.networks)


def test_name_servers_have_a_port(patch: pytest.MonkeyPatch) -> None:
    give(patch, "9.9.9.9, [::1]:5353")
    assert env.dns_servers(NAME) == ("9.9.9.9:53", "[::1]:5353")


def test_a_name_server_without_an_address_is_refused(patch: pytest.MonkeyPatch) -> None:
    give(patch, "dns.example")
    assert "expected name servers such as 9.9.9.9" in refusal(env.dns_servers)


def test_a_host_map_leads_hosts_to_addresses(patch: pytest.MonkeyPatch) -> None:
    give(patch, "*.demo.test=127.0.0.1:8081:8443, gone.test=nxdomain")
    assert env.host_map(NAME) == (
        ("*.demo.test", "127.0.0.1:8081:8443"),
        ("gone.test", "nxdomain"),
    )


@pytest.mark.parametrize("value", ["demo.test", "demo.test=", "=127.0.0.1:80", "demo.test=home:80"])
def test_a_host_map_of_another_shape_is_refused(patch: pytest.MonkeyPatch, value: str) -> None:
    give(patch, value)
    assert "expected pairs such as" in refusal(env.host_map)


def test_a_postgres_url_becomes_settings(patch: pytest.MonkeyPatch) -> None:
    config = env.database(give(patch, "postgres://ann:s3cret@db.internal:5433/scans"))
    assert config["ENGINE"] == "django.db.backends.postgresql"
    assert [config[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT")] == [
        "scans",
        "ann",
        "s3cret",
        "db.internal",
        5433,
    ]
    assert config["CONN_HEALTH_CHECKS"]


def test_sqlite_gets_what_several_writing_processes_need(
    patch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = env.database(give(patch, f"sqlite:///{tmp_path / 'fresh' / 'data.sqlite3'}"))
    assert config["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert (tmp_path / "fresh").is_dir()


@pytest.mark.parametrize("value", ["mysql://localhost/scans", "scans", "postgres://localhost/"])
def test_a_database_that_cannot_be_used_is_refused(patch: pytest.MonkeyPatch, value: str) -> None:
    give(patch, value)
    assert refusal(env.database).startswith(f"{NAME}=")


def test_a_refused_database_url_does_not_show_its_password(patch: pytest.MonkeyPatch) -> None:
    give(patch, "mysql://ann:s3cret@localhost/scans")
    assert "s3cret" not in refusal(env.database)


def test_redis_is_optional_and_must_be_redis(patch: pytest.MonkeyPatch) -> None:
    assert env.redis_url(NAME) == ""
    give(patch, "http://localhost:6379")
    assert "expected redis://" in refusal(env.redis_url)


def test_a_secret_key_is_made_once_and_for_its_owner_alone(
    patch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "var" / "secret_key"
    key = env.secret_key(NAME, path)
    assert len(key) > 40
    assert env.secret_key(NAME, path) == key
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_environment_wins_over_the_file(patch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "names"
    file.write_text(f"{NAME}=from the file\n{NAME}_2=from the file\n")
    patch.setenv("ENV_FILE", str(file))
    give(patch, "from the environment")
    patch.setenv(f"{NAME}_2", "")
    patch.delenv(f"{NAME}_2")
    assert env.load_env_file(tmp_path / "another") == file
    assert [os.environ[NAME], os.environ[f"{NAME}_2"]] == ["from the environment", "from the file"]


def test_an_empty_name_means_no_file(patch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    patch.setenv("ENV_FILE", "")
    assert env.load_env_file(tmp_path / "names") is None


def test_what_is_listed_in_the_example_can_be_forgotten(
    patch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    example = tmp_path / "example"
    example.write_text(f"# What it does\n#{NAME}=1\n")
    give(patch, "2")
    patch.setenv("ENV_FILE", "somewhere")
    env.forget(example)
    assert NAME not in os.environ
    assert os.environ["ENV_FILE"] == ""
