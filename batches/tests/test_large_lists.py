"""Large lists by page, API and command: one limit, and creation in the background."""

import io
import json
from datetime import time
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django.fixtures import Settings

from batches import building, lanes, list_chunks, services, transitions
from batches.models import Batch, BatchList
from batches.recurring import Plan, create_recurring, start_now
from batches.tests.api_clients import ROOT, program_of
from scans.services import ensure_domains
from scrapersky.tenants.models import Tenant, User

pytestmark = pytest.mark.django_db
HOSTS = [f"s{number}.example" for number in range(25)]
TEXT = "\n".join([*HOSTS, "localhost", "s1.example"])
LINES = "\n".join([f'"{HOSTS[0]}"', *(json.dumps({"domain": host}) for host in HOSTS[1:])])


@pytest.fixture(autouse=True)
def _small_limits(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.LIST_DIR = str(tmp_path / "lists")
    monkeypatch.setattr(services, "MAX_DOMAINS", 10)
    for module in (list_chunks, lanes):
        monkeypatch.setattr(module, "CHUNK", 10)


@pytest.fixture
def program(user: User) -> Client:
    return program_of(user)


def built(batch: Batch) -> Batch:
    assert (batch.status, batch.is_building, batch.total) == ("pending", True, 0)
    building.build(batch.pk)
    batch.refresh_from_db()
    assert not batch.is_building
    return batch


def hosts_of(batch: Batch) -> list[str]:
    return list(batch.jobs.order_by("position").values_list("domain__host", flat=True))


def post_lines(program: Client, text: str, query: str = "", kind: str = "x-ndjson") -> Any:
    return program.post(f"{ROOT}/batch{query}", text, content_type=f"application/{kind}")


@pytest.mark.parametrize("is_pasted", [True, False])
def test_a_large_list_on_the_page_becomes_a_batch_in_the_background(
    client: Client, user: User, is_pasted: bool, django_capture_on_commit_callbacks: Any
) -> None:
    client.force_login(user)
    file = SimpleUploadedFile("list.txt", TEXT.encode())
    fields = {"domains": TEXT} if is_pasted else {"file": file}
    with django_capture_on_commit_callbacks(execute=True):
        response = client.post(reverse("batch_create"), fields | {"name": "Large"}, follow=True)
    assert "The list is long" in response.content.decode()
    assert OrmQ.objects.count() == 1
    batch = built(Batch.objects.get())
    assert hosts_of(batch) == HOSTS
    assert batch.metadata["refused_count"] == batch.metadata["duplicates"] == 1


def test_a_large_list_of_the_api_becomes_a_batch_in_the_background(program: Client) -> None:
    body = {"domains": [*HOSTS, "localhost"], "name": "Large", "max_pages": 7}
    response = program.post(f"{ROOT}/batch", json.dumps(body), content_type="application/json")
    assert response.status_code == 201
    created = response.json()
    assert (created["is_building"], created["job_count"]) == (True, 0)
    status = program.get(created["status_url"]).json()
    assert (status["status"], status["list_read"]) == ("pending", 0.0)
    batch = built(Batch.objects.get())
    assert (hosts_of(batch), batch.options["max_pages"]) == (HOSTS, 7)
    assert "list_read" not in program.get(created["status_url"]).json()


@pytest.mark.parametrize("kind", ["jsonl", "x-ndjson"])
def test_json_lines_are_read_as_a_stream_with_options_in_the_query(
    program: Client, kind: str, settings: Settings
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    response = post_lines(program, LINES, "?name=Large&max_pages=7", kind)
    assert response.status_code == 201
    batch = built(Batch.objects.get())
    assert hosts_of(batch) == HOSTS
    assert (batch.name, batch.options["max_pages"]) == ("Large", 7)


def test_short_json_lines_become_a_batch_at_once(program: Client, settings: Settings) -> None:
    response = post_lines(program, '"a.example"\n\n{"domain": "b.example", "x": 1}\n7\n[]\nb.com\n')
    created = response.json()
    assert (created["job_count"], created["is_building"], created["invalid_count"]) == (2, False, 3)
    assert [line["line"] for line in created["invalid"]] == [4, 5, 6]
    assert not list(Path(settings.LIST_DIR).iterdir())


@pytest.mark.parametrize(
    ("text", "query", "field"),
    [("\n", "", "domains"), ("7", "", "domains"), ('"a.example"', "?max_pages=0", "max_pages")],
)
def test_bad_json_lines_are_422_and_leave_nothing(
    program: Client, text: str, query: str, field: str, settings: Settings
) -> None:
    response = post_lines(program, text, query)
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == field
    assert not Batch.objects.exists()
    assert not list(Path(settings.LIST_DIR).glob("*"))


def test_a_body_over_the_upload_limit_is_413(program: Client, settings: Settings) -> None:
    settings.UPLOAD_MAX_BYTES = 100
    assert post_lines(program, LINES).status_code == 413
    assert not list(Path(settings.LIST_DIR).glob("*"))


def test_one_setting_limits_page_api_and_command(
    client: Client, program: Client, user: User, settings: Settings, tmp_path: Path
) -> None:
    settings.MAX_DOMAINS_PER_BATCH = 5
    client.force_login(user)
    page = client.post(reverse("batch_create"), {"domains": TEXT}).content.decode()
    assert "more than 5 domains" in page
    assert "more than 5 domains" in post_lines(program, LINES).json()["detail"]
    body = json.dumps({"domains": HOSTS})
    response = program.post(f"{ROOT}/batch", body, content_type="application/json")
    assert "1 to 5 domains" in response.json()["detail"]
    path = tmp_path / "list.txt"
    path.write_text(TEXT)
    with pytest.raises(CommandError, match="more than 5 domains"):
        call_command("create_batch", str(path))
    assert not Batch.objects.exists()


@pytest.mark.parametrize("is_piped", [True, False])
def test_the_command_creates_a_large_batch_in_the_foreground(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_piped: bool
) -> None:
    path = tmp_path / "list.txt"
    path.write_text(TEXT)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(TEXT.encode())))
    out, err = StringIO(), StringIO()
    name = "-" if is_piped else str(path)
    call_command("create_batch", name, "--json", stdout=out, stderr=err)
    summary = json.loads(out.getvalue())
    batch = Batch.objects.get()
    assert summary["batch_id"] == str(batch.pk)
    assert (summary["total"], summary["duplicates"], summary["invalid_count"]) == (25, 1, 1)
    assert summary["invalid"][0]["value"] == "localhost"
    assert err.getvalue().startswith("line 26: 'localhost': ")
    assert hosts_of(batch) == HOSTS
    assert not batch.is_building


def test_a_command_that_is_killed_leaves_a_batch_that_can_be_read_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "list.txt"
    path.write_text(TEXT)
    add = lanes._add

    def die_after(*args: Any) -> None:
        add(*args)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(lanes, "_add", die_after)
        with pytest.raises(KeyboardInterrupt):
            call_command("create_batch", str(path))
    batch = Batch.objects.get()
    assert (batch.total, batch.is_building) == (10, True)
    building.build(batch.pk)
    assert hosts_of(batch) == HOSTS


def test_a_large_batch_is_run_again_in_the_background(
    default_tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "MAX_DOMAINS", 100)
    first = services.create_batch(tenant=default_tenant, created_by=None, domains=HOSTS)
    monkeypatch.setattr(services, "MAX_DOMAINS", 10)
    again = built(transitions.rerun_batch(first, created_by=None))
    assert hosts_of(again) == HOSTS
    assert again.metadata["rerun_of"] == str(first.pk)
    assert not BatchList.objects.exists()


def test_a_schedule_of_a_large_list_starts_large_batches(
    default_tenant: Tenant, user: User, settings: Settings
) -> None:
    plan = Plan("Weekly", TEXT, "daily", time(6))
    now = timezone.now()
    schedule = create_recurring(plan, tenant=default_tenant, created_by=user, now=now)
    assert schedule.domain_count == len(HOSTS)
    run = start_now(schedule, user=user, now=now)
    assert run.batch is not None
    assert hosts_of(built(run.batch)) == HOSTS
    assert run.batch.metadata["refused_count"] == 1
    settings.MAX_DOMAINS_PER_BATCH = 24
    with pytest.raises(ValidationError, match="more than 24 domains"):
        create_recurring(plan, tenant=default_tenant, created_by=user, now=now)


def test_the_admin_makes_a_large_batch_of_domains(
    admin_client: Client, default_tenant: Tenant, settings: Settings
) -> None:
    ids = list(ensure_domains(tenant=default_tenant, hosts=HOSTS).values())
    form = {"action": "make_batch", "_selected_action": ids, "select_across": "1"}
    url = reverse("admin:scans_domain_changelist")
    settings.MAX_DOMAINS_PER_BATCH = 24
    page = admin_client.post(url, form, follow=True).content.decode()
    assert "A batch has at most 24 domains" in page
    settings.MAX_DOMAINS_PER_BATCH = 25
    admin_client.post(url, form)
    assert set(hosts_of(built(Batch.objects.get()))) == set(HOSTS)
