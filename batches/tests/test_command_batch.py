"""`manage.py batch`: show a batch and control it."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from batches.models import Batch, Job
from batches.services import create_batch
from batches.tests.outcomes import complete, fail
from scrapersky.tenants.models import Tenant, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(default_tenant: Tenant) -> Batch:
    hosts = ["a.example", "b.example"]
    return create_batch(tenant=default_tenant, created_by=None, domains=hosts, name="Bakers")


@pytest.fixture
def mixed(default_tenant: Tenant, user: User) -> Batch:
    """Return a batch that ended with one completed, a time-out and a TLS error."""
    hosts = ["good.example", "late.example", "old.example"]
    batch = create_batch(tenant=default_tenant, created_by=user, domains=hosts)
    first, second, third = batch.jobs.order_by("position")
    complete(first)
    fail(second, "read_timeout", "Late.")
    fail(third, "tls_error", "Old.")
    batch.refresh_from_db()
    return batch


def run(batch: Batch, *arguments: str) -> str:
    out = StringIO()
    call_command("batch", str(batch.pk), *arguments, stdout=out)
    return out.getvalue()


def refused(batch: Batch, *arguments: str) -> str:
    """Return the sentence with which the command exits, with 1."""
    with pytest.raises(CommandError) as error:
        run(batch, *arguments)
    assert error.value.returncode == 1
    return str(error.value)


def statuses(batch: Batch) -> list[str]:
    return list(batch.jobs.order_by("position").values_list("status", flat=True))


def test_every_control_tells_how_far_the_batch_is_then(waiting: Batch) -> None:
    for action, status in (("pause", "paused"), ("resume", "running"), ("cancel", "cancelled")):
        assert f"(Bakers): {status}" in run(waiting, action)
        waiting.refresh_from_db()
        assert waiting.status == status
    assert json.loads(run(waiting, "status", "--json"))["cancelled"] == 2


def test_retry_scans_everything_that_failed(mixed: Batch) -> None:
    summary = json.loads(run(mixed, "retry", "--json"))
    assert (summary["status"], summary["failed"]) == ("running", 0)
    assert statuses(mixed) == ["complete", "pending", "pending"]
    assert not Job.objects.exclude(options={}).exists()


def test_retry_by_cause_with_other_options(mixed: Batch) -> None:
    assignments = ("site_deadline=120", "request_delay=0.5", "max_concurrent=3", "obey_robots=no")
    options = [argument for text in assignments for argument in ("--option", text)]
    run(mixed, "retry", "--reason", "read_timeout", "--reason", "dns_not_found", *options)
    assert statuses(mixed) == ["complete", "pending", "failed"]
    own = mixed.jobs.get(status="pending").options
    assert (own["site_deadline"], own["request_delay"], own["obey_robots"]) == (120, 0.5, False)
    mixed.refresh_from_db()
    batch = mixed.scan_options
    assert (batch.site_deadline, batch.obey_robots, batch.max_concurrent) == (60, True, 3)


def test_retry_takes_cancelled_jobs_only_if_they_are_named(mixed: Batch) -> None:
    mixed.jobs.filter(status="failed").update(status="cancelled", failure_reason="cancelled")
    Batch.objects.filter(pk=mixed.pk).update(failed=0, cancelled=2)
    assert "To retry the 2 cancelled jobs" in refused(mixed, "retry")
    summary = json.loads(run(mixed, "retry", "--reason", "cancelled", "--json"))
    assert (summary["status"], summary["cancelled"]) == ("running", 0)


def test_rerun_tells_of_the_new_batch_which_belongs_to_the_same_user(
    mixed: Batch, user: User
) -> None:
    summary = json.loads(run(mixed, "rerun", "--json"))
    again = Batch.objects.get(pk=summary["batch_id"])
    assert again.pk != mixed.pk
    assert (again.total, again.created_by, summary["status"]) == (3, user, "pending")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("pause",), "The batch is partial: only a running batch can be paused."),
        (("resume",), "The batch is partial: only a paused batch can be resumed."),
        (("cancel",), "The batch is partial, so there is nothing to cancel."),
        (("retry", "--reason", "http_error"), "There is no failed or cancelled job to retry."),
        (("retry", "--option", "max_concurrent=0"), "max_concurrent: Must be a whole number"),
        (("retry", "--option", "speed=1"), "speed: There is no option with this name."),
        (("retry", "--option", "obey_robots=1"), "obey_robots: Must be true or false."),
        (("retry", "--option", "site_deadline=long"), "site_deadline: give a number, yes or no"),
        (("retry", "--option", "site_deadline=nan"), "site_deadline: Must be a number"),
        (("retry", "--option", "obey_robots"), "--option takes NAME=VALUE"),
        (("cancel", "--reason", "http_error"), "work only with retry"),
        (("status", "--option", "site_deadline=9"), "work only with retry"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence_and_changes_nothing(
    mixed: Batch, arguments: tuple[str, ...], sentence: str
) -> None:
    assert sentence in refused(mixed, *arguments)
    mixed.refresh_from_db()
    assert mixed.status == "partial"
    assert statuses(mixed) == ["complete", "failed", "failed"]


def test_a_batch_whose_domains_are_gone_cannot_run_again(mixed: Batch) -> None:
    mixed.jobs.all().delete()
    assert "domains: Give 1 to 100,000 domains" in refused(mixed, "rerun")


def test_a_cause_that_does_not_exist_is_refused_with_those_that_do(mixed: Batch) -> None:
    with pytest.raises(CommandError, match="read_timeout"):
        run(mixed, "retry", "--reason", "bad_weather")
