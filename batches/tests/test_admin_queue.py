"""The admin of the queue: no page adds or edits what the workers call."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db.models import Model
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ, Schedule, Task
from django_q.signing import SignedPackage

from batches.maintenance import MINUTE_KEEPER
from batches.models import Worker
from scrapersky.tenants.models import Tenant, User
from scrapersky.tenants.tests.staff import browser, staff

pytestmark = pytest.mark.django_db
SCHEDULES = "/admin/django_q/schedule/"
EVIL = {"func": "os.system", "hook": "os.system", "args": "'id'", "kwargs": "a=1", "cluster": "x"}
TIMING = {
    "schedule_type": Schedule.HOURLY,
    "minutes": "7",
    "repeats": "-1",
    "next_run_0": "2026-12-01",
    "next_run_1": "06:00:00",
}
MARKUP = "<script>alert(1)</script>"


@pytest.fixture
def root(default_tenant: Tenant) -> Client:
    """Return a browser of a superuser."""
    return browser(User.objects.create_superuser("root"))


def rows() -> list[tuple[type[Model], Model]]:
    """Return a waiting, a finished and a failed task with markup in their payloads."""
    times = {
        "started": datetime(2026, 1, 1, tzinfo=UTC),
        "stopped": datetime(2026, 1, 1, tzinfo=UTC),
    }
    values = {"name": "n", "func": "f", "args": (MARKUP,), "kwargs": {"a": MARKUP}, **times}
    task = {"id": "1", "name": MARKUP, "func": "f", "args": (MARKUP,), "kwargs": {}}
    return [
        (OrmQ, OrmQ.objects.create(key="scrapersky", payload=SignedPackage.dumps(task))),
        (Task, Task.objects.create(id="a", success=True, result=MARKUP, **values)),
        (Task, Task.objects.create(id="b", success=False, result=MARKUP, **values)),
    ]


def urls_of(tasks: list[Any]) -> list[str]:
    names = ("ormq", "success", "failure")
    return [f"/admin/django_q/{name}/{row.pk}" for name, (_, row) in zip(names, tasks, strict=True)]


def test_the_shift_is_listed_with_its_host_and_its_age(root: Client) -> None:
    worker = Worker.begin(host="scanner-7", pid=4711)
    assert worker
    Worker.objects.update(started_at=timezone.now() - timedelta(hours=26, seconds=30))
    body = root.get("/admin/batches/worker/").content.decode()
    assert "scanner-7" in body
    assert "1 day, 2:00:3" in body


def test_no_page_adds_a_schedule(root: Client) -> None:
    before = Schedule.objects.count()
    assert root.get(f"{SCHEDULES}add/").status_code == 403
    assert root.post(f"{SCHEDULES}add/", TIMING | EVIL | {"name": "evil"}).status_code == 403
    keeper = Schedule.objects.get(name=MINUTE_KEEPER)
    root.post(f"{SCHEDULES}{keeper.pk}/change/", TIMING | EVIL | {"_saveasnew": "1"})
    assert Schedule.objects.count() == before


def test_only_the_timing_of_the_consoles_own_schedules_changes(root: Client) -> None:
    url = f"{SCHEDULES}{Schedule.objects.get(name=MINUTE_KEEPER).pk}/change/"
    before = Schedule.objects.filter(name=MINUTE_KEEPER).values("func", "hook", "args", "kwargs")
    kept = list(before)
    assert root.post(url, TIMING | EVIL | {"name": "evil", "cron": "* * * * *"}).status_code == 302
    after = Schedule.objects.get(name=MINUTE_KEEPER)
    assert list(before) == kept
    assert (after.schedule_type, after.minutes, after.cluster) == (Schedule.HOURLY, 7, None)
    assert after.next_run == datetime(2026, 12, 1, 6, tzinfo=UTC)


def test_a_schedule_that_is_not_the_consoles_own_is_read_only(root: Client) -> None:
    other = Schedule.objects.create(name="other", func="math.sqrt", schedule_type=Schedule.ONCE)
    url = f"{SCHEDULES}{other.pk}"
    assert root.get(f"{url}/change/").status_code == 200
    assert root.post(f"{url}/change/", TIMING).status_code == 403
    assert root.post(f"{url}/delete/", {"post": "yes"}).status_code == 403
    assert Schedule.objects.get(pk=other.pk).schedule_type == Schedule.ONCE


def test_tasks_are_read_only_and_their_payload_is_escaped(root: Client) -> None:
    for url in urls_of(rows()):
        page = root.get(f"{url}/change/")
        assert page.status_code == 200
        assert MARKUP not in page.content.decode()
        assert "&lt;script&gt;" in page.content.decode()
        assert root.post(f"{url}/change/", EVIL).status_code == 403
        assert root.post(f"{url}/delete/", {"post": "yes"}).status_code == 403
    assert (Task.objects.count(), OrmQ.objects.count()) == (2, 1)


@pytest.mark.parametrize("action", ["resubmit_task", "delete_selected"])
def test_no_action_runs_or_deletes_a_task(root: Client, action: str) -> None:
    for url in urls_of(rows()):
        base, _, pk = url.rpartition("/")
        assert MARKUP not in root.get(f"{base}/").content.decode()
        root.post(f"{base}/", {"action": action, "post": "yes", "_selected_action": [pk]})
    assert (Task.objects.count(), OrmQ.objects.count()) == (2, 1)


def test_staff_with_every_permission_see_nothing_of_the_queue(default_tenant: Tenant) -> None:
    boss = staff("boss", default_tenant)
    boss.user_permissions.set(Permission.objects.all())
    client = browser(boss)
    keeper = Schedule.objects.get(name=MINUTE_KEEPER)
    pages = [f"{url}/change/" for url in urls_of(rows())]
    for page in (SCHEDULES, f"{SCHEDULES}{keeper.pk}/change/", *pages):
        assert client.get(page).status_code in (302, 403)
    client.post(f"{SCHEDULES}{keeper.pk}/change/", TIMING | EVIL)
    client.post(f"{SCHEDULES}add/", TIMING | EVIL | {"name": "evil"})
    assert not Schedule.objects.filter(func="os.system").exists()
    assert Schedule.objects.get(pk=keeper.pk).schedule_type == Schedule.MINUTES
