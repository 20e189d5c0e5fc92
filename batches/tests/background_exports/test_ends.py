"""Background exports keep their filter and tenant, and end with their cause where they cannot."""

import os
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest
from django.test import Client
from django.utils import timezone

from batches import export_files
from batches.background_exports import delete_expired, run_slice
from batches.models import Export
from batches.tests.background_exports.runs import run_to_end, start
from scans.models import Domain
from scans.services import ensure_domains
from scrapersky.tenants.models import Membership, Tenant, User
from scrapersky.web.lists.definition import get_list
from scrapersky.web.lists.formats import Format

pytestmark = pytest.mark.django_db


def test_an_export_that_cannot_be_written_fails_with_the_cause(
    user: User, domains: list[Domain], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: Any) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export_files, "text_rows", full)
    export = start(user)
    run_slice(str(export.pk))
    export.refresh_from_db()
    assert export.status == "failed"
    assert "could not be read or written: No space left on device." in export.error
    assert not export.path.exists()


def test_an_export_keeps_the_blanks_of_a_filter_where_they_matter(user: User) -> None:
    export = start(user, query="q=+old+id&status=+failed+", definition=get_list("batches"))
    assert parse_qsl(export.query) == [("q", " old id"), ("status", "failed")]


def test_an_export_holds_one_tenant_and_is_closed_to_others(
    stranger: User, user: User, domains: list[Domain], other_tenant: Tenant
) -> None:
    ensure_domains(tenant=other_tenant, hosts=["foreign.example"])
    theirs = start(stranger)
    run_to_end(theirs)
    assert theirs.path.read_text().split() == ["host", "foreign.example"]
    client = Client()
    client.force_login(user)
    for path in ("download", "cancel"):
        method = client.post if path == "cancel" else client.get
        assert method(f"/exports/{theirs.pk}/{path}/").status_code == 404
    assert "foreign" not in client.get("/exports/").content.decode()


def test_a_filter_by_age_means_the_moment_of_the_start(user: User, domains: list[Domain]) -> None:
    query = start(user, query="scanned_after=7d&sort=-host&q=s0").query
    params = dict(parse_qsl(query))
    age = timezone.now() - datetime.fromisoformat(params["scanned_after"])
    assert timedelta(days=7) <= age < timedelta(days=7, minutes=1)
    assert (params["sort"], params["q"]) == ("-host", "s0")


def test_a_filter_that_no_longer_works_ends_the_export(user: User, domains: list[Domain]) -> None:
    export = start(user)
    Export.objects.update(query="verdict=removed")
    run_to_end(export)
    assert (export.status, export.row_count) == ("failed", 0)
    assert "The filter no longer works: Verdict: “removed” is not one of" in export.error


def test_an_export_ends_where_its_user_has_left_the_tenant(
    user: User, domains: list[Domain], short_slices: None
) -> None:
    export = start(user)
    run_slice(str(export.pk))
    Membership.objects.all().delete()
    run_to_end(export)
    assert (export.status, export.path.exists()) == ("failed", False)
    assert "can no longer read this tenant" in export.error


def test_the_filter_stays_what_it_was_at_the_start(
    user: User, domains: list[Domain], short_slices: None
) -> None:
    export = start(user, query="q=s00")
    run_slice(str(export.pk))
    ensure_domains(tenant=domains[0].tenant, hosts=["s009a.example"])
    run_to_end(export)
    assert "s009a.example" in export.path.read_text()
    assert "s010.example" not in export.path.read_text()


def test_a_cancelled_export_stops_and_leaves_no_file(
    console: Client, user: User, domains: list[Domain], short_slices: None
) -> None:
    export = start(user)
    run_slice(str(export.pk))
    console.post(f"/exports/{export.pk}/cancel/")
    run_slice(str(export.pk))
    export.refresh_from_db()
    assert (export.status, export.path.exists()) == ("cancelled", False)


def test_each_cancel_button_names_its_export(
    console: Client, user: User, domains: list[Domain]
) -> None:
    start(user)
    start(user, Format.XLSX)
    page = console.get("/exports/").content.decode()
    for name in ("CSV", "Excel (XLSX)"):
        assert f'aria-label="Cancel the {name} of domains"' in page


def test_expired_exports_are_deleted_with_their_files(
    console: Client, user: User, domains: list[Domain]
) -> None:
    export = start(user)
    run_to_end(export)
    Export.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    assert console.get(f"/exports/{export.pk}/download/").status_code == 404
    assert delete_expired() == 1
    assert not export.path.exists()


def test_a_file_is_kept_for_seven_days_from_its_end(user: User, domains: list[Domain]) -> None:
    export = start(user)
    Export.objects.update(expires_at=timezone.now())
    run_to_end(export)
    assert export.finished_at
    assert abs(export.expires_at - export.finished_at - timedelta(days=7)) < timedelta(minutes=1)


def test_files_of_deleted_exports_are_deleted(user: User, domains: list[Domain]) -> None:
    deleted, kept = start(user), start(user)
    for export in (deleted, kept):
        run_to_end(export)
        os.utime(export.path, (0, 0))
    Export.objects.filter(pk=deleted.pk).delete()
    delete_expired()
    assert (deleted.path.exists(), kept.path.exists()) == (False, True)
