"""Lists are checked before the first request, and no input is lost."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from batches.models import Batch, Draft
from batches.models.draft import KEPT
from scans.models import Domain
from scrapersky.tenants.models import Tenant

pytestmark = pytest.mark.django_db
LIST = "new.example\nrecent.example\nolder.example\nnew.example\nlocalhost\nnot a domain"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def known(default_tenant: Tenant) -> None:
    now = timezone.now()
    for host, days in (("recent.example", 3), ("older.example", 300)):
        scanned_at = now - timedelta(days=days)
        Domain.objects.create(tenant=default_tenant, host=host, last_scanned_at=scanned_at)


def check(console: Client, **fields: Any) -> Any:
    return console.post("/batches/new/", {"check": "1"} | fields, follow=True)


def groups(response: Any) -> dict[str, int]:
    return {group["name"]: group["count"] for group in response.context["groups"]}


@pytest.mark.usefixtures("known")
def test_a_check_sorts_the_list_and_starts_nothing(console: Client) -> None:
    page = check(console, domains=LIST, name="Bakers", max_pages="7")
    counts = {"new": 1, "recent": 1, "older": 1, "repeated": 1, "rejected": 4}
    assert groups(page) == counts
    assert not Batch.objects.exists()
    draft = Draft.objects.get()
    assert (draft.name, draft.domain_count) == ("Bakers", 3)
    again = console.get(f"/batches/new/?draft={draft.pk}")
    assert groups(again) == counts
    assert again.context["form"]["domains"].value() == LIST
    assert again.context["form"]["max_pages"].value() == "7"
    assert groups(check(console, domains=LIST, days="400"))["recent"] == 2


@pytest.mark.usefixtures("known")
def test_groups_that_are_skipped_are_not_scanned_and_the_draft_ends(console: Client) -> None:
    check(console, domains=LIST)
    draft = Draft.objects.get()
    fields = {"domains": LIST, "draft": str(draft.pk), "skip_recent": "on"}
    page = console.post("/batches/new/", fields, follow=True)
    batch = Batch.objects.get()
    hosts = batch.jobs.order_by("position").values_list("domain__host", flat=True)
    assert list(hosts) == ["new.example", "older.example"]
    assert "1 known domain is skipped" in page.content.decode()
    assert not Draft.objects.exists()


def test_a_group_that_is_not_shown_whole_says_so(console: Client) -> None:
    rejected = "\n".join(f"rejected{number}" for number in range(60))
    page = check(console, domains=f"a.example\n{rejected}").content.decode()
    assert '<code class="wrap">rejected49</code>' in page
    assert "rejected50</code>" not in page
    assert "The first 50 of 60." in page


def test_rejected_lines_are_corrected_in_place(console: Client) -> None:
    check(console, domains="a.example\nb,,example")
    draft = str(Draft.objects.get().pk)
    fixed = {"domains": "a.example\nlocalhost", "fixes": "b.example", "draft": draft}
    assert groups(check(console, **fixed)) == {
        "new": 2, "recent": 0, "older": 0, "repeated": 0, "rejected": 0,
    }  # fmt: skip
    page = console.get(f"/batches/new/?draft={draft}").content.decode()
    assert ">b.example\n</textarea>" in page  # it is sent again with the start
    console.post("/batches/new/", fixed)
    assert Batch.objects.get().total == 2


def test_lines_that_are_rejected_later_are_not_hidden_by_earlier_corrections(
    console: Client,
) -> None:
    fields = {"domains": "a.example\nlocalhost\nnot-a-domain", "fixes": "b.example"}
    page = check(console, **fields, fixes_of="localhost\r\n")
    assert groups(page)["new"] == 2
    [rejected] = [group for group in page.context["groups"] if group["name"] == "rejected"]
    assert [(line.line, line.value) for line in rejected["rows"]] == [(3, "not-a-domain")]
    assert page.context["fixes"] == {
        "text": "b.example\nnot-a-domain\n", "of": "localhost\nnot-a-domain\n",
    }  # fmt: skip


def test_a_line_that_is_sent_back_unchanged_keeps_its_line(console: Client) -> None:
    fields = {"domains": "a.example\n\nlocalhost", "fixes": "localhost\n"}
    page = check(console, **fields, fixes_of="localhost\n")
    assert [line.line for line in page.context["groups"][-1]["rows"]] == [3]


def test_corrections_of_lines_that_are_gone_are_left_out(console: Client) -> None:
    fields = {"domains": "a.example", "fixes": "b.example", "fixes_of": "localhost\n"}
    page = check(console, **fields)
    assert groups(page)["new"] == 1
    assert page.context["form"].is_corrected is False


def test_an_uploaded_file_stays_with_the_draft(console: Client) -> None:
    file = SimpleUploadedFile("firms.csv", b"Name,Website\nA,a.example\nB,b.example\n")
    page = check(console, file=file, column="Website")
    assert groups(page)["new"] == 2
    assert "firms.csv" in page.content.decode()
    draft = str(Draft.objects.get().pk)
    console.post("/batches/new/", {"draft": draft, "column": "Website", "name": "Firms"})
    assert (Batch.objects.get().name, Batch.objects.get().total) == ("Firms", 2)


def test_what_cannot_be_started_is_kept(console: Client) -> None:
    page = console.post("/batches/new/", {"domains": "localhost", "max_pages": "0"})
    assert page.status_code == 200
    assert Draft.objects.get().read()[0]["domains"] == "localhost"
    assert str(Draft.objects.get().pk) in page.content.decode()


def test_a_check_while_typing_replaces_the_groups_and_the_address(console: Client) -> None:
    response = console.post("/batches/new/", {"check": "1", "domains": "a.example"}, headers=HTMX)
    draft = Draft.objects.get()
    assert response["HX-Replace-Url"] == f"/batches/new/?draft={draft.pk}"
    assert "<html" not in response.content.decode()
    again = {"check": "1", "domains": "a.example b.example", "draft": str(draft.pk)}
    console.post("/batches/new/", again, headers=HTMX)
    assert Draft.objects.get().domain_count == 2


def test_the_lines_of_a_group_can_be_downloaded(console: Client) -> None:
    check(console, domains="a.example\n=1+1\nlocalhost")
    draft = Draft.objects.get()
    text = console.get(f"/batches/drafts/{draft.pk}/rejected.csv").content.decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["value"] for row in rows] == ["'=1+1", "localhost"]
    assert all(row["reason"] for row in rows)
    assert console.get(f"/batches/drafts/{draft.pk}/nothing.csv").status_code == 404


def test_drafts_are_listed_deleted_and_expire(console: Client) -> None:
    check(console, domains="a.example", name="Bakers")
    check(console, domains="b.example", name="Cooks")
    page = console.get("/batches/drafts/").content.decode()
    assert "Bakers" in page
    bakers = Draft.objects.get(name="Bakers")
    console.post(f"/batches/drafts/{bakers.pk}/delete/")
    assert Draft.objects.get().name == "Cooks"
    page = console.get(f"/batches/new/?draft={bakers.pk}").content.decode()
    assert "This draft no longer exists" in page
    Draft.objects.update(updated_at=timezone.now() - KEPT - timedelta(minutes=1))
    Draft.objects.expired().delete()
    assert not Draft.objects.exists()


def test_a_draft_of_another_tenant_cannot_be_continued(
    console: Client, other_tenant: Tenant, stranger: Any
) -> None:
    foreign = Draft(tenant=other_tenant, created_by=stranger)
    foreign.write({"domains": "secret.example"})
    foreign.save()
    assert "secret" not in console.get(f"/batches/new/?draft={foreign.pk}").content.decode()
    check(console, domains="a.example", draft=str(foreign.pk))
    foreign.refresh_from_db()
    assert foreign.read()[0]["domains"] == "secret.example"
    assert Draft.objects.count() == 2
