"""The rules for ids: known formats, and arbitrary texts."""

from uuid import UUID, uuid5

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batches.legacy.ids import (
    EMBEDDED_UUID,
    KEPT_LENGTH,
    NAMESPACE,
    converted,
    derived,
    embedded_uuid,
    sql_embedded_uuid,
    sql_finding_id,
    sql_stored_original,
    stored_original,
)
from batches.models import LegacyId
from batches.tests.legacy.legacy_ids import BATCHES, uid

U = UUID("8a7b6c5d-4e3f-4a1b-9c0d-1e2f3a4b5c6d")
WHOLE = [
    f"{U}",
    f"batch_{U.hex}",
    f"batch_{U}",
    f"batch_domain_sitemap_{U}",
    f"sitemap_{U.hex}",
    f"  batch_{U.hex}",
    f"{U}".upper(),
    f"BATCH_{U.hex.upper()}",
    f"\t{U}\n",
    f"urn:uuid:{U}",
]
NOT_WHOLE = [
    f"batch_{U}_1a2b3c4d",
    f"{U}_{U}",
    f"{U.hex}{U.hex}",
    f"batch_a{U.hex}",
    f"batch_{U.hex}a",
    f"batch_{U.hex[:-1]}",
    "batch_0123456789ab",
    "scan_0123456789abcdef0123456789abcxyz",
    "job_1a2b3c4d",
    "domain_batch_20250920_101112",
    "310",
    "test-batch",
    "",
    f"{{{U}}}",
    f"{str(U)[:13]}{str(U)[14:]}",
    f"bat\u017fch_{U}",
    f"\u00a0{U}",
]
HEX = "0123456789abcdefABCDEF"
near_ids = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["", " ", "\n", "\u00a0", "x"]),
        st.sampled_from(
            ["", "batch_", "batch_domain_sitemap_", "Job:", "a-b-", "b2_", "_", "\u212a_"]
        ),
        st.one_of(
            st.uuids().map(str),
            st.uuids().map(lambda found: found.hex),
            st.text(HEX + "-xg\u0660", min_size=30, max_size=37),
            st.uuids().map(lambda found: str(found).upper()),
        ),
        st.sampled_from(["", " ", "\n", "_1a2b3c4d", "-", "\u2003"]),
    ),
)
storable = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
any_id = st.one_of(near_ids, storable)


@pytest.mark.parametrize("text", WHOLE)
def test_an_id_that_is_one_whole_uuid_becomes_that_uuid(text: str) -> None:
    assert converted(text) == U


@pytest.mark.parametrize("text", NOT_WHOLE)
def test_any_other_id_is_derived_from_its_text(text: str) -> None:
    assert embedded_uuid(text) is None
    assert converted(text) == uuid5(NAMESPACE, text)


def test_the_formats_that_were_seen_become_what_they_should() -> None:
    for batch in BATCHES:
        if batch.text and "#" not in str(batch.becomes):
            expected = batch.becomes if isinstance(batch.becomes, UUID) else derived(batch.becomes)
            assert converted(batch.text) == expected


@given(any_id)
def test_an_id_becomes_the_same_uuid_every_time(text: str) -> None:
    assert converted(text) == converted(text)
    assert converted(str(converted(text))) == converted(text)


@given(st.uuids(), st.text("abcXYZ", min_size=1), st.sampled_from("_-:"))
def test_a_prefix_never_changes_the_uuid(uuid: UUID, word: str, separator: str) -> None:
    for text in (str(uuid), uuid.hex, str(uuid).upper()):
        assert converted(f"{word}{separator}{text}") == uuid


@given(st.uuids(), st.uuids(), st.sampled_from(["", "_", "-", ":"]))
def test_two_uuids_are_not_one(one: UUID, other: UUID, between: str) -> None:
    text = f"{one}{between}{other}"
    assert converted(text) == derived(text)


@given(storable, storable)
def test_texts_are_kept_apart(one: str, other: str) -> None:
    assert (stored_original(one) == stored_original(other)) == (one == other)


@pytest.mark.django_db
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(any_id, min_size=1, max_size=60), st.text("ab\u00e9", min_size=KEPT_LENGTH - 1))
def test_the_database_reads_ids_as_python_does(texts: list[str], long: str) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("the rule in SQL is PostgreSQL's")
    texts.append(long)
    columns = f"t, {sql_embedded_uuid('t')}, {sql_stored_original('t')}"
    query = f"SELECT {columns} FROM unnest(%s::text[]) AS t"
    with connection.cursor() as cursor:
        cursor.execute(query.replace("%s", "%(texts)s"), {"texts": texts})
        for text, uuid, stored in cursor.fetchall():
            assert uuid == embedded_uuid(text)
            assert stored == stored_original(text)


@pytest.mark.django_db
def test_the_id_of_a_finding_is_a_uuid_of_its_parts() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("the rule in SQL is PostgreSQL's")
    one, again, other = (sql_finding_id(f"'{a}'", f"'{b}'") for a, b in ("ab", "ab", "ba"))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {one}, {again}, {other}")
        row = cursor.fetchone()
    assert row[0] == row[1] != row[2]
    assert (row[0].version, row[0].variant) == (8, "specified in RFC 4122")


def test_the_rule_holds_nothing_that_the_two_languages_read_differently() -> None:
    assert "\\s" not in EMBEDDED_UUID
    assert "\\d" not in EMBEDDED_UUID


@pytest.mark.django_db
def test_the_map_answers_by_the_exact_text_and_then_by_the_uuid_it_holds() -> None:
    kinds, how = LegacyId.Kind, LegacyId.How
    first, second = uid("b", 1), uid("b", 2)
    twice = {"kind": kinds.BATCH, "original": "twice", "made": True}
    LegacyId.objects.create(uuid=second, how=how.COLLISION, **twice)
    LegacyId.objects.create(uuid=first, how=how.DERIVED, **twice)
    assert LegacyId.objects.resolve(kinds.BATCH, "twice") == first
    assert LegacyId.objects.resolve(kinds.JOB, "twice") is None
    assert LegacyId.objects.resolve(kinds.BATCH, f" batch_{U.hex}") == U
