"""Known domains of a list are skipped only if the caller asks for it."""

import io
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from batches import building, lanes, list_chunks, services
from batches.models import Batch
from batches.skipping import Skips
from batches.tests.api_clients import ROOT, program_of
from scans.models import Domain
from scrapersky.tenants.models import Tenant, User

pytestmark = pytest.mark.django_db
HOSTS = ["new.example", "recent.example", "older.example", "added.example"]
Create = Callable[..., Any]


@pytest.fixture(autouse=True)
def known(default_tenant: Tenant, other_tenant: Tenant) -> None:
    now = timezone.now()
    for host, days in (("recent.example", 3), ("older.example", 300)):
        scanned_at = now - timedelta(days=days)
        Domain.objects.create(tenant=default_tenant, host=host, last_scanned_at=scanned_at)
    Domain.objects.create(tenant=default_tenant, host="added.example")
    Domain.objects.create(tenant=other_tenant, host="new.example", last_scanned_at=now)


def by_api(user: User, **fields: Any) -> Any:
    body = json.dumps({"domains": HOSTS, **fields})
    return program_of(user).post(f"{ROOT}/batch", body, content_type="application/json")


def by_lines(user: User, **fields: Any) -> Any:
    query = "&".join(f"{name}={json.dumps(value)}" for name, value in fields.items())
    text = "\n".join(map(json.dumps, HOSTS))
    return program_of(user).post(f"{ROOT}/batch?{query}", text, content_type="application/x-ndjson")


def hosts_of(batch: Batch) -> list[str]:
    return list(batch.jobs.order_by("position").values_list("domain__host", flat=True))


@pytest.mark.parametrize("post", [by_api, by_lines])
@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        ({}, HOSTS),
        ({"skip_scanned_within": 0}, HOSTS),
        ({"skip_scanned_within": 30}, ["new.example", "older.example", "added.example"]),
        ({"skip_scanned_within": 400}, ["new.example", "added.example"]),
        ({"skip_known": True}, ["new.example"]),
    ],
)
def test_the_api_skips_what_it_is_told_to(
    user: User, post: Create, fields: dict[str, Any], kept: list[str]
) -> None:
    response = post(user, **fields)
    assert response.status_code == 201
    batch = Batch.objects.get()
    assert (hosts_of(batch), batch.total) == (kept, len(kept))
    assert response.json()["skipped"] == len(HOSTS) - len(kept)
    assert batch.metadata.get("skipped", 0) == len(HOSTS) - len(kept)


def test_a_list_of_which_all_is_skipped_creates_no_batch(user: User) -> None:
    Domain.objects.create(tenant=Tenant.objects.get(memberships__user=user), host="new.example")
    response = by_api(user, skip_known=True)
    assert response.status_code == 422
    assert "Every domain of the list is skipped" in response.content.decode()
    assert not Batch.objects.exists()


def test_days_out_of_bounds_are_refused(user: User) -> None:
    response = by_api(user, skip_scanned_within=-1)
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "skip_scanned_within"


def test_the_command_skips_what_it_is_told_to(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("\n".join(HOSTS))
    out = io.StringIO()
    call_command("create_batch", str(path), "--skip-scanned-within", "30", "--json", stdout=out)
    assert json.loads(out.getvalue())["skipped"] == 1
    assert hosts_of(Batch.objects.get()) == ["new.example", "older.example", "added.example"]
    with pytest.raises(CommandError, match="from 1 to 3650, not '0'"):
        call_command("create_batch", str(path), "--skip-scanned-within", "0")


def test_a_large_list_skips_the_same_and_counts_its_own_repetitions(
    user: User, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.LIST_DIR = str(tmp_path / "lists")
    monkeypatch.setattr(services, "MAX_DOMAINS", 2)
    for module in (list_chunks, lanes):
        monkeypatch.setattr(module, "CHUNK", 2)
    text = "\n".join(map(json.dumps, [*HOSTS, "new.example", "last.example"]))
    program_of(user).post(
        f"{ROOT}/batch?skip_known=true", text, content_type="application/x-ndjson"
    )
    batch = Batch.objects.get()
    building.build(batch.pk)
    batch.refresh_from_db()
    assert (hosts_of(batch), batch.total) == (["new.example", "last.example"], 2)
    assert (batch.metadata["skipped"], batch.metadata["duplicates"]) == (3, 1)


def test_a_large_list_of_which_all_is_skipped_fails_and_says_so(
    user: User, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.LIST_DIR = str(tmp_path / "lists")
    monkeypatch.setattr(services, "MAX_DOMAINS", 2)
    text = "\n".join(map(json.dumps, HOSTS[1:]))
    program_of(user).post(
        f"{ROOT}/batch?skip_known=true", text, content_type="application/x-ndjson"
    )
    batch = Batch.objects.get()
    building.build(batch.pk)
    batch.refresh_from_db()
    assert batch.status == Batch.Status.FAILED
    assert "Every domain of the list is skipped" in batch.error


def test_a_large_list_of_the_page_skips_as_its_switches_say(
    client: Client,
    user: User,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.LIST_DIR = str(tmp_path / "lists")
    monkeypatch.setattr(services, "MAX_DOMAINS", 2)
    client.force_login(user)
    fields = {"domains": "\n".join(HOSTS), "skip_older": "on", "days": "30"}
    assert "Skip other known domains" in (
        client.post("/batches/new/", fields | {"check": "1"}, follow=True).content.decode()
    )
    client.post("/batches/new/", fields)
    batch = Batch.objects.get()
    building.build(batch.pk)
    assert hosts_of(batch) == ["new.example", "recent.example"]


def test_a_caller_that_skips_recent_domains_keeps_the_older_ones() -> None:
    now = timezone.now()
    skips = Skips.of(scanned_within=7, known=False)
    assert skips.includes(now - timedelta(days=6), now)
    assert not skips.includes(now - timedelta(days=8), now)
    assert not skips.includes(None, now)
