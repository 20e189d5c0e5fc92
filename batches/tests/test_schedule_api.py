"""Schedules through the API and the command."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from batches.models import Batch, RecurringBatch
from scrapersky.tenants.models import Tenant

pytestmark = pytest.mark.django_db
URL = "/api/v3/schedules"


def send(console: Client, method: str, url: str, payload: Any = None, status: int = 200) -> Any:
    call = getattr(console, method)
    response = call(url, json.dumps(payload or {}), content_type="application/json")
    assert response.status_code == status, response.content
    return response.json() if response.content else None


def create(console: Client, **changes: Any) -> Any:
    payload = {"name": "Bakers", "domains": "a.example\nlocalhost\nb.example"} | changes
    return send(console, "post", URL, payload, 201)


def test_a_schedule_is_created_changed_run_paused_and_deleted(console: Client) -> None:
    created = create(console, cron="0 6 * * MON-FRI", time_zone="Europe/Berlin")
    assert (created["frequency"], created["domain_count"]) == ("cron", 2)
    assert [line["line"] for line in created["invalid"]] == [2]
    assert len(created["next_runs"]) == 5
    one = f"{URL}/{created['schedule_id']}"

    changed = send(console, "patch", one, {"weekday": 2})
    assert (changed["frequency"], changed["cron"], changed["weekday"]) == ("weekly", "", 2)
    assert changed["time_zone"] == "Europe/Berlin"

    run = send(console, "post", f"{one}/run")
    assert (run["outcome"], run["total"]) == ("started", 2)
    assert send(console, "post", f"{one}/run")["outcome"] == "skipped"

    paused = send(console, "post", f"{one}/pause", {"until": "2100-01-01T00:00:00Z"})
    assert paused["next_runs"][0] > "2100"
    assert send(console, "post", f"{one}/enable")["paused_until"] is None
    assert send(console, "post", f"{one}/disable")["next_runs"] == []
    send(console, "post", f"{one}/pause", {"until": "2100-01-01T00:00:00Z"}, 409)
    assert [row["name"] for row in console.get(URL).json()] == ["Bakers"]
    assert len(console.get(one).json()["runs"]) == 2

    send(console, "delete", one, status=204)
    assert console.get(one).status_code == 404
    assert Batch.objects.count() == 1


def test_domains_are_a_text_or_a_list(console: Client) -> None:
    created = create(console, domains=["a.example", "localhost", "b.example"])
    assert created["domain_count"] == 2
    assert [line["line"] for line in created["invalid"]] == [2]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"cron": "often"}, "cron"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"domains": "localhost"}, "domains"),
        ({"options": {"max_pages": 0}}, "max_pages"),
    ],
)
def test_what_cannot_be_used_is_named(console: Client, changes: Any, field: str) -> None:
    payload = {"name": "Bakers", "domains": "a.example"} | changes
    problem = send(console, "post", URL, payload, 422)
    assert [error["field"] for error in problem["errors"]] == [field]
    assert not RecurringBatch.objects.exists()


def run(*arguments: str) -> list[dict[str, Any]]:
    output = StringIO()
    call_command("schedule", *arguments, "--json", stdout=output)
    return list(json.loads(output.getvalue()))


def test_the_command_manages_schedules(default_tenant: Tenant, tmp_path: Path) -> None:
    file = tmp_path / "list.txt"
    file.write_text("a.example\n")
    (created,) = run("create", "Bakers", str(file), "--weekday", "Monday", "--max-pages", "7")
    assert created["timing"] == "Every Monday at 06:00 (UTC)"
    assert RecurringBatch.objects.get().scan_options.max_pages == 7
    run("run", "Bakers")
    assert Batch.objects.get().total == 1
    with pytest.raises(CommandError, match="The previous run"):
        run("run", created["id"])
    assert run("pause", "Bakers", "2100-01-01")[0]["paused_until"].startswith("2100-01-01")
    assert run("disable", "Bakers")[0]["enabled"] is False
    assert run("list")[0]["next_runs"] == []
    assert run("delete", "Bakers") == []
    with pytest.raises(CommandError, match="No schedule is named Bakers"):
        run("show", "Bakers")
