"""Background exports run in slices that can be killed, and hold each row once."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from batches import background_exports
from batches.background_exports import run_slice
from batches.models import Export
from batches.tests.api_clients import program_of
from batches.tests.background_exports.runs import body, hosts_in, run_to_end, start
from scans.models import Domain
from scrapersky.tenants.models import User
from scrapersky.web.lists import ListQuery, QueryTooSlow, download
from scrapersky.web.lists.formats import Format
from scrapersky.web.stopping import cluster_stops

pytestmark = pytest.mark.django_db


def test_an_export_runs_in_slices_and_is_whole(
    console: Client, user: User, domains: list[Domain], short_slices: None
) -> None:
    export = start(user)
    assert run_to_end(export) == 9
    assert (export.status, export.row_count) == ("complete", 60)
    lines = body(console.get(f"/exports/{export.pk}/download/")).decode().split()
    assert lines == ["host", *(domain.host for domain in domains)]


def test_a_killed_slice_is_repeated_from_its_last_record(
    user: User, domains: list[Domain], short_slices: None
) -> None:
    export = start(user)
    run_slice(str(export.pk))
    export.refresh_from_db()
    with export.path.open("ab") as file:
        file.write(b"half a line that was never recor")  # then kill -9
    Export.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    run_to_end(export)
    assert export.path.read_text().split() == ["host", *(domain.host for domain in domains)]


@pytest.mark.parametrize("kind", [Format.CSV, Format.XLSX])
def test_a_slice_ends_early_when_its_cluster_stops_and_the_export_goes_on_later(
    user: User, domains: list[Domain], monkeypatch: pytest.MonkeyPatch, kind: Format
) -> None:
    monkeypatch.setattr(download, "CHUNK", 7)
    export = start(user, kind)
    with monkeypatch.context() as patch:
        patch.setattr(cluster_stops, "value", 1)
        run_slice(str(export.pk))
    export.refresh_from_db()
    assert (export.status, export.row_count, export.leased_until) == ("running", 7, None)
    assert run_to_end(export) == 1
    assert export.row_count == 60


def test_a_slice_that_another_worker_holds_is_left_alone(
    user: User, domains: list[Domain], short_slices: None
) -> None:
    export = start(user)
    assert Export.objects.filter(pk=export.pk).claim()
    assert "another host" in run_slice(str(export.pk))
    export.refresh_from_db()
    assert export.row_count == 0


def test_one_export_runs_at_a_time_on_each_host(
    user: User, domains: list[Domain], short_slices: None, settings: Any
) -> None:
    first, second = start(user), start(user)
    with background_exports._alone() as is_alone:
        assert is_alone
        assert "Another export is running on this host" in run_slice(str(first.pk))
        settings.SCAN_WORKER_NAME = "another-host"  # with the same folder
        run_slice(str(second.pk))
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.row_count, second.row_count) == (0, 7)


def test_workbook_parts_are_packed_in_one_file(
    user: User, domains: list[Domain], short_slices: None
) -> None:
    export = start(user, Format.XLSX)
    run_to_end(export)
    assert export.file_name.endswith(".zip")
    assert hosts_in(export) == [domain.host for domain in domains]
    assert list(export.folder.glob("*.part-*")) == []


def test_the_first_slice_counts_the_rows_for_the_progress(
    console: Client, user: User, domains: list[Domain], short_slices: None
) -> None:
    export = start(user)
    url = f"/api/v3/exports/{export.pk}"
    program = program_of(user)
    assert program.get(url).json()["rows_expected"] is None
    assert '<progress class="bar" aria-label' in console.get("/exports/").content.decode()
    run_slice(str(export.pk))
    progress = program.get(url).json()
    assert (progress["rows_read"], progress["rows_expected"]) == (7, 60)
    assert '<progress class="bar" max="60" value="7"' in console.get("/exports/").content.decode()


def test_an_export_whose_rows_cannot_be_counted_in_time_runs_all_the_same(
    user: User, domains: list[Domain], monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_slow(*args: Any, **kwargs: Any) -> int:
        raise QueryTooSlow("Counting takes too long.")

    monkeypatch.setattr(ListQuery, "count_all", too_slow)
    export = start(user)
    run_to_end(export)
    assert (export.status, export.expected, export.row_count) == ("complete", 0, 60)
