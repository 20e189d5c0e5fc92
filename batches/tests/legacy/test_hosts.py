"""Names of domains are read in SQL as the engine reads them."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batches.legacy import hosts
from batches.legacy.hosts import read, sql_bare, sql_plain_host
from batches.models import Job
from batches.tests.legacy.converted import convert
from batches.tests.legacy.legacy_database import create_tables, insert
from batches.tests.legacy.legacy_domains import OldDomain
from scans.models import Domain

label = st.one_of(
    st.text("abz09-", min_size=1, max_size=5),
    st.sampled_from(["www", "xn--bcher-kva", "a" * 63, "b" * 64, "bücher", "co", "A", "_x", ""]),
)
ending = st.sampled_from(
    [
        "com",
        "co.uk",
        "test",
        "onion",
        "localhost",
        "local",
        "c0m",
        "12",
        "github.io",
        "xn--p1ai",
        "zz",
    ]
)
name = st.builds(
    lambda scheme, labels, last, tail: f"{scheme}{'.'.join([*labels, last])}{tail}",
    st.sampled_from(["", "http://", "https://", "HTTPS://", "ftp://", " "]),
    st.lists(label, max_size=4),
    ending,
    st.sampled_from(["", "/", "//", ".", ":8080", "/path", " "]),
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(name, min_size=1, max_size=60, unique=True))
def test_a_plain_name_is_read_in_sql_as_by_the_engine(legacy: Any, names: list[str]) -> None:
    host = sql_plain_host("bare")
    legacy.execute(
        f"SELECT name, {host} FROM (SELECT name, {sql_bare('name')} AS bare "
        "FROM unnest(%(names)s::text[]) AS name OFFSET 0) AS x",
        {"names": names},
    )
    for text, plain in legacy.fetchall():
        if plain is not None and hosts.is_plain(f"example.{plain.rpartition('.')[2]}"):
            assert read(text) == (plain, None)


@pytest.mark.parametrize(
    "text", ["example.com", "https://a.b.example.co.uk", "http://x-y.example/"]
)
def test_most_names_are_plain(legacy: Any, text: str) -> None:
    legacy.execute(
        f"SELECT {sql_plain_host('bare')} FROM (SELECT {sql_bare('name')} AS bare "
        "FROM (SELECT %(text)s::text AS name) AS n) AS x",
        {"text": text},
    )
    assert legacy.fetchone()[0] == read(text)[0]


def test_a_name_under_no_public_ending_is_kept_and_named(legacy: Any) -> None:
    create_tables(legacy, "before")
    for number, text in enumerate(("intern.nowhere", "x.onion", "https://fine.example.com"), 1):
        insert(legacy, "before", "domains", OldDomain(number, text, None).row())
    outcome = convert()
    refused = Domain.objects.filter(metadata__legacy__host_refused__isnull=False)
    assert set(refused.values_list("host", flat=True)) == {"intern.nowhere", "x.onion"}
    assert [note.count for note in outcome.notes if note.topic == "name cannot be scanned"] == [2]


def test_long_names_stay_apart_and_fit_the_jobs_of_their_domains(legacy: Any) -> None:
    create_tables(legacy, "before")
    for number in (1, 2):
        domain = OldDomain(number, f"{'a' * 300}{number}.example.com", None).row()
        insert(legacy, "before", "domains", domain)
        job = {"id": number, "job_id": f"long-{number}", "domain_id": domain["id"]}
        insert(legacy, "before", "jobs", job)
    convert()
    stored = set(Domain.objects.values_list("host", flat=True))
    assert len(stored) == 2
    assert {len(name) for name in stored} == {hosts.LONGEST}
    assert set(Job.objects.values_list("host", flat=True)) == stored
