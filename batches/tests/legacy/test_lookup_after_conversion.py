"""After a conversion, every id known to clients of the older system still leads to its row."""

from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.urls import reverse

from batches.legacy import conversion
from batches.legacy.ids import derived
from batches.models import Batch, Job
from batches.tests.api_clients import program_of
from batches.tests.legacy.legacy_database import Age, build
from batches.tests.legacy.legacy_ids import BATCHES, JOBS, uid
from scrapersky.tenants.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["before", "after"])
def age(request: pytest.FixtureRequest, legacy: Any) -> Age:
    """Convert the database of an age."""
    chosen: Age = request.param
    build(legacy, chosen)
    conversion.convert(connection, apps)
    return chosen


@pytest.fixture
def admin(db: None) -> User:
    """Return a user who sees every tenant."""
    return User.objects.create_superuser("admin", "admin@example.com", "secret")


def status_of(program: Client, view: str, key: object) -> Any:
    answer = program.get(reverse(view, args=[key]))
    assert answer.status_code == 200, key
    return answer.json()


def test_the_status_of_every_batch_is_the_same_by_all_its_ids(age: Age, admin: User) -> None:
    program = program_of(admin)
    for batch in BATCHES:
        row = Batch.objects.get(legacy_id=batch.number)
        output = status_of(program, "api:batch_status", row.pk)
        assert output["batch_id"] == str(row.pk)
        if batch.text and batch.number not in (18, 21):  # whose string is first another's
            assert status_of(program, "api:batch_status", batch.text) == output
        if batch.number != 310:  # the id of another
            assert status_of(program, "api:batch_status", batch.number) == output
        if age == "after":
            assert status_of(program, "api:batch_status", uid("9", batch.number)) == output


def test_the_status_of_every_job_is_the_same_by_all_its_ids(age: Age, admin: User) -> None:
    program = program_of(admin)
    for job in JOBS:
        if age not in job.ages:
            continue
        row = Job.objects.get(legacy_id=job.number)
        output = status_of(program, "api:job_status", row.pk)
        assert status_of(program, "api:job_status", job.number) == output
        if age == "before" and job.text and job.number != 415:  # its string is that of another
            assert status_of(program, "api:job_status", job.text) == output


def test_the_search_finds_every_batch_by_its_string(age: Age, admin: User) -> None:
    console = Client()
    console.force_login(admin)
    for batch in BATCHES:
        if batch.text:
            page = console.get("/batches/", {"q": batch.text}).context["list"].objects
            assert batch.number in {row.legacy_id for row in page}, batch


def test_a_batch_that_was_made_up_is_found_by_its_string(age: Age, admin: User) -> None:
    program = program_of(admin)
    output = status_of(program, "api:batch_status", "lost-batch")
    assert output["batch_id"] == str(derived("lost-batch"))
    lost = uid("b", 900)
    for key in (f"batch_{lost.hex}", lost):
        assert status_of(program, "api:batch_status", key)["batch_id"] == str(lost)


def test_all_ids_of_domains_that_became_one_show_it(age: Age, admin: User) -> None:
    console = Client()
    console.force_login(admin)
    shown: set[UUID] = set()
    for number in (2, 3, 4):
        shown.add(console.get(f"/domains/{uid('d', number)}/").context["domain"].pk)
    assert len(shown) == 1
